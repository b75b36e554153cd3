package org.stableops.integration.oracle;

import org.stableops.CrossEntropyOptions;

/**
 * A problem of the linear cross-entropy with one token at least.
 *
 * @param hidden tokens × dimension numbers
 * @param weight classes × dimension numbers
 * @param bias one a class, or null
 * @param labels one a token
 * @param sampleWeights one a token, or null for 1 everywhere
 * @param options the options
 */
public record LinearCase(
    double[] hidden,
    double[] weight,
    double[] bias,
    long[] labels,
    double[] sampleWeights,
    CrossEntropyOptions options) {

  /**
   * A direction in the space of hidden states, weight and bias, of which each may be null for 0.
   *
   * @param hidden tokens × dimension numbers
   * @param weight classes × dimension numbers
   * @param bias one a class
   */
  public record Direction(double[] hidden, double[] weight, double[] bias) {}

  /**
   * Makes the same problem with weights of the tokens.
   *
   * @param newSampleWeights one a token
   * @return the problem
   */
  public LinearCase withSampleWeights(double... newSampleWeights) {
    return new LinearCase(hidden, weight, bias, labels, newSampleWeights, options);
  }

  /**
   * Returns the number N of tokens.
   *
   * @return N
   */
  public int tokens() {
    return labels.length;
  }

  /**
   * Returns the length D of a hidden state.
   *
   * @return D
   */
  public int dimension() {
    return hidden.length / labels.length;
  }

  /**
   * Returns the number V of classes.
   *
   * @return V
   */
  public int classes() {
    return weight.length / dimension();
  }

  /**
   * Returns whether a token counts.
   *
   * @param token its number
   * @return false if its label is ignored or its sample weight 0
   */
  public boolean counts(int token) {
    boolean hasWeight = sampleWeights == null || sampleWeights[token] != 0;
    return hasWeight && !options.ignores(labels[token]);
  }
}

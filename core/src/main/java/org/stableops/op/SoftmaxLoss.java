package org.stableops.op;

import org.stableops.CrossEntropyOptions;
import org.stableops.internal.Arguments;
import org.stableops.internal.SoftmaxShape;

/** A cross-entropy of softmax: all that the hosts need to know of it. */
public enum SoftmaxLoss {
  /** Of integer labels, one per row. */
  SPARSE("SparseSoftmaxCrossEntropy"),

  /** Of class probabilities, one per logit. */
  DENSE("SoftmaxCrossEntropy");

  private final String operator;
  private final String graphName;

  SoftmaxLoss(String operator) {
    this.operator = operator;
    graphName = GraphNames.of(operator);
  }

  /** The name of the public classes. */
  public String operator() {
    return operator;
  }

  /** The name in graphs of SameDiff. */
  public String graphName() {
    return graphName;
  }

  /** The name of the gradient in graphs of SameDiff. */
  public String gradientGraphName() {
    return GraphNames.gradient(graphName);
  }

  /** The name of the Hessian's product with an array in graphs of SameDiff. */
  public String hessianGraphName() {
    return GraphNames.hessian(graphName);
  }

  /**
   * Returns options as numbers, which a graph stores.
   *
   * @param options any
   * @return numbers for {@link #options}
   * @throws IllegalArgumentException if they are null
   */
  public static double[] numbers(CrossEntropyOptions options) {
    return CrossEntropyArguments.INSTANCE.write(Arguments.requireGiven("options", options));
  }

  /**
   * Returns the options that numbers are.
   *
   * @param stored of {@link #numbers}
   * @return the options
   * @throws IllegalArgumentException if they are others
   */
  public static CrossEntropyOptions options(double[] stored) {
    return CrossEntropyArguments.INSTANCE.read(stored);
  }

  /** Checks the shape of the labels, and that the options are such as these labels can have. */
  public void requireLabels(long[] labels, SoftmaxShape shape, CrossEntropyOptions options) {
    if (this == SPARSE) {
      shape.requireLabels(labels);
    } else {
      shape.requireProbabilities(labels, options);
    }
  }

  @Override
  public String toString() {
    return operator;
  }
}

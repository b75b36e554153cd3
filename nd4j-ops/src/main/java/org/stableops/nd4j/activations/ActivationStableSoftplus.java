package org.stableops.nd4j.activations;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Parameters;
import org.stableops.nd4j.Softplus;

/**
 * Softplus as the activation of a DL4J layer.
 *
 * <pre>{@code
 * DenseLayer layer =
 *     new DenseLayer.Builder().nIn(64).nOut(32).activation(new ActivationStableSoftplus()).build();
 * }</pre>
 *
 * @see Softplus
 */
public final class ActivationStableSoftplus extends BaseActivationFunction {
  private static final long serialVersionUID = 1;

  private final double beta;

  /** Creates the activation with β = 1. */
  public ActivationStableSoftplus() {
    this(Parameters.DEFAULT_BETA);
  }

  /**
   * Creates the activation.
   *
   * @param beta β, finite and positive
   * @throws IllegalArgumentException if β is invalid
   */
  @JsonCreator
  public ActivationStableSoftplus(@JsonProperty("beta") double beta) {
    this.beta = Parameters.requireBeta(beta);
  }

  /**
   * Returns the parameter.
   *
   * @return β
   */
  public double getBeta() {
    return beta;
  }

  /** Overwrites the pre-activations with the activations, as DL4J wants it. */
  @Override
  public INDArray getActivation(INDArray in, boolean training) {
    Softplus.valueInto(in, beta, in);
    return in;
  }

  /** Returns the upstream gradient times that of the activation; there are no parameters. */
  @Override
  public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
    assertShape(in, epsilon);
    return Backprop.product(in, epsilon, x -> Softplus.gradient(x, beta));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ActivationStableSoftplus activation && activation.beta == beta;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(beta);
  }

  @Override
  public String toString() {
    return "softplus(beta=" + beta + ")";
  }
}

package org.stableops.nd4j.activations;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Parameters;
import org.stableops.nd4j.SoftplusInverse;

/**
 * The inverse of softplus as the activation of a DL4J layer.
 *
 * <pre>{@code
 * DenseLayer layer =
 *     new DenseLayer.Builder().nIn(64).nOut(32).activation(new ActivationSoftplusInverse()).build();
 * }</pre>
 *
 * @see SoftplusInverse
 */
public final class ActivationSoftplusInverse extends BaseActivationFunction {
  private static final long serialVersionUID = 1;

  private final double beta;

  /** Creates the activation with β = 1. */
  public ActivationSoftplusInverse() {
    this(Parameters.DEFAULT_BETA);
  }

  /**
   * Creates the activation.
   *
   * @param beta β, finite and positive
   * @throws IllegalArgumentException if β is invalid
   */
  @JsonCreator
  public ActivationSoftplusInverse(@JsonProperty("beta") double beta) {
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
    SoftplusInverse.valueInto(in, beta, in);
    return in;
  }

  /** Returns the upstream gradient times that of the activation; there are no parameters. */
  @Override
  public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
    assertShape(in, epsilon);
    return Backprop.product(in, epsilon, x -> SoftplusInverse.gradient(x, beta));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ActivationSoftplusInverse activation && activation.beta == beta;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(beta);
  }

  @Override
  public String toString() {
    return "softplusInverse(beta=" + beta + ")";
  }
}

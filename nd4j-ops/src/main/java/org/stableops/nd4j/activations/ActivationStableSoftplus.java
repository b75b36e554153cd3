package org.stableops.nd4j.activations;

import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Parameters;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.internal.ElementwiseActivation;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

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
public final class ActivationStableSoftplus extends ElementwiseActivation {
  private static final long serialVersionUID = 1;

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
    super(beta);
  }

  /**
   * Returns the parameter.
   *
   * @return β
   */
  @JsonProperty("beta")
  public double getBeta() {
    return parameter();
  }

  @Override
  protected Elementwise operator() {
    return Operators.SOFTPLUS;
  }
}

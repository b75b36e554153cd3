package org.stableops.nd4j.activations;

import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Parameters;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.internal.ElementwiseActivation;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/**
 * Squareplus as the activation of a DL4J layer.
 *
 * <pre>{@code
 * DenseLayer layer =
 *     new DenseLayer.Builder().nIn(64).nOut(32).activation(new ActivationSquareplus(1.0)).build();
 * }</pre>
 *
 * @see Squareplus
 */
public final class ActivationSquareplus extends ElementwiseActivation {
  private static final long serialVersionUID = 1;

  /** Creates the activation with b = 4. */
  public ActivationSquareplus() {
    this(Parameters.DEFAULT_B);
  }

  /**
   * Creates the activation.
   *
   * @param b finite and not negative
   * @throws IllegalArgumentException if b is invalid
   */
  @JsonCreator
  public ActivationSquareplus(@JsonProperty("b") double b) {
    super(b);
  }

  /**
   * Returns the parameter.
   *
   * @return b
   */
  @JsonProperty("b")
  public double getB() {
    return parameter();
  }

  @Override
  protected Elementwise operator() {
    return Operators.SQUAREPLUS;
  }
}

package org.stableops.nd4j.activations;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Parameters;
import org.stableops.nd4j.Squareplus;

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
public final class ActivationSquareplus extends BaseActivationFunction {
  private static final long serialVersionUID = 1;

  private final double b;

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
    this.b = Parameters.requireB(b);
  }

  /**
   * Returns the parameter.
   *
   * @return b
   */
  public double getB() {
    return b;
  }

  /** Overwrites the pre-activations with the activations, as DL4J wants it. */
  @Override
  public INDArray getActivation(INDArray in, boolean training) {
    Squareplus.valueInto(in, b, in);
    return in;
  }

  /** Returns the upstream gradient times that of the activation; there are no parameters. */
  @Override
  public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
    assertShape(in, epsilon);
    return Backprop.product(in, epsilon, x -> Squareplus.gradient(x, b));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ActivationSquareplus activation && activation.b == b;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(b);
  }

  @Override
  public String toString() {
    return "squareplus(b=" + b + ")";
  }
}

package org.stableops.nd4j.internal;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.stableops.op.Elementwise;

/** An elementwise operator as the activation of a DL4J layer; its JSON is the parameter. */
public abstract class ElementwiseActivation extends BaseActivationFunction {
  private static final long serialVersionUID = 1;

  @JsonIgnore private final double parameter;

  protected ElementwiseActivation(double parameter) {
    this.parameter = operator().parameter().requireValid(parameter);
  }

  /** A constant, so that the activation can be serialized. */
  protected abstract Elementwise operator();

  protected final double parameter() {
    return parameter;
  }

  private ElementwiseOp op() {
    return new ParametricOp(operator()).of(parameter);
  }

  /** Overwrites the pre-activations with the activations, as DL4J wants it. */
  @Override
  public final INDArray getActivation(INDArray in, boolean training) {
    op().valueInto(in, in);
    return in;
  }

  /** Returns the upstream gradient times that of the activation; there are no parameters. */
  @Override
  public final Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
    assertShape(in, epsilon);
    return new Pair<>(op().backprop(in, epsilon), null);
  }

  @Override
  public final boolean equals(Object other) {
    return other != null
        && other.getClass() == getClass()
        && ((ElementwiseActivation) other).parameter == parameter;
  }

  @Override
  public final int hashCode() {
    return Double.hashCode(parameter);
  }

  @Override
  public final String toString() {
    Elementwise operator = operator();
    return "%s(%s=%s)".formatted(operator.functionName(), operator.parameter().name(), parameter);
  }
}

package org.stableops.nd4j;

import java.util.List;
import java.util.function.DoubleFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Upstream × gradient of an elementwise operator in a graph, its parameter the only T argument. */
abstract class ElementwiseGradientOp extends JavaOp {
  private final transient DoubleFunction<ElementwiseOp> definition;

  ElementwiseGradientOp(String name, DoubleFunction<ElementwiseOp> definition) {
    super(name);
    this.definition = definition;
  }

  ElementwiseGradientOp(
      String name,
      DoubleFunction<ElementwiseOp> definition,
      SDVariable x,
      SDVariable upstream,
      double parameter) {
    super(name, x, upstream);
    this.definition = definition;
    addTArgument(parameter);
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    definition.apply(getTArgument(0)).gradientInto(inputs.get(0), output);
    Primitives.multiplyByUpstream(output, inputs.get(1));
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    throw noSecondDerivative();
  }
}

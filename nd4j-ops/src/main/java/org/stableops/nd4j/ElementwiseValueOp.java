package org.stableops.nd4j;

import java.util.List;
import java.util.function.DoubleFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An elementwise operator in a graph, its parameter the only T argument. */
abstract class ElementwiseValueOp extends JavaOp {
  private final transient DoubleFunction<ElementwiseOp> definition;

  ElementwiseValueOp(String name, DoubleFunction<ElementwiseOp> definition) {
    super(name);
    this.definition = definition;
  }

  ElementwiseValueOp(
      String name, DoubleFunction<ElementwiseOp> definition, SDVariable x, double parameter) {
    super(name, x);
    this.definition = definition;
    addTArgument(parameter);
  }

  /** Upstream × gradient, as a variable of the same graph. */
  abstract SDVariable gradient(SDVariable x, SDVariable upstream, double parameter);

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    definition.apply(getTArgument(0)).valueInto(inputs.get(0), output);
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    return List.of(gradient(arg(0), upstream.get(0), getTArgument(0)));
  }
}

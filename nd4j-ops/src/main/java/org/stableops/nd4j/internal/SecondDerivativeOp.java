package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Upstream × second derivative of an elementwise operator in a graph, from x and upstream. */
public abstract class SecondDerivativeOp extends JavaOp {
  private final transient ParametricOp operator;

  protected SecondDerivativeOp(ParametricOp operator) {
    super(operator.operator().secondDerivativeGraphName());
    this.operator = operator;
  }

  final SDVariable of(SDVariable x, SDVariable upstream, double parameter) {
    addTArgument(parameter);
    return output(x, upstream);
  }

  @Override
  protected final boolean isProduct() {
    return true;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    operator.secondDerivativeInto(inputs.get(0), numbers(1, 1)[0], output);
    Primitives.multiplyByUpstream(output, inputs.get(1));
  }
}

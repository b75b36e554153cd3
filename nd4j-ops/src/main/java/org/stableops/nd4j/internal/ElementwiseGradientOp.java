package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Upstream × gradient of an elementwise operator in a graph. Its parameter is the only T argument,
 * or the third input.
 */
public abstract class ElementwiseGradientOp extends JavaOp {
  private final transient ParametricOp operator;

  protected ElementwiseGradientOp(ParametricOp operator) {
    super(operator.operator().gradientGraphName());
    this.operator = operator;
  }

  final SDVariable of(SDVariable x, SDVariable upstream, double parameter) {
    addTArgument(parameter);
    return output(x, upstream);
  }

  final SDVariable of(SDVariable x, SDVariable upstream, SDVariable parameter) {
    return output(x, upstream, parameter);
  }

  @Override
  protected final boolean isProduct() {
    return true;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    INDArray x = inputs.get(0);
    INDArray upstream = inputs.get(1);
    if (inputs.size() > 2) {
      operator.gradientInto(x, inputs.get(2), output);
      Primitives.multiplyByUpstream(output, upstream);
    } else {
      operator.of(numbers(1, 1)[0]).backpropInto(x, upstream, output);
    }
  }
}

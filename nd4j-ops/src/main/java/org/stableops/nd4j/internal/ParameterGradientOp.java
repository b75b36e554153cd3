package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Upstream × gradient by the parameter of an elementwise operator in a graph, summed to the shape
 * of the parameter, from x, upstream and the parameter.
 */
public abstract class ParameterGradientOp extends JavaOp {
  private final transient ParametricOp operator;

  protected ParameterGradientOp(ParametricOp operator) {
    super(operator.operator().parameterGradientGraphName());
    this.operator = operator;
  }

  final SDVariable of(SDVariable x, SDVariable upstream, SDVariable parameter) {
    return output(x, upstream, parameter);
  }

  @Override
  protected final long[] outputShape(List<INDArray> inputs) {
    return inputs.get(2).shape();
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    operator.parameterGradientInto(inputs.get(0), inputs.get(2), inputs.get(1), output);
  }
}

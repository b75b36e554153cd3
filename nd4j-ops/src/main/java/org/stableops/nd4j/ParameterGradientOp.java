package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Upstream × gradient by the parameter of an elementwise operator in a graph, summed to the shape
 * of the parameter, from x, upstream and the parameter.
 */
abstract class ParameterGradientOp extends JavaOp {
  private final transient ParametricOp definition;

  ParameterGradientOp(ParametricOp definition) {
    super(definition.operator().parameterGradientGraphName());
    this.definition = definition;
  }

  ParameterGradientOp(
      ParametricOp definition, SDVariable x, SDVariable upstream, SDVariable parameter) {
    super(definition.operator().parameterGradientGraphName(), x, upstream, parameter);
    this.definition = definition;
  }

  @Override
  final long[] outputShape(List<INDArray> inputs) {
    return inputs.get(2).shape();
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    definition.parameterGradientInto(inputs.get(0), inputs.get(2), inputs.get(1), output);
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    throw noSecondDerivative();
  }
}

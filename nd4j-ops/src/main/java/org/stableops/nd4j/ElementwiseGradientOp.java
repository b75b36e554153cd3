package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Upstream × gradient of an elementwise operator in a graph. Its parameter is the only T argument,
 * or the third input.
 */
abstract class ElementwiseGradientOp extends JavaOp {
  private final transient ParametricOp definition;

  ElementwiseGradientOp(ParametricOp definition) {
    super(definition.operator().gradientGraphName());
    this.definition = definition;
  }

  ElementwiseGradientOp(
      ParametricOp definition, SDVariable x, SDVariable upstream, double parameter) {
    super(definition.operator().gradientGraphName(), x, upstream);
    this.definition = definition;
    addTArgument(parameter);
  }

  ElementwiseGradientOp(
      ParametricOp definition, SDVariable x, SDVariable upstream, SDVariable parameter) {
    super(definition.operator().gradientGraphName(), x, upstream, parameter);
    this.definition = definition;
  }

  @Override
  final boolean isProduct() {
    return true;
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    if (inputs.size() > 2) {
      definition.gradientInto(inputs.get(0), inputs.get(2), output);
    } else {
      definition.of(numbers(1, 1)[0]).gradientInto(inputs.get(0), output);
    }
    Primitives.multiplyByUpstream(output, inputs.get(1));
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    throw noSecondDerivative();
  }
}

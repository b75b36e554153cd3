package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An elementwise operator in a graph. Its parameter is the only T argument, or the second input.
 */
abstract class ElementwiseValueOp extends JavaOp {
  private final transient ParametricOp definition;

  ElementwiseValueOp(ParametricOp definition) {
    super(definition.operator().graphName());
    this.definition = definition;
  }

  ElementwiseValueOp(ParametricOp definition, SDVariable x, double parameter) {
    super(definition.operator().graphName(), x);
    this.definition = definition;
    addTArgument(parameter);
  }

  ElementwiseValueOp(ParametricOp definition, SDVariable x, SDVariable parameter) {
    super(definition.operator().graphName(), x, parameter);
    this.definition = definition;
  }

  /** Upstream × gradient, as a variable of the same graph. */
  abstract SDVariable gradient(SDVariable x, SDVariable upstream, double parameter);

  /** The same where the parameter is a variable. */
  abstract SDVariable gradient(SDVariable x, SDVariable upstream, SDVariable parameter);

  /** Upstream × gradient by the parameter, summed to its shape. */
  abstract SDVariable parameterGradient(SDVariable x, SDVariable upstream, SDVariable parameter);

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    if (inputs.size() > 1) {
      definition.valueInto(inputs.get(0), inputs.get(1), output);
    } else {
      definition.of(numbers(1, 1)[0]).valueInto(inputs.get(0), output);
    }
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    if (args().length == 1) {
      return List.of(gradient(arg(0), upstream.get(0), numbers(1, 1)[0]));
    }
    return List.of(
        gradient(arg(0), upstream.get(0), arg(1)),
        parameterGradient(arg(0), upstream.get(0), arg(1)));
  }
}

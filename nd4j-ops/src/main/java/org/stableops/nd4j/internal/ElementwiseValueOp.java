package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An elementwise operator in a graph. Its parameter is the only T argument, or the second input.
 */
public abstract class ElementwiseValueOp extends JavaOp {
  private final transient ParametricOp operator;
  private final transient Supplier<ElementwiseGradientOp> gradient;
  private final transient Supplier<ParameterGradientOp> parameterGradient;

  protected ElementwiseValueOp(
      ParametricOp operator,
      Supplier<ElementwiseGradientOp> gradient,
      Supplier<ParameterGradientOp> parameterGradient) {
    super(operator.operator().graphName());
    this.operator = operator;
    this.gradient = gradient;
    this.parameterGradient = parameterGradient;
  }

  /** The value in the graph of x. */
  public final SDVariable of(SDVariable x, double parameter) {
    addTArgument(operator.operator().parameter().requireValid(parameter));
    return output(x);
  }

  /** The same where the parameter is a variable. */
  public final SDVariable of(SDVariable x, SDVariable parameter) {
    return output(x, parameter);
  }

  @Override
  public final List<JavaOp> family() {
    List<JavaOp> family = new ArrayList<>(gradient.get().family());
    family.add(0, this);
    family.add(parameterGradient.get());
    return family;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    if (inputs.size() > 1) {
      operator.valueInto(inputs.get(0), inputs.get(1), output);
    } else {
      operator.of(numbers(1, 1)[0]).valueInto(inputs.get(0), output);
    }
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstreams) {
    SDVariable upstream = upstreams.get(0);
    if (args().length == 1) {
      return List.of(gradient.get().of(arg(), upstream, numbers(1, 1)[0]));
    }
    return List.of(
        gradient.get().of(arg(0), upstream, arg(1)),
        parameterGradient.get().of(arg(0), upstream, arg(1)));
  }
}

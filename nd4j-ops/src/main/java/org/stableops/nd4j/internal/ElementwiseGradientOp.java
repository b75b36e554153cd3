package org.stableops.nd4j.internal;

import java.util.List;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Upstream × gradient of an elementwise operator in a graph. Its parameter is the only T argument,
 * or the third input.
 */
public abstract class ElementwiseGradientOp extends JavaOp {
  private final transient ParametricOp operator;
  private final transient Supplier<SecondDerivativeOp> second;

  protected ElementwiseGradientOp(ParametricOp operator, Supplier<SecondDerivativeOp> second) {
    super(operator.operator().gradientGraphName());
    this.operator = operator;
    this.second = second;
  }

  @Override
  public final List<JavaOp> family() {
    return List.of(this, second.get());
  }

  /** A gradient op of the same operator. */
  protected abstract ElementwiseGradientOp another();

  /** The gradient in the graph of x, without an upstream. */
  public final SDVariable of(SDVariable x, double parameter) {
    requireVariables(x);
    operator.operator().parameter().requireValid(parameter);
    return of(x, x.getSameDiff().onesLike(x), parameter);
  }

  final SDVariable of(SDVariable x, SDVariable upstream, double parameter) {
    addTArgument(parameter);
    return output(x, upstream);
  }

  final SDVariable of(SDVariable x, SDVariable upstream, SDVariable parameter) {
    return output(x, upstream, parameter);
  }

  /** By x and by upstream, which is of x's shape, where the parameter is a number. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstreams) {
    if (args().length > 2) {
      return super.doDiff(upstreams);
    }
    SDVariable x = arg(0);
    SDVariable upstream = arg(1);
    SDVariable ofOutput = upstreams.get(0);
    double parameter = numbers(1, 1)[0];
    return List.of(
        second.get().of(x, ofOutput.mul(upstream), parameter),
        another().of(x, ofOutput, parameter));
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

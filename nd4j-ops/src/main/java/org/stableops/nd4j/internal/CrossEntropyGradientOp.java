package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.op.SoftmaxLoss;

/**
 * The gradient of a cross-entropy in a graph, from logits, labels, upstream, the loss, and perhaps
 * sample weights.
 */
public abstract class CrossEntropyGradientOp extends CrossEntropyDerivativeOp {
  private static final int SAMPLE_WEIGHTS = 4;

  private final transient Supplier<CrossEntropyHessianOp> hessian;

  protected CrossEntropyGradientOp(SoftmaxLoss loss, Supplier<CrossEntropyHessianOp> hessian) {
    super(loss, loss.gradientGraphName(), SAMPLE_WEIGHTS);
    this.hessian = hessian;
  }

  /** A gradient op of the same loss. */
  protected abstract CrossEntropyGradientOp another();

  /** The gradient in the graph of the logits, without an upstream; sample weights may be null. */
  public final SDVariable gradient(
      CrossEntropyOptions options, SDVariable logits, SDVariable labels, SDVariable weights) {
    requireVariables(logits, labels);
    CrossEntropyValueOp.requireValid(options, logits);
    SDVariable one = logits.getSameDiff().constant(Nd4j.scalar(logits.dataType(), 1));
    List<SDVariable> inputs = new ArrayList<>(List.of(logits, labels, one, one));
    if (weights != null) {
      inputs.add(weights);
    }
    return of(options, inputs.toArray(SDVariable[]::new));
  }

  @Override
  public final List<JavaOp> family() {
    return List.of(this, hessian.get());
  }

  @Override
  final CrossEntropy wanted(CrossEntropy call, List<INDArray> inputs) {
    return call;
  }

  /** By the logits, and by upstream, which is of the loss's shape. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstreams) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    SDVariable v = upstreams.get(0);
    SDVariable weights = args().length > SAMPLE_WEIGHTS ? arg(SAMPLE_WEIGHTS) : null;
    List<SDVariable> inputs = new ArrayList<>(List.of(arg(0), arg(1), arg(2), arg(3), v));
    if (weights != null) {
      inputs.add(weights);
    }
    SDVariable product = hessian.get().of(options, inputs.toArray(SDVariable[]::new));
    SDVariable terms = v.mul(another().gradient(options, arg(0), arg(1), weights));
    SDVariable ofUpstream =
        options.reduction() == Reduction.NONE ? terms.sum(options.axis()) : terms.sum();
    List<SDVariable> gradients = new ArrayList<>(List.of(product));
    gradients.add(sameDiff.zerosLike(arg(1)));
    gradients.add(ofUpstream);
    for (int i = 3; i < args().length; i++) {
      gradients.add(sameDiff.zerosLike(arg(i)));
    }
    return gradients;
  }
}

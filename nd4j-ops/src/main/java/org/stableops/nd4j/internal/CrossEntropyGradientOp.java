package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.op.SoftmaxLoss;

/**
 * The gradient of a cross-entropy in a graph, from logits, labels, upstream, the loss, and perhaps
 * sample weights.
 */
public abstract class CrossEntropyGradientOp extends CrossEntropyDerivativeOp {
  private final transient Supplier<CrossEntropyHessianOp> hessian;

  protected CrossEntropyGradientOp(SoftmaxLoss loss, Supplier<CrossEntropyHessianOp> hessian) {
    super(loss, loss.gradientGraphName(), SAMPLE_WEIGHTS);
    this.hessian = hessian;
  }

  /** A gradient op of the same loss. */
  protected abstract CrossEntropyGradientOp another();

  /** The gradient in the graph of the logits, without an upstream; sample weights may be null. */
  public final SDVariable gradient(
      CrossEntropyOptions options,
      SDVariable logits,
      SDVariable labels,
      @Nullable SDVariable weights) {
    CrossEntropyValueOp.requireValid(options, logits);
    return of(options, inputs(weights, logits, labels));
  }

  @Override
  public final List<JavaOp> family() {
    return List.of(this, hessian.get());
  }

  @Override
  final CrossEntropy wanted(CrossEntropy call, List<INDArray> inputs, Temporaries temporaries) {
    return call;
  }

  /** By the logits, and by upstream, which is of the loss's shape. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstreams) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    SDVariable v = upstreams.get(0);
    List<SDVariable> inputs = new ArrayList<>(List.of(args()));
    inputs.add(SAMPLE_WEIGHTS, v);
    SDVariable product = hessian.get().of(options, inputs.toArray(SDVariable[]::new));
    SDVariable terms = v.mul(another().gradient(options, arg(0), arg(1), sampleWeights()));
    boolean isOfRows = options.reduction() == Reduction.NONE;
    List<SDVariable> gradients = zeros();
    gradients.set(0, product);
    gradients.set(UPSTREAM, isOfRows ? terms.sum(options.axis()) : terms.sum());
    return gradients;
  }
}

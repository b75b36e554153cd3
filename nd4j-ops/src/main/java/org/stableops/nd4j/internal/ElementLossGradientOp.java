package org.stableops.nd4j.internal;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.op.ElementLosses;

/**
 * The gradient of a loss of elements in a graph, from its argument, perhaps a companion, targets,
 * upstream, the loss, and perhaps sample weights.
 *
 * @param <O> its options
 */
public abstract class ElementLossGradientOp<O> extends LossGradientOp {
  private final transient ElementLosses<O> losses;

  /** Null where the gradient cannot be differentiated once more. */
  private final transient Supplier<? extends ElementLossSecondOp<O>> second;

  protected ElementLossGradientOp(ElementLosses<O> losses) {
    this(losses, null);
  }

  protected ElementLossGradientOp(
      ElementLosses<O> losses, @Nullable Supplier<? extends ElementLossSecondOp<O>> second) {
    this(losses, losses.gradientGraphName(), second);
  }

  ElementLossGradientOp(
      ElementLosses<O> losses,
      String name,
      @Nullable Supplier<? extends ElementLossSecondOp<O>> second) {
    super(name);
    this.losses = losses;
    this.second = second;
  }

  /** A gradient op of the same loss, if it can be differentiated once more. */
  protected ElementLossGradientOp<O> another() {
    throw new UnsupportedOperationException(opName() + " has no second derivative");
  }

  /** The gradient in the graph of the argument, without an upstream; weights may be null. */
  public final SDVariable gradient(
      O options, SDVariable x, SDVariable targets, @Nullable SDVariable sampleWeights) {
    Arguments.requireGiven("options", options);
    return of(options, 1, inputs(x, targets, sampleWeights));
  }

  @Override
  public final List<JavaOp> family() {
    return second == null ? List.of(this) : List.of(this, second.get());
  }

  /** By the argument, and by upstream, which is of the loss's shape. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstreams) {
    if (second == null || labels() > 1) {
      return super.doDiff(upstreams);
    }
    O options = losses.options(tArgs());
    SDVariable v = upstreams.get(0);
    SDVariable product = v.mul(second.get().of(options, 1, args()));
    SDVariable terms = v.mul(another().gradient(options, arg(0), arg(1), sampleWeights()));
    boolean isOfElements = losses.of(options).reduction() == Reduction.NONE;
    return gradients(product, isOfElements ? terms : terms.sum());
  }

  final SDVariable of(O options, int labels, SDVariable... inputs) {
    addTArgument(losses.numbers(options));
    if (labels > 1) {
      addIArgument(1);
    }
    return output(inputs);
  }

  private int labels() {
    return 1 + integers(0, 1).length;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    int labels = labels();
    ElementLossCall call =
        ElementLossCall.of(losses.of(losses.options(tArgs())), inputs, labels, labels + 3);
    write(call, inputs.get(labels + 1), output);
  }

  /** Writes the derivative times upstream. */
  void write(ElementLossCall call, INDArray upstream, INDArray output) {
    try (Temporaries temporaries = new Temporaries()) {
      Primitives.assign(output, temporaries.keep(derivative(call)));
    }
    Primitives.multiplyByUpstream(output, upstream);
  }

  INDArray derivative(ElementLossCall call) {
    return call.gradient();
  }
}

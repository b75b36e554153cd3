package org.stableops.nd4j.internal;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.Reduction;
import org.stableops.op.ElementLoss;
import org.stableops.op.ElementLosses;

/**
 * A loss of elements in a graph, from its argument, perhaps a companion, targets and perhaps sample
 * weights.
 *
 * @param <O> its options
 */
public abstract class ElementLossValueOp<O> extends LossValueOp {
  private final transient ElementLosses<O> losses;
  private final transient Supplier<ElementLossGradientOp<O>> gradient;

  protected ElementLossValueOp(
      ElementLosses<O> losses, Supplier<ElementLossGradientOp<O>> gradient) {
    super(losses.graphName());
    this.losses = losses;
    this.gradient = gradient;
  }

  /** The loss in the graph of argument, targets, and of sample weights or null. */
  public final SDVariable of(
      O options, SDVariable x, SDVariable targets, @Nullable SDVariable sampleWeights) {
    return output(options, sampleWeights, inputs(losses.of(options), x, targets));
  }

  /** The loss in the graph of argument, companion, targets, and of sample weights or null. */
  public final SDVariable withCompanion(
      O options,
      SDVariable x,
      SDVariable companion,
      SDVariable targets,
      @Nullable SDVariable sampleWeights) {
    addIArgument(1);
    return output(options, sampleWeights, inputs(losses.of(options), x, companion, targets));
  }

  /** Argument and targets, checked by their names. */
  static SDVariable[] inputs(ElementLoss loss, SDVariable x, SDVariable targets) {
    return new SDVariable[] {variable(loss.argument(), x), variable(loss.targets(), targets)};
  }

  /** Argument, companion and targets, checked by their names. */
  static SDVariable[] inputs(
      ElementLoss loss, SDVariable x, SDVariable companion, SDVariable targets) {
    return new SDVariable[] {
      variable(loss.argument(), x),
      variable(loss.names().companion(), companion),
      variable(loss.targets(), targets)
    };
  }

  private SDVariable output(O options, @Nullable SDVariable sampleWeights, SDVariable... first) {
    addTArgument(losses.numbers(options));
    return output(withWeights(first, sampleWeights).toArray(SDVariable[]::new));
  }

  @Override
  int labels() {
    return 1 + companions();
  }

  private int companions() {
    return integers(0, 1).length;
  }

  @Override
  public final List<JavaOp> family() {
    return List.of(this, gradient.get());
  }

  private O options() {
    return losses.options(tArgs());
  }

  @Override
  protected final long[] outputShape(List<INDArray> inputs) {
    ElementLoss loss = losses.of(options());
    return loss.reduction() == Reduction.NONE ? inputs.get(0).shape() : new long[0];
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    int labels = labels();
    ElementLossCall call = ElementLossCall.of(losses.of(options()), inputs, labels, labels + 1);
    try (Temporaries temporaries = new Temporaries()) {
      Primitives.assign(output, temporaries.keep(call.value()));
    }
  }

  @Override
  final SDVariable gradient(SDVariable... inputs) {
    return gradient.get().ofArgument(options(), companions(), inputs);
  }

  @Override
  final SDVariable companionGradient(SDVariable... inputs) {
    return losses.hasCompanionGradient()
        ? gradient.get().ofCompanion(options(), inputs)
        : super.companionGradient(inputs);
  }
}

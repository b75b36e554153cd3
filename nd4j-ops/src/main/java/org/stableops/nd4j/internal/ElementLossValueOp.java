package org.stableops.nd4j.internal;

import java.util.List;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.Reduction;
import org.stableops.op.ElementLoss;
import org.stableops.op.ElementLosses;

/**
 * A loss of elements in a graph, from its argument, targets and perhaps sample weights.
 *
 * @param <O> its options
 */
public abstract class ElementLossValueOp<O> extends LossValueOp {
  private final transient ElementLosses<O> losses;
  private final transient Supplier<? extends ElementLossGradientOp<O>> gradient;

  protected ElementLossValueOp(
      ElementLosses<O> losses, Supplier<? extends ElementLossGradientOp<O>> gradient) {
    super(losses.graphName());
    this.losses = losses;
    this.gradient = gradient;
  }

  /** The loss in the graph of the inputs. */
  public final SDVariable of(O options, SDVariable... inputs) {
    addTArgument(losses.numbers(options));
    return output(inputs);
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
    ElementLossCall call = ElementLossCall.of(losses.of(options()), inputs.get(0), inputs.get(1));
    if (inputs.size() > 2) {
      call = call.withSampleWeights(inputs.get(2));
    }
    try (Temporaries temporaries = new Temporaries()) {
      Primitives.assign(output, temporaries.keep(call.value()));
    }
  }

  @Override
  final SDVariable gradient(SDVariable... inputs) {
    return gradient.get().of(options(), inputs);
  }
}

package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.op.ElementLosses;

/**
 * The gradient of a loss of elements in a graph, from its argument, targets, upstream, the loss,
 * and perhaps sample weights.
 *
 * @param <O> its options
 */
public abstract class ElementLossGradientOp<O> extends JavaOp {
  private final transient ElementLosses<O> losses;

  protected ElementLossGradientOp(ElementLosses<O> losses) {
    super(losses.gradientGraphName());
    this.losses = losses;
  }

  final SDVariable of(O options, SDVariable... inputs) {
    addTArgument(losses.numbers(options));
    return output(inputs);
  }

  @Override
  protected final boolean isProduct() {
    return true;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    ElementLossCall call =
        ElementLossCall.of(losses.of(losses.options(tArgs())), inputs.get(0), inputs.get(1));
    if (inputs.size() > 4) {
      call = call.withSampleWeights(inputs.get(4));
    }
    try (Temporaries temporaries = new Temporaries()) {
      Primitives.assign(output, temporaries.keep(call.gradient()));
    }
    Primitives.multiplyByUpstream(output, inputs.get(2));
  }
}

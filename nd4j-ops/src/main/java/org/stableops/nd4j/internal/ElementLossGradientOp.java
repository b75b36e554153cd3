package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.op.ElementLosses;

/**
 * The gradient of a loss of elements in a graph, from its argument, perhaps a companion, targets,
 * upstream, the loss, and perhaps sample weights.
 *
 * @param <O> its options
 */
public abstract class ElementLossGradientOp<O> extends JavaOp {
  private final transient ElementLosses<O> losses;

  protected ElementLossGradientOp(ElementLosses<O> losses) {
    this(losses, losses.gradientGraphName());
  }

  ElementLossGradientOp(ElementLosses<O> losses, String name) {
    super(name);
    this.losses = losses;
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
  protected final boolean isProduct() {
    return true;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    int labels = labels();
    ElementLossCall call =
        ElementLossCall.of(losses.of(losses.options(tArgs())), inputs, labels, labels + 3);
    write(call, inputs.get(labels + 1), output);
  }

  /** Writes the gradient times upstream. */
  void write(ElementLossCall call, INDArray upstream, INDArray output) {
    try (Temporaries temporaries = new Temporaries()) {
      Primitives.assign(output, temporaries.keep(call.gradient()));
    }
    Primitives.multiplyByUpstream(output, upstream);
  }
}

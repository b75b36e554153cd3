package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.op.ElementLosses;

/**
 * The gradient of a loss of elements to its companion in a graph, summed to the shape of that; from
 * the same inputs as the gradient to its argument.
 *
 * @param <O> its options
 */
public abstract class CompanionGradientOp<O> extends ElementLossGradientOp<O> {
  protected CompanionGradientOp(ElementLosses<O> losses) {
    super(losses, losses.companionGradientGraphName(), null);
  }

  @Override
  protected final long[] outputShape(List<INDArray> inputs) {
    return inputs.get(1).shape();
  }

  @Override
  void write(ElementLossCall call, INDArray upstream, INDArray output) {
    try (Temporaries temporaries = new Temporaries()) {
      Primitives.assign(output, temporaries.keep(call.companionGradient(upstream)));
    }
  }
}

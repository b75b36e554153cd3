package org.stableops.nd4j.internal;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.op.ElementLosses;

/**
 * The second derivative of a loss of elements by its argument in a graph, from the same inputs as
 * the gradient.
 *
 * @param <O> its options
 */
public abstract class ElementLossSecondOp<O> extends ElementLossGradientOp<O> {
  protected ElementLossSecondOp(ElementLosses<O> losses) {
    super(losses, losses.secondDerivativeGraphName(), null);
  }

  @Override
  INDArray derivative(ElementLossCall call) {
    return call.secondDerivative();
  }
}

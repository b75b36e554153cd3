package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.stableops.djl.internal.ElementLossCall;
import org.stableops.op.ElementLoss;

/** What DJL's Losses made of losses of elements have in common. */
abstract class ElementOperatorLoss extends OperatorLoss {
  private final ElementLoss loss;

  ElementOperatorLoss(String name, ElementLoss loss, boolean hasSampleWeights, float weight) {
    super(name, hasSampleWeights, weight);
    this.loss = loss;
  }

  /**
   * Checks that a network's outputs can be the arguments of this loss.
   *
   * @param logits the shape of the network's outputs
   * @throws IllegalArgumentException if there are positive weights, and they are neither one nor
   *     one for each element of the last axis
   */
  @Override
  public void requireLogits(Shape logits) {
    long[] shape = logits.getShape();
    loss.requireShapes(shape, shape);
  }

  /** The argument, and the companion of a loss that needs one. */
  @Override
  final int outputs() {
    return loss.inputs() - 1;
  }

  @Override
  final ElementLossCall call(NDList predictions, NDList labels) {
    ElementLossCall call = ElementLossCall.ofBatch(loss, predictions.get(0), labels.get(0));
    ElementLossCall whole = outputs() == 1 ? call : call.withCompanion(predictions.get(1));
    return takesSampleWeights() ? whole.withSampleWeights(labels.get(1)) : whole;
  }

  @Override
  final ElementLossCall call(NDArray logits, NDArray labels) {
    return ElementLossCall.ofBatch(loss, logits, labels);
  }

  @Override
  final ElementLossCall call(NDArray logits, NDArray labels, NDArray sampleWeights) {
    return call(logits, labels).withSampleWeights(sampleWeights);
  }
}

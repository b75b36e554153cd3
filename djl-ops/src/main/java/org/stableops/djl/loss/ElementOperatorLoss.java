package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

  private boolean hasCompanion() {
    return loss.inputs() > 2;
  }

  @Override
  final String targets() {
    return loss.targets();
  }

  /** The argument, and the companion of a loss that needs one. */
  @Override
  final List<String> arguments() {
    return hasCompanion()
        ? List.of(loss.argument(), loss.names().companion())
        : List.of(loss.argument());
  }

  /** What broadcasts against the argument, or null for nothing. */
  @Nullable NDArray companion(NDList predictions, NDList labels) {
    return hasCompanion() ? predictions.get(1) : null;
  }

  @Override
  final ElementLossCall call(NDList predictions, NDList labels) {
    ElementLossCall call = ElementLossCall.ofBatch(loss, predictions.get(0), labels.get(0));
    NDArray companion = companion(predictions, labels);
    ElementLossCall whole = companion == null ? call : call.withCompanion(companion);
    return takesSampleWeights() ? whole.withSampleWeights(labels.get(labels.size() - 1)) : whole;
  }
}

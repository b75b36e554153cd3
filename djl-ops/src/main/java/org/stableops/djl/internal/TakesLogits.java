package org.stableops.djl.internal;

import ai.djl.ndarray.types.Shape;

/** A loss that knows what a network's outputs must be. */
public interface TakesLogits {
  /**
   * Checks that a network's outputs can be the logits of this loss.
   *
   * @param logits the shape of the network's outputs
   * @throws IllegalArgumentException if they cannot
   */
  void requireLogits(Shape logits);
}

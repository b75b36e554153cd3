package org.stableops.djl.internal;

import ai.djl.ndarray.types.Shape;

/** A loss that knows what a network's outputs must be. */
public interface TakesLogits {
  /**
   * Checks that a network puts out what this loss takes.
   *
   * @param outputs the shapes of all its outputs, the logits first
   * @throws IllegalArgumentException if there are more or fewer, or the logits cannot be those of
   *     this loss
   */
  void requireOutputs(Shape... outputs);
}

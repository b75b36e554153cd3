package org.stableops.internal;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;

/** The checks of the shapes that logits = hidden · weightᵀ + bias are made of. */
public final class LinearShape {
  private LinearShape() {}

  /**
   * Returns the shape of the logits.
   *
   * @param hidden that of the hidden states, [N, D]
   * @param weight that of the weight, [V, D]
   * @param bias that of the bias, [V], or null
   * @param options the class axis, which is the last, and class weights to fit it
   * @return [N, V]
   * @throws IllegalArgumentException if a shape or the axis is another, there are tokens but no
   *     classes, or the number of class weights is not that of the classes
   */
  public static SoftmaxShape of(
      long[] hidden, long[] weight, long[] bias, CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    if (hidden.length != 2 || hidden[1] == 0) {
      throw new IllegalArgumentException(
          "hidden must have shape (N, D) with D > 0, got " + Shapes.text(hidden));
    }
    if (weight.length != 2 || weight[1] != hidden[1]) {
      throw new IllegalArgumentException(
          "weight must have shape (V, %d) for hidden of shape %s, got %s"
              .formatted(hidden[1], Shapes.text(hidden), Shapes.text(weight)));
    }
    if (bias != null && !Arrays.equals(bias, new long[] {weight[0]})) {
      throw new IllegalArgumentException(
          "bias must have shape (%d) for weight of shape %s, got %s"
              .formatted(weight[0], Shapes.text(weight), Shapes.text(bias)));
    }
    if (options.axis() != -1 && options.axis() != 1) {
      throw new IllegalArgumentException(
          "axis must be -1 or 1, for the logits are (N, V), got " + options.axis());
    }
    return SoftmaxShape.of(new long[] {hidden[0], weight[0]}, options);
  }
}

package org.stableops.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;

class LinearShapeTest {
  private static final CrossEntropyOptions MEAN = CrossEntropyOptions.DEFAULT;
  private static final long[] HIDDEN = {7, 3};
  private static final long[] WEIGHT = {5, 3};
  private static final long[] BIAS = {5};

  private static void assertLogits(long tokens, long classes, SoftmaxShape shape) {
    assertEquals(tokens, shape.rows());
    assertEquals(classes, shape.classes());
    assertEquals(1, shape.axis());
  }

  @Test
  void logitsHaveATokenInEachRow() {
    assertLogits(7, 5, LinearShape.of(HIDDEN, WEIGHT, null, MEAN));
    assertLogits(7, 5, LinearShape.of(HIDDEN, WEIGHT, BIAS, MEAN.withAxis(1)));
    assertLogits(0, 5, LinearShape.of(new long[] {0, 3}, WEIGHT, BIAS, MEAN));
    assertLogits(1, 1, LinearShape.of(new long[] {1, 1}, new long[] {1, 1}, new long[] {1}, MEAN));
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertRefused(
        "hidden must have shape (N, D) with D > 0, got (7)", new long[] {7}, WEIGHT, BIAS, MEAN);
    assertRefused(
        "hidden must have shape (N, D) with D > 0, got (7, 0)",
        new long[] {7, 0},
        new long[] {5, 0},
        BIAS,
        MEAN);
    assertRefused(
        "weight must have shape (V, 3) for hidden of shape (7, 3), got (3, 5)",
        HIDDEN,
        new long[] {3, 5},
        BIAS,
        MEAN);
    assertRefused(
        "weight must have shape (V, 3) for hidden of shape (7, 3), got (5, 3, 1)",
        HIDDEN,
        new long[] {5, 3, 1},
        BIAS,
        MEAN);
    assertRefused(
        "bias must have shape (5) for weight of shape (5, 3), got (3)",
        HIDDEN,
        WEIGHT,
        new long[] {3},
        MEAN);
    assertRefused(
        "bias must have shape (5) for weight of shape (5, 3), got (1, 5)",
        HIDDEN,
        WEIGHT,
        new long[] {1, 5},
        MEAN);
  }

  @Test
  void refusesOptionsThatDoNotFit() {
    assertRefused("options must be given, got null", HIDDEN, WEIGHT, BIAS, null);
    for (int axis : new int[] {0, -2, 2}) {
      assertRefused(
          "axis must be -1 or 1, for the logits are (N, V), got " + axis,
          HIDDEN,
          WEIGHT,
          BIAS,
          MEAN.withAxis(axis));
    }
    assertRefused(
        "classWeights must have one weight for each of 5 classes, got 2",
        HIDDEN,
        WEIGHT,
        BIAS,
        MEAN.withClassWeights(1, 2));
    assertRefused(
        "logits must have an element along axis 1, got shape (7, 0)",
        HIDDEN,
        new long[] {0, 3},
        null,
        MEAN);
  }

  private static void assertRefused(
      String message, long[] hidden, long[] weight, long[] bias, CrossEntropyOptions options) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> LinearShape.of(hidden, weight, bias, options));
    assertEquals(message, refused.getMessage());
  }
}

package org.stableops.op;

import java.util.Arrays;

/** Checks of numbers that a graph has stored, which may come from anybody's file. */
final class Stored {
  private Stored() {}

  static void requireCount(String what, double[] numbers, int least) {
    if (numbers.length < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d numbers, got %d".formatted(what, least, numbers.length));
    }
  }

  /** The choice of a number. */
  static <T> T choice(T[] choices, double number) {
    if (!(number >= 0 && number < choices.length && number == (int) number)) {
      throw new IllegalArgumentException(
          "the number of one of %s is expected, got %s"
              .formatted(Arrays.toString(choices), number));
    }
    return choices[(int) number];
  }
}

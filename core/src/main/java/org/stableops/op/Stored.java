package org.stableops.op;

import java.util.Arrays;

/** Checks of numbers that a graph has stored, which may come from anybody's file. */
public final class Stored {
  private Stored() {}

  static void requireCount(String what, double[] numbers, int least) {
    if (numbers.length < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d numbers, got %d".formatted(what, least, numbers.length));
    }
  }

  /**
   * Returns the choice of a number.
   *
   * @param owner whose argument it is, for the message
   * @param choices a few
   * @param number the place of one of them
   * @param <T> their class
   * @return the choice
   * @throws IllegalArgumentException if it is another number
   */
  public static <T> T choice(String owner, T[] choices, double number) {
    if (!(number >= 0 && number < choices.length && number == (int) number)) {
      throw new IllegalArgumentException(
          "%s must have the number of one of %s among its arguments, got %s"
              .formatted(owner, Arrays.toString(choices), number));
    }
    return choices[(int) number];
  }
}

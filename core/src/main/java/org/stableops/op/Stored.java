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
   * Returns the axis that a number is.
   *
   * @param owner whose argument it is, for the message
   * @param number an int
   * @return it
   * @throws IllegalArgumentException if it is another number
   */
  public static int axis(String owner, double number) {
    if (number != (int) number) {
      throw new IllegalArgumentException(owner + " must have an axis as argument, got " + number);
    }
    return (int) number;
  }

  /** The integer that is the sum of the double nearest to it and of a rest. */
  static long integer(String owner, double nearest, double rest) {
    long integer = (long) nearest + (long) rest;
    if (nearest != integer || rest != integer - (long) nearest) {
      throw new IllegalArgumentException(
          "%s must have an integer and its rest among its arguments, got %s and %s"
              .formatted(owner, nearest, rest));
    }
    return integer;
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

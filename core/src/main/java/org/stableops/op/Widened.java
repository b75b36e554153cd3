package org.stableops.op;

import java.util.function.UnaryOperator;

/** Computes in float64 what float32 has not the range or the digits for. */
final class Widened {
  /** Between these, b/4, powers of its scale and every quotient are float numbers of all digits. */
  private static final double SMALLEST = 0x1p-100;

  private static final double LARGEST = 0x1p120;

  /** Beyond, squares of float64 numbers near √b may overflow, or lose bits. */
  private static final double SMALL_B = 0x1p-400;

  private static final double LARGE_B = 0x1p400;
  private static final double SCALE = 0x1p300;

  private Widened() {}

  /** Applies a formula whose parameter is β or b, which as a float32 number may be 0 or inf. */
  static <A> A compute(Algebra<A> m, A x, double parameter, UnaryOperator<A> formula) {
    return parameter >= SMALLEST && parameter <= LARGEST
        ? formula.apply(x)
        : inDouble(m, x, formula);
  }

  /** Applies a formula in float64, which the host rounds. */
  static <A> A inDouble(Algebra<A> m, A x, UnaryOperator<A> formula) {
    return m.isDouble(x) ? formula.apply(x) : m.freeing(m.toDouble(x), formula);
  }

  /**
   * Powers of 2, chosen so that neither their squares times b nor their squares overflow in
   * float64.
   */
  static <A> A scale(Algebra<A> m, A b) {
    A one = m.constant(1, b);
    A forLarge = m.select(m.isMore(b, LARGE_B), m.constant(1 / SCALE, b), one);
    return m.select(m.isLess(b, SMALL_B), m.constant(SCALE, b), forLarge);
  }
}

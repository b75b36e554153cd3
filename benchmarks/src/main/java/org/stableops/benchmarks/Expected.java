package org.stableops.benchmarks;

import java.util.Locale;
import java.util.function.IntToDoubleFunction;

/**
 * What a contestant must compute.
 *
 * @param count of the numbers
 * @param number each of them, in double precision
 * @param unit numbers below it are compared absolutely, in it
 */
record Expected(int count, IntToDoubleFunction number, double unit) {
  /** Of more numbers than that only a part is compared. */
  private static final int MOST = 1 << 18;

  /** Throws unless all numbers differ by at most tolerance·max(|number|, unit). */
  void check(String name, float[] actual, double tolerance) {
    if (actual.length != count) {
      throw new IllegalStateException(
          "%s must give %d numbers, gave %d".formatted(name, count, actual.length));
    }
    // Odd, so that every column of a matrix has its turn.
    int stride = count / MOST | 1;
    for (int i = 0; i < count; i += stride) {
      double expected = number.applyAsDouble(i);
      double allowed = tolerance * Math.max(Math.abs(expected), unit);
      if (!(Math.abs(actual[i] - expected) <= allowed)) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s must give %.9g at %d to within %.1e, gave %.9g",
                name,
                expected,
                i,
                allowed,
                actual[i]));
      }
    }
  }
}

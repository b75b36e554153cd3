package org.stableops.op;

/** What operators on positive numbers are elsewhere. */
final class Domain {
  private Domain() {}

  /** The result where x is not negative, NaN below 0. */
  static <A> A positive(Algebra<A> m, A x, A result) {
    return m.select(m.isLess(x, 0), m.constant(Double.NaN, x), result);
  }
}

package org.stableops.op;

/** What a rounding loses, exactly, by sums and differences (D. E. Knuth's TwoSum). */
final class Pairs {
  private Pairs() {}

  /** x + y minus the sum, which is rounded. */
  static <A> A lostBySum(Algebra<A> m, A x, A y, A sum) {
    A back = m.subtract(sum, x);
    return m.add(m.subtract(x, m.subtract(sum, back)), m.subtract(y, back));
  }

  /** x − y minus the difference, which is rounded. */
  static <A> A lostByDifference(Algebra<A> m, A x, A y, A difference) {
    A back = m.subtract(x, difference);
    return m.add(m.subtract(x, m.add(difference, back)), m.subtract(back, y));
  }
}

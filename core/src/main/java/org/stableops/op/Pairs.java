package org.stableops.op;

/** What a rounding loses, exactly, by sums and differences (D. E. Knuth's TwoSum). */
final class Pairs {
  private Pairs() {}

  /** x + y minus the sum, which is rounded. */
  static <A> A lostBySum(Algebra<A> m, A x, A y, A sum) {
    A back = m.subtract(sum, x);
    A ofX = m.freeing(m.subtract(sum, back), own -> m.subtract(x, own));
    A ofY = m.freeing(back, own -> m.subtract(y, own));
    return sum(m, ofX, ofY);
  }

  /** x − y minus the difference, which is rounded. */
  static <A> A lostByDifference(Algebra<A> m, A x, A y, A difference) {
    A back = m.subtract(x, difference);
    A ofX = m.freeing(m.add(difference, back), own -> m.subtract(x, own));
    A ofY = m.freeing(back, other -> m.subtract(other, y));
    return sum(m, ofX, ofY);
  }

  /** The sum of two results that nothing else needs. */
  static <A> A sum(Algebra<A> m, A x, A y) {
    A sum = m.add(x, y);
    m.free(x);
    m.free(y);
    return sum;
  }
}

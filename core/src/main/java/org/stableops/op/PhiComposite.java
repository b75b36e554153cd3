package org.stableops.op;

/** A·φ(d/A) with φ(w) = w − log(1 + w), which does not cancel for small w, by primitives. */
final class PhiComposite {
  /** Terms of Σ v^{2k}/(2k + 1) for |v| ≤ 1/3. */
  private static final int TERMS = 16;

  /** Between these a quotient has all its digits. */
  private static final double SMALLEST_RATIO = 1e-290;

  private static final double LARGEST_RATIO = 1e300;

  private PhiComposite() {}

  /**
   * The product.
   *
   * @param a A
   * @param d any
   * @param ratio 1 + d/A, computed by itself
   * @param logRatio its logarithm, which is used where the quotient has lost digits
   */
  static <A> A times(RowAlgebra<A> m, A a, A d, A ratio, A logRatio) {
    A isExact = both(m, ratio, SMALLEST_RATIO, LARGEST_RATIO);
    A log = m.select(m.isMore(isExact, 0.5), m.log(ratio), logRatio);
    A far = m.subtract(d, m.multiply(a, log));
    return m.select(m.isMore(both(m, ratio, 0.5, 2), 0.5), near(m, a, d), far);
  }

  /** 1 where x is between two numbers, else 0. */
  private static <A> A both(RowAlgebra<A> m, A x, double least, double most) {
    return m.multiply(m.toTypeOf(x, m.isMore(x, least)), m.toTypeOf(x, m.isLess(x, most)));
  }

  /** d·v − 2A·v·Σ v^{2k}/(2k + 1), v = w/(2 + w), w = d/A. */
  private static <A> A near(RowAlgebra<A> m, A a, A d) {
    A w = m.divide(d, a);
    A v = m.divide(w, m.add(w, 2));
    A square = m.multiply(v, v);
    A sum = m.multiply(square, 1.0 / (2 * TERMS + 1));
    for (int k = TERMS - 1; k > 0; k--) {
      sum = m.multiply(m.add(sum, 1.0 / (2 * k + 1)), square);
    }
    return m.subtract(m.multiply(d, v), m.multiply(m.multiply(m.multiply(a, 2), v), sum));
  }
}

package org.stableops.op;

/**
 * Softmax by primitives of rows z, in float64: each step is then right to more digits than float32
 * has, and takes less time than float32 and a correction of what it loses. For float64 there is no
 * wider type, and e^d of a rounded difference d is corrected by what the rounding lost.
 *
 * <p>The largest element's own term, 1, is kept out of the sum of exponentials, so that log1p(rest)
 * and 1 − p = rest/(1 + rest) keep their digits on confident rows. Numbers of a row are columns.
 *
 * @param <A> the host's arrays
 */
public final class SoftmaxComposite<A> {
  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final RowAlgebra<A> m;
  private final A z;

  /** The place of the largest element. */
  private final A first;

  /** The largest element. */
  private final A max;

  /** z − max, 0 at the maximum even where it is infinite. */
  private final A below;

  /** e^{z − max}. */
  private final A exps;

  /** Σ e^{z − max} of the others. */
  private final A rest;

  private A denominator;

  /** Takes rows × classes of float32 or float64. */
  public SoftmaxComposite(RowAlgebra<A> m, A rows) {
    this.m = m;
    z = m.toDouble(rows);
    first = m.argMax(rows);
    max = m.at(first, z);
    below = m.with(first, 0, m.subtract(z, max));
    exps = m.isDouble(rows) ? m.with(first, 1, correctedExps()) : m.exp(below);
    rest = m.classes(z) == 1 ? restOfOne() : m.rowSums(m.with(first, 0, exps));
  }

  private A correctedExps() {
    A back = m.subtract(z, below);
    A lost = m.add(m.subtract(z, m.add(below, back)), m.subtract(back, max));
    A t = m.exp(below);
    return m.select(m.isMore(below, UNDERFLOW), m.add(t, m.multiply(t, lost)), t);
  }

  /** 0, and NaN for NaN and −inf, which is what more classes come to by themselves. */
  private A restOfOne() {
    return m.multiply(m.atMost(max, 0), 0);
  }

  RowAlgebra<A> algebra() {
    return m;
  }

  A z() {
    return z;
  }

  A first() {
    return first;
  }

  A below() {
    return below;
  }

  A exps() {
    return exps;
  }

  A rest() {
    return rest;
  }

  /** 1 + rest: e^{z − max} over it is p. */
  A denominator() {
    if (denominator == null) {
      denominator = m.add(rest, 1);
    }
    return denominator;
  }

  /** log Σ e^{z − max}. */
  A logSum() {
    return m.log1p(rest);
  }

  /** log Σ e^z. */
  public A logSumExp() {
    // Two maxima that are infinite are so, too; NaN beside them is NaN.
    A nans = m.rowSums(m.toTypeOf(z, m.isNaN(z)));
    A ofInfinite = m.select(m.isMore(nans, 0), m.constant(Double.NaN, max), max);
    return m.select(m.isInfinite(max), ofInfinite, m.add(max, logSum()));
  }

  /** z − log Σ e^z. */
  public A logSoftmax() {
    return m.subtract(below, logSum());
  }

  /**
   * u·(1 − p) − (Σu − u)·p, the gradient of log-softmax for an upstream u: u − Σu·p but at the
   * maximum, where that would cancel.
   */
  public A logSoftmaxGradient(A u) {
    A sum = m.rowSums(u);
    A gradient = m.subtract(u, m.multiply(exps, m.divide(sum, denominator())));
    A atMax = m.at(first, u);
    A numerator = m.subtract(m.multiply(atMax, rest), m.subtract(sum, atMax));
    return m.with(first, m.divide(numerator, denominator()), gradient);
  }

  /** Softmax. */
  public A p() {
    return m.divide(exps, denominator());
  }

  /** 1 − softmax, to the last digits of small ones. */
  public A oneMinusP() {
    return m.with(first, m.divide(rest, denominator()), m.add(m.negate(p()), 1));
  }
}

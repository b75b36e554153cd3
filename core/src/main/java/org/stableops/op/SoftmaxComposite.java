package org.stableops.op;

/**
 * Softmax by primitives, in float64, of rows z.
 *
 * <p>The largest element's own term, 1, is kept out of the sum of exponentials, so that log1p(rest)
 * and 1 − p = rest/(1 + rest) keep their digits on confident rows; e^d with a rounded difference d
 * is corrected by what the rounding lost. Numbers of a row are columns.
 *
 * @param <A> the host's arrays
 */
public final class SoftmaxComposite<A> {
  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final RowAlgebra<A> m;
  private final A z;
  private final A isMax;

  /** The largest element of each row, as a column, and at each of the row's elements. */
  private final A maxColumn;

  private final A max;

  /** e^{z − max}, 0 at the maximum. */
  private final A exps;

  /** Σ exps as a column. */
  private final A rest;

  /** Takes rows × classes of float64. */
  public SoftmaxComposite(RowAlgebra<A> m, A z) {
    this.m = m;
    this.z = z;
    isMax = m.isFirstLargest(z);
    maxColumn = m.rowSums(m.select(isMax, z, zero()));
    max = m.alongRows(maxColumn, z);
    exps = exps();
    A sum = m.rowSums(exps);
    // A row without a number to start from, or with −inf everywhere, is NaN.
    A isValid = m.isMore(maxColumn, Double.NEGATIVE_INFINITY);
    rest = m.select(isValid, sum, m.constant(Double.NaN, sum));
  }

  RowAlgebra<A> algebra() {
    return m;
  }

  private A zero() {
    return m.constant(0, z);
  }

  private A exps() {
    A d = m.subtract(z, max);
    A back = m.subtract(z, d);
    A lost = m.add(m.subtract(z, m.add(d, back)), m.subtract(back, max));
    A t = m.exp(d);
    A corrected = m.select(m.isMore(d, UNDERFLOW), m.add(t, m.multiply(t, lost)), t);
    return m.select(isMax, zero(), corrected);
  }

  /** log Σ e^{z − max} = log v + (r − (v − 1))/v, with v = 1 + r rounded, as a column. */
  A logSum() {
    A v = m.add(rest, 1);
    A lost = m.subtract(rest, m.add(v, -1));
    return m.add(m.log(v), m.divide(lost, v));
  }

  /** log Σ e^z, as a column. */
  public A logSumExp() {
    // NaN beside +inf is NaN.
    A nan = m.rowSums(m.select(m.isNaN(z), z, zero()));
    A infinite = m.add(maxColumn, nan);
    return m.select(m.isInfinite(maxColumn), infinite, m.add(maxColumn, logSum()));
  }

  /** max − z, and 0 for the maximum even where it is infinite. */
  A gap() {
    return m.select(m.isEqual(z, max), zero(), m.subtract(max, z));
  }

  /** What each element is below log Σ e^z. */
  A deficit() {
    return m.add(gap(), m.alongRows(logSum(), z));
  }

  /** z − log Σ e^z. */
  public A logSoftmax() {
    // Not its negative, which would be −0 for 0.
    return m.subtract(zero(), deficit());
  }

  /** u·(1 − p) − (Σu − u)·p, the gradient of log-softmax for an upstream u. */
  public A logSoftmaxGradient(A u) {
    A others = m.subtract(m.alongRows(m.rowSums(u), u), u);
    A p = p();
    return m.subtract(m.multiply(oneMinus(p), u), m.multiply(p, others));
  }

  /** 1 where an element is more than −inf, else 0. */
  A live() {
    return m.select(m.isMore(z, Double.NEGATIVE_INFINITY), m.constant(1, z), zero());
  }

  /** Softmax. */
  public A p() {
    return m.multiply(m.select(isMax, m.constant(1, z), exps), m.alongRows(inverseSum(), z));
  }

  /** 1 − softmax, to the last digits of small ones. */
  public A oneMinusP() {
    return oneMinus(p());
  }

  /** The same where p is there already. */
  A oneMinus(A p) {
    A atMax = m.alongRows(m.multiply(rest, inverseSum()), z);
    return m.select(isMax, atMax, m.add(m.negate(p), 1));
  }

  private A inverseSum() {
    return m.divide(1, m.add(rest, 1));
  }
}

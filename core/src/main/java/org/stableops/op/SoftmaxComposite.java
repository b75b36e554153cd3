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
  private final A rows;

  /** Whether float32 was widened. */
  private final boolean isNarrow;

  /** The place of the largest element. */
  private final A first;

  /** The largest element. */
  private final A max;

  /** e^{z − max} of the others, and 0 at the maximum. */
  private final A others;

  /** Their sum. */
  private final A rest;

  private final Once<A> denominator = new Once<>(this::newDenominator);
  private final Once<A> logSum = new Once<>(this::newLogSum);
  private final Once<A> logSumExp = new Once<>(this::newLogSumExp);

  /** Takes rows × classes of float64 or of a narrower dtype. */
  public SoftmaxComposite(RowAlgebra<A> m, A rows) {
    this.m = m;
    this.rows = rows;
    isNarrow = !m.isDouble(rows);
    first = m.argMax(rows);
    max = m.toDouble(m.at(first, rows));
    A exps = exps();
    others = m.with(first, 0, exps);
    m.free(exps);
    rest = newRest();
  }

  /**
   * Takes rows of float64 of which everything is known.
   *
   * @param first the place of the largest element
   * @param max the largest element
   * @param exps what stands for e^{z − max}, whatever at the maximum; no longer needed
   */
  SoftmaxComposite(RowAlgebra<A> m, A rows, A first, A max, A exps) {
    this.m = m;
    this.rows = rows;
    this.first = first;
    this.max = max;
    isNarrow = false;
    others = m.with(first, 0, exps);
    m.free(exps);
    rest = newRest();
  }

  private A newRest() {
    return m.classes(rows) == 1 ? restOfOne() : m.rowSums(others);
  }

  /** e^{z − max}; where the maximum is infinite, it is NaN there. */
  private A exps() {
    A difference = difference();
    A exps = m.exp(difference);
    A corrected = isNarrow ? exps : corrected(exps, difference);
    m.free(difference);
    return corrected;
  }

  /** z − max; where the maximum is infinite, it is NaN there. */
  private A difference() {
    A z = m.toDouble(rows);
    A difference = m.subtract(z, max);
    if (isNarrow) {
      m.free(z);
    }
    return difference;
  }

  private A corrected(A exps, A difference) {
    A lost = Pairs.lostByDifference(m, rows, max, difference);
    A corrected = m.add(exps, m.multiply(exps, lost));
    return m.select(m.isMore(difference, UNDERFLOW), corrected, exps);
  }

  /** 0, and NaN for NaN and −inf, which is what more classes come to by themselves. */
  private A restOfOne() {
    return m.multiply(m.atMost(max, 0), 0);
  }

  RowAlgebra<A> algebra() {
    return m;
  }

  A rows() {
    return rows;
  }

  A first() {
    return first;
  }

  A max() {
    return max;
  }

  /** z − max, 0 at the maximum even where it is infinite. */
  A below() {
    return m.with(first, 0, difference());
  }

  A others() {
    return others;
  }

  A rest() {
    return rest;
  }

  /** 1 + rest: e^{z − max} over it is p. */
  A denominator() {
    return denominator.get();
  }

  private A newDenominator() {
    return m.add(rest, 1);
  }

  /** log Σ e^{z − max}. */
  A logSum() {
    return logSum.get();
  }

  private A newLogSum() {
    // Two primitives instead of six, where the digits of a logarithm suffice.
    return isNarrow ? m.log1pExp(m.log(rest)) : m.log1p(rest);
  }

  /** log Σ e^z. */
  public A logSumExp() {
    return logSumExp.get();
  }

  private A newLogSumExp() {
    // Two maxima that are infinite are so, too; NaN beside them is NaN.
    A nans = m.rowSums(m.toTypeOf(max, m.isNaN(rows)));
    A ofInfinite = m.select(m.isMore(nans, 0), m.constant(Double.NaN, max), max);
    return m.select(m.isInfinite(max), ofInfinite, m.add(max, logSum()));
  }

  /** z − log Σ e^z. */
  public A logSoftmax() {
    return m.subtract(below(), logSum());
  }

  /**
   * u·(1 − p) − (Σu − u)·p, the gradient of log-softmax for an upstream u: u − Σu·p but at the
   * maximum, where that would cancel.
   */
  public A logSoftmaxGradient(A u) {
    A sum = m.rowSums(u);
    A gradient = m.subtract(u, m.multiply(others, m.divide(sum, denominator())));
    A atMax = m.at(first, u);
    A numerator = m.subtract(m.multiply(atMax, rest), m.subtract(sum, atMax));
    return m.with(first, m.divide(numerator, denominator()), gradient);
  }

  /** Softmax. */
  public A p() {
    return m.with(first, m.divide(1, denominator()), m.divide(others, denominator()));
  }

  /** 1 − softmax, to the last digits of small ones. */
  public A oneMinusP() {
    A ofOthers = m.add(m.negate(m.divide(others, denominator())), 1);
    return m.with(first, m.divide(rest, denominator()), ofOthers);
  }
}

package org.stableops.op;

/** The inverse of softplus, x/2 + log(2·sinh(βx/2))/β, by primitives. */
final class SoftplusInverseComposite implements Composite {
  /** Below, 2·sinh(p/2) is p to the last bit. */
  private static final double TINY = 1e-30;

  /** Below, p = βx of float64 may have lost bits to subnormals; of float32, below TINY. */
  private static final double TINIEST = 1e-290;

  /** Above, the result is x to the last bit, and sinh may overflow. */
  private static final double LARGE = 40;

  /** From here on 1 − e^{−p} is 1 to the last bit, in float64 too. */
  private static final double VANISHING = 80;

  /** Up to here a product with a float32 number may lose bits in float64, or its sign. */
  private static final double SMALL = 0x1p-800;

  /** Where e^{−p} is ½: above, p/2 − log(2·sinh(p/2)) would cancel. */
  private static final double HALF = Math.log(2);

  @Override
  public <A> A value(Algebra<A> m, A x, double beta) {
    return Widened.inDouble(
        m, x, wide -> isNarrow(m, x, beta) ? narrowValue(m, wide, beta) : wideValue(m, wide, beta));
  }

  /** Whether βx is a product of float32 numbers that float64 holds to all its digits. */
  private static <A> boolean isNarrow(Algebra<A> m, A x, double beta) {
    return beta > SMALL && !m.isDouble(x);
  }

  private static <A> A wideValue(Algebra<A> m, A x, double beta) {
    A p = m.multiply(x, beta);
    A log = logOfTwoSinh(m, p, m.add(m.log(x), Math.log(beta)));
    return plusHalf(m, x, p, m.divide(log, beta));
  }

  /**
   * x + (log(2·sinh(c/2)) − c/2)/β with c = min(βx, 80), which for a float32 number needs no other
   * branches: the logarithm of a negative number is NaN, and from 80 on the difference vanishes.
   */
  private static <A> A narrowValue(Algebra<A> m, A x, double beta) {
    A p = m.multiply(x, beta);
    A capped = m.atMostOrNaN(p, VANISHING);
    A half = m.freeing(capped, c -> m.multiply(c, 0.5));
    A sinh = m.freeing(m.sinh(half), s -> m.multiply(s, 2));
    A log = m.freeing(m.freeing(sinh, m::log), l -> m.subtract(l, half));
    m.free(half);
    return m.freeing(m.divide(log, beta), l -> m.add(x, l));
  }

  @Override
  public <A> A value(Algebra<A> m, A x, A beta) {
    A p = m.multiply(x, beta);
    A log = logOfTwoSinh(m, p, m.add(m.log(x), m.log(beta)));
    return plusHalf(m, x, p, m.divide(log, beta));
  }

  /** log(2·sinh(p/2)), given log p. */
  private static <A> A logOfTwoSinh(Algebra<A> m, A p, A logP) {
    // No larger than need be, for the sum that log p is may cancel.
    double tiniest = m.isDouble(p) ? TINIEST : TINY;
    return m.select(m.isLess(p, tiniest), logP, m.log(twoSinh(m, m.multiply(p, 0.5))));
  }

  private static <A> A twoSinh(Algebra<A> m, A half) {
    return m.multiply(m.sinh(half), 2);
  }

  private static <A> A plusHalf(Algebra<A> m, A x, A p, A log) {
    return m.select(m.isMore(p, LARGE), x, m.add(log, m.multiply(x, 0.5)));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, double beta) {
    return Widened.inDouble(
        m,
        x,
        wide ->
            isNarrow(m, x, beta)
                ? narrowGradient(m, wide, beta)
                : quotient(m, wide, m.multiply(wide, beta)));
  }

  /** e^{c/2}/|2·sinh(c/2)|, c = min(βx, 80), and NaN below 0 by a root. */
  private static <A> A narrowGradient(Algebra<A> m, A x, double beta) {
    A half = m.multiply(m.atMost(m.multiply(x, beta), VANISHING), 0.5);
    A quotient = m.divide(m.exp(half), m.abs(twoSinh(m, half)));
    return m.add(quotient, m.multiply(m.sqrt(half), 0));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, A beta) {
    return quotient(m, x, m.multiply(x, beta));
  }

  /** 1/(1 − e^{−p}). */
  private static <A> A quotient(Algebra<A> m, A x, A p) {
    A half = m.multiply(p, 0.5);
    A quotient = m.divide(m.exp(half), twoSinh(m, half));
    // |p|, for −0 is treated as 0.
    quotient = m.select(m.isLess(p, TINY), m.divide(1, m.abs(p)), quotient);
    quotient = m.select(m.isMore(p, LARGE), m.constant(1, p), quotient);
    return Domain.positive(m, x, quotient);
  }

  /** −β/(2·sinh(p/2))², p = βx. */
  @Override
  public <A> A secondDerivative(Algebra<A> m, A x, double beta) {
    return Widened.inDouble(m, x, wide -> curvature(m, wide, beta));
  }

  private static <A> A curvature(Algebra<A> m, A x, double beta) {
    A p = m.multiply(x, beta);
    A s = twoSinh(m, m.multiply(p, 0.5));
    A far = m.divide(m.divide(beta, s), s);
    // |x|, for −0 is treated as 0.
    A abs = m.abs(x);
    A near = m.divide(m.divide(m.divide(1, abs), beta), abs);
    return Domain.positive(m, x, m.negate(m.select(m.isLess(p, TINIEST), near, far)));
  }

  /** (p/(e^p − 1) − log(1 − e^{−p}))/β². */
  @Override
  public <A> A parameterGradient(Algebra<A> m, A x, A beta) {
    A p = m.atMost(m.multiply(x, beta), SoftplusComposite.VANISHED);
    A below = sumBelow(m, p, m.add(m.log(x), m.log(beta)));
    A sum = m.select(m.isLess(p, HALF), below, sumAbove(m, p));
    return Domain.positive(m, x, SoftplusComposite.overBetaSquared(m, sum, p, beta));
  }

  /** The sum, given log p, by e^{p/2} and sinh(p/2). */
  private static <A> A sumBelow(Algebra<A> m, A p, A logP) {
    A half = m.multiply(p, 0.5);
    A quotient = m.divide(p, m.multiply(m.exp(half), twoSinh(m, half)));
    quotient = m.select(m.isLess(p, TINY), m.constant(1, p), quotient);
    return m.add(quotient, m.subtract(half, logOfTwoSinh(m, p, logP)));
  }

  /** The sum by t = e^{−p}. */
  private static <A> A sumAbove(Algebra<A> m, A p) {
    A t = m.exp(m.negate(p));
    A minusT = m.negate(t);
    A quotient = m.divide(m.multiply(p, t), m.add(minusT, 1));
    return m.subtract(quotient, m.log1p(minusT));
  }
}

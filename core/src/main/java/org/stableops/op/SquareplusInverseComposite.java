package org.stableops.op;

import org.stableops.kernel.ScaledB;

/**
 * The inverse of squareplus, (x − s)(1 + s/x) with s = √b/2, by primitives: s has twice the
 * precision in the first factor, so that nothing cancels at the zero.
 */
final class SquareplusInverseComposite implements Composite {
  @Override
  public <A> A value(Algebra<A> m, A x, double b) {
    return b == 0 ? m.copy(x) : Widened.compute(m, x, b, w -> value(m, w, new ScaledB(b), b));
  }

  private static <A> A value(Algebra<A> m, A x, ScaledB scaled, double b) {
    double exact = scaled.halfRoot();
    double s = m.isDouble(x) ? exact : (float) exact;
    double lost = exact - s + scaled.lostOfHalfRoot();
    // |x| under the division, for −0 is treated as 0.
    A abs = m.abs(x);
    A product = m.multiply(m.add(m.add(x, -s), -lost), m.add(m.divide(s, abs), 1));
    A quotient = m.subtract(x, m.divide(b / 4, abs));
    A useQuotient = m.isLess(abs, scaled.quotientBelow());
    return Domain.positive(m, x, m.select(useQuotient, quotient, product));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, double b) {
    if (b == 0) {
      return one(m, x);
    }
    double s = new ScaledB(b).halfRoot();
    return Widened.compute(
        m,
        x,
        b,
        w -> {
          A ratio = m.divide(s, w);
          return Domain.positive(m, w, m.add(m.multiply(ratio, ratio), 1));
        });
  }

  @Override
  public <A> A value(Algebra<A> m, A x, A b) {
    A abs = m.abs(x);
    A scale = Widened.scale(m, b);
    A y = m.multiply(abs, scale);
    A scaledB = m.multiply(m.multiply(b, scale), scale);
    A s = m.multiply(m.sqrt(scaledB), 0.5);
    A product = m.divide(product(m, y, s, scaledB), scale);
    A quotient = m.subtract(x, m.divide(b, m.multiply(abs, 4)));
    // Far from the zero nothing cancels, and the product may overflow.
    A value = m.select(m.isLess(y, m.multiply(s, 0.5)), quotient, product);
    value = m.select(m.isLess(m.multiply(s, 2), y), quotient, value);
    return m.select(m.isEqual(b, 0), x, Domain.positive(m, x, value));
  }

  /** ((y − s) − what s lost)·(y + s)/y, for y near s = √b/2. */
  private static <A> A product(Algebra<A> m, A y, A s, A b) {
    A d = m.subtract(m.subtract(y, s), lostOfHalfRoot(m, s, b));
    return m.divide(m.multiply(d, m.add(y, s)), y);
  }

  /** √b/2 − s, by what the rounding of s² loses: s is split into two halves of its digits. */
  private static <A> A lostOfHalfRoot(Algebra<A> m, A s, A b) {
    A large = m.multiply(s, 0x1p27 + 1);
    A high = m.subtract(large, m.subtract(large, s));
    A low = m.subtract(s, high);
    A square = m.multiply(s, s);
    A rest = m.subtract(m.multiply(high, high), square);
    rest = m.add(rest, m.multiply(m.multiply(high, low), 2));
    rest = m.add(rest, m.multiply(low, low));
    A lost = m.subtract(m.subtract(m.multiply(b, 0.25), square), rest);
    return m.divide(lost, m.multiply(s, 2));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, A b) {
    A ratio = m.divide(m.multiply(m.sqrt(b), 0.5), x);
    A gradient = Domain.positive(m, x, m.add(m.multiply(ratio, ratio), 1));
    return m.select(m.isEqual(b, 0), one(m, x), gradient);
  }

  /** −b/(2x³). */
  @Override
  public <A> A secondDerivative(Algebra<A> m, A x, double b) {
    return Widened.inDouble(m, x, wide -> curvature(m, wide, b));
  }

  private static <A> A curvature(Algebra<A> m, A x, double b) {
    if (b == 0) {
      return SquareplusComposite.zero(m, x);
    }
    // |x|, for −0 is treated as 0.
    ScaledB s = new ScaledB(b);
    A abs = m.multiply(m.abs(x), s.scale);
    A quotient = m.divide(m.multiply(m.divide(s.b, abs), s.scale), abs);
    return Domain.positive(m, x, m.divide(quotient, m.multiply(abs, -2)));
  }

  /** −1/(4x). */
  @Override
  public <A> A parameterGradient(Algebra<A> m, A x, A b) {
    // |x|, for −0 is treated as 0.
    return Domain.positive(m, x, m.divide(-0.25, m.abs(x)));
  }

  private static <A> A one(Algebra<A> m, A x) {
    return m.select(m.isNaN(x), x, m.constant(1, x));
  }
}

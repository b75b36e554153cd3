package org.stableops.op;

import org.stableops.PositiveTransform;
import org.stableops.PositiveTransform.Family;
import org.stableops.kernel.ScaledB;

/**
 * A positive transform, lowerBound + f(r), by primitives.
 *
 * @param transform any
 */
public record PositiveComposite(PositiveTransform transform) {
  /** Beyond, a quotient may overflow whose logarithm does not. */
  private static final double LARGE = 1e300;

  /**
   * Returns the values of raw values.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param raw of float32 or float64
   * @param least the number of the result's dtype that follows the lower bound
   * @return an array of its shape, of its dtype or of float64
   */
  public <A> A value(Algebra<A> m, A raw, double least) {
    A f =
        switch (transform.family()) {
          case SOFTPLUS -> Operators.SOFTPLUS.composite().value(m, raw, transform.parameter());
          case SQUAREPLUS -> Operators.SQUAREPLUS.composite().value(m, raw, transform.parameter());
          case EXP -> m.exp(raw);
        };
    return m.atLeast(m.add(f, transform.lowerBound()), least);
  }

  /**
   * Returns f′(r).
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param raw of float32 or float64
   * @return an array of its shape, of its dtype or of float64
   */
  public <A> A gradient(Algebra<A> m, A raw) {
    return switch (transform.family()) {
      case SOFTPLUS -> Operators.SOFTPLUS.composite().gradient(m, raw, transform.parameter());
      case SQUAREPLUS -> Operators.SQUAREPLUS.composite().gradient(m, raw, transform.parameter());
      case EXP -> m.exp(raw);
    };
  }

  /**
   * Returns f″(r).
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param raw of float32 or float64
   * @return an array of its shape, of its dtype or of float64
   */
  public <A> A secondDerivative(Algebra<A> m, A raw) {
    double parameter = transform.parameter();
    return switch (transform.family()) {
      case SOFTPLUS -> Operators.SOFTPLUS.composite().secondDerivative(m, raw, parameter);
      case SQUAREPLUS -> Operators.SQUAREPLUS.composite().secondDerivative(m, raw, parameter);
      case EXP -> m.exp(raw);
    };
  }

  /**
   * Returns the raw values of values.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param value above the lower bound, of float32 or float64
   * @param lowest the lowest finite number of the result's dtype
   * @return an array of its shape, of its dtype or of float64
   */
  public <A> A inverse(Algebra<A> m, A value, double lowest) {
    // In float64, for the difference of what float32 has rounded.
    A raw = Widened.inDouble(m, value, w -> inverse(m, m.add(w, -transform.lowerBound())));
    return m.atLeast(raw, lowest);
  }

  private <A> A inverse(Algebra<A> m, A f) {
    double parameter = transform.parameter();
    return switch (transform.family()) {
      case SOFTPLUS -> Operators.SOFTPLUS_INVERSE.composite().value(m, f, parameter);
      case SQUAREPLUS -> Operators.SQUAREPLUS_INVERSE.composite().value(m, f, parameter);
      case EXP -> m.log(f);
    };
  }

  /**
   * Returns log f′(r).
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param raw of float32 or float64
   * @return an array of its shape, of its dtype or of float64
   */
  public <A> A logDerivative(Algebra<A> m, A raw) {
    return transform.family() == Family.EXP
        ? m.copy(raw)
        : Widened.inDouble(m, raw, w -> logSigmoid(m, w));
  }

  /** min(v, 0) − log(1 + q). */
  private <A> A logSigmoid(Algebra<A> m, A raw) {
    A root = rootOfTail(m, raw);
    return m.subtract(m.atMost(logit(m, raw), 0), m.log1p(m.multiply(root, root)));
  }

  /**
   * Returns the derivative of log f′(r).
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param raw of float32 or float64
   * @return an array of its shape, of its dtype or of float64
   */
  public <A> A logDerivativeGradient(Algebra<A> m, A raw) {
    return transform.family() == Family.EXP
        ? m.select(m.isNaN(raw), raw, m.constant(1, raw))
        : Widened.inDouble(m, raw, w -> logSigmoidGradient(m, w));
  }

  /** v′/(1 + e^v). */
  private <A> A logSigmoidGradient(Algebra<A> m, A raw) {
    A slope = logitGradient(m, raw);
    A root = rootOfTail(m, raw);
    // Not v′·q, for q may be subnormal where the product is not.
    A ofTail = m.multiply(m.multiply(slope, root), root);
    A numerator = m.select(m.isMore(raw, 0), ofTail, slope);
    return m.divide(numerator, m.add(m.multiply(root, root), 1));
  }

  /** v in f′ = 1/(1 + e^−v): βr or 2·asinh(r/√b), of |r| because that does not cancel. */
  private <A> A logit(Algebra<A> m, A raw) {
    if (transform.family() == Family.SOFTPLUS) {
      return m.multiply(raw, transform.parameter());
    }
    ScaledB s = new ScaledB(transform.parameter());
    A value = valueOfAbs(m, raw, s);
    A ratio = m.divide(value, s.halfRoot());
    // Two logarithms cancel where b is large or tiny; but for huge r and tiny b the ratio
    // overflows.
    A twoLogs = m.add(m.log(value), -Math.log(s.halfRoot()));
    A v = m.multiply(m.select(m.isLess(ratio, LARGE), m.log(ratio), twoLogs), 2);
    return m.select(m.isLess(raw, 0), m.negate(v), v);
  }

  /** v′: β or 2/√(r² + b). */
  private <A> A logitGradient(Algebra<A> m, A raw) {
    return transform.family() == Family.SOFTPLUS
        ? m.constant(transform.parameter(), raw)
        : m.divide(2, SquareplusComposite.root(m, m.abs(raw), new ScaledB(transform.parameter())));
  }

  /** Squareplus of |r|. */
  private static <A> A valueOfAbs(Algebra<A> m, A raw, ScaledB s) {
    A abs = m.abs(raw);
    return SquareplusComposite.valueOfAbs(m, abs, SquareplusComposite.root(m, abs, s));
  }

  /** √q, q = e^−|v|; for squareplus without v, whose rounding a power of e would magnify. */
  private <A> A rootOfTail(Algebra<A> m, A raw) {
    if (transform.family() == Family.SOFTPLUS) {
      return m.exp(m.multiply(m.abs(logit(m, raw)), -0.5));
    }
    ScaledB s = new ScaledB(transform.parameter());
    return m.divide(s.halfRoot(), valueOfAbs(m, raw, s));
  }
}

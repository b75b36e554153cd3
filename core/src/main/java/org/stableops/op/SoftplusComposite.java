package org.stableops.op;

import java.util.function.UnaryOperator;

/** Softplus, max(x, 0) + log(1 + e^{−|βx|})/β, by primitives. */
final class SoftplusComposite implements Composite {
  /** Below, e^p is about to be a subnormal float32 number. */
  private static final double FAR = 70;

  /** Below −this, e^p is about to be a subnormal float64 number. */
  private static final double FARTHEST = 700;

  /** From here on a product with a float32 number may overflow in float64. */
  private static final double LARGE = 0x1p850;

  /** From here on e^{−a} is 0, also in float64; inf times 0 would not be. */
  static final double VANISHED = 2000;

  @Override
  public <A> A value(Algebra<A> m, A x, double beta) {
    if (m.isDouble(x)) {
      return value(m, x, m.multiply(x, beta), t -> m.divide(t, beta));
    }
    return beta == 1 ? m.log1pExp(x) : Widened.inDouble(m, x, wide -> narrowValue(m, wide, beta));
  }

  private static <A> A narrowValue(Algebra<A> m, A x, double beta) {
    A p = m.multiply(x, beta);
    return beta < LARGE
        ? m.divide(m.log1pExp(p), beta)
        : value(m, x, p, tail -> m.divide(tail, beta));
  }

  @Override
  public <A> A value(Algebra<A> m, A x, A beta) {
    return value(m, x, m.multiply(x, beta), t -> m.divide(t, beta));
  }

  private static <A> A value(Algebra<A> m, A x, A p, UnaryOperator<A> overBeta) {
    A tail = overBeta.apply(m.log1pExp(m.negate(m.abs(p))));
    // Two factors that are not subnormal keep the digits of a product that is.
    A half = m.exp(m.multiply(p, 0.5));
    A farTail = m.multiply(half, overBeta.apply(half));
    return m.add(m.atLeast(x, 0), m.select(m.isLess(p, -FAR), farTail, tail));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, double beta) {
    return m.isDouble(x)
        ? sigmoid(m, x, m.multiply(x, beta))
        : Widened.inDouble(m, x, wide -> m.sigmoid(m.multiply(wide, beta)));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, A beta) {
    return sigmoid(m, x, m.multiply(x, beta));
  }

  private static <A> A sigmoid(Algebra<A> m, A x, A p) {
    A t = m.exp(m.negate(m.abs(p)));
    return m.divide(m.select(m.isLess(x, 0), t, m.constant(1, t)), m.add(t, 1));
  }

  /** β·t/(1 + t)², t = e^{−a}, a = |βx|. */
  @Override
  public <A> A secondDerivative(Algebra<A> m, A x, double beta) {
    return Widened.inDouble(m, x, wide -> curvature(m, wide, beta));
  }

  private static <A> A curvature(Algebra<A> m, A x, double beta) {
    A a = m.atMost(m.abs(m.multiply(x, beta)), VANISHED);
    A t = m.exp(m.negate(a));
    A onePlusT = m.add(t, 1);
    A near = m.multiply(m.divide(m.divide(t, onePlusT), onePlusT), beta);
    A half = m.exp(m.multiply(a, -0.5));
    A far = m.multiply(m.multiply(half, beta), half);
    return m.select(m.isMore(a, FARTHEST), far, near);
  }

  /** −(a·t/(1 + t) + log(1 + t))/β², a = |βx|, t = e^{−a}. */
  @Override
  public <A> A parameterGradient(Algebra<A> m, A x, A beta) {
    A a = m.atMost(m.abs(m.multiply(x, beta)), VANISHED);
    A t = m.exp(m.negate(a));
    A sum = m.add(m.divide(m.multiply(a, t), m.add(t, 1)), m.log1pExp(m.negate(a)));
    return m.negate(overBetaSquared(m, sum, a, beta));
  }

  /** sum/β², where far out, at a = |βx|, the sum is (a + 1)·e^{−a}. */
  static <A> A overBetaSquared(Algebra<A> m, A sum, A a, A beta) {
    A near = m.divide(m.divide(sum, beta), beta);
    A root = m.divide(m.exp(m.multiply(a, -0.5)), beta);
    A far = m.multiply(m.multiply(root, m.add(a, 1)), root);
    return m.select(m.isMore(a, FAR), far, near);
  }
}

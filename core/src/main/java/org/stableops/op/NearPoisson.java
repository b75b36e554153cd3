package org.stableops.op;

import org.stableops.ValueAndGradient;

/**
 * The Poisson loss λ − y·log λ of a rate softplus(r) in float64, of raw values from −16 on, where
 * log(1 + e^r) needs no more care. In half of the passes of {@link NarrowPoisson}.
 */
final class NearPoisson extends PoissonWithoutExposure {
  /** From here on e^r may overflow. */
  private static final double LARGEST = 85;

  NearPoisson(ElementLoss.LossComposite general) {
    super(general);
  }

  /** Whether it is right for raw values between two numbers. */
  static boolean accepts(double least, double most) {
    return least >= -NearSigmoid.NEAR && most <= LARGEST;
  }

  /** The logarithm needs the digits of floats alone, whatever dtype the counts have. */
  private static <A> A loss(RowAlgebra<A> m, A x, A rate, A counts) {
    A log = m.freeing(m.toTypeOf(x, rate), m::log);
    A product = m.multiplyBy(log, m.toTypeOf(x, counts));
    return m.freeing(product, each -> m.subtract(rate, each));
  }

  /** (λ − y)·(σ(r)/λ), which uses up λ and its derivative σ(r). */
  private static <A> A slope(RowAlgebra<A> m, ValueAndGradient<A> rate, A counts) {
    A logSlope = m.divideBy(rate.gradient(), rate.value());
    return m.freeing(logSlope, each -> m.multiplyBy(m.subtractFrom(rate.value(), counts), each));
  }

  @Override
  <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A counts) {
    ValueAndGradient<A> rate = m.nearSoftplusOfFloats(x);
    A loss = loss(m, x, rate.value(), counts);
    return new ValueAndGradient<>(loss, slope(m, rate, counts));
  }

  @Override
  <A> A value(RowAlgebra<A> m, A x, A counts) {
    A rate = m.nearLog1pExpOfFloats(x);
    return m.freeing(rate, each -> loss(m, x, each, counts));
  }

  @Override
  <A> A gradient(RowAlgebra<A> m, A x, A counts) {
    return slope(m, m.nearSoftplusOfFloats(x), counts);
  }
}

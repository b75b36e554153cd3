package org.stableops.op;

import org.stableops.ValueAndGradient;

/**
 * The Poisson loss λ − y·log λ of a rate softplus(r) in float64, of raw values from −16 on, where
 * log(1 + e^r) needs no more care. In half of the passes of {@link NarrowPoisson}.
 */
final class NearPoisson extends PoissonWithoutExposure {
  /** From here on e^r may overflow. */
  private static final double LARGEST = 700;

  NearPoisson(ElementLoss.LossComposite general) {
    super(general);
  }

  /** Whether it is right for raw values between two numbers. */
  static boolean accepts(double least, double most) {
    return least >= -NearSigmoid.NEAR && most <= LARGEST;
  }

  private static <A> A loss(RowAlgebra<A> m, A rate, A counts) {
    A product = m.multiplyBy(m.log(rate), counts);
    return m.freeing(product, each -> m.subtract(rate, each));
  }

  /** (λ − y)·(σ(r)/λ), of which it may use up both. */
  private static <A> A slope(RowAlgebra<A> m, A wide, A rate, A counts) {
    A logSlope = m.divideBy(m.sigmoidOf(wide), rate);
    A slope = m.multiplyBy(m.subtractFrom(rate, counts), logSlope);
    m.free(logSlope);
    return slope;
  }

  @Override
  <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A counts) {
    A wide = m.toDouble(x);
    A rate = m.nearLog1pExp(wide);
    A loss = loss(m, rate, counts);
    return new ValueAndGradient<>(loss, slope(m, wide, rate, counts));
  }

  @Override
  <A> A value(RowAlgebra<A> m, A x, A counts) {
    A rate = m.freeing(m.toDouble(x), m::nearLog1pExp);
    return m.freeing(rate, each -> loss(m, each, counts));
  }

  @Override
  <A> A gradient(RowAlgebra<A> m, A x, A counts) {
    A wide = m.toDouble(x);
    return slope(m, wide, m.nearLog1pExp(wide), counts);
  }
}

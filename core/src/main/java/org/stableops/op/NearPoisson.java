package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;

/**
 * The Poisson loss λ − y·log λ of a rate softplus(r) in float64, of raw values from −16 on, where
 * log(1 + e^r) needs no more care. In half of the passes of {@link NarrowPoisson}.
 */
final class NearPoisson implements ElementLoss.LossComposite {
  /** From here on e^r may overflow. */
  private static final double LARGEST = 700;

  private static final CountOptions SOFTPLUS =
      CountOptions.DEFAULT.withRate(PositiveTransform.softplus());

  private final ElementLoss.LossComposite general;

  NearPoisson(ElementLoss.LossComposite general) {
    this.general = general;
  }

  /** Whether it is right for raw values between two numbers. */
  static boolean accepts(double least, double most, CountOptions options) {
    boolean isNear = least >= -NearSigmoid.NEAR && most <= LARGEST;
    return isNear && options.equals(SOFTPLUS.withReduction(options.reduction()));
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
  public <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A exposure, A counts) {
    if (exposure != null) {
      return general.both(m, x, exposure, counts);
    }
    A wide = m.toDouble(x);
    A rate = m.nearLog1pExp(wide);
    A loss = loss(m, rate, counts);
    return new ValueAndGradient<>(loss, slope(m, wide, rate, counts));
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A exposure, A counts) {
    if (exposure != null) {
      return general.value(m, x, exposure, counts);
    }
    A rate = m.freeing(m.toDouble(x), m::nearLog1pExp);
    return m.freeing(rate, each -> loss(m, each, counts));
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A exposure, A counts) {
    if (exposure != null) {
      return general.gradient(m, x, exposure, counts);
    }
    A wide = m.toDouble(x);
    return slope(m, wide, m.nearLog1pExp(wide), counts);
  }

  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A exposure, A counts) {
    return general.secondDerivative(m, x, exposure, counts);
  }

  @Override
  public <A> A deviance(RowAlgebra<A> m, A x, A exposure, A counts) {
    return general.deviance(m, x, exposure, counts);
  }
}

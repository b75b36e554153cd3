package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;

/**
 * The Poisson loss in float32, λ − y·log λ, where the rate is e^r or softplus(r) of raw values for
 * which it is neither subnormal nor infinite. An exposure, a lower bound and a parameter would each
 * take a digit of what there are to lose.
 */
final class NarrowPoisson implements ElementLoss.LossComposite {
  private final ElementLoss.LossComposite general;
  private final boolean isExp;

  private NarrowPoisson(ElementLoss.LossComposite general, boolean isExp) {
    this.general = general;
    this.isExp = isExp;
  }

  /** The loss of raw values between two numbers where float32 will do, else the general one. */
  static ElementLoss.LossComposite within(
      double least, double most, CountOptions options, ElementLoss.LossComposite general) {
    CountOptions plain = CountOptions.DEFAULT.withReduction(options.reduction());
    boolean isExp = options.equals(plain);
    boolean isSoftplus = options.equals(plain.withRate(PositiveTransform.softplus()));
    double largest = isExp ? NarrowSigmoid.FAR : Float.MAX_VALUE;
    boolean isNarrow = (isExp || isSoftplus) && least >= -NarrowSigmoid.FAR && most <= largest;
    if (NearPoisson.accepts(least, most, options)) {
      return new NearPoisson(general);
    }
    return isNarrow ? new NarrowPoisson(general, isExp) : general;
  }

  @Override
  public <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A exposure, A counts) {
    if (exposure != null) {
      return general.both(m, x, exposure, counts);
    }
    A y = m.toTypeOf(x, counts);
    A rate = rate(m, x);
    return new ValueAndGradient<>(loss(m, x, rate, y), derivative(m, x, rate, y));
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A exposure, A counts) {
    return exposure == null
        ? loss(m, x, rate(m, x), m.toTypeOf(x, counts))
        : general.value(m, x, exposure, counts);
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A exposure, A counts) {
    return exposure == null
        ? derivative(m, x, rate(m, x), m.toTypeOf(x, counts))
        : general.gradient(m, x, exposure, counts);
  }

  private <A> A rate(RowAlgebra<A> m, A x) {
    if (isExp) {
      return m.exp(x);
    }
    A log = m.log1pExpOf(m.minusAbs(x));
    A rate = m.addTo(m.atLeast(x, 0), log);
    m.free(log);
    return rate;
  }

  private <A> A loss(RowAlgebra<A> m, A x, A rate, A y) {
    A product = isExp ? m.multiply(x, y) : m.multiplyBy(m.log(rate), y);
    return m.freeing(product, each -> m.subtract(rate, each));
  }

  /**
   * λ − y, or (λ − y)·(σ(r)/λ): that quotient, rounded once, is at most 1, where y/λ may overflow.
   */
  private <A> A derivative(RowAlgebra<A> m, A x, A rate, A y) {
    A difference = m.subtract(rate, y);
    if (isExp) {
      return difference;
    }
    A wideRate = m.toDouble(rate);
    A slope = m.freeing(m.toDouble(x), m::sigmoid);
    A quotient = m.freeing(slope, each -> m.divide(each, wideRate));
    m.free(wideRate);
    A logSlope = m.freeing(quotient, each -> m.toTypeOf(x, each));
    A gradient = m.multiplyBy(difference, logSlope);
    m.free(logSlope);
    return gradient;
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

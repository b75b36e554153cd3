package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;

/**
 * The Poisson loss in float32, λ − y·log λ, where the rate is e^r or softplus(r) of raw values for
 * which it is neither subnormal nor infinite. An exposure, a lower bound and a parameter would each
 * take a digit of what there are to lose.
 */
final class NarrowPoisson extends PoissonWithoutExposure {
  private final boolean isExp;

  private NarrowPoisson(ElementLoss.LossComposite general, boolean isExp) {
    super(general);
    this.isExp = isExp;
  }

  /** The loss of raw values between two numbers where float32 will do, else the general one. */
  static ElementLoss.LossComposite within(
      double least, double most, CountOptions options, ElementLoss.LossComposite general) {
    CountOptions plain = CountOptions.DEFAULT.withReduction(options.reduction());
    boolean isExp = options.equals(plain);
    boolean isSoftplus = options.equals(plain.withRate(PositiveTransform.softplus()));
    if (isSoftplus && NearPoisson.accepts(least, most)) {
      return new NearPoisson(general);
    }
    double largest = isExp ? NarrowSigmoid.FAR : Float.MAX_VALUE;
    boolean isNarrow = (isExp || isSoftplus) && least >= -NarrowSigmoid.FAR && most <= largest;
    return isNarrow ? new NarrowPoisson(general, isExp) : general;
  }

  @Override
  <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A counts) {
    A y = m.toTypeOf(x, counts);
    A rate = rate(m, x);
    return new ValueAndGradient<>(loss(m, x, rate, y), derivative(m, x, rate, y));
  }

  @Override
  <A> A value(RowAlgebra<A> m, A x, A counts) {
    return loss(m, x, rate(m, x), m.toTypeOf(x, counts));
  }

  @Override
  <A> A gradient(RowAlgebra<A> m, A x, A counts) {
    return derivative(m, x, rate(m, x), m.toTypeOf(x, counts));
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
}

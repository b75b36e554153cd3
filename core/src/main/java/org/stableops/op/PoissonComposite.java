package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.kernel.PoissonKernel;
import org.stableops.kernel.Stirling;

/** The Poisson loss of counts by primitives, in float64; the companion is an exposure. */
public final class PoissonComposite implements ElementLoss.LossComposite {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private final CountOptions options;

  private PoissonComposite(CountOptions options) {
    this.options = options;
  }

  /**
   * Returns the loss.
   *
   * @param options any
   * @return that of raw values and counts
   */
  public static ElementLoss of(CountOptions options) {
    return new ElementLoss(
        "PoissonLoss",
        new ElementLoss.Names("raw", "exposure", "counts"),
        options.reduction(),
        0,
        PoissonKernel.of(options),
        new PoissonComposite(options));
  }

  @Override
  public ElementLoss.LossComposite within(double least, double most) {
    return NarrowPoisson.within(least, most, options, this);
  }

  private <A> RateComposite<A> rate(RowAlgebra<A> m, A x) {
    return new RateComposite<>(m, m.toDouble(x), options);
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A exposure, A y) {
    RateComposite<A> rate = rate(m, x);
    A wideExposure = toDouble(m, exposure);
    A count = m.toDouble(y);
    if (options.hasFullLikelihood()) {
      A stirling = m.onHost(count, Stirling::ofCount);
      return m.add(halfDeviance(m, rate, wideExposure, count), stirling);
    }
    A value = rate.times(rate.value, wideExposure);
    A loss = m.subtract(value, m.multiply(count, log(m, rate, wideExposure)));
    A finite = m.select(m.isEqual(count, 0), value, loss);
    return m.select(m.isEqual(value, INFINITY), value, finite);
  }

  /** log λ. */
  private static <A> A log(RowAlgebra<A> m, RateComposite<A> rate, A exposure) {
    return exposure == null ? rate.log() : m.add(rate.log(), m.log(exposure));
  }

  /** y·φ(λ/y − 1); y = 0 leaves λ. */
  private static <A> A halfDeviance(RowAlgebra<A> m, RateComposite<A> rate, A exposure, A y) {
    A value = rate.times(rate.value, exposure);
    A difference = m.subtract(value, y);
    A logRatio = m.subtract(log(m, rate, exposure), m.log(y));
    A half = PhiComposite.times(m, y, difference, m.divide(value, y), logRatio);
    A finite = m.select(m.isEqual(y, 0), value, half);
    return m.select(m.isEqual(value, INFINITY), value, finite);
  }

  @Override
  public <A> A deviance(RowAlgebra<A> m, A x, A exposure, A y) {
    return m.multiply(halfDeviance(m, rate(m, x), toDouble(m, exposure), m.toDouble(y)), 2);
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A exposure, A y) {
    return rate(m, x).gradient(toDouble(m, exposure), m.toDouble(y));
  }

  private static <A> A toDouble(RowAlgebra<A> m, A exposure) {
    return exposure == null ? null : m.toDouble(exposure);
  }

  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A exposure, A y) {
    return rate(m, x).secondDerivative(toDouble(m, exposure), m.toDouble(y));
  }
}

package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.kernel.NegativeBinomialKernel;

/**
 * The negative binomial loss of counts by primitives, in float64; the companion is the inverse
 * dispersion θ. The formulas are those of {@link NegativeBinomialKernel}; what depends on θ and the
 * counts alone is computed on the host.
 */
public final class NegativeBinomialComposite implements ElementLoss.LossComposite {
  /** Below, a mean is about to be subnormal. */
  private static final double TINY = 1e-290;

  /** For finite counts as good as infinite, and no reason for inf − inf. */
  private static final double HUGE = 1e300;

  /** Below, log(1 + x) is x. */
  private static final double NEGLIGIBLE = 1e-17;

  /** Above, the square of ρ is about to overflow. */
  private static final double STEEP = 1e150;

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private final CountOptions options;

  private NegativeBinomialComposite(CountOptions options) {
    this.options = options;
  }

  /**
   * Returns the loss.
   *
   * @param options any
   * @return that of raw values, inverse dispersions and counts
   */
  public static ElementLoss of(CountOptions options) {
    return new ElementLoss(
        "NegativeBinomialLoss",
        new ElementLoss.Names("raw", "inverseDispersion", "counts"),
        options.reduction(),
        0,
        NegativeBinomialKernel.of(options),
        new NegativeBinomialComposite(options));
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A theta, A y) {
    Points<A> points = new Points<>(m, x, theta, y);
    boolean isFull = options.hasFullLikelihood();
    A ofCount =
        m.onHost(points.theta, points.y, (t, k) -> NegativeBinomialKernel.ofCount(t, k, isFull));
    return m.add(points.phis(), ofCount);
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A theta, A y) {
    return new Points<>(m, x, theta, y).gradient();
  }

  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A theta, A y) {
    return new Points<>(m, x, theta, y).second();
  }

  @Override
  public <A> A companionGradient(RowAlgebra<A> m, A x, A theta, A y) {
    Points<A> points = new Points<>(m, x, theta, y);
    A ofCount = m.onHost(points.theta, points.y, NegativeBinomialKernel::slopeOfCount);
    return m.subtract(points.phiOfW(), ofCount);
  }

  @Override
  public <A> A companionSecond(RowAlgebra<A> m, A x, A theta, A y) {
    Points<A> points = new Points<>(m, x, theta, y);
    A ofCount = m.onHost(points.theta, points.y, NegativeBinomialKernel::curvatureOfCount);
    return m.subtract(ofCount, points.squareOfW());
  }

  @Override
  public <A> A mixed(RowAlgebra<A> m, A x, A theta, A y) {
    return new Points<>(m, x, theta, y).mixed();
  }

  @Override
  public <A> A deviance(RowAlgebra<A> m, A x, A theta, A y) {
    return m.multiply(new Points<>(m, x, theta, y).phis(), 2);
  }

  /** What the results are made of. */
  private final class Points<A> {
    private final RowAlgebra<A> m;
    private final RateComposite<A> rate;
    private final A theta;
    private final A y;

    /** θ, but not infinite. */
    private final A finite;

    /** Quarters of θ + μ and of θ + y, which do not overflow. */
    private final A total;

    private final A n;
    private final A ratio;

    /** θ/(θ + μ). */
    private final A share;

    Points(RowAlgebra<A> m, A x, A companion, A counts) {
      this.m = m;
      rate = new RateComposite<>(m, m.toDouble(x), options);
      A given = m.toDouble(companion);
      theta = m.select(m.isMore(given, 0), given, m.constant(Double.NaN, given));
      y = m.toDouble(counts);
      finite = m.atMost(theta, HUGE);
      total = m.add(m.multiply(finite, 0.25), m.multiply(rate.value, 0.25));
      n = m.add(m.multiply(finite, 0.25), m.multiply(y, 0.25));
      A isPoisson = m.isInfinite(theta);
      A one = m.constant(1, theta);
      ratio = m.select(isPoisson, one, m.divide(n, total));
      share = m.select(isPoisson, one, m.divide(m.multiply(finite, 0.25), total));
    }

    /** Where the mean overflows one result, else another. */
    private A beyondOr(A beyond, A other) {
      return m.select(m.isEqual(rate.value, INFINITY), beyond, other);
    }

    private A withoutCountOr(A without, A other) {
      return m.select(m.isEqual(y, 0), without, other);
    }

    private A w() {
      return m.divide(m.multiply(m.subtract(y, rate.value), 0.25), total);
    }

    /** θw. */
    private A timesTheta() {
      A direct = m.multiply(m.subtract(y, rate.value), share);
      return m.select(m.isLess(rate.value, theta), direct, m.multiply(finite, w()));
    }

    /** log(n/(θ + μ)). */
    private A logRatio() {
      return m.subtract(m.log(n), m.log(total));
    }

    /** θφ(w) + yφ(−θw/y). */
    A phis() {
      A d = timesTheta();
      A logRatio = logRatio();
      A ofTheta = PhiComposite.times(m, finite, d, ratio, logRatio);
      A ratioOfY = m.multiply(m.divide(rate.value, y), ratio);
      A logOfY = m.add(m.subtract(rate.log(), m.log(y)), logRatio);
      A ofY = PhiComposite.times(m, y, m.negate(d), ratioOfY, logOfY);
      A usual = m.select(m.isLess(rate.value, TINY), ofTiny(), m.add(ofTheta, ofY));
      return beyondOr(ofLogarithms(), withoutCountOr(withoutCount(), usual));
    }

    /** θ·log(1 + μ/θ). */
    private A withoutCount() {
      A product = m.multiply(finite, logOnePlus(rate.value, finite));
      return m.select(m.isLess(m.divide(rate.value, theta), NEGLIGIBLE), rate.value, product);
    }

    /** y·(log y − log μ) − n·log(1 + y/θ). */
    private A ofTiny() {
      A product = m.multiply(m.add(y, finite), logOnePlus(y, finite));
      A fewer = m.select(m.isInfinite(theta), y, product);
      return m.subtract(m.multiply(y, m.subtract(m.log(y), rate.log())), fewer);
    }

    /** θ·(log μ − log n) − y·log(1 + θ/y). */
    private A ofLogarithms() {
      A ofTheta = m.multiply(theta, m.subtract(rate.log(), m.log(m.add(y, finite))));
      A ofY = m.multiply(y, logOnePlus(finite, y));
      return m.subtract(ofTheta, m.select(m.isMore(y, 0), ofY, m.constant(0, y)));
    }

    /** log(1 + a/b), also where the quotient overflows. */
    private A logOnePlus(A a, A b) {
      A quotient = m.divide(a, b);
      A small = m.log1p(m.atMost(quotient, 1));
      A large = m.select(m.isLess(quotient, 1), small, m.log(m.add(quotient, 1)));
      return m.select(m.isLess(quotient, HUGE), large, m.subtract(m.log(a), m.log(b)));
    }

    /** φ(w). */
    A phiOfW() {
      A one = m.add(m.multiply(n, 0), 1);
      A phi = PhiComposite.times(m, one, w(), ratio, logRatio());
      A beyond = m.add(m.subtract(rate.log(), m.log(m.add(y, finite))), -1);
      return zeroForPoisson(beyondOr(beyond, phi));
    }

    /** 0 where θ is infinite, but NaN where the mean is. */
    private A zeroForPoisson(A other) {
      A zero = m.select(m.isNaN(rate.value), rate.value, m.constant(0, share));
      return m.select(m.isInfinite(theta), zero, other);
    }

    /** w²/n, 0 for an infinite θ. */
    A squareOfW() {
      A w = w();
      A number = m.add(y, finite);
      A square = beyondOr(m.divide(1, number), m.multiply(w, m.divide(w, number)));
      return zeroForPoisson(square);
    }

    /** −w·λ′/(θ + μ). */
    A mixed() {
      A quotient = m.divide(m.multiply(rate.slope(), 0.25), total);
      A usual = m.negate(m.multiply(w(), quotient));
      A beyond = m.add(rate.logSlope(), m.multiply(finite, 0));
      return zeroForPoisson(beyondOr(beyond, usual));
    }

    /** −ρ·θw, without a count λ′·θ/(θ + μ). */
    A gradient() {
      A usual = rate.timesLogSlope(m.negate(timesTheta()));
      A finiteMean = withoutCountOr(m.multiply(rate.slope(), share), usual);
      A beyond = m.select(m.isInfinite(theta), rate.slope(), m.multiply(finite, rate.logSlope()));
      return beyondOr(beyond, finiteMean);
    }

    /** θ/(θ + μ)·(λ″ − λ′²/(θ + μ)). */
    private A secondWithoutCount() {
      A square = m.multiply(rate.slope(), rate.slope());
      A ofSquare = m.divide(square, m.add(theta, rate.value));
      return m.multiply(share, m.subtract(rate.curvature(), ofSquare));
    }

    /** ρ²·θμn/(θ + μ)² − ρ′·θw. */
    A second() {
      A slope = rate.logSlope();
      A direct = m.multiply(rate.value, share);
      A harmonic =
          m.select(
              m.isLess(rate.value, theta),
              direct,
              m.multiply(finite, m.divide(m.multiply(rate.value, 0.25), total)));
      A ofSlope = m.multiply(m.multiply(m.multiply(slope, slope), harmonic), ratio);
      A usual = m.subtract(ofSlope, rate.timesLogCurvature(timesTheta()));
      A infinity = m.add(m.multiply(finite, 0), INFINITY);
      A infinite = m.select(m.isEqual(slope, INFINITY), infinity, usual);
      A steep = withoutCountOr(secondWithoutCount(), infinite);
      A finiteMean = m.select(m.isMore(slope, STEEP), steep, usual);
      A beyond = m.select(m.isInfinite(theta), rate.curvature(), m.multiply(finite, 0));
      return beyondOr(beyond, finiteMean);
    }
  }
}

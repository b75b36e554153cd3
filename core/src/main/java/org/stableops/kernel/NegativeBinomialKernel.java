package org.stableops.kernel;

import org.stableops.CountOptions;

/**
 * The loss of a count y that is negative binomial with mean μ and inverse dispersion θ, the
 * companion. With w = (y − μ)/(θ + μ), n = y + θ and φ(w) = w − log(1 + w) it is
 *
 * <pre>θ·φ(w) + y·φ(−θw/y) + S(y) + ½·log(1 + y/θ) + δ(θ) − δ(n),</pre>
 *
 * <p>of {@link Stirling}, whose terms are all positive: no log Γ, of which all digits cancel for
 * large θ. Its limit is the full Poisson loss. Without the full likelihood log y! is subtracted.
 */
public final class NegativeBinomialKernel {
  /** Below, a mean is about to be subnormal. */
  private static final double TINY = 1e-290;

  /** Above, a quotient is about to overflow. */
  private static final double HUGE = 1e300;

  /** Below, log(1 + x) is x. */
  private static final double NEGLIGIBLE = 1e-17;

  /** Above, the square of ρ is about to overflow. */
  private static final double STEEP = 1e150;

  private NegativeBinomialKernel() {}

  /**
   * Returns the kernel.
   *
   * @param options all but the reduction
   * @return the loss of raw values, inverse dispersions and counts
   */
  public static ElementLossKernel of(CountOptions options) {
    return new ElementLossKernel(new Form(options));
  }

  /**
   * Returns the terms of the loss that do not depend on the mean.
   *
   * @param theta more than 0
   * @param y a count
   * @param isFull whether with log y!
   * @return S(y) + ½·log(1 + y/θ) + δ(θ) − δ(θ + y), perhaps less log y!; NaN for another θ
   */
  public static double ofCount(double theta, double y, boolean isFull) {
    if (y == 0 || !(theta > 0)) {
      return theta > 0 ? 0 : Double.NaN;
    }
    // S(y) − log y! = y − y·log y.
    double ofCount = isFull ? Stirling.ofCount(y) : y - y * Math.log(y);
    return theta == Double.POSITIVE_INFINITY
        ? ofCount
        : logOnePlus(y, theta) / 2 + Stirling.deltaDifference(theta, y) + ofCount;
  }

  /**
   * Returns what the derivative by θ has beside φ(w).
   *
   * @param theta more than 0
   * @param y a count
   * @return y/(2θ(θ + y)) + χ(θ) − χ(θ + y); NaN for another θ
   */
  public static double slopeOfCount(double theta, double y) {
    if (y == 0 || !(theta > 0) || theta == Double.POSITIVE_INFINITY) {
      return theta > 0 ? 0 : Double.NaN;
    }
    return y / (theta + y) / theta / 2 + Stirling.chiDifference(theta, y);
  }

  /**
   * Returns what the second derivative by θ has beside −w²/n.
   *
   * @param theta more than 0
   * @param y a count
   * @return y(2θ + y)/(2θ²(θ + y)²) + κ(θ) − κ(θ + y); NaN for another θ
   */
  public static double curvatureOfCount(double theta, double y) {
    if (y == 0 || !(theta > 0) || theta == Double.POSITIVE_INFINITY) {
      return theta > 0 ? 0 : Double.NaN;
    }
    double n = theta + y;
    double ofQuotient = (theta + n) / theta / n * (y / theta / n) / 2;
    return ofQuotient + Stirling.kappaDifference(theta, y);
  }

  /** log(1 + a/b), also where the quotient overflows. */
  private static double logOnePlus(double a, double b) {
    double quotient = a / b;
    return quotient < HUGE ? Math.log1p(quotient) : Math.log(a) - Math.log(b);
  }

  /** One element: what the results are made of. */
  private static final class Point {
    private final CountRate rate;
    private double theta;
    private double y;
    private double mean;

    /** The limit θ = ∞. */
    private boolean isPoisson;

    /** A quarter of θ + μ, which does not overflow. */
    private double total;

    /** n/(θ + μ) = 1 + w. */
    private double ratio;

    /** θ/(θ + μ). */
    private double share;

    Point(CountRate rate) {
      this.rate = rate;
    }

    /** Takes over the point at which the rate is. */
    Point at(double newTheta, double count) {
      mean = rate.value;
      theta = newTheta > 0 ? newTheta : Double.NaN;
      y = count;
      isPoisson = theta == Double.POSITIVE_INFINITY;
      total = theta / 4 + mean / 4;
      ratio = isPoisson ? 1 : (y / 4 + theta / 4) / total;
      share = isPoisson ? 1 : theta / 4 / total;
      return this;
    }

    private boolean isBeyond() {
      return mean == Double.POSITIVE_INFINITY;
    }

    private double w() {
      return (y / 4 - mean / 4) / total;
    }

    /** θw, of a finite mean. */
    private double timesTheta() {
      return theta > mean ? (y - mean) * share : theta * w();
    }

    /** θφ(w) + yφ(−θw/y). */
    double phis() {
      if (isBeyond()) {
        return ofLogarithms();
      }
      if (y == 0) {
        return mean / theta < NEGLIGIBLE ? mean : theta * logOnePlus(mean, theta);
      }
      if (mean < TINY) {
        double fewer = isPoisson ? y : (y + theta) * logOnePlus(y, theta);
        return y * (Math.log(y) - rate.log) - fewer;
      }
      double d = timesTheta();
      double ofTheta = isPoisson ? 0 : timesPhi(theta, d, ratio);
      return ofTheta + timesPhi(y, -d, mean / y * ratio);
    }

    /** The same of a mean that overflows, whose logarithm does not but at +inf. */
    private double ofLogarithms() {
      if (isPoisson || rate.log == Double.POSITIVE_INFINITY) {
        return Double.isNaN(theta) ? theta : Double.POSITIVE_INFINITY;
      }
      double ofTheta = theta * (rate.log - Math.log(y + theta));
      return y == 0 ? ofTheta : ofTheta - y * logOnePlus(theta, y);
    }

    /** A·φ(d/A), where the ratio is 1 + d/A for A = 1, θ or y. */
    private double timesPhi(double a, double d, double ofA) {
      if (Phi.isNear(ofA)) {
        return Phi.near(a, d);
      }
      return Math.fma(-a, log(d / a, ofA), d);
    }

    /** log(1 + w) of a ratio that is far from 1, and may have overflowed or lost digits. */
    private double log(double w, double ofA) {
      if (!Phi.isExact(ofA)) {
        double log = isPoisson ? 0 : Math.log(y / 4 + theta / 4) - Math.log(total);
        return ofA == ratio ? log : log + rate.log - Math.log(y);
      }
      return ofA > 1.0 / 3 ? Math.log1p(w) : Math.log(ofA);
    }

    double value(boolean isFull) {
      return phis() + ofCount(theta, y, isFull);
    }

    /** φ(w) − y/(2θn) − χ(θ) + χ(n). */
    double companionGradient() {
      if (isPoisson) {
        return Double.isNaN(mean) ? mean : 0;
      }
      double phi = isBeyond() ? rate.log - Math.log(y + theta) - 1 : timesPhi(1, w(), ratio);
      return phi - slopeOfCount(theta, y);
    }

    /** −w²/n + y(2θ + y)/(2θ²n²) + κ(θ) − κ(n). */
    double companionSecond() {
      if (isPoisson) {
        return Double.isNaN(mean) ? mean : 0;
      }
      double w = isBeyond() ? -1 : w();
      return curvatureOfCount(theta, y) - w * (w / (y + theta));
    }

    /** −w·λ′/(θ + μ), which is −ρ·w·μ/(θ + μ). */
    double mixed() {
      if (isPoisson) {
        return Double.isNaN(mean) ? mean : 0;
      }
      return isBeyond() ? rate.logSlope + 0 * theta : -w() * (rate.slope / 4 / total);
    }

    /** −ρ·θw. */
    double gradient() {
      if (isBeyond()) {
        return isPoisson ? rate.slope : theta * rate.logSlope;
      }
      // Without a count −θw/μ is a share, also where μ is 0.
      return y == 0 ? rate.slope * share : rate.timesLogSlope(-timesTheta());
    }

    /** ρ²·θμn/(θ + μ)² − ρ′·θw, of a steep ρ without a count θ/(θ + μ)·(λ″ − λ′²/(θ + μ)). */
    double second() {
      if (isBeyond()) {
        return isPoisson ? rate.curvature : theta * 0;
      }
      if (rate.logSlope > STEEP && y == 0) {
        return share * (rate.curvature - rate.slope * rate.slope / (theta + mean));
      }
      if (rate.logSlope == Double.POSITIVE_INFINITY) {
        return Double.isNaN(theta) ? theta : Double.POSITIVE_INFINITY;
      }
      double harmonic = theta > mean ? mean * share : theta * (mean / 4 / total);
      double ofSlope = rate.logSlope * rate.logSlope * harmonic * ratio;
      return Math.fma(-rate.logCurvature, timesTheta(), ofSlope);
    }
  }

  /** What is computed of a point. */
  private interface Result {
    double of(Point point);
  }

  private static final class Form implements ElementLossKernel.Form {
    private final CountOptions options;

    Form(CountOptions options) {
      this.options = options;
    }

    private void compute(
        CountRate rate, double[] x, int count, double[] out, Scratch scratch, Result result) {
      Point point = new Point(rate);
      rate.begin(x, count, scratch);
      for (int i = 0; i < count; i++) {
        rate.at(x, i, scratch);
        out[i] = result.of(point.at(scratch.companion[i], scratch.parameter[i]));
      }
    }

    private CountRate rate() {
      return CountRate.of(options.rate().orElse(null));
    }

    @Override
    public void prepare(
        double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch) {
      // What is needed of a point differs from result to result.
    }

    @Override
    public void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch) {
      compute(
          rate().wanting(true, false),
          x,
          count,
          out,
          scratch,
          point -> point.value(options.hasFullLikelihood()));
    }

    @Override
    public void gradient(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(false, false), x, count, out, scratch, Point::gradient);
    }

    @Override
    public void secondDerivative(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(false, true), x, count, out, scratch, Point::second);
    }

    @Override
    public void companionGradient(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(true, false), x, count, out, scratch, Point::companionGradient);
    }

    @Override
    public void companionSecond(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(false, false), x, count, out, scratch, Point::companionSecond);
    }

    @Override
    public void mixed(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(false, false), x, count, out, scratch, Point::mixed);
    }

    @Override
    public void deviance(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(true, false), x, count, out, scratch, point -> 2 * point.phis());
    }

    @Override
    public boolean takesCompanion() {
      return true;
    }

    @Override
    public boolean hasCompanionGradient() {
      return true;
    }

    @Override
    public double largestTarget() {
      return Double.MAX_VALUE;
    }

    @Override
    public String targets() {
      return "finite and >= 0";
    }
  }
}

package org.stableops.kernel;

import org.stableops.CountOptions;

/**
 * The Poisson loss λ − y·log λ of counts y, or with the full likelihood deviance/2 + S(y), where
 * the deviance 2·(λ − y + y·log(y/λ)) does not cancel near λ = y, and S is {@link
 * Stirling#ofCount}.
 */
public final class PoissonKernel {
  /** Between these a quotient of rate and count is a number of all digits. */
  private static final double SMALLEST_RATIO = 1e-290;

  private static final double LARGEST_RATIO = 1e300;

  /** Terms of Σ v^{2k}/(2k + 1) for |v| ≤ 1/3. */
  private static final int TERMS = 16;

  private PoissonKernel() {}

  /**
   * Returns the kernel.
   *
   * @param options all but the reduction
   * @return the loss of raw values and counts
   */
  public static ElementLossKernel of(CountOptions options) {
    return new ElementLossKernel(new Form(options));
  }

  /**
   * Returns the deviance of a count.
   *
   * @param rate λ, not negative
   * @param logRate log λ
   * @param y a count
   * @return 2·(λ − y + y·log(y/λ))
   */
  static double deviance(double rate, double logRate, double y) {
    if (y == 0) {
      return 2 * rate;
    }
    double ratio = rate / y;
    double difference = rate - y;
    if (ratio >= 0.5 && ratio <= 2) {
      double w = difference / y;
      double v = w / (2 + w);
      double sum = Stirling.oddReciprocals(v * v, TERMS);
      return 2 * (difference * v - 2 * y * v * sum);
    }
    boolean isExact = ratio > SMALLEST_RATIO && ratio < LARGEST_RATIO;
    double log = isExact ? Math.log(ratio) : logRate - Math.log(y);
    return 2 * Math.fma(-y, log, difference);
  }

  private static final class Form implements ElementLossKernel.Form {
    private final CountOptions options;

    Form(CountOptions options) {
      this.options = options;
    }

    private CountRate rate() {
      return CountRate.of(options.rate().orElse(null));
    }

    @Override
    public void prepare(
        double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch) {
      // What is needed of a rate differs from result to result.
    }

    @Override
    public void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch) {
      CountRate rate = rate();
      double[] y = scratch.parameter;
      for (int i = 0; i < count; i++) {
        out[i] = value(rate, x[i], y[i]);
      }
    }

    private double value(CountRate rate, double r, double y) {
      rate.at(r);
      if (Double.isNaN(r) || rate.value == Double.POSITIVE_INFINITY) {
        return rate.value;
      }
      if (options.hasFullLikelihood()) {
        return deviance(rate.value, rate.log, y) / 2 + Stirling.ofCount(y);
      }
      return y == 0 ? rate.value : Math.fma(-y, rate.log, rate.value);
    }

    @Override
    public void gradient(double[] x, int count, double[] out, Scratch scratch) {
      CountRate rate = rate();
      double[] y = scratch.parameter;
      for (int i = 0; i < count; i++) {
        rate.at(x[i]);
        out[i] = rate.gradient(y[i]);
      }
    }

    @Override
    public void secondDerivative(double[] x, int count, double[] out, Scratch scratch) {
      CountRate rate = rate();
      double[] y = scratch.parameter;
      for (int i = 0; i < count; i++) {
        rate.at(x[i]);
        out[i] = rate.second(y[i]);
      }
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

package org.stableops.kernel;

import java.util.Arrays;
import org.stableops.CountOptions;

/**
 * The Poisson loss λ − y·log λ of counts y, or with the full likelihood deviance/2 + S(y), where
 * the deviance 2·(λ − y + y·log(y/λ)) does not cancel near λ = y, and S is {@link
 * Stirling#ofCount}. The companion is an exposure E: the rate is then λ = E·T.
 */
public final class PoissonKernel {
  /** Between the inverse and this, loops take exposures. */
  private static final double LARGE_EXPOSURE = 0x1p400;

  private static final double[] ONES = new double[Tiles.SIZE];

  static {
    Arrays.fill(ONES, 1);
  }

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

  /** Half the deviance of a count at λ = E·T: λ − y + y·log(y/λ). */
  private static double halfDeviance(CountRate rate, double exposure, double y) {
    double value = exposure * rate.value;
    if (y == 0 || Double.isNaN(value) || value == Double.POSITIVE_INFINITY) {
      return value;
    }
    double difference = value - y;
    double ratio = value / y;
    if (Phi.isNear(ratio)) {
      return Phi.near(y, difference);
    }
    double log =
        Phi.isExact(ratio) ? Math.log(ratio) : rate.log + CountRate.log(exposure) - Math.log(y);
    return Math.fma(-y, log, difference);
  }

  private static final class Form implements ElementLossKernel.Form {
    private final CountOptions options;

    Form(CountOptions options) {
      this.options = options;
    }

    private CountRate rate() {
      return CountRate.of(options.rate().orElse(null));
    }

    /** What is computed of a rate, an exposure and a count. */
    private interface Result {
      double of(CountRate rate, double exposure, double y);
    }

    private static void compute(
        CountRate rate, double[] x, int count, double[] out, Scratch scratch, Result result) {
      for (int i = 0; i < count; i++) {
        at(rate, x, i, out, scratch, result);
      }
    }

    private static void at(
        CountRate rate, double[] x, int i, double[] out, Scratch scratch, Result result) {
      rate.at(x, i, scratch);
      out[i] = result.of(rate, scratch.companion[i], scratch.parameter[i]);
    }

    /** What the loops of a rate have not computed. */
    private static void computeFar(
        CountRate rate, double[] x, int count, double[] out, Scratch scratch, Result result) {
      double reach = rate.reach();
      double[] exposure = scratch.companion;
      boolean hasExposures = !areOnes(exposure, count);
      for (int i = 0; i < count; i++) {
        if (!(Math.abs(x[i]) < reach) || (hasExposures && isFar(exposure[i]))) {
          at(rate, x, i, out, scratch, result);
        }
      }
    }

    /** Whether a product of an exposure and a rate may overflow or vanish. */
    private static boolean isFar(double exposure) {
      return !(exposure < LARGE_EXPOSURE && exposure > 1 / LARGE_EXPOSURE);
    }

    private static boolean areOnes(double[] exposure, int count) {
      return Arrays.mismatch(exposure, 0, count, ONES, 0, count) < 0;
    }

    /** Leaves the logarithms of the exposures in scratch.d. */
    private static void logarithms(double[] exposure, int count, Scratch scratch) {
      if (areOnes(exposure, count)) {
        Arrays.fill(scratch.d, 0, count, 0);
      } else {
        scratch.doubleMath.log(exposure, scratch.d, count);
      }
    }

    @Override
    public void prepare(
        double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch) {
      rate().begin(x, count, scratch);
    }

    @Override
    public void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch) {
      CountRate rate = rate().wanting(true, false);
      if (rate.reach() > 0 && !options.hasFullLikelihood()) {
        logarithms(scratch.companion, count, scratch);
        rate.losses(x, scratch.parameter, scratch.companion, count, out, scratch);
        computeFar(rate, x, count, out, scratch, this::value);
      } else {
        compute(rate, x, count, out, scratch, this::value);
      }
    }

    private double value(CountRate rate, double exposure, double y) {
      if (options.hasFullLikelihood()) {
        return halfDeviance(rate, exposure, y) + Stirling.ofCount(y);
      }
      double value = exposure * rate.value;
      if (y == 0 || value == Double.POSITIVE_INFINITY) {
        return value;
      }
      return Math.fma(-y, rate.log + CountRate.log(exposure), value);
    }

    @Override
    public void gradient(double[] x, int count, double[] out, Scratch scratch) {
      CountRate rate = rate().wanting(false, false);
      if (rate.reach() > 0) {
        rate.gradients(x, scratch.parameter, scratch.companion, count, out, scratch);
        computeFar(rate, x, count, out, scratch, CountRate::gradient);
      } else {
        compute(rate, x, count, out, scratch, CountRate::gradient);
      }
    }

    @Override
    public void secondDerivative(double[] x, int count, double[] out, Scratch scratch) {
      compute(rate().wanting(false, true), x, count, out, scratch, CountRate::second);
    }

    @Override
    public void deviance(double[] x, int count, double[] out, Scratch scratch) {
      compute(
          rate().wanting(true, false),
          x,
          count,
          out,
          scratch,
          (rate, exposure, y) -> 2 * halfDeviance(rate, exposure, y));
    }

    @Override
    public boolean takesCompanion() {
      return true;
    }

    @Override
    public boolean isCompanion(double number) {
      return number > 0 && number < Double.POSITIVE_INFINITY;
    }

    @Override
    public String companions() {
      return "finite and > 0";
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

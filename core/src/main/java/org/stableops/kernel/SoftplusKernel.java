package org.stableops.kernel;

import org.stableops.Parameters;

/**
 * softplus(x; β) = log(1 + e^{βx})/β and its derivative 1/(1 + e^{−βx}).
 *
 * <p>With t = e^{−|βx|} the value is max(x, 0) + log(1 + t)/β, the derivative 1/(1 + t) or t/(1 +
 * t). A relative error of t is an absolute one of βx: with p = β|x| rounded, fma(β, |x|, −p) is
 * what the rounding lost, and t is corrected by it.
 *
 * <p>The second derivative by x is β·t/(1 + t)².
 *
 * <p>The derivative by β is −(a·t/(1 + t) + log(1 + t))/β², a = |βx|: two terms of one sign.
 */
public final class SoftplusKernel {
  /** From here down every value and derivative by x is 0, whatever β. */
  private static final double UNDERFLOW = 1500;

  /** From here down t loses bits to subnormal numbers, which a division by β < 1 would show. */
  private static final double FAR_TAIL = -700;

  /** From here on e^{−a/2} is subnormal. */
  private static final double HALF_UNDERFLOW = 1400;

  /** From here on e^{−a}·a/β² is 0 whatever β = a/|x|. */
  private static final double PARAMETER_UNDERFLOW = 2200;

  private SoftplusKernel() {}

  /**
   * Returns the kernel of softplus.
   *
   * @param beta β, finite and positive
   * @return value and derivative
   */
  public static ElementwiseKernel of(double beta) {
    return new ElementwiseKernel(beta == 1 ? new Floats() : null, new Doubles(beta));
  }

  /**
   * Returns the kernel of softplus with β an array.
   *
   * @return value and derivatives
   */
  public static ParametricKernel parametric() {
    return new ParametricKernel(new Parametric(), Parameters::requireBeta);
  }

  private static final class Floats implements ElementwiseKernel.FloatForm {
    @Override
    public void prepare(float[] x, float[] t, int count, Scratch scratch) {
      scratch.floatMath.expOfMinus(x, t, count);
    }

    @Override
    public void value(float[] x, float[] t, float[] out, int count, Scratch scratch) {
      scratch.floatMath.log1p(t, out, count);
      for (int i = 0; i < count; i++) {
        out[i] += Math.max(x[i], 0);
      }
    }

    @Override
    public void gradient(float[] x, float[] t, float[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        // 1 for negative x, else 0, without a choice, which C2 does not vectorise.
        float negative = Math.min(Math.max(x[i] * -0x1p126f, 0), 1);
        out[i] = Math.fma(negative, t[i], 1 - negative) / (1 + t[i]);
      }
    }
  }

  private static final class Doubles implements ElementwiseKernel.DoubleForm {
    private final double beta;
    private final double largest;

    Doubles(double beta) {
      this.beta = beta;
      this.largest = Math.min(UNDERFLOW / beta, Double.MAX_VALUE);
    }

    @Override
    public void prepare(double[] x, double[] t, int count, Scratch scratch) {
      double[] p = scratch.b;
      for (int i = 0; i < count; i++) {
        p[i] = beta * x[i];
      }
      scratch.doubleMath.expOfMinus(p, t, count);
      for (int i = 0; i < count; i++) {
        double abs = Math.min(Math.abs(x[i]), largest);
        double lost = Math.fma(beta, abs, -(beta * abs));
        t[i] = Math.fma(t[i], -lost, t[i]);
      }
    }

    @Override
    public void value(double[] x, double[] t, double[] out, int count, Scratch scratch) {
      scratch.doubleMath.log1p(t, out, count);
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(x[i], 0) + out[i] / beta;
      }
      for (int i = 0; beta < 1 && i < count; i++) {
        out[i] = beta * x[i] < FAR_TAIL ? farTail(x[i], beta) : out[i];
      }
    }

    @Override
    public void gradient(double[] x, double[] t, double[] out, int count, Scratch scratch) {
      sigmoid(x, t, out, count);
    }

    @Override
    public void secondDerivative(double[] x, double[] t, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = beta * (t[i] / (1 + t[i]) / (1 + t[i]));
      }
      for (int i = 0; i < count; i++) {
        double abs = Math.abs(x[i]);
        out[i] = beta * abs > -FAR_TAIL ? betaTimesExp(abs, beta) : out[i];
      }
    }
  }

  /**
   * β·e^{−βx}, which is the second derivative to the last bit from where e^{−βx} is nothing beside
   * 1, and that of the inverse with the other sign.
   */
  static double betaTimesExp(double x, double beta) {
    double p = beta * x;
    if (p >= UNDERFLOW) {
      return 0;
    }
    double half = Math.exp(-p / 2);
    double tail = beta * half * half;
    return Math.fma(tail, -Math.fma(beta, x, -p), tail);
  }

  private static void sigmoid(double[] x, double[] t, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      // In two factors: for β near 10³⁰⁰ even a subnormal x is no zero.
      double negative = Math.min(Math.max(x[i] * -0x1p1023, 0) * 0x1p52, 1);
      out[i] = Math.fma(negative, t[i], 1 - negative) / (1 + t[i]);
    }
  }

  /** e^{p+lost}/β as (e^{p/2}/β)·e^{p/2}, no factor of which is subnormal before the result is. */
  private static double farTail(double x, double beta) {
    double p = beta * x;
    if (p <= -UNDERFLOW) {
      return 0;
    }
    double half = Math.exp(p / 2);
    double tail = half / beta * half;
    return Math.fma(tail, Math.fma(beta, x, -p), tail);
  }

  private static final class Parametric implements ParametricKernel.Form {
    @Override
    public void prepare(double[] x, double[] beta, double[] t, int count, Scratch scratch) {
      double[] p = scratch.b;
      for (int i = 0; i < count; i++) {
        p[i] = -Math.min(beta[i] * Math.abs(x[i]), UNDERFLOW);
      }
      scratch.doubleMath.expOfMinus(p, t, count);
      for (int i = 0; i < count; i++) {
        // Cut off where t is 0 already.
        double lost = Math.min(Math.fma(beta[i], Math.abs(x[i]), p[i]), 1);
        t[i] = Math.fma(t[i], -lost, t[i]);
      }
    }

    @Override
    public void value(
        double[] x, double[] beta, double[] t, double[] out, int count, Scratch scratch) {
      scratch.doubleMath.log1p(t, out, count);
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(x[i], 0) + out[i] / beta[i];
      }
      for (int i = 0; i < count; i++) {
        boolean isFar = beta[i] * x[i] < FAR_TAIL && beta[i] < 1;
        out[i] = isFar ? farTail(x[i], beta[i]) : out[i];
      }
    }

    @Override
    public void gradient(
        double[] x, double[] beta, double[] t, double[] out, int count, Scratch scratch) {
      sigmoid(x, t, out, count);
    }

    @Override
    public void parameterGradient(
        double[] x, double[] beta, double[] t, double[] out, int count, Scratch scratch) {
      scratch.doubleMath.log1p(t, out, count);
      for (int i = 0; i < count; i++) {
        double a = Math.min(beta[i] * Math.abs(x[i]), UNDERFLOW);
        // Not divided by β², which may underflow.
        out[i] = -((a * t[i] / (1 + t[i]) + out[i]) / beta[i]) / beta[i];
      }
      for (int i = 0; i < count; i++) {
        boolean isFar = beta[i] * Math.abs(x[i]) > -FAR_TAIL;
        out[i] = isFar ? -parameterTail(Math.abs(x[i]), beta[i]) : out[i];
      }
    }
  }

  /**
   * (a + 1)·e^{−a}/β², a = βx, which is the derivative by β to the last bit from where e^{−a} is
   * nothing beside 1: of softplus, and with the other sign of its inverse. Its square root is no
   * subnormal number before the result is.
   */
  static double parameterTail(double x, double beta) {
    double a = beta * x;
    if (a >= PARAMETER_UNDERFLOW) {
      return 0;
    }
    double root =
        a < HALF_UNDERFLOW ? Math.exp(-a / 2) / beta : Math.exp(-a / 4) / beta * Math.exp(-a / 4);
    double tail = root * (a + 1) * root;
    return Math.fma(tail, -Math.fma(beta, x, -a), tail);
  }
}

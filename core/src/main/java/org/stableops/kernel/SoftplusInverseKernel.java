package org.stableops.kernel;

import java.util.Arrays;
import org.stableops.Parameters;

/**
 * softplusInverse(y; β) = log(e^{βy} − 1)/β and its derivative 1/(1 − e^{−βy}); the second
 * derivative is −β·e^{−βy}/(1 − e^{−βy})².
 *
 * <p>The value crosses zero at ln 2/β, where p = βy has to be known better than it can be rounded:
 * fma(β, y, −p) is what the rounding lost.
 *
 * <p>The derivative by β is (p/(e^p − 1) − log(1 − e^{−p}))/β²: two terms of one sign.
 */
public final class SoftplusInverseKernel {
  /** Below, p may be subnormal; log(e^p − 1) = log p = log y + log β does without it. */
  private static final double TINY = 1e-290;

  /** From here on e^{−p} is nothing beside 1. */
  private static final double LARGE = 60;

  /** From here on e^{−p} loses bits to subnormal numbers. */
  private static final double FAR_TAIL = 700;

  private SoftplusInverseKernel() {}

  /**
   * Returns the kernel of the inverse of softplus: −inf at 0, NaN below.
   *
   * @param beta β, finite and positive
   * @return value and derivative
   */
  public static ElementwiseKernel of(double beta) {
    return new ElementwiseKernel(beta == 1 ? new Floats() : null, new Doubles(beta));
  }

  /**
   * Returns the kernel of the inverse of softplus with β an array.
   *
   * @return value and derivatives
   */
  public static ParametricKernel parametric() {
    return new ParametricKernel(new Parametric(), Parameters::requireBeta);
  }

  private static final class Floats implements ElementwiseKernel.FloatForm {
    /** From here on e^{−y} is nothing beside 1. */
    private static final float LARGE = 60;

    @Override
    public void value(float[] y, float[] unused, float[] out, int count, Scratch scratch) {
      float[] lost = scratch.floatB;
      Arrays.fill(lost, 0, count, 0);
      scratch.floatMath.logExpm1(y, lost, out, count);
    }

    @Override
    public void gradient(float[] y, float[] w, float[] out, int count, Scratch scratch) {
      float[] p = scratch.floatB;
      for (int i = 0; i < count; i++) {
        p[i] = -Math.min(y[i], LARGE);
      }
      scratch.floatMath.expm1(p, w, count);
      for (int i = 0; i < count; i++) {
        // The root is NaN for negative y.
        out[i] = 1 / Math.abs(w[i]) + 0 * (float) Math.sqrt(Math.min(y[i], 1));
      }
    }
  }

  private static final class Doubles implements ElementwiseKernel.DoubleForm {
    private final double beta;
    private final double logBeta;

    Doubles(double beta) {
      this.beta = beta;
      this.logBeta = Math.log(beta);
    }

    @Override
    public void value(double[] y, double[] p, double[] out, int count, Scratch scratch) {
      double[] lost = scratch.b;
      for (int i = 0; i < count; i++) {
        p[i] = beta * y[i];
        lost[i] = Math.fma(beta, y[i], -p[i]);
      }
      scratch.doubleMath.logExpm1(p, lost, out, count);
      for (int i = 0; i < count; i++) {
        out[i] /= beta;
      }
      for (int i = 0; beta != 1 && i < count; i++) {
        out[i] = p[i] > TINY && p[i] < LARGE ? out[i] : atTheEnds(y[i]);
      }
    }

    private double atTheEnds(double y) {
      return beta * y <= TINY ? (Math.log(y) + logBeta) / beta : y;
    }

    @Override
    public void gradient(double[] y, double[] w, double[] out, int count, Scratch scratch) {
      double[] p = scratch.b;
      for (int i = 0; i < count; i++) {
        p[i] = -Math.min(beta * y[i], LARGE);
      }
      reciprocal(y, p, w, out, count, scratch);
    }

    @Override
    public void secondDerivative(double[] y, double[] w, double[] out, int count, Scratch scratch) {
      double[] p = scratch.b;
      double[] t = scratch.c;
      for (int i = 0; i < count; i++) {
        p[i] = -Math.min(beta * y[i], FAR_TAIL);
      }
      scratch.doubleMath.expm1(p, w, count);
      scratch.doubleMath.exp(p, t, count);
      for (int i = 0; i < count; i++) {
        double corrected = Math.fma(t[i], -Math.fma(beta, y[i], p[i]), t[i]);
        out[i] = -(beta / w[i] / w[i] * corrected);
      }
      for (int i = 0; i < count; i++) {
        boolean isAtAnEnd = !(-p[i] > TINY && -p[i] < FAR_TAIL);
        out[i] = isAtAnEnd ? secondDerivativeAtTheEnds(y[i]) : out[i];
      }
    }

    private double secondDerivativeAtTheEnds(double y) {
      if (!(y >= 0)) {
        return Double.NaN;
      }
      // |y|, for −0 is treated as 0.
      double abs = Math.abs(y);
      return beta * y <= TINY ? -(1 / abs / beta / abs) : -SoftplusKernel.betaTimesExp(y, beta);
    }
  }

  /** 1/(1 − e^p) for p = −βy. */
  private static void reciprocal(
      double[] y, double[] p, double[] w, double[] out, int count, Scratch scratch) {
    scratch.doubleMath.expm1(p, w, count);
    for (int i = 0; i < count; i++) {
      // The root is NaN for negative y.
      out[i] = 1 / Math.abs(w[i]) + 0 * Math.sqrt(Math.min(y[i], 1));
    }
  }

  private static final class Parametric implements ParametricKernel.Form {
    /** Leaves p in {@code p} and what its rounding lost in {@code scratch.d}. */
    @Override
    public void prepare(double[] y, double[] beta, double[] p, int count, Scratch scratch) {
      double[] lost = scratch.d;
      for (int i = 0; i < count; i++) {
        p[i] = beta[i] * y[i];
        lost[i] = Math.fma(beta[i], y[i], -p[i]);
      }
    }

    @Override
    public void value(
        double[] y, double[] beta, double[] p, double[] out, int count, Scratch scratch) {
      scratch.doubleMath.logExpm1(p, scratch.d, out, count);
      for (int i = 0; i < count; i++) {
        out[i] /= beta[i];
      }
      for (int i = 0; i < count; i++) {
        boolean isAtAnEnd = !(p[i] > TINY && p[i] < LARGE);
        out[i] = isAtAnEnd ? atTheEnds(y[i], beta[i]) : out[i];
      }
    }

    private static double atTheEnds(double y, double beta) {
      return beta * y <= TINY ? logOfProduct(y, beta) / beta : y;
    }

    @Override
    public void gradient(
        double[] y, double[] beta, double[] p, double[] out, int count, Scratch scratch) {
      double[] minusP = scratch.b;
      for (int i = 0; i < count; i++) {
        minusP[i] = -Math.min(p[i], LARGE);
      }
      reciprocal(y, minusP, scratch.c, out, count, scratch);
    }

    @Override
    public void parameterGradient(
        double[] y, double[] beta, double[] p, double[] out, int count, Scratch scratch) {
      double[] t = scratch.e;
      double[] logs = scratch.c;
      expOfMinus(p, t, count, scratch);
      minusLogOfW(p, t, logs, out, count, scratch);
      quotient(p, t, out, count, scratch);
      for (int i = 0; i < count; i++) {
        out[i] = (out[i] + logs[i]) / beta[i] / beta[i];
      }
      for (int i = 0; i < count; i++) {
        boolean isAtAnEnd = !(p[i] > TINY && p[i] < FAR_TAIL);
        out[i] = isAtAnEnd ? parameterGradientAtTheEnds(y[i], beta[i]) : out[i];
      }
    }

    /** −log w, w = 1 − e^{−p}: as p − log(e^p − 1) up to ln 2, and as −log(1 − t) above. */
    private static void minusLogOfW(
        double[] p, double[] t, double[] logs, double[] other, int count, Scratch scratch) {
      scratch.doubleMath.logExpm1(p, scratch.d, logs, count);
      double[] minusT = scratch.b;
      for (int i = 0; i < count; i++) {
        minusT[i] = -Math.min(t[i], 0.5);
      }
      scratch.doubleMath.log1p(minusT, other, count);
      for (int i = 0; i < count; i++) {
        logs[i] = minusT[i] == -0.5 ? p[i] - logs[i] : -other[i];
      }
    }

    /** p/(e^p − 1) = p·t/w. */
    private static void quotient(double[] p, double[] t, double[] out, int count, Scratch scratch) {
      double[] minusP = scratch.b;
      for (int i = 0; i < count; i++) {
        minusP[i] = -p[i];
      }
      scratch.doubleMath.expm1(minusP, out, count);
      for (int i = 0; i < count; i++) {
        out[i] = p[i] * t[i] / -out[i];
      }
    }

    /** t = e^{−p}, corrected by what p lost. */
    private static void expOfMinus(double[] p, double[] t, int count, Scratch scratch) {
      double[] minusP = scratch.b;
      double[] lost = scratch.d;
      for (int i = 0; i < count; i++) {
        minusP[i] = -p[i];
      }
      scratch.doubleMath.exp(minusP, t, count);
      for (int i = 0; i < count; i++) {
        t[i] = Math.fma(t[i], -lost[i], t[i]);
      }
    }

    private static double parameterGradientAtTheEnds(double y, double beta) {
      return beta * y <= TINY
          ? (1 - logOfProduct(y, beta)) / beta / beta
          : SoftplusKernel.parameterTail(y, beta);
    }

    /** log βy, βy perhaps subnormal; NaN for negative y. */
    private static double logOfProduct(double y, double beta) {
      return Math.log(y) + Math.log(beta);
    }
  }
}

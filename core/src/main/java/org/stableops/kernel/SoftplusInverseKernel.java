package org.stableops.kernel;

import java.util.Arrays;

/**
 * softplusInverse(y; β) = log(e^{βy} − 1)/β and its derivative 1/(1 − e^{−βy}).
 *
 * <p>The value crosses zero at ln 2/β, where p = βy has to be known better than it can be rounded:
 * fma(β, y, −p) is what the rounding lost.
 */
public final class SoftplusInverseKernel {
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
    /** Below, p may be subnormal; log(e^p − 1) = log p = log y + log β does without it. */
    private static final double TINY = 1e-290;

    /** From here on e^{−p} is nothing beside 1. */
    private static final double LARGE = 60;

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
      scratch.doubleMath.expm1(p, w, count);
      for (int i = 0; i < count; i++) {
        // The root is NaN for negative y.
        out[i] = 1 / Math.abs(w[i]) + 0 * Math.sqrt(Math.min(y[i], 1));
      }
    }
  }
}

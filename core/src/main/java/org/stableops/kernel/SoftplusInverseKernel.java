package org.stableops.kernel;

/**
 * softplusInverse(y; β) = log(e^{βy} − 1)/β and its derivative 1/(1 − e^{−βy}).
 *
 * <p>With p = βy the result is log(expm1 p)/β where p is low and y + log(−expm1(−p))/β where it is
 * high. Around p = ln 2 it crosses zero, and both cancel. There, with δ = p − ln 2 carried in three
 * parts, e^p − 1 = 1 + 2(e^δ − 1), so that the result is log1p(2·expm1 δ)/β. The logarithm is taken
 * of a rounded v = 1 + z; log(1 + z) = log v + (z − (v − 1))/v puts back what the rounding lost.
 */
public final class SoftplusInverseKernel {
  private static final double MIDDLE_FROM = 0.4;
  private static final double MIDDLE_TO = 1.1;

  /** Below, p may be subnormal; log(expm1 p) = log p = log y + log β does without it. */
  private static final double TINY = 1e-290;

  /** ln 2 = LN2_HIGH + LN2_MIDDLE + LN2_LOW. */
  private static final double LN2_HIGH = 0x1.62e42fefa39efp-1;

  private static final double LN2_MIDDLE = 2.3190468138462996e-17;
  private static final double LN2_LOW = 5.707708438416212e-34;

  private SoftplusInverseKernel() {}

  /**
   * Writes the inverse of softplus at y: −inf at 0, NaN below.
   *
   * @param y the arguments
   * @param beta β, finite and positive
   * @param out as long as y; may be y
   */
  public static void value(Elements y, double beta, Elements out) {
    double logBeta = Math.log(beta);
    Tiles.map(y, out, (scratch, count) -> value(scratch, beta, logBeta, count));
  }

  /**
   * Writes the derivative of the inverse of softplus at y: +inf at 0, NaN below.
   *
   * @param y the arguments
   * @param beta β, finite and positive
   * @param out as long as y; may be y
   */
  public static void gradient(Elements y, double beta, Elements out) {
    Tiles.map(y, out, (scratch, count) -> gradient(scratch, beta, count));
  }

  private static void value(Scratch scratch, double beta, double logBeta, int count) {
    double[] y = scratch.in;
    double[] out = scratch.out;
    double[] u = scratch.a;
    double[] v = scratch.b;
    double[] log = scratch.c;
    for (int i = 0; i < count; i++) {
      double p = beta * y[i];
      u[i] = isLow(p) ? p : isMiddle(p) ? minusLn2(p, Math.fma(beta, y[i], -p)) : -p;
    }
    TileMath.INSTANCE.expm1(u, u, count);
    for (int i = 0; i < count; i++) {
      double p = beta * y[i];
      v[i] = p < TINY ? y[i] : isLow(p) ? u[i] : isMiddle(p) ? 1 + 2 * u[i] : -u[i];
    }
    TileMath.INSTANCE.log(v, log, count);
    for (int i = 0; i < count; i++) {
      double p = beta * y[i];
      double rest = p < TINY ? logBeta : isMiddle(p) ? (2 * u[i] - (v[i] - 1)) / v[i] : 0;
      double base = isLow(p) || isMiddle(p) ? 0 : y[i];
      out[i] = base + (log[i] + rest) / beta;
    }
  }

  private static void gradient(Scratch scratch, double beta, int count) {
    double[] y = scratch.in;
    double[] out = scratch.out;
    double[] u = scratch.a;
    for (int i = 0; i < count; i++) {
      u[i] = -beta * y[i];
    }
    TileMath.INSTANCE.expm1(u, u, count);
    for (int i = 0; i < count; i++) {
      // |u|, for −0 is treated as 0.
      out[i] = y[i] < 0 ? Double.NaN : 1 / Math.abs(u[i]);
    }
  }

  private static boolean isLow(double p) {
    return p < MIDDLE_FROM;
  }

  private static boolean isMiddle(double p) {
    return p >= MIDDLE_FROM && p < MIDDLE_TO;
  }

  private static double minusLn2(double p, double lost) {
    return ((p - LN2_HIGH) + (lost - LN2_MIDDLE)) - LN2_LOW;
  }
}

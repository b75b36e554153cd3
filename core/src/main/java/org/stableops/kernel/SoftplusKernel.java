package org.stableops.kernel;

/**
 * softplus(x; β) = log(1 + e^{βx})/β and its derivative 1/(1 + e^{−βx}).
 *
 * <p>With p = βx rounded, e = βx − p is what the rounding lost. A relative error in e^{βx} is an
 * absolute one in βx, so for negative p, where the result is about e^{βx}, the lost part is put
 * back: e^{p+e} = e^p + e·e^p. For positive p the result is x plus a small term and needs none.
 */
public final class SoftplusKernel {
  /** From here down e^p loses bits to subnormal numbers, which a division by β < 1 would show. */
  private static final double FAR_TAIL = -700;

  /** From here down every result is 0, whatever β. */
  private static final double UNDERFLOW = -1500;

  private SoftplusKernel() {}

  /**
   * Writes softplus of x.
   *
   * @param x the arguments
   * @param beta β, finite and positive
   * @param out as long as x; may be x
   */
  public static void value(Elements x, double beta, Elements out) {
    Tiles.map(x, out, (scratch, count) -> value(scratch, beta, count));
  }

  /**
   * Writes the derivative of softplus at x.
   *
   * @param x the arguments
   * @param beta β, finite and positive
   * @param out as long as x; may be x
   */
  public static void gradient(Elements x, double beta, Elements out) {
    Tiles.map(x, out, (scratch, count) -> gradient(scratch, beta, count));
  }

  private static void value(Scratch scratch, double beta, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    double[] t = scratch.a;
    expOfMinusAbs(scratch, beta, count);
    TileMath.INSTANCE.log1p(t, t, count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.max(x[i], 0.0) + t[i] / beta;
    }
    for (int i = 0; i < count; i++) {
      double p = beta * x[i];
      if (p < FAR_TAIL) {
        out[i] = farTail(p, lost(beta, x[i], p), beta);
      }
    }
  }

  private static void gradient(Scratch scratch, double beta, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    double[] t = scratch.a;
    expOfMinusAbs(scratch, beta, count);
    for (int i = 0; i < count; i++) {
      out[i] = (x[i] < 0 ? t[i] : 1) / (1 + t[i]);
    }
  }

  /** Leaves e^{−|βx|} in {@code a}. */
  private static void expOfMinusAbs(Scratch scratch, double beta, int count) {
    double[] x = scratch.in;
    double[] t = scratch.a;
    double[] lost = scratch.b;
    for (int i = 0; i < count; i++) {
      double p = beta * x[i];
      t[i] = -Math.abs(p);
      lost[i] = p < 0 && p > UNDERFLOW ? lost(beta, x[i], p) : 0;
    }
    TileMath.INSTANCE.exp(t, t, count);
    for (int i = 0; i < count; i++) {
      t[i] = Math.fma(t[i], lost[i], t[i]);
    }
  }

  private static double lost(double beta, double x, double p) {
    return Math.fma(beta, x, -p);
  }

  /** e^{p+lost}/β as (e^{p/2}/β)·e^{p/2}, no factor of which is subnormal before the result is. */
  private static double farTail(double p, double lost, double beta) {
    if (p <= UNDERFLOW) {
      return 0;
    }
    double half = Math.exp(p / 2);
    double tail = half / beta * half;
    return Math.fma(tail, lost, tail);
  }
}

package org.stableops.kernel;

/**
 * softplus(x; β) = log(1 + e^{βx})/β and its derivative 1/(1 + e^{−βx}).
 *
 * <p>With t = e^{−|βx|} the value is max(x, 0) + log(1 + t)/β, the derivative 1/(1 + t) or t/(1 +
 * t). A relative error of t is an absolute one of βx: with p = β|x| rounded, fma(β, |x|, −p) is
 * what the rounding lost, and t is corrected by it.
 */
public final class SoftplusKernel {
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

  private static final class Floats implements ElementwiseKernel.FloatForm {
    @Override
    public void prepare(float[] x, float[] t, int count, Scratch scratch) {
      float[] p = scratch.floatB;
      for (int i = 0; i < count; i++) {
        p[i] = -Math.abs(x[i]);
      }
      scratch.floatMath.exp(p, t, count);
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
    /** From here down every value and derivative is 0, whatever β. */
    private static final double UNDERFLOW = 1500;

    /** From here down t loses bits to subnormal numbers, which a division by β < 1 would show. */
    private static final double FAR_TAIL = -700;

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
        p[i] = -beta * Math.abs(x[i]);
      }
      scratch.doubleMath.exp(p, t, count);
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
        out[i] = beta * x[i] < FAR_TAIL ? farTail(x[i]) : out[i];
      }
    }

    /**
     * e^{p+lost}/β as (e^{p/2}/β)·e^{p/2}, no factor of which is subnormal before the result is.
     */
    private double farTail(double x) {
      double p = beta * x;
      if (p <= -UNDERFLOW) {
        return 0;
      }
      double half = Math.exp(p / 2);
      double tail = half / beta * half;
      return Math.fma(tail, Math.fma(beta, x, -p), tail);
    }

    @Override
    public void gradient(double[] x, double[] t, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double negative = Math.min(Math.max(x[i] * -0x1p1022, 0), 1);
        out[i] = Math.fma(negative, t[i], 1 - negative) / (1 + t[i]);
      }
    }
  }
}

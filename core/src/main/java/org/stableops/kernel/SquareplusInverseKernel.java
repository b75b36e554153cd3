package org.stableops.kernel;

/**
 * squareplusInverse(y; b) = y − b/(4y) and its derivative 1 + b/(4y²).
 *
 * <p>With s = √b/2 and d = y − s the value is d + d·s/y: both terms have the same sign, so nothing
 * cancels. It crosses zero at the exact √b/2, which s misses by what {@code lost} is; d = (y − s) −
 * lost is accurate. The derivative is 1 + (s/y)².
 */
public final class SquareplusInverseKernel {
  private SquareplusInverseKernel() {}

  /**
   * Returns the kernel of the inverse of squareplus: −inf at 0, NaN below; the identity for b = 0.
   *
   * @param b finite and not negative
   * @return value and derivative
   */
  public static ElementwiseKernel of(double b) {
    if (b == 0) {
      return new ElementwiseKernel(null, new Identity());
    }
    ScaledB scaled = new ScaledB(b);
    boolean isInRange = b >= 0x1p-100 && b <= 0x1p100;
    return new ElementwiseKernel(isInRange ? new Floats(scaled) : null, new Doubles(scaled));
  }

  private static final class Floats implements ElementwiseKernel.FloatForm {
    /** Far above s, for which the product with s is 0 beside d; keeps inf from being multiplied. */
    private static final float LARGE = 0x1p76f;

    private final float s;
    private final float lost;

    Floats(ScaledB scaled) {
      this.s = (float) scaled.halfRoot();
      this.lost = (float) (scaled.halfRoot() - s + scaled.lostOfHalfRoot());
    }

    @Override
    public void value(float[] y, float[] unused, float[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        float d = (y[i] - s) - lost;
        // |y|, for −0 is treated as 0. The root is NaN for negative y.
        float rest = Math.min(d, LARGE) * s / Math.abs(y[i]);
        out[i] = d + rest + 0 * (float) Math.sqrt(Math.min(y[i], 1));
      }
    }

    @Override
    public void gradient(float[] y, float[] unused, float[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        float q = s / y[i];
        out[i] = Math.fma(q, q, 1) + 0 * (float) Math.sqrt(Math.min(y[i], 1));
      }
    }
  }

  /** s and y are scaled together where s alone, or s/y, might overflow. */
  private static final class Doubles implements ElementwiseKernel.DoubleForm {
    private static final double LARGE = 0x1p1000;

    private final ScaledB scaled;
    private final double s;
    private final double lost;

    Doubles(ScaledB scaled) {
      this.scaled = scaled;
      this.s = scaled.halfRoot();
      this.lost = scaled.lostOfHalfRoot();
    }

    @Override
    public void value(double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      double scaledS = s * scaled.scale;
      for (int i = 0; i < count; i++) {
        double d = (y[i] - s) - lost;
        double rest = Math.min(d, LARGE) * scaledS / (Math.abs(y[i]) * scaled.scale);
        out[i] = d + rest + 0 * Math.sqrt(Math.min(y[i], 1));
      }
    }

    @Override
    public void gradient(double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double q = s / y[i];
        out[i] = Math.fma(q, q, 1) + 0 * Math.sqrt(Math.min(y[i], 1));
      }
    }
  }

  private static final class Identity implements ElementwiseKernel.DoubleForm {
    @Override
    public void value(double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      System.arraycopy(y, 0, out, 0, count);
    }

    @Override
    public void gradient(double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = Double.isNaN(y[i]) ? Double.NaN : 1;
      }
    }
  }
}

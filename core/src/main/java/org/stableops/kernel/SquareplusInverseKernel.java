package org.stableops.kernel;

import org.stableops.Parameters;

/**
 * squareplusInverse(y; b) = y − b/(4y) and its derivative 1 + b/(4y²).
 *
 * <p>With s = √b/2 and d = y − s the value is d + d·s/y: both terms have the same sign, so nothing
 * cancels. It crosses zero at the exact √b/2, which s misses by what {@code lost} is; d = (y − s) −
 * lost is accurate. The derivative is 1 + (s/y)², the second one −b/(2y³).
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
    boolean isFloat = b >= 0x1p-100 && b <= 0x1p100 && b == (float) b;
    return new ElementwiseKernel(isFloat ? new Floats((float) b) : null, new Doubles(scaled));
  }

  /**
   * Returns the kernel of the inverse of squareplus with b an array; its derivative by b is
   * −1/(4y).
   *
   * @return value and derivatives
   */
  public static ParametricKernel parametric() {
    return new ParametricKernel(new Parametric(), Parameters::requireB);
  }

  /**
   * With the quotient q of b/4 and y, y − q is exact near the zero, and what q misses is added. Of
   * a b that is no float, what b/4 misses would be as large, and the two may cancel.
   */
  private static final class Floats implements ElementwiseKernel.FloatForm {
    /** From here on y is the value. */
    private static final float LARGE = 0x1p100f;

    private final float quarter;
    private final float s;

    Floats(float b) {
      this.quarter = b / 4;
      this.s = (float) (Math.sqrt(b) / 2);
    }

    @Override
    public void value(float[] y, float[] unused, float[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        // |y|, for −0 is treated as 0.
        float abs = Math.min(Math.abs(y[i]), LARGE);
        float q = Math.min(quarter / abs, Float.MAX_VALUE);
        float missed = Math.fma(-q, abs, quarter) / abs;
        // The root is NaN for negative y.
        out[i] = (y[i] - q) - missed + 0 * (float) Math.sqrt(Math.min(y[i], 1));
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

  /** s is scaled where it alone, or s/y, might overflow, and y with it or what comes of it back. */
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
      // Each at least 1, for a subnormal y would lose bits to a smaller one.
      double scale = Math.max(scaled.scale, 1);
      double unscale = Math.max(scaled.unscale, 1);
      for (int i = 0; i < count; i++) {
        double d = (y[i] - s) - lost;
        double rest = Math.min(d, LARGE) * scaledS / (Math.abs(y[i]) * scale) * unscale;
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

    @Override
    public void secondDerivative(
        double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        // |y|, for −0 is treated as 0. The root is NaN for negative y.
        double abs = Math.abs(y[i]) * scaled.scale;
        double ratio = scaled.b / abs * scaled.scale / abs / (2 * abs);
        out[i] = 0 * Math.sqrt(Math.min(y[i], 1)) - ratio;
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

    @Override
    public void secondDerivative(
        double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      SquareplusKernel.zeros(y, out, count);
    }
  }

  /** Every float but 0, and every double that is not extreme, needs no scale. */
  private static final class Parametric implements ParametricKernel.Form {
    /** Its product with s neither overflows, nor matters for larger y. */
    private static final double LARGE = 0x1p500;

    @Override
    public void prepare(double[] y, double[] b, double[] s, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        s[i] = Math.sqrt(b[i]) / 2;
      }
    }

    @Override
    public void value(
        double[] y, double[] b, double[] s, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double lost = Math.fma(-s[i], s[i], b[i] / 4) / (2 * s[i]);
        double d = (y[i] - s[i]) - lost;
        double rest = Math.min(d, LARGE) * s[i] / Math.abs(y[i]);
        out[i] = d + rest + 0 * Math.sqrt(Math.min(y[i], 1));
      }
      for (int i = 0; i < count; i++) {
        out[i] = isOther(b[i]) ? otherValue(y[i], b[i], scratch) : out[i];
      }
    }

    @Override
    public void gradient(
        double[] y, double[] b, double[] s, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double q = s[i] / y[i];
        out[i] = Math.fma(q, q, 1) + 0 * Math.sqrt(Math.min(y[i], 1));
      }
      for (int i = 0; i < count; i++) {
        out[i] = isOther(b[i]) ? otherGradient(y[i], b[i], scratch) : out[i];
      }
    }

    private static boolean isOther(double b) {
      return b == 0 || ScaledB.isExtreme(b);
    }

    private static double otherValue(double y, double b, Scratch scratch) {
      return b == 0 ? y : ParametricKernel.valueOf(new Doubles(new ScaledB(b)), y, scratch);
    }

    private static double otherGradient(double y, double b, Scratch scratch) {
      return ParametricKernel.gradientOf(
          b == 0 ? new Identity() : new Doubles(new ScaledB(b)), y, scratch);
    }

    @Override
    public void parameterGradient(
        double[] y, double[] b, double[] s, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        // |y|, for −0 is treated as 0. The root is NaN for negative y.
        out[i] = -0.25 / Math.abs(y[i]) + 0 * Math.sqrt(Math.min(y[i], 1));
      }
    }
  }
}

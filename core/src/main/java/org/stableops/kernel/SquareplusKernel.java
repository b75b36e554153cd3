package org.stableops.kernel;

import org.stableops.Parameters;

/**
 * squareplus(x; b) = (x + √(x² + b))/2 and its derivative (1 + x/√(x² + b))/2.
 *
 * <p>With r = √(x² + b) and h = (|x| + r)/2 the value is max(x, 0) + (b/4)/h: no subtraction, so
 * nothing cancels; |x| is cut off before it is squared where b no longer matters, so that nothing
 * overflows. With g = (b/2)/(|x|r + r²) the derivative is g for x ≤ 0 and 1 − g above. The
 * derivative by b is 1/(4r), the second derivative by x b/(2r³).
 */
public final class SquareplusKernel {
  private SquareplusKernel() {}

  /**
   * Returns the kernel of squareplus; b = 0 is exactly ReLU.
   *
   * @param b finite and not negative
   * @return value and derivative
   */
  public static ElementwiseKernel of(double b) {
    if (b == 0) {
      return new ElementwiseKernel(null, new Relu());
    }
    boolean isFloat = b == (float) b && b >= 0x1p-60 && b <= 0x1p40;
    return new ElementwiseKernel(isFloat ? new Floats((float) b) : null, new Doubles(b));
  }

  /**
   * Returns the kernel of squareplus with b an array.
   *
   * @return value and derivatives
   */
  public static ParametricKernel parametric() {
    return new ParametricKernel(new Parametric(), Parameters::requireB);
  }

  private static final class Floats implements ElementwiseKernel.FloatForm {
    /** Keeps the squares of the derivative from overflowing before it is 0. */
    private static final float SCALE = 0x1p-32f;

    private final float b;
    private final float limit;

    Floats(float b) {
      this.b = b;
      this.limit = (float) new ScaledB(b).limit(0x1p-23);
    }

    @Override
    public void value(float[] x, float[] unused, float[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        float abs = Math.abs(x[i]);
        float c = Math.min(abs, limit);
        float r = Math.max(abs, (float) Math.sqrt(Math.fma(c, c, b)));
        // Not half their sum, which may overflow.
        float h = 0.5f * abs + 0.5f * r;
        out[i] = Math.max(x[i], 0) + 0.25f * b / h;
      }
    }

    @Override
    public void gradient(float[] x, float[] unused, float[] out, int count, Scratch scratch) {
      float scaledB = b * SCALE * SCALE;
      for (int i = 0; i < count; i++) {
        float abs = Math.abs(x[i]) * SCALE;
        float s = Math.fma(abs, abs, scaledB);
        float g = 0.5f * scaledB / Math.fma(abs, (float) Math.sqrt(s), s);
        // 1 for positive x, 0 for negative, ½ at 0, without a choice, which C2 does not vectorise.
        float positive = Math.min(Math.max(Math.fma(x[i], 0x1p126f, 0.5f), 0), 1);
        out[i] = Math.fma(1 - 2 * positive, g, positive);
      }
    }
  }

  /** b is scaled to be near 1, x with it. */
  private static final class Doubles implements ElementwiseKernel.DoubleForm {
    private final ScaledB s;
    private final double limit;

    Doubles(double b) {
      this.s = new ScaledB(b);
      this.limit = s.limit(0x1p-52);
    }

    @Override
    public void prepare(double[] x, double[] r, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double abs = Math.abs(x[i]);
        double c = Math.min(abs, limit) * s.scale;
        r[i] = Math.max(abs, Math.sqrt(Math.fma(c, c, s.b)) * s.unscale);
      }
    }

    @Override
    public void value(double[] x, double[] r, double[] out, int count, Scratch scratch) {
      double quarter = 0.25 * s.b * s.unscale;
      for (int i = 0; i < count; i++) {
        double h = 0.5 * Math.abs(x[i]) + 0.5 * r[i];
        out[i] = Math.max(x[i], 0) + quarter / h * s.unscale;
      }
    }

    @Override
    public void gradient(double[] x, double[] r, double[] out, int count, Scratch scratch) {
      double quarter = 0.25 * s.b * s.unscale;
      for (int i = 0; i < count; i++) {
        double h = 0.5 * Math.abs(x[i]) + 0.5 * r[i];
        double g = quarter / h * (s.unscale / r[i]);
        double positive = Math.min(Math.max(Math.fma(x[i], 0x1p1022, 0.5), 0), 1);
        out[i] = Math.fma(1 - 2 * positive, g, positive);
      }
    }

    @Override
    public void secondDerivative(double[] x, double[] r, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double scaledR = r[i] * s.scale;
        // The scale early, before a quotient is subnormal that it would lift.
        out[i] = s.b / scaledR * s.scale / scaledR / (2 * scaledR);
      }
    }
  }

  private static final class Relu implements ElementwiseKernel.DoubleForm {
    @Override
    public void value(double[] x, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(x[i], 0);
      }
    }

    @Override
    public void gradient(double[] x, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = step(x[i]);
      }
    }

    @Override
    public void secondDerivative(
        double[] x, double[] unused, double[] out, int count, Scratch scratch) {
      zeros(x, out, count);
    }
  }

  /** 0, and NaN of NaN. */
  static void zeros(double[] x, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Double.isNaN(x[i]) ? Double.NaN : 0;
    }
  }

  private static double step(double x) {
    return x < 0 ? 0 : x > 0 ? 1 : x == 0 ? 0.5 : Double.NaN;
  }

  /** Every float, and every double that is not extreme, needs no scale. */
  private static final class Parametric implements ParametricKernel.Form {
    /** √(1/ε). */
    private static final double LIMIT = 0x1p26;

    @Override
    public void prepare(double[] x, double[] b, double[] r, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double abs = Math.abs(x[i]);
        double c = Math.min(abs, Math.sqrt(b[i]) * LIMIT);
        r[i] = Math.max(abs, Math.sqrt(Math.fma(c, c, b[i])));
      }
    }

    @Override
    public void value(
        double[] x, double[] b, double[] r, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        // Not 0, for b = 0 and x = 0.
        double h = Math.max(0.5 * Math.abs(x[i]) + 0.5 * r[i], Double.MIN_NORMAL);
        out[i] = Math.max(x[i], 0) + 0.25 * b[i] / h;
      }
      for (int i = 0; i < count; i++) {
        out[i] = ScaledB.isExtreme(b[i]) ? extremeValue(x[i], b[i], scratch) : out[i];
      }
    }

    private static double extremeValue(double x, double b, Scratch scratch) {
      return ParametricKernel.valueOf(new Doubles(b), x, scratch);
    }

    @Override
    public void gradient(
        double[] x, double[] b, double[] r, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double h = 0.5 * Math.abs(x[i]) + 0.5 * r[i];
        double g = 0.25 * b[i] / h / r[i];
        double positive = Math.min(Math.max(Math.fma(x[i], 0x1p1022, 0.5), 0), 1);
        out[i] = Math.fma(1 - 2 * positive, g, positive);
      }
      for (int i = 0; i < count; i++) {
        boolean isOther = b[i] == 0 || ScaledB.isExtreme(b[i]);
        out[i] = isOther ? otherGradient(x[i], b[i], scratch) : out[i];
      }
    }

    private static double otherGradient(double x, double b, Scratch scratch) {
      return b == 0 ? step(x) : ParametricKernel.gradientOf(new Doubles(b), x, scratch);
    }

    @Override
    public void parameterGradient(
        double[] x, double[] b, double[] r, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = 0.25 / r[i];
      }
      for (int i = 0; i < count; i++) {
        out[i] = ScaledB.isExtreme(b[i]) ? 0.25 / extremeRoot(x[i], b[i]) : out[i];
      }
    }

    private static double extremeRoot(double x, double b) {
      ScaledB s = new ScaledB(b);
      double c = Math.min(Math.abs(x), s.limit(0x1p-52)) * s.scale;
      return Math.max(Math.abs(x), Math.sqrt(Math.fma(c, c, s.b)) * s.unscale);
    }
  }
}

package org.stableops.kernel;

/**
 * squareplus(x; b) = (x + √(x² + b))/2 and its derivative (1 + x/√(x² + b))/2.
 *
 * <p>With h = (|x| + √(x² + b))/2 the value is max(x, 0) + (b/4)/h: no subtraction, so nothing
 * cancels. Its second term q is also the derivative's: q/r for x ≤ 0 and 1 − q/r above, r = √(x² +
 * b). To square without overflow |x| is cut off where b no longer matters, and c = 2^k|x| is
 * squared instead, with k such that 4^k·b is near 1.
 */
public final class SquareplusKernel {
  private SquareplusKernel() {}

  /**
   * Writes squareplus of x; b = 0 is exactly ReLU.
   *
   * @param x the arguments
   * @param b finite and not negative
   * @param out as long as x; may be x
   */
  public static void value(Elements x, double b, Elements out) {
    if (b == 0) {
      Tiles.map(x, out, SquareplusKernel::relu);
    } else {
      Scaled scaled = new Scaled(b);
      Tiles.map(x, out, (scratch, count) -> value(scratch, scaled, count));
    }
  }

  /**
   * Writes the derivative of squareplus at x; for b = 0 it is 0, ½ or 1.
   *
   * @param x the arguments
   * @param b finite and not negative
   * @param out as long as x; may be x
   */
  public static void gradient(Elements x, double b, Elements out) {
    if (b == 0) {
      Tiles.map(x, out, SquareplusKernel::step);
    } else {
      Scaled scaled = new Scaled(b);
      Tiles.map(x, out, (scratch, count) -> gradient(scratch, scaled, count));
    }
  }

  private static void value(Scratch scratch, Scaled s, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    for (int i = 0; i < count; i++) {
      double abs = Math.abs(x[i]);
      out[i] = Math.max(x[i], 0.0) + s.small(abs, s.root(abs));
    }
  }

  private static void gradient(Scratch scratch, Scaled s, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    for (int i = 0; i < count; i++) {
      double abs = Math.abs(x[i]);
      double root = s.root(abs);
      double ratio = s.small(abs, root) / root;
      out[i] = x[i] <= 0 ? ratio : 1 - ratio;
    }
  }

  private static void relu(Scratch scratch, int count) {
    for (int i = 0; i < count; i++) {
      scratch.out[i] = Math.max(scratch.in[i], 0.0);
    }
  }

  private static void step(Scratch scratch, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    for (int i = 0; i < count; i++) {
      out[i] = x[i] < 0 ? 0 : x[i] > 0 ? 1 : x[i] == 0 ? 0.5 : Double.NaN;
    }
  }

  /** b as 4^−k · {@code b}, with the scale 2^k and its inverse. */
  static final class Scaled {
    final double scale;
    final double unscale;
    final double b;

    /** √(b/ε): |x| above it is √(x² + b) to the last bit. */
    private final double limit;

    Scaled(double unscaled) {
      boolean subnormal = unscaled < Double.MIN_NORMAL;
      int exponent =
          subnormal ? Math.getExponent(unscaled * 0x1p60) - 60 : Math.getExponent(unscaled);
      int k = -Math.floorDiv(exponent, 2);
      scale = Math.scalb(1.0, k);
      unscale = Math.scalb(1.0, -k);
      b = unscaled * scale * scale;
      limit = Math.sqrt(b * 0x1p52) * unscale;
    }

    double root(double abs) {
      double c = Math.min(abs, limit) * scale;
      return Math.max(abs, Math.sqrt(Math.fma(c, c, b)) * unscale);
    }

    /** (b/4)/h, h = abs/2 + root/2 and not their sum, which may overflow, halved. */
    double small(double abs, double root) {
      double h = 0.5 * abs + 0.5 * root;
      return 0.25 * b / (h * scale) * unscale;
    }
  }
}

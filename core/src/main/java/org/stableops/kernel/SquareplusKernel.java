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
  private static final double EPSILON = 0x1p-52;

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
      ScaledB scaled = new ScaledB(b);
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
      ScaledB scaled = new ScaledB(b);
      Tiles.map(x, out, (scratch, count) -> gradient(scratch, scaled, count));
    }
  }

  private static void value(Scratch scratch, ScaledB s, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    double limit = s.limit(EPSILON);
    for (int i = 0; i < count; i++) {
      double abs = Math.abs(x[i]);
      out[i] = Math.max(x[i], 0.0) + quotient(abs, root(abs, s, limit), s) * s.unscale;
    }
  }

  private static void gradient(Scratch scratch, ScaledB s, int count) {
    double[] x = scratch.in;
    double[] out = scratch.out;
    double limit = s.limit(EPSILON);
    for (int i = 0; i < count; i++) {
      double abs = Math.abs(x[i]);
      double root = root(abs, s, limit);
      double ratio = abs == 0 ? 0.5 : quotient(abs, root, s) * (s.unscale / root);
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

  private static double root(double abs, ScaledB s, double limit) {
    double c = Math.min(abs, limit) * s.scale;
    return Math.max(abs, Math.sqrt(Math.fma(c, c, s.b)) * s.unscale);
  }

  /** 2^k·(b/4)/h, h = abs/2 + root/2 and not their sum, which may overflow, halved. */
  private static double quotient(double abs, double root, ScaledB s) {
    double h = 0.5 * abs + 0.5 * root;
    return 0.25 * s.b * s.unscale / h;
  }
}

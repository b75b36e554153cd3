package org.stableops.kernel;

/**
 * squareplusInverse(y; b) = y − b/(4y) and its derivative 1 + b/(4y²).
 *
 * <p>With s = √b/2 the value is (y − s)(1 + s/y). It crosses zero at the exact √b/2, which s misses
 * by s′ = (b/4 − s²)/(2s), so that (y − s) − s′ is the accurate factor. Far below s nothing
 * cancels, and y − (b/4)/y does not overflow early. The derivative is 1 + (s/y)².
 */
public final class SquareplusInverseKernel {
  private SquareplusInverseKernel() {}

  /**
   * Writes the inverse of squareplus at y: −inf at 0, NaN below; y itself for b = 0.
   *
   * @param y the arguments
   * @param b finite and not negative
   * @param out as long as y; may be y
   */
  public static void value(Elements y, double b, Elements out) {
    if (b == 0) {
      Tiles.map(y, out, SquareplusInverseKernel::identity);
    } else {
      ScaledB scaled = new ScaledB(b);
      Tiles.map(y, out, (scratch, count) -> value(scratch, b / 4, scaled, count));
    }
  }

  /**
   * Writes the derivative of the inverse of squareplus at y: +inf at 0, NaN below; 1 for b = 0.
   *
   * @param y the arguments
   * @param b finite and not negative
   * @param out as long as y; may be y
   */
  public static void gradient(Elements y, double b, Elements out) {
    if (b == 0) {
      Tiles.map(y, out, SquareplusInverseKernel::one);
    } else {
      double s = new ScaledB(b).halfRoot();
      Tiles.map(y, out, (scratch, count) -> gradient(scratch, s, count));
    }
  }

  private static void value(Scratch scratch, double quarter, ScaledB scaled, int count) {
    double[] y = scratch.in;
    double[] out = scratch.out;
    double s = scaled.halfRoot();
    double lost = scaled.lostOfHalfRoot();
    double quotientBelow = scaled.quotientBelow();
    for (int i = 0; i < count; i++) {
      // |y| under the divisions, for −0 is treated as 0.
      double abs = Math.abs(y[i]);
      double product = ((y[i] - s) - lost) * (1 + s / abs);
      double value = abs < quotientBelow ? y[i] - quarter / abs : product;
      out[i] = y[i] < 0 ? Double.NaN : value;
    }
  }

  private static void gradient(Scratch scratch, double s, int count) {
    double[] y = scratch.in;
    double[] out = scratch.out;
    for (int i = 0; i < count; i++) {
      double q = s / y[i];
      out[i] = y[i] < 0 ? Double.NaN : Math.fma(q, q, 1);
    }
  }

  private static void identity(Scratch scratch, int count) {
    System.arraycopy(scratch.in, 0, scratch.out, 0, count);
  }

  private static void one(Scratch scratch, int count) {
    for (int i = 0; i < count; i++) {
      scratch.out[i] = Double.isNaN(scratch.in[i]) ? Double.NaN : 1;
    }
  }
}

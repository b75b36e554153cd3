package org.stableops.kernel;

/**
 * The parameter b of squareplus as 4^−k·{@link #b}, with {@link #b} in [1, 4), so that squares
 * neither overflow nor underflow whatever b is.
 */
public final class ScaledB {
  /** Between these, no step of a formula in double overflows, or loses bits, without a scale. */
  private static final double SMALLEST_PLAIN = 0x1p-800;

  private static final double LARGEST_PLAIN = 0x1p800;

  /** 4^k times the parameter. */
  public final double b;

  /** 2^k. */
  public final double scale;

  /** 2^−k. */
  public final double unscale;

  /**
   * Scales a parameter.
   *
   * @param parameter b, finite and positive
   */
  public ScaledB(double parameter) {
    boolean subnormal = parameter < Double.MIN_NORMAL;
    int exponent =
        subnormal ? Math.getExponent(parameter * 0x1p60) - 60 : Math.getExponent(parameter);
    int k = -Math.floorDiv(exponent, 2);
    scale = Math.scalb(1.0, k);
    unscale = Math.scalb(1.0, -k);
    b = parameter * scale * scale;
  }

  /** Whether a formula in double needs the scale of a parameter; 0 has none. */
  static boolean isExtreme(double parameter) {
    return parameter > LARGEST_PLAIN || (parameter < SMALLEST_PLAIN && parameter > 0);
  }

  /**
   * Returns the bound beyond which b no longer matters: √(b/ε).
   *
   * @param epsilon the distance of 1 to the next number of the type
   * @return a bound; for |x| above it √(x² + b) is |x| to the last bit
   */
  public double limit(double epsilon) {
    return Math.sqrt(b / epsilon) * unscale;
  }

  /**
   * Returns √b/2, the zero of squareplus's inverse, rounded to double.
   *
   * @return √b/2
   */
  public double halfRoot() {
    return Math.sqrt(b) / 2 * unscale;
  }

  /**
   * Returns what the rounding of {@link #halfRoot} lost.
   *
   * @return √b/2 − halfRoot()
   */
  public double lostOfHalfRoot() {
    double root = Math.sqrt(b) / 2;
    return Math.fma(-root, root, b / 4) / (2 * root) * unscale;
  }

  /**
   * Returns the y below which squareplus's inverse is computed as y − (b/4)/y, because s/y with s =
   * √b/2 may overflow. For small b it cannot, while b/4 might underflow.
   *
   * @return s/2 or 0
   */
  public double quotientBelow() {
    return halfRoot() < 0x1p-51 ? 0 : halfRoot() / 2;
  }
}

package org.stableops.integration.oracle;

/** A floating-point format: its numbers are a subset of the doubles. */
public enum Format {
  /** IEEE half precision. */
  FLOAT16(10, -14, 15),
  /** The upper half of a float32. */
  BFLOAT16(7, -126, 127),
  /** IEEE single precision. */
  FLOAT32(23, -126, 127),
  /** IEEE double precision. */
  FLOAT64(52, -1022, 1023);

  private final int fractionBits;
  private final int minExponent;
  private final int maxExponent;

  Format(int fractionBits, int minExponent, int maxExponent) {
    this.fractionBits = fractionBits;
    this.minExponent = minExponent;
    this.maxExponent = maxExponent;
  }

  /**
   * Returns the distance of 1 to the next number.
   *
   * @return ε
   */
  public double epsilon() {
    return Math.scalb(1.0, -fractionBits);
  }

  /**
   * Returns the largest finite number.
   *
   * @return the largest finite number
   */
  public double max() {
    return Math.scalb(2 - epsilon(), maxExponent);
  }

  /**
   * Returns the smallest positive number.
   *
   * @return the smallest subnormal number
   */
  public double min() {
    return Math.scalb(1.0, minExponent - fractionBits);
  }

  /**
   * Returns the smallest positive number of full precision.
   *
   * @return the smallest normal number
   */
  public double minNormal() {
    return Math.scalb(1.0, minExponent);
  }

  /**
   * Returns the unit in the last place.
   *
   * @param value any finite number
   * @return the distance of this format's numbers around it
   */
  public double ulp(double value) {
    int exponent = Math.max(Math.getExponent(value), minExponent);
    return Math.scalb(1.0, exponent - fractionBits);
  }

  /**
   * Rounds to nearest, ties to even.
   *
   * @param value any number
   * @return the nearest number of this format, or an infinity
   */
  public double round(double value) {
    if (this == FLOAT64 || Double.isNaN(value) || Double.isInfinite(value)) {
      return value;
    }
    double ulp = ulp(value);
    double rounded = Math.rint(value / ulp) * ulp;
    return Math.abs(rounded) > max() ? Math.copySign(Double.POSITIVE_INFINITY, value) : rounded;
  }

  /**
   * Returns the error of a computed result.
   *
   * @param actual the computed result, a number of this format
   * @param exact the exact result
   * @return the distance in ulps of the exact result; infinite for a NaN or a wrong infinity
   */
  public double ulps(double actual, Exact exact) {
    double expected = round(exact.nearest());
    if (Double.isInfinite(expected) || Double.isInfinite(actual) || Double.isNaN(actual)) {
      return actual == expected ? 0 : Double.POSITIVE_INFINITY;
    }
    double ulp = ulp(exact.nearest());
    return Math.abs(
        (actual - exact.nearest()) / ulp - exact.rest() * (FLOAT64.ulp(exact.nearest()) / ulp));
  }

  /**
   * Returns the error of a sum of terms.
   *
   * @param actual the computed result, a number of this format
   * @param exact the exact result
   * @param terms Σ |terms|
   * @return the distance in ε·terms, or in ulps where it is one rounding or ε·terms is no number
   */
  public double ofTerms(double actual, Exact exact, double terms) {
    double ulps = ulps(actual, exact);
    return ulps <= 1
        ? ulps
        : Math.abs(actual - exact.nearest()) / Math.max(terms * epsilon(), min());
  }
}

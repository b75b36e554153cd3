package org.stableops.kernel;

/** A·φ(d/A) with φ(w) = w − log(1 + w): what the losses of counts are made of. */
final class Phi {
  /** Between these a quotient is a number of all digits. */
  private static final double SMALLEST_RATIO = 1e-290;

  private static final double LARGEST_RATIO = 1e300;

  /** Terms of Σ v^{2k}/(2k + 1) for |v| ≤ 1/3. */
  private static final int TERMS = 16;

  private Phi() {}

  /** Whether a ratio 1 + d/A is so near to 1 that w and its logarithm would cancel. */
  static boolean isNear(double ratio) {
    return ratio >= 0.5 && ratio <= 2;
  }

  /** A·φ(d/A) where the ratio is near, without a logarithm. */
  static double near(double a, double d) {
    double w = d / a;
    double v = w / (2 + w);
    return d * v - 2 * a * v * Stirling.oddReciprocals(v * v, TERMS);
  }

  /** Whether a quotient has neither overflowed nor lost digits. */
  static boolean isExact(double ratio) {
    return ratio > SMALLEST_RATIO && ratio < LARGEST_RATIO;
  }
}

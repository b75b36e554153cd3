package org.stableops.kernel;

/**
 * The transcendental functions of a tile, the one seam at which an implementation with SIMD can
 * replace plain Java. Each writes {@code out[i]} for {@code i < count} and may be given the same
 * array twice; each is within 1 ulp over the whole range, with the special values of {@link Math}.
 */
interface TileMath {
  /** The implementation of this JVM, chosen once. */
  TileMath INSTANCE = new JavaTileMath();

  /** e^x. */
  void exp(double[] x, double[] out, int count);

  /** e^x − 1. */
  void expm1(double[] x, double[] out, int count);

  /** log x. */
  void log(double[] x, double[] out, int count);

  /** log(1 + x). */
  void log1p(double[] x, double[] out, int count);
}

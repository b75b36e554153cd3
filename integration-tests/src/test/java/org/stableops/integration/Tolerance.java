package org.stableops.integration;

import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** The error bars of NUMERICS.md §3, in ulps of the exact result. */
public enum Tolerance {
  FUSED_VALUE(3, 4),
  FUSED_GRADIENT(4, 5),
  COMPOSITE_VALUE(6, 6),
  COMPOSITE_GRADIENT(8, 8),
  SECOND_DERIVATIVE(2, 6),
  /** Computed wider and rounded once. */
  NARROW(1, 1),
  SPARSE_LOSS(3, 16),
  SPARSE_GRADIENT_AT_LABEL(4, 16),
  LOG_SUM_EXP(3, 4),
  SOFTMAX(4, 16),
  /** In ε·W. */
  GRADIENT(4, 8),
  /** In ε·Σ|terms|. */
  DENSE_LOSS(4, 16),
  /** In ε·Σ|terms|, of the Hessian of a softmax cross-entropy. */
  HESSIAN(2, 8),
  /** Of its diagonal without z-loss. */
  HESSIAN_DIAGONAL(2, 6),
  /** In ε/β, of the composite softplus inverse around its zero. */
  NEAR_ZERO(6, 6);

  private final double float32;
  private final double float64;

  Tolerance(double float32, double float64) {
    this.float32 = float32;
    this.float64 = float64;
  }

  public double of(Format format) {
    return switch (format) {
      case FLOAT64 -> float64;
      case FLOAT32 -> float32;
      case FLOAT16, BFLOAT16 -> Math.min(float32, NARROW.float32);
    };
  }

  /** The bar of an elementwise second derivative. */
  public static double second(
      ElementwiseFunction function, double x, double parameter, Format format, Path path) {
    double bar = SECOND_DERIVATIVE.of(format);
    // A float32 result is rounded after the product has been, in float64.
    boolean rounds = format == Format.FLOAT64 && roundsProduct(function, parameter, format, path);
    return rounds ? bar + Math.abs(parameter * x) : bar;
  }

  /** The bar of an elementwise result. */
  public static double elementwise(
      ElementwiseFunction function,
      double x,
      double parameter,
      Format format,
      Path path,
      boolean gradient) {
    if (path == Path.FUSED) {
      return (gradient ? FUSED_GRADIENT : FUSED_VALUE).of(format);
    }
    double bar = (gradient ? COMPOSITE_GRADIENT : COMPOSITE_VALUE).of(format);
    return roundsProduct(function, parameter, format, path) ? bar + Math.abs(parameter * x) : bar;
  }

  /** Whether βx is rounded and its error not put back: in a composite, unless β is a power of 2. */
  public static boolean roundsProduct(
      ElementwiseFunction function, double parameter, Format format, Path path) {
    boolean isNarrow = format == Format.FLOAT16 || format == Format.BFLOAT16;
    boolean isPowerOfTwo = Math.scalb(1.0, Math.getExponent(parameter)) == parameter;
    return path == Path.COMPOSITE && function.isOfBeta() && !isPowerOfTwo && !isNarrow;
  }
}

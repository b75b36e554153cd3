package org.stableops.integration.fuzz;

import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;

/** The elementwise operators by definition, for all numbers: the exact ones and the special. */
record ElementwiseDefinition(ElementwiseFunction function, double x, double parameter) {
  private static final double INF = Double.POSITIVE_INFINITY;

  Exact value() {
    if (isOutside()) {
      return special(isIdentity() ? x : Double.NaN);
    }
    if (function.hasPositiveDomain() && x == 0) {
      return special(isIdentity() ? 0 : -INF);
    }
    return Double.isInfinite(x) ? special(Math.max(x, 0)) : function.value(x, parameter);
  }

  Exact gradient() {
    if (isOutside()) {
      return special(isIdentity() && !Double.isNaN(x) ? 1 : Double.NaN);
    }
    if (function.hasPositiveDomain() && x == 0) {
      return special(isIdentity() ? 1 : INF);
    }
    return Double.isInfinite(x) ? special(x > 0 ? 1 : 0) : function.gradient(x, parameter);
  }

  Exact parameterGradient() {
    if (isOutside()) {
      return special(Double.NaN);
    }
    return switch (function) {
      case SOFTPLUS_INVERSE -> x == 0 ? special(INF) : parameterGradientInside();
      case SQUAREPLUS_INVERSE -> x == 0 ? special(-INF) : parameterGradientInside();
      case SQUAREPLUS -> x == 0 && parameter == 0 ? special(INF) : parameterGradientInside();
      default -> parameterGradientInside();
    };
  }

  private Exact parameterGradientInside() {
    return Double.isInfinite(x) ? special(0) : function.parameterGradient(x, parameter);
  }

  private boolean isOutside() {
    return Double.isNaN(x) || (function.hasPositiveDomain() && x < 0);
  }

  /** Squareplus's inverse of b = 0 is that of ReLU's right half, continued. */
  private boolean isIdentity() {
    return function == ElementwiseFunction.SQUAREPLUS_INVERSE && parameter == 0;
  }

  private static Exact special(double number) {
    return new Exact(number, 0);
  }
}

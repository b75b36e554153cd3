package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * A number to about 106 bits.
 *
 * @param nearest the nearest double, infinite beyond the largest
 * @param rest the number minus the nearest double, in ulps of the latter
 */
public record Exact(double nearest, double rest) {
  /**
   * Rounds a number of any precision.
   *
   * @param value the number
   * @return its two parts
   */
  public static Exact of(BigDecimal value) {
    double nearest = value.doubleValue();
    if (Double.isInfinite(nearest)) {
      return new Exact(nearest, 0);
    }
    BigDecimal rest =
        value
            .subtract(new BigDecimal(nearest))
            .divide(new BigDecimal(Format.FLOAT64.ulp(nearest)), MathContext.DECIMAL64);
    return new Exact(nearest, rest.doubleValue());
  }
}

package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A number to about 106 bits.
 *
 * @param nearest the nearest double, infinite beyond the largest
 * @param rest the number minus the nearest double, in ulps of the latter
 */
public record Exact(double nearest, double rest) {
  /** Of the integer that a number is made into: a double's, and as many for the rest. */
  private static final int BITS = 120;

  private static final double BITS_OF_A_DIGIT = Math.log(10) / Math.log(2);

  private static final Map<Integer, BigInteger> POWERS_OF_TEN = new ConcurrentHashMap<>();

  /**
   * Rounds a number of any precision.
   *
   * @param value the number
   * @return its two parts
   */
  public static Exact of(BigDecimal value) {
    int exponent = (int) (value.unscaledValue().bitLength() - value.scale() * BITS_OF_A_DIGIT);
    return exponent > Double.MIN_EXPONENT + 2 && exponent < Double.MAX_EXPONENT - 2
        ? ofNormal(value, BITS - exponent)
        : ofAny(value);
  }

  /** By integers: BigDecimal finds the nearest double in its decimal text, which takes long. */
  private static Exact ofNormal(BigDecimal value, int shift) {
    BigInteger scaled = shifted(value, shift);
    double nearest = scaled.doubleValue();
    int ulp = Math.getExponent(nearest) - 52;
    BigInteger integer = BigInteger.valueOf((long) Math.scalb(nearest, -ulp)).shiftLeft(ulp);
    double rest = Math.scalb(scaled.subtract(integer).doubleValue(), -ulp);
    return new Exact(Math.scalb(nearest, -shift), rest);
  }

  /** The number times 2^shift. */
  private static BigInteger shifted(BigDecimal value, int shift) {
    BigInteger power = POWERS_OF_TEN.computeIfAbsent(Math.abs(value.scale()), BigInteger.TEN::pow);
    BigInteger unscaled = value.unscaledValue();
    if (value.scale() <= 0) {
      return unscaled.multiply(power).shiftLeft(shift);
    }
    return shift >= 0
        ? unscaled.shiftLeft(shift).divide(power)
        : unscaled.divide(power.shiftLeft(-shift));
  }

  private static Exact ofAny(BigDecimal value) {
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

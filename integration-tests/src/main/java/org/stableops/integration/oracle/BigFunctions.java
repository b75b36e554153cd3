package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;

/** Functions of arbitrary precision, to at least 34 digits whatever the argument. */
final class BigFunctions {
  /** Digits to compute with: 34, two doubles, and the 16 that e^x − 1 may cancel. */
  static final MathContext DIGITS = new MathContext(50);

  /** Beyond, e^−x is below the last digit next to any double, also divided by a square of one. */
  private static final BigDecimal NEGLIGIBLE = BigDecimal.valueOf(3000);

  /** Below, four terms of a series give all digits, and the direct formula would cancel. */
  private static final BigDecimal SMALL = new BigDecimal("1e-15");

  /** What {@link #log} computes with beside the digits that it returns. */
  private static final int SPARE = 12;

  /** Numbers of digits that there is an exponential for. */
  private static final int STEP = 20;

  private static final BigExp EXP = BigExp.of(DIGITS.getPrecision() + SPARE);

  private BigFunctions() {}

  static BigDecimal exp(BigDecimal x) {
    return x.compareTo(NEGLIGIBLE.negate()) < 0
        ? BigDecimal.ZERO
        : EXP.of(x.round(DIGITS)).round(DIGITS);
  }

  static BigDecimal log(BigDecimal x) {
    return log(x, EXP, DIGITS);
  }

  /** To as many digits, or decimal places where the logarithm is smaller than 1. */
  static BigDecimal log(BigDecimal x, MathContext digits) {
    int precision = digits.getPrecision() + SPARE;
    return log(x, BigExp.of(precision + Math.floorMod(-precision, STEP)), digits);
  }

  private static BigDecimal log(BigDecimal x, BigExp exp, MathContext digits) {
    BigDecimal rounded = x.round(digits);
    BigDecimal leading = x.round(MathContext.DECIMAL64);
    // As a double knows it, and what is left, less than 1e-12: log x = y + log(1 + (x·e^−y − 1)).
    BigDecimal y =
        new BigDecimal(
            Math.log(leading.unscaledValue().doubleValue()) - leading.scale() * Math.log(10));
    BigDecimal left = rounded.multiply(exp.of(y.negate()), exp.digits()).subtract(BigDecimal.ONE);
    return y.add(log1pOfSmall(left, exp.digits())).round(digits);
  }

  /** x − x²/2 + x³/3 …, of what is less than 1e-12. */
  private static BigDecimal log1pOfSmall(BigDecimal x, MathContext digits) {
    BigDecimal sum = BigDecimal.ZERO;
    BigDecimal power = BigDecimal.ONE;
    for (int k = 1; 12 * k <= digits.getPrecision() + 12; k++) {
      power = power.multiply(x, digits);
      sum = sum.add(power.divide(BigDecimal.valueOf(k % 2 == 0 ? -k : k), digits), digits);
    }
    return sum;
  }

  static BigDecimal sqrt(BigDecimal x) {
    return x.round(DIGITS).sqrt(DIGITS);
  }

  static BigDecimal divide(BigDecimal x, BigDecimal y) {
    return x.divide(y, DIGITS);
  }

  /** e^x − 1. */
  static BigDecimal expm1(BigDecimal x) {
    if (x.abs().compareTo(SMALL) >= 0) {
      return exp(x).subtract(BigDecimal.ONE);
    }
    return series(x, new int[] {1, 2, 6, 24});
  }

  /** log(1 + x). */
  static BigDecimal log1p(BigDecimal x) {
    if (x.abs().compareTo(SMALL) >= 0) {
      return log(BigDecimal.ONE.add(x));
    }
    return series(x, new int[] {1, -2, 3, -4});
  }

  private static BigDecimal series(BigDecimal x, int[] denominators) {
    BigDecimal sum = BigDecimal.ZERO;
    BigDecimal power = BigDecimal.ONE;
    for (int denominator : denominators) {
      power = power.multiply(x, DIGITS);
      sum = sum.add(power.divide(BigDecimal.valueOf(denominator), DIGITS), DIGITS);
    }
    return sum;
  }
}

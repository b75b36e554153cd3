package org.stableops.integration.oracle;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Functions of arbitrary precision, to at least 34 digits whatever the argument. */
final class BigFunctions {
  /** Digits to compute with: 34, two doubles, and the 16 that e^x − 1 may cancel. */
  static final MathContext DIGITS = new MathContext(50);

  /** Beyond, e^−x is below the last digit next to any double, also divided by a square of one. */
  private static final BigDecimal NEGLIGIBLE = BigDecimal.valueOf(3000);

  /** Below, four terms of a series give all digits, and the direct formula would cancel. */
  private static final BigDecimal SMALL = new BigDecimal("1e-15");

  /** The latest: the same logits meet other labels, reductions and hosts. */
  private static final Map<BigDecimal, BigDecimal> EXPONENTIALS =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<BigDecimal, BigDecimal> eldest) {
              return size() > 10_000;
            }
          });

  private BigFunctions() {}

  static BigDecimal exp(BigDecimal x) {
    return x.compareTo(NEGLIGIBLE.negate()) < 0
        ? BigDecimal.ZERO
        : EXPONENTIALS.computeIfAbsent(
            x.round(DIGITS), rounded -> BigDecimalMath.exp(rounded, DIGITS));
  }

  static BigDecimal log(BigDecimal x) {
    return BigDecimalMath.log(x.round(DIGITS), DIGITS);
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

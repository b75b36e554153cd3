package org.stableops.integration.oracle;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Functions of arbitrary precision, to at least 34 digits whatever the argument. */
final class BigFunctions {
  /** Digits to compute with: 34, two doubles, and the 16 that e^x − 1 may cancel. */
  static final MathContext DIGITS = new MathContext(50);

  /** Beyond, e^−x is below the last digit next to any double, also divided by a square of one. */
  private static final BigDecimal NEGLIGIBLE = BigDecimal.valueOf(3000);

  /** Below, four terms of a series give all digits, and the direct formula would cancel. */
  private static final BigDecimal SMALL = new BigDecimal("1e-15");

  /** Of the numbers that {@link #exp} computes with, as multiples of 2^−BITS: 67 digits. */
  private static final int BITS = 224;

  /** How often an argument is halved, and its exponential then squared; costs as many bits. */
  private static final int HALVINGS = 12;

  private static final BigDecimal ONE_IN_BITS = new BigDecimal(BigInteger.ONE.shiftLeft(BITS));

  /** One digit more than {@link #exp} gives, and log 2 to far more than any k·log 2 needs. */
  private static final MathContext MORE = new MathContext(62);

  private static final MathContext MANY = new MathContext(90);
  private static final BigDecimal LOG_2 = BigDecimalMath.log(BigDecimal.valueOf(2), MANY);

  /** By k: what the numbers are multiplied by to become e^x, 2^(k − BITS). */
  private static final Map<Integer, BigDecimal> SCALES = new ConcurrentHashMap<>();

  private BigFunctions() {}

  static BigDecimal exp(BigDecimal x) {
    return x.compareTo(NEGLIGIBLE.negate()) < 0
        ? BigDecimal.ZERO
        : expOf(x.round(DIGITS)).round(DIGITS);
  }

  /**
   * To 60 digits, by integers: BigDecimalMath is ten times as slow, and most of what the tests
   * against exact results wait for. BigFunctionsTest compares the two.
   *
   * @param x of at most DIGITS, not far beyond what has a double for exponential
   */
  private static BigDecimal expOf(BigDecimal x) {
    // x = k·log 2 + r, |r| about log(2)/2 at most.
    int k = (int) Math.rint(x.doubleValue() / Math.log(2));
    BigInteger r =
        x.subtract(LOG_2.multiply(BigDecimal.valueOf(k)))
            .multiply(ONE_IN_BITS)
            .toBigInteger()
            .shiftRight(HALVINGS);
    BigInteger sum = BigInteger.ONE.shiftLeft(BITS).add(r);
    BigInteger term = r;
    for (int n = 2; term.signum() != 0 && term.bitLength() > 1; n++) {
      term = term.multiply(r).shiftRight(BITS).divide(BigInteger.valueOf(n));
      sum = sum.add(term);
    }
    for (int i = 0; i < HALVINGS; i++) {
      sum = sum.multiply(sum).shiftRight(BITS);
    }
    BigDecimal scale = SCALES.computeIfAbsent(k, BigFunctions::scale);
    return new BigDecimal(sum).multiply(scale, MORE);
  }

  private static BigDecimal scale(int k) {
    BigDecimal power = BigDecimal.valueOf(2).pow(Math.abs(k - BITS));
    return k >= BITS ? power.round(MANY) : BigDecimal.ONE.divide(power, MANY);
  }

  static BigDecimal log(BigDecimal x) {
    BigDecimal rounded = x.round(DIGITS);
    // As a double knows it, and what is left, less than 1e-12: log x = y + log(1 + (x·e^−y − 1)).
    BigDecimal y =
        new BigDecimal(
            Math.log(rounded.unscaledValue().doubleValue()) - rounded.scale() * Math.log(10));
    BigDecimal left = rounded.multiply(expOf(y.negate()), MORE).subtract(BigDecimal.ONE);
    return y.add(series(left, new int[] {1, -2, 3, -4, 5})).round(DIGITS);
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

package org.stableops.integration.oracle;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The exponential to a number of digits, by integers: BigDecimalMath is ten times as slow, and most
 * of what the tests against exact results wait for. BigFunctionsTest compares the two.
 */
final class BigExp {
  /** How often an argument is halved, and its exponential then squared; costs as many bits. */
  private static final int HALVINGS = 12;

  /** Digits of constants beside those of the result, for any k. */
  private static final int MORE = 28;

  private static final Map<Integer, BigExp> KNOWN = new ConcurrentHashMap<>();

  private final MathContext digits;
  private final MathContext ofConstants;

  /** Numbers are integers, multiples of 2^−bits. */
  private final int bits;

  private final BigDecimal oneInBits;
  private final BigDecimal log2;

  /** By k: what the integers are multiplied by to become e^x, 2^(k − bits). */
  private final Map<Integer, BigDecimal> scales = new ConcurrentHashMap<>();

  private BigExp(int precision) {
    digits = new MathContext(precision);
    ofConstants = new MathContext(precision + MORE);
    bits = (int) Math.ceil(precision * Math.log(10) / Math.log(2)) + HALVINGS + 6;
    oneInBits = new BigDecimal(BigInteger.ONE.shiftLeft(bits));
    log2 = BigDecimalMath.log(BigDecimal.valueOf(2), ofConstants);
  }

  static BigExp of(int precision) {
    return KNOWN.computeIfAbsent(precision, BigExp::new);
  }

  MathContext digits() {
    return digits;
  }

  /**
   * Returns e^x to nearly all digits.
   *
   * @param x not far beyond what has a double for exponential
   */
  BigDecimal of(BigDecimal x) {
    // x = k·log 2 + r, |r| about log(2)/2 at most.
    int k = (int) Math.rint(x.doubleValue() / Math.log(2));
    BigInteger r =
        x.subtract(log2.multiply(BigDecimal.valueOf(k)))
            .multiply(oneInBits)
            .toBigInteger()
            .shiftRight(HALVINGS);
    BigInteger sum = BigInteger.ONE.shiftLeft(bits).add(r);
    BigInteger term = r;
    for (int n = 2; term.signum() != 0 && term.bitLength() > 1; n++) {
      term = term.multiply(r).shiftRight(bits).divide(BigInteger.valueOf(n));
      sum = sum.add(term);
    }
    for (int i = 0; i < HALVINGS; i++) {
      sum = sum.multiply(sum).shiftRight(bits);
    }
    return new BigDecimal(sum).multiply(scales.computeIfAbsent(k, this::scale), digits);
  }

  private BigDecimal scale(int k) {
    BigDecimal power = BigDecimal.valueOf(2).pow(Math.abs(k - bits));
    return k >= bits ? power.round(ofConstants) : BigDecimal.ONE.divide(power, ofConstants);
  }
}

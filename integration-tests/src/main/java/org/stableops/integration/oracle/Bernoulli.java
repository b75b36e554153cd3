package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Bernoulli numbers by integers, for which BigDecimalMath takes seconds. */
final class Bernoulli {
  private static final int COUNT = 40;

  /** The numbers T_k of the tangent's series, as Brent and Harvey compute them; T_0 is not used. */
  private static final BigInteger[] TANGENT = tangentNumbers();

  private Bernoulli() {}

  private static BigInteger[] tangentNumbers() {
    BigInteger[] t = new BigInteger[COUNT + 1];
    Arrays.setAll(t, k -> factorial(k - 1));
    for (int k = 2; k <= COUNT; k++) {
      for (int j = k; j <= COUNT; j++) {
        t[j] = times(t[j - 1], j - k).add(times(t[j], j - k + 2));
      }
    }
    return t;
  }

  private static BigInteger factorial(int n) {
    return IntStream.rangeClosed(1, n)
        .mapToObj(BigInteger::valueOf)
        .reduce(BigInteger.ONE, BigInteger::multiply);
  }

  private static BigInteger times(BigInteger x, long factor) {
    return x.multiply(BigInteger.valueOf(factor));
  }

  /** B_2k = ∓2k·T_k/(4^k·(4^k − 1)). */
  static BigDecimal number(int k, MathContext digits) {
    BigInteger power = BigInteger.ONE.shiftLeft(2 * k);
    BigInteger denominator = power.multiply(power.subtract(BigInteger.ONE));
    return new BigDecimal(times(TANGENT[k], k % 2 == 0 ? -2L * k : 2L * k))
        .divide(new BigDecimal(denominator), digits);
  }

  /** Coefficients of a series, made of B_2k and k from 1 on. */
  static BigDecimal[] coefficients(
      MathContext digits, BiFunction<BigDecimal, Integer, BigDecimal> coefficient) {
    return IntStream.rangeClosed(1, COUNT)
        .mapToObj(k -> coefficient.apply(number(k, digits), k))
        .toArray(BigDecimal[]::new);
  }
}

package org.stableops.integration.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.integration.Effort;

/** The oracle's own exponential and logarithm against those of a library. */
@Tag("thorough")
class BigFunctionsTest {
  private static final int POINTS = Effort.of(300, 3000);
  private static final MathContext DIGITS = new MathContext(60);
  private static final BigDecimal LAST_DIGIT = new BigDecimal("1e-49");

  /** Of a logarithm whatever it is: what an argument near 1 has itself lost by rounding. */
  private static final BigDecimal ABSOLUTE = new BigDecimal("1e-58");

  /** Of every size and sign; where they end, and about k·log 2 and (k + 1/2)·log 2. */
  private static DoubleStream arguments() {
    SplittableRandom random = new SplittableRandom(7);
    DoubleStream sizes =
        DoubleStream.generate(
            () ->
                (random.nextBoolean() ? 1 : -1)
                    * Math.scalb(1 + random.nextDouble(), random.nextInt(-1074, 11)));
    DoubleStream moderate = random.doubles(-800, 800);
    DoubleStream halves =
        DoubleStream.generate(
            () -> random.nextInt(-2000, 2000) * Math.log(2) / 2 + random.nextInt(-3, 4) * 1e-14);
    double[] ends = {0, 4.9e-324, -4.9e-324, 1, -1, 709.7, -745.2, 2047, -2999.9};
    return DoubleStream.concat(
        DoubleStream.concat(DoubleStream.of(ends), sizes.limit(POINTS)),
        DoubleStream.concat(moderate.limit(POINTS), halves.limit(POINTS)));
  }

  @Test
  void exponentialsHaveAllDigits() {
    arguments()
        .mapToObj(BigDecimal::new)
        // Few arguments of the operators are doubles: with β or a difference they are longer.
        .map(x -> x.multiply(new BigDecimal("1.00000000000000000012345"), BigFunctions.DIGITS))
        .forEach(
            x ->
                assertClose(
                    BigDecimalMath.exp(x, DIGITS),
                    BigFunctions.exp(x),
                    BigDecimal.ZERO,
                    "exp " + x));
    assertEquals(BigDecimal.ZERO, BigFunctions.exp(new BigDecimal(-1e300)));
  }

  @Test
  void logarithmsHaveAllDigits() {
    SplittableRandom random = new SplittableRandom(8);
    arguments()
        .map(Math::abs)
        .filter(x -> x > 0)
        .mapToObj(BigDecimal::new)
        .forEach(
            x -> {
              assertLog(x);
              // Beyond the doubles, as e^x is, and beside 1.
              assertLog(BigFunctions.exp(x.min(BigDecimal.valueOf(2900))));
              assertLog(BigDecimal.ONE.add(new BigDecimal(random.nextDouble(-1e-9, 1e-9))));
            });
    assertLog(BigDecimal.ONE);
  }

  @Test
  void logarithmsOfMoreDigitsHaveThem() {
    SplittableRandom random = new SplittableRandom(9);
    for (int digits : new int[] {60, 97, 145, 380}) {
      MathContext context = new MathContext(digits);
      BigDecimal lastDigit = BigDecimal.ONE.movePointLeft(digits - 1);
      for (int i = 0; i < POINTS / 30; i++) {
        BigDecimal x =
            BigFunctions.exp(new BigDecimal(random.nextDouble(-700, 700)))
                .add(new BigDecimal(random.nextDouble()).movePointLeft(digits - 16));
        BigDecimal expected = BigDecimalMath.log(x, context);
        BigDecimal error = expected.subtract(BigFunctions.log(x, context)).abs();
        BigDecimal bar = expected.abs().max(BigDecimal.ONE).multiply(lastDigit);
        assertTrue(error.compareTo(bar) <= 0, "log of " + digits + " digits, " + x);
      }
    }
  }

  private static void assertLog(BigDecimal argument) {
    BigDecimal x = argument.round(BigFunctions.DIGITS);
    assertClose(BigDecimalMath.log(x, DIGITS), BigFunctions.log(x), ABSOLUTE, "log " + x);
  }

  private static void assertClose(
      BigDecimal expected, BigDecimal actual, BigDecimal absolute, String what) {
    BigDecimal error = actual.subtract(expected).abs();
    BigDecimal bar = expected.abs().multiply(LAST_DIGIT).max(absolute);
    assertTrue(error.compareTo(bar) <= 0, what + ": " + error);
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The formulas of the elementwise operators in exact arithmetic, by p the parameter. */
final class Exact {
  /** A formula of the argument and the parameter. */
  interface Formula {
    BigDecimal at(BigDecimal x, BigDecimal p);
  }

  private static final MathContext DIGITS = new MathContext(50);
  private static final BigDecimal ONE = BigDecimal.ONE;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal FOUR = BigDecimal.valueOf(4);

  /** Below, three terms of a series have all digits that are asked for. */
  private static final BigDecimal SMALL = new BigDecimal("1e-15");

  private static final BigDecimal LARGE = BigDecimal.valueOf(5000);

  /** Exact values take longer than all else, and tests of mutants ask for them again and again. */
  private static final Map<Point, BigDecimal> KNOWN = new ConcurrentHashMap<>();

  private record Point(Formula formula, double x, double p) {}

  private Exact() {}

  static BigDecimal at(Formula formula, double x, double p) {
    return KNOWN.computeIfAbsent(
        new Point(formula, x, p), point -> formula.at(new BigDecimal(x), new BigDecimal(p)));
  }

  // ---- softplus

  static BigDecimal softplus(BigDecimal x, BigDecimal beta) {
    return x.max(BigDecimal.ZERO).add(over(log1p(exp(negativeAbs(x, beta))), beta));
  }

  static BigDecimal softplusGradient(BigDecimal x, BigDecimal beta) {
    BigDecimal t = exp(negativeAbs(x, beta));
    return over(x.signum() < 0 ? t : ONE, ONE.add(t));
  }

  /** β·t/(1 + t)². */
  static BigDecimal softplusSecond(BigDecimal x, BigDecimal beta) {
    BigDecimal t = exp(negativeAbs(x, beta));
    BigDecimal onePlusT = ONE.add(t);
    return over(over(beta.multiply(t), onePlusT), onePlusT);
  }

  static BigDecimal softplusByBeta(BigDecimal x, BigDecimal beta) {
    BigDecimal a = negativeAbs(x, beta);
    BigDecimal t = exp(a);
    BigDecimal first = over(a.multiply(t), ONE.add(t));
    return over(first.subtract(log1p(t)), beta.multiply(beta));
  }

  private static BigDecimal negativeAbs(BigDecimal x, BigDecimal beta) {
    return x.abs().multiply(beta).negate();
  }

  // ---- softplusInverse

  static BigDecimal softplusInverse(BigDecimal y, BigDecimal beta) {
    BigDecimal p = y.multiply(beta);
    return p.compareTo(ONE) < 0
        ? over(log(expm1(p)), beta)
        : y.add(over(log1p(exp(p.negate()).negate()), beta));
  }

  static BigDecimal softplusInverseGradient(BigDecimal y, BigDecimal beta) {
    return over(ONE, expm1(y.multiply(beta).negate()).negate());
  }

  /** −β·t/(1 − t)². */
  static BigDecimal softplusInverseSecond(BigDecimal y, BigDecimal beta) {
    BigDecimal minusP = y.multiply(beta).negate();
    BigDecimal w = expm1(minusP);
    return over(over(beta.negate().multiply(exp(minusP)), w), w);
  }

  static BigDecimal softplusInverseByBeta(BigDecimal y, BigDecimal beta) {
    BigDecimal p = y.multiply(beta);
    BigDecimal quotient = over(p, expm1(p));
    BigDecimal t = exp(p.negate());
    BigDecimal log = t.compareTo(SMALL) < 0 ? log1p(t.negate()) : log(expm1(p.negate()).negate());
    return over(quotient.subtract(log), beta.multiply(beta));
  }

  // ---- squareplus

  static BigDecimal squareplus(BigDecimal x, BigDecimal b) {
    BigDecimal h = over(x.abs().add(root(x, b)), TWO);
    return x.max(BigDecimal.ZERO).add(over(over(b, FOUR), h));
  }

  static BigDecimal squareplusGradient(BigDecimal x, BigDecimal b) {
    BigDecimal r = root(x, b);
    BigDecimal g = over(over(b, TWO), x.abs().multiply(r).add(r.multiply(r)));
    return x.signum() <= 0 ? g : ONE.subtract(g);
  }

  /** b/(2r³). */
  static BigDecimal squareplusSecond(BigDecimal x, BigDecimal b) {
    BigDecimal root = root(x, b);
    return over(over(over(b, root), root), root.multiply(TWO));
  }

  static BigDecimal squareplusByB(BigDecimal x, BigDecimal b) {
    return over(ONE, FOUR.multiply(root(x, b)));
  }

  private static BigDecimal root(BigDecimal x, BigDecimal b) {
    return x.multiply(x).add(b).sqrt(DIGITS);
  }

  // ---- squareplusInverse

  static BigDecimal squareplusInverse(BigDecimal y, BigDecimal b) {
    // Not rounded before the difference, which is small about its zero.
    return over(y.multiply(y).multiply(FOUR).subtract(b), FOUR.multiply(y));
  }

  static BigDecimal squareplusInverseGradient(BigDecimal y, BigDecimal b) {
    return ONE.add(over(b, FOUR.multiply(y).multiply(y)));
  }

  static BigDecimal squareplusInverseSecond(BigDecimal y, BigDecimal b) {
    return over(b, y.multiply(y).multiply(y).multiply(TWO)).negate();
  }

  static BigDecimal squareplusInverseByB(BigDecimal y, BigDecimal b) {
    return over(ONE, FOUR.multiply(y)).negate();
  }

  // ---- the logarithm of the derivative, and its derivative

  static BigDecimal logDerivativeOfSoftplus(BigDecimal r, BigDecimal beta) {
    BigDecimal v = r.multiply(beta);
    return v.min(BigDecimal.ZERO).subtract(log1p(exp(v.abs().negate())));
  }

  static BigDecimal logDerivativeOfSoftplusGradient(BigDecimal r, BigDecimal beta) {
    return beta.multiply(softplusGradient(r.negate(), beta));
  }

  static BigDecimal logDerivativeOfSquareplus(BigDecimal r, BigDecimal b) {
    return r.signum() < 0
        ? log(squareplusGradient(r, b))
        : log1p(squareplusGradient(r.negate(), b).negate());
  }

  static BigDecimal logDerivativeOfSquareplusGradient(BigDecimal r, BigDecimal b) {
    return over(squareplusGradient(r.negate(), b).multiply(TWO), root(r, b));
  }

  // ---- elementary functions

  /** Cut off far from all that a double can be. */
  static BigDecimal exp(BigDecimal x) {
    return BigDecimalMath.exp(x.max(LARGE.negate()).min(LARGE), DIGITS);
  }

  static BigDecimal log(BigDecimal x) {
    return BigDecimalMath.log(x, DIGITS);
  }

  static BigDecimal expm1(BigDecimal x) {
    return x.abs().compareTo(SMALL) < 0
        ? series(x, ONE.divide(BigDecimal.valueOf(6), DIGITS))
        : exp(x).subtract(ONE);
  }

  static BigDecimal log1p(BigDecimal x) {
    return x.abs().compareTo(SMALL) < 0
        ? series(x.negate(), ONE.divide(BigDecimal.valueOf(3), DIGITS)).negate()
        : log(x.add(ONE));
  }

  /** x + x²/2 + c·x³. */
  private static BigDecimal series(BigDecimal x, BigDecimal c) {
    return x.multiply(c.multiply(x).add(over(ONE, TWO)), DIGITS).add(ONE).multiply(x, DIGITS);
  }

  private static BigDecimal over(BigDecimal numerator, BigDecimal denominator) {
    return numerator.divide(denominator, DIGITS);
  }

  // ---- comparisons

  static void assertWithin(double ulps, BigDecimal exact, double actual, Supplier<String> where) {
    double rounded = exact.doubleValue();
    if (Double.isInfinite(rounded)) {
      assertTrue(actual == rounded, () -> where.get() + ": got " + actual + ", exact " + exact);
      return;
    }
    assertError(ulps * Math.ulp(rounded), exact, actual, where);
  }

  static void assertWithin(double ulps, BigDecimal exact, float actual, Supplier<String> where) {
    float rounded = exact.floatValue();
    if (Float.isInfinite(rounded)) {
      assertTrue(actual == rounded, () -> where.get() + ": got " + actual + ", exact " + exact);
      return;
    }
    assertError(ulps * Math.ulp(rounded), exact, actual, where);
  }

  private static void assertError(
      double bar, BigDecimal exact, double actual, Supplier<String> where) {
    assertTrue(
        Double.isFinite(actual)
            && exact.subtract(new BigDecimal(actual)).abs().doubleValue() <= bar,
        () -> where.get() + ": got " + actual + ", exact " + exact.doubleValue());
  }
}

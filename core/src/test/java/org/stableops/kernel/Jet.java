package org.stableops.kernel;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.stream.IntStream;

/**
 * A number with its first and second derivative by one variable, in exact arithmetic: so a loss
 * that is written down once, by its definition, has its derivatives too.
 */
record Jet(BigDecimal value, BigDecimal first, BigDecimal second) {
  private static final MathContext DIGITS = new MathContext(64);
  private static final BigDecimal ZERO = BigDecimal.ZERO;
  private static final BigDecimal ONE = BigDecimal.ONE;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** Below, three terms of log(1 + x) have all digits that are asked for. */
  private static final BigDecimal SMALL = new BigDecimal("1e-20");

  /** From here on Stirling's series has more digits than are asked for. */
  private static final BigDecimal LARGE = BigDecimal.valueOf(40);

  private static final int SERIES = 24;

  /** B_2k/(2k·(2k − 1)). */
  private static final BigDecimal[] STIRLING =
      IntStream.rangeClosed(1, SERIES)
          .mapToObj(
              k ->
                  BigDecimalMath.bernoulli(2 * k, DIGITS)
                      .divide(BigDecimal.valueOf(2L * k * (2L * k - 1)), DIGITS))
          .toArray(BigDecimal[]::new);

  private static final BigDecimal HALF_LOG_TWO_PI =
      BigDecimalMath.log(BigDecimalMath.pi(DIGITS).multiply(TWO), DIGITS).divide(TWO, DIGITS);

  static Jet of(double number) {
    return new Jet(new BigDecimal(number), ZERO, ZERO);
  }

  /** What is derived by. */
  static Jet variable(double number) {
    return new Jet(new BigDecimal(number), ONE, ZERO);
  }

  Jet plus(Jet other) {
    return new Jet(
        value.add(other.value, DIGITS),
        first.add(other.first, DIGITS),
        second.add(other.second, DIGITS));
  }

  Jet minus(Jet other) {
    return plus(other.times(-1));
  }

  Jet plus(double number) {
    return plus(of(number));
  }

  Jet times(double number) {
    BigDecimal factor = new BigDecimal(number);
    return new Jet(
        value.multiply(factor, DIGITS),
        first.multiply(factor, DIGITS),
        second.multiply(factor, DIGITS));
  }

  Jet times(Jet other) {
    BigDecimal mixed = first.multiply(other.first, DIGITS).multiply(TWO);
    return new Jet(
        value.multiply(other.value, DIGITS),
        first.multiply(other.value, DIGITS).add(value.multiply(other.first, DIGITS), DIGITS),
        second
            .multiply(other.value, DIGITS)
            .add(value.multiply(other.second, DIGITS), DIGITS)
            .add(mixed, DIGITS));
  }

  Jet over(Jet other) {
    BigDecimal inverse = ONE.divide(other.value, DIGITS);
    BigDecimal square = inverse.multiply(inverse, DIGITS);
    return times(
        other.map(inverse, square.negate(), square.multiply(inverse, DIGITS).multiply(TWO)));
  }

  /** A function of this number, given with its derivatives there by the number itself. */
  Jet map(Jet function) {
    return map(function.value, function.first, function.second);
  }

  private Jet map(BigDecimal f, BigDecimal slope, BigDecimal curvature) {
    return new Jet(
        f,
        slope.multiply(first, DIGITS),
        curvature.multiply(first, DIGITS).multiply(first, DIGITS).add(slope.multiply(second)));
  }

  Jet exp() {
    BigDecimal exp = BigDecimalMath.exp(value.round(DIGITS), DIGITS);
    return map(exp, exp, exp);
  }

  Jet log() {
    BigDecimal inverse = ONE.divide(value, DIGITS);
    return map(
        BigDecimalMath.log(value, DIGITS), inverse, inverse.multiply(inverse, DIGITS).negate());
  }

  Jet log1p() {
    BigDecimal inverse = ONE.divide(ONE.add(value, DIGITS), DIGITS);
    return map(log1p(value), inverse, inverse.multiply(inverse, DIGITS).negate());
  }

  private static BigDecimal log1p(BigDecimal x) {
    if (x.abs().compareTo(SMALL) > 0) {
      return BigDecimalMath.log(ONE.add(x), DIGITS);
    }
    BigDecimal third = x.divide(BigDecimal.valueOf(3), DIGITS);
    return x.multiply(ONE.subtract(x.multiply(new BigDecimal("0.5").subtract(third), DIGITS)));
  }

  Jet sqrt() {
    BigDecimal root = value.sqrt(DIGITS);
    BigDecimal slope = ONE.divide(root.multiply(TWO), DIGITS);
    return map(root, slope, slope.divide(value.multiply(TWO), DIGITS).negate());
  }

  /** log(1 + e^x). */
  Jet softplus() {
    return value.signum() < 0 ? exp().log1p() : plus(times(-1).exp().log1p());
  }

  /** log Γ, of more than 0. */
  Jet logGamma() {
    Jet product = of(1);
    Jet at = this;
    while (at.value.compareTo(LARGE) < 0) {
      product = product.times(at);
      at = at.plus(1);
    }
    Jet sum = at.plus(-0.5).times(at.log()).minus(at).minus(product.log());
    Jet inverse = of(1).over(at);
    Jet square = inverse.times(inverse);
    Jet series = of(0);
    for (int k = SERIES - 1; k >= 0; k--) {
      series = series.times(square).plus(new Jet(STIRLING[k], ZERO, ZERO));
    }
    return sum.plus(series.times(inverse)).plus(new Jet(HALF_LOG_TWO_PI, ZERO, ZERO));
  }
}

package org.stableops.integration.oracle;

import static org.stableops.integration.oracle.BigFunctions.DIGITS;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.MathContext;
import org.stableops.CountOptions;

/**
 * The Poisson loss of one finite raw value by exact arithmetic, from its definition.
 *
 * @param loss λ − y·log λ, with the full likelihood + log Γ(y + 1)
 * @param gradient its derivative
 * @param second its second derivative
 * @param rate λ
 * @param lossTerms λ + y(1 + |log λ|)
 * @param gradientTerms λ′ + y·λ′/λ
 * @param secondTerms |λ″| + y·(|λ″|/λ + (λ′/λ)²)
 */
public record PoissonExact(
    Exact loss,
    Exact gradient,
    Exact second,
    double rate,
    double lossTerms,
    double gradientTerms,
    double secondTerms) {
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** Digits for log Γ, of whose large terms 13 cancel. */
  private static final MathContext MORE = new MathContext(70);

  private static final int LARGE = 60;

  /** B_2k/(2k·(2k − 1)). */
  private static final BigDecimal[] COEFFICIENTS =
      Bernoulli.coefficients(
          MORE, (b, k) -> b.divide(BigDecimal.valueOf(2L * k * (2L * k - 1)), MORE));

  private static final BigDecimal HALF_LOG_TWO_PI =
      BigDecimalMath.log(BigDecimalMath.pi(MORE).multiply(TWO), MORE).divide(TWO, MORE);

  /**
   * Computes the loss.
   *
   * @param r a raw value
   * @param y a count
   * @param options rate and full likelihood
   * @return the loss and its derivatives
   */
  public static PoissonExact of(double r, double y, CountOptions options) {
    return of(r, 1, y, options);
  }

  /**
   * Computes the loss with an exposure.
   *
   * @param r a raw value
   * @param exposure what the rate is multiplied by
   * @param y a count
   * @param options rate and full likelihood
   * @return the loss and its derivatives
   */
  public static PoissonExact of(double r, double exposure, double y, CountOptions options) {
    ExactRate rate =
        ExactRate.of(new BigDecimal(r), options.rate().orElse(null))
            .times(new BigDecimal(exposure));
    BigDecimal count = new BigDecimal(y);
    BigDecimal log = BigFunctions.log(rate.value());
    BigDecimal loss = rate.value().subtract(count.multiply(log));
    if (options.hasFullLikelihood() && y != 0) {
      loss = loss.add(logGamma(count.add(BigDecimal.ONE)));
    }
    BigDecimal logSlope = BigFunctions.divide(rate.slope(), rate.value());
    BigDecimal quotient = BigFunctions.divide(rate.curvature(), rate.value());
    BigDecimal square = logSlope.multiply(logSlope, DIGITS);
    return new PoissonExact(
        Exact.of(loss),
        Exact.of(rate.slope().subtract(count.multiply(logSlope))),
        Exact.of(rate.curvature().subtract(count.multiply(quotient.subtract(square)))),
        rate.value().doubleValue(),
        rate.value().add(count.multiply(BigDecimal.ONE.add(log.abs()))).doubleValue(),
        rate.slope().add(count.multiply(logSlope)).doubleValue(),
        rate.curvature().add(count.multiply(quotient.add(square))).doubleValue());
  }

  /** log Γ(z) for z ≥ 1, by Stirling's series from where it has all digits. */
  static BigDecimal logGamma(BigDecimal z) {
    BigDecimal product = BigDecimal.ONE;
    BigDecimal at = z;
    while (at.compareTo(BigDecimal.valueOf(LARGE)) < 0) {
      product = product.multiply(at, MORE);
      at = at.add(BigDecimal.ONE);
    }
    BigDecimal log = BigFunctions.log(at, MORE);
    BigDecimal sum =
        at.subtract(new BigDecimal("0.5")).multiply(log).subtract(at).add(HALF_LOG_TWO_PI);
    BigDecimal inverse = BigDecimal.ONE.divide(at, MORE);
    BigDecimal square = inverse.multiply(inverse, MORE);
    BigDecimal power = inverse;
    for (BigDecimal coefficient : COEFFICIENTS) {
      sum = sum.add(coefficient.multiply(power), MORE);
      power = power.multiply(square, MORE);
    }
    return sum.subtract(BigFunctions.log(product, MORE));
  }
}

package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.HashMap;
import java.util.Map;
import org.stableops.CountOptions;

/**
 * The negative binomial loss of one finite raw value by exact arithmetic, from its definition by
 * log Γ and ψ, with as many digits as they cancel.
 *
 * @param loss its value, with log y! if the likelihood is the full one
 * @param gradient its derivative by the raw value
 * @param parameterGradient that by θ
 * @param second its second derivative by the raw value
 * @param parameterSecond its second derivative by θ
 * @param mixed its derivative by the raw value and θ
 * @param full the loss with the full likelihood
 * @param lossTerms that, and without the full likelihood y·(1 + |log y|) more
 * @param gradientTerms ρ·θ(μ + y)/(θ + μ)
 * @param parameterTerms φ(w) and what the gradient by θ is less
 * @param secondTerms those of ρ²·θμn/(θ + μ)² − (λ″/λ − ρ²)·θw
 * @param parameterSecondTerms w²/n and what the second derivative by θ is more
 * @param mixedTerms ρμ(y + μ)/(θ + μ)²
 * @param timesTheta |θw|
 * @param least min(θ, μ)
 */
public record NegativeBinomialExact(
    Exact loss,
    Exact gradient,
    Exact parameterGradient,
    Exact second,
    Exact parameterSecond,
    Exact mixed,
    double full,
    double lossTerms,
    double gradientTerms,
    double parameterTerms,
    double secondTerms,
    double parameterSecondTerms,
    double mixedTerms,
    double timesTheta,
    double least) {
  /** From here on the asymptotic series of log Γ and ψ have more digits than are needed. */
  private static final BigDecimal LARGE = BigDecimal.valueOf(60);

  /** Digits beside those that cancel. */
  private static final int DIGITS = 60;

  private static final MathContext OF_SERIES = new MathContext(90);

  /** B_2k/(2k·(2k − 1)), −B_2k/(2k) and B_2k. */
  private static final BigDecimal[] OF_LOG_GAMMA =
      Bernoulli.coefficients(
          OF_SERIES, (b, k) -> b.divide(BigDecimal.valueOf(2L * k * (2L * k - 1)), OF_SERIES));

  private static final BigDecimal[] OF_DIGAMMA =
      Bernoulli.coefficients(OF_SERIES, (b, k) -> b.divide(BigDecimal.valueOf(-2L * k), OF_SERIES));

  private static final BigDecimal[] OF_TRIGAMMA = Bernoulli.coefficients(OF_SERIES, (b, k) -> b);

  /**
   * Computes the loss.
   *
   * @param r a raw value
   * @param inverseDispersion θ
   * @param count y
   * @param options rate and full likelihood
   * @return the loss and its derivatives
   */
  public static NegativeBinomialExact of(
      double r, double inverseDispersion, double count, CountOptions options) {
    ExactRate rate = ExactRate.of(new BigDecimal(r), options.rate().orElse(null));
    return new Computation(rate, new BigDecimal(inverseDispersion), new BigDecimal(count))
        .result(options.hasFullLikelihood());
  }

  private static final class Computation {
    private final ExactRate rate;
    private final BigDecimal theta;
    private final BigDecimal y;
    private final BigDecimal mean;
    private final BigDecimal n;
    private final BigDecimal total;
    private final MathContext digits;
    private final Map<BigDecimal, BigDecimal> logs = new HashMap<>();

    Computation(ExactRate rate, BigDecimal theta, BigDecimal y) {
      this.rate = rate;
      this.theta = theta;
      this.y = y;
      mean = rate.value();
      n = y.add(theta);
      total = theta.add(mean);
      // The derivative by θ of large θ is a square of 1/θ, and that of log Γ its logarithm.
      int cancelled = 3 * Math.max(0, Math.max(magnitude(theta), magnitude(y)));
      int tiny = y.signum() == 0 ? Math.max(0, -magnitude(mean)) : 0;
      digits = new MathContext(DIGITS + cancelled + tiny);
    }

    private static int magnitude(BigDecimal x) {
      return x.precision() - x.scale();
    }

    /** Most are needed twice, and nothing else takes so long. */
    private BigDecimal log(BigDecimal x) {
      return logs.computeIfAbsent(x, key -> BigFunctions.log(key, digits));
    }

    private BigDecimal quotient(BigDecimal x, BigDecimal by) {
      return x.divide(by, digits);
    }

    NegativeBinomialExact result(boolean isFull) {
      BigDecimal logFactorial =
          y.signum() == 0 ? BigDecimal.ZERO : PoissonExact.logGamma(y.add(BigDecimal.ONE));
      BigDecimal logOfMean = y.signum() == 0 ? BigDecimal.ZERO : y.multiply(log(mean));
      BigDecimal loss =
          logGamma(theta)
              .subtract(logGamma(n))
              .add(n.multiply(log(total)))
              .subtract(theta.multiply(log(theta)))
              .subtract(logOfMean);
      BigDecimal full = loss.add(logFactorial);
      double ofCount =
          y.doubleValue() == 0 ? 0 : y.doubleValue() * (1 + Math.abs(Math.log(y.doubleValue())));
      BigDecimal w = quotient(y.subtract(mean), total);
      BigDecimal timesTheta = w.multiply(theta);
      BigDecimal slope = quotient(rate.slope(), mean);
      BigDecimal phi = w.subtract(log(n).subtract(log(total)));
      BigDecimal byTheta =
          digamma(theta).subtract(digamma(n)).add(log(total)).subtract(log(theta)).add(w);
      BigDecimal ofW = quotient(w.multiply(w), n);
      BigDecimal byThetaTwice =
          trigamma(theta)
              .subtract(trigamma(n))
              .add(quotient(BigDecimal.ONE, total))
              .subtract(quotient(BigDecimal.ONE, theta))
              .subtract(quotient(w, total));
      BigDecimal square = slope.multiply(slope);
      BigDecimal harmonic = quotient(theta.multiply(mean).multiply(n), total.multiply(total));
      BigDecimal curvature = quotient(rate.curvature(), mean);
      BigDecimal second =
          square.multiply(harmonic).subtract(curvature.subtract(square).multiply(timesTheta));
      BigDecimal gradientTerms = slope.multiply(theta).multiply(quotient(mean.add(y), total));
      return new NegativeBinomialExact(
          Exact.of(isFull ? full : loss),
          Exact.of(slope.multiply(timesTheta).negate()),
          Exact.of(byTheta),
          Exact.of(second),
          Exact.of(byThetaTwice),
          Exact.of(slope.multiply(w).multiply(quotient(mean, total)).negate()),
          full.doubleValue(),
          isFull ? full.doubleValue() : full.doubleValue() + ofCount,
          gradientTerms.doubleValue(),
          phi.add(phi.subtract(byTheta)).doubleValue(),
          square
              .multiply(harmonic.add(timesTheta.abs()))
              .add(curvature.multiply(timesTheta.abs()))
              .doubleValue(),
          ofW.add(ofW).add(byThetaTwice).doubleValue(),
          slope
              .multiply(quotient(mean.add(y), total))
              .multiply(quotient(mean, total))
              .doubleValue(),
          timesTheta.abs().doubleValue(),
          theta.min(mean).doubleValue());
    }

    /** log Γ(z) − ½·log 2π. */
    private BigDecimal logGamma(BigDecimal z) {
      BigDecimal product = BigDecimal.ONE;
      BigDecimal at = z;
      while (at.compareTo(LARGE) < 0) {
        product = product.multiply(at, digits);
        at = at.add(BigDecimal.ONE);
      }
      BigDecimal start =
          at.subtract(new BigDecimal("0.5")).multiply(log(at)).subtract(at).subtract(log(product));
      BigDecimal inverse = quotient(BigDecimal.ONE, at);
      return plusSeries(start, OF_LOG_GAMMA, inverse, inverse.multiply(inverse, digits));
    }

    private BigDecimal digamma(BigDecimal z) {
      BigDecimal sum = BigDecimal.ZERO;
      BigDecimal at = z;
      while (at.compareTo(LARGE) < 0) {
        sum = sum.subtract(quotient(BigDecimal.ONE, at));
        at = at.add(BigDecimal.ONE);
      }
      BigDecimal inverse = quotient(BigDecimal.ONE, at);
      BigDecimal start = sum.add(log(at)).subtract(quotient(inverse, BigDecimal.valueOf(2)));
      BigDecimal square = inverse.multiply(inverse, digits);
      return plusSeries(start, OF_DIGAMMA, square, square);
    }

    private BigDecimal trigamma(BigDecimal z) {
      BigDecimal sum = BigDecimal.ZERO;
      BigDecimal at = z;
      while (at.compareTo(LARGE) < 0) {
        BigDecimal inverse = quotient(BigDecimal.ONE, at);
        sum = sum.add(inverse.multiply(inverse, digits));
        at = at.add(BigDecimal.ONE);
      }
      BigDecimal inverse = quotient(BigDecimal.ONE, at);
      BigDecimal square = inverse.multiply(inverse, digits);
      BigDecimal start = sum.add(inverse).add(quotient(square, BigDecimal.valueOf(2)));
      return plusSeries(start, OF_TRIGAMMA, square.multiply(inverse, digits), square);
    }

    /** The start and, for every k, coefficient·power·square^k, as far as a digit changes. */
    private BigDecimal plusSeries(
        BigDecimal start, BigDecimal[] coefficients, BigDecimal power, BigDecimal square) {
      BigDecimal sum = start.round(digits);
      BigDecimal factor = power;
      for (BigDecimal coefficient : coefficients) {
        BigDecimal next = sum.add(coefficient.multiply(factor), digits);
        if (next.compareTo(sum) == 0) {
          return sum;
        }
        sum = next;
        factor = factor.multiply(square, digits);
      }
      return sum;
    }
  }
}

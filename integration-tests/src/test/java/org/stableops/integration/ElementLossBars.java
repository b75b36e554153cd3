package org.stableops.integration;

import java.util.EnumMap;
import java.util.Map;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.NegativeBinomialExact;
import org.stableops.integration.oracle.PoissonExact;
import org.stableops.integration.oracle.SigmoidLoss;

/** What a loss of elements is at one of them, within the error bars of NUMERICS.md §9. */
public final class ElementLossBars {
  /** What is computed, and the method that does. */
  public enum Result {
    LOSS("value"),
    GRADIENT("gradient"),
    SECOND("secondDerivative"),
    PARAMETER("parameterGradient"),
    PARAMETER_SECOND("parameterSecondDerivative"),
    MIXED("mixedDerivative");

    private final String method;

    Result(String method) {
      this.method = method;
    }

    public String method() {
      return method;
    }
  }

  /** What an error is measured in. */
  public enum Unit {
    ULP,
    /** ε·Σ|terms|; or ulp where it is one rounding. */
    TERMS,
    /** The bar itself; nothing where it is one rounding. */
    BAR
  }

  /**
   * A result and how far from it one may be.
   *
   * @param exact the result
   * @param unit what the error is measured in
   * @param size of the unit: Σ|terms|, or the bar as a number
   * @param bar the largest error
   */
  public record Bound(Exact exact, Unit unit, double size, double bar) {
    /** The error of a result in the unit. */
    public double error(double actual, Format format) {
      double ulps = format.ulps(actual, exact);
      return switch (unit) {
        case ULP -> ulps;
        case TERMS -> format.ofTerms(actual, exact, size);
        case BAR ->
            ulps <= 1 ? 0 : Math.abs(actual - exact.nearest()) / Math.max(size, format.min());
      };
    }

    /** The largest error as a number, one rounding at least. */
    public double allowed(Format format) {
      double ulp = format.ulp(exact.nearest());
      return switch (unit) {
        case ULP -> bar * ulp;
        case TERMS -> Math.max(bar * Math.max(size * format.epsilon(), format.min()), ulp);
        case BAR -> Math.max(Math.max(size, format.min()), ulp);
      };
    }
  }

  private final Format format;
  private final boolean isDouble;
  private final Map<Result, Bound> bounds = new EnumMap<>(Result.class);

  private ElementLossBars(Format format) {
    this.format = format;
    isDouble = format == Format.FLOAT64;
  }

  /** What is known. */
  public Map<Result, Bound> bounds() {
    return bounds;
  }

  /** What a result must be. */
  public Bound of(Result result) {
    return bounds.get(result);
  }

  /** Those of the cross-entropy of yes or no. */
  public static ElementLossBars sigmoid(
      SigmoidLoss at, double y, BinaryCrossEntropyOptions options, Format format) {
    ElementLossBars bars = new ElementLossBars(format);
    double gamma = options.focalGamma();
    boolean isHard = (y == 0 || y == 1) && options.labelSmoothing() == 0;
    bars.ulps(Result.LOSS, at.loss(), 2, gamma == 0 ? 4 : 5 + gamma);
    if (isHard) {
      bars.ulps(Result.GRADIENT, at.gradient(), 2, 5 + gamma);
    } else {
      bars.terms(Result.GRADIENT, at.gradient(), at.gradientTerms(), 4 + gamma);
    }
    bars.terms(Result.SECOND, at.second(), at.secondTerms(), 6 + gamma);
    return bars;
  }

  /** Those of the Poisson loss. */
  public static ElementLossBars poisson(
      PoissonExact at, double count, CountOptions options, Format format) {
    ElementLossBars bars = new ElementLossBars(format);
    if (options.hasFullLikelihood()) {
      double x = Math.abs(at.rate() - count) + 0x1p-49 * at.rate();
      bars.plus(Result.LOSS, at.loss(), at.loss().nearest(), x, 8);
    } else {
      bars.terms(Result.LOSS, at.loss(), at.lossTerms(), 4);
    }
    bars.terms(Result.GRADIENT, at.gradient(), at.gradientTerms(), 4);
    bars.terms(Result.SECOND, at.second(), at.secondTerms(), 8);
    return bars;
  }

  /** Those of the negative binomial loss. */
  public static ElementLossBars negativeBinomial(
      NegativeBinomialExact at, double theta, Format format) {
    ElementLossBars bars = new ElementLossBars(format);
    double x = at.timesTheta() + 0x1p-49 * at.least();
    double byX = x / theta;
    bars.plus(Result.LOSS, at.loss(), at.lossTerms(), x, 12);
    bars.share(Result.GRADIENT, at.gradient(), at.gradientTerms(), 6);
    bars.share(Result.SECOND, at.second(), at.secondTerms(), 8);
    bars.plus(Result.PARAMETER, at.parameterGradient(), at.parameterTerms(), byX, 8);
    double ofTwice = at.parameterSecondTerms() + byX / theta;
    bars.share(Result.PARAMETER_SECOND, at.parameterSecond(), ofTwice, 8);
    bars.share(Result.MIXED, at.mixed(), at.mixedTerms(), 8);
    return bars;
  }

  /**
   * Those of the negative binomial loss of θ = ∞: the Poisson loss, and nothing by θ. Its second
   * derivative is ρ²μ − (λ″/λ − ρ²)·(y − μ).
   */
  public static ElementLossBars limit(PoissonExact at, double count, Format format) {
    ElementLossBars bars = new ElementLossBars(format);
    double x = Math.abs(at.rate() - count) + 0x1p-49 * at.rate();
    bars.plus(Result.LOSS, at.loss(), at.lossTerms(), x, 12);
    bars.share(Result.GRADIENT, at.gradient(), at.gradientTerms(), 6);
    double slope = at.gradientTerms() / (at.rate() + count);
    double terms = at.secondTerms() + slope * slope * (at.rate() + Math.abs(count - at.rate()));
    bars.share(Result.SECOND, at.second(), terms, 8);
    return bars;
  }

  private void ulps(Result result, Exact exact, double narrow, double wide) {
    bounds.put(result, new Bound(exact, Unit.ULP, 1, isDouble ? wide : narrow));
  }

  private void terms(Result result, Exact exact, double terms, double wide) {
    bounds.put(result, new Bound(exact, Unit.TERMS, terms, isDouble ? wide : 2));
  }

  private void share(Result result, Exact exact, double terms, double wide) {
    double size = (isDouble ? wide : 2) * format.epsilon() * terms;
    bounds.put(result, new Bound(exact, Unit.BAR, size, 1));
  }

  /** Where a mean of double is a little off, X in its last digits, floats see it too. */
  private void plus(Result result, Exact exact, double terms, double x, double wide) {
    double size =
        isDouble
            ? wide * format.epsilon() * (terms + x)
            : 2 * format.epsilon() * terms + 0x1p-51 * x;
    bounds.put(result, new Bound(exact, Unit.BAR, size, 1));
  }
}

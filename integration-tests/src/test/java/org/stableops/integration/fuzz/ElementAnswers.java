package org.stableops.integration.fuzz;

import java.util.EnumMap;
import java.util.Map;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.integration.ElementLossBars;
import org.stableops.integration.ElementLossBars.Bound;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.Tolerance;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.NegativeBinomialExact;
import org.stableops.integration.oracle.PoissonExact;
import org.stableops.integration.oracle.SigmoidLoss;

/**
 * What a loss of elements is at any number: by exact arithmetic within the bars, or by the tables
 * of special values. Results that no table says anything of are missing.
 */
final class ElementAnswers {
  private static final double INF = Double.POSITIVE_INFINITY;

  /**
   * A result, and how far from it one may be.
   *
   * @param number the result
   * @param allowed by kernels
   * @param composite by primitives
   */
  record Answer(double number, double allowed, double composite) {
    /** One that has no digits to lose. */
    static Answer of(double number) {
      return new Answer(number, 0, 0);
    }

    double allowed(Path path) {
      return path == Path.FUSED ? allowed : composite;
    }

    /** The sum with another one. */
    Answer plus(Answer other) {
      return new Answer(
          number + other.number, allowed + other.allowed, composite + other.composite);
    }

    /** The product with a number of which 0 makes 0. */
    Answer times(double factor) {
      return factor == 0
          ? of(0)
          : new Answer(number * factor, allowed * factor, composite * factor);
    }
  }

  private final Format format;
  private final Map<Result, Answer> answers = new EnumMap<>(Result.class);

  private ElementAnswers(Format format) {
    this.format = format;
  }

  private ElementAnswers with(Result result, double number) {
    answers.put(result, Answer.of(number));
    return this;
  }

  private ElementAnswers with(double loss, double gradient) {
    return with(Result.LOSS, loss).with(Result.GRADIENT, gradient);
  }

  private Map<Result, Answer> within(ElementLossBars bars) {
    return within(bars, 0);
  }

  /** Bars of 4 ε at least, and by primitives so many ε more. */
  private Map<Result, Answer> within(ElementLossBars bars, double more) {
    for (Map.Entry<Result, Bound> entry : bars.bounds().entrySet()) {
      Bound bound = entry.getValue();
      double allowed = bound.allowed(format);
      answers.put(
          entry.getKey(), new Answer(bound.exact().nearest(), allowed, allowed * (1 + more / 4)));
    }
    return answers;
  }

  private Map<Result, Answer> all(double number) {
    for (Result result : Result.values()) {
      with(result, number);
    }
    return answers;
  }

  /** Of an element that weighs nothing. */
  static Map<Result, Answer> ofNothing(Format format) {
    return new ElementAnswers(format).all(0);
  }

  // ---- cross-entropy of yes or no

  static Map<Result, Answer> sigmoid(
      double x, double y, double positiveWeight, BinaryCrossEntropyOptions options, Format format) {
    ElementAnswers answers = new ElementAnswers(format);
    if (Double.isNaN(x)) {
      return answers.all(x);
    }
    if (Double.isFinite(x)) {
      return answers.within(
          ElementLossBars.sigmoid(
              SigmoidLoss.of(x, y, positiveWeight, options), y, options, format));
    }
    double smoothing = options.labelSmoothing();
    double target = (1 - smoothing) * y + smoothing / 2;
    double other = (1 - smoothing) * (1 - y) + smoothing / 2;
    double ofYes = positiveWeight * options.focalAlpha().orElse(1) * target;
    double ofNo = (1 - options.focalAlpha().orElse(0)) * other;
    double wrong = x > 0 ? ofNo : ofYes;
    answers.with(Result.LOSS, wrong > 0 ? INF : 0).with(Result.SECOND, 0);
    double allowed = 4 * Math.ulp(wrong) + format.ulp(wrong);
    Answer slope = new Answer(x > 0 ? wrong : -wrong, allowed, allowed);
    answers.answers.put(Result.GRADIENT, slope);
    return answers.answers;
  }

  // ---- counts

  private static boolean isExp(CountOptions options) {
    return options.rate().filter(t -> t.family() == PositiveTransform.Family.EXP).isPresent();
  }

  private static double bound(CountOptions options) {
    return options.rate().map(PositiveTransform::lowerBound).orElse(0.0);
  }

  /** |βr| where primitives round it and do not put the error back, in float64. */
  private static double roundedProduct(double r, CountOptions options, Format format) {
    PositiveTransform rate = options.rate().orElse(null);
    boolean isRounded =
        rate != null
            && rate.family() == PositiveTransform.Family.SOFTPLUS
            && format == Format.FLOAT64
            && Tolerance.roundsProduct(
                ElementwiseFunction.SOFTPLUS, rate.parameter(), format, Path.COMPOSITE);
    return isRounded ? Math.abs(rate.parameter() * r) : 0;
  }

  /** The options of the rate itself. */
  private static CountOptions ofRate(CountOptions options) {
    return options.hasFullLikelihood() ? CountOptions.RATE.withFullLikelihood() : CountOptions.RATE;
  }

  /** ρ where a rate without a lower bound has become 0. */
  private static double slopeOfLog(CountOptions options) {
    PositiveTransform transform = options.rate().orElseThrow();
    return switch (transform.family()) {
      case EXP -> 1;
      case SOFTPLUS -> transform.parameter();
      case SQUAREPLUS -> 0;
    };
  }

  /** Whether neither loss has a value: NaN, or what is no rate. */
  private static boolean isInvalid(double r, CountOptions options) {
    return Double.isNaN(r) || (options.rate().isEmpty() && r < 0);
  }

  /** Of a rate of 0, which the raw value is itself or has become, and of one that is infinite. */
  private static boolean isAtTheEnd(double r, CountOptions options) {
    return Double.isInfinite(r) || (options.rate().isEmpty() && r == 0);
  }

  /** At −inf, what a loss of a rate is at the lower bound; the bars are those of its terms. */
  private static Map<Result, Answer> atTheBound(ElementAnswers answers, ElementLossBars ofBound) {
    Bound loss = ofBound.of(Result.LOSS);
    double allowed = loss.allowed(answers.format);
    answers.answers.put(Result.LOSS, new Answer(loss.exact().nearest(), allowed, allowed));
    return answers.with(Result.GRADIENT, 0).with(Result.SECOND, 0).answers;
  }

  static Map<Result, Answer> poisson(
      double r, double exposure, double y, CountOptions options, Format format) {
    ElementAnswers answers = new ElementAnswers(format);
    if (isInvalid(r, options)) {
      return answers.all(Double.NaN);
    }
    if (!isAtTheEnd(r, options)) {
      PoissonExact exact = PoissonExact.of(r, exposure, y, options);
      return answers.within(
          ElementLossBars.poisson(exact, y, options, format), roundedProduct(r, options, format));
    }
    if (r == INF) {
      double slope = isExp(options) ? INF : format.round(exposure);
      return answers.with(INF, slope).with(Result.SECOND, isExp(options) ? INF : 0).answers;
    }
    double least = bound(options);
    if (least > 0) {
      PoissonExact exact = PoissonExact.of(least, exposure, y, ofRate(options));
      return atTheBound(answers, ElementLossBars.poisson(exact, y, options, format));
    }
    return atZero(answers, y, options, exposure);
  }

  /** A mean of 0, of which the loss has the slope ofRate, where that is the raw value. */
  private static Map<Result, Answer> atZero(
      ElementAnswers answers, double y, CountOptions options, double ofRate) {
    if (options.rate().isEmpty()) {
      return y == 0 ? answers.with(0, ofRate).answers : answers.with(INF, -INF).answers;
    }
    double slope = y == 0 ? 0 : -slopeOfLog(options) * y;
    return answers
        .with(y == 0 ? 0 : INF, answers.format.round(slope))
        .with(Result.SECOND, 0)
        .answers;
  }

  static Map<Result, Answer> negativeBinomial(
      double r, double theta, double y, CountOptions options, Format format) {
    ElementAnswers answers = new ElementAnswers(format);
    if (isInvalid(r, options) || !(theta > 0)) {
      return answers.all(Double.NaN);
    }
    if (!isAtTheEnd(r, options)) {
      return answers.within(bars(r, theta, y, options, format), roundedProduct(r, options, format));
    }
    if (r == INF) {
      // The Poisson loss, which it is at θ = ∞, has the slope of the rate.
      double slope = theta == INF ? 1 : 0;
      return answers.with(INF, isExp(options) ? theta : slope).answers;
    }
    double least = bound(options);
    return least > 0
        ? atTheBound(answers, bars(least, theta, y, ofRate(options), format))
        : atZero(answers, y, options, 1);
  }

  private static ElementLossBars bars(
      double r, double theta, double y, CountOptions options, Format format) {
    return theta == INF
        ? ElementLossBars.limit(PoissonExact.of(r, y, options), y, format)
        : ElementLossBars.negativeBinomial(
            NegativeBinomialExact.of(r, theta, y, options), theta, format);
  }
}

package org.stableops.integration.fuzz;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.fuzz.ElementAnswers.Answer;
import org.stableops.integration.oracle.Format;

/** A loss of elements with options, and what its arrays are drawn from. */
abstract class ElementLossKind {
  /** Different arguments and targets of a case: exact arithmetic takes its time. */
  private static final int DIFFERENT = 10;

  /** Different companions of a case. */
  private static final int COMPANIONS = 3;

  /** Less would cancel in log Γ. */
  private static final double LEAST_COUNT = 1e-15;

  /** What every host's integers of one byte have. */
  private static final int MOST_INTEGER = 127;

  final Format format;

  /** That of the targets. */
  final Format targetFormat;

  private final String operator;
  private final Object options;

  /** Targets: integers or truth values, or else any. */
  private final boolean areIntegers;

  private final boolean areTruths;
  private final Map<List<Double>, Map<Result, Answer>> known = new HashMap<>();

  /** Arguments for which primitives have formulas of their own, in float32. */
  final boolean areOrdinary;

  private ElementLossKind(String operator, Object options, Formats formats, Draw draw) {
    this.operator = operator;
    this.options = options;
    format = formats.ofArguments;
    targetFormat = formats.ofTargets;
    areOrdinary = draw.rarely(2);
    areIntegers = draw.rarely(3);
    areTruths = !areIntegers && draw.rarely(5);
  }

  /** Dtypes. */
  private record Formats(Format ofArguments, Format ofTargets) {}

  static ElementLossKind draw(
      Draw draw, long[] shape, Format format, Format targetFormat, Reduction reduction) {
    Formats formats = new Formats(format, targetFormat);
    return switch (draw.below(3)) {
      case 0 -> new YesOrNo(Binary.options(draw, shape, reduction), shape, formats, draw);
      case 1 -> new Poisson(Counts.options(draw, reduction), formats, draw);
      default -> new NegativeBinomial(Counts.options(draw, reduction), formats, draw);
    };
  }

  String operator() {
    return operator;
  }

  Object options() {
    return options;
  }

  boolean areIntegers() {
    return areIntegers;
  }

  boolean areTruths() {
    return areTruths;
  }

  boolean isOfCounts() {
    return true;
  }

  abstract boolean hasCompanion();

  /** What there is to compute. */
  List<Result> results() {
    return List.of(Result.LOSS, Result.GRADIENT, Result.SECOND);
  }

  /** Arguments and targets. */
  record Elements(double[] x, double[] y) {}

  /** A few different ones, in any order. */
  Elements elements(Draw draw, int count) {
    double[] x = new double[DIFFERENT];
    double[] y = new double[DIFFERENT];
    for (int k = 0; k < DIFFERENT; k++) {
      x[k] = argument(draw);
      y[k] = target(draw, x[k]);
    }
    int[] chosen = IntStream.range(0, count).map(i -> draw.below(DIFFERENT)).toArray();
    return new Elements(
        Arrays.stream(chosen).mapToDouble(k -> x[k]).toArray(),
        Arrays.stream(chosen).mapToDouble(k -> y[k]).toArray());
  }

  double[] companions(Draw draw, Layout ofCompanion) {
    double[] different = new double[COMPANIONS];
    Arrays.setAll(different, k -> companion(draw));
    double[] companions = new double[Draw.size(ofCompanion.shape())];
    Arrays.setAll(companions, i -> different[draw.below(COMPANIONS)]);
    return companions;
  }

  abstract double argument(Draw draw);

  abstract double target(Draw draw, double x);

  double companion(Draw draw) {
    throw new UnsupportedOperationException(operator + " has no companion");
  }

  /** What is known of an element: the number is that of its place. */
  final Map<Result, Answer> answers(double x, double companion, double y, int place) {
    double parameter = hasCompanion() ? companion : parameter(place);
    return known.computeIfAbsent(List.of(x, parameter, y), key -> solve(x, parameter, y));
  }

  double parameter(int place) {
    return 1;
  }

  abstract Map<Result, Answer> solve(double x, double parameter, double y);

  // ---- the cross-entropy of yes or no

  /** Its options. */
  private static final class Binary {
    static BinaryCrossEntropyOptions options(Draw draw, long[] shape, Reduction reduction) {
      BinaryCrossEntropyOptions options =
          BinaryCrossEntropyOptions.DEFAULT.withReduction(reduction);
      if (draw.rarely(3)) {
        return options;
      }
      if (draw.rarely(2)) {
        options = options.withLabelSmoothing(draw.rarely(4) ? 1 : draw.uniform(0, 1));
      }
      if (draw.rarely(2)) {
        int last = shape.length == 0 ? 1 : (int) shape[shape.length - 1];
        int count = draw.rarely(2) ? 1 : last;
        double[] weights = new double[count];
        Arrays.setAll(weights, c -> draw.rarely(5) ? 0 : Math.exp(draw.uniform(-3, 3)));
        options = options.withPositiveWeights(weights);
      }
      if (draw.rarely(2)) {
        options = options.withFocalGamma(draw.of(List.of(0.3, 1.0, 2.0, 5.0, draw.uniform(0, 9))));
      }
      return draw.rarely(3) ? options.withFocalAlpha(draw.uniform(0, 1)) : options;
    }
  }

  private static final class YesOrNo extends ElementLossKind {
    private final BinaryCrossEntropyOptions options;
    private final double[] weights;

    YesOrNo(BinaryCrossEntropyOptions options, long[] shape, Formats formats, Draw draw) {
      super("SigmoidCrossEntropy", options, formats, draw);
      this.options = options;
      weights = options.positiveWeights();
    }

    @Override
    boolean isOfCounts() {
      return false;
    }

    @Override
    boolean hasCompanion() {
      return false;
    }

    @Override
    double argument(Draw draw) {
      double size =
          switch (areOrdinary ? 3 + draw.below(3) : draw.below(6)) {
            case 0 -> Math.abs(draw.special(format));
            case 1 -> draw.anySize(format);
            case 2 -> draw.uniform(0, 800);
            case 3 -> draw.uniform(0, 80);
            default -> draw.uniform(0, 5);
          };
      return format.round(draw.rarely(2) ? size : -size);
    }

    @Override
    double target(Draw draw, double x) {
      boolean isHard = areIntegers() || areTruths() || draw.rarely(2);
      double tiny = Math.exp(draw.uniform(-20, 0));
      return isHard ? draw.below(2) : targetFormat.round(draw.rarely(2) ? tiny : 1 - tiny);
    }

    @Override
    double parameter(int place) {
      return weights.length == 0 ? 1 : weights[place % weights.length];
    }

    @Override
    Map<Result, Answer> solve(double x, double parameter, double y) {
      return ElementAnswers.sigmoid(x, y, parameter, options, format);
    }
  }

  // ---- counts

  private abstract static class Counts extends ElementLossKind {
    final CountOptions options;

    /** How large an exponent exact arithmetic takes. */
    private final double mostExponent;

    /** Rates beyond are not promised to have any digits. */
    private final double leastRate;

    private final double mostRate;

    private final double mostCount;

    Counts(
        String operator,
        CountOptions options,
        double mostExponent,
        double mostCount,
        Formats formats,
        Draw draw) {
      super(operator, options, formats, draw);
      this.options = options;
      this.mostExponent = mostExponent;
      this.mostCount = mostCount;
      mostRate = isOfAnyRate() ? Double.MAX_VALUE : 1e300;
      leastRate = isOfAnyRate() ? 1e-280 : 1e-300;
    }

    static CountOptions options(Draw draw, Reduction reduction) {
      CountOptions options =
          (draw.rarely(5) ? CountOptions.RATE : CountOptions.DEFAULT.withRate(rate(draw)))
              .withReduction(reduction);
      return draw.rarely(3) ? options.withFullLikelihood() : options;
    }

    private static PositiveTransform rate(Draw draw) {
      double parameter = draw.rarely(2) ? 1 : Math.exp(draw.uniform(-2, 2));
      double bound = draw.rarely(4) ? Math.exp(draw.uniform(-7, 0)) : 0;
      PositiveTransform transform =
          switch (draw.below(4)) {
            case 0 -> PositiveTransform.softplus(parameter);
            case 1 -> PositiveTransform.squareplus(parameter);
            default -> PositiveTransform.exp();
          };
      return transform.withLowerBound(bound);
    }

    abstract boolean isOfAnyRate();

    @Override
    double argument(Draw draw) {
      if (!areOrdinary && draw.rarely(8)) {
        double special = draw.special(format);
        return isInDomain(special) ? special : Double.NaN;
      }
      double raw;
      do {
        double size =
            switch (areOrdinary ? 2 + draw.below(2) : draw.below(4)) {
              case 0 -> Math.exp(draw.uniform(0, 18));
              case 1 -> draw.uniform(0, 600);
              case 2 -> draw.uniform(0, 80);
              default -> draw.uniform(0, 6);
            };
        boolean isPositive = options.rate().isEmpty() ? !draw.rarely(20) : draw.rarely(2);
        raw = format.round(isPositive ? size : -size);
      } while (!isInDomain(raw));
      return raw;
    }

    /** Whether it is known what the loss is there. */
    private boolean isInDomain(double raw) {
      if (!Double.isFinite(raw) || raw == 0) {
        return true;
      }
      if (options.rate().isEmpty()) {
        return !(raw > 0 && raw < leastRate);
      }
      if (raw > mostRate) {
        return false;
      }
      PositiveTransform transform = options.rate().get();
      return switch (transform.family()) {
        case EXP -> Math.abs(raw) < mostExponent;
        case SOFTPLUS -> raw * transform.parameter() > -mostExponent;
        case SQUAREPLUS -> true;
      };
    }

    @Override
    double target(Draw draw, double x) {
      if (areTruths()) {
        return draw.below(2);
      }
      double near = options.rate().map(transform -> transform.value(x)).orElse(x);
      double count =
          switch (draw.below(5)) {
            case 0 -> 0;
            case 1 -> Math.exp(draw.uniform(0, Math.log(mostCount)));
            case 2 -> draw.below(20);
            case 3 -> draw.uniform(0, 3);
            default -> near * (1 + 0.1 * draw.uniform(-2, 2));
          };
      double most = areIntegers() ? MOST_INTEGER : Math.min(mostCount, targetFormat.max());
      // Of other fractions exact arithmetic itself has no digits.
      double bounded = count >= LEAST_COUNT ? Math.min(count, most) : 0;
      return targetFormat.round(areIntegers() || draw.rarely(2) ? Math.rint(bounded) : bounded);
    }
  }

  private static final class Poisson extends Counts {
    private final boolean hasExposure;

    Poisson(CountOptions options, Formats formats, Draw draw) {
      super("PoissonLoss", options, 2900, 1e9, formats, draw);
      hasExposure = draw.rarely(2);
    }

    @Override
    boolean isOfAnyRate() {
      return true;
    }

    @Override
    boolean hasCompanion() {
      return hasExposure;
    }

    @Override
    double companion(Draw draw) {
      return format.round(Math.exp(draw.uniform(-5, 5)));
    }

    @Override
    Map<Result, Answer> solve(double x, double parameter, double y) {
      return ElementAnswers.poisson(x, parameter, y, options, format);
    }
  }

  private static final class NegativeBinomial extends Counts {
    NegativeBinomial(CountOptions options, Formats formats, Draw draw) {
      super("NegativeBinomialLoss", options, 690, 1e12, formats, draw);
    }

    @Override
    boolean isOfAnyRate() {
      return false;
    }

    @Override
    boolean hasCompanion() {
      return true;
    }

    @Override
    List<Result> results() {
      return List.of(Result.values());
    }

    @Override
    double companion(Draw draw) {
      if (draw.rarely(8)) {
        return draw.of(List.of(0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY));
      }
      double theta = draw.rarely(2) ? draw.uniform(0.1, 20) : Math.exp(draw.uniform(-23, 58));
      return format.round(Math.min(Math.max(theta, 2 * format.minNormal()), format.max()));
    }

    @Override
    Map<Result, Answer> solve(double x, double parameter, double y) {
      return ElementAnswers.negativeBinomial(x, parameter, y, options, format);
    }
  }
}

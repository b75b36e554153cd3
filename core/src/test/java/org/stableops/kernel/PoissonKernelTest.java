package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.ExactLosses.assertNear;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;

/** The Poisson loss of every rate against its definition, and its special values. */
@Tag("thorough")
class PoissonKernelTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final CountOptions LOG = CountOptions.DEFAULT;
  private static final CountOptions FULL = LOG.withFullLikelihood();
  private static final double[] COUNTS = {0, 0.4, 7, 1000};

  /** Loops take those between. */
  private static final double[] EXPOSURES = {1, 2.6, 1e-119, 1e119, 1e-122, 1e122};

  static Stream<CountOptions> options() {
    return Stream.of(
            LOG,
            LOG.withRate(PositiveTransform.exp().withLowerBound(0.25)),
            LOG.withRate(PositiveTransform.softplus(2)),
            LOG.withRate(PositiveTransform.softplus(0.7)),
            LOG.withRate(PositiveTransform.softplus(1e31)),
            LOG.withRate(PositiveTransform.softplus().withLowerBound(1e-3)),
            LOG.withRate(PositiveTransform.squareplus()),
            LOG.withRate(PositiveTransform.squareplus(1e-3).withLowerBound(3)),
            CountOptions.RATE)
        .flatMap(options -> Stream.of(options, options.withFullLikelihood()));
  }

  private static final double[] RAW = {-301, -299, -20, 0.7, 1.9, 6.9, 30};

  private static double[] raw(CountOptions options) {
    double parameter = options.rate().map(PositiveTransform::parameter).orElse(1.0);
    double scale = parameter > 1e3 ? parameter : 1;
    return options.rate().isPresent()
        ? Arrays.stream(RAW).map(r -> r / scale).toArray()
        : new double[] {1e-300, 1e-9, 0.3, 3.6, 13.9, 1000.5, 1e305};
  }

  /** An element with what its results are made of. */
  private record Point(double r, double exposure, double y, CountOptions options) {
    Jet loss() {
      return ExactLosses.poisson(r, exposure, y, options);
    }

    double deviance() {
      return exactDeviance().value().doubleValue();
    }

    Jet exactDeviance() {
      return ExactLosses.poissonDeviance(r, exposure, y, options);
    }

    Jet rate() {
      return ExactLosses.rate(r, options);
    }

    Jet log() {
      return ExactLosses.logOfRate(r, options);
    }

    double mean() {
      return exposure * rate().value().doubleValue();
    }

    double logTerms() {
      return y == 0 ? 0 : y * (Math.abs(log().value().doubleValue()) + logOf(exposure));
    }

    private static double logOf(double exposure) {
      return Math.abs(Math.log(exposure));
    }

    double slopes() {
      Jet log = log();
      return exposure * rate().first().doubleValue() + y * log.first().doubleValue();
    }

    double curvatures() {
      double slope = log().first().doubleValue();
      double quotient = rate().second().doubleValue() / rate().value().doubleValue();
      double ofCount = y == 0 ? 0 : y * (slope * slope + quotient);
      return exposure * rate().second().doubleValue() + ofCount;
    }
  }

  private static Stream<Point> points(CountOptions options) {
    return Arrays.stream(raw(options))
        .boxed()
        .flatMap(
            r ->
                Arrays.stream(COUNTS)
                    .boxed()
                    .flatMap(
                        y ->
                            Arrays.stream(EXPOSURES)
                                .mapToObj(exposure -> new Point(r, exposure, y, options))))
        .filter(p -> Double.isFinite(p.mean()));
  }

  @ParameterizedTest
  @MethodSource("options")
  void valuesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = PoissonKernel.of(options);
    points(options)
        .forEach(
            p -> {
              double actual = Losses.value(kernel, p.r, p.exposure, p.y);
              double terms =
                  options.hasFullLikelihood()
                      ? Math.abs(actual) + Math.abs(p.mean() - p.y)
                      : p.mean() + p.logTerms();
              assertNear(p.loss().value(), actual, 8, terms, p);
            });
  }

  @ParameterizedTest
  @MethodSource("options")
  void gradientsAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = PoissonKernel.of(options);
    points(options)
        .forEach(
            p -> {
              double actual = Losses.gradient(kernel, p.r, p.exposure, p.y);
              assertNear(p.loss().first(), actual, 12, p.slopes(), p);
            });
  }

  @ParameterizedTest
  @MethodSource("options")
  void secondDerivativesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = PoissonKernel.of(options);
    points(options)
        .filter(p -> p.r != 1e-300)
        .forEach(
            p -> {
              double actual = Losses.second(kernel, p.r, p.exposure, p.y);
              assertNear(p.loss().second(), actual, 20, p.curvatures(), p);
            });
  }

  /** Near the count it keeps the digits that a difference would cancel. */
  @ParameterizedTest
  @MethodSource("options")
  void deviancesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = PoissonKernel.of(options);
    points(options)
        .forEach(
            p -> {
              double actual = Losses.deviance(kernel, p.r, p.exposure, p.y);
              double terms = p.deviance() + 2 * Math.abs(p.mean() - p.y);
              assertNear(p.exactDeviance().value(), actual, 8, terms, p);
            });
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.75, 1 - 1e-9, 1 + 1e-9, 1 + 1e-3, 1.5, 2, 2.1, 0.45})
  void deviancesVanishWithTheSquareOfTheDistance(double ratio) {
    double y = 6;
    double actual = Losses.deviance(PoissonKernel.of(CountOptions.RATE), y * ratio, 1, y);
    Jet exact = ExactLosses.poissonDeviance(y * ratio, 1, y, CountOptions.RATE);
    assertNear(exact.value(), actual, 12, exact.value().doubleValue(), "at " + ratio);
  }

  @Test
  void probabilitiesAddUpToOne() {
    ElementLossKernel kernel = PoissonKernel.of(FULL);
    double sum = 0;
    for (int y = 0; y < 60; y++) {
      sum += Math.exp(-Losses.value(kernel, Math.log(7.5), 1, y));
    }
    assertEquals(1, sum, 1e-14);
    assertEquals(
        7.5 - 3 * Math.log(7.5), Losses.value(PoissonKernel.of(LOG), Math.log(7.5), 1, 3), 1e-14);
  }

  /** What no weight counts need be neither a number nor a count. */
  @Test
  void elementsOfNoWeightAreNeverRead() {
    double[] out = {INF, INF};
    ElementLossKernel.Batch batch =
        new ElementLossKernel.Batch(
            Pointwise.elements(new double[] {Double.NaN, 0.3}),
            Pointwise.elements(new double[] {-1, 2}),
            Pointwise.elements(new double[] {-1, 7}),
            Pointwise.elements(new double[] {0, 3}));
    double sum = PoissonKernel.of(FULL).run(batch, Pointwise.elements(out), null, 1);
    double counted = 3 * Losses.value(PoissonKernel.of(FULL), 0.3, 2, 7);
    assertArrayEquals(new double[] {0, counted}, out);
    assertEquals(counted, sum);
  }

  @Test
  void withoutAnExposureItIsOne() {
    ElementLossKernel kernel = PoissonKernel.of(FULL);
    assertEquals(Losses.value(kernel, 0.3, 1, 7), Losses.withoutCompanion(kernel, 0.3, 7));
  }

  @Test
  void anExposureMovesTheRawValue() {
    for (CountOptions options : new CountOptions[] {LOG, FULL}) {
      ElementLossKernel kernel = PoissonKernel.of(options);
      for (double y : COUNTS) {
        double moved = 0.3 + Math.log(12);
        double scale = 1e-14 * (1 + y * 9);
        assertEquals(Losses.value(kernel, moved, 1, y), Losses.value(kernel, 0.3, 12, y), scale);
        assertEquals(
            Losses.gradient(kernel, moved, 1, y), Losses.gradient(kernel, 0.3, 12, y), scale);
        assertEquals(Losses.second(kernel, moved, 1, y), Losses.second(kernel, 0.3, 12, y), scale);
        assertEquals(
            Losses.deviance(kernel, moved, 1, y), Losses.deviance(kernel, 0.3, 12, y), scale);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // Of e^r.
    "true, Infinity, 0, Infinity, Infinity, Infinity, Infinity",
    "true, Infinity, 3, Infinity, Infinity, Infinity, Infinity",
    "true, 800, 3, Infinity, Infinity, Infinity, Infinity",
    "true, -Infinity, 0, 0, 0, 0, 0",
    "true, -Infinity, 3, Infinity, -3, 0, Infinity",
    "true, -800, 0, 0, 0, 0, 0",
    "true, -800, 3, 2400, -3, 0, 4800.591673732009",
    "true, NaN, 0, NaN, NaN, NaN, NaN",
    "true, NaN, 3, NaN, NaN, NaN, NaN",
    // Of the rate itself.
    "false, Infinity, 0, Infinity, 1, 0, Infinity",
    "false, Infinity, 3, Infinity, 1, 0, Infinity",
    "false, 0, 0, 0, 1, 0, 0",
    "false, 0, 3, Infinity, -Infinity, Infinity, Infinity",
    "false, -0.0, 3, Infinity, -Infinity, Infinity, Infinity",
    "false, -1, 0, NaN, NaN, NaN, NaN",
    "false, -1, 3, NaN, NaN, NaN, NaN",
    "false, NaN, 3, NaN, NaN, NaN, NaN",
  })
  void specialValues(
      boolean isLog, double r, double y, double v, double g, double second, double deviance) {
    ElementLossKernel kernel = PoissonKernel.of(isLog ? LOG : CountOptions.RATE);
    assertEquals(v, Losses.value(kernel, r, 1, y) + 0.0);
    assertEquals(g, Losses.gradient(kernel, r, 1, y) + 0.0);
    assertEquals(second, Losses.second(kernel, r, 1, y) + 0.0);
    assertEquals(deviance, Losses.deviance(kernel, r, 1, y) + 0.0, 1e-12);
    assertEquals(g, Losses.gradient(kernel, r, 1, y) + 0.0);
  }

  /** Ratios of rate and count that are no doubles of all digits. */
  @ParameterizedTest
  @CsvSource({
    "1e-295, 1, 3",
    "1e-295, 1e-20, 3",
    "1e-310, 7, 3",
    "1e280, 1e20, 1e-5",
    "1e200, 2, 1e-120"
  })
  void farRatios(double r, double exposure, double y) {
    CountOptions options = CountOptions.RATE.withFullLikelihood();
    ElementLossKernel kernel = PoissonKernel.of(options);
    double deviance = ExactLosses.poissonDeviance(r, exposure, y, options).value().doubleValue();
    double loss = ExactLosses.poisson(r, exposure, y, options).value().doubleValue();
    assertEquals(1, Losses.deviance(kernel, r, exposure, y) / deviance, 1e-14);
    assertEquals(1, Losses.value(kernel, r, exposure, y) / loss, 1e-14);
  }

  @Test
  void countsAndExposuresHaveTheirRanges() {
    ElementLossKernel kernel = PoissonKernel.of(LOG);
    assertTrue(kernel.isTarget(0) && kernel.isTarget(Double.MAX_VALUE));
    assertFalse(kernel.isTarget(-1) || kernel.isTarget(INF) || kernel.isTarget(Double.NaN));
    assertTrue(kernel.isCompanion(Double.MIN_VALUE) && kernel.isCompanion(Double.MAX_VALUE));
    assertFalse(kernel.isCompanion(0) || kernel.isCompanion(-1));
    assertFalse(kernel.isCompanion(INF) || kernel.isCompanion(Double.NaN));
    assertFalse(kernel.hasCompanionGradient());
  }
}

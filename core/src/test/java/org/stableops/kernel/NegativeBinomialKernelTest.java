package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.ExactLosses.assertNear;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;

/** The negative binomial loss against its definition by log Γ, and its special values. */
@Tag("thorough")
class NegativeBinomialKernelTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final CountOptions LOG = CountOptions.DEFAULT;
  private static final CountOptions FULL = LOG.withFullLikelihood();
  private static final CountOptions RATE = CountOptions.RATE.withFullLikelihood();
  private static final double[] COUNTS = {0, 0.4, 7, 2000};
  private static final double[] THETAS = {1e-8, 2.5, 11, 1e7};

  static Stream<CountOptions> options() {
    return Stream.of(
        LOG,
        FULL,
        FULL.withRate(PositiveTransform.exp().withLowerBound(0.25)),
        FULL.withRate(PositiveTransform.softplus(2)),
        FULL.withRate(PositiveTransform.squareplus().withLowerBound(1e-3)),
        RATE);
  }

  /** With means of which logarithms and squares are none. */
  private static double[] raw(CountOptions options) {
    if (options.rate().isEmpty()) {
      return new double[] {1e-295, 0.3, 7.5, 1900, 1e9};
    }
    boolean isExp = options.rate().get().equals(PositiveTransform.exp());
    return isExp
        ? new double[] {-800, -680, -20, 0.4, 1.94, 7.5, 300, 800}
        : new double[] {-300, -20, 0.4, 7.5, 1e3};
  }

  /** An element with what its results are made of. */
  private record Point(double r, double theta, double y, CountOptions options) {
    double mean() {
      return ExactLosses.rate(r, options).value().doubleValue();
    }

    /** |θw|. */
    double distance() {
      double mean = mean();
      return mean == INF ? theta : Math.abs(y - mean) / (1 + mean / theta);
    }

    double valueTerms(double value) {
      double ofCount = options.hasFullLikelihood() || y == 0 ? 0 : y * (1 + Math.log(y + 3));
      boolean isBeyond = mean() == INF;
      double logs = isBeyond ? (theta + y) * (r + Math.log(theta + y + 1) + 40) : 0;
      return Math.abs(value) + distance() + 2 * ofCount + logs;
    }

    /** (μ + y)/(1 + μ/θ). */
    double total() {
      double mean = mean();
      return mean == INF ? theta : (mean + y) / (1 + mean / theta);
    }

    double slope() {
      return ExactLosses.logOfRate(r, options).first().doubleValue();
    }

    double curvatures() {
      double ofLog = ExactLosses.logOfRate(r, options).second().doubleValue();
      double slope = slope();
      double mean = mean();
      double quotient = mean == 0 ? 0 : ExactLosses.rate(r, options).second().doubleValue() / mean;
      double parts = mean == INF ? 0 : Math.abs(ofLog) + slope * slope + quotient;
      double harmonic = mean == INF ? 0 : slope * slope * total() / (1 + mean / theta);
      return parts * distance() + harmonic + harmonic * y / theta;
    }
  }

  private static List<Point> points(CountOptions options) {
    List<Point> points = new ArrayList<>();
    for (double r : raw(options)) {
      for (double theta : THETAS) {
        for (double y : COUNTS) {
          points.add(new Point(r, theta, y, options));
        }
      }
    }
    return points;
  }

  private static Jet exact(Point p) {
    return ExactLosses.negativeBinomial(p.r, p.theta, p.y, p.options);
  }

  @ParameterizedTest
  @MethodSource("options")
  void valuesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      double actual = Losses.value(kernel, p.r, p.theta, p.y);
      assertNear(exact(p).value(), actual, 10, p.valueTerms(actual) + 1e-35, p);
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void gradientsAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      double actual = Losses.gradient(kernel, p.r, p.theta, p.y);
      assertNear(exact(p).first(), actual, 14, p.slope() * p.total(), p);
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void secondDerivativesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      if (p.r != 1e-295) {
        double actual = Losses.second(kernel, p.r, p.theta, p.y);
        assertNear(exact(p).second(), actual, 24, p.curvatures() + 1e-35, p);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void gradientsByThetaAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      Jet exact = ExactLosses.negativeBinomialByTheta(p.r, p.theta, p.y, options);
      Jet phi = ExactLosses.phi(p.r, p.theta, p.y, options);
      double terms = phi.value().add(phi.value().subtract(exact.first()).abs()).doubleValue();
      double ofRounding = p.distance() / p.theta;
      double actual = Losses.byCompanion(kernel, p.r, p.theta, p.y);
      assertNear(exact.first(), actual, 14, terms + ofRounding + 1e-35, p);
    }
  }

  /** Of w²/n, and of what is beside it. */
  @ParameterizedTest
  @MethodSource("options")
  void secondDerivativesByThetaAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      Jet exact = ExactLosses.negativeBinomialByTheta(p.r, p.theta, p.y, options);
      double ofCount = NegativeBinomialKernel.curvatureOfCount(p.theta, p.y);
      double terms = 2 * Math.abs(ofCount) + exact.second().abs().doubleValue();
      double ofRounding = p.distance() / p.theta / p.theta;
      double actual = Losses.byCompanionTwice(kernel, p.r, p.theta, p.y);
      assertNear(exact.second(), actual, 16, terms + ofRounding + 1e-35, p);
    }
  }

  /** By differences of the exact gradient by θ. */
  @ParameterizedTest
  @MethodSource("options")
  void mixedDerivativesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      double step = p.theta * 0x1p-20;
      BigDecimal more = ExactLosses.negativeBinomial(p.r, p.theta + step, p.y, options).first();
      BigDecimal less = ExactLosses.negativeBinomial(p.r, p.theta - step, p.y, options).first();
      BigDecimal width = new BigDecimal(p.theta + step).subtract(new BigDecimal(p.theta - step));
      double exact = more.subtract(less).divide(width, MathContext.DECIMAL64).doubleValue();
      double scale =
          ExactLosses.negativeBinomial(p.r, p.theta, p.y, options).first().abs().doubleValue()
              / p.theta;
      double actual = Losses.mixed(kernel, p.r, p.theta, p.y);
      double tolerance = 1e-9 * Math.abs(exact) + 1e-14 * scale + 1e-35;
      assertEquals(exact, actual, tolerance, p::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void deviancesAreThoseOfTheDefinition(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    for (Point p : points(options)) {
      Jet exact = ExactLosses.negativeBinomialDeviance(p.r, p.theta, p.y, options);
      double actual = Losses.deviance(kernel, p.r, p.theta, p.y);
      double terms = 2 * p.valueTerms(actual) + 1e-35;
      assertNear(exact.value(), actual, 10, terms, p);
    }
  }

  /** Where log Γ of θ and of n cancel to the last digit. */
  @Test
  void aLargeThetaLosesNoDigits() {
    ElementLossKernel kernel = NegativeBinomialKernel.of(RATE);
    assertEquals(3.3217556399823961, Losses.value(kernel, 2, 1e7, 5), 1e-15);
    double slope = Losses.byCompanion(kernel, 2, 1e7, 5);
    Jet exact = ExactLosses.negativeBinomialByTheta(2, 1e7, 5, RATE);
    assertEquals(1, slope / exact.first().doubleValue(), 1e-13);
  }

  @Test
  void probabilitiesAddUpToOne() {
    ElementLossKernel kernel = NegativeBinomialKernel.of(FULL);
    double sum = 0;
    for (int y = 0; y < 200; y++) {
      sum += Math.exp(-Losses.value(kernel, Math.log(4), 3.5, y));
    }
    assertEquals(1, sum, 1e-14);
  }

  @ParameterizedTest
  @MethodSource("options")
  void theLimitIsTheFullPoissonLoss(CountOptions options) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(options);
    ElementLossKernel poisson = PoissonKernel.of(options);
    for (double r : raw(options)) {
      for (double y : COUNTS) {
        String where = r + ", " + y;
        for (double theta : new double[] {INF, 1e300, 1e25}) {
          double value = Losses.value(kernel, r, theta, y);
          double limit = Losses.value(poisson, r, 1, y);
          double gradient = Losses.gradient(kernel, r, theta, y);
          double second = Losses.second(kernel, r, theta, y);
          if (Math.abs(limit) < 1e8) {
            double terms = Math.abs(limit) + (options.hasFullLikelihood() ? 0 : 20 * y);
            assertClose(limit, value, terms, where);
            assertClose(Losses.gradient(poisson, r, 1, y), gradient, y, where);
            assertClose(Losses.second(poisson, r, 1, y), second, y + 1, where);
          }
        }
        assertEquals(0, Losses.byCompanion(kernel, r, INF, y), where);
        assertEquals(0, Losses.byCompanionTwice(kernel, r, INF, y), where);
        assertEquals(0, Losses.mixed(kernel, r, INF, y), where);
      }
    }
  }

  private static void assertClose(double expected, double actual, double terms, String where) {
    double bar = 1e-15 * (2 * Math.abs(expected) + terms) + Double.MIN_VALUE;
    assertTrue(
        expected == actual || Math.abs(expected - actual) <= bar,
        () -> where + ": " + actual + " instead of " + expected);
  }

  /** Of which a ratio has lost digits, and an infinite θ has no logarithm. */
  @Test
  void theLimitOfATinyMeanIsTheFullPoissonLoss() {
    double expected = 1000 * Math.log(1e292) - 1000;
    double actual = Losses.deviance(NegativeBinomialKernel.of(RATE), 1e-289, INF, 1000);
    assertEquals(2 * expected, actual, 1e-9);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.0, -1, -INF, NAN})
  void thetaIsMoreThanZero(double theta) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(FULL);
    for (double r : new double[] {-800, 0.3, 800, INF, -INF}) {
      for (double y : COUNTS) {
        assertEquals(NAN, Losses.value(kernel, r, theta, y));
        assertEquals(NAN, Losses.byCompanion(kernel, r, theta, y));
        assertEquals(NAN, Losses.byCompanionTwice(kernel, r, theta, y));
        assertEquals(NAN, Losses.mixed(kernel, r, theta, y));
        assertEquals(NAN, Losses.deviance(kernel, r, theta, y));
      }
      assertEquals(NAN, Losses.gradient(kernel, r, theta, 3));
      assertEquals(NAN, Losses.second(kernel, r, theta, 3));
    }
  }

  @ParameterizedTest
  @CsvSource({
    // e^r: r, θ, y, value, gradient, by θ, deviance.
    "true, Infinity, 2, 0, Infinity, 2, Infinity, Infinity",
    "true, Infinity, 2, 3, Infinity, 2, Infinity, Infinity",
    "true, Infinity, Infinity, 0, Infinity, Infinity, NaN, Infinity",
    "true, Infinity, Infinity, 3, Infinity, Infinity, NaN, Infinity",
    "true, 800, Infinity, 3, Infinity, Infinity, NaN, Infinity",
    "true, -Infinity, 2, 0, 0, 0, 0, 0",
    "true, -Infinity, 2, 3, Infinity, -3, 0, Infinity",
    "true, -Infinity, Infinity, 3, Infinity, -3, 0, Infinity",
    "true, NaN, 2, 0, NaN, NaN, NaN, NaN",
    "true, NaN, 2, 3, NaN, NaN, NaN, NaN",
    "true, NaN, Infinity, 3, NaN, NaN, NaN, NaN",
    // The mean itself.
    "false, Infinity, 2, 0, Infinity, 0, Infinity, Infinity",
    "false, Infinity, 2, 3, Infinity, 0, Infinity, Infinity",
    "false, 0, 2, 0, 0, 1, 0, 0",
    "false, 0, 2, 3, Infinity, -Infinity, 0, Infinity",
    "false, -0.0, 2, 3, Infinity, -Infinity, 0, Infinity",
    "false, -1, 2, 3, NaN, NaN, NaN, NaN",
  })
  void specialValues(
      boolean isLog, double r, double theta, double y, double v, double g, double t, double d) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(isLog ? FULL : RATE);
    assertEquals(v, Losses.value(kernel, r, theta, y) + 0.0);
    assertEquals(g, Losses.gradient(kernel, r, theta, y) + 0.0);
    assertEquals(d, Losses.deviance(kernel, r, theta, y) + 0.0);
    if (v == INF || Double.isNaN(v)) {
      double byTheta = Losses.byCompanion(kernel, r, theta, y);
      double expected = theta == INF && !Double.isNaN(r) ? 0 : t;
      if (r != 0 && r != -INF) {
        assertEquals(expected, byTheta);
      }
    } else {
      assertEquals(t, Losses.byCompanion(kernel, r, theta, y) + 0.0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, Infinity, 2, 3, 0",
    "true, 800, 2, 0, 0",
    "true, 800, Infinity, 0, Infinity",
    "true, -Infinity, 2, 3, 0",
    "true, -800, 2, 0, 0",
    "true, NaN, 2, 3, NaN",
    "false, 0, 2, 0, -0.5",
    "false, -0.0, 2, 0, -0.5",
    "false, 0, Infinity, 0, 0",
    "false, 0, 2, 3, Infinity",
    "false, Infinity, 2, 3, 0",
  })
  void secondDerivativesOfSpecialValues(
      boolean isLog, double r, double theta, double y, double second) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(isLog ? FULL : RATE);
    assertEquals(second, Losses.second(kernel, r, theta, y) + 0.0);
  }

  /** Quotients and sums of which doubles know only parts. */
  @ParameterizedTest
  @CsvSource({
    "1e-280, 1e-20, 1e20",
    "1e-289, 1e9, 1000",
    "1e-280, 5, 1e25",
    "1e305, 1e-5, 3",
    "1e305, 1e-3, 0",
    "3, 1e-305, 4",
    "3, 1e-305, 0",
    "1e300, 1e-9, 1e-3",
    "5e-324, 2, 1",
    "1e-18, 1, 0",
    "1e-16, 0.5, 0",
    "1e308, 1e308, 0",
  })
  void farQuotients(double mean, double theta, double y) {
    ElementLossKernel kernel = NegativeBinomialKernel.of(RATE);
    Point p = new Point(mean, theta, y, RATE);
    Jet exact = ExactLosses.negativeBinomialDeviance(mean, theta, y, RATE);
    double actual = Losses.deviance(kernel, mean, theta, y);
    double value = exact.value().doubleValue();
    assertEquals(value, actual, 1e-14 * value + 1e-55);
    double gradient = Losses.gradient(kernel, mean, theta, y);
    double bar = 1e-15 * p.slope() * p.total() + 1e-55;
    assertEquals(exact.first().doubleValue() / 2, gradient, bar);
  }

  /** Where the square of 1/μ overflows, and what is added to it as well. */
  @ParameterizedTest
  @CsvSource({"1e-160, 2", "1e-300, 2", "1e-160, Infinity", "1e-200, 1e-200", "0, 0.125"})
  void secondDerivativesOfTinyMeansWithoutACount(double mean, double theta) {
    double expected = theta == INF ? 0 : -theta / (theta + mean) / (theta + mean);
    double actual = Losses.second(NegativeBinomialKernel.of(RATE), mean, theta, 0);
    assertEquals(expected, actual, Math.abs(expected) * 1e-15);
  }

  @Test
  void ofCountHasLimits() {
    assertEquals(0, NegativeBinomialKernel.ofCount(2, 0, true));
    assertEquals(0, NegativeBinomialKernel.ofCount(2, 0, false));
    assertEquals(NAN, NegativeBinomialKernel.ofCount(0, 0, true));
    assertEquals(NAN, NegativeBinomialKernel.ofCount(NAN, 3, true));
    assertEquals(Stirling.ofCount(3), NegativeBinomialKernel.ofCount(INF, 3, true));
    double difference =
        NegativeBinomialKernel.ofCount(2, 3, true) - NegativeBinomialKernel.ofCount(2, 3, false);
    assertEquals(Math.log(6), difference, 1e-15);
    // log(1 + y/θ)/2 of a quotient that overflows, and δ of next to nothing.
    double tiny = NegativeBinomialKernel.ofCount(1e-300, 1e10, true);
    Jet exact =
        ExactLosses.negativeBinomial(1e10, 1e-300, 1e10, RATE)
            .minus(ExactLosses.negativeBinomialDeviance(1e10, 1e-300, 1e10, RATE).times(0.5));
    assertEquals(1, tiny / exact.value().doubleValue(), 1e-14);
    double huge = NegativeBinomialKernel.ofCount(1e-305, 1e10, true);
    assertEquals(5 * Math.log(10), huge - tiny, 1e-12);
  }

  @Test
  void slopeOfCountHasLimits() {
    assertEquals(0, NegativeBinomialKernel.slopeOfCount(2, 0));
    assertEquals(0, NegativeBinomialKernel.slopeOfCount(INF, 3));
    assertEquals(NAN, NegativeBinomialKernel.slopeOfCount(0, 0));
    assertEquals(NAN, NegativeBinomialKernel.slopeOfCount(-1, 3));
    // ψ(θ + 1) − ψ(θ) = 1/θ, and the rest by logarithms.
    double expected = 1 / 2.5 - Math.log1p(1 / 2.5);
    assertEquals(expected, NegativeBinomialKernel.slopeOfCount(2.5, 1), 1e-15);
  }

  @Test
  void withoutAThetaItIsOne() {
    ElementLossKernel kernel = NegativeBinomialKernel.of(FULL);
    assertEquals(Losses.value(kernel, 0.3, 1, 7), Losses.withoutCompanion(kernel, 0.3, 7));
  }

  @Test
  void countsAreNotNegative() {
    ElementLossKernel.Batch batch =
        new ElementLossKernel.Batch(null, null, Pointwise.elements(-1.0), null);
    ElementLossKernel.Names names = new ElementLossKernel.Names("counts", "theta");
    ElementLossKernel kernel = NegativeBinomialKernel.of(FULL);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> kernel.weight(names, batch));
    assertEquals("counts[0] must be finite and >= 0, got -1.0", refused.getMessage());
  }

  @Test
  void allThetasArePermitted() {
    ElementLossKernel kernel = NegativeBinomialKernel.of(FULL);
    assertTrue(kernel.isCompanion(-1) && kernel.isCompanion(NAN));
    assertTrue(kernel.hasCompanionGradient());
    assertTrue(kernel.isTarget(0) && kernel.isTarget(Double.MAX_VALUE));
    assertFalse(kernel.isTarget(-1) || kernel.isTarget(INF) || kernel.isTarget(NAN));
  }
}

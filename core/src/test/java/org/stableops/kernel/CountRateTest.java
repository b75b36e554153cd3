package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.ExactLosses.assertNear;
import static org.stableops.kernel.Pointwise.both;

import java.math.BigDecimal;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.PositiveTransform;
import org.stableops.PositiveTransform.Family;

/** The rates of counts, their logarithms and the derivatives of both, by exact arithmetic. */
@Tag("thorough")
class CountRateTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final double BOUND = 0.25;

  /** What exact numbers lose where they cancel. */
  private static final double BESIDE_NOTHING = 1e-40;

  static Stream<PositiveTransform> transforms() {
    return Stream.of(
            PositiveTransform.exp(),
            PositiveTransform.softplus(2),
            PositiveTransform.softplus(0.3),
            PositiveTransform.squareplus(),
            PositiveTransform.squareplus(1e-6))
        .flatMap(transform -> Stream.of(transform, transform.withLowerBound(BOUND)));
  }

  /** Both sides of each change of formula. */
  private static double[] raw(PositiveTransform transform) {
    return transform.family() == Family.SQUAREPLUS
        ? both(0, 1e-4, 0.3, 2, 17, 1e6)
        : both(0, 1e-4, 0.3, 17, 18.4, 18.6, 123, 124, 350, 371, 600);
  }

  private static CountRate at(PositiveTransform transform, double r) {
    CountRate rate = CountRate.of(transform);
    // What another point has left is of no interest.
    rate.at(r == -800 ? 0.5 : -800);
    rate.at(r);
    return rate;
  }

  private static void assertRelative(Jet exact, double actual, String where) {
    assertNear(exact.value(), actual, 10, Math.abs(exact.value().doubleValue()), where);
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void allIsThatOfTheDefinition(PositiveTransform transform) {
    for (double r : raw(transform)) {
      CountRate rate = at(transform, r);
      Jet exact = ExactLosses.rate(Jet.variable(r), transform);
      Jet log = exact.log();
      String where = transform + " at " + r;
      assertRelative(exact, rate.value, where);
      assertNear(log.value(), rate.log, 6, 1 + Math.abs(rate.log), where);
      assertNear(exact.first(), rate.slope, 10, rate.slope, where);
      assertNear(log.first(), rate.logSlope, 10, rate.logSlope, where);
      assertNear(exact.second(), rate.curvature, 14, rate.curvature, where);
      double terms = curvatureTerms(rate, transform, r) + BESIDE_NOTHING;
      assertNear(log.second(), rate.logCurvature, 20, terms, where);
    }
  }

  /** Of a difference where there is one. */
  private static double curvatureTerms(CountRate rate, PositiveTransform transform, double r) {
    boolean isDifference =
        transform.lowerBound() > 0 || transform.family() == Family.SOFTPLUS && r >= 0;
    return isDifference
        ? rate.curvature / rate.value + rate.logSlope * rate.logSlope
        : Math.abs(rate.logCurvature);
  }

  /** Also where a huge count makes something of a slope that is about to vanish. */
  @ParameterizedTest
  @MethodSource("transforms")
  void derivativesOfALossAreMadeOfIt(PositiveTransform transform) {
    for (double r : raw(transform)) {
      CountRate rate = at(transform, r);
      Jet exact = ExactLosses.rate(Jet.variable(r), transform);
      Jet log = exact.log();
      for (double y : new double[] {0, 5, 1e300}) {
        Jet loss = exact.minus(log.times(y));
        String where = transform + " at " + r + ", " + y;
        BigDecimal ofLog = log.first().multiply(new BigDecimal(y));
        double slopes = exact.first().add(ofLog).doubleValue();
        assertNear(loss.first(), rate.gradient(1, y), 12, slopes, where);
        BigDecimal ofSquare = ofLog.multiply(log.first()).abs();
        BigDecimal ofQuotient = ofSquare.add(log.times(y).second().abs());
        double curvatures = exact.second().add(ofQuotient).add(ofSquare).doubleValue();
        // A bound keeps what is tiny from cancelling.
        double terms = curvatures + (transform.lowerBound() > 0 ? 0 : y * BESIDE_NOTHING);
        assertNear(loss.second(), rate.second(1, y), 24, terms, where);
        assertNear(ofLog, rate.timesLogSlope(y), 12, ofLog.doubleValue(), where);
      }
    }
  }

  /** Of a large β the rate is a subnormal number, which has lost them. */
  @ParameterizedTest
  @ValueSource(doubles = {-600, -37.1, -36.9, -1, 0, 1, 36.9, 600})
  void theLogarithmOfATinyRateHasItsDigits(double p) {
    PositiveTransform transform = PositiveTransform.softplus(1e305);
    double r = p / 1e305;
    Jet log = ExactLosses.rate(Jet.variable(r), transform).log();
    double actual = at(transform, r).log;
    assertNear(log.value(), actual, 6, Math.abs(actual), transform + " at " + r);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.MIN_VALUE, 1e-300, 0.3, 1, 7, 1e300})
  void theRawValueMayBeTheRate(double r) {
    CountRate rate = at(null, r);
    assertEquals(r, rate.value);
    assertEquals(Math.log(r), rate.log);
    assertEquals(1, rate.slope);
    assertEquals(1 / r, rate.logSlope);
    assertEquals(0, rate.curvature);
    assertEquals(-(1 / r) / r, rate.logCurvature);
    assertEquals(r == 7 ? 0.5 : 1 - 3.5 * (1 / r), rate.gradient(1, 3.5));
    assertEquals(0, rate.second(1, 0));
  }

  @Test
  void noRateIsNegative() {
    for (double r : new double[] {-Double.MIN_VALUE, -1, -INF, NAN}) {
      CountRate rate = at(null, r);
      assertAll(rate, NAN, NAN, NAN, NAN, NAN, NAN);
    }
  }

  @Test
  void aRateOfNothingHasAnInfiniteLogarithm() {
    for (double zero : new double[] {0, -0.0}) {
      assertAll(at(null, zero), 0, -INF, 1, INF, 0, -INF);
    }
  }

  private static void assertAll(
      CountRate rate,
      double value,
      double log,
      double slope,
      double logSlope,
      double curvature,
      double logCurvature) {
    assertEquals(value, rate.value + 0.0);
    assertEquals(log, rate.log);
    assertEquals(slope, rate.slope);
    assertEquals(logSlope, rate.logSlope);
    assertEquals(curvature, rate.curvature);
    assertEquals(logCurvature, rate.logCurvature + 0.0);
  }

  @Test
  void endsAreLimits() {
    assertAll(at(null, INF), INF, INF, 1, 0, 0, 0);
    assertAll(at(PositiveTransform.exp(), INF), INF, INF, INF, 1, INF, 0);
    assertAll(at(PositiveTransform.exp(), -INF), 0, -INF, 0, 1, 0, 0);
    assertAll(at(PositiveTransform.softplus(2), INF), INF, INF, 1, 0, 0, 0);
    assertAll(at(PositiveTransform.softplus(2), -INF), 0, -INF, 0, 2, 0, 0);
    assertAll(at(PositiveTransform.squareplus(), INF), INF, INF, 1, 0, 0, 0);
    assertAll(at(PositiveTransform.squareplus(), -INF), 0, -INF, 0, 0, 0, 0);
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void aBoundIsTheLimit(PositiveTransform transform) {
    PositiveTransform bounded = transform.withLowerBound(BOUND);
    assertAll(at(bounded, -INF), BOUND, Math.log(BOUND), 0, 0, 0, 0);
    CountRate above = at(bounded, INF);
    boolean isExp = transform.family() == Family.EXP;
    assertAll(above, INF, INF, isExp ? INF : 1, isExp ? 1 : 0, isExp ? INF : 0, 0);
    CountRate ofNaN = at(bounded, NAN);
    assertEquals(NAN, ofNaN.value);
    assertEquals(NAN, ofNaN.gradient(1, 1));
    assertEquals(NAN, ofNaN.second(1, 1));
  }

  /** The logarithm and its slope know of no overflow. */
  @Test
  void logarithmsAreFiniteWhereRatesAreNot() {
    assertAll(at(PositiveTransform.exp(), 800), INF, 800, INF, 1, INF, 0);
    assertAll(at(PositiveTransform.exp(), -800), 0, -800, 0, 1, 0, 0);
    assertAll(at(PositiveTransform.exp().withLowerBound(1), 800), INF, 800, INF, 1, INF, 0);
    assertAll(at(PositiveTransform.softplus(2), -800), 0, -1600 - Math.log(2), 0, 2, 0, 0);
    CountRate subnormal = at(PositiveTransform.squareplus(1e-6), -1.5e308);
    assertEquals(Math.log(2.5e-7) - Math.log(1.5e308), subnormal.log, 1e-12);
    assertEquals(1 / 1.5e308, subnormal.logSlope);
  }

  /** Where a square of r or b would overflow or vanish. */
  @Test
  void squareplusHasTheWholeRange() {
    CountRate large = at(PositiveTransform.squareplus(), 1e200);
    assertAll(large, 1e200, Math.log(1e200), 1, 1 / 1e200, 0, 0);
    CountRate tiny = at(PositiveTransform.squareplus(4e-300), 0);
    assertEquals(1, tiny.value / 1e-150, 1e-15);
    assertEquals(0.5, tiny.slope, 1e-16);
    assertEquals(1, tiny.logSlope / 5e149, 1e-15);
    assertEquals(1, tiny.curvature / 2.5e149, 1e-15);
    CountRate wide = at(PositiveTransform.squareplus(1e300), -1e160);
    assertEquals(1, wide.value / 2.5e139, 1e-15);
    assertEquals(1, wide.slope / 2.5e-21, 1e-15);
    CountRate far = at(PositiveTransform.squareplus(), -1e100);
    assertEquals(1, far.curvature / 2e-300, 1e-15);
    assertEquals(1, far.logCurvature / 1e-200, 1e-15);
  }

  /** Not the product with a slope that has underflowed. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 0.3, 2})
  void aTinySlopeKeepsItsDigits(double beta) {
    boolean isExp = beta == 1;
    PositiveTransform transform =
        isExp ? PositiveTransform.exp() : PositiveTransform.softplus(beta);
    double r = -720.5 / beta;
    double exact = ExactLosses.rate(Jet.variable(r), transform).times(1e300).first().doubleValue();
    double actual = at(transform, r).timesTinySlope(1e300);
    assertTrue(Math.abs(actual / exact - 1) < 1e-15, actual + " instead of " + exact);
  }
}

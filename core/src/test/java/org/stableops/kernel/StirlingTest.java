package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.kernel.ExactLosses.assertNear;

import java.math.BigDecimal;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Stirling's approximation leaves, against log Γ in exact arithmetic. */
@Tag("thorough")
class StirlingTest {
  private static final double EULER = 0.5772156649015329;

  /** Every number of terms that are added before the asymptotic series, and fractions of them. */
  private static final double[] COUNTS = {
    0, 1e-5, 1, 2.5, 3, 8, 50, 1e7,
  };

  private static Jet logGamma(double z, double y) {
    return ExactLosses.logGamma(Jet.variable(z).plus(y));
  }

  /** log Γ(z) − (z − ½)·log z + z, which is δ but for a constant. */
  private static Jet delta(double z, double y) {
    Jet at = Jet.variable(z).plus(y);
    return ExactLosses.logGamma(at).minus(at.plus(-0.5).times(at.log())).plus(at);
  }

  private static BigDecimal ofCount(double y) {
    Jet count = Jet.of(y);
    return logGamma(1, y).minus(count.times(count.log())).plus(count).value();
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        1e-20, 1e-9, 0.1, 0.25, 0.4999, 0.5, 0.6, 1, 1.5, 3, 7.3, 9.9999, 10, 27, 1e3, 1e6, 1e12
      })
  void ofCountIsLogFactorialWithoutItsLargeTerms(double y) {
    BigDecimal exact = ofCount(y);
    assertNear(exact, Stirling.ofCount(y), 6, exact.doubleValue(), "S of " + y);
  }

  @Test
  void ofCountHasKnownValues() {
    assertEquals(0, Stirling.ofCount(0));
    assertEquals(1, Stirling.ofCount(1), 2e-16);
    assertEquals(2 - Math.log(2), Stirling.ofCount(2), 4e-16);
    double tiny = 1e-300;
    double expected = tiny * (1 - EULER - Math.log(tiny));
    assertEquals(1, Stirling.ofCount(tiny) / expected, 1e-15);
    double largest = Double.MAX_VALUE;
    double limit = (Math.log(2 * Math.PI) + Math.log(largest)) / 2;
    assertEquals(1, Stirling.ofCount(largest) / limit, 1e-15);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.75, 1, 3.3, 5, 8, 9.9, 10, 25, 1e8})
  void deltaIsWhatTheApproximationLeaves(double z) {
    Jet two = Jet.of(2);
    // log 2π = 2·(log Γ(½) + ½·log 2).
    Jet halfLogTwoPi = logGamma(0.5, 0).plus(two.log().times(0.5));
    BigDecimal exact = delta(z, 0).minus(halfLogTwoPi).value();
    assertNear(exact, Stirling.delta(z), 6, exact.doubleValue(), "delta of " + z);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 0.3, 0.999, 1, 1.1, 3.7, 7, 9.9, 10, 1e7})
  void deltaDifferenceIsThatOfTwoDeltas(double z) {
    for (double y : COUNTS) {
      BigDecimal exact = delta(z, 0).minus(delta(z, y)).value();
      String where = "delta of " + z + " less that of " + y + " more";
      // Below 1 it is the difference of two logarithms.
      double terms = z < 1 ? 4 * (z + 0.5) * Math.log1p(y / (z * (z + 1 + y))) : 0;
      double actual = Stirling.deltaDifference(z, y);
      assertNear(exact, actual, 8, exact.doubleValue() + terms, where);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 0.3, 0.999, 1, 1.1, 3.7, 7, 9.9, 10, 1e7})
  void chiDifferenceIsItsDerivative(double z) {
    for (double y : COUNTS) {
      BigDecimal exact = delta(z, y).minus(delta(z, 0)).first();
      String where = "chi of " + z + " less that of " + y + " more";
      assertNear(exact, Stirling.chiDifference(z, y), 16, exact.doubleValue(), where);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 0.3, 0.999, 1, 1.1, 3.7, 7, 9.9, 10, 1e7})
  void kappaDifferenceIsItsSecondDerivative(double z) {
    for (double y : COUNTS) {
      BigDecimal exact = delta(z, 0).minus(delta(z, y)).second();
      String where = "kappa of " + z + " less that of " + y + " more";
      assertNear(exact, Stirling.kappaDifference(z, y), 16, exact.doubleValue(), where);
    }
  }

  @Test
  void whatAtanhIsAboveOne() {
    double v = 1.0 / 3;
    assertEquals(Math.log(2) * 1.5 - 1, Stirling.oddReciprocals(v * v, 20), 1e-16);
    assertEquals(0.25 / 3, Stirling.oddReciprocals(0.25, 1));
    assertEquals(0, Stirling.oddReciprocals(0.25, 0));
  }
}

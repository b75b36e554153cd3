package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.PositiveTransform;
import org.stableops.integration.data.Sprays;
import org.stableops.integration.host.Path;
import org.stableops.integration.newton.Counts;
import org.stableops.integration.newton.Fit;
import org.stableops.integration.newton.Newton;
import org.stableops.integration.newton.NewtonHost;
import org.stableops.integration.newton.NewtonHost.Rule;

/**
 * Regressions of real counts by Newton's method, in both hosts. What is expected was computed in
 * decimal arithmetic of 45 digits; R's glm prints the same estimates.
 */
class CountRegressionTest {
  private static final double[] POISSON = Counts.warpBreaksCoefficients();

  /** And θ. */
  private static final double[] NEGATIVE_BINOMIAL = {
    3.673354566579144,
    -0.18621105235101480,
    -0.29922723862867944,
    -0.5113955151913886,
    9.944385435900482
  };

  static Stream<Arguments> hosts() {
    return NewtonHost.ALL.stream()
        .flatMap(host -> Stream.of(Path.values()).map(path -> Arguments.of(host, path)));
  }

  /** From the mean of all counts; the standard errors to all digits that are published. */
  @ParameterizedTest
  @MethodSource("hosts")
  void warpBreaksOnWoolAndTension(NewtonHost host, Path path) {
    Fit fit = path.run(() -> host.fitPoisson(Counts.warpBreaks()));
    assertTrue(fit.steps() <= 5, () -> fit.steps() + " steps");
    assertArrayEquals(POISSON, fit.estimates(), 2e-15);
    double[] errors = {0.0454108, 0.0515712, 0.0602659, 0.0639595};
    assertArrayEquals(errors, fit.standardErrors(), 5e-8);
  }

  /** From the Poisson fit; the standard errors to all digits that are published. */
  @ParameterizedTest
  @MethodSource("hosts")
  void warpBreaksAreOverdispersed(NewtonHost host, Path path) {
    Fit fit = path.run(() -> host.fitNegativeBinomial(Counts.warpBreaks()));
    assertTrue(fit.steps() <= 7, () -> fit.steps() + " steps");
    assertArrayEquals(NEGATIVE_BINOMIAL, fit.estimates(), 1e-13);
    double[] errors = {0.0953732, 0.10147, 0.12235, 0.123698};
    assertArrayEquals(errors, Arrays.copyOf(fit.standardErrors(), 4), 6e-7);
    assertEquals(2.56162727067200, fit.standardErrors()[4], 1e-12);
    assertEquals(199.381904, fit.last().value(), 6e-7);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void insectsBySprayWithOneDispersion(NewtonHost host, Path path) {
    Fit fit = path.run(() -> host.fitNegativeBinomial(Counts.insects()));
    double[] means = Sprays.read().means();
    for (int spray = 0; spray < means.length; spray++) {
      assertEquals(Math.log(means[spray]), fit.estimates()[spray], 1e-14);
    }
    assertEquals(28.099507135135884, fit.estimates()[6], 1e-11);
    double[] errors = {
      0.09334226001306,
      0.09165387976654,
      0.20728157435615,
      0.14111982004643,
      0.16363121608387,
      0.08925049617545,
      17.70043282985670
    };
    assertArrayEquals(errors, fit.standardErrors(), 1e-11);
    assertEquals(180.108942, fit.last().value(), 6e-7);
  }

  /**
   * One rate a spray, whether e^r or softplus makes it: the mean of its counts. Of squareplus the
   * loss is not convex for negative raw values, and Newton's method may go astray.
   */
  @ParameterizedTest
  @MethodSource("hosts")
  void insectsBySprayHaveTheirMeans(NewtonHost host, Path path) {
    Counts insects = Counts.insects();
    double[] means = Sprays.read().means();
    double expected = Double.NaN;
    for (PositiveTransform rate : List.of(PositiveTransform.exp(), PositiveTransform.softplus())) {
      double[] start = new double[6];
      Arrays.fill(start, rate.inverse(9.5));
      Fit fit =
          path.run(
              () ->
                  Newton.minimize(
                      beta -> host.poisson(insects, NewtonHost.LIKELIHOOD.withRate(rate), beta),
                      start));
      for (int spray = 0; spray < 6; spray++) {
        assertEquals(means[spray], rate.value(fit.estimates()[spray]), 1e-13);
      }
      expected = Double.isNaN(expected) ? fit.last().value() : expected;
      assertEquals(expected, fit.last().value(), 1e-11);
    }
  }

  /** After as many steps as Newton's method takes to the last digit, they have hardly begun. */
  @Test
  void firstOrderMethodsTakeHundredsOfSteps() {
    NewtonHost.ALL.forEach(CountRegressionTest::firstOrder);
  }

  private static void firstOrder(NewtonHost host) {
    int newton = host.fitPoisson(Counts.warpBreaks()).steps();
    List<double[]> adam = descend(host, Rule.ADAM, 0.1f);
    List<double[]> descent = descend(host, Rule.GRADIENT_DESCENT, 8e-4f);
    for (List<double[]> points : List.of(adam, descent)) {
      assertTrue(distance(points.get(newton)) > 0.1);
      assertTrue(distance(points.get(30)) > 5e-3);
      assertTrue(distance(points.get(100)) > 5e-7);
    }
    assertArrayEquals(POISSON, adam.get(300), 1e-6);
    assertArrayEquals(POISSON, descent.get(300), 2e-15);
  }

  private static List<double[]> descend(NewtonHost host, Rule rule, float rate) {
    Counts data = Counts.warpBreaks();
    return host.descend(
        rule, rate, beta -> host.poisson(data, NewtonHost.LIKELIHOOD, beta), data.start(), 300);
  }

  private static double distance(double... coefficients) {
    return IntStream.range(0, coefficients.length)
        .mapToDouble(i -> Math.abs(coefficients[i] - POISSON[i]))
        .max()
        .orElseThrow();
  }
}

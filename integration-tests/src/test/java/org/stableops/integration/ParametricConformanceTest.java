package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;

/**
 * Every elementwise operator with an array for its parameter, on every host, path and dtype,
 * against exact arithmetic: value, gradient, gradient to the parameter, and what training sees.
 */
@Tag("thorough")
class ParametricConformanceTest {
  private static final int POINTS = Effort.of(1000, 10_000);

  /** Of half, there are not many more numbers. */
  private static final int POINTS_OF_HALF = Effort.of(400, 2500);

  /** Of parameters that are drawn, beside those that the function lists. */
  private static final int DRAWN = 10;

  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> cases() {
    return Arrays.stream(ElementwiseFunction.values())
        .flatMap(
            function ->
                Arrays.stream(Format.values()).map(format -> Arguments.of(function, format)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void isWithinItsBar(ElementwiseFunction function, Format format) {
    double[][] drawn = draw(function, format);
    double[] x = drawn[0];
    double[] p = drawn[1];
    Exact[] values = exact(x.length, i -> function.value(x[i], p[i]));
    Exact[] gradients = exact(x.length, i -> function.gradient(x[i], p[i]));
    Exact[] byParameter = exact(x.length, i -> byParameter(function, x[i], p[i]));
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        if (host.formats().contains(format)) {
          Case known = new Case(function, format, host, path, x, p);
          Host.Parametric actual = path.run(() -> host.parametric(function, x, p, format));
          known.check("value", actual.value(), values);
          known.check("gradient", actual.gradient(), gradients);
          known.check("parameterGradient", actual.parameterGradient(), byParameter);
          Host.Parametric seen = path.run(() -> host.parametricBackprop(function, x, p, format));
          assertArrayEquals(actual.value(), seen.value(), known.toString());
          assertArrayEquals(actual.gradient(), seen.gradient(), known.toString());
          assertArrayEquals(actual.parameterGradient(), seen.parameterGradient(), known.toString());
        }
      }
    }
  }

  private static Exact byParameter(ElementwiseFunction function, double x, double parameter) {
    return x == 0 && parameter == 0
        ? new Exact(Double.POSITIVE_INFINITY, 0)
        : function.parameterGradient(x, parameter);
  }

  /** Arguments and their parameters, well mixed. */
  private static double[][] draw(ElementwiseFunction function, Format format) {
    SplittableRandom random = new SplittableRandom(20261125);
    double[] parameters =
        DoubleStream.concat(
                DoubleStream.of(function.parameters()), random.doubles(DRAWN, -6, 6).map(Math::exp))
            .map(format::round)
            .filter(p -> Double.isFinite(p) && (p > 0 || !function.isOfBeta()))
            .toArray();
    int count = format.epsilon() > 1e-6 ? POINTS_OF_HALF : POINTS;
    int each = (count + parameters.length - 1) / parameters.length;
    double[][] points = new double[parameters.length][];
    Arrays.setAll(points, k -> Points.of(function, parameters[k], format, each));
    double[] x = new double[count];
    double[] p = new double[count];
    for (int i = 0; i < count; i++) {
      int k = i % parameters.length;
      x[i] = points[k][i / parameters.length];
      p[i] = parameters[k];
    }
    return new double[][] {x, p};
  }

  private static Exact[] exact(int count, IntFunction<Exact> oracle) {
    return IntStream.range(0, count).parallel().mapToObj(oracle).toArray(Exact[]::new);
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("elementwise, array parameters");
  }

  private record Case(
      ElementwiseFunction function, Format format, Host host, Path path, double[] x, double[] p) {

    void check(String what, double[] actual, Exact[] exact) {
      boolean isGradient = !what.equals("value");
      for (int i = 0; i < x.length; i++) {
        boolean isNearZero = !isGradient && subtracts(i);
        double error =
            isNearZero
                ? Math.abs(actual[i] - exact[i].nearest()) * p[i] / format.epsilon()
                : format.ulps(actual[i], exact[i]);
        double bar = isNearZero ? Tolerance.NEAR_ZERO.of(format) : bar(i, isGradient);
        int place = i;
        assertTrue(error <= bar, () -> where(what, place, actual, exact) + ", error " + error);
        MEASUREMENTS.add(row(what, isNearZero), isGradient, error, bar);
      }
    }

    private String where(String what, int i, double[] actual, Exact[] exact) {
      return "%s %s at x = %s, parameter %s: got %s, exact %s"
          .formatted(this, what, x[i], p[i], actual[i], exact[i]);
    }

    private Measurements.Row row(String what, boolean isNearZero) {
      String line = isNearZero ? "ITS ZERO, in ε/β" : function.name();
      boolean isByParameter = what.equals("parameterGradient");
      return new Measurements.Row(isByParameter ? line + " ∂p" : line, host.name(), path, format);
    }

    /** A composite computes in float64, where the rounding of βx shows in float64 only. */
    private double bar(int i, boolean isGradient) {
      return path == Path.COMPOSITE && format != Format.FLOAT64
          ? Tolerance.elementwise(function, 0, p[i], format, path, isGradient)
          : Tolerance.elementwise(function, x[i], p[i], format, path, isGradient);
    }

    private boolean subtracts(int i) {
      double product = p[i] * x[i];
      return path == Path.COMPOSITE
          && format == Format.FLOAT64
          && function == ElementwiseFunction.SOFTPLUS_INVERSE
          && product > 0.4
          && product < 1.1;
    }

    @Override
    public String toString() {
      return "%s %s %s %s".formatted(host.name(), function, path, format);
    }
  }

  /** That the oracle's formulas are derivatives of its values is not taken for granted. */
  @ParameterizedTest
  @EnumSource
  void theOraclesDerivativeIsThatOfItsValue(ElementwiseFunction function) {
    for (double parameter :
        function.isOfBeta() ? function.parameters() : new double[] {1e-6, 1, 4, 1e6}) {
      for (double x : new double[] {-3, -0.5, 0.3, 1.1, 1.9}) {
        if (x > 0 || !function.hasPositiveDomain()) {
          double step = 0x1p-20 * parameter;
          Exact above = function.value(x, parameter + step);
          Exact below = function.value(x, parameter - step);
          double difference = above.nearest() - below.nearest();
          difference += above.rest() * Math.ulp(above.nearest());
          difference -= below.rest() * Math.ulp(below.nearest());
          double expected = function.parameterGradient(x, parameter).nearest();
          assertEquals(expected, difference / (2 * step), 1e-8 * Math.abs(expected));
        }
      }
    }
  }

  /** e^{−a} alone is 0 here, its quotient by β² is not. */
  @ParameterizedTest
  @EnumSource(names = {"SOFTPLUS", "SOFTPLUS_INVERSE"})
  void aTinyBetaBringsBackWhatUnderflows(ElementwiseFunction function) {
    double[] x = {1.7e308, 1.7e308, 1.5e308, 1e308, 1e307, 1e306, 1.7e308};
    double[] beta = {1e-305, 8e-306, 1e-305, 1.6e-305, 1.4e-304, 8e-304, 1.26e-305};
    for (Host host : Host.ALL) {
      double[] actual =
          Path.FUSED.run(
              () -> host.parametric(function, x, beta, Format.FLOAT64).parameterGradient());
      for (int i = 0; i < x.length; i++) {
        Exact exact = function.parameterGradient(x[i], beta[i]);
        assertTrue(exact.nearest() != 0, "a result of 0 would prove nothing");
        double error = Format.FLOAT64.ulps(actual[i], exact);
        assertTrue(error <= 5, host.name() + " at " + x[i] + ": " + error);
      }
    }
  }

  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final double[] SPECIAL = {0, -0.0, INF, -INF, NAN, -2};

  /** With parameters that every format has, and of which no result here is rounded but log 2's. */
  @ParameterizedTest
  @EnumSource
  void specialValuesAreThoseOfTheTable(ElementwiseFunction function) {
    double ln2 = Math.log(2);
    switch (function) {
      case SOFTPLUS ->
          special(function, 2, -ln2 / 4, -ln2 / 4, -0.0, -0.0, NAN, derivative(function, -2, 2));
      case SOFTPLUS_INVERSE -> special(function, 2, INF, INF, 0, NAN, NAN, NAN);
      case SQUAREPLUS -> {
        special(function, 4, 0.125, 0.125, 0, 0, NAN, derivative(function, -2, 4));
        special(function, 0, INF, INF, 0, 0, NAN, 0.125);
      }
      case SQUAREPLUS_INVERSE -> {
        special(function, 4, -INF, -INF, -0.0, NAN, NAN, NAN);
        special(function, 0, -INF, -INF, -0.0, NAN, NAN, NAN);
      }
    }
  }

  private static double derivative(ElementwiseFunction function, double x, double parameter) {
    return function.parameterGradient(x, parameter).nearest();
  }

  /** The gradient to the parameter; value and gradient are those of the number. */
  private static void special(ElementwiseFunction function, double parameter, double... expected) {
    double[] p = new double[SPECIAL.length];
    Arrays.fill(p, parameter);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        for (Format format : host.formats()) {
          Case known = new Case(function, format, host, path, SPECIAL, p);
          Host.Parametric actual = path.run(() -> host.parametric(function, SPECIAL, p, format));
          double[] value = path.run(() -> host.value(function, SPECIAL, parameter, format));
          double[] gradient = path.run(() -> host.gradient(function, SPECIAL, parameter, format));
          for (int i = 0; i < SPECIAL.length; i++) {
            String message = known + " at " + SPECIAL[i] + ", parameter " + parameter;
            close(expected[i], actual.parameterGradient()[i], format, message);
            close(value[i], actual.value()[i], format, message);
            close(gradient[i], actual.gradient()[i], format, message);
          }
        }
      }
    }
  }

  /** Equal where it is 0, infinite or NaN, whatever the sign of 0; within a bar elsewhere. */
  private static void close(double expected, double actual, Format format, String message) {
    boolean isExact = expected == 0 || !Double.isFinite(expected);
    double bar = Tolerance.COMPOSITE_GRADIENT.of(format) * format.ulp(expected);
    assertEquals(expected + 0.0, actual + 0.0, isExact ? 0 : bar, message);
  }
}

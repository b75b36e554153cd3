package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;
import org.stableops.op.Operators;

/** Every elementwise operator on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class ElementwiseConformanceTest {
  private static final int POINTS = Effort.of(140, 10_000);
  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> cases() {
    return Arrays.stream(ElementwiseFunction.values())
        .flatMap(
            function ->
                DoubleStream.of(function.parameters())
                    .boxed()
                    .flatMap(
                        parameter ->
                            Arrays.stream(Format.values())
                                .map(format -> Arguments.of(function, parameter, format))));
  }

  @ParameterizedTest(name = "{0}, parameter {1}, {2}")
  @MethodSource("cases")
  void isWithinItsBar(ElementwiseFunction function, double parameter, Format format) {
    double[] x = Points.of(function, parameter, format, POINTS);
    Exact[] values = exact(i -> function.value(x[i], parameter));
    Exact[] gradients = exact(i -> function.gradient(x[i], parameter));
    Exact[] seconds = exact(i -> function.secondDerivative(x[i], parameter));
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        if (host.formats().contains(format)) {
          Case known = new Case(function, parameter, format, host, path, x);
          known.check(known.values(), values, false);
          double[] actual = known.gradients();
          known.check(actual, gradients, true);
          known.checkSecond(seconds);
          // What training sees is the explicit gradient, to the bit.
          assertArrayEquals(actual, known.backprop(), known.toString());
        }
      }
    }
  }

  @Test
  void everyOperatorHasADefinition() {
    assertEquals(
        Operators.ALL,
        Arrays.stream(ElementwiseFunction.values()).map(ElementwiseFunction::operator).toList());
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("elementwise");
  }

  private static Exact[] exact(IntFunction<Exact> oracle) {
    return IntStream.range(0, POINTS).parallel().mapToObj(oracle).toArray(Exact[]::new);
  }

  private record Case(
      ElementwiseFunction function,
      double parameter,
      Format format,
      Host host,
      Path path,
      double[] x) {

    double[] values() {
      return path.run(() -> host.value(function, x, parameter, format));
    }

    double[] gradients() {
      return path.run(() -> host.gradient(function, x, parameter, format));
    }

    double[] backprop() {
      double[] ones = new double[x.length];
      Arrays.fill(ones, 1);
      return path.run(() -> host.backprop(function, x, parameter, ones, format));
    }

    void check(double[] actual, Exact[] exact, boolean gradient) {
      for (int i = 0; i < x.length; i++) {
        double ulps = format.ulps(actual[i], exact[i]);
        if (!gradient && isNearZero(x[i])) {
          double distance = Math.abs(actual[i] - exact[i].nearest());
          double absolute = distance * parameter / format.epsilon();
          double bar = Tolerance.NEAR_ZERO.of(format);
          assertWithin("value", absolute, bar, i, actual[i]);
          MEASUREMENTS.add(
              new Measurements.Row("ITS ZERO, in ε/β", host.name(), path, format),
              gradient,
              absolute,
              bar);
          continue;
        }
        double bar = Tolerance.elementwise(function, x[i], parameter, format, path, gradient);
        assertWithin(gradient ? "gradient" : "value", ulps, bar, i, actual[i]);
        MEASUREMENTS.add(
            new Measurements.Row(operator(), host.name(), path, format), gradient, ulps, bar);
      }
    }

    void checkSecond(Exact[] exact) {
      double[] actual = path.run(() -> host.secondDerivative(function, x, parameter, format));
      for (int i = 0; i < x.length; i++) {
        double ulps = format.ulps(actual[i], exact[i]);
        double bar = Tolerance.second(function, x[i], parameter, format, path);
        assertWithin("second derivative", ulps, bar, i, actual[i]);
        MEASUREMENTS.add(
            new Measurements.Row(operator() + "″", host.name(), path, format), true, ulps, bar);
      }
    }

    /** The errors of rounded products are of another size, and have lines of their own. */
    private String operator() {
      boolean rounds = Tolerance.roundsProduct(function, parameter, format, path);
      return function.name() + (rounds ? ", βx rounded" : "");
    }

    /**
     * Where the composite of softplus's inverse subtracts, and only the absolute error is small.
     */
    private boolean isNearZero(double argument) {
      double p = parameter * argument;
      return path == Path.COMPOSITE
          && function == ElementwiseFunction.SOFTPLUS_INVERSE
          && p > 0.4
          && p < 1.1;
    }

    private void assertWithin(String what, double error, double bar, int i, double actual) {
      assertTrue(
          error <= bar,
          () -> "%s, %s at x = %s: got %s, error %s".formatted(this, what, x[i], actual, error));
    }

    @Override
    public String toString() {
      return "%s %s(%s) %s %s".formatted(host.name(), function, parameter, path, format);
    }
  }
}

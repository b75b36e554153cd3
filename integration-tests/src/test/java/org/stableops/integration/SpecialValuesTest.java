package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** The table of special values, in value, gradient and backprop. */
class SpecialValuesTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  /** The arguments of all expectations: ±0, +inf, −inf, NaN, −1, the largest negative number. */
  private static double[] arguments(Format format) {
    return new double[] {0.0, -0.0, INF, -INF, NAN, -1, -format.max()};
  }

  /** What is expected; null where the value is an ordinary one. */
  private record Expected(
      ElementwiseFunction function,
      double parameter,
      Double[] value,
      Double[] gradient,
      Double[] second) {}

  private static Expected softplus(double beta) {
    double atZero = Math.log(2) / beta;
    return new Expected(
        ElementwiseFunction.SOFTPLUS,
        beta,
        new Double[] {atZero, atZero, INF, 0.0, NAN, null, 0.0},
        new Double[] {0.5, 0.5, 1.0, 0.0, NAN, null, 0.0},
        new Double[] {beta / 4, beta / 4, 0.0, 0.0, NAN, null, 0.0});
  }

  private static Expected squareplus(double b) {
    double atZero = Math.sqrt(b) / 2;
    return new Expected(
        ElementwiseFunction.SQUAREPLUS,
        b,
        new Double[] {atZero, atZero, INF, 0.0, NAN, null, null},
        new Double[] {0.5, 0.5, 1.0, 0.0, NAN, null, null},
        new Double[] {0.5 / Math.sqrt(b), 0.5 / Math.sqrt(b), 0.0, 0.0, NAN, null, null});
  }

  private static Expected inverse(ElementwiseFunction function, double parameter) {
    return new Expected(
        function,
        parameter,
        new Double[] {-INF, -INF, INF, NAN, NAN, NAN, NAN},
        new Double[] {INF, INF, 1.0, NAN, NAN, NAN, NAN},
        new Double[] {-INF, -INF, 0.0, NAN, NAN, NAN, NAN});
  }

  private static final List<Expected> TABLE =
      List.of(
          softplus(1),
          softplus(0.25),
          softplus(20),
          squareplus(4),
          squareplus(1e-6),
          squareplus(1e6),
          new Expected(
              ElementwiseFunction.SQUAREPLUS,
              0,
              new Double[] {0.0, 0.0, INF, 0.0, NAN, 0.0, 0.0},
              new Double[] {0.5, 0.5, 1.0, 0.0, NAN, 0.0, 0.0},
              new Double[] {0.0, 0.0, 0.0, 0.0, NAN, 0.0, 0.0}),
          inverse(ElementwiseFunction.SOFTPLUS_INVERSE, 1),
          inverse(ElementwiseFunction.SOFTPLUS_INVERSE, 1.0 / 3),
          inverse(ElementwiseFunction.SOFTPLUS_INVERSE, 20),
          inverse(ElementwiseFunction.SQUAREPLUS_INVERSE, 4),
          inverse(ElementwiseFunction.SQUAREPLUS_INVERSE, 1e-6),
          inverse(ElementwiseFunction.SQUAREPLUS_INVERSE, 1e6),
          new Expected(
              ElementwiseFunction.SQUAREPLUS_INVERSE,
              0,
              new Double[] {0.0, 0.0, INF, -INF, NAN, -1.0, null},
              new Double[] {1.0, 1.0, 1.0, 1.0, NAN, 1.0, 1.0},
              new Double[] {0.0, 0.0, 0.0, 0.0, NAN, 0.0, 0.0}));

  record Setting(Host host, Path path, Format format) {}

  static List<Setting> settings() {
    List<Setting> settings = new ArrayList<>();
    for (Host host : Host.ALL) {
      for (Format format : host.formats()) {
        for (Path path : Path.values()) {
          settings.add(new Setting(host, path, format));
        }
      }
    }
    return settings;
  }

  @ParameterizedTest
  @MethodSource("settings")
  void areThoseOfTheTable(Setting setting) {
    for (Expected expected : TABLE) {
      double[] x = arguments(setting.format);
      double[] ones = {1, 1, 1, 1, 1, 1, 1};
      ElementwiseFunction f = expected.function;
      double p = expected.parameter;
      Host host = setting.host;
      check(
          expected,
          "value",
          setting,
          expected.value,
          setting.path.run(() -> host.value(f, x, p, setting.format)));
      check(
          expected,
          "gradient",
          setting,
          expected.gradient,
          setting.path.run(() -> host.gradient(f, x, p, setting.format)));
      check(
          expected,
          "second derivative",
          setting,
          expected.second,
          setting.path.run(() -> host.secondDerivative(f, x, p, setting.format)));
      check(
          expected,
          "backprop",
          setting,
          expected.gradient,
          setting.path.run(() -> host.backprop(f, x, p, ones, setting.format)));
    }
  }

  /** A diverged upstream must be seen, and is a scalar where the loss is reduced. */
  @ParameterizedTest
  @MethodSource("settings")
  void anUpstreamOfNanGivesGradientsOfNan(Setting setting) {
    double[] nan = {NAN};
    CrossEntropyCase problem =
        CrossEntropyCase.sparse(
            new double[] {1, 2, 3}, 3, new long[] {0}, CrossEntropyOptions.DEFAULT);
    double[] gradient =
        setting
            .path
            .run(() -> setting.host.crossEntropyBackprop(problem, nan, setting.format))
            .gradient();
    assertArrayEquals(new double[] {NAN, NAN, NAN}, gradient);
    for (ElementwiseFunction function : ElementwiseFunction.values()) {
      double[] one = {1};
      double[] ofOne =
          setting.path.run(
              () ->
                  setting.host.backprop(
                      function, one, function.parameters()[0], nan, setting.format));
      assertArrayEquals(nan, ofOne);
    }
  }

  /** A scalar of its own is another way through the hosts than an element among others. */
  @ParameterizedTest
  @MethodSource("settings")
  void holdForAnArrayOfOneElement(Setting setting) {
    double[] x = arguments(setting.format);
    for (Expected expected : TABLE) {
      double[] alone = new double[x.length];
      double[] together =
          setting.path.run(
              () ->
                  setting.host.gradient(expected.function, x, expected.parameter, setting.format));
      for (int i = 0; i < x.length; i++) {
        double[] one = {x[i]};
        alone[i] =
            setting
                .path
                .run(
                    () ->
                        setting.host.gradient(
                            expected.function, one, expected.parameter, setting.format))[0];
      }
      assertArrayEquals(together, alone, expected.function + " " + setting);
    }
  }

  private static void check(
      Expected expected, String what, Setting setting, Double[] wanted, double[] actual) {
    double[] x = arguments(setting.format);
    for (int i = 0; i < x.length; i++) {
      if (wanted[i] != null) {
        String message =
            "%s %s(%s) at %s, %s %s %s"
                .formatted(
                    what,
                    expected.function,
                    expected.parameter,
                    x[i],
                    setting.host.name(),
                    setting.path,
                    setting.format);
        // ln 2/β and √b/2 to the last two digits of the type, everything else exactly.
        double rounded = setting.format.round(wanted[i]);
        boolean isExact = Double.isInfinite(rounded) || 2 * rounded == Math.rint(2 * rounded);
        double delta = isExact || Double.isNaN(rounded) ? 0 : 2 * setting.format.ulp(rounded);
        assertEquals(rounded + 0.0, actual[i] + 0.0, delta, message);
      }
    }
  }
}

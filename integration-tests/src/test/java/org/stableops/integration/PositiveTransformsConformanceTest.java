package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.PositiveTransform;
import org.stableops.PositiveTransform.Family;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.PositiveFunction;

/** Positive transforms of arrays on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class PositiveTransformsConformanceTest {
  private static final int POINTS = Effort.of(50, 250);
  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> cases() {
    return Stream.of(
            PositiveTransform.softplus(),
            PositiveTransform.softplus(0.25),
            PositiveTransform.softplus(1.7),
            PositiveTransform.squareplus(),
            PositiveTransform.squareplus(1e-6),
            PositiveTransform.exp())
        .flatMap(transform -> DoubleStream.of(0, 0.1).mapToObj(transform::withLowerBound))
        .flatMap(
            transform ->
                Arrays.stream(Format.values()).map(format -> Arguments.of(transform, format)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void isWithinItsBar(PositiveTransform transform, Format format) {
    double[] raw = raws(transform, format);
    PositiveFunction exact = new PositiveFunction(transform);
    Exact[] values = exact(raw, exact::value);
    Exact[] gradients = exact(raw, exact::gradient);
    Exact[] logDerivatives = exact(raw, exact::logDerivative);
    Exact[] logDerivativeGradients = exact(raw, exact::gradientOfLogDerivative);
    for (Host host : Host.ALL) {
      if (!host.formats().contains(format)) {
        continue;
      }
      for (Path path : Path.values()) {
        Case known = new Case(transform, format, host, path, raw);
        Host.Transformed actual = path.run(() -> host.transformed(transform, raw, format));
        known.checkValues(actual.value(), values);
        known.check("f′", actual.gradient(), gradients, true, known.gradientBar());
        assertArrayEquals(actual.gradient(), actual.backprop(), known.toString());
        known.check("log f′", actual.logDerivative(), logDerivatives, false, known.logBar());
        known.check(
            "(log f′)′",
            actual.logDerivativeBackprop(),
            logDerivativeGradients,
            true,
            known.logBar());
      }
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void theInverseGivesTheValueBack(PositiveTransform transform, Format format) {
    double[] values = values(transform, format);
    PositiveFunction exact = new PositiveFunction(transform);
    for (Host host : Host.ALL) {
      if (!host.formats().contains(format)) {
        continue;
      }
      for (Path path : Path.values()) {
        double[] raw = path.run(() -> host.inverse(transform, values, format));
        for (int i = 0; i < values.length; i++) {
          double slope = exact.gradient(raw[i]).nearest();
          double rounding = slope * format.ulp(raw[i]) + format.ulp(values[i]);
          int i0 = i;
          assertEquals(
              values[i],
              exact.value(raw[i]).nearest(),
              inverseBar(path, transform, raw[i]) * rounding,
              () -> host.name() + " " + path + " " + transform + " at " + values[i0]);
        }
      }
    }
  }

  /** As the bar of the inverse; the composite of softplus's cancels near its zero. */
  private static double inverseBar(Path path, PositiveTransform transform, double raw) {
    return path == Path.FUSED ? 4 : 12 + Math.abs(transform.parameter() * raw);
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void whatIsOutsideIsRefusedByName(PositiveTransform transform, Format format) {
    for (Host host : Host.ALL) {
      if (!host.formats().contains(format)) {
        continue;
      }
      for (double wrong : new double[] {transform.lowerBound() * 0.5, -1, Double.NaN, 1 / 0.0}) {
        double[] values = {5, 4, wrong, 6};
        String message =
            assertThrows(
                    IllegalArgumentException.class, () -> host.inverse(transform, values, format))
                .getMessage();
        assertTrue(
            message.startsWith("value[2] must be finite and > " + transform.lowerBound()), message);
      }
    }
  }

  private static Exact[] exact(double[] x, DoubleFunction<Exact> oracle) {
    return Arrays.stream(x).parallel().mapToObj(oracle).toArray(Exact[]::new);
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("positive transforms");
  }

  private static double[] raws(PositiveTransform transform, Format format) {
    SplittableRandom random = new SplittableRandom(7);
    // Beyond, e^r overflows.
    double largest =
        transform.family() == Family.EXP ? Math.log(format.max()) - 1 : format.max() / 4;
    return DoubleStream.generate(
            () -> {
              double size =
                  Math.exp(
                      Math.log(format.minNormal())
                          + random.nextDouble() * Math.log(format.max() / format.minNormal()));
              double moderate = 100 * random.nextDouble() / transform.parameter();
              double r = Math.min(random.nextInt(3) == 0 ? size : moderate, largest);
              return format.round(random.nextBoolean() ? r : -r);
            })
        .limit(POINTS)
        .toArray();
  }

  private static double[] values(PositiveTransform transform, Format format) {
    SplittableRandom random = new SplittableRandom(8);
    return DoubleStream.generate(
            () ->
                format.round(
                    transform.lowerBound()
                        + Math.exp(-6 + 12 * random.nextDouble())
                            * Math.max(1e-3, unit(transform))))
        .filter(value -> transform.contains(value))
        .limit(POINTS)
        .toArray();
  }

  private static double unit(PositiveTransform transform) {
    return switch (transform.family()) {
      case SOFTPLUS -> 1 / transform.parameter();
      case SQUAREPLUS -> Math.sqrt(transform.parameter()) / 2;
      case EXP -> 1;
    };
  }

  private record Case(
      PositiveTransform transform, Format format, Host host, Path path, double[] raw) {

    void checkValues(double[] actual, Exact[] exact) {
      for (int i = 0; i < raw.length; i++) {
        int i0 = i;
        assertTrue(
            actual[i] > transform.lowerBound(), () -> this + " at " + raw[i0] + ": " + actual[i0]);
      }
      check("value", actual, exact, false, valueBar());
    }

    /** One more for the sum with the bound, or for the number after it. */
    double valueBar() {
      return (path == Path.FUSED ? Tolerance.FUSED_VALUE : Tolerance.COMPOSITE_VALUE).of(format)
          + 1;
    }

    double gradientBar() {
      return (path == Path.FUSED ? Tolerance.FUSED_GRADIENT : Tolerance.COMPOSITE_GRADIENT)
          .of(format);
    }

    double logBar() {
      return (path == Path.FUSED ? Tolerance.FUSED_GRADIENT : Tolerance.COMPOSITE_GRADIENT)
          .of(format);
    }

    void check(String quantity, double[] actual, Exact[] exact, boolean gradient, double bar) {
      for (int i = 0; i < raw.length; i++) {
        double ulps = format.ulps(actual[i], exact[i]);
        double allowed = bar + roundedProduct(raw[i]);
        int i0 = i;
        assertTrue(
            ulps <= allowed,
            () ->
                "%s %s at %s: got %s, exact %s, %s ulp"
                    .formatted(
                        this,
                        quantity,
                        raw[i0],
                        actual[i0],
                        exact[i0].nearest(),
                        format.ulps(actual[i0], exact[i0])));
        if (roundedProduct(raw[i]) == 0) {
          MEASUREMENTS.add(
              new Measurements.Row(transform.family() + " " + quantity, host.name(), path, format),
              gradient,
              ulps,
              allowed);
        }
      }
    }

    /** A composite does not put back the rounding of βr, nor of squareplus's two logarithms. */
    private double roundedProduct(double r) {
      boolean isNarrow = format == Format.FLOAT16 || format == Format.BFLOAT16;
      if (path == Path.FUSED || isNarrow || transform.family() == Family.EXP) {
        return 0;
      }
      return Math.abs(
          transform.family() == Family.SOFTPLUS
              ? transform.parameter() * r
              : 4 * Math.log(Math.max(Math.abs(r), 1) / Math.sqrt(transform.parameter())));
    }

    @Override
    public String toString() {
      return "%s %s %s %s".formatted(host.name(), transform, path, format);
    }
  }
}

package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.SigmoidLoss;

/** The cross-entropy of yes or no on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class SigmoidConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final int POINTS = Effort.of(201, 10_002);
  private static final BinaryCrossEntropyOptions NONE =
      BinaryCrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> cases() {
    return Arrays.stream(Format.values())
        .flatMap(format -> options().map(options -> Arguments.of(format, options)));
  }

  private static Stream<BinaryCrossEntropyOptions> options() {
    return Stream.of(
        NONE,
        NONE.withLabelSmoothing(0.1),
        NONE.withPositiveWeights(7.25),
        NONE.withPositiveWeights(0.5, 0, 30),
        NONE.withFocalAlpha(0.25),
        NONE.withFocalGamma(2).withFocalAlpha(0.25),
        NONE.withFocalGamma(0.3),
        NONE.withFocalGamma(1.7).withLabelSmoothing(0.2).withPositiveWeights(0.5, 0, 30),
        NONE.withFocalGamma(5).withFocalAlpha(1));
  }

  private static ElementLossHost.Problem problem(
      double[] x, double[] y, double[] a, long[] shape, BinaryCrossEntropyOptions options) {
    return new ElementLossHost.Problem("SigmoidCrossEntropy", x, y, a, shape, options);
  }

  /** All sizes of both signs, and the neighbourhoods of every change of formula. */
  private static double[] logits(Format format, SplittableRandom random) {
    double largest = Math.log10(format.max());
    return DoubleStream.generate(
            () ->
                switch (random.nextInt(4)) {
                  case 0 -> Math.pow(10, (2 * random.nextDouble() - 1) * largest);
                  case 1 -> 50 * random.nextDouble();
                  case 2 -> 5 * random.nextDouble();
                  default -> 800 * random.nextDouble();
                })
        .map(x -> format.round(random.nextBoolean() ? x : -x))
        .filter(Double::isFinite)
        .limit(POINTS)
        .toArray();
  }

  private static double[] targets(Format format, SplittableRandom random) {
    return DoubleStream.generate(
            () -> random.nextInt(3) == 0 ? format.round(random.nextDouble()) : random.nextInt(2))
        .limit(POINTS)
        .toArray();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isWithinItsBars(Format format, BinaryCrossEntropyOptions options) {
    SplittableRandom random = new SplittableRandom(options.toString().hashCode());
    check(format, options, logits(format, random), targets(format, random));
  }

  /** Logits of ordinary size alone, for which composites have a formula in float32. */
  @ParameterizedTest
  @EnumSource
  void logitsOfOrdinarySizeAreWithinTheBars(Format format) {
    SplittableRandom random = new SplittableRandom(19);
    double[] x =
        DoubleStream.generate(
                () ->
                    switch (random.nextInt(4)) {
                      case 0 -> Math.pow(10, -8 * random.nextDouble());
                      case 1 -> 85 * random.nextDouble();
                      case 2 -> 20 * random.nextDouble();
                      default -> 3 * random.nextDouble();
                    })
            .map(v -> format.round(random.nextBoolean() ? v : -v))
            .limit(POINTS)
            .toArray();
    double[] edges = {0, -0.0, 85, -85, 16, -16};
    System.arraycopy(edges, 0, x, 0, edges.length);
    double[] y = targets(format, random);
    // Near 0 and 1 a target has digits that 1 − y or y may lose.
    for (int i = 6; i < POINTS; i += 5) {
      double tiny = Math.pow(10, -7 * random.nextDouble());
      y[i] = format.round(random.nextBoolean() ? tiny : 1 - tiny);
    }
    check(format, NONE, x, y);
  }

  private static void check(
      Format format, BinaryCrossEntropyOptions options, double[] x, double[] y) {
    long[] shape = {POINTS / 3, 3};
    double[] weights = options.positiveWeights();
    SigmoidLoss[] exact = new SigmoidLoss[POINTS];
    Arrays.parallelSetAll(
        exact,
        i ->
            SigmoidLoss.of(
                x[i], y[i], weights.length == 0 ? 1 : weights[i % weights.length], options));
    for (ElementLossHost host : ElementLossHost.ALL) {
      if (host.formats().contains(format)) {
        for (Path path : Path.values()) {
          ElementLossHost.Derivatives actual =
              path.run(() -> host.compute(problem(x, y, null, shape, options), format));
          new Check(format, host, path, options, x, y, exact).check(actual);
        }
      }
    }
  }

  private record Check(
      Format format,
      ElementLossHost host,
      Path path,
      BinaryCrossEntropyOptions options,
      double[] x,
      double[] y,
      SigmoidLoss[] exact) {
    void check(ElementLossHost.Derivatives actual) {
      for (int i = 0; i < exact.length; i++) {
        ElementLossBars bars = ElementLossBars.sigmoid(exact[i], y[i], options, format);
        measure("loss", i, actual.value()[i], bars.of(Result.LOSS));
        measure("gradient", i, actual.gradient()[i], bars.of(Result.GRADIENT));
        measure("second derivative", i, actual.second()[i], bars.of(Result.SECOND));
      }
      assertArrayEquals(actual.gradient(), actual.backprop(), () -> where(0));
    }

    private void measure(String what, int i, double actual, ElementLossBars.Bound bound) {
      double error = bound.error(actual, format);
      assertTrue(error <= bound.bar(), () -> where(i) + ", " + what + ": error " + error);
      MEASUREMENTS.add(
          new Measurements.Row("SIGMOID_CROSS_ENTROPY", host.name(), path, format),
          !what.equals("loss"),
          error,
          bound.bar());
    }

    private String where(int i) {
      return "%s %s %s %s of %s, target %s"
          .formatted(host.name(), path, format, options, x[i], y[i]);
    }
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("cross-entropy of yes or no (hard targets: ulp; else ε·Σ|terms|)");
  }

  @Test
  void theLogitThatOthersCallZero() {
    everywhere(
        new double[] {-16, 16, -40},
        new double[] {0, 0, 1},
        null,
        NONE,
        (actual, format) -> {
          assertEquals(1.1253516e-7, actual.value()[0], 1e-14);
          assertEquals(-1, actual.gradient()[2]);
          assertEquals(1, actual.gradient()[1], 2e-7);
        });
  }

  @Test
  void specialValuesAreThoseOfTheTable() {
    double[] x = {INF, INF, INF, -INF, -INF, -INF, NAN, NAN};
    double[] y = {1, 0, 0.5, 0, 1, 0.5, 0, 1};
    double[] loss = {0, INF, INF, 0, INF, INF, NAN, NAN};
    double[] gradient = {0, 1, 0.5, 0, -1, -0.5, NAN, NAN};
    double[] second = {0, 0, 0, 0, 0, 0, NAN, NAN};
    for (double gamma : new double[] {0, 2}) {
      everywhere(
          x,
          y,
          null,
          NONE.withFocalGamma(gamma),
          (actual, format) -> {
            assertArrayEquals(loss, actual.value());
            assertArrayEquals(gradient, actual.gradient());
            assertArrayEquals(second, actual.second());
          });
    }
  }

  @Test
  void whatWeighsNothingIsNeverRead() {
    double[] x = {NAN, 1, INF, 2};
    double[] y = {0, 1, NAN, 7};
    double[] a = {0, 2, 0, 0};
    double loss = 2 * Math.log1p(Math.exp(-1));
    for (Reduction reduction : Reduction.values()) {
      everywhere(
          x,
          y,
          a,
          NONE.withReduction(reduction),
          (actual, format) -> {
            double scale = reduction == Reduction.MEAN ? 2 : 1;
            int counted = reduction == Reduction.NONE ? 1 : 0;
            assertEquals(loss / scale, actual.value()[counted], 1e-6);
            assertEquals(-2 / (1 + Math.E) / scale, actual.gradient()[1], 1e-6);
            for (int i : new int[] {0, 2, 3}) {
              assertEquals(0.0, actual.gradient()[i]);
              assertEquals(0.0, actual.second()[i]);
            }
          });
    }
  }

  @Test
  void nothingCountsNothing() {
    everywhere(
        new double[] {NAN, 1},
        new double[] {0, 1},
        new double[2],
        BinaryCrossEntropyOptions.DEFAULT,
        (actual, format) -> {
          assertArrayEquals(new double[1], actual.value());
          assertArrayEquals(new double[2], actual.gradient());
        });
  }

  private interface Expectation {
    void check(ElementLossHost.Derivatives actual, Format format);
  }

  private static void everywhere(
      double[] x, double[] y, double[] a, BinaryCrossEntropyOptions options, Expectation check) {
    for (ElementLossHost host : ElementLossHost.ALL) {
      for (Path path : Path.values()) {
        for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
          check.check(
              path.run(
                  () -> host.compute(problem(x, y, a, new long[] {x.length}, options), format)),
              format);
        }
      }
    }
  }
}

package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.PoissonExact;

/** The Poisson loss on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class PoissonConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final int POINTS = Effort.of(100, 5000);
  private static final CountOptions NONE = CountOptions.DEFAULT.withReduction(Reduction.NONE);
  private static final CountOptions RATE = CountOptions.RATE.withReduction(Reduction.NONE);
  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> cases() {
    return Arrays.stream(Format.values())
        .flatMap(format -> options().map(options -> Arguments.of(format, options)));
  }

  private static Stream<CountOptions> options() {
    return Stream.of(
            NONE,
            NONE.withRate(PositiveTransform.exp().withLowerBound(0.25)),
            NONE.withRate(PositiveTransform.softplus()),
            NONE.withRate(PositiveTransform.softplus(2).withLowerBound(1e-3)),
            NONE.withRate(PositiveTransform.squareplus()),
            NONE.withRate(PositiveTransform.squareplus(0.5).withLowerBound(0.5)),
            RATE)
        .flatMap(options -> Stream.of(options, options.withFullLikelihood()));
  }

  private static double[] raw(Format format, CountOptions options, SplittableRandom random) {
    boolean isExp =
        options.rate().map(PositiveTransform::family).orElse(PositiveTransform.Family.SQUAREPLUS)
            == PositiveTransform.Family.EXP;
    double largest = isExp ? Math.min(80, Math.log(format.max())) : Math.min(1e8, format.max());
    double lowest = options.rate().isPresent() ? -Math.min(largest, 600) : 0;
    return DoubleStream.generate(
            () ->
                switch (random.nextInt(3)) {
                  case 0 -> 12 * random.nextDouble() - 6;
                  case 1 -> lowest * random.nextDouble();
                  default -> Math.exp(Math.log(largest) * random.nextDouble());
                })
        .map(r -> format.round(options.rate().isPresent() ? r : Math.abs(r)))
        .filter(r -> r != 0)
        .limit(POINTS)
        .toArray();
  }

  /** Small ones, large ones, fractions, and ones near the rate. */
  private static double[] counts(
      Format format, double[] raw, CountOptions options, SplittableRandom random) {
    double[] counts = new double[raw.length];
    for (int i = 0; i < raw.length; i++) {
      double rate = options.rate().map(t -> t.value(1)).orElse(1.0);
      double near = options.rate().isPresent() ? options.rate().get().value(raw[i]) : raw[i];
      double count =
          switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> random.nextInt(20);
            case 2 -> Math.rint(Math.exp(20 * random.nextDouble()));
            case 3 -> rate * random.nextDouble() * 3;
            default -> Math.rint(near * (1 + 0.1 * random.nextGaussian()));
          };
      double bounded = Math.min(Math.max(count, 0), Math.min(1e9, format.max()));
      counts[i] = format.round(bounded);
    }
    return counts;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isWithinItsBars(Format format, CountOptions options) {
    SplittableRandom random = new SplittableRandom(options.toString().hashCode());
    double[] raw = raw(format, options, random);
    check(format, options, raw, counts(format, raw, options, random));
  }

  /** Raw values of ordinary size alone, for which composites have a formula in float32. */
  @ParameterizedTest
  @EnumSource
  void rawValuesOfOrdinarySizeAreWithinTheBars(Format format) {
    for (CountOptions options : List.of(NONE, NONE.withRate(PositiveTransform.softplus()))) {
      SplittableRandom random = new SplittableRandom(19);
      boolean isExp = options.equals(NONE);
      double largest = Math.min(isExp ? 85 : 1e8, isExp ? Math.log(format.max()) - 1 : 1e4);
      double[] raw =
          DoubleStream.generate(
                  () ->
                      switch (random.nextInt(4)) {
                        case 0 -> -Math.min(85, -Math.log(format.min())) * random.nextDouble();
                        case 1 -> Math.exp(Math.log(largest) * random.nextDouble());
                        case 2 -> 40 * random.nextDouble() - 20;
                        default -> 6 * random.nextDouble() - 3;
                      })
              .map(r -> format.round(Math.min(r, largest)))
              .limit(POINTS)
              .toArray();
      check(format, options, raw, counts(format, raw, options, random));
    }
  }

  private static void check(Format format, CountOptions options, double[] raw, double[] counts) {
    PoissonExact[] exact = new PoissonExact[POINTS];
    Arrays.parallelSetAll(exact, i -> PoissonExact.of(raw[i], counts[i], options));
    for (ElementLossHost host : ElementLossHost.ALL) {
      if (host.formats().contains(format)) {
        for (Path path : Path.values()) {
          ElementLossHost.Derivatives actual =
              path.run(
                  () ->
                      host.compute(
                          problem(raw, counts, null, new long[] {POINTS / 4, 4}, options), format));
          new Check(format, host, path, options, raw, counts, exact).check(actual);
        }
      }
    }
  }

  private static ElementLossHost.Problem problem(
      double[] x, double[] y, double[] a, long[] shape, CountOptions options) {
    return new ElementLossHost.Problem("PoissonLoss", x, y, a, shape, options);
  }

  private record Check(
      Format format,
      ElementLossHost host,
      Path path,
      CountOptions options,
      double[] raw,
      double[] counts,
      PoissonExact[] exact) {
    void check(ElementLossHost.Derivatives actual) {
      for (int i = 0; i < exact.length; i++) {
        ElementLossBars bars = ElementLossBars.poisson(exact[i], counts[i], options, format);
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
          new Measurements.Row("POISSON_LOSS", host.name(), path, format),
          !what.equals("loss"),
          error,
          bound.bar());
    }

    private String where(int i) {
      return "%s %s %s %s of %s, count %s"
          .formatted(host.name(), path, format, options, raw[i], counts[i]);
    }
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("Poisson loss (ε·Σ|terms|; full likelihood: of its bar)");
  }

  @Test
  void specialValuesAreThoseOfTheTable() {
    double[] r = {-INF, -INF, INF, INF, NAN, 800};
    double[] y = {0, 2, 0, 2, 2, 2};
    double[] loss = {0, INF, INF, INF, NAN, INF};
    check(NONE, r, y, loss, new double[] {0, -2, INF, INF, NAN, INF});
    check(
        NONE.withRate(PositiveTransform.softplus(3)),
        Arrays.copyOf(r, 5),
        Arrays.copyOf(y, 5),
        Arrays.copyOf(loss, 5),
        new double[] {0, -6, 1, 1, NAN});
    check(
        NONE.withRate(PositiveTransform.squareplus()),
        Arrays.copyOf(r, 5),
        Arrays.copyOf(y, 5),
        Arrays.copyOf(loss, 5),
        new double[] {0, 0, 1, 1, NAN});
    check(
        RATE,
        new double[] {0, 0, -1, -1, INF, NAN},
        new double[] {0, 2, 0, 2, 2, 0},
        new double[] {0, INF, NAN, NAN, INF, NAN},
        new double[] {1, -INF, NAN, NAN, 1, NAN});
  }

  private static void check(
      CountOptions options, double[] r, double[] y, double[] loss, double[] gradient) {
    for (CountOptions each : List.of(options, options.withFullLikelihood())) {
      for (ElementLossHost host : ElementLossHost.ALL) {
        for (Path path : Path.values()) {
          for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
            ElementLossHost.Derivatives actual =
                path.run(
                    () -> host.compute(problem(r, y, null, new long[] {r.length}, each), format));
            String where = host.name() + " " + path + " " + format + " " + each;
            assertArrayEquals(loss, actual.value(), where);
            assertArrayEquals(gradient, plusZero(actual.gradient()), where);
          }
        }
      }
    }
  }

  /** The rate times the exposure, whether it is one number, one a column or one each. */
  @Test
  void exposuresMultiplyTheRate() {
    SplittableRandom random = new SplittableRandom(7);
    CountOptions full = NONE.withRate(PositiveTransform.softplus()).withFullLikelihood();
    for (CountOptions options : List.of(NONE, NONE.withFullLikelihood(), full)) {
      for (long[] shape : new long[][] {{}, {4}, {20, 4}}) {
        double[] r = random.doubles(80, -3, 6).map(Format.FLOAT32::round).toArray();
        double[] y = random.ints(80, 0, 40).asDoubleStream().toArray();
        int size = shape.length == 0 ? 1 : shape.length == 1 ? 4 : 80;
        double[] exposure = random.doubles(size, 0.01, 50).map(Format.FLOAT32::round).toArray();
        ElementLossHost.Problem problem =
            problem(r, y, null, new long[] {20, 4}, options).withCompanion(exposure, shape);
        PoissonExact[] exact = new PoissonExact[80];
        Arrays.setAll(exact, i -> PoissonExact.of(r[i], exposure[i % size], y[i], options));
        everywhere(
            problem,
            (actual, format) -> {
              for (int i = 0; i < 80; i++) {
                double epsilon = format.epsilon();
                assertEquals(
                    exact[i].loss().nearest(),
                    actual.value()[i],
                    4 * epsilon * exact[i].lossTerms());
                assertEquals(
                    exact[i].gradient().nearest(),
                    actual.gradient()[i],
                    4 * epsilon * exact[i].gradientTerms());
                assertEquals(
                    exact[i].second().nearest(),
                    actual.second()[i],
                    8 * epsilon * exact[i].secondTerms());
              }
              assertArrayEquals(actual.gradient(), actual.backprop());
            });
      }
    }
  }

  @Test
  void exposuresArePositive() {
    ElementLossHost.Problem problem =
        problem(new double[] {1, 2}, new double[] {3, 4}, null, new long[] {2}, NONE);
    for (double wrong : new double[] {0, -1, INF, NAN}) {
      for (ElementLossHost host : ElementLossHost.ALL) {
        for (Path path : Path.values()) {
          String message =
              assertThrows(
                      IllegalArgumentException.class,
                      () ->
                          path.run(
                              () ->
                                  host.compute(
                                      problem.withCompanion(new double[] {1, wrong}, 2),
                                      Format.FLOAT64)))
                  .getMessage();
          assertEquals("exposure[1] must be finite and > 0, got " + wrong, message);
        }
      }
    }
  }

  /** Twice what the loss is above that of the rate that is the count, where both are exact. */
  @Test
  void theDevianceIsThatOfTheBestRate() {
    double[] r = {-2, 0.5, 3, 20.7232658369464, 7};
    double[] y = {0, 4, 20, 1e9, 0.25};
    double[] a = {1, 2, 0, 1, 3};
    double[] deviances = new double[5];
    for (int i = 0; i < 5; i++) {
      CountOptions full = NONE.withFullLikelihood();
      double best =
          y[i] == 0 ? 0 : PoissonExact.of(y[i], y[i], RATE.withFullLikelihood()).loss().nearest();
      deviances[i] = a[i] * 2 * (PoissonExact.of(r[i], y[i], full).loss().nearest() - best);
    }
    for (Path path : Path.values()) {
      path.run(
          () -> {
            checkDjl(deviances, r, y, a);
            checkNd4j(deviances, r, y, a);
            return null;
          });
    }
  }

  private static void checkDjl(double[] deviances, double[] r, double[] y, double[] a) {
    try (NDManager manager = NDManager.newBaseManager()) {
      CountEvaluation<NDArray> actual =
          org.stableops.djl.PoissonLoss.evaluate(
              manager.create(r), manager.create(y), manager.create(a), CountOptions.DEFAULT);
      check(deviances, actual, actual.deviances().toDoubleArray());
    }
  }

  private static void checkNd4j(double[] deviances, double[] r, double[] y, double[] a) {
    try (CountEvaluation<INDArray> actual =
        org.stableops.nd4j.PoissonLoss.evaluate(
            Nd4j.createFromArray(r),
            Nd4j.createFromArray(y),
            Nd4j.createFromArray(a),
            CountOptions.DEFAULT)) {
      check(deviances, actual, actual.deviances().toDoubleVector());
    }
  }

  private static void check(double[] deviances, CountEvaluation<?> actual, double[] each) {
    double sum = Arrays.stream(deviances).sum();
    assertEquals(sum, actual.deviance(), 1e-8 * sum);
    assertEquals(sum / 7, actual.meanDeviance(), 1e-8 * sum);
    assertArrayEquals(deviances, each, 1e-6);
  }

  private interface Expectation {
    void check(ElementLossHost.Derivatives actual, Format format);
  }

  private static void everywhere(ElementLossHost.Problem problem, Expectation check) {
    for (ElementLossHost host : ElementLossHost.ALL) {
      for (Path path : Path.values()) {
        for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
          check.check(path.run(() -> host.compute(problem, format)), format);
        }
      }
    }
  }

  private static double[] plusZero(double[] numbers) {
    return Arrays.stream(numbers).map(number -> number + 0.0).toArray();
  }

  @Test
  void aBillionCountsKeepTheirDigits() {
    // log of the probability of the mean itself: −½·log 2πy − 1/(12y).
    double y = 1e9;
    double expected = 0.5 * Math.log(2 * Math.PI * y) + 1 / (12 * y);
    CountOptions options = RATE.withFullLikelihood();
    for (ElementLossHost host : ElementLossHost.ALL) {
      for (Path path : Path.values()) {
        ElementLossHost.Derivatives actual =
            path.run(
                () ->
                    host.compute(
                        problem(
                            new double[] {y, y},
                            new double[] {y, y},
                            null,
                            new long[] {2},
                            options),
                        Format.FLOAT64));
        assertEquals(expected, actual.value()[0], 4 * Math.ulp(expected));
        assertEquals(0, actual.gradient()[0], 1e-16);
      }
    }
  }
}

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
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.ElementLossHost.Derivatives;
import org.stableops.integration.host.ElementLossHost.Problem;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.NegativeBinomialExact;
import org.stableops.integration.oracle.PoissonExact;

/** The negative binomial loss on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class NegativeBinomialConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final int POINTS = Effort.of(20, 900);
  private static final CountOptions NONE =
      CountOptions.DEFAULT.withReduction(Reduction.NONE).withFullLikelihood();
  private static final CountOptions MEAN_ITSELF =
      CountOptions.RATE.withReduction(Reduction.NONE).withFullLikelihood();
  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> cases() {
    return Arrays.stream(Format.values())
        .flatMap(format -> options().map(options -> Arguments.of(format, options)));
  }

  private static Stream<CountOptions> options() {
    return Stream.of(
        NONE,
        CountOptions.DEFAULT.withReduction(Reduction.NONE),
        NONE.withRate(PositiveTransform.exp().withLowerBound(0.25)),
        NONE.withRate(PositiveTransform.softplus(2)),
        NONE.withRate(PositiveTransform.squareplus().withLowerBound(1e-3)),
        MEAN_ITSELF);
  }

  /** Points of one problem. */
  private record Points(double[] raw, double[] theta, double[] counts) {
    static Points draw(Format format, CountOptions options) {
      SplittableRandom random = new SplittableRandom(options.toString().hashCode());
      double[] raw = new double[POINTS];
      double[] theta = new double[POINTS];
      double[] counts = new double[POINTS];
      for (int i = 0; i < POINTS; i++) {
        raw[i] = format.round(raw(format, options, random));
        double mean = options.rate().map(t -> t.value(0)).orElse(1.0);
        double near = options.rate().isPresent() ? options.rate().get().value(raw[i]) : raw[i];
        counts[i] = count(format, near, mean, random);
        theta[i] = inverseDispersion(format, random);
      }
      return new Points(raw, theta, counts);
    }

    private static double raw(Format format, CountOptions options, SplittableRandom random) {
      boolean isExp =
          options.rate().filter(t -> t.family() == PositiveTransform.Family.EXP).isPresent();
      double largest = isExp ? Math.min(60, Math.log(format.max())) : Math.min(1e8, format.max());
      double size =
          switch (random.nextInt(3)) {
            case 0 -> 6 * random.nextDouble();
            case 1 -> Math.min(largest, 600) * random.nextDouble();
            default -> Math.exp(Math.log(largest) * random.nextDouble());
          };
      double bounded = Math.max(size, 1e-3);
      return options.rate().isPresent() && random.nextBoolean() ? -Math.min(bounded, 340) : bounded;
    }

    private static double count(Format format, double near, double mean, SplittableRandom random) {
      double count =
          switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> random.nextInt(20);
            case 2 -> Math.rint(Math.exp(27 * random.nextDouble()));
            case 3 -> mean * random.nextDouble() * 3;
            default -> Math.rint(near * (1 + 0.1 * random.nextGaussian()));
          };
      return format.round(Math.min(Math.max(count, 0), Math.min(1e12, format.max())));
    }

    private static double inverseDispersion(Format format, SplittableRandom random) {
      double theta =
          random.nextInt(4) == 0
              ? 20 * random.nextDouble() + 0.1
              : Math.pow(10, 35 * random.nextDouble() - 10);
      return format.round(Math.min(Math.max(theta, 2 * format.minNormal()), format.max()));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isWithinItsBars(Format format, CountOptions options) {
    Points points = Points.draw(format, options);
    NegativeBinomialExact[] exact = new NegativeBinomialExact[POINTS];
    Arrays.parallelSetAll(
        exact,
        i -> NegativeBinomialExact.of(points.raw[i], points.theta[i], points.counts[i], options));
    long[] shape = {POINTS / 4, 4};
    Problem problem =
        problem(points.raw, points.counts, options).withCompanion(points.theta, shape);
    for (ElementLossHost host : ElementLossHost.ALL) {
      if (host.formats().contains(format)) {
        for (Path path : Path.values()) {
          Derivatives actual = path.run(() -> host.compute(problem, format));
          new Check(format, host, path, options, points, exact).check(actual);
        }
      }
    }
  }

  private static Problem problem(double[] x, double[] y, CountOptions options) {
    long[] shape = x.length % 4 == 0 ? new long[] {x.length / 4, 4} : new long[] {x.length};
    return new Problem("NegativeBinomialLoss", x, y, null, shape, options);
  }

  private record Check(
      Format format,
      ElementLossHost host,
      Path path,
      CountOptions options,
      Points points,
      NegativeBinomialExact[] exact) {
    void check(Derivatives actual) {
      for (int i = 0; i < exact.length; i++) {
        ElementLossBars bars = ElementLossBars.negativeBinomial(exact[i], points.theta[i], format);
        measure("loss", i, actual.value()[i], bars.of(Result.LOSS));
        measure("gradient", i, actual.gradient()[i], bars.of(Result.GRADIENT));
        measure("by θ", i, actual.parameter()[i], bars.of(Result.PARAMETER));
        measure("by θ twice", i, actual.parameterSecond()[i], bars.of(Result.PARAMETER_SECOND));
        measure("by r and θ", i, actual.mixed()[i], bars.of(Result.MIXED));
        measure("second", i, actual.second()[i], bars.of(Result.SECOND));
      }
      assertArrayEquals(actual.gradient(), actual.backprop(), () -> where(0));
      assertArrayEquals(actual.parameter(), actual.parameterBackprop(), () -> where(0));
    }

    private void measure(String what, int i, double actual, ElementLossBars.Bound bound) {
      double error = bound.error(actual, format);
      assertTrue(
          error <= bound.bar(),
          () ->
              "%s, %s: %s instead of %s, error %s"
                  .formatted(where(i), what, actual, bound.exact().nearest(), error));
      MEASUREMENTS.add(
          new Measurements.Row("NEGATIVE_BINOMIAL_LOSS", host.name(), path, format),
          !what.equals("loss"),
          error,
          bound.bar());
    }

    private String where(int i) {
      return "%s %s %s %s of %s, θ %s, count %s"
          .formatted(
              host.name(), path, format, options, points.raw[i], points.theta[i], points.counts[i]);
    }
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("negative binomial loss (of its bar)");
  }

  @Test
  void largeInverseDispersionsKeepTheirDigits() {
    double y = 1e9;
    double poisson = PoissonExact.of(0.48 * y, y, MEAN_ITSELF).loss().nearest();
    double[] loss = {3.3217556399823961, poisson, poisson};
    everywhere(
        problem(new double[] {2, 0.48 * y, 0.48 * y}, new double[] {5, y, y}, MEAN_ITSELF)
            .withCompanion(new double[] {1e7, 1e300, INF}, 3),
        List.of(Format.FLOAT64),
        (actual, format) -> {
          for (int i = 0; i < loss.length; i++) {
            assertEquals(loss[i], actual.value()[i], 12 * Math.ulp(loss[i]));
          }
        });
  }

  @Test
  void specialValuesAreThoseOfTheTable() {
    double[] r = {-INF, -INF, INF, INF, NAN, 1000, 0.5, 0.5, 0.5};
    double[] y = {0, 2, 0, 2, 2, 2, 2, 2, 2};
    double[] theta = {1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 0, -1, NAN};
    // − log(y!·Γ(y + θ)/(Γ(θ)·…)) of y = 2: log Γ(3.5) = log(2.5·1.5·Γ(1.5)).
    double beyond = 1.5 * 1000 - Math.log(2.5 * 1.5) - 1.5 * Math.log(1.5) + Math.log(2);
    double[] loss = {0, INF, INF, INF, NAN, beyond, NAN, NAN, NAN};
    everywhere(
        problem(r, y, NONE).withCompanion(theta, 9),
        List.of(Format.FLOAT64),
        (actual, format) -> {
          assertArrayEquals(loss, actual.value(), 1e-12);
          double[] gradient = {0, -2, 1.5, 1.5, NAN, 1.5, NAN, NAN, NAN};
          assertArrayEquals(gradient, actual.gradient());
        });
    everywhere(
        problem(
                Arrays.copyOf(r, 5),
                Arrays.copyOf(y, 5),
                NONE.withRate(PositiveTransform.softplus(3)))
            .withCompanion(new double[] {1.5}, 1),
        List.of(Format.FLOAT32, Format.FLOAT64),
        (actual, format) -> {
          assertArrayEquals(new double[] {0, INF, INF, INF, NAN}, actual.value());
          assertArrayEquals(new double[] {0, -6, 0, 0, NAN}, plusZero(actual.gradient()));
        });
  }

  private static double[] plusZero(double[] numbers) {
    return DoubleStream.of(numbers).map(number -> number + 0.0).toArray();
  }

  @Test
  void atInfinityItIsPoisson() {
    double[] r = {-3, 0, 2.5, 20, -800};
    double[] y = {0, 4, 11, 1e6, 0};
    for (CountOptions options : List.of(NONE, CountOptions.DEFAULT.withReduction(Reduction.NONE))) {
      for (ElementLossHost host : ElementLossHost.ALL) {
        for (Path path : Path.values()) {
          Derivatives poisson =
              path.run(
                  () ->
                      host.compute(
                          new Problem("PoissonLoss", r, y, null, new long[] {5}, options),
                          Format.FLOAT64));
          Derivatives limit =
              path.run(
                  () ->
                      host.compute(
                          problem(r, y, options).withCompanion(new double[] {INF}),
                          Format.FLOAT64));
          for (int i = 0; i < r.length; i++) {
            double tolerance = 8 * Math.ulp(y[i] * (1 + Math.abs(r[i])));
            assertEquals(poisson.value()[i], limit.value()[i], tolerance);
            assertEquals(poisson.gradient()[i], limit.gradient()[i], tolerance);
          }
          assertArrayEquals(new double[] {0}, plusZero(limit.parameter()));
        }
      }
    }
  }

  /** Shapes of θ beside [6, 4], with weights of which some are 0. */
  @ParameterizedTest
  @EnumSource(Reduction.class)
  void sumsWhereThetaIsRepeated(Reduction reduction) {
    SplittableRandom random = new SplittableRandom(3);
    double[] r = random.doubles(24, -2, 3).toArray();
    double[] y = random.ints(24, 0, 30).asDoubleStream().toArray();
    double[] a = random.ints(24, 0, 3).asDoubleStream().toArray();
    r[5] = NAN;
    a[5] = 0;
    CountOptions options = NONE.withReduction(reduction);
    for (long[] shape : new long[][] {{}, {4}, {6, 1}, {6, 4}}) {
      int size = (int) Arrays.stream(shape).reduce(1, (p, q) -> p * q);
      double[] theta = random.doubles(size, 0.5, 20).toArray();
      boolean isOfRows = shape.length == 2 && shape[0] == 6;
      boolean isOfColumns = shape.length > 0 && shape[shape.length - 1] == 4;
      int[] place = new int[24];
      Arrays.setAll(
          place, i -> isOfRows && isOfColumns ? i : isOfRows ? i / 4 : isOfColumns ? i % 4 : 0);
      double weight = reduction == Reduction.MEAN ? Arrays.stream(a).sum() : 1;
      double[] expected = new double[size];
      double[] twice = new double[size];
      double sum = 0;
      for (int i = 0; i < 24; i++) {
        if (a[i] > 0) {
          NegativeBinomialExact at = NegativeBinomialExact.of(r[i], theta[place[i]], y[i], options);
          expected[place[i]] += a[i] * at.parameterGradient().nearest() / weight;
          twice[place[i]] += a[i] * at.parameterSecond().nearest() / weight;
          sum += a[i] * at.loss().nearest() / weight;
        }
      }
      double total = sum;
      everywhere(
          new Problem("NegativeBinomialLoss", r, y, a, new long[] {6, 4}, options)
              .withCompanion(theta, shape),
          List.of(Format.FLOAT64),
          (actual, format) -> {
            assertEquals(total, Arrays.stream(actual.value()).sum(), 1e-12 * total);
            assertArrayEquals(expected, actual.parameter(), 1e-13);
            assertArrayEquals(expected, actual.parameterBackprop(), 1e-13);
            assertArrayEquals(twice, actual.parameterSecond(), 1e-13);
          });
    }
  }

  private interface Expectation {
    void check(Derivatives actual, Format format);
  }

  private static void everywhere(Problem problem, List<Format> formats, Expectation check) {
    for (ElementLossHost host : ElementLossHost.ALL) {
      for (Path path : Path.values()) {
        for (Format format : formats) {
          check.check(path.run(() -> host.compute(problem, format)), format);
        }
      }
    }
  }
}

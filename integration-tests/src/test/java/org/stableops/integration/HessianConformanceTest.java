package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.integration.CrossEntropyOptionsConformanceTest.plusZero;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;

/** The Hessian of both cross-entropies against exact arithmetic, and what makes it a Hessian. */
@Tag("thorough")
class HessianConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
  private static final List<Format> FORMATS =
      List.of(Format.FLOAT32, Format.FLOAT64, Format.FLOAT32, Format.FLOAT64, Format.FLOAT16);

  private static final Measurements MEASUREMENTS = new Measurements();

  static IntStream seeds() {
    return IntStream.range(0, Effort.of(2, 12));
  }

  @AfterAll
  static void printTheLargestErrors() {
    MEASUREMENTS.print("Hessian of the cross-entropies (ε·Σ|terms|: product, diagonal)");
  }

  /** Any shape, axis, labels and combination of options. */
  @ParameterizedTest
  @MethodSource("seeds")
  void randomCombinationsAreWithinTheirBars(int seed) {
    for (int i = 0; i < Effort.of(25, 60); i++) {
      SplittableRandom random = new SplittableRandom(2000L * seed + i);
      Format format = FORMATS.get(i % FORMATS.size());
      CrossEntropyCase problem = new RandomProblem(random.nextLong(), format).next();
      check(problem, directions(problem, random, format), format);
    }
  }

  /** From flat rows to those whose second probability is subnormal, along v of any size. */
  @ParameterizedTest
  @MethodSource("seeds")
  void confidentRowsAreWithinTheirBars(int seed) {
    for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
      SplittableRandom random = new SplittableRandom(seed);
      int rows = Effort.of(20, 150);
      double widest = format == Format.FLOAT32 ? 150 : 760;
      double[] logits = new double[3 * rows];
      for (int row = 0; row < rows; row++) {
        double spread = widest * Math.pow(random.nextDouble(), 2);
        for (int c = 0; c < 3; c++) {
          logits[3 * row + c] = format.round(spread * (random.nextDouble() - 0.5) * 2);
        }
      }
      long[] labels = random.longs(rows, 0, 3).toArray();
      CrossEntropyCase problem = CrossEntropyCase.sparse(logits, 3, labels, NONE);
      check(problem, directions(problem, random, format), format);
      CrossEntropyCase ofZ =
          CrossEntropyCase.sparse(logits, 3, labels, NONE.withZLoss(0.01).withLabelSmoothing(0.1));
      check(ofZ, directions(ofZ, random, format), format);
    }
  }

  /** Rows longer than a tile go another way. */
  @Test
  void longRowsAreWithinTheirBars() {
    for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
      for (int classes : new int[] {1025, Effort.of(1100, 2500)}) {
        RandomProblem random = new RandomProblem(classes, format);
        long[] shape = {3, classes};
        CrossEntropyCase problem =
            random
                .sparse(
                    random.logits(shape, 1),
                    shape,
                    NONE.withLabelSmoothing(0.1)
                        .withZLoss(1e-3)
                        .withClassWeights(random.weights(classes)))
                .withSampleWeights(1, 0, 0.5);
        check(problem, directions(problem, new SplittableRandom(1), format), format);
      }
    }
  }

  /** Numbers of very different sizes; NaN where nothing may be read. */
  private static double[] directions(
      CrossEntropyCase problem, SplittableRandom random, Format format) {
    double orders = format == Format.FLOAT16 ? 1 : 12;
    double[] v = new double[problem.logits().length];
    Arrays.setAll(
        v,
        i -> {
          double size = Math.pow(10, orders * (random.nextDouble() - 0.5));
          return format.round(size * (random.nextDouble() - 0.5));
        });
    Arrays.setAll(v, i -> problem.logits()[i] == Double.NEGATIVE_INFINITY ? NAN : v[i]);
    return v;
  }

  private static void check(CrossEntropyCase problem, double[] v, Format format) {
    CrossEntropyCase.Curvature exact = problem.curvature(v);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        if (host.formats().contains(format)) {
          new HessianCheck(problem, exact, format, host, path, MEASUREMENTS)
              .run(path.run(() -> host.hessian(problem, v, format)));
        }
      }
    }
  }

  // ---- what makes it a Hessian

  @Test
  void aConstantDirectionHasNoCurvatureWithoutAZLoss() {
    double[] logits = {1, 2, 30, -4, 5, 0.25};
    double[] ones = {7, 7, 7, -0.3, -0.3, -0.3};
    CrossEntropyOptions options = NONE.withLabelSmoothing(0.1).withClassWeights(1, 2, 0.5);
    everywhere(
        CrossEntropyCase.sparse(logits, 3, new long[] {0, 2}, options),
        ones,
        (actual, format) -> assertArrayEquals(new double[6], actual.product()));
  }

  @Test
  void theHessianIsSymmetric() {
    for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
      for (int seed = 0; seed < 8; seed++) {
        CrossEntropyCase problem = new RandomProblem(seed, format).next();
        SplittableRandom random = new SplittableRandom(seed);
        double[] u = direction(problem, random, format);
        double[] v = direction(problem, random, format);
        for (Host host : Host.ALL) {
          for (Path path : Path.values()) {
            double[] hu = path.run(() -> host.hessian(problem, u, format)).product();
            double[] hv = path.run(() -> host.hessian(problem, v, format)).product();
            double size = 0;
            for (int i = 0; i < u.length; i++) {
              size += Math.abs(u[i] * hv[i]) + Math.abs(v[i] * hu[i]);
            }
            assertEquals(dot(u, hv), dot(v, hu), 20 * size * format.epsilon());
          }
        }
      }
    }
  }

  private static double[] direction(
      CrossEntropyCase problem, SplittableRandom random, Format format) {
    double[] v = new double[problem.logits().length];
    Arrays.setAll(v, i -> format.round(random.nextDouble() - 0.5));
    return v;
  }

  private static double dot(double[] x, double[] y) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * y[i]).sum();
  }

  @Test
  void itIsTheDerivativeOfTheGradient() {
    double step = 1e-6;
    for (int seed = 0; seed < 8; seed++) {
      CrossEntropyCase problem = new RandomProblem(seed, Format.FLOAT64).next();
      double[] v = direction(problem, new SplittableRandom(seed), Format.FLOAT64);
      for (Host host : Host.ALL) {
        double[] ahead = gradient(host, moved(problem, v, step));
        double[] behind = gradient(host, moved(problem, v, -step));
        double[] product = host.hessian(problem, v, Format.FLOAT64).product();
        double size = Math.max(1, Arrays.stream(product).map(Math::abs).max().orElse(0));
        for (int i = 0; i < v.length; i++) {
          assertEquals((ahead[i] - behind[i]) / (2 * step), product[i], 1e-7 * size);
        }
      }
    }
  }

  private static double[] gradient(Host host, CrossEntropyCase problem) {
    return host.crossEntropy(problem, Format.FLOAT64).gradient();
  }

  private static CrossEntropyCase moved(CrossEntropyCase problem, double[] v, double step) {
    double[] logits = problem.logits().clone();
    Arrays.setAll(logits, i -> logits[i] + step * v[i]);
    return new CrossEntropyCase(
        logits,
        problem.shape(),
        problem.labels(),
        problem.probabilities(),
        problem.sampleWeights(),
        problem.options());
  }

  // ---- special rows

  @Test
  void anAbsentClassHasNoCurvatureAndItsDirectionIsNeverRead() {
    everywhere(
        CrossEntropyCase.sparse(new double[] {0, -INF, 0}, 3, new long[] {0}, NONE),
        new double[] {1, NAN, -1},
        (actual, format) -> {
          assertArrayEquals(new double[] {0.5, 0, -0.5}, actual.product());
          assertArrayEquals(new double[] {0.25, 0, 0.25}, actual.diagonal());
        });
  }

  @Test
  void aCertainClassHasTheCurvatureOfItsZLoss() {
    double[] logits = {0, INF, 3};
    double[] v = {5, -2, 4};
    everywhere(
        CrossEntropyCase.sparse(logits, 3, new long[] {1}, NONE),
        v,
        (actual, format) -> {
          assertArrayEquals(new double[3], plusZero(actual.product()));
          assertArrayEquals(new double[3], plusZero(actual.diagonal()));
        });
    everywhere(
        CrossEntropyCase.sparse(
                logits, 3, new long[] {1}, NONE.withZLoss(0.25).withClassWeights(1, 2, 1))
            .withSampleWeights(3),
        v,
        (actual, format) -> {
          assertArrayEquals(new double[] {0, -6, 0}, plusZero(actual.product()));
          assertArrayEquals(new double[] {0, 3, 0}, plusZero(actual.diagonal()));
        });
  }

  @Test
  void notANumberMakesTheRowSo() {
    CrossEntropyOptions all = NONE.withLabelSmoothing(0.1).withZLoss(0.1).withClassWeights(1, 1, 2);
    for (double[] row :
        List.of(
            new double[] {NAN, 1, 2},
            new double[] {-INF, -INF, -INF},
            new double[] {INF, 0, INF})) {
      for (CrossEntropyOptions options : List.of(NONE, all)) {
        everywhere(
            CrossEntropyCase.sparse(row, 3, new long[] {1}, options),
            new double[] {1, 2, 3},
            (actual, format) -> {
              assertArrayEquals(new double[] {NAN, NAN, NAN}, actual.product());
              assertArrayEquals(new double[] {NAN, NAN, NAN}, actual.diagonal());
            });
      }
    }
  }

  @Test
  void rowsThatDoNotCountAreNeverRead() {
    double[] v = {1, 0, NAN, NAN, NAN, NAN, INF, NAN};
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyCase problem =
          CrossEntropyOptionsConformanceTest.withRowsThatDoNotCount(reduction);
      CrossEntropyCase first = CrossEntropyOptionsConformanceTest.theRowThatCounts(reduction);
      for (Host host : Host.ALL) {
        for (Path path : Path.values()) {
          for (Format format : host.formats()) {
            Host.Hessian alone = path.run(() -> host.hessian(first, Arrays.copyOf(v, 2), format));
            Host.Hessian actual = path.run(() -> host.hessian(problem, v, format));
            assertArrayEquals(Arrays.copyOf(alone.product(), 8), plusZero(actual.product()));
            assertArrayEquals(Arrays.copyOf(alone.diagonal(), 8), plusZero(actual.diagonal()));
          }
        }
      }
    }
  }

  @Test
  void aMeanOverNoWeightHasNoCurvature() {
    everywhere(
        CrossEntropyCase.sparse(
            new double[] {NAN, 3},
            2,
            new long[] {0},
            CrossEntropyOptions.DEFAULT.withClassWeights(0, 1)),
        new double[] {1, 2},
        (actual, format) -> {
          assertArrayEquals(new double[2], actual.product());
          assertArrayEquals(new double[2], actual.diagonal());
        });
  }

  /** A direction may be as large as the probability is small. */
  @Test
  void aLargeDirectionIsSeenThroughASmallProbability() {
    CrossEntropyCase problem =
        CrossEntropyCase.sparse(new double[] {0, -150}, 2, new long[] {0}, NONE);
    double expected = 1e30 * Math.exp(-150);
    everywhere(
        problem,
        new double[] {0, 1e30},
        List.of(Format.FLOAT32, Format.FLOAT64),
        (actual, format) -> {
          double tolerance = 4 * format.epsilon() * expected;
          assertEquals(expected, actual.product()[1], tolerance);
          assertEquals(-expected, actual.product()[0], tolerance);
        });
  }

  private static void everywhere(
      CrossEntropyCase problem, double[] v, BiConsumer<Host.Hessian, Format> check) {
    everywhere(problem, v, List.of(Format.values()), check);
  }

  private static void everywhere(
      CrossEntropyCase problem,
      double[] v,
      List<Format> formats,
      BiConsumer<Host.Hessian, Format> check) {
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        for (Format format : host.formats()) {
          if (formats.contains(format)) {
            check.accept(path.run(() -> host.hessian(problem, v, format)), format);
          }
        }
      }
    }
  }
}

package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;

/** Every option of the cross-entropies, alone and together, against exact arithmetic. */
@Tag("thorough")
class CrossEntropyOptionsConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
  private static final int CLASSES = 7;

  /** DJL has no bfloat16: few of those. */
  private static final List<Format> FORMATS =
      List.of(
          Format.FLOAT16,
          Format.FLOAT32,
          Format.FLOAT32,
          Format.FLOAT32,
          Format.FLOAT64,
          Format.FLOAT64,
          Format.FLOAT64,
          Format.BFLOAT16);

  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Arguments> optionsAlone() {
    double[] weights = {0.5, 2, 0, 1e-3, 1, 30, 0.1};
    List<CrossEntropyOptions> alone =
        List.of(
            NONE.withLabelSmoothing(0.1),
            NONE.withLabelSmoothing(0.999),
            NONE.withLabelSmoothing(1),
            NONE.withLabelSmoothing(1e-12),
            NONE.withZLoss(1e-4),
            NONE.withZLoss(0.5),
            NONE.withClassWeights(weights),
            NONE.withIgnoreIndex(3),
            NONE.withIgnoreIndex(Long.MIN_VALUE),
            NONE.withLabelSmoothing(0.2).withZLoss(0.01).withClassWeights(weights));
    return alone.stream()
        .flatMap(
            options ->
                Arrays.stream(Reduction.values())
                    .flatMap(
                        reduction ->
                            Arrays.stream(Format.values())
                                .filter(f -> isDue(alone.indexOf(options), reduction, f))
                                .map(f -> Arguments.of(options.withReduction(reduction), f))));
  }

  /** By default the reductions take turns; if thorough, all of them are due. */
  private static boolean isDue(int option, Reduction reduction, Format format) {
    int turns = Effort.of(Reduction.values().length, 1);
    return (option + reduction.ordinal() + format.ordinal()) % turns == 0;
  }

  @ParameterizedTest
  @MethodSource("optionsAlone")
  void anOptionAloneIsWithinItsBar(CrossEntropyOptions options, Format format) {
    RandomProblem random = new RandomProblem(17, format);
    int rows = Effort.of(2, 30);
    long[] shape = {rows, CLASSES};
    double[] logits = random.logits(shape, 1);
    check(random.sparse(logits, shape, options), format);
    if (options.ignoreIndex().isEmpty()) {
      check(random.dense(logits, shape, options), format);
    }
  }

  @ParameterizedTest
  @MethodSource("optionsAlone")
  void withSampleWeightsTooIsWithinItsBar(CrossEntropyOptions options, Format format) {
    RandomProblem random = new RandomProblem(18, format);
    int rows = Effort.of(2, 20);
    long[] shape = {rows, CLASSES};
    double[] logits = random.logits(shape, 1);
    check(random.sparse(logits, shape, options).withSampleWeights(random.weights(rows)), format);
  }

  /** Rows longer than a tile go another way. */
  @ParameterizedTest
  @MethodSource("longRows")
  void longRowsAreWithinTheirBars(int classes) {
    for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
      RandomProblem random = new RandomProblem(classes, format);
      long[] shape = {3, classes};
      double[] logits = random.logits(shape, 1);
      CrossEntropyOptions options =
          NONE.withLabelSmoothing(0.1).withZLoss(1e-3).withClassWeights(random.weights(classes));
      check(random.sparse(logits, shape, options).withSampleWeights(1, 0, 0.5), format);
      check(random.dense(logits, shape, options).withSampleWeights(0.25, 3, 0), format);
      check(random.sparse(logits, shape, NONE.withZLoss(1e-3)), format);
    }
  }

  /**
   * If thorough, more than 1,000 problems for each host, each on both paths, the other forms by
   * turns.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  void randomCombinationsAreWithinTheirBars(int seed) {
    for (int i = 0; i < Effort.of(20, 100); i++) {
      SplittableRandom random = new SplittableRandom(1000L * seed + i);
      Format format = FORMATS.get(random.nextInt(FORMATS.size()));
      CrossEntropyCase problem = new RandomProblem(random.nextLong(), format).next();
      CrossEntropyCheck.Form form = CrossEntropyCheck.Form.values()[i % 3];
      CrossEntropyCheck.everywhere(problem, format, MEASUREMENTS, Set.of(form));
    }
  }

  static IntStream longRows() {
    return IntStream.of(1025, Effort.of(1025, 1024), Effort.of(1025, 2500)).distinct();
  }

  static IntStream seeds() {
    return IntStream.range(0, Effort.of(2, 12));
  }

  private static void check(CrossEntropyCase problem, Format format) {
    CrossEntropyCheck.everywhere(problem, format, MEASUREMENTS);
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("cross-entropy with options (ε·Σ|terms|; gradient: ε·(W + 2ζω|lse|))");
  }

  // ---- rows that others get wrong

  @Test
  void smoothingGivesNothingToAbsentClasses() {
    double[] with = {-INF, 2, 1, -INF};
    double[] without = {2, 1};
    CrossEntropyOptions options = NONE.withLabelSmoothing(0.1);
    everywhere(
        CrossEntropyCase.sparse(without, 2, new long[] {1}, options),
        (expected, setting) -> {
          Host.Loss actual =
              setting.loss(CrossEntropyCase.sparse(with, 4, new long[] {2}, options));
          double ulp = setting.format.epsilon();
          assertEquals(expected.loss()[0], actual.loss()[0], ulp);
          assertEquals(0, actual.gradient()[0] + 0.0);
          assertEquals(expected.gradient()[0], actual.gradient()[1], ulp);
          assertEquals(expected.gradient()[1], actual.gradient()[2], ulp);
          assertEquals(0, actual.gradient()[3] + 0.0);
        });
  }

  @Test
  void aLabelAtAnAbsentClassIsInfiniteUnderSmoothingToo() {
    everywhere(
        CrossEntropyCase.sparse(
            new double[] {-INF, 0, 0}, 3, new long[] {0}, NONE.withLabelSmoothing(0.5)),
        (actual, setting) -> {
          assertEquals(INF, actual.loss()[0]);
          // W·p − w·q′ with W = 1.
          assertArrayEquals(
              new double[] {-0.5, 0.25, 0.25}, actual.gradient(), 2 * setting.format.epsilon());
        });
  }

  /** The label has no probability left: what is spread over the live classes is all there is. */
  @Test
  void aSmoothingOfOneAsksForTheMeanOfTheLiveClasses() {
    CrossEntropyOptions all = NONE.withLabelSmoothing(1);
    for (long label : new long[] {0, 1, 2}) {
      everywhere(
          CrossEntropyCase.sparse(new double[] {-INF, 0, 0}, 3, new long[] {label}, all),
          (actual, setting) -> {
            assertEquals(Math.log(2), actual.loss()[0], setting.format.epsilon());
            assertArrayEquals(new double[3], actual.gradient(), setting.format.epsilon());
          });
    }
  }

  @Test
  void aCertainClassIsInfiniteWhereOthersHaveMassOrThereIsAZLoss() {
    double[] logits = {0, INF, 3};
    long[] label = {1};
    everywhere(
        CrossEntropyCase.sparse(logits, 3, label, NONE.withLabelSmoothing(0.3)),
        (actual, setting) -> {
          assertEquals(INF, actual.loss()[0]);
          assertArrayEquals(
              new double[] {-0.1, 0.2, -0.1}, actual.gradient(), 2 * setting.format.epsilon());
        });
    everywhere(
        CrossEntropyCase.sparse(logits, 3, label, NONE.withZLoss(1e-4)),
        (actual, setting) -> {
          assertEquals(INF, actual.loss()[0]);
          assertArrayEquals(new double[] {0, INF, 0}, plusZero(actual.gradient()));
        });
    // A label of weight 0 has neither a loss nor a z-loss.
    everywhere(
        CrossEntropyCase.sparse(
            logits, 3, new long[] {0}, NONE.withZLoss(1).withClassWeights(0, 1, 1)),
        (actual, setting) -> {
          assertEquals(0, actual.loss()[0]);
          assertArrayEquals(new double[3], plusZero(actual.gradient()));
        });
  }

  @Test
  void anAbsentClassOfWeightZeroIsAsIfItWereNotThere() {
    everywhere(
        CrossEntropyCase.sparse(
            new double[] {-INF, 0, 0}, 3, new long[] {0}, NONE.withClassWeights(0, 1, 1)),
        (actual, setting) -> {
          assertEquals(0, actual.loss()[0]);
          assertArrayEquals(new double[3], plusZero(actual.gradient()));
        });
  }

  @Test
  void notANumberMakesTheRowSoUnderEveryOption() {
    CrossEntropyOptions all = NONE.withLabelSmoothing(0.1).withZLoss(0.1).withClassWeights(0, 1, 2);
    for (double[] row : List.of(new double[] {NAN, 1, 2}, new double[] {-INF, -INF, -INF})) {
      everywhere(
          CrossEntropyCase.sparse(row, 3, new long[] {1}, all),
          (actual, setting) -> {
            assertEquals(NAN, actual.loss()[0]);
            assertArrayEquals(new double[] {NAN, NAN, NAN}, actual.gradient());
          });
    }
  }

  /**
   * Rows of which only the first counts. Row 2 has a label out of range as well: weight 0 stands
   * before everything.
   */
  static CrossEntropyCase withRowsThatDoNotCount(Reduction reduction) {
    double[] logits = {1, 2, NAN, INF, NAN, NAN, 0.5, 0};
    return CrossEntropyCase.sparse(logits, 2, new long[] {0, 1, 7, 1}, someOptions(reduction))
        .withSampleWeights(2, 1, 0, 1);
  }

  /** The first of those rows. */
  static CrossEntropyCase theRowThatCounts(Reduction reduction) {
    return CrossEntropyCase.sparse(new double[] {1, 2}, 2, new long[] {0}, someOptions(reduction))
        .withSampleWeights(2);
  }

  private static CrossEntropyOptions someOptions(Reduction reduction) {
    return CrossEntropyOptions.DEFAULT
        .withReduction(reduction)
        .withIgnoreIndex(1)
        .withLabelSmoothing(0.1)
        .withZLoss(0.1)
        .withClassWeights(1, 2);
  }

  @Test
  void ignoredAndMaskedRowsAreNeverRead() {
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyCase problem = withRowsThatDoNotCount(reduction);
      CrossEntropyCase first = theRowThatCounts(reduction);
      everywhere(
          problem,
          (actual, setting) -> {
            Host.Loss expected = setting.loss(first);
            assertEquals(expected.loss()[0], actual.loss()[0]);
            double[] gradient = Arrays.copyOf(expected.gradient(), 8);
            assertArrayEquals(gradient, plusZero(actual.gradient()));
          });
    }
  }

  @Test
  void masksLetNoRowCount() {
    double[] nan = {NAN, NAN, NAN, NAN};
    double[] probabilities = {NAN, -1, 5, INF};
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options =
          NONE.withReduction(reduction).withLabelSmoothing(0.1).withZLoss(1);
      for (CrossEntropyCase problem :
          List.of(
              CrossEntropyCase.sparse(nan, 2, new long[] {1, 99}, options),
              CrossEntropyCase.dense(nan, 2, probabilities, options))) {
        everywhere(
            problem.withSampleWeights(0, 0),
            (actual, setting) -> {
              assertArrayEquals(new double[actual.loss().length], actual.loss());
              assertArrayEquals(new double[4], actual.gradient());
            });
      }
    }
  }

  /** Where nothing weighs, the mean is 0 and so is its gradient, whatever the logits are. */
  @Test
  void aMeanOverNoWeightIsZero() {
    everywhere(
        CrossEntropyCase.sparse(
            new double[] {NAN, 3},
            2,
            new long[] {0},
            CrossEntropyOptions.DEFAULT.withClassWeights(0, 1)),
        (actual, setting) -> {
          assertEquals(0, actual.loss()[0]);
          assertArrayEquals(new double[2], actual.gradient());
        });
  }

  @Test
  void weightsThatAddUpToInfinityAreRefused() {
    CrossEntropyCase problem =
        CrossEntropyCase.sparse(
                new double[] {1, 2, 3, 4}, 2, new long[] {0, 1}, CrossEntropyOptions.DEFAULT)
            .withSampleWeights(1e308, 1e308);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        IllegalArgumentException refused =
            assertThrows(
                IllegalArgumentException.class,
                () -> path.run(() -> host.crossEntropy(problem, Format.FLOAT64)));
        assertEquals(
            "sample weights × class weights × probabilities must add up to a finite number, got Infinity",
            refused.getMessage());
      }
    }
  }

  /** lse² is beyond float32 and float16, the loss is not. */
  @Test
  void aZLossOfLargeLogitsIsExact() {
    everywhere(
        CrossEntropyCase.sparse(new double[] {1e3, 0}, 2, new long[] {0}, NONE.withZLoss(1e-4)),
        (actual, setting) -> assertEquals(100, actual.loss()[0], 50 * setting.format.epsilon()));
  }

  static double[] plusZero(double[] x) {
    return Arrays.stream(x).map(v -> v + 0.0).toArray();
  }

  private record Setting(Host host, Path path, Format format) {
    Host.Loss loss(CrossEntropyCase problem) {
      return path.run(() -> host.crossEntropy(problem, format));
    }
  }

  private static void everywhere(CrossEntropyCase problem, BiConsumer<Host.Loss, Setting> check) {
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        for (Format format : host.formats()) {
          Setting setting = new Setting(host, path, format);
          check.accept(setting.loss(problem), setting);
        }
      }
    }
  }
}

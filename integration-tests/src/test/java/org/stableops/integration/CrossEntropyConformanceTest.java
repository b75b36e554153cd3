package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
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
import org.stableops.internal.SoftmaxShape;

/** Both cross-entropies on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class CrossEntropyConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
  private static final int FEW_ELEMENTS = Effort.of(200, 4000);
  private static final Measurements MEASUREMENTS = new Measurements();

  /** Rows × classes; if thorough, together more than 10,000 losses and 35,000 gradients a dtype. */
  private static final List<long[]> SHAPES =
      List.of(
          new long[] {Effort.of(60, 4500), 2},
          new long[] {Effort.of(60, 4500), 3},
          new long[] {Effort.of(30, 1200), 10},
          new long[] {Effort.of(75, 100), 7},
          new long[] {8, 1},
          new long[] {Effort.of(1, 4), 1000},
          new long[] {2, 1025},
          new long[] {1, Effort.of(1100, 3000)});

  static Stream<Arguments> cases() {
    return Arrays.stream(Format.values())
        .flatMap(
            format ->
                SHAPES.stream()
                    .flatMap(shape -> Stream.of(Arguments.of(format, shape[0], shape[1]))));
  }

  @ParameterizedTest(name = "{0}, {1} rows of {2} classes")
  @MethodSource("cases")
  void isWithinItsBar(Format format, long rows, long classes) {
    SplittableRandom random = new SplittableRandom(rows * classes);
    Rows drawn = Rows.draw((int) rows, (int) classes, format, random);
    CrossEntropyOptions options = NONE.withIgnoreIndex(-7);
    check(CrossEntropyCase.sparse(drawn.logits, (int) classes, drawn.labels, options), format);
    check(CrossEntropyCase.dense(drawn.logits, (int) classes, drawn.probabilities, NONE), format);
    if (rows <= 100 && rows * classes <= FEW_ELEMENTS) {
      for (Reduction reduction : List.of(Reduction.SUM, Reduction.MEAN)) {
        CrossEntropyOptions reduced = options.withReduction(reduction);
        check(CrossEntropyCase.sparse(drawn.logits, (int) classes, drawn.labels, reduced), format);
        check(
            CrossEntropyCase.dense(
                drawn.logits, (int) classes, drawn.probabilities, NONE.withReduction(reduction)),
            format);
      }
    }
  }

  /** Ordinary rows, confident ones, ones far from 0, ones with absent classes, and ignored ones. */
  private record Rows(double[] logits, long[] labels, double[] probabilities) {
    static Rows draw(int rows, int classes, Format format, SplittableRandom random) {
      Rows drawn = new Rows(new double[rows * classes], new long[rows], new double[rows * classes]);
      for (int row = 0; row < rows; row++) {
        drawn.drawRow(row, classes, format, random);
      }
      return drawn;
    }

    private void drawRow(int row, int classes, Format format, SplittableRandom random) {
      int label = random.nextInt(classes);
      double spread = Math.exp(6 * random.nextDouble() - 2);
      double offset = row % 4 == 1 ? 1000 * (2 * random.nextDouble() - 1) : 0;
      for (int c = 0; c < classes; c++) {
        double z = offset + spread * (2 * random.nextDouble() - 1);
        boolean absent = row % 5 == 2 && c != label && random.nextInt(4) == 0;
        logits[row * classes + c] = absent ? -INF : format.round(z);
        probabilities[row * classes + c] =
            absent || random.nextInt(4) == 0 ? 0 : format.round(random.nextDouble() / classes);
      }
      if (row % 3 == 0) {
        double top = offset + spread + 90 * random.nextDouble();
        logits[row * classes + label] = format.round(top);
      }
      // A probability at least somewhere: a dense row without any has loss 0 and is tested by name.
      probabilities[row * classes + label] = format.round(0.5);
      labels[row] = row % 10 == 9 ? -7 : label;
    }
  }

  private static void check(CrossEntropyCase problem, Format format) {
    CrossEntropyCheck.everywhere(problem, format, MEASUREMENTS);
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("cross-entropy (sparse: ulp; dense: ε·Σ|terms|; others: ε·W)");
  }

  @Test
  void theConfidentRowThatOthersCallZero() {
    double loss = Math.log1p(2 * Math.exp(-20));
    everywhere(
        CrossEntropyCase.sparse(new double[] {20, 0, 0}, 3, new long[] {0}, NONE),
        List.of(Format.FLOAT32, Format.FLOAT64),
        (actual, format) -> {
          assertEquals(4.1223e-9, actual.loss()[0], 1e-13);
          assertEquals(loss, actual.loss()[0], 3 * format.ulp(loss));
          assertEquals(Math.expm1(-loss), actual.gradient()[0], 4 * format.ulp(loss));
        });
  }

  @Test
  void anOffsetOfAMillionChangesNothing() {
    CrossEntropyCase near =
        CrossEntropyCase.sparse(new double[] {1, 2, 0.5}, 3, new long[] {2}, NONE);
    CrossEntropyCase far =
        CrossEntropyCase.sparse(
            new double[] {1000001, 1000002, 1000000.5}, 3, new long[] {2}, NONE);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
          Host.Loss expected = path.run(() -> host.crossEntropy(near, format));
          Host.Loss actual = path.run(() -> host.crossEntropy(far, format));
          assertArrayEquals(expected.loss(), actual.loss());
          assertArrayEquals(expected.gradient(), actual.gradient());
        }
      }
    }
  }

  /** The special rows of NUMERICS.md §2: logits, label, loss, gradient. */
  private record Special(double[] logits, long label, double loss, double... gradient) {}

  private static final double E = Math.exp(-1);
  private static final List<Special> SPECIAL =
      List.of(
          new Special(new double[] {-INF, 1, 0}, 1, Math.log1p(E), 0, -E / (1 + E), E / (1 + E)),
          new Special(new double[] {-INF, 1, 0}, 0, INF, -1, 1 / (1 + E), E / (1 + E)),
          new Special(new double[] {-INF, -INF, -INF}, 1, NAN, NAN, NAN, NAN),
          new Special(new double[] {0, INF, 3}, 1, 0, 0, 0, 0),
          new Special(new double[] {0, INF, 3}, 2, INF, 0, 1, -1),
          new Special(new double[] {-INF, INF, 3}, 0, INF, -1, 1, 0),
          new Special(new double[] {INF, INF, 3}, 0, NAN, NAN, NAN, NAN),
          new Special(new double[] {0, NAN, 3}, 0, NAN, NAN, NAN, NAN),
          new Special(new double[] {NAN, 0, 3}, 1, NAN, NAN, NAN, NAN),
          new Special(new double[] {NAN, INF, 3}, 1, NAN, NAN, NAN, NAN),
          new Special(new double[] {NAN, NAN, NAN}, -7, 0, 0, 0, 0),
          new Special(new double[] {INF, -INF, NAN}, -7, 0, 0, 0, 0));

  @Test
  void specialRowsAreThoseOfTheTable() {
    for (Special special : SPECIAL) {
      CrossEntropyCase sparse =
          CrossEntropyCase.sparse(
              special.logits, 3, new long[] {special.label}, NONE.withIgnoreIndex(-7));
      everywhere(
          sparse, List.of(Format.values()), (actual, format) -> check(special, actual, format));
      if (special.label >= 0) {
        double[] oneHot = new double[3];
        oneHot[(int) special.label] = 1;
        CrossEntropyCase dense = CrossEntropyCase.dense(special.logits, 3, oneHot, NONE);
        everywhere(
            dense, List.of(Format.values()), (actual, format) -> check(special, actual, format));
      }
    }
  }

  private static void check(Special special, Host.Loss actual, Format format) {
    double ulp = 2 * format.epsilon();
    assertEquals(special.loss, actual.loss()[0], ulp);
    assertArrayEquals(special.gradient, actual.gradient(), ulp, Arrays.toString(special.logits));
  }

  @Test
  void oneClass() {
    double[] logits = {3, -1e30, INF, -INF, NAN};
    everywhere(
        CrossEntropyCase.sparse(logits, 1, new long[5], NONE),
        List.of(Format.FLOAT32, Format.FLOAT64),
        (actual, format) -> {
          assertArrayEquals(new double[] {0, 0, 0, NAN, NAN}, actual.loss());
          assertArrayEquals(new double[] {0, 0, 0, NAN, NAN}, plusZero(actual.gradient()));
        });
  }

  private static double[] plusZero(double[] x) {
    return Arrays.stream(x).map(v -> v + 0.0).toArray();
  }

  @Test
  void allRowsIgnoredCountNothing() {
    double[] nan = {NAN, NAN, NAN, NAN};
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = NONE.withReduction(reduction).withIgnoreIndex(1);
      everywhere(
          CrossEntropyCase.sparse(nan, 2, new long[] {1, 1}, options),
          List.of(Format.values()),
          (actual, format) -> {
            assertTrue(Arrays.stream(actual.loss()).allMatch(loss -> loss == 0));
            assertArrayEquals(new double[4], actual.gradient());
          });
    }
  }

  @Test
  void aRowWithoutMassHasLossZero() {
    everywhere(
        CrossEntropyCase.dense(
            new double[] {1, 2}, 2, new double[] {0, 0}, CrossEntropyOptions.DEFAULT),
        List.of(Format.values()),
        (actual, format) -> {
          assertArrayEquals(new double[1], actual.loss());
          assertArrayEquals(new double[2], plusZero(actual.gradient()));
        });
  }

  @Test
  void aFirstBlockOfMinusInfinityAtFortyThousandClasses() {
    double[] logits = new double[40_000];
    Arrays.fill(logits, 0, 30_000, -INF);
    everywhere(
        CrossEntropyCase.sparse(logits, logits.length, new long[] {35_000}, NONE),
        List.of(Format.FLOAT32, Format.FLOAT64),
        (actual, format) -> {
          double loss = Math.log(10_000);
          assertEquals(loss, actual.loss()[0], 2 * format.ulp(loss));
          assertEquals(0, actual.gradient()[100]);
          assertEquals(1e-4, actual.gradient()[39_999], 2 * format.ulp(1e-4));
        });
  }

  @Test
  void aLargeVocabulary() {
    SplittableRandom random = new SplittableRandom(50257);
    double[] logits =
        random.doubles(Effort.of(8_191, 50_257), -8, 8).map(Format.FLOAT32::round).toArray();
    CrossEntropyCase problem = CrossEntropyCase.sparse(logits, logits.length, new long[] {7}, NONE);
    check(problem, Format.FLOAT32);
  }

  @Test
  void everyAxisOfEveryRank() {
    SplittableRandom random = new SplittableRandom(5);
    for (int rank = 1; rank <= Effort.of(3, 5); rank++) {
      for (int axis = -rank; axis < rank; axis++) {
        long[] shape = new long[rank];
        Arrays.setAll(shape, i -> 2 + i % 3);
        SoftmaxShape rows = SoftmaxShape.of("logits", shape, axis);
        double[] logits =
            random
                .doubles(rows.rows() * rows.classes(), -3, 3)
                .map(Format.FLOAT32::round)
                .toArray();
        double[] probabilities =
            random.doubles(logits.length, 0, 1).map(Format.FLOAT32::round).toArray();
        long[] labels = random.longs(rows.rows(), 0, rows.classes()).toArray();
        // By default one reduction an axis, of most ranks all three.
        int turns = Effort.of(Reduction.values().length, 1);
        for (int turn = axis + rank; turn < axis + rank + 3; turn += turns) {
          Reduction reduction = Reduction.values()[turn % 3];
          CrossEntropyOptions options = NONE.withAxis(axis).withReduction(reduction);
          check(new CrossEntropyCase(logits, shape, labels, null, null, options), Format.FLOAT32);
          check(
              new CrossEntropyCase(logits, shape, null, probabilities, null, options),
              Format.FLOAT32);
        }
      }
    }
  }

  private interface Check {
    void accept(Host.Loss actual, Format format);
  }

  private static void everywhere(CrossEntropyCase problem, List<Format> formats, Check check) {
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        for (Format format : formats) {
          if (host.formats().contains(format)) {
            Host.Loss actual = path.run(() -> host.crossEntropy(problem, format));
            assertAll(
                "%s %s %s".formatted(host.name(), path, format),
                () -> check.accept(actual, format));
          }
        }
      }
    }
  }
}

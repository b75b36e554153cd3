package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/** Everything that evaluate returns is what the other calls return, or what they are made of. */
final class Nd4jEvaluateTest {
  private static final List<DataType> TYPES =
      List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE);

  private static final double[] CLASS_WEIGHTS = {0.5, 0, 2, 1, 1.25};
  private static final double[] WEIGHTS = {1, 0, 2.5, 0.25};
  private static final long[] LABELS = {3, 0, 2, 1};
  private static final double Z_LOSS = 0.3;

  private static final CrossEntropyOptions ALL =
      CrossEntropyOptions.DEFAULT
          .withClassWeights(CLASS_WEIGHTS)
          .withLabelSmoothing(0.1)
          .withZLoss(Z_LOSS);

  private static final List<CrossEntropyOptions> OPTIONS =
      List.of(
          CrossEntropyOptions.DEFAULT,
          CrossEntropyOptions.DEFAULT.withClassWeights(CLASS_WEIGHTS),
          CrossEntropyOptions.DEFAULT.withZLoss(Z_LOSS),
          ALL);

  // ---- the parts

  @ParameterizedTest
  @EnumSource
  void lossAndRowLossesAreThoseOfValue(Path path) {
    path.run(
        () -> {
          INDArray y = Nd4j.createFromArray(LABELS);
          INDArray weights = Nd4j.createFromArray(WEIGHTS);
          for (DataType type : TYPES) {
            INDArray z = logits(type);
            INDArray q = probabilities(type);
            for (CrossEntropyOptions o : OPTIONS) {
              CrossEntropyOptions none = o.withReduction(Reduction.NONE);
              for (Reduction reduction : Reduction.values()) {
                CrossEntropyOptions options = o.withReduction(reduction);
                CrossEntropyOptions ignoring = options.withIgnoreIndex(2);
                assertLosses(
                    SparseSoftmaxCrossEntropy.value(z, y, ignoring),
                    SparseSoftmaxCrossEntropy.value(z, y, none.withIgnoreIndex(2)),
                    SparseSoftmaxCrossEntropy.evaluate(z, y, ignoring));
                assertLosses(
                    SparseSoftmaxCrossEntropy.value(z, y, weights, options),
                    SparseSoftmaxCrossEntropy.value(z, y, weights, none),
                    SparseSoftmaxCrossEntropy.evaluate(z, y, weights, options));
                assertLosses(
                    SoftmaxCrossEntropy.value(z, q, options),
                    SoftmaxCrossEntropy.value(z, q, none),
                    SoftmaxCrossEntropy.evaluate(z, q, options));
                assertLosses(
                    SoftmaxCrossEntropy.value(z, q, weights, options),
                    SoftmaxCrossEntropy.value(z, q, weights, none),
                    SoftmaxCrossEntropy.evaluate(z, q, weights, options));
              }
            }
          }
          return null;
        });
  }

  private static void assertLosses(
      INDArray loss, INDArray rowLosses, CrossEntropyEvaluation<INDArray> actual) {
    Elements.assertSame(loss, actual.loss(), "loss");
    Elements.assertSame(rowLosses, actual.rowLosses(), "rowLosses");
  }

  @ParameterizedTest
  @EnumSource
  void theDefaultsAreTheMean(Path path) {
    path.run(
        () -> {
          INDArray z = logits(DataType.FLOAT);
          INDArray y = Nd4j.createFromArray(LABELS);
          INDArray q = probabilities(DataType.FLOAT);
          assertSame(
              SparseSoftmaxCrossEntropy.evaluate(z, y, CrossEntropyOptions.DEFAULT),
              SparseSoftmaxCrossEntropy.evaluate(z, y),
              "sparse");
          assertSame(
              SoftmaxCrossEntropy.evaluate(z, q, CrossEntropyOptions.DEFAULT),
              SoftmaxCrossEntropy.evaluate(z, q),
              "dense");
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void logSumExpIsTheOperatorsWhereRowsCount(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            INDArray z = logits(type);
            INDArray y = Nd4j.createFromArray(LABELS);
            INDArray expected = LogSumExp.value(z, -1);
            Elements.assertSame(
                expected, SparseSoftmaxCrossEntropy.evaluate(z, y).logSumExp(), "sparse " + type);
            Elements.assertSame(
                expected,
                SoftmaxCrossEntropy.evaluate(z, probabilities(type), ALL).logSumExp(),
                "dense " + type);
            INDArray counted = expected.dup();
            counted.putScalar(1, 0);
            INDArray weights = Nd4j.createFromArray(WEIGHTS);
            Elements.assertSame(
                counted,
                SparseSoftmaxCrossEntropy.evaluate(z, y, weights, ALL).logSumExp(),
                "weightless " + type);
            Elements.assertSame(
                counted,
                SparseSoftmaxCrossEntropy.evaluate(z, y, ALL.withIgnoreIndex(0)).logSumExp(),
                "ignored " + type);
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void weightAndZLossAreThoseOfTheDefinition(Path path) {
    path.run(
        () -> {
          INDArray z = logits(DataType.DOUBLE);
          INDArray y = Nd4j.createFromArray(LABELS);
          INDArray q = probabilities(DataType.DOUBLE);
          INDArray weights = Nd4j.createFromArray(WEIGHTS);
          double[] sparse = new double[4];
          double[] dense = new double[4];
          for (int row = 0; row < 4; row++) {
            sparse[row] = WEIGHTS[row] * CLASS_WEIGHTS[(int) LABELS[row]];
            for (int c = 0; c < 5; c++) {
              dense[row] += WEIGHTS[row] * CLASS_WEIGHTS[c] * q.getDouble(row, c);
            }
          }
          double[] logSumExps = Elements.of(LogSumExp.value(z, -1));
          for (Reduction reduction : Reduction.values()) {
            CrossEntropyOptions options = ALL.withReduction(reduction);
            assertWeightAndZLoss(
                sparse,
                logSumExps,
                reduction,
                SparseSoftmaxCrossEntropy.evaluate(z, y, weights, options));
            assertWeightAndZLoss(
                dense, logSumExps, reduction, SoftmaxCrossEntropy.evaluate(z, q, weights, options));
          }
          return null;
        });
  }

  private static void assertWeightAndZLoss(
      double[] weights,
      double[] logSumExps,
      Reduction reduction,
      CrossEntropyEvaluation<INDArray> actual) {
    double weight = Arrays.stream(weights).sum();
    double[] ofRows = new double[weights.length];
    Arrays.setAll(ofRows, i -> Z_LOSS * weights[i] * logSumExps[i] * logSumExps[i]);
    double sum = Arrays.stream(ofRows).sum();
    double[] expected =
        switch (reduction) {
          case NONE -> ofRows;
          case SUM -> new double[] {sum};
          case MEAN -> new double[] {sum / weight};
        };
    assertEquals(weight, actual.weight(), 1e-15 * weight);
    assertArrayEquals(expected, Elements.of(actual.zLoss()), 1e-15 * sum);
    assertArrayEquals(actual.loss().shape(), actual.zLoss().shape());
  }

  @Test
  void zLossIsWhatTheLossLosesWithoutIt() {
    INDArray z = logits(DataType.DOUBLE);
    INDArray y = Nd4j.createFromArray(LABELS);
    CrossEntropyEvaluation<INDArray> with = SparseSoftmaxCrossEntropy.evaluate(z, y, ALL);
    double without = SparseSoftmaxCrossEntropy.value(z, y, ALL.withZLoss(0)).getDouble(0);
    double loss = with.loss().getDouble(0);
    assertEquals(loss - without, with.zLoss().getDouble(0), 1e-14 * loss);
    assertTrue(with.zLoss().getDouble(0) > 0.1);
    assertEquals(
        0,
        SparseSoftmaxCrossEntropy.evaluate(z, y, ALL.withZLoss(0)).zLoss().getDouble(0),
        "no z-loss");
  }

  @ParameterizedTest
  @EnumSource
  void rowsThatDoNotCountAreZeroInAllOfIt(Path path) {
    path.run(
        () -> {
          INDArray z = logits(DataType.FLOAT);
          z.getRow(1).assign(Double.NaN);
          INDArray y = Nd4j.createFromArray(LABELS);
          CrossEntropyOptions none = ALL.withReduction(Reduction.NONE);
          for (CrossEntropyEvaluation<INDArray> evaluation :
              List.of(
                  SparseSoftmaxCrossEntropy.evaluate(z, y, none.withIgnoreIndex(0)),
                  SparseSoftmaxCrossEntropy.evaluate(z, y, Nd4j.createFromArray(WEIGHTS), none),
                  SoftmaxCrossEntropy.evaluate(
                      z,
                      probabilities(DataType.FLOAT),
                      Nd4j.createFromArray(true, false, true, true),
                      none))) {
            for (INDArray array : arrays(evaluation)) {
              assertEquals(0, array.getDouble(1));
              assertTrue(array.getDouble(2) != 0 && !Double.isNaN(array.getDouble(2)));
            }
            assertTrue(evaluation.weight() > 0);
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void specialRowsAreThoseOfTheTable(Path path) {
    double inf = Double.POSITIVE_INFINITY;
    double nan = Double.NaN;
    path.run(
        () -> {
          // logits; log-sum-exp, z-loss and loss of label 1
          special(new double[] {-inf, -inf, -inf}, -inf, inf, nan);
          special(new double[] {3, inf, -inf}, inf, inf, inf);
          special(new double[] {inf, inf, 0}, inf, inf, nan);
          special(new double[] {0, nan, inf}, nan, nan, nan);
          special(new double[] {inf, 0, nan}, nan, nan, nan);
          special(new double[] {-inf, 0, -inf}, 0, 0, 0);
          special(new double[] {0, -inf, -inf}, 0, 0, inf);
          return null;
        });
  }

  /** Alone and among other rows: the host reads an array of one element as a number. */
  private static void special(double[] logits, double logSumExp, double zLoss, double loss) {
    INDArray alone = Nd4j.createFromArray(logits).reshape(1, 3);
    INDArray many = Nd4j.zeros(DataType.DOUBLE, 2, 3);
    many.getRow(1).assign(alone.reshape(3));
    CrossEntropyOptions none =
        CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE).withZLoss(Z_LOSS);
    CrossEntropyOptions weightless = none.withClassWeights(1, 0, 1);
    for (INDArray z : List.of(alone, many)) {
      int row = (int) z.size(0) - 1;
      String what = Arrays.toString(logits) + " as row " + row;
      INDArray y = Nd4j.ones(DataType.INT32, z.size(0));
      CrossEntropyEvaluation<INDArray> counted = SparseSoftmaxCrossEntropy.evaluate(z, y, none);
      assertEquals(logSumExp, counted.logSumExp().getDouble(row), what);
      assertEquals(zLoss, counted.zLoss().getDouble(row), what);
      assertEquals(loss, counted.rowLosses().getDouble(row), what);
      // Without weight only NaN is left of it.
      CrossEntropyEvaluation<INDArray> zero = SparseSoftmaxCrossEntropy.evaluate(z, y, weightless);
      assertEquals(0, zero.zLoss().getDouble(row), what);
      assertEquals(Double.isNaN(loss) ? loss : 0, zero.rowLosses().getDouble(row), what);
    }
  }

  @ParameterizedTest
  @EnumSource
  void noRowsGiveEmptyArraysAndZeros(Path path) {
    path.run(
        () -> {
          INDArray z = Nd4j.create(DataType.FLOAT, 0, 5);
          for (CrossEntropyEvaluation<INDArray> evaluation :
              List.of(
                  SparseSoftmaxCrossEntropy.evaluate(z, Nd4j.create(DataType.INT32, 0), ALL),
                  SoftmaxCrossEntropy.evaluate(z, z, ALL),
                  SoftmaxCrossEntropy.evaluate(z, z, Nd4j.create(DataType.FLOAT, 0), ALL))) {
            assertEquals(0, evaluation.loss().getDouble(0));
            assertEquals(0, evaluation.zLoss().getDouble(0));
            assertArrayEquals(new long[] {0}, evaluation.rowLosses().shape());
            assertArrayEquals(new long[] {0}, evaluation.logSumExp().shape());
            assertEquals(0, evaluation.weight());
            // Nothing to close in an empty array, and no error.
            evaluation.close();
          }
          return null;
        });
  }

  // ---- arrays

  @ParameterizedTest
  @EnumSource
  void anyLayoutAndAxisGivesTheSameBits(Path path) {
    path.run(
        () -> {
          INDArray y = Nd4j.createFromArray(LABELS);
          INDArray weights = Nd4j.createFromArray(WEIGHTS);
          for (DataType type : TYPES) {
            INDArray plain = logits(type);
            INDArray q = probabilities(type);
            for (Reduction reduction : Reduction.values()) {
              CrossEntropyOptions options = ALL.withReduction(reduction);
              CrossEntropyEvaluation<INDArray> sparse =
                  SparseSoftmaxCrossEntropy.evaluate(plain, y, weights, options);
              CrossEntropyEvaluation<INDArray> dense =
                  SoftmaxCrossEntropy.evaluate(plain, q, weights, options);
              layouts(plain)
                  .forEach(
                      (name, z) -> {
                        String what = name + ", " + type + ", " + reduction;
                        assertSame(
                            sparse,
                            SparseSoftmaxCrossEntropy.evaluate(
                                z, y.reshape(4, 1), weights.reshape(4, 1), options),
                            what);
                        assertSame(
                            dense,
                            SoftmaxCrossEntropy.evaluate(z, q.dup('f'), weights, options),
                            what);
                        assertSame(
                            dense,
                            SoftmaxCrossEntropy.evaluate(
                                z.transpose(), q.transpose(), weights, options.withAxis(0)),
                            what + ", transposed");
                      });
            }
          }
          return null;
        });
  }

  private static Map<String, INDArray> layouts(INDArray plain) {
    Map<String, INDArray> layouts = new LinkedHashMap<>();
    layouts.put("f", plain.dup('f'));
    INDArray block = Nd4j.create(plain.dataType(), 7, 9);
    block = block.get(NDArrayIndex.interval(2, 6), NDArrayIndex.interval(3, 8));
    layouts.put("block", block.assign(plain));
    INDArray strided = Nd4j.create(plain.dataType(), 8, 10).dup('f');
    strided = strided.get(NDArrayIndex.interval(0, 2, 8), NDArrayIndex.interval(0, 2, 10));
    layouts.put("strided", strided.assign(plain));
    return layouts;
  }

  @ParameterizedTest
  @EnumSource
  void closeClosesAllFourAndNothingElse(Path path) {
    path.run(
        () -> {
          INDArray z = logits(DataType.FLOAT);
          INDArray y = Nd4j.createFromArray(LABELS);
          INDArray q = probabilities(DataType.FLOAT);
          INDArray weights = Nd4j.createFromArray(WEIGHTS);
          for (Reduction reduction : Reduction.values()) {
            CrossEntropyOptions options = ALL.withReduction(reduction);
            assertCloses(SparseSoftmaxCrossEntropy.evaluate(z, y, weights, options));
            assertCloses(SoftmaxCrossEntropy.evaluate(z, q, weights, options));
          }
          for (INDArray argument : List.of(z, y, q, weights)) {
            assertFalse(argument.wasClosed());
          }
          return null;
        });
  }

  private static void assertCloses(CrossEntropyEvaluation<INDArray> evaluation) {
    // Four arrays, not one under two names.
    evaluation.loss().assign(7);
    assertTrue(evaluation.rowLosses().getDouble(0) != 7);
    for (INDArray array : arrays(evaluation)) {
      assertTrue(array.closeable());
    }
    evaluation.close();
    for (INDArray array : arrays(evaluation)) {
      assertTrue(array.wasClosed());
    }
  }

  @ParameterizedTest
  @EnumSource
  void resultsInAWorkspaceAreItsOwn(Path path) {
    path.run(
        () -> {
          INDArray z = logits(DataType.FLOAT);
          INDArray y = Nd4j.createFromArray(LABELS);
          INDArray weights = Nd4j.createFromArray(WEIGHTS);
          CrossEntropyEvaluation<INDArray> expected =
              SparseSoftmaxCrossEntropy.evaluate(z, y, weights, ALL);
          WorkspaceConfiguration configuration =
              WorkspaceConfiguration.builder().initialSize(1 << 20).build();
          for (int round = 0; round < 20; round++) {
            try (MemoryWorkspace workspace =
                Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "EVALUATE")) {
              CrossEntropyEvaluation<INDArray> inside =
                  SparseSoftmaxCrossEntropy.evaluate(z.dup(), y.dup(), weights.dup(), ALL);
              inside.close();
              for (INDArray array : arrays(inside)) {
                assertTrue(array.isAttached());
                assertFalse(array.wasClosed(), "the workspace frees it");
              }
              assertSame(expected, inside, "round " + round);
              assertTrue(workspace.isScopeActive());
            }
          }
          return null;
        });
  }

  // ---- helpers

  private static void assertSame(
      CrossEntropyEvaluation<INDArray> expected,
      CrossEntropyEvaluation<INDArray> actual,
      String what) {
    Elements.assertSame(expected.loss(), actual.loss(), "loss, " + what);
    Elements.assertSame(expected.rowLosses(), actual.rowLosses(), "rowLosses, " + what);
    Elements.assertSame(expected.logSumExp(), actual.logSumExp(), "logSumExp, " + what);
    Elements.assertSame(expected.zLoss(), actual.zLoss(), "zLoss, " + what);
    assertEquals(expected.weight(), actual.weight(), what);
  }

  private static List<INDArray> arrays(CrossEntropyEvaluation<INDArray> evaluation) {
    return List.of(
        evaluation.loss(), evaluation.rowLosses(), evaluation.logSumExp(), evaluation.zLoss());
  }

  private static INDArray logits(DataType type) {
    double[] numbers = new double[20];
    Arrays.setAll(numbers, i -> 6 * Math.sin(2 + 3.7 * i));
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', 4, 5);
  }

  private static INDArray probabilities(DataType type) {
    return Nd4j.linspace(DataType.DOUBLE, 0, 0.125, 20).castTo(type).reshape('c', 4, 5);
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.SparseSoftmaxCrossEntropy;

/** What {@code evaluate} says is what the other operators say one by one. */
class DjlEvaluateTest extends OnBothPaths {
  /** Classes along axis 1. */
  private static final Shape IMAGES = new Shape(3, 5, 4);

  private static final int CLASSES = 5;
  private static final double Z_LOSS = 0.25;
  private static final double[] CLASS_WEIGHTS = {1, 0, 2, 0.5, 3};

  static Stream<Arguments> kindsAndReductions() {
    return Stream.of(CrossEntropyKind.values())
        .flatMap(kind -> Stream.of(Reduction.values()).map(r -> Arguments.of(kind, r)));
  }

  private static CrossEntropyOptions every(Reduction reduction) {
    return CrossEntropyOptions.DEFAULT
        .withAxis(1)
        .withReduction(reduction)
        .withLabelSmoothing(0.1)
        .withZLoss(Z_LOSS)
        .withClassWeights(CLASS_WEIGHTS);
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theLossesHaveTheBitsOfTheValues(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = every(reduction);
    CrossEntropyOptions none = every(Reduction.NONE);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    NDArray weights = CrossEntropyKind.weights(manager, IMAGES, 1);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, IMAGES, 1);
      CrossEntropyEvaluation<NDArray> plain = kind.evaluate(logits, labels, options);
      assertSameArray(kind.value(logits, labels, options), plain.loss());
      assertSameArray(kind.value(logits, labels, none), plain.rowLosses());
      CrossEntropyEvaluation<NDArray> weighted = kind.evaluate(logits, labels, weights, options);
      assertSameArray(kind.value(logits, labels, weights, options), weighted.loss());
      assertSameArray(kind.value(logits, labels, weights, none), weighted.rowLosses());
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theLogSumExpHasTheBitsOfTheOperator(CrossEntropyKind kind, Reduction reduction) {
    NDArray labels = kind.labels(manager, IMAGES, 1);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, IMAGES, 1);
      assertSameArray(
          LogSumExp.value(logits, 1), kind.evaluate(logits, labels, every(reduction)).logSumExp());
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theZLossIsThatOfTheDefinition(CrossEntropyKind kind, Reduction reduction) {
    NDArray logits = waves(manager, DataType.FLOAT64, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    NDArray weights = CrossEntropyKind.weights(manager, IMAGES, 1);
    double[] probabilities = weightedProbabilities(kind, labels);
    double[] lse = doubles(LogSumExp.value(logits, 1));
    double[] a = doubles(weights);
    double[] rows = new double[lse.length];
    double sum = 0;
    double weight = 0;
    for (int row = 0; row < rows.length; row++) {
      rows[row] = a[row] * Z_LOSS * probabilities[row] * lse[row] * lse[row];
      sum += rows[row];
      weight += a[row] * probabilities[row];
    }
    double[] expected =
        switch (reduction) {
          case NONE -> rows;
          case SUM -> new double[] {sum};
          case MEAN -> new double[] {sum / weight};
        };
    CrossEntropyEvaluation<NDArray> actual =
        kind.evaluate(logits, labels, weights, every(reduction));
    double[] zLosses = doubles(actual.zLoss());
    assertEquals(expected.length, zLosses.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], zLosses[i], 8 * Math.ulp(expected[i]));
    }
    // Quarters: sums of them are exact.
    assertEquals(weight, actual.weight());
  }

  /** ω of each row. */
  private double[] weightedProbabilities(CrossEntropyKind kind, NDArray labels) {
    NDArray classWeights =
        array(manager, DataType.FLOAT64, new Shape(1, CLASSES, 1), CLASS_WEIGHTS);
    NDArray probabilities =
        kind == CrossEntropyKind.SPARSE
            ? labels.oneHot(CLASSES, DataType.FLOAT64).transpose(0, 2, 1)
            : labels.toType(DataType.FLOAT64, true);
    return doubles(probabilities.mul(classWeights).sum(new int[] {1}));
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void withoutAZLossItsPartIsZero(CrossEntropyKind kind, Reduction reduction) {
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    CrossEntropyEvaluation<NDArray> all =
        kind.evaluate(logits, labels, every(reduction).withZLoss(0));
    assertSameArray(all.loss().zerosLike(), all.zLoss());
  }

  @ParameterizedTest
  @EnumSource
  void rowsThatDoNotCountHaveZeroInAllOfIt(Reduction reduction) {
    double nan = Double.NaN;
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withReduction(reduction).withIgnoreIndex(-100).withZLoss(1);
    for (DataType type : Djl.FLOATS) {
      NDArray logits =
          array(manager, type, new Shape(3, 3), nan, nan, nan, 0.5, 1, -1, nan, nan, nan);
      NDArray labels = manager.create(new long[] {-100, 1, 2});
      NDArray mask = manager.create(new boolean[] {true, true, false});
      CrossEntropyEvaluation<NDArray> all =
          SparseSoftmaxCrossEntropy.evaluate(logits, labels, mask, options);
      NDArray one = array(manager, type, new Shape(1, 3), 0.5, 1, -1);
      CrossEntropyEvaluation<NDArray> alone =
          SparseSoftmaxCrossEntropy.evaluate(one, manager.create(new long[] {1}), options);
      assertArrayEquals(between(alone.rowLosses()), doubles(all.rowLosses()));
      assertArrayEquals(between(alone.logSumExp()), doubles(all.logSumExp()));
      assertEquals(1, all.weight());
      boolean none = reduction == Reduction.NONE;
      assertArrayEquals(none ? between(alone.loss()) : doubles(alone.loss()), doubles(all.loss()));
      assertArrayEquals(
          none ? between(alone.zLoss()) : doubles(alone.zLoss()), doubles(all.zLoss()));
    }
  }

  /** The only element with a 0 on either side. */
  private static double[] between(NDArray one) {
    return new double[] {0, doubles(one)[0], 0};
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void noRowsHaveNoWeight(CrossEntropyKind kind, Reduction reduction) {
    Shape empty = new Shape(0, 3);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
    CrossEntropyEvaluation<NDArray> all =
        kind.evaluate(manager.create(empty), kind.labels(manager, empty, -1), options);
    assertEquals(0, all.weight());
    assertEquals(new Shape(0), all.rowLosses().getShape());
    assertEquals(new Shape(0), all.logSumExp().getShape());
    assertArrayEquals(
        reduction == Reduction.NONE ? new double[0] : new double[] {0}, doubles(all.loss()));
  }

  private static List<NDArray> arrays(CrossEntropyEvaluation<NDArray> all) {
    return List.of(all.loss(), all.rowLosses(), all.logSumExp(), all.zLoss());
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theArraysBelongToTheManagerOfTheLogits(CrossEntropyKind kind, Reduction reduction) {
    try (NDManager dataset = manager.newSubManager();
        NDManager batch = manager.newSubManager()) {
      NDArray logits = waves(batch, DataType.FLOAT32, IMAGES, 1);
      NDArray labels = kind.labels(dataset, IMAGES, 1);
      NDArray weights = CrossEntropyKind.weights(dataset, IMAGES, 1);
      for (NDArray array : arrays(kind.evaluate(logits, labels, weights, every(reduction)))) {
        assertSame(batch, array.getManager());
      }
      // The arguments and four results: no temporary stays.
      assertEquals(1 + 4, batch.getManagedArrays().size());
      assertEquals(2, dataset.getManagedArrays().size());
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theArraysAreOutsideAnyGraph(CrossEntropyKind kind, Reduction reduction) {
    NDArray leaf = waves(manager, DataType.FLOAT32, IMAGES, 1);
    leaf.setRequiresGradient(true);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    Graphs.recording(
        () -> {
          NDArray computed = leaf.add(leaf);
          arrays(kind.evaluate(leaf, labels, every(reduction))).forEach(Graphs::assertOutside);
          arrays(kind.evaluate(computed, labels, every(reduction))).forEach(Graphs::assertOutside);
        });
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void closeClosesTheFourAndNothingElse(CrossEntropyKind kind, Reduction reduction) {
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    List<NDArray> results;
    try (CrossEntropyEvaluation<NDArray> all = kind.evaluate(logits, labels, every(reduction))) {
      results = arrays(all);
      results.forEach(array -> assertFalse(((PtNDArray) array).isReleased()));
    }
    results.forEach(array -> assertTrue(((PtNDArray) array).isReleased()));
    assertEquals(2, manager.getManagedArrays().size());
    assertEquals(60, doubles(logits).length);
  }

  /** Each is an array of its own, even where two hold the same numbers. */
  @Test
  void noTwoOfTheArraysShareMemory() {
    NDArray logits = waves(manager, DataType.FLOAT64, IMAGES, 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, IMAGES, 1);
    CrossEntropyEvaluation<NDArray> all =
        SparseSoftmaxCrossEntropy.evaluate(logits, labels, every(Reduction.NONE));
    double[] rowLosses = doubles(all.rowLosses());
    all.loss().subi(all.loss());
    assertArrayEquals(rowLosses, doubles(all.rowLosses()));
  }

  @Test
  void aScopeOfTheCallerClosesTheResults() {
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, IMAGES, 1);
    CrossEntropyEvaluation<NDArray> closed;
    CrossEntropyEvaluation<NDArray> kept;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      closed = SparseSoftmaxCrossEntropy.evaluate(logits, labels, every(Reduction.MEAN));
      kept = SparseSoftmaxCrossEntropy.evaluate(logits, labels, every(Reduction.MEAN));
      NDScope.unregister(arrays(kept).toArray(NDArray[]::new));
    }
    arrays(closed).forEach(array -> assertTrue(((PtNDArray) array).isReleased()));
    arrays(kept).forEach(array -> assertFalse(((PtNDArray) array).isReleased()));
    assertEquals(2 + 4, manager.getManagedArrays().size());
  }

  @Test
  void anErrorLeavesNothingBehind() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    // The last is the bad one: everything else has been done when it is found.
    NDArray probabilities =
        array(manager, DataType.FLOAT32, new Shape(2, 3), 0, 1, 0, 0.5, 0.5, -1);
    NDArray labels = manager.create(new long[] {0, 3});
    NDArray badWeights = array(manager, DataType.FLOAT32, new Shape(2), 1, -1);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    assertThrows(
        IllegalArgumentException.class,
        () -> CrossEntropyKind.DENSE.evaluate(logits, probabilities, options));
    assertThrows(
        IllegalArgumentException.class,
        () -> CrossEntropyKind.SPARSE.evaluate(logits, labels, options));
    assertThrows(
        IllegalArgumentException.class,
        () -> CrossEntropyKind.DENSE.evaluate(logits, probabilities, badWeights, options));
    assertEquals(4, manager.getManagedArrays().size());
  }
}

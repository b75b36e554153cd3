package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.IndexLoss;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SimpleCompositeLoss;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/** Losses that are added up, multiplied and transformed before backward, and gradients too. */
class DjlLossAlgebraTest extends OnBothPaths {
  private static final Shape MATRIX = new Shape(6, 4);
  private static final CrossEntropyOptions EVERY =
      CrossEntropyOptions.DEFAULT
          .withLabelSmoothing(0.1)
          .withZLoss(0.01)
          .withClassWeights(1, 0.25, 2, 0.5);

  private NDArray labels;
  private NDArray probabilities;
  private NDArray weights;

  @BeforeEach
  void makeLabels() {
    labels = CrossEntropyKind.SPARSE.labels(manager, MATRIX, -1);
    probabilities = CrossEntropyKind.DENSE.labels(manager, MATRIX, -1);
    weights = CrossEntropyKind.weights(manager, MATRIX, -1);
  }

  static Stream<Arguments> typesAndReductions() {
    return Djl.FLOATS.stream()
        .flatMap(type -> Stream.of(Reduction.values()).map(r -> Arguments.of(type, r)));
  }

  /** Of integer labels and sample weights. */
  private NDArray loss(NDArray z, Reduction reduction) {
    return new FusedSoftmaxCrossEntropyLoss(EVERY.withReduction(reduction))
        .withSampleWeights()
        .evaluate(new NDList(labels, weights), new NDList(z));
  }

  /** The gradient of the same. */
  private NDArray gradient(NDArray z, Reduction reduction) {
    return CrossEntropyKind.SPARSE.gradient(z, labels, weights, EVERY.withReduction(reduction));
  }

  /** The same times upstream, which float16 rounds once. */
  private double[] product(NDArray z, Reduction reduction, NDArray upstream) {
    return doubles(Djl.product(z, upstream, wide -> gradient(wide, reduction)));
  }

  /** The loss so that it broadcasts against the gradient. */
  private NDArray column(NDArray z, Reduction reduction) {
    NDArray loss = loss(z, reduction);
    return reduction == Reduction.NONE ? loss.reshape(6, 1) : loss;
  }

  /** d(L·L) = 2L·dL, and a doubling is exact. */
  @ParameterizedTest
  @MethodSource("typesAndReductions")
  void aSquaredLossHasItsExactGradient(DataType type, Reduction reduction) {
    NDArray z = waves(manager, type, MATRIX, 1);
    NDArray twice = column(z, reduction).mul(2);
    assertArrayEquals(
        product(z, reduction, twice),
        Djl.gradient(
            z,
            leaf -> {
              NDArray loss = loss(leaf, reduction);
              return loss.mul(loss);
            }));
  }

  /** d(e^L) = e^L·dL. */
  @ParameterizedTest
  @MethodSource("typesAndReductions")
  void anExponentialOfTheLossHasItsExactGradient(DataType type, Reduction reduction) {
    NDArray z = waves(manager, type, MATRIX, 1);
    assertArrayEquals(
        product(z, reduction, column(z, reduction).exp()),
        Djl.gradient(z, leaf -> loss(leaf, reduction).exp()));
  }

  @ParameterizedTest
  @MethodSource("typesAndReductions")
  void aScaledLossHasItsExactGradient(DataType type, Reduction reduction) {
    NDArray z = waves(manager, type, MATRIX, 1);
    // Native-owned: with a number of Java's the host multiplies by what may be gone.
    NDArray third = manager.full(new Shape(), 1f / 3, type);
    assertArrayEquals(
        product(z, reduction, third), Djl.gradient(z, leaf -> loss(leaf, reduction).mul(third)));
  }

  /** Of the sum of the terms' magnitudes: three roundings. */
  private static void assertNear(double[] expected, double[] magnitudes, double[] actual) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 3 * 0x1p-23 * magnitudes[i]);
    }
  }

  private static double[] absolute(double[] first, double[] second) {
    double[] sums = new double[first.length];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = Math.abs(first[i]) + Math.abs(second[i]);
    }
    return sums;
  }

  private static double[] sum(double[] first, double[] second) {
    double[] sums = first.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += second[i];
    }
    return sums;
  }

  private static double[] times(double[] numbers, double factor) {
    double[] products = numbers.clone();
    for (int i = 0; i < products.length; i++) {
      products[i] *= factor;
    }
    return products;
  }

  private NDArray dense(NDArray z) {
    return FusedSoftmaxCrossEntropyLoss.probabilities(CrossEntropyOptions.DEFAULT)
        .evaluate(new NDList(probabilities), new NDList(z));
  }

  private double[] denseGradient(NDArray z) {
    return doubles(CrossEntropyKind.DENSE.gradient(z, probabilities, CrossEntropyOptions.DEFAULT));
  }

  @Test
  void lossesAddedUpHaveTheSumOfTheGradients() {
    NDArray z = waves(manager, DataType.FLOAT32, MATRIX, 1);
    double[] first = doubles(gradient(z, Reduction.SUM));
    double[] second = denseGradient(z);
    assertNear(
        sum(first, second),
        absolute(first, second),
        Djl.gradient(z, leaf -> loss(leaf, Reduction.SUM).add(dense(leaf))));
  }

  @Test
  void lossesMultipliedObeyTheProductRule() {
    NDArray z = waves(manager, DataType.FLOAT32, MATRIX, 1);
    double sparseLoss = loss(z, Reduction.MEAN).getFloat();
    double denseLoss = dense(z).getFloat();
    double[] first = times(doubles(gradient(z, Reduction.MEAN)), denseLoss);
    double[] second = times(denseGradient(z), sparseLoss);
    assertNear(
        sum(first, second),
        absolute(first, second),
        Djl.gradient(z, leaf -> loss(leaf, Reduction.MEAN).mul(dense(leaf))));
  }

  /** A weight decay: d(z·z) = 2z. */
  @Test
  void aPenaltyBesideTheLossAddsItsGradient() {
    NDArray z = waves(manager, DataType.FLOAT32, MATRIX, 1);
    double[] first = doubles(gradient(z, Reduction.MEAN));
    double[] second = times(doubles(z), 2);
    assertNear(
        sum(first, second),
        absolute(first, second),
        Djl.gradient(z, leaf -> loss(leaf, Reduction.MEAN).add(leaf.mul(leaf).sum())));
  }

  @Test
  void gradientsOfSeveralBatchesAddUp() {
    NDArray x1 = waves(manager, DataType.FLOAT32, new Shape(6, 3), 1);
    NDArray x2 = waves(manager, DataType.FLOAT32, new Shape(6, 3), 2);
    NDArray w = waves(manager, DataType.FLOAT32, new Shape(3, 4), 3);
    double[] first = Djl.gradient(w, leaf -> loss(x1.matMul(leaf), Reduction.MEAN));
    double[] second = Djl.gradient(w, leaf -> loss(x2.matMul(leaf), Reduction.MEAN));
    NDArray leaf = w.duplicate();
    leaf.setRequiresGradient(true);
    for (NDArray x : new NDArray[] {x1, x2}) {
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        collector.backward(loss(x.matMul(leaf), Reduction.MEAN));
      }
    }
    assertNear(sum(first, second), absolute(first, second), doubles(leaf.getGradient()));
  }

  @Test
  void severalBackwardPassesOfOneCollectorAddUp() {
    NDArray z = waves(manager, DataType.FLOAT32, MATRIX, 1);
    double[] first = doubles(gradient(z, Reduction.MEAN));
    double[] second = denseGradient(z);
    z.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray one = loss(z, Reduction.MEAN);
      NDArray other = dense(z);
      collector.backward(one);
      collector.backward(other);
    }
    assertNear(sum(first, second), absolute(first, second), doubles(z.getGradient()));
  }

  @Test
  void aCompositeLossIsTheSumOfOurs() {
    NDArray z = waves(manager, DataType.FLOAT32, MATRIX, 1);
    Loss sparse = new FusedSoftmaxCrossEntropyLoss(EVERY);
    Loss dense = FusedSoftmaxCrossEntropyLoss.probabilities(CrossEntropyOptions.DEFAULT);
    // One takes the first of labels and predictions, the other the second.
    Loss composite =
        new SimpleCompositeLoss()
            .addLoss(new IndexLoss(sparse, 0))
            .addLoss(new IndexLoss(dense, 1));
    NDList both = new NDList(labels, probabilities);
    double[] first = doubles(CrossEntropyKind.SPARSE.gradient(z, labels, EVERY));
    double[] second = denseGradient(z);
    assertNear(
        sum(first, second),
        absolute(first, second),
        Djl.gradient(z, leaf -> composite.evaluate(both, new NDList(leaf, leaf))));
    float sum = sparse.evaluate(new NDList(labels), new NDList(z)).getFloat() + dense(z).getFloat();
    assertEquals(sum, composite.evaluate(both, new NDList(z, z)).getFloat());
  }

  @Test
  void aCompositeLossAccumulatesTheSumOfOurs() {
    NDArray z = waves(manager, DataType.FLOAT32, MATRIX, 1);
    Loss mean = new FusedSoftmaxCrossEntropyLoss().withSampleWeights();
    Loss smooth = new FusedSoftmaxCrossEntropyLoss("smooth", EVERY).withSampleWeights();
    Loss composite = new SimpleCompositeLoss().addLoss(mean).addLoss(smooth);
    NDList weighted = new NDList(labels, weights);
    composite.addAccumulator("train");
    for (int batch = 0; batch < 3; batch++) {
      composite.updateAccumulators(new String[] {"train"}, weighted, new NDList(z));
    }
    double sum = 0;
    for (Loss loss : new Loss[] {mean, smooth}) {
      sum += loss.evaluate(weighted, new NDList(z)).getFloat();
    }
    assertEquals(sum, composite.getAccumulator("train"), Math.ulp((float) sum));
  }
}

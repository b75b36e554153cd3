package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.Model;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.listener.TrainingListener;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.evaluator.SoftmaxAccuracy;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/** The accuracy of the rows that a loss counts. */
class SoftmaxAccuracyTest extends OnBothPaths {
  private static final CrossEntropyOptions OPTIONS = CrossEntropyOptions.DEFAULT;

  private double accuracy(FusedSoftmaxCrossEntropyLoss loss, NDArray z, NDArray... labels) {
    SoftmaxAccuracy accuracy = new SoftmaxAccuracy(loss);
    accuracy.addAccumulator("train");
    int before = manager.getManagedArrays().size();
    accuracy.updateAccumulator("train", new NDList(labels), new NDList(z));
    assertEquals(before, manager.getManagedArrays().size());
    assertEquals(
        accuracy.getAccumulator("train"),
        accuracy.evaluate(new NDList(labels), new NDList(z)).getFloat());
    return accuracy.getAccumulator("train");
  }

  /** Seven tokens of three classes, of which the logits are right but for the last three. */
  private NDArray tokens(DataType type) {
    return array(
        manager,
        type,
        new Shape(7, 3),
        9,
        0,
        0,
        0,
        9,
        0,
        0,
        0,
        9,
        9,
        0,
        0,
        9,
        0,
        0,
        9,
        0,
        0,
        9,
        0,
        0);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "FLOAT32", "FLOAT64"})
  void ignoredRowsAreNotWrong(DataType type) {
    NDArray labels = manager.create(new long[] {0, 1, 2, 0, -100, -100, -100});
    FusedSoftmaxCrossEntropyLoss loss =
        new FusedSoftmaxCrossEntropyLoss(OPTIONS.withIgnoreIndex(-100));
    assertEquals(1, accuracy(loss, tokens(type), labels));
    // What DJL's own says of the same.
    Accuracy stock = new Accuracy();
    stock.addAccumulator("train");
    stock.updateAccumulator("train", new NDList(labels), new NDList(tokens(DataType.FLOAT32)));
    assertEquals(4f / 7, stock.getAccumulator("train"));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "INT32", "BOOLEAN"})
  void rowsCountByTheirSampleWeights(DataType type) {
    NDArray labels = manager.create(new float[] {0, 1, 2, 0, 1, 1, Float.NaN});
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss().withSampleWeights();
    NDArray mask =
        array(manager, DataType.FLOAT32, new Shape(7), 1, 1, 1, 1, 0, 1, 0).toType(type, true);
    assertEquals(0.8f, accuracy(loss, tokens(DataType.FLOAT32), labels, mask));
    NDArray weights = array(manager, DataType.FLOAT32, new Shape(7, 1), 2, 0, 0, 0, 0, 6, 0);
    assertEquals(0.25, accuracy(loss, tokens(DataType.FLOAT32), labels, weights));
  }

  @Test
  void probabilitiesHaveTheirLargestClass() {
    FusedSoftmaxCrossEntropyLoss loss = FusedSoftmaxCrossEntropyLoss.probabilities(OPTIONS);
    NDArray z = array(manager, DataType.FLOAT32, new Shape(4, 2), 1, 0, 0, 1, 1, 0, 0, 1);
    double[] probabilities = {0.6, 0.4, 0.6, 0.4, 0.5, 0.5, 0, 0};
    NDArray labels = array(manager, DataType.FLOAT32, new Shape(4, 2), probabilities);
    // The third is a tie, which the first class wins; the fourth has no probability.
    assertEquals(2f / 3, accuracy(loss, z, labels), 1e-7);
    NDArray oneHot = z.toType(DataType.BOOLEAN, true);
    assertEquals(1, accuracy(loss, z, oneHot));
  }

  @Test
  void theClassAxisIsThatOfTheLoss() {
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss(OPTIONS.withAxis(1));
    NDArray z = waves(manager, DataType.FLOAT32, new Shape(2, 3, 4), 1);
    NDArray labels = z.argMax(1);
    assertEquals(1, accuracy(loss, z, labels));
    assertEquals(1, accuracy(loss, z, labels.expandDims(1)));
    NDArray wrong = labels.duplicate();
    wrong.set(new NDIndex("0, 0"), (labels.getLong(0, 0) + 1) % 3);
    assertEquals(7.0 / 8, accuracy(loss, z, wrong));
  }

  @Test
  void rowsWithoutALargestLogitAreWrong() {
    double inf = Double.POSITIVE_INFINITY;
    double nan = Double.NaN;
    NDArray z =
        array(manager, DataType.FLOAT32, new Shape(4, 2), nan, 0, 0, nan, -inf, -inf, inf, -inf);
    assertEquals(0.25, accuracy(new FusedSoftmaxCrossEntropyLoss(), z, manager.create(new int[4])));
  }

  @Test
  void withoutARowThatCountsItIsNaN() {
    FusedSoftmaxCrossEntropyLoss loss =
        new FusedSoftmaxCrossEntropyLoss(OPTIONS.withIgnoreIndex(0));
    NDArray z = waves(manager, DataType.FLOAT32, new Shape(3, 2), 1);
    assertTrue(Double.isNaN(accuracy(loss, z, manager.create(new long[3]))));
    NDArray none = manager.create(new Shape(0, 2));
    assertTrue(Double.isNaN(accuracy(loss, none, manager.create(new Shape(0)))));
  }

  @Test
  void aBadLabelIsRefusedAsByTheLoss() {
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss();
    NDArray z = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = manager.create(new long[] {0, 3});
    assertEquals(
        "labels must be in [0, 3), got 3 at row 1",
        assertThrows(IllegalArgumentException.class, () -> accuracy(loss, z, labels)).getMessage());
    assertEquals(
        "loss must be given, got null",
        assertThrows(IllegalArgumentException.class, () -> new SoftmaxAccuracy(null)).getMessage());
  }

  @Test
  void badProbabilitiesAreRefusedAsByTheLoss() {
    FusedSoftmaxCrossEntropyLoss loss = FusedSoftmaxCrossEntropyLoss.probabilities(OPTIONS);
    NDArray z = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (Shape wrong : new Shape[] {new Shape(2, 4), new Shape(1, 3), new Shape(3, 3)}) {
      assertThrows(IllegalArgumentException.class, () -> accuracy(loss, z, manager.ones(wrong)));
    }
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      NDArray probabilities = array(manager, DataType.FLOAT32, new Shape(2, 3), 1, 0, 0, 0, bad, 1);
      assertEquals(
          "labels must be finite and >= 0, got " + bad + " at row 1",
          assertThrows(IllegalArgumentException.class, () -> accuracy(loss, z, probabilities))
              .getMessage());
      // Not read where the weight is 0.
      NDArray mask = manager.create(new boolean[] {true, false});
      assertTrue(accuracy(loss.withSampleWeights(), z, probabilities, mask) >= 0);
    }
  }

  /** Two of them, and two losses, side by side under names of their own. */
  @Test
  void easyTrainReportsEveryNameOfItsOwn() throws IOException, TranslateException {
    FusedSoftmaxCrossEntropyLoss loss =
        new FusedSoftmaxCrossEntropyLoss("smooth", OPTIONS.withLabelSmoothing(0.1));
    FusedSoftmaxCrossEntropyLoss plain = new FusedSoftmaxCrossEntropyLoss("plain", OPTIONS);
    Digits digits = Digits.load(200);
    try (Model model = Model.newInstance("digits")) {
      model.setBlock(Linear.builder().setUnits(Digits.CLASSES).build());
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .addEvaluator(plain)
              .addEvaluator(new SoftmaxAccuracy(loss))
              .addEvaluator(new Accuracy("stock"))
              .addTrainingListeners(TrainingListener.Defaults.basic());
      try (Trainer trainer = model.newTrainer(config)) {
        Metrics metrics = new Metrics();
        trainer.setMetrics(metrics);
        trainer.initialize(new Shape(1, Digits.PIXELS));
        ArrayDataset data = digits.sparse(manager, DataType.FLOAT32, 50);
        EasyTrain.fit(trainer, 2, data, data);
        var result = trainer.getTrainingResult();
        assertEquals(
            result.getValidateEvaluation("stock"), result.getValidateEvaluation("Accuracy"), 1e-6);
        assertTrue(result.getValidateEvaluation("smooth") != result.getValidateEvaluation("plain"));
        assertTrue(metrics.hasMetric("validate_epoch_plain"));
        assertTrue(metrics.hasMetric("validate_epoch_smooth"));
      }
    }
  }
}

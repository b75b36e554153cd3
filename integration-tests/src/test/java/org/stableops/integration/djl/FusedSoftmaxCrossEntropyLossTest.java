package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingResult;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.listener.TrainingListenerAdapter;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SimpleCompositeLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

class FusedSoftmaxCrossEntropyLossTest extends OnBothPaths {
  private static final int ROWS = 400;
  private static final int EPOCHS = 10;

  /** What a training leaves: its losses and accuracies, and the arrays alive after each epoch. */
  private record Outcome(
      TrainingResult result, double finalLoss, List<Integer> arrays, Metrics metrics) {}

  private Outcome train(DataType type, Loss loss, boolean oneHot)
      throws IOException, TranslateException {
    Engine.getInstance().setRandomSeed(7);
    try (Model model = Model.newInstance("digits")) {
      model.setDataType(type);
      model.setBlock(
          new SequentialBlock()
              .add(Linear.builder().setUnits(16).build())
              .add(Squareplus.block())
              .add(Linear.builder().setUnits(Digits.CLASSES).build()));
      List<Integer> arrays = new ArrayList<>();
      Optimizer sgd = Optimizer.sgd().setLearningRateTracker(Tracker.fixed(1f)).build();
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .addEvaluator(new Accuracy())
              .optOptimizer(sgd)
              .addTrainingListeners(TrainingListener.Defaults.basic())
              .addTrainingListeners(
                  new TrainingListenerAdapter() {
                    @Override
                    public void onEpoch(Trainer trainer) {
                      arrays.add(
                          trainer.getManager().getManagedArrays().size()
                              + model.getNDManager().getManagedArrays().size()
                              + manager.getManagedArrays().size());
                    }
                  });
      Digits digits = Digits.load(ROWS);
      try (Trainer trainer =
          type == DataType.FLOAT32 ? model.newTrainer(config) : new FusedTrainer(model, config)) {
        Metrics metrics = new Metrics();
        trainer.setMetrics(metrics);
        trainer.initialize(new Shape(1, Digits.PIXELS));
        ArrayDataset data =
            oneHot ? digits.oneHot(manager, type, 80) : digits.sparse(manager, type, 80);
        EasyTrain.fit(trainer, EPOCHS, data, data);
        return new Outcome(
            trainer.getTrainingResult(), meanLoss(model, digits, type), arrays, metrics);
      }
    }
  }

  /** In plain Java, from what the network says of all rows. */
  private double meanLoss(Model model, Digits digits, DataType type) {
    NDArray x = array(manager, type, new Shape(ROWS, Digits.PIXELS), digits.pixels());
    double[] z =
        doubles(
            model
                .getBlock()
                .forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow());
    double total = 0;
    for (int row = 0; row < ROWS; row++) {
      double sum = 0;
      for (int c = 0; c < Digits.CLASSES; c++) {
        sum += Math.exp(z[row * Digits.CLASSES + c]);
      }
      total += Math.log(sum) - z[row * Digits.CLASSES + (int) digits.labels()[row]];
    }
    return total / ROWS;
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void easyTrainLearnsTheDigitsAndLeavesNoArrayFromOneEpochToTheNext(DataType type)
      throws IOException, TranslateException {
    Outcome sparse = train(type, new FusedSoftmaxCrossEntropyLoss(), false);
    assertTrue(sparse.result().getTrainEvaluation("Accuracy") > 0.85, sparse.toString());
    assertTrue(sparse.result().getValidateEvaluation("Accuracy") > 0.85, sparse.toString());
    // Validation runs on the same rows after the last step.
    assertEquals(sparse.finalLoss(), sparse.result().getValidateLoss(), 1e-6);
    assertEquals(EPOCHS, sparse.arrays().size());
    assertEquals(1, sparse.arrays().stream().distinct().count(), sparse.toString());
    assertTrue(sparse.metrics().hasMetric("train_epoch_FusedSoftmaxCrossEntropyLoss"));
    assertTrue(sparse.metrics().hasMetric("validate_epoch_FusedSoftmaxCrossEntropyLoss"));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void oneHotProbabilitiesTrainAsIntegerLabelsDo(DataType type)
      throws IOException, TranslateException {
    Outcome sparse = train(type, new FusedSoftmaxCrossEntropyLoss(), false);
    Outcome dense =
        train(type, FusedSoftmaxCrossEntropyLoss.probabilities(CrossEntropyOptions.DEFAULT), true);
    // 50 steps apart by roundings; Accuracy reads the labels of one-hot rows by itself.
    double tolerance = type == DataType.FLOAT32 ? 1e-5 : 1e-13;
    assertEquals(sparse.finalLoss(), dense.finalLoss(), tolerance);
    assertEquals(
        sparse.result().getTrainEvaluation("Accuracy"),
        dense.result().getTrainEvaluation("Accuracy"));
  }

  @Test
  void trainingFollowsTheStockLoss() throws IOException, TranslateException {
    Outcome ours = train(DataType.FLOAT32, new FusedSoftmaxCrossEntropyLoss(), false);
    Outcome stock = train(DataType.FLOAT32, Loss.softmaxCrossEntropyLoss(), false);
    assertEquals(stock.finalLoss(), ours.finalLoss(), 1e-5);
    assertEquals(stock.result().getTrainLoss(), ours.result().getTrainLoss(), 1e-5);
  }

  @ParameterizedTest
  @EnumSource
  void evaluateIsTheOperator(Reduction reduction) {
    Shape images = new Shape(2, 3, 4);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withAxis(1).withReduction(reduction);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, images, 1);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, images, 1);
      NDArray probabilities = CrossEntropyKind.DENSE.labels(manager, images, 1);
      assertArrayEquals(
          doubles(SparseSoftmaxCrossEntropy.value(logits, labels, options)),
          doubles(
              new FusedSoftmaxCrossEntropyLoss(options)
                  .evaluate(new NDList(labels), new NDList(logits))));
      assertArrayEquals(
          doubles(SoftmaxCrossEntropy.value(logits, probabilities, options)),
          doubles(
              FusedSoftmaxCrossEntropyLoss.probabilities(options)
                  .evaluate(new NDList(probabilities), new NDList(logits))));
    }
  }

  /** As DJL's own losses do, whatever the reduction and the size of the batch. */
  @ParameterizedTest
  @EnumSource
  void anAccumulatorIsTheMeanOverTheBatchesOfTheSumOfTheLoss(Reduction reduction) {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
    for (DataType type : Djl.FLOATS) {
      Loss loss = new FusedSoftmaxCrossEntropyLoss(options);
      loss.addAccumulator("train");
      loss.addAccumulator("validate");
      double sum = 0;
      for (int rows : new int[] {3, 7, 1}) {
        Shape shape = new Shape(rows, 4);
        NDArray logits = waves(manager, type, shape, rows);
        NDArray labels = CrossEntropyKind.SPARSE.labels(manager, shape, -1);
        for (double row : doubles(loss.evaluate(new NDList(labels), new NDList(logits)))) {
          sum += row;
        }
        loss.updateAccumulators(
            new String[] {"train", "validate"}, new NDList(labels), new NDList(logits));
      }
      assertEquals((float) (sum / 3), loss.getAccumulator("train"));
      assertEquals((float) (sum / 3), loss.getAccumulator("validate"));

      NDArray logits = waves(manager, type, new Shape(2, 4), 9);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, new Shape(2, 4), -1);
      loss.resetAccumulator("train");
      assertTrue(Float.isNaN(loss.getAccumulator("train")));
      loss.updateAccumulator("train", new NDList(labels), new NDList(logits));
      double[] only = doubles(loss.evaluate(new NDList(labels), new NDList(logits)));
      double onlySum = only.length == 1 ? only[0] : only[0] + only[1];
      assertEquals((float) onlySum, loss.getAccumulator("train"));
      assertEquals((float) (sum / 3), loss.getAccumulator("validate"));
    }
  }

  @Test
  void accumulatorsLeaveNoArrayBehind() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    loss.addAccumulator("train");
    NDList logits = new NDList(waves(manager, DataType.FLOAT64, new Shape(5, 4), 1));
    NDList labels = new NDList(CrossEntropyKind.SPARSE.labels(manager, new Shape(5, 4), -1));
    int before = manager.getManagedArrays().size();
    for (int i = 0; i < 20; i++) {
      loss.updateAccumulators(new String[] {"train"}, labels, logits);
    }
    assertEquals(before, manager.getManagedArrays().size());
  }

  @Test
  void anUnknownAccumulatorIsNamed() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    assertEquals(
        "no loss accumulator has the name train",
        assertThrows(IllegalArgumentException.class, () -> loss.getAccumulator("train"))
            .getMessage());
  }

  @Test
  void aWrongNumberOfArraysIsRefused() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(5, 4), 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, new Shape(5, 4), -1);
    String one = "labels must be one array, got ";
    assertRefuses(one + 3, loss, new NDList(labels, labels, labels), new NDList(logits));
    assertRefuses(
        one + "2; if the last are sample weights, call withSampleWeights()",
        loss,
        new NDList(labels, labels),
        new NDList(logits));
    assertRefuses(
        "labels must be two arrays, labels and sample weights, got 1",
        new FusedSoftmaxCrossEntropyLoss().withSampleWeights(),
        new NDList(labels),
        new NDList(logits));
    assertRefuses(
        "predictions must be one array, got 2",
        loss,
        new NDList(labels),
        new NDList(logits, logits));
    assertRefuses(one + 0, loss, new NDList(), new NDList(logits));
  }

  @Test
  void aSingleLogitIsRefused() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(4, 1), 1);
    String message =
        "logits must have at least 2 classes along axis 1, got shape (4, 1): the softmax of one"
            + " logit is always 1; a single output for yes or no needs"
            + " SigmoidCrossEntropy";
    assertRefuses(
        message,
        FusedSoftmaxCrossEntropyLoss.probabilities(CrossEntropyOptions.DEFAULT),
        new NDList(manager.ones(new Shape(4, 1))),
        new NDList(logits));
    assertRefuses(
        message,
        new FusedSoftmaxCrossEntropyLoss(),
        new NDList(manager.create(new long[4])),
        new NDList(logits));
    // To the operator the loss of a single class is 0.
    NDArray value = SparseSoftmaxCrossEntropy.value(logits, manager.create(new long[4]));
    assertEquals(0, value.getFloat());
  }

  @Test
  void initializingAFusedTrainerTellsWhatTheLossWillRefuse() {
    assertEquals(
        "classWeights must have one weight for each of 10 classes, got 3",
        initialized(
            new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withClassWeights(1, 2, 3)),
            10));
    assertTrue(
        initialized(new FusedSoftmaxCrossEntropyLoss(), 1)
            .startsWith("logits must have at least 2 classes along axis 1, got shape (32, 1)"));
  }

  /** The first batch tells then. */
  @Test
  void aBlockThatDoesNotTellItsOutputsIsInitialized() {
    Loss loss =
        new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withClassWeights(1, 2, 3));
    for (Shape[] told : new Shape[][] {null, {}, {new Shape(32, 2)}}) {
      try (Model model = Model.newInstance("network")) {
        model.setBlock(
            new SequentialBlock() {
              @Override
              public Shape[] getOutputShapes(Shape[] inputs) {
                if (told == null) {
                  throw new UnsupportedOperationException("unknown");
                }
                return told;
              }
            }.add(Linear.builder().setUnits(3).build()));
        try (Trainer trainer = new FusedTrainer(model, new DefaultTrainingConfig(loss))) {
          trainer.initialize(new Shape(32, 4));
        }
      }
    }
  }

  private static String initialized(Loss loss, int units) {
    try (Model model = Model.newInstance("network")) {
      model.setBlock(Linear.builder().setUnits(units).build());
      try (Trainer trainer = new FusedTrainer(model, new DefaultTrainingConfig(loss))) {
        return assertThrows(
                IllegalArgumentException.class, () -> trainer.initialize(new Shape(32, 4)))
            .getMessage();
      }
    }
  }

  /** In a composite, and by itself: value and gradient, stock and seeded. */
  @ParameterizedTest
  @EnumSource
  void aWeightMultipliesTheLoss(Reduction reduction) {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
    for (DataType type : Djl.FLOATS) {
      NDArray z = waves(manager, type, new Shape(5, 4), 1);
      NDList labels = new NDList(CrossEntropyKind.SPARSE.labels(manager, new Shape(5, 4), -1));
      FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss("half", options);
      Loss half = loss.withWeight(0.5f);
      assertEquals("half", half.getName());
      assertArrayEquals(
          doubles(loss.evaluate(labels, new NDList(z)).mul(0.5)),
          doubles(half.evaluate(labels, new NDList(z))));
      double[] expected =
          Djl.gradient(z, x -> loss.evaluate(labels, new NDList(x)).mul(halfOf(type)));
      assertArrayEquals(expected, Djl.gradient(z, x -> half.evaluate(labels, new NDList(x))));
      NDArray leaf = z.stopGradient();
      leaf.setRequiresGradient(true);
      try (GradientCollector collector = SeededLosses.newGradientCollector()) {
        collector.backward(half.evaluate(labels, new NDList(leaf)));
      }
      assertArrayEquals(expected, doubles(leaf.getGradient()));
      // A quarter twice is exact, and a composite adds them up.
      Loss quarter = loss.withWeight(0.25f);
      Loss composite = new SimpleCompositeLoss().addLoss(quarter).addLoss(quarter);
      assertArrayEquals(
          doubles(half.evaluate(labels, new NDList(z))),
          doubles(composite.evaluate(labels, new NDList(z))));
    }
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss();
    assertEquals(
        "weight must be finite, got NaN",
        assertThrows(IllegalArgumentException.class, () -> loss.withWeight(Float.NaN))
            .getMessage());
  }

  private NDArray halfOf(DataType type) {
    return manager.full(new Shape(), 0.5f, type);
  }

  /** A policy gradient: signed weights are the caller's product. */
  @Test
  void advantagesMultiplyTheLossesOfTheRows() {
    NDArray z = waves(manager, DataType.FLOAT32, new Shape(3, 4), 1);
    NDList actions = new NDList(manager.create(new long[] {0, 3, 1}));
    NDArray advantages = array(manager, DataType.FLOAT32, new Shape(3), -1.5, 2, 0);
    Loss loss =
        new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE));
    NDArray gradient =
        SparseSoftmaxCrossEntropy.gradient(
            z, actions.head(), CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM));
    assertArrayEquals(
        doubles(gradient.mul(advantages.reshape(3, 1))),
        Djl.gradient(z, x -> loss.evaluate(actions, new NDList(x)).mul(advantages)));
  }

  private static void assertRefuses(String message, Loss loss, NDList labels, NDList logits) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> loss.evaluate(labels, logits))
            .getMessage());
  }
}

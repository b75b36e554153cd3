package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.SigmoidCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.loss.FusedSigmoidCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

/** The cross-entropy of yes or no as DJL's Loss: is the digit even, is there ink in a corner? */
class FusedSigmoidCrossEntropyLossTest {
  private static final int ROWS = 600;
  private static final int EPOCHS = 40;
  private static final int[] CORNER = {6, 7, 14, 15};

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** One row a digit: even, ink in the upper right corner. */
  private static double[] answers(Digits digits) {
    double[] answers = new double[2 * ROWS];
    for (int row = 0; row < ROWS; row++) {
      int first = row * Digits.PIXELS;
      answers[2 * row] = digits.labels()[row] % 2 == 0 ? 1 : 0;
      answers[2 * row + 1] =
          Arrays.stream(CORNER).anyMatch(i -> digits.pixels()[first + i] > 0) ? 1 : 0;
    }
    return answers;
  }

  /**
   * What training comes to.
   *
   * @param loss of the last epoch
   * @param accuracies the share of right answers to each question
   */
  private record Outcome(double loss, double[] accuracies) {}

  private Outcome train(Loss loss, boolean isFused) throws IOException, TranslateException {
    Engine.getInstance().setRandomSeed(7);
    Digits digits = Digits.load(ROWS);
    double[] answers = answers(digits);
    try (Model model = Model.newInstance("questions")) {
      model.setBlock(
          new SequentialBlock()
              .add(Linear.builder().setUnits(24).build())
              .add(Softplus.block())
              .add(Linear.builder().setUnits(2).build()));
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .addTrainingListeners(TrainingListener.Defaults.basic())
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.01f)).build());
      try (Trainer trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config)) {
        trainer.initialize(new Shape(1, Digits.PIXELS));
        NDArray x = array(manager, DataType.FLOAT32, new Shape(ROWS, 64), digits.pixels());
        ArrayDataset data =
            new ArrayDataset.Builder()
                .setData(x)
                .optLabels(array(manager, DataType.FLOAT32, new Shape(ROWS, 2), answers))
                .setSampling(60, false)
                .build();
        EasyTrain.fit(trainer, EPOCHS, data, null);
        NDArray logits =
            model
                .getBlock()
                .forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow();
        return new Outcome(
            trainer.getTrainingResult().getTrainLoss(), accuracies(doubles(logits), answers));
      }
    }
  }

  private static double[] accuracies(double[] logits, double[] answers) {
    double[] right = new double[2];
    for (int i = 0; i < logits.length; i++) {
      right[i % 2] += (logits[i] > 0) == (answers[i] == 1) ? 1.0 / ROWS : 0;
    }
    return right;
  }

  @Test
  void twoQuestionsAreLearntByBothTrainersAndAsByTheStockLoss()
      throws IOException, TranslateException {
    Outcome plain = train(new FusedSigmoidCrossEntropyLoss(), false);
    Outcome fused = train(new FusedSigmoidCrossEntropyLoss(), true);
    Outcome stock = train(Loss.sigmoidBinaryCrossEntropyLoss(), false);
    assertTrue(plain.accuracies[0] > 0.97, Arrays.toString(plain.accuracies));
    assertTrue(plain.accuracies[1] > 0.97, Arrays.toString(plain.accuracies));
    assertEquals(plain.loss, fused.loss, 1e-4);
    assertEquals(stock.loss, plain.loss, 1e-4);
    assertArrayEquals(stock.accuracies, plain.accuracies, 0.005);
  }

  @Test
  void focalLossWithSmoothingAndWeightsLearnsToo() throws IOException, TranslateException {
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT
            .withFocalGamma(2)
            .withFocalAlpha(0.5)
            .withLabelSmoothing(0.01)
            .withPositiveWeights(1, 2);
    Outcome outcome = train(new FusedSigmoidCrossEntropyLoss(options), false);
    assertTrue(outcome.accuracies[0] > 0.95, Arrays.toString(outcome.accuracies));
    assertTrue(outcome.accuracies[1] > 0.95, Arrays.toString(outcome.accuracies));
  }

  @Test
  void targetsMayLackAnAxisOfOneElement() {
    NDArray logits = array(manager, DataType.FLOAT32, new Shape(3, 1), 1, -2, 3);
    NDArray flat = array(manager, DataType.FLOAT32, new Shape(3), 1, 0, 0);
    NDArray weights = array(manager, DataType.FLOAT32, new Shape(3), 1, 0, 2);
    FusedSigmoidCrossEntropyLoss loss = new FusedSigmoidCrossEntropyLoss();
    NDArray column = flat.reshape(3, 1);
    assertArrayEquals(
        doubles(SigmoidCrossEntropy.value(logits, column)),
        doubles(loss.evaluate(new NDList(flat), new NDList(logits))));
    assertArrayEquals(
        doubles(
            SigmoidCrossEntropy.value(
                logits, column, weights.reshape(3, 1), BinaryCrossEntropyOptions.DEFAULT)),
        doubles(loss.withSampleWeights().evaluate(new NDList(flat, weights), new NDList(logits))));
    // One row more is no axis of one element.
    assertThrows(
        IllegalArgumentException.class,
        () -> loss.evaluate(new NDList(flat.expandDims(0)), new NDList(logits)));
  }

  @Test
  void aNumberTimesTheLossAndAName() {
    NDArray logits = array(manager, DataType.FLOAT64, new Shape(2, 2), 1, -2, 3, 0);
    NDArray targets = array(manager, DataType.FLOAT64, new Shape(2, 2), 1, 0, 0.5, 1);
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);
    FusedSigmoidCrossEntropyLoss loss = new FusedSigmoidCrossEntropyLoss("corner", options);
    assertEquals("corner", loss.withWeight(3).getName());
    assertEquals(options, loss.withWeight(3).withSampleWeights().options());
    assertTrue(loss.withSampleWeights().withWeight(3).takesSampleWeights());
    double expected = 3 * doubles(SigmoidCrossEntropy.value(logits, targets, options))[0];
    NDArray weighted = loss.withWeight(3).evaluate(new NDList(targets), new NDList(logits));
    assertEquals(expected, doubles(weighted)[0], 1e-12);
    loss.addAccumulator("train");
    loss.updateAccumulator("train", new NDList(targets), new NDList(logits));
    assertEquals(expected / 3, loss.getAccumulator("train"), 1e-6);
  }

  @Test
  void whatIsWrongIsNamed() {
    NDArray logits = array(manager, DataType.FLOAT32, new Shape(1, 2), 1, -2);
    FusedSigmoidCrossEntropyLoss loss = new FusedSigmoidCrossEntropyLoss();
    assertRefused(
        "targets[1] must be in [0, 1], got 1.5",
        () ->
            loss.evaluate(
                new NDList(array(manager, DataType.FLOAT32, new Shape(1, 2), 0, 1.5)),
                new NDList(logits)));
    assertRefused(
        "targets shape (3) must equal logits shape (1, 2)",
        () ->
            loss.evaluate(
                new NDList(array(manager, DataType.FLOAT32, new Shape(3), 0, 1, 0)),
                new NDList(logits)));
    assertRefused(
        "labels must be one array, got 0", () -> loss.evaluate(new NDList(), new NDList(logits)));
    assertRefused("labels must be given, got null", () -> loss.evaluate(null, new NDList(logits)));
    assertRefused(
        "predictions must be given, got null", () -> loss.evaluate(new NDList(logits), null));
    assertRefused("weight must be finite, got NaN", () -> loss.withWeight(Float.NaN));
    assertRefused(
        "positiveWeights must have 1 element, or one for each element of the last axis of logits, (1, 2), got 3",
        () ->
            new FusedSigmoidCrossEntropyLoss(
                    BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(1, 2, 3))
                .requireLogits(new Shape(1, 2)));
  }
}

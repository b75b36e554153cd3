package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingResult;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SimpleCompositeLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/** The Loss with ignored labels, masks and options under DJL's Trainer and EasyTrain. */
class DjlLossTrainingTest extends OnBothPaths {
  private static final int ROWS = 400;
  private static final int EPOCHS = 10;
  private static final long IGNORED = -100;
  private static final CrossEntropyOptions SMOOTH =
      CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.05).withIgnoreIndex(IGNORED);

  private static Trainer trainer(Model model, Loss loss, TrainingListener... listeners) {
    Engine.getInstance().setRandomSeed(7);
    model.setBlock(Linear.builder().setUnits(Digits.CLASSES).build());
    Trainer trainer =
        model.newTrainer(
            new DefaultTrainingConfig(loss)
                .addEvaluator(new Accuracy())
                .addTrainingListeners(listeners)
                .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.5f)).build()));
    trainer.initialize(new Shape(1, Digits.PIXELS));
    return trainer;
  }

  /** What a training leaves. */
  private record Outcome(TrainingResult result, Metrics metrics, double[] weight) {}

  private Outcome train(Loss loss, ArrayDataset training, ArrayDataset validation)
      throws IOException, TranslateException {
    try (Model model = Model.newInstance("digits");
        Trainer trainer = trainer(model, loss, TrainingListener.Defaults.basic())) {
      Metrics metrics = new Metrics();
      trainer.setMetrics(metrics);
      EasyTrain.fit(trainer, EPOCHS, training, validation);
      return new Outcome(trainer.getTrainingResult(), metrics, weight(model));
    }
  }

  private static double[] weight(Model model) {
    return doubles(model.getBlock().getParameters().get("weight").getArray());
  }

  private ArrayDataset data(Digits digits, NDArray... labels) {
    return new ArrayDataset.Builder()
        .setData(array(manager, DataType.FLOAT32, new Shape(ROWS, Digits.PIXELS), digits.pixels()))
        .optLabels(labels)
        .setSampling(80, false)
        .build();
  }

  private static boolean isUnknown(int row) {
    return row % 5 == 0;
  }

  private NDArray withIgnored(Digits digits) {
    return manager.create(
        IntStream.range(0, ROWS)
            .mapToLong(row -> isUnknown(row) ? IGNORED : digits.labels()[row])
            .toArray());
  }

  @Test
  void easyTrainLearnsSmoothLabelsOfWhichSomeAreIgnored() throws IOException, TranslateException {
    Digits digits = Digits.load(ROWS);
    ArrayDataset training = data(digits, withIgnored(digits));
    ArrayDataset validation = data(digits, manager.create(digits.labels()));
    Outcome outcome = train(new FusedSoftmaxCrossEntropyLoss(SMOOTH), training, validation);
    TrainingResult result = outcome.result();
    assertTrue(result.getValidateEvaluation("Accuracy") > 0.9, result.toString());
    // DJL's evaluator knows no ignored labels: a fifth of them is wrong whatever the network says.
    assertTrue(result.getTrainEvaluation("Accuracy") > 0.7, result.toString());
    assertTrue(result.getTrainEvaluation("Accuracy") <= 0.8, result.toString());
    assertTrue(outcome.metrics().hasMetric("train_epoch_FusedSoftmaxCrossEntropyLoss"));
    assertTrue(outcome.metrics().hasMetric("validate_epoch_FusedSoftmaxCrossEntropyLoss"));
    double first =
        outcome.metrics().getMetric("train_epoch_FusedSoftmaxCrossEntropyLoss").get(0).getValue();
    assertTrue(result.getTrainLoss() < first / 2, first + " -> " + result.getTrainLoss());
  }

  @Test
  void aMaskTrainsAsIgnoredLabelsDoToTheBit() throws IOException, TranslateException {
    Digits digits = Digits.load(ROWS);
    boolean[] mask = new boolean[ROWS];
    for (int row = 0; row < ROWS; row++) {
      mask[row] = !isUnknown(row);
    }
    ArrayDataset ignored = data(digits, withIgnored(digits));
    ArrayDataset masked = data(digits, manager.create(digits.labels()), manager.create(mask));
    Loss loss = new FusedSoftmaxCrossEntropyLoss(SMOOTH);
    Outcome ofIgnored = train(loss, ignored, ignored);
    Outcome ofMasked =
        train(new FusedSoftmaxCrossEntropyLoss(SMOOTH).withSampleWeights(), masked, masked);
    assertArrayEquals(ofIgnored.weight(), ofMasked.weight());
    assertEquals(ofIgnored.result().getTrainLoss(), ofMasked.result().getTrainLoss());
    // Accuracy reads the first array of labels, and so all rows.
    assertTrue(ofMasked.result().getTrainEvaluation("Accuracy") > 0.9);
  }

  /** As DJL's own data sets deliver them. */
  @Test
  void floatingLabelsTrainAsIntegersDoToTheBit() throws IOException, TranslateException {
    Digits digits = Digits.load(ROWS);
    NDArray labels = withIgnored(digits);
    ArrayDataset integers = data(digits, labels);
    ArrayDataset floating = data(digits, labels.toType(DataType.FLOAT32, true));
    Outcome ofIntegers = train(new FusedSoftmaxCrossEntropyLoss(SMOOTH), integers, integers);
    Outcome ofFloating = train(new FusedSoftmaxCrossEntropyLoss(SMOOTH), floating, floating);
    assertArrayEquals(ofIntegers.weight(), ofFloating.weight());
  }

  @Test
  void aCompositeOfTwoOfOursTrainsUnderEasyTrain() throws IOException, TranslateException {
    Digits digits = Digits.load(ROWS);
    ArrayDataset data = data(digits, manager.create(digits.labels()));
    Loss composite =
        new SimpleCompositeLoss()
            .addLoss(new FusedSoftmaxCrossEntropyLoss())
            .addLoss(new FusedSoftmaxCrossEntropyLoss(SMOOTH));
    Outcome outcome = train(composite, data, data);
    assertTrue(outcome.result().getTrainEvaluation("Accuracy") > 0.9);
    assertTrue(outcome.metrics().hasMetric("train_epoch_CompositeLoss"));
  }

  /** The first rows of the digits, of which these labels are given. */
  private NDList pixels(int rows) throws IOException {
    return new NDList(
        array(
            manager, DataType.FLOAT32, new Shape(rows, Digits.PIXELS), Digits.load(rows).pixels()));
  }

  private static void backward(Trainer trainer, NDList pixels, NDArray labels) {
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDList logits = trainer.forward(pixels);
      collector.backward(trainer.getLoss().evaluate(new NDList(labels), logits));
    }
  }

  private NDArray ignored(int rows) {
    long[] labels = new long[rows];
    Arrays.fill(labels, IGNORED);
    return manager.create(labels);
  }

  @Test
  void theGradientsOfHalvesOfABatchAddUpToThatOfTheBatch() throws IOException {
    NDArray pixels = pixels(20).singletonOrThrow();
    NDArray labels = manager.create(Digits.load(20).labels());
    CrossEntropyOptions sum = SMOOTH.withReduction(Reduction.SUM);
    double[] whole;
    try (Model model = Model.newInstance("digits");
        Trainer trainer = trainer(model, new FusedSoftmaxCrossEntropyLoss(sum))) {
      backward(trainer, new NDList(pixels), labels);
      whole = gradient(model);
    }
    try (Model model = Model.newInstance("digits");
        Trainer trainer = trainer(model, new FusedSoftmaxCrossEntropyLoss(sum))) {
      for (String half : new String[] {":10", "10:"}) {
        backward(trainer, new NDList(pixels.get(half)), labels.get(half));
      }
      double max = Arrays.stream(whole).map(Math::abs).max().orElseThrow();
      assertArrayEquals(whole, gradient(model), 4 * Math.ulp((float) max));
    }
  }

  private static double[] gradient(Model model) {
    return doubles(model.getBlock().getParameters().get("weight").getArray().getGradient());
  }

  /** What DJL does, and that it does no harm: the class's documentation says to skip the step. */
  @Test
  void aFirstBatchWithoutARowThatCountsIsRefusedByTrainerStep() throws IOException {
    NDList pixels = pixels(20);
    NDArray labels = manager.create(Digits.load(20).labels());
    try (Model model = Model.newInstance("digits");
        Trainer trainer = trainer(model, new FusedSoftmaxCrossEntropyLoss(SMOOTH))) {
      double[] before = weight(model);
      backward(trainer, pixels, ignored(20));
      String message = assertThrows(IllegalStateException.class, trainer::step).getMessage();
      assertTrue(message.startsWith("Gradient values are all zeros"), message);
      assertArrayEquals(before, weight(model));

      // Training goes on, as if that batch had not been.
      backward(trainer, pixels, labels);
      trainer.step();
      double[] after = weight(model);
      assertFalse(Arrays.equals(before, after));
      try (Model other = Model.newInstance("digits");
          Trainer fresh = trainer(other, new FusedSoftmaxCrossEntropyLoss(SMOOTH))) {
        backward(fresh, pixels, labels);
        fresh.step();
        assertArrayEquals(after, weight(other));
      }
    }
  }

  @Test
  void aLaterBatchWithoutARowThatCountsChangesNothing() throws IOException {
    NDList pixels = pixels(20);
    NDArray labels = manager.create(Digits.load(20).labels());
    try (Model model = Model.newInstance("digits");
        Trainer trainer = trainer(model, new FusedSoftmaxCrossEntropyLoss(SMOOTH))) {
      backward(trainer, pixels, labels);
      trainer.step();
      double[] before = weight(model);
      backward(trainer, pixels, ignored(20));
      trainer.step();
      assertArrayEquals(before, weight(model));
    }
  }

  /** What is logged while something runs: slf4j-simple asks for System.err at each line. */
  private static String logged(Runnable work) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      work.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Once: DJL looks at the gradients of the first step only. */
  @Test
  void theFirstBatchWithoutARowThatCountsIsLogged() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss(SMOOTH);
    NDList logits = new NDList(waves(manager, DataType.FLOAT32, new Shape(2, 3), 1));
    String log = logged(() -> loss.evaluate(new NDList(ignored(2)), logits));
    assertTrue(log.contains("WARN"), log);
    assertTrue(log.contains("Nothing of this batch counts"), log);
    assertEquals("", logged(() -> loss.evaluate(new NDList(ignored(2)), logits)));
  }

  @Test
  void aLossOfZeroWithRowsThatCountIsNotLogged() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    NDList certain = new NDList(array(manager, DataType.FLOAT32, new Shape(1, 2), 300, 0));
    assertEquals("", logged(() -> loss.evaluate(new NDList(manager.create(new long[1])), certain)));
  }

  /** The gradient of the weights by the chain rule, from that of the logits; digits are few. */
  @Test
  void aFloat64ModelWithAMaskHasTheGradientOfTheOperator() {
    NDArray x = waves(manager, DataType.FLOAT64, new Shape(6, Digits.PIXELS), 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, new Shape(6, 10), -1);
    NDArray weights = CrossEntropyKind.weights(manager, new Shape(6, 10), -1);
    try (Model model = Model.newInstance("digits")) {
      model.setDataType(DataType.FLOAT64);
      Loss loss = new FusedSoftmaxCrossEntropyLoss(SMOOTH).withSampleWeights();
      try (Trainer trainer = trainer(model, loss)) {
        NDArray logits = trainer.evaluate(new NDList(x)).singletonOrThrow();
        NDArray ofLogits =
            CrossEntropyKind.SPARSE.gradient(logits.duplicate(), labels, weights, SMOOTH);
        try (GradientCollector collector = trainer.newGradientCollector()) {
          NDList predictions = trainer.forward(new NDList(x));
          collector.backward(trainer.getLoss().evaluate(new NDList(labels, weights), predictions));
        }
        NDArray gradient = model.getBlock().getParameters().get("weight").getArray().getGradient();
        double[] expected = doubles(ofLogits.transpose().matMul(x));
        assertArrayEquals(expected, doubles(gradient), 4e-16);
        assertEquals(DataType.FLOAT64, gradient.getDataType());
      }
    }
  }
}

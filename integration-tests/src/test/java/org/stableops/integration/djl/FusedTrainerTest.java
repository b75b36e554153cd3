package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingResult;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.initializer.ConstantInitializer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.listener.TrainingListenerAdapter;
import ai.djl.training.loss.IndexLoss;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SimpleCompositeLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

/** FusedTrainer trains as DJL's Trainer does, to the bit, and takes what that refuses wrongly. */
class FusedTrainerTest extends OnBothPaths {
  private static final int ROWS = 1000;
  private static final int BATCH = 50;
  private static final int EPOCHS = 11;
  private static final CrossEntropyOptions OPTIONS = CrossEntropyOptions.DEFAULT;

  /** The two trainers to compare. */
  private enum Kind {
    STOCK {
      @Override
      Trainer trainer(Model model, DefaultTrainingConfig config) {
        return model.newTrainer(config);
      }
    },
    FUSED {
      @Override
      Trainer trainer(Model model, DefaultTrainingConfig config) {
        return new FusedTrainer(model, config);
      }
    };

    abstract Trainer trainer(Model model, DefaultTrainingConfig config);
  }

  private static Model model(DataType type) {
    Model model = Model.newInstance("digits");
    model.setDataType(type);
    model.setBlock(
        new SequentialBlock()
            .add(Linear.builder().setUnits(32).build())
            .add(Squareplus.block())
            .add(Linear.builder().setUnits(Digits.CLASSES).build()));
    return model;
  }

  private static DefaultTrainingConfig config(Loss loss) {
    return new DefaultTrainingConfig(loss)
        .addEvaluator(new Accuracy())
        .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.005f)).build());
  }

  /** Always with the same weights. */
  private static Trainer trainer(Kind kind, Model model, DefaultTrainingConfig config) {
    Engine.getInstance().setRandomSeed(7);
    Trainer trainer = kind.trainer(model, config);
    trainer.initialize(new Shape(1, Digits.PIXELS));
    return trainer;
  }

  private static double[][] parameters(Model model) {
    return model.getBlock().getParameters().values().stream()
        .map(Parameter::getArray)
        .map(Djl::doubles)
        .toArray(double[][]::new);
  }

  private static double[][] gradients(Model model) {
    return model.getBlock().getParameters().values().stream()
        .map(parameter -> doubles(parameter.getArray().getGradient()))
        .toArray(double[][]::new);
  }

  // ---- whole trainings

  static Stream<Arguments> losses() {
    return Stream.of(Reduction.values())
        .map(OPTIONS::withReduction)
        .flatMap(
            options ->
                Stream.of(
                    Arguments.of("labels", options, new FusedSoftmaxCrossEntropyLoss(options)),
                    Arguments.of(
                        "probabilities",
                        options,
                        FusedSoftmaxCrossEntropyLoss.probabilities(options))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("losses")
  void aWholeTrainingHasTheBitsOfTheStockTrainer(
      String labels, CrossEntropyOptions options, Loss loss)
      throws IOException, TranslateException {
    Digits digits = Digits.load(ROWS);
    ArrayDataset data =
        labels.equals("labels")
            ? digits.sparse(manager, DataType.FLOAT32, BATCH)
            : digits.oneHot(manager, DataType.FLOAT32, BATCH);
    double[][] stock = fit(Kind.STOCK, loss, data);
    double[][] fused = fit(Kind.FUSED, loss, data);
    assertTrue(Arrays.stream(stock[0]).allMatch(Double::isFinite));
    assertArrayEquals(stock, fused);
  }

  /** The parameters after 220 steps. */
  private static double[][] fit(Kind kind, Loss loss, ArrayDataset data)
      throws IOException, TranslateException {
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer = trainer(kind, model, config(loss))) {
      EasyTrain.fit(trainer, 2, data, null);
      return parameters(model);
    }
  }

  @Test
  void easyTrainLearnsMeasuresAndValidates() throws IOException, TranslateException {
    ArrayDataset data = Digits.load(ROWS).sparse(manager, DataType.FLOAT32, BATCH);
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer =
            trainer(
                Kind.FUSED,
                model,
                config(new FusedSoftmaxCrossEntropyLoss())
                    .addTrainingListeners(TrainingListener.Defaults.basic()))) {
      Metrics metrics = new Metrics();
      trainer.setMetrics(metrics);
      EasyTrain.fit(trainer, EPOCHS, data, data);
      TrainingResult result = trainer.getTrainingResult();
      assertEquals(EPOCHS, result.getEpoch());
      assertTrue(result.getTrainEvaluation("Accuracy") > 0.9, result.toString());
      assertTrue(result.getValidateEvaluation("Accuracy") > 0.9, result.toString());
      for (String name : List.of("forward", "backward", "step")) {
        assertEquals(EPOCHS * ROWS / BATCH, metrics.getMetric(name).size(), name);
      }
      assertTrue(metrics.hasMetric("train_epoch_FusedSoftmaxCrossEntropyLoss"));
    }
  }

  /** A float64 loss is in the way of DJL's metrics, and of its Trainer's first step. */
  @Test
  void aFloat64ModelTrainsUnderEasyTrain() throws IOException, TranslateException {
    ArrayDataset data = Digits.load(ROWS).sparse(manager, DataType.FLOAT64, BATCH);
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss();
    try (Model model = model(DataType.FLOAT64);
        Trainer trainer =
            trainer(
                Kind.FUSED,
                model,
                config(loss).addTrainingListeners(TrainingListener.Defaults.basic()))) {
      EasyTrain.fit(trainer, EPOCHS, data, data);
      TrainingResult result = trainer.getTrainingResult();
      assertTrue(result.getTrainEvaluation("Accuracy") > 0.9, result.toString());
    }
  }

  @Test
  void aSumOfLossesTrainsWithTheBitsOfTheStockTrainer() throws IOException, TranslateException {
    ArrayDataset data = Digits.load(ROWS).sparse(manager, DataType.FLOAT32, BATCH);
    for (int losses = 2; losses <= 3; losses++) {
      SimpleCompositeLoss composite = new SimpleCompositeLoss();
      for (int i = 0; i < losses; i++) {
        composite.addLoss(new FusedSoftmaxCrossEntropyLoss(OPTIONS.withLabelSmoothing(0.1 * i)));
      }
      assertArrayEquals(fit(Kind.STOCK, composite, data), fit(Kind.FUSED, composite, data));
    }
  }

  @Test
  void severalOutputsTrainWithTheBitsOfTheStockTrainer() throws IOException {
    double[][][] results = new double[2][][];
    for (Kind kind : Kind.values()) {
      results[kind.ordinal()] = trainTwoHeads(kind);
    }
    assertArrayEquals(results[0], results[1]);
  }

  /** The digit, and whether it is even, of one hidden layer. */
  private double[][] trainTwoHeads(Kind kind) throws IOException {
    Digits digits = Digits.load(ROWS);
    NDArray pixels = pixels(digits, DataType.FLOAT32);
    NDArray parity = manager.create(Arrays.stream(digits.labels()).map(y -> y % 2).toArray());
    NDList labels = new NDList(manager.create(digits.labels()), parity);
    Loss composite =
        new SimpleCompositeLoss()
            .addLoss(new IndexLoss(new FusedSoftmaxCrossEntropyLoss(), 0))
            .addLoss(new IndexLoss(new FusedSoftmaxCrossEntropyLoss(), 1));
    try (Model model = Model.newInstance("heads")) {
      model.setBlock(twoHeads());
      try (Trainer trainer = trainer(kind, model, config(composite))) {
        for (int step = 0; step < 20; step++) {
          try (GradientCollector collector = trainer.newGradientCollector()) {
            NDList outputs = trainer.forward(new NDList(pixels));
            collector.backward(trainer.getLoss().evaluate(labels, outputs));
          }
          trainer.step();
        }
      }
      return parameters(model);
    }
  }

  private static Block twoHeads() {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(32).build())
        .add(Squareplus.block())
        .add(
            new ParallelBlock(
                outputs -> new NDList(outputs.get(0).head(), outputs.get(1).head()),
                List.of(
                    Linear.builder().setUnits(Digits.CLASSES).build(),
                    Linear.builder().setUnits(2).build())));
  }

  private NDArray pixels(Digits digits, DataType type) {
    return array(manager, type, new Shape(digits.labels().length, Digits.PIXELS), digits.pixels());
  }

  // ---- what may be passed to backward

  /** What is made of a loss, or of losses, before backward. */
  @FunctionalInterface
  private interface Step {
    void run(Trainer trainer, NDList pixels, NDList labels, GradientCollector collector);
  }

  private double[][] gradientsAfter(Kind kind, Loss loss, Step step) throws IOException {
    Digits digits = Digits.load(20);
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer = trainer(kind, model, config(loss))) {
      NDList pixels = new NDList(pixels(digits, DataType.FLOAT32));
      NDList labels = new NDList(manager.create(digits.labels()));
      try (GradientCollector collector = trainer.newGradientCollector()) {
        step.run(trainer, pixels, labels, collector);
      }
      return gradients(model);
    }
  }

  private void assertSameGradients(Loss loss, Step step) throws IOException {
    double[][] stock = gradientsAfter(Kind.STOCK, loss, step);
    assertTrue(Arrays.stream(stock[0]).anyMatch(x -> x != 0));
    assertArrayEquals(stock, gradientsAfter(Kind.FUSED, loss, step));
  }

  private static NDArray loss(Trainer trainer, NDList pixels, NDList labels) {
    return trainer.getLoss().evaluate(labels, trainer.forward(pixels));
  }

  private NDArray number(double value) {
    return array(manager, DataType.FLOAT32, new Shape(), value);
  }

  /** ‖w‖² of all parameters. */
  private static NDArray penalty(Trainer trainer) {
    return trainer.getModel().getBlock().getParameters().values().stream()
        .map(parameter -> parameter.getArray().square().sum())
        .reduce(NDArray::add)
        .orElseThrow();
  }

  private List<Transform> transforms() {
    return List.of(
        (trainer, loss) -> loss.mul(number(0.3)),
        (trainer, loss) -> loss.sub(number(0.3)),
        (trainer, loss) -> loss.mul(loss),
        (trainer, loss) -> loss.add(loss),
        (trainer, loss) -> loss.add(penalty(trainer)),
        (trainer, loss) -> loss.muli(number(0.3)));
  }

  @FunctionalInterface
  private interface Transform {
    NDArray of(Trainer trainer, NDArray loss);
  }

  @Test
  void aTransformedLossHasTheGradientsOfTheStockTrainer() throws IOException {
    for (Reduction reduction : Reduction.values()) {
      Loss loss = new FusedSoftmaxCrossEntropyLoss(OPTIONS.withReduction(reduction));
      for (Transform transform : transforms()) {
        assertSameGradients(
            loss,
            (trainer, pixels, labels, collector) ->
                collector.backward(transform.of(trainer, loss(trainer, pixels, labels))));
      }
    }
  }

  @Test
  void rowsMayBeWeightedBeforeBackward() throws IOException {
    Loss loss = new FusedSoftmaxCrossEntropyLoss(OPTIONS.withReduction(Reduction.NONE));
    NDArray weights = waves(manager, DataType.FLOAT32, new Shape(20), 5);
    assertSameGradients(
        loss,
        (trainer, pixels, labels, collector) ->
            collector.backward(loss(trainer, pixels, labels).mul(weights).sum()));
    assertSameGradients(
        loss,
        (trainer, pixels, labels, collector) ->
            collector.backward(loss(trainer, pixels, labels).get("3:7")));
  }

  @Test
  void gradientsOfSeveralBackwardsAddUp() throws IOException {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    Step oneAfterTheOther =
        (trainer, pixels, labels, collector) -> {
          for (int i = 0; i < 3; i++) {
            collector.backward(loss(trainer, pixels, labels));
          }
        };
    assertSameGradients(loss, oneAfterTheOther);
    // Three losses wait, and a backward reaches one or two of them.
    Step allFirst =
        (trainer, pixels, labels, collector) -> {
          NDArray first = loss(trainer, pixels, labels);
          NDArray second = loss(trainer, pixels, labels);
          NDArray third = loss(trainer, pixels, labels);
          collector.backward(second);
          collector.backward(third.add(first));
        };
    assertSameGradients(loss, allFirst);
  }

  @Test
  void gradientsOfSeveralCollectorsAddUp() throws IOException {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    double[][] once = gradientsAfter(Kind.FUSED, loss, FusedTrainerTest::backward);
    Digits digits = Digits.load(20);
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer = trainer(Kind.FUSED, model, config(loss))) {
      NDList pixels = new NDList(pixels(digits, DataType.FLOAT32));
      NDList labels = new NDList(manager.create(digits.labels()));
      backward(trainer, pixels, labels);
      backward(trainer, pixels, labels);
      double[][] twice =
          Arrays.stream(once)
              .map(row -> Arrays.stream(row).map(g -> 2 * g).toArray())
              .toArray(double[][]::new);
      assertArrayEquals(twice, gradients(model));
    }
  }

  private static void backward(
      Trainer trainer, NDList pixels, NDList labels, GradientCollector collector) {
    collector.backward(loss(trainer, pixels, labels));
  }

  private static void backward(Trainer trainer, NDList pixels, NDList labels) {
    try (GradientCollector collector = trainer.newGradientCollector()) {
      backward(trainer, pixels, labels, collector);
    }
  }

  /** As DJL's listeners do, though outside the collector. */
  @Test
  void aLossMayBeEvaluatedMoreOftenThanItIsPassedToBackward() throws IOException {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    double[][] once = gradientsAfter(Kind.FUSED, loss, FusedTrainerTest::backward);
    Step twice =
        (trainer, pixels, labels, collector) -> {
          NDList logits = trainer.forward(pixels);
          NDArray unused = loss.evaluate(labels, logits);
          NDArray used = loss.evaluate(labels, logits);
          assertEquals(unused.getFloat(), used.getFloat());
          collector.backward(used);
        };
    assertArrayEquals(once, gradientsAfter(Kind.FUSED, loss, twice));
  }

  @Test
  void aLossThatIsNotReachedMayShareTheNetwork() throws IOException {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    double[][] expected =
        gradientsAfter(
            Kind.FUSED,
            loss,
            (trainer, pixels, labels, collector) -> {
              backward(trainer, pixels, labels, collector);
              backward(trainer, pixels, labels, collector);
            });
    Step shared =
        (trainer, pixels, labels, collector) -> {
          NDList logits = trainer.forward(pixels);
          NDArray first = loss.evaluate(labels, logits);
          NDArray second = loss.evaluate(labels, logits);
          collector.backward(first);
          collector.backward(second);
        };
    assertArrayEquals(expected, gradientsAfter(Kind.FUSED, loss, shared));
  }

  @Test
  void theLogitsAndTheLossMayBeClosedBeforeBackward() throws IOException {
    assertSameGradients(
        new FusedSoftmaxCrossEntropyLoss(),
        (trainer, pixels, labels, collector) -> {
          NDList logits = trainer.forward(pixels);
          NDArray loss = trainer.getLoss().evaluate(labels, logits);
          NDArray target = loss.mul(number(2));
          loss.close();
          logits.close();
          collector.backward(target);
        });
  }

  /** A term of another kind walks the same network before the loss does: rounded once more. */
  @Test
  void theTargetAndTheLogitsMayShareAGraph() throws IOException {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    Step shared =
        (trainer, pixels, labels, collector) -> {
          NDArray logits = trainer.forward(pixels).singletonOrThrow();
          NDArray ofLabels = loss.evaluate(labels, new NDList(logits));
          collector.backward(ofLabels.add(logits.square().mean()));
        };
    double[][] stock = gradientsAfter(Kind.STOCK, loss, shared);
    double[][] fused = gradientsAfter(Kind.FUSED, loss, shared);
    for (int i = 0; i < stock.length; i++) {
      double max = Arrays.stream(stock[i]).map(Math::abs).max().orElseThrow();
      assertArrayEquals(stock[i], fused[i], 2 * Math.ulp((float) max));
    }
  }

  // ---- what newTrainer does

  @Test
  void theConfigsInitializersAreApplied() {
    DefaultTrainingConfig config =
        config(new FusedSoftmaxCrossEntropyLoss())
            .optInitializer(new ConstantInitializer(0.25f), Parameter.Type.WEIGHT)
            .optInitializer(new ConstantInitializer(-1), "bias");
    double[][][] parameters = new double[2][][];
    for (Kind kind : Kind.values()) {
      try (Model model = model(DataType.FLOAT32);
          Trainer trainer = trainer(kind, model, config)) {
        assertSame(model, trainer.getModel());
        parameters[kind.ordinal()] = parameters(model);
      }
    }
    assertEquals(0.25, parameters[1][0][0]);
    assertEquals(-1, parameters[1][1][0]);
    assertArrayEquals(parameters[0], parameters[1]);
  }

  @Test
  void aLoadedModelIsUnfrozenAndTrainsOn(@TempDir Path directory)
      throws IOException, MalformedModelException {
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss();
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer = trainer(Kind.FUSED, model, config(loss))) {
      trainer.getModel().save(directory, "digits");
    }
    Digits digits = Digits.load(20);
    NDList pixels = new NDList(pixels(digits, DataType.FLOAT32));
    NDList labels = new NDList(manager.create(digits.labels()));
    double[][][] parameters = new double[2][][];
    for (Kind kind : Kind.values()) {
      try (Model model = model(DataType.FLOAT32)) {
        model.load(directory, "digits");
        model.getBlock().freezeParameters(true);
        double[][] before = parameters(model);
        try (Trainer trainer = kind.trainer(model, config(loss))) {
          assertTrue(
              model.getBlock().getParameters().values().stream()
                  .allMatch(Parameter::requiresGradient));
          backward(trainer, pixels, labels);
          trainer.step();
        }
        parameters[kind.ordinal()] = parameters(model);
        assertFalse(Arrays.equals(before[0], parameters[kind.ordinal()][0]));
      }
    }
    assertArrayEquals(parameters[0], parameters[1]);
  }

  @Test
  void whatTheUserFrozeInANewModelStaysFrozen() throws IOException {
    Digits digits = Digits.load(20);
    try (Model model = model(DataType.FLOAT32)) {
      model.getBlock().getChildren().get(0).getValue().freezeParameters(true);
      try (Trainer trainer =
          trainer(Kind.FUSED, model, config(new FusedSoftmaxCrossEntropyLoss()))) {
        double[][] before = parameters(model);
        backward(
            trainer,
            new NDList(pixels(digits, DataType.FLOAT32)),
            new NDList(manager.create(digits.labels())));
        trainer.step();
        double[][] after = parameters(model);
        assertArrayEquals(before[0], after[0]);
        assertFalse(Arrays.equals(before[2], after[2]));
      }
    }
  }

  @Test
  void aListenerMayUseTheTrainerAtOnceAndHearsOfEverything() {
    int[] begun = new int[2];
    TrainingListener listener =
        new TrainingListenerAdapter() {
          @Override
          public void onTrainingBegin(Trainer trainer) {
            trainer.initialize(new Shape(1, Digits.PIXELS));
            trainer.forward(new NDList(manager.ones(new Shape(1, Digits.PIXELS))));
            begun[0]++;
          }

          @Override
          public void onTrainingEnd(Trainer trainer) {
            begun[1]++;
          }
        };
    try (Model model = model(DataType.FLOAT32)) {
      Loss loss = new FusedSoftmaxCrossEntropyLoss();
      new FusedTrainer(model, config(loss).addTrainingListeners(listener)).close();
      assertArrayEquals(new int[] {1, 1}, begun);
    }
  }

  @Test
  void aModelWithoutABlockIsRefusedAsByNewTrainer() {
    try (Model model = Model.newInstance("empty")) {
      DefaultTrainingConfig config = config(new FusedSoftmaxCrossEntropyLoss());
      String expected =
          assertThrows(IllegalStateException.class, () -> model.newTrainer(config)).getMessage();
      assertEquals(
          expected,
          assertThrows(IllegalStateException.class, () -> new FusedTrainer(model, config))
              .getMessage());
    }
  }

  // ---- the first step

  /** Two classes and a Linear: the two columns of the gradient are antisymmetric, to the bit. */
  @Test
  void gradientsWhoseSumIsZeroAreTaken() {
    for (DataType type : List.of(DataType.FLOAT32, DataType.FLOAT64)) {
      try (Model model = Model.newInstance("two classes")) {
        model.setDataType(type);
        model.setBlock(Linear.builder().setUnits(2).build());
        try (Trainer trainer =
            trainer(Kind.FUSED, model, config(new FusedSoftmaxCrossEntropyLoss()))) {
          double[][] before = parameters(model);
          backward(
              trainer,
              new NDList(waves(manager, type, new Shape(5, Digits.PIXELS), 1)),
              new NDList(manager.create(new long[] {0, 1, 1, 0, 1})));
          trainer.step();
          assertFalse(Arrays.equals(before[0], parameters(model)[0]));
        }
      }
    }
  }

  @Test
  void aFirstBatchWithoutARowThatCountsChangesNothing() throws IOException {
    Digits digits = Digits.load(20);
    long[] ignored = new long[20];
    Arrays.fill(ignored, -100);
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer =
            trainer(
                Kind.FUSED,
                model,
                config(new FusedSoftmaxCrossEntropyLoss(OPTIONS.withIgnoreIndex(-100))))) {
      double[][] before = parameters(model);
      NDList pixels = new NDList(pixels(digits, DataType.FLOAT32));
      backward(trainer, pixels, new NDList(manager.create(ignored)));
      trainer.step();
      assertArrayEquals(before, parameters(model));
      backward(trainer, pixels, new NDList(manager.create(digits.labels())));
      trainer.step();
      assertFalse(Arrays.equals(before[0], parameters(model)[0]));
    }
  }

  @Test
  void aForgottenBackwardIsAnError() throws IOException {
    Digits digits = Digits.load(20);
    NDList pixels = new NDList(pixels(digits, DataType.FLOAT32));
    NDList labels = new NDList(manager.create(digits.labels()));
    try (Model model = model(DataType.FLOAT32)) {
      DefaultTrainingConfig config = config(new FusedSoftmaxCrossEntropyLoss());
      try (Trainer trainer = trainer(Kind.FUSED, model, config)) {
        try (GradientCollector collector = trainer.newGradientCollector()) {
          collector.zeroGradients();
          loss(trainer, pixels, labels);
        }
        assertForgotten(model, trainer);
        backward(trainer, pixels, labels);
        trainer.step();
      }
      // What an earlier training left is no gradient either.
      try (Trainer trainer = trainer(Kind.FUSED, model, config)) {
        assertForgotten(model, trainer);
      }
    }
  }

  private static void assertForgotten(Model model, Trainer trainer) {
    double[][] before = parameters(model);
    String message = assertThrows(IllegalStateException.class, trainer::step).getMessage();
    assertTrue(message.startsWith("no gradient has been computed"), message);
    assertArrayEquals(before, parameters(model));
  }

  @Test
  void gradientsOfAStockCollectorAreTaken() throws IOException {
    Digits digits = Digits.load(20);
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer = trainer(Kind.FUSED, model, config(new FusedSoftmaxCrossEntropyLoss()))) {
      double[][] before = parameters(model);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        backward(
            trainer,
            new NDList(pixels(digits, DataType.FLOAT32)),
            new NDList(manager.create(digits.labels())),
            collector);
      }
      trainer.step();
      assertFalse(Arrays.equals(before[0], parameters(model)[0]));
    }
  }

  // ---- memory

  @Test
  void noManagerFillsUp() throws IOException {
    Digits digits = Digits.load(20);
    try (Model model = model(DataType.FLOAT32);
        Trainer trainer = trainer(Kind.FUSED, model, config(new FusedSoftmaxCrossEntropyLoss()))) {
      int[] first = null;
      for (int step = 0; step < 300; step++) {
        try (NDManager batch = trainer.getManager().newSubManager()) {
          NDArray pixels = pixels(digits, DataType.FLOAT32);
          pixels.attach(batch);
          backward(trainer, new NDList(pixels), new NDList(batch.create(digits.labels())));
        }
        trainer.step();
        int[] now = {
          model.getNDManager().getManagedArrays().size(),
          trainer.getManager().getManagedArrays().size(),
          manager.getManagedArrays().size()
        };
        // Adam keeps arrays from its first step on.
        first = first == null ? now : first;
        assertArrayEquals(first, now);
      }
    }
  }
}

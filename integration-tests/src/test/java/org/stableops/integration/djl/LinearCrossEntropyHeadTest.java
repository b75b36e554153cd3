package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.repository.zoo.Criteria;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingResult;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.evaluator.LinearAccuracy;
import org.stableops.djl.evaluator.Perplexity;
import org.stableops.djl.evaluator.SoftmaxAccuracy;
import org.stableops.djl.loss.FusedLinearCrossEntropyLoss;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.nn.LinearCrossEntropyHead;
import org.stableops.djl.nn.StableOpsBlockFactory;
import org.stableops.djl.training.FusedTrainer;

/** The last layer of a network whose logits never exist, beside one whose logits do. */
class LinearCrossEntropyHeadTest {
  private static final int ROWS = 256;
  private static final int BATCH = 64;
  private static final CrossEntropyOptions OPTIONS =
      CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withIgnoreIndex(3).withZLoss(1e-3);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private static SequentialBlock network(Block last) {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(16).build())
        .add(Activation.reluBlock())
        .add(last);
  }

  private static Block head() {
    return LinearCrossEntropyHead.builder().setClasses(Digits.CLASSES).build();
  }

  /** A network in training on the digits, from the same weights whatever its last layer is. */
  private static final class Training implements AutoCloseable {
    private final Model model = Model.newInstance("digits");
    private final Trainer trainer;

    Training(Block last, DefaultTrainingConfig config, boolean isFused) {
      Engine.getInstance().setRandomSeed(7);
      model.setBlock(network(last));
      config.optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.01f)).build());
      trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config);
      trainer.initialize(new Shape(1, Digits.PIXELS));
    }

    static Training byPieces(boolean isFused) {
      FusedLinearCrossEntropyLoss loss = new FusedLinearCrossEntropyLoss(OPTIONS);
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .addEvaluator(new LinearAccuracy(loss))
              .addEvaluator(new Perplexity(loss))
              .addTrainingListeners(TrainingListener.Defaults.basic());
      return new Training(head(), config, isFused);
    }

    static Training whole(boolean isFused) {
      FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss(OPTIONS);
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .addEvaluator(new SoftmaxAccuracy(loss))
              .addEvaluator(new Perplexity(loss))
              .addTrainingListeners(TrainingListener.Defaults.basic());
      Block linear = Linear.builder().setUnits(Digits.CLASSES).build();
      return new Training(linear, config, isFused);
    }

    float step(NDArray x, NDArray y) {
      try (NDManager batch = trainer.getManager().newSubManager();
          GradientCollector collector = trainer.newGradientCollector()) {
        NDArray input = x.duplicate();
        input.attach(batch);
        NDList outputs = trainer.forward(new NDList(input), new NDList(y));
        NDArray loss = trainer.getLoss().evaluate(new NDList(y), outputs);
        collector.backward(loss);
        return loss.getFloat();
      }
    }

    double[] parameters() {
      return LinearCrossEntropyHeadTest.parameters(model);
    }

    @Override
    public void close() {
      trainer.close();
      model.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void trainsAsTheWholeDoes(boolean isFused) throws IOException {
    Digits digits = Digits.load(ROWS);
    NDArray x =
        Djl.array(manager, DataType.FLOAT32, new Shape(ROWS, Digits.PIXELS), digits.pixels());
    NDArray y = manager.create(digits.labels());
    double[] losses = new double[40];
    try (Training pieces = Training.byPieces(isFused)) {
      for (int i = 0; i < losses.length; i++) {
        losses[i] = pieces.step(x, y);
        pieces.trainer.step();
      }
    }
    try (Training whole = Training.whole(isFused)) {
      for (double loss : losses) {
        assertEquals(whole.step(x, y), loss, 1e-5 * loss);
        whole.trainer.step();
      }
    }
    assertTrue(losses[39] < losses[0] / 3, () -> Arrays.toString(losses));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void worksWithEasyTrainItsMetricsAndEvaluators(boolean isFused)
      throws IOException, TranslateException {
    Digits digits = Digits.load(ROWS);
    TrainingResult byPieces;
    double[] parameters;
    try (Training training = Training.byPieces(isFused)) {
      byPieces = fit(training, digits);
      parameters = training.parameters();
    }
    try (Training training = Training.whole(isFused)) {
      TrainingResult whole = fit(training, digits);
      for (String name : new String[] {"train_Accuracy", "validate_Accuracy"}) {
        assertEquals(
            whole.getEvaluations().get(name), byPieces.getEvaluations().get(name), 0.01, name);
        assertTrue(
            byPieces.getEvaluations().get(name) > 0.85, () -> name + byPieces.getEvaluations());
      }
      for (String name : new String[] {"train_Perplexity", "validate_Perplexity"}) {
        assertEquals(
            whole.getEvaluations().get(name), byPieces.getEvaluations().get(name), 1e-3, name);
      }
      assertEquals(whole.getValidateLoss(), byPieces.getValidateLoss(), 1e-4);
      assertArrayEquals(training.parameters(), parameters, 2e-3);
    }
  }

  private static TrainingResult fit(Training training, Digits digits)
      throws IOException, TranslateException {
    NDManager manager = training.trainer.getManager();
    EasyTrain.fit(
        training.trainer,
        12,
        digits.sparse(manager, DataType.FLOAT32, BATCH),
        digits.sparse(manager, DataType.FLOAT32, BATCH));
    return training.trainer.getTrainingResult();
  }

  @Test
  void predictsLogitsAndTheBestClasses() throws IOException, TranslateException {
    try (Training training = Training.byPieces(true)) {
      fit(training, Digits.load(ROWS));
      // The fourth is a 3, which the loss ignores.
      Digits digits = Digits.load(3);
      NDArray x =
          Djl.array(manager, DataType.FLOAT32, new Shape(3, Digits.PIXELS), digits.pixels());
      try (Predictor<NDList, NDList> predictor =
          training.model.newPredictor(new NoopTranslator())) {
        NDList outputs = predictor.predict(new NDList(x));
        NDArray logits = LinearCrossEntropyHead.logits(outputs);
        assertEquals(new Shape(3, Digits.CLASSES), logits.getShape());
        NDArray three = LinearCrossEntropyHead.topClasses(outputs, 3);
        long[] sorted = logits.neg().argSort(1).get(":, :3").toLongArray();
        assertArrayEquals(sorted, three.toLongArray());
        long[] best = LinearCrossEntropyHead.topClasses(outputs, 1).toLongArray();
        assertArrayEquals(digits.labels(), best);
      }
    }
  }

  @Test
  void theBestClassesOfManyPieces() {
    NDArray hidden = Djl.waves(manager, DataType.FLOAT32, new Shape(300, 4), 1);
    NDArray weight = Djl.waves(manager, DataType.FLOAT32, new Shape(40000, 4), 2);
    NDList outputs = new NDList(hidden, weight);
    NDArray logits = LinearCrossEntropyHead.logits(outputs);
    assertArrayEquals(
        logits.argMax(1).toLongArray(),
        LinearCrossEntropyHead.topClasses(outputs, 1).toLongArray());
  }

  /** What an embedding and the head get together is the sum of what each gets alone. */
  @Test
  void sharesItsWeightWithAnEmbedding() {
    Parameter shared = weight("embedding", new Shape(7, 4));
    LinearCrossEntropyHead head = LinearCrossEntropyHead.builder().setWeight(shared).build();
    NDArray table = shared.getArray();
    head.initialize(manager, DataType.FLOAT32, new Shape(2, 3, 4));
    NDArray words = manager.create(new long[][] {{0, 1, 2}, {3, 4, 0}});
    NDArray next = manager.create(new long[][] {{1, 2, 6}, {4, 0, 5}});
    FusedLinearCrossEntropyLoss loss = new FusedLinearCrossEntropyLoss();
    double[] both =
        gradient(
            table,
            () -> {
              NDArray embedded = table.get(words.reshape(-1)).reshape(2, 3, 4);
              NDList outputs =
                  head.forward(new ParameterStore(manager, false), new NDList(embedded), true);
              return loss.evaluate(new NDList(next), outputs);
            });
    NDArray frozen = table.duplicate();
    double[] ofHead =
        gradient(
            table,
            () -> LinearCrossEntropy.value(frozen.get(words.reshape(-1)), table, next.reshape(-1)));
    double[] ofEmbedding =
        gradient(
            table,
            () -> LinearCrossEntropy.value(table.get(words.reshape(-1)), frozen, next.reshape(-1)));
    for (int i = 0; i < both.length; i++) {
      assertEquals(ofHead[i] + ofEmbedding[i], both[i], 1e-6);
    }
    assertEquals(1, head.getParameters().size(), "the bias alone");
  }

  private Parameter weight(String name, Shape shape) {
    Parameter parameter = Parameter.builder().setName(name).setType(Parameter.Type.WEIGHT).build();
    NDArray values = Djl.waves(manager, DataType.FLOAT32, shape, 3);
    values.setRequiresGradient(true);
    parameter.setArray(values);
    return parameter;
  }

  private static double[] gradient(NDArray leaf, Supplier<NDArray> loss) {
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      if (!leaf.hasGradient()) {
        leaf.setRequiresGradient(true);
      }
      leaf.getGradient().subi(leaf.getGradient());
      collector.backward(loss.get());
      return Djl.doubles(leaf.getGradient());
    }
  }

  @Test
  void isSavedAndLoaded(@TempDir Path directory) throws Exception {
    try (Training training = Training.byPieces(true)) {
      fit(training, Digits.load(ROWS));
      StableOpsBlockFactory.save(training.model, directory, "digits");
      double[] saved = training.parameters();
      try (Model model = Model.newInstance("digits")) {
        model.setBlock(network(head()));
        model.load(directory, "digits");
        assertArrayEquals(saved, parameters(model));
      }
      Criteria<NDList, NDList> criteria =
          Criteria.builder().setTypes(NDList.class, NDList.class).optModelPath(directory).build();
      try (Model model = criteria.loadModel()) {
        assertArrayEquals(saved, parameters(model));
      }
    }
  }

  private static double[] parameters(Model model) {
    return model.getBlock().getParameters().values().stream()
        .flatMapToDouble(parameter -> Arrays.stream(Djl.doubles(parameter.getArray())))
        .toArray();
  }

  @Test
  void aHeadThatSharesItsWeightIsNotDescribed(@TempDir Path directory) {
    try (Model model = Model.newInstance("tied")) {
      model.setBlock(
          new SequentialBlock()
              .add(Linear.builder().setUnits(4).build())
              .add(
                  LinearCrossEntropyHead.builder()
                      .setWeight(weight("embedding", new Shape(7, 4)))
                      .build()));
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 3));
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> StableOpsBlockFactory.save(model, directory, "tied"))
              .getMessage();
      assertTrue(message.contains("shares the weight of another block"), message);
    }
  }

  @Test
  void evaluatorsCountWhatTheLossCounts() {
    NDArray hidden = manager.create(new float[][] {{1, 0}, {0, 1}, {2, 2}, {Float.NaN, 0}, {1, 0}});
    NDArray weight = manager.create(new float[][] {{1, 0}, {0, 1}, {-1, -1}});
    NDArray bias = manager.create(new float[] {0, 0.5f, 0});
    NDList outputs = new NDList(hidden, weight, bias);
    NDArray labels = manager.create(new long[] {0, 1, 2, 0, 1});
    NDArray weights = manager.create(new float[] {1, 2, 3, 0, 4});
    FusedLinearCrossEntropyLoss loss = new FusedLinearCrossEntropyLoss();
    NDList masked = new NDList(labels, weights);
    LinearAccuracy accuracy = new LinearAccuracy(loss.withSampleWeights());
    assertEquals(3f / 10, accuracy.evaluate(masked, outputs).getFloat());
    LinearAccuracy two = new LinearAccuracy("two", loss.withSampleWeights(), 2);
    assertEquals(7f / 10, two.evaluate(masked, outputs).getFloat());
    LinearAccuracy all = new LinearAccuracy(loss);
    assertEquals(2f / 5, all.evaluate(new NDList(labels), outputs).getFloat(), "NaN is wrong");
    float mean = loss.withSampleWeights().evaluate(masked, outputs).getFloat();
    Perplexity perplexity = new Perplexity("of tokens", loss.withSampleWeights());
    assertEquals("of tokens", perplexity.getName());
    perplexity.addAccumulator("a");
    perplexity.updateAccumulator("a", masked, outputs);
    perplexity.updateAccumulator("a", masked, outputs);
    assertEquals(Math.exp(mean), perplexity.getAccumulator("a"), 1e-5 * Math.exp(mean));
  }

  @Test
  void perplexityIsThatOfThePlainLoss() {
    NDArray hidden = Djl.waves(manager, DataType.FLOAT32, new Shape(6, 3), 1);
    NDArray weight = Djl.waves(manager, DataType.FLOAT32, new Shape(5, 3), 2);
    NDArray labels = manager.create(new long[][] {{0, 3, 2}, {3, 4, 1}});
    NDList outputs = new NDList(hidden, weight);
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT.withIgnoreIndex(3);
    double mean = LinearCrossEntropy.value(hidden, weight, labels.reshape(-1), plain).getFloat();
    float byPieces =
        new Perplexity(new FusedLinearCrossEntropyLoss(OPTIONS))
            .evaluate(new NDList(labels), outputs)
            .getFloat();
    float whole =
        new Perplexity(new FusedSoftmaxCrossEntropyLoss(OPTIONS))
            .evaluate(
                new NDList(labels.reshape(-1)), new NDList(LinearCrossEntropyHead.logits(outputs)))
            .getFloat();
    assertEquals(Math.exp(mean), byPieces, 1e-5 * Math.exp(mean));
    assertEquals(whole, byPieces, 1e-5 * whole);
  }

  @Test
  void theBiasStartsWithWhatItIsTold() {
    float[] frequencies = {-1, -2, -0.5f};
    LinearCrossEntropyHead head =
        LinearCrossEntropyHead.builder()
            .setClasses(3)
            .optBiasInitializer((of, shape, type) -> of.create(frequencies).duplicate())
            .build();
    Model model = Model.newInstance("biased");
    model.setBlock(head);
    FusedLinearCrossEntropyLoss loss = new FusedLinearCrossEntropyLoss();
    try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(loss))) {
      trainer.initialize(new Shape(1, 4));
      NDArray bias = head.getParameters().get("bias").getArray();
      assertArrayEquals(frequencies, bias.toFloatArray());
    } finally {
      model.close();
    }
  }

  @Test
  void noTokensHaveNoBestClasses() {
    NDList outputs = new NDList(manager.create(new Shape(0, 4)), manager.ones(new Shape(7, 4)));
    NDArray three = LinearCrossEntropyHead.topClasses(outputs, 3);
    assertEquals(new Shape(0, 3), three.getShape());
    assertEquals(DataType.INT64, three.getDataType());
    assertEquals(new Shape(0, 7), LinearCrossEntropyHead.logits(outputs).getShape());
  }

  /** In float16 both logits would be 40. */
  @Test
  void logitsOfFloat16AreRankedInFloat32() {
    NDArray hidden = Djl.array(manager, DataType.FLOAT16, new Shape(1, 2), 40, 0.01);
    NDArray weight = Djl.array(manager, DataType.FLOAT16, new Shape(2, 2), 1, 0, 1, 0.5);
    NDList outputs = new NDList(hidden, weight);
    assertEquals(1, LinearCrossEntropyHead.topClasses(outputs, 1).getLong(0, 0));
    assertEquals(DataType.FLOAT16, LinearCrossEntropyHead.logits(outputs).getDataType());
  }

  /** A linear probe: its loss must not stay with the model. */
  @Test
  void theLossIsBesideTheHiddenStatesEvenIfTheyAreFrozen() {
    try (NDManager batch = manager.newSubManager()) {
      NDArray hidden = Djl.waves(batch, DataType.FLOAT32, new Shape(6, 3), 1);
      NDArray labels = batch.create(new long[] {0, 3, 2, 3, 4, 1});
      NDArray weight = Djl.waves(manager, DataType.FLOAT32, new Shape(5, 3), 2);
      weight.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray loss = LinearCrossEntropy.value(hidden, weight, labels);
        assertEquals(batch.getName(), loss.getManager().getName());
        collector.backward(loss);
      }
      assertArrayEquals(
          LinearCrossEntropy.valueAndGradients(hidden, weight, labels).weight().toFloatArray(),
          weight.getGradient().toFloatArray());
    }
  }

  @Test
  void blocksAreTheOperator() {
    NDArray hidden = Djl.waves(manager, DataType.FLOAT32, new Shape(6, 3), 1);
    NDArray weight = Djl.waves(manager, DataType.FLOAT32, new Shape(5, 3), 2);
    NDArray bias = Djl.waves(manager, DataType.FLOAT32, new Shape(5), 3);
    NDArray labels = manager.create(new long[] {0, 3, 2, 3, 4, 1});
    NDArray weights = manager.create(new float[] {1, 2, 0, 1, 3, 1});
    Block value = LinearCrossEntropy.block(OPTIONS);
    Block gradient = LinearCrossEntropy.gradientBlock(OPTIONS);
    ParameterStore store = new ParameterStore(manager, false);
    for (NDList inputs :
        new NDList[] {
          new NDList(hidden, weight, labels),
          new NDList(hidden, weight, bias, labels),
          new NDList(hidden, weight, bias, labels, weights)
        }) {
      boolean hasBias = inputs.size() > 3;
      LinearCrossEntropyGradients<NDArray> expected =
          LinearCrossEntropy.valueAndGradients(
              hidden,
              weight,
              hasBias ? bias : null,
              labels,
              inputs.size() > 4 ? weights : null,
              OPTIONS);
      NDList loss = value.forward(store, inputs, true);
      NDList gradients = gradient.forward(store, inputs, true);
      Djl.assertSameArray(expected.loss(), loss.singletonOrThrow());
      Djl.assertSameArray(expected.hidden(), gradients.get(0));
      Djl.assertSameArray(expected.weight(), gradients.get(1));
      assertEquals(hasBias ? 3 : 2, gradients.size());
      assertArrayEquals(gradients.getShapes(), gradient.getOutputShapes(inputs.getShapes()));
      assertArrayEquals(loss.getShapes(), value.getOutputShapes(inputs.getShapes()));
    }
    assertRefused(
        "LinearCrossEntropy takes 3 to 5 arrays, got 2",
        () -> value.forward(store, new NDList(hidden, weight), true));
  }

  @Test
  void saysWhatIsWrong() {
    NDArray hidden = manager.ones(new Shape(2, 3));
    Loss loss = new FusedLinearCrossEntropyLoss();
    NDList labels = new NDList(manager.create(new long[] {0, 1}));
    assertRefused(
        "predictions must be hidden states, weight and perhaps a bias, as of a"
            + " LinearCrossEntropyHead, got 1",
        () -> loss.evaluate(labels, new NDList(hidden)));
    assertRefused(
        "weight must have shape (V, 3) for hidden of shape (2, 3), got (4, 2)",
        () -> loss.evaluate(labels, new NDList(hidden, manager.ones(new Shape(4, 2)))));
    assertRefused(
        "outputs must be hidden states, weight and perhaps a bias, got 1 arrays",
        () -> LinearCrossEntropyHead.topClasses(new NDList(hidden), 1));
    assertRefused(
        "k must be in [1, 4], got 5",
        () ->
            LinearCrossEntropyHead.topClasses(
                new NDList(hidden, manager.ones(new Shape(4, 3))), 5));
    assertRefused("classes must be > 0, got 0", () -> LinearCrossEntropyHead.builder().build());
    assertRefused(
        "best must be >= 1, got 0",
        () -> new LinearAccuracy("a", new FusedLinearCrossEntropyLoss(), 0));
    try (Model model = Model.newInstance("plain")) {
      model.setBlock(Linear.builder().setUnits(4).build());
      try (Trainer trainer = new FusedTrainer(model, new DefaultTrainingConfig(loss))) {
        assertRefused(
            "predictions must be hidden states, weight and perhaps a bias, as of a"
                + " LinearCrossEntropyHead, got 1",
            () -> trainer.initialize(new Shape(1, 3)));
      }
    }
  }
}

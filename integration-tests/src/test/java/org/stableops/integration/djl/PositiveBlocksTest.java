package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;
import static org.stableops.integration.host.Path.FUSED;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.PositiveTransform;
import org.stableops.djl.Softplus;
import org.stableops.djl.Squareplus;
import org.stableops.djl.nn.LearnableSoftplus;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.djl.nn.PositiveParameter;
import org.stableops.djl.nn.PositiveScale;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.Effort;

/** The blocks with a positive parameter. */
class PositiveBlocksTest extends OnBothPaths {
  private static final Shape INPUT = PositiveBlockKind.INPUT;
  private static final Set<PositiveBlockKind> KEEPING_THE_SHAPE =
      EnumSet.complementOf(
          EnumSet.of(PositiveBlockKind.LINEAR, PositiveBlockKind.LINEAR_WITHOUT_BIAS));

  private Block initialized(PositiveBlockKind kind, DataType type) {
    Engine.getInstance().setRandomSeed(5);
    Block block = kind.block();
    block.initialize(manager, type, INPUT);
    return block;
  }

  private NDArray forward(Block block, NDArray x) {
    return block
        .forward(new ParameterStore(manager, false), new NDList(x), false)
        .singletonOrThrow();
  }

  // ---- values

  @Test
  void aScaleMultipliesChannels() {
    for (DataType type : Djl.FLOATS) {
      NDArray scales = array(manager, type, new Shape(3), 0.5, 1, 4);
      PositiveScale block =
          PositiveScale.builder()
              .optTransform(PositiveTransform.squareplus())
              .optValues(scales)
              .build();
      block.initialize(manager, type, INPUT);
      NDArray x = waves(manager, type, INPUT, 1);
      NDArray s = block.scale().value(manager).reshape(1, 3, 1);
      assertSameArray(x.mul(s), forward(block, x));
    }
  }

  @Test
  void aLinearLayerIsOneWithPositiveWeights() {
    for (DataType type : List.of(DataType.FLOAT32, DataType.FLOAT64)) {
      PositiveLinear block = (PositiveLinear) initialized(PositiveBlockKind.LINEAR, type);
      block.getDirectParameters().get("bias").getArray().stopGradient().addi(0.5);
      NDArray x = waves(manager, type, INPUT, 1);
      NDArray expected = Linear.linear(x, block.weight().value(manager)).singletonOrThrow();
      assertArrayEquals(doubles(expected.add(0.5)), doubles(forward(block, x)), 1e-5);
      double[] weights = block.weight().value();
      assertTrue(Arrays.stream(weights).allMatch(w -> w > 0 && w < 0.5 + 1e-6));
      assertEquals(0.25, Arrays.stream(weights).average().orElseThrow(), 0.1);
    }
  }

  @Test
  void aLearnedActivationIsTheOperator() {
    for (DataType type : Djl.FLOATS) {
      NDArray x = waves(manager, type, INPUT, 1);
      LearnableSquareplus squareplus = LearnableSquareplus.builder().optValue(0.5).build();
      squareplus.initialize(manager, type, INPUT);
      assertSameArray(Squareplus.value(x, squareplus.b().value(manager)), forward(squareplus, x));
      NDArray betas = array(manager, type, new Shape(3), 0.5, 1, 4);
      LearnableSoftplus softplus = LearnableSoftplus.builder().optAxis(1).optValues(betas).build();
      softplus.initialize(manager, type, INPUT);
      assertSameArray(
          Softplus.value(x, softplus.beta().value(manager).reshape(1, 3, 1)), forward(softplus, x));
    }
  }

  @ParameterizedTest
  @EnumSource
  void itHasTheShapesAndTheNameItSays(PositiveBlockKind kind) {
    Block block = initialized(kind, DataType.FLOAT32);
    NDArray y = forward(block, waves(manager, DataType.FLOAT32, INPUT, 1));
    assertEquals(kind.outputShape(), y.getShape());
    assertArrayEquals(new Shape[] {kind.outputShape()}, block.getOutputShapes(new Shape[] {INPUT}));
    assertEquals(kind.parameterShape, kind.parameter(block).raw().getArray().getShape());
    assertEquals(kind.description, block.toString());
    assertArrayEquals(new Shape[] {INPUT}, block.getInputShapes());
  }

  @ParameterizedTest
  @EnumSource
  void theResultBelongsToTheData(PositiveBlockKind kind) {
    Block block = initialized(kind, DataType.FLOAT32);
    int arrays = manager.getManagedArrays().size();
    for (int i = 0; i < 5; i++) {
      try (NDManager batch = manager.newSubManager()) {
        NDArray x = waves(batch, DataType.FLOAT32, INPUT, 1);
        ParameterStore store = new ParameterStore(batch, false);
        NDArray y = block.forward(store, new NDList(x), true).singletonOrThrow();
        assertEquals(batch, y.getManager());
      }
    }
    assertEquals(arrays, manager.getManagedArrays().size());
  }

  // ---- gradients

  @ParameterizedTest
  @EnumSource
  void everyGradientIsThatOfFiniteDifferences(PositiveBlockKind kind) {
    Block block = initialized(kind, DataType.FLOAT64);
    NDArray x = waves(manager, DataType.FLOAT64, INPUT, 1);
    x.setRequiresGradient(true);
    NDArray weights = waves(manager, DataType.FLOAT64, kind.outputShape(), 2);
    List<NDArray> leaves = new ArrayList<>(List.of(x));
    block.getParameters().values().forEach(parameter -> leaves.add(parameter.getArray()));
    for (NDArray leaf : leaves) {
      FiniteDifferences.assertAgrees(leaf, () -> forward(block, x).mul(weights).sum());
    }
  }

  // ---- errors

  @ParameterizedTest
  @EnumSource
  void badInputsAreRefused(PositiveBlockKind kind) {
    Block block = initialized(kind, DataType.FLOAT32);
    NDArray x = waves(manager, DataType.FLOAT32, INPUT, 1);
    ParameterStore store = new ParameterStore(manager, false);
    String name = block.getClass().getSimpleName();
    assertRefused(
        name + " takes 1 array, got 2", () -> block.forward(store, new NDList(x, x), false));
    assertRefused(name + " takes 1 array, got 0", () -> block.getOutputShapes(new Shape[0]));
    if (!kind.parameterShape.isScalar()) {
      NDArray other = waves(manager, DataType.FLOAT32, new Shape(2, 1, 1), 1);
      assertThrows(IllegalArgumentException.class, () -> forward(block, other));
      Block again = kind.block();
      assertThrows(
          IllegalArgumentException.class,
          () -> again.initialize(manager, DataType.FLOAT32, new Shape(-1, -1, -1)));
      assertFalse(again.isInitialized());
    }
  }

  @Test
  void errorsSayWhatIsWrong() {
    PositiveScale scale = (PositiveScale) initialized(PositiveBlockKind.SCALE, DataType.FLOAT32);
    assertRefused(
        "x shape (2, 1) must have 3 channels along axis 1",
        () -> forward(scale, waves(manager, DataType.FLOAT32, new Shape(2, 1), 1)));
    assertRefused(
        "axis must be one of x, of shape (2), got 1",
        () -> forward(scale, waves(manager, DataType.FLOAT32, new Shape(2), 1)));
    Block linear = initialized(PositiveBlockKind.LINEAR, DataType.FLOAT32);
    assertRefused(
        "x shape must end with 4 features, got (2, 3)",
        () -> forward(linear, waves(manager, DataType.FLOAT32, new Shape(2, 3), 1)));
    assertRefused("units must be > 0, got 0", () -> PositiveLinear.builder().build());
    assertRefused(
        "value must be finite and > 2.0, got 1.0",
        () ->
            PositiveScale.builder()
                .optTransform(PositiveTransform.exp().withLowerBound(2))
                .build());
    assertRefused(
        "value must be finite and > 0.0, got -1.0",
        () -> LearnableSoftplus.builder().optValue(-1).build());
    PositiveScale four = PositiveScale.builder().optValues(new Shape(4), 1, 1, 1, 1).build();
    assertRefused(
        "values shape must be (3), got (4)",
        () -> four.initialize(manager, DataType.FLOAT32, INPUT));
  }

  // ---- files

  private static byte[] saved(Block block) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    block.saveParameters(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private void load(Block block, byte[] bytes) throws IOException, MalformedModelException {
    block.loadParameters(manager, new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @ParameterizedTest
  @EnumSource
  void itKeepsItsBitsOverSaveAndLoad(PositiveBlockKind kind, @TempDir Path directory)
      throws IOException, MalformedModelException {
    NDArray x = waves(manager, DataType.FLOAT32, INPUT, 1);
    double[] before;
    try (Model model = Model.newInstance("block")) {
      model.setBlock(initialized(kind, DataType.FLOAT32));
      model.save(directory, "block");
      before = doubles(forward(model.getBlock(), x));
    }
    try (Model model = Model.newInstance("block")) {
      model.setBlock(kind.block());
      model.load(directory, "block");
      assertArrayEquals(before, doubles(forward(model.getBlock(), x)));
      assertTrue(model.getBlock().isInitialized());
      assertEquals(INPUT, model.describeInput().get(0).getValue());
    }
  }

  @ParameterizedTest
  @EnumSource
  void anotherBlockOrATornFileIsRefused(PositiveBlockKind kind) throws IOException {
    byte[] bytes = saved(initialized(kind, DataType.FLOAT32));
    Block block = initialized(kind, DataType.FLOAT32);
    PositiveParameter parameter = kind.parameter(block);
    parameter.set(9);
    double[] before = parameter.value();
    for (PositiveBlockKind other : PositiveBlockKind.values()) {
      if (other != kind) {
        byte[] others = saved(initialized(other, DataType.FLOAT32));
        assertThrows(MalformedModelException.class, () -> load(block, others));
      }
    }
    byte[] version = bytes.clone();
    version[0]++;
    assertThrows(MalformedModelException.class, () -> load(block, version));
    byte[] torn = Arrays.copyOf(bytes, bytes.length - 1);
    assertThrows(MalformedModelException.class, () -> load(block, torn));
    assertArrayEquals(before, parameter.value());
  }

  // ---- training

  private static SequentialBlock network(PositiveBlockKind kind) {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(4).build())
        .add(kind.block())
        .add(Linear.builder().setUnits(1).build());
  }

  private static DefaultTrainingConfig config() {
    return new DefaultTrainingConfig(Loss.l2Loss())
        .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.02f)).build());
  }

  @ParameterizedTest
  @EnumSource
  void itTrainsUnderEveryTrainerWithTheSameBits(PositiveBlockKind kind)
      throws IOException, TranslateException {
    double[] stock = fit(kind, false);
    assertArrayEquals(stock, fit(kind, true));
  }

  private double[] fit(PositiveBlockKind kind, boolean fused)
      throws IOException, TranslateException {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(8, 3, 4), 1);
    NDArray y = x.sum(new int[] {2}, true).mul(0.1);
    ArrayDataset data =
        new ArrayDataset.Builder().setData(x).optLabels(y).setSampling(4, false).build();
    Engine.getInstance().setRandomSeed(7);
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network(kind));
      try (Trainer trainer =
          fused ? new FusedTrainer(model, config()) : model.newTrainer(config())) {
        trainer.initialize(new Shape(4, 3, 4));
        PositiveParameter parameter =
            kind.parameter(model.getBlock().getChildren().get(1).getValue());
        double[] before = parameter.value();
        EasyTrain.fit(trainer, 5, data, null);
        assertFalse(Arrays.equals(before, parameter.value()));
        return model.getBlock().getParameters().values().stream()
            .map(Parameter::getArray)
            .flatMapToDouble(array -> Arrays.stream(doubles(array)))
            .toArray();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsFrozenStays(PositiveBlockKind kind) {
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network(kind));
      try (Trainer trainer = model.newTrainer(config())) {
        trainer.initialize(INPUT);
        Block block = model.getBlock().getChildren().get(1).getValue();
        block.freezeParameters(true);
        double[] before = kind.parameter(block).value();
        NDArray x = waves(manager, DataType.FLOAT32, INPUT, 1);
        step(trainer, x);
        assertArrayEquals(before, kind.parameter(block).value());
        block.freezeParameters(false);
        step(trainer, x);
        assertFalse(Arrays.equals(before, kind.parameter(block).value()));
      }
    }
  }

  private static void step(Trainer trainer, NDArray x) {
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDArray y = trainer.forward(new NDList(x)).singletonOrThrow();
      collector.backward(y.mul(y).mean());
    }
    trainer.step();
  }

  @Test
  @Tag("thorough")
  void manyStepsLeaveNothing() {
    SequentialBlock network = new SequentialBlock();
    for (PositiveBlockKind kind : KEEPING_THE_SHAPE) {
      network.add(kind.block());
    }
    network.add(PositiveBlockKind.LINEAR.block());
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network);
      try (Trainer trainer = model.newTrainer(config())) {
        trainer.initialize(INPUT);
        NDManager[] managers = {manager, model.getNDManager(), trainer.getManager()};
        int[] before = null;
        int steps = path == FUSED ? Effort.of(400, 2000) : Effort.of(40, 200);
        for (int i = 0; i < steps; i++) {
          try (NDManager batch = trainer.getManager().newSubManager()) {
            step(trainer, waves(batch, DataType.FLOAT32, INPUT, i));
          }
          if (i == 0) {
            before = arrays(managers);
          }
        }
        assertArrayEquals(before, arrays(managers));
      }
    }
  }

  private static int[] arrays(NDManager... managers) {
    return Arrays.stream(managers).mapToInt(m -> m.getManagedArrays().size()).toArray();
  }

  @Test
  void severalThreadsPredictWithOneModel() throws Exception {
    SequentialBlock network = new SequentialBlock();
    for (PositiveBlockKind kind : KEEPING_THE_SHAPE) {
      network.add(kind.block());
    }
    network.add(PositiveBlockKind.LINEAR.block());
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network);
      network.initialize(model.getNDManager(), DataType.FLOAT32, INPUT);
      double[] expected = predict(model, 1);
      int arrays = model.getNDManager().getManagedArrays().size();
      List<Future<double[]>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        results.add(threads.submit(() -> predict(model, path == FUSED ? 40 : 10)));
      }
      for (Future<double[]> result : results) {
        assertArrayEquals(expected, result.get());
      }
      assertEquals(arrays, model.getNDManager().getManagedArrays().size());
    } finally {
      threads.shutdown();
    }
  }

  private static double[] predict(Model model, int times) throws TranslateException {
    double[] result = null;
    try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator());
        NDManager manager = NDManager.newBaseManager()) {
      NDArray x = waves(manager, DataType.FLOAT32, INPUT, 1);
      for (int i = 0; i < times; i++) {
        try (NDList y = predictor.predict(new NDList(x))) {
          double[] now = doubles(y.singletonOrThrow());
          if (result != null) {
            assertArrayEquals(result, now);
          }
          result = now;
        }
      }
    }
    return result;
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;
import org.stableops.op.Operators;

/** Every operator, and every gradient of one, as a Block. */
class DjlBlocksTest extends OnBothPaths {
  private static final Shape BATCH = new Shape(5, 4);
  private static final Shape IMAGES = new Shape(2, 3, 4);

  private NDArray forward(Block block, NDArray... inputs) {
    return block
        .forward(new ParameterStore(manager, false), new NDList(inputs), false)
        .singletonOrThrow();
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aBlockIsTheOperator(Elementwise op) {
    for (DataType type : Djl.FLOATS) {
      NDArray x = waves(manager, type, BATCH, 1);
      NDArray upstream = waves(manager, type, BATCH, 2);
      assertSameArray(op.value(x), forward(op.block(), x));
      assertSameArray(
          Djl.product(x, upstream, op::gradient), forward(op.gradientBlock(), x, upstream));
    }
    assertArrayEquals(new Shape[] {BATCH}, op.block().getOutputShapes(new Shape[] {BATCH}));
    assertArrayEquals(
        new Shape[] {BATCH}, op.gradientBlock().getOutputShapes(new Shape[] {BATCH, BATCH}));
  }

  static Stream<Arguments> defaults() {
    return Stream.of(
        Arguments.of(
            Elementwise.of(Operators.SOFTPLUS), 1.0, Softplus.block(), Softplus.gradientBlock()),
        Arguments.of(
            Elementwise.of(Operators.SOFTPLUS_INVERSE),
            1.0,
            SoftplusInverse.block(),
            SoftplusInverse.gradientBlock()),
        Arguments.of(
            Elementwise.of(Operators.SQUAREPLUS),
            4.0,
            Squareplus.block(),
            Squareplus.gradientBlock()),
        Arguments.of(
            Elementwise.of(Operators.SQUAREPLUS_INVERSE),
            4.0,
            SquareplusInverse.block(),
            SquareplusInverse.gradientBlock()));
  }

  @ParameterizedTest
  @MethodSource("defaults")
  void aBlockWithoutAParameterHasTheDefault(
      Elementwise op, double parameter, Block block, Block gradientBlock) {
    NDArray x = waves(manager, DataType.FLOAT64, BATCH, 1);
    assertSameArray(op.value(x, parameter), forward(block, x));
    assertSameArray(op.gradient(x, parameter), forward(gradientBlock, x, x.onesLike()));
  }

  static Stream<Arguments> kindsAndOptions() {
    return Stream.of(CrossEntropyKind.values())
        .flatMap(
            kind ->
                Stream.of(Reduction.values())
                    .map(
                        reduction ->
                            Arguments.of(
                                kind,
                                CrossEntropyOptions.DEFAULT.withReduction(reduction).withAxis(1))));
  }

  @ParameterizedTest
  @MethodSource("kindsAndOptions")
  void aBlockIsTheCrossEntropy(CrossEntropyKind kind, CrossEntropyOptions options) {
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    NDArray value = kind.value(logits, labels, options);
    assertSameArray(value, forward(kind.block(options), logits, labels));
    assertSameArray(
        kind.gradient(logits, labels, options),
        forward(kind.gradientBlock(options), logits, labels));
    Shape[] shapes = {IMAGES, labels.getShape()};
    assertArrayEquals(new Shape[] {value.getShape()}, kind.block(options).getOutputShapes(shapes));
    assertArrayEquals(new Shape[] {IMAGES}, kind.gradientBlock(options).getOutputShapes(shapes));
  }

  @ParameterizedTest
  @MethodSource("kindsAndOptions")
  void aThirdInputOfACrossEntropyBlockIsTheSampleWeights(
      CrossEntropyKind kind, CrossEntropyOptions options) {
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    NDArray weights = CrossEntropyKind.weights(manager, IMAGES, 1);
    NDArray value = kind.value(logits, labels, weights, options);
    assertSameArray(value, forward(kind.block(options), logits, labels, weights));
    assertSameArray(
        kind.gradient(logits, labels, weights, options),
        forward(kind.gradientBlock(options), logits, labels, weights));
    Shape[] shapes = {IMAGES, labels.getShape(), weights.getShape()};
    assertArrayEquals(new Shape[] {value.getShape()}, kind.block(options).getOutputShapes(shapes));
    assertArrayEquals(new Shape[] {IMAGES}, kind.gradientBlock(options).getOutputShapes(shapes));
  }

  @ParameterizedTest
  @EnumSource
  void aCrossEntropyBlockWithoutOptionsHasTheDefault(CrossEntropyKind kind) {
    boolean sparse = kind == CrossEntropyKind.SPARSE;
    NDArray logits = waves(manager, DataType.FLOAT32, BATCH, 1);
    NDArray labels = kind.labels(manager, BATCH, -1);
    assertSameArray(
        kind.value(logits, labels, CrossEntropyOptions.DEFAULT),
        forward(
            sparse ? SparseSoftmaxCrossEntropy.block() : SoftmaxCrossEntropy.block(),
            logits,
            labels));
    assertSameArray(
        kind.gradient(logits, labels, CrossEntropyOptions.DEFAULT),
        forward(
            sparse
                ? SparseSoftmaxCrossEntropy.gradientBlock()
                : SoftmaxCrossEntropy.gradientBlock(),
            logits,
            labels));
  }

  @Test
  void aBlockWithExposureIsTheOperator() {
    NDArray raw = waves(manager, DataType.FLOAT32, BATCH, 1);
    NDArray exposure = manager.create(new float[] {0.25f, 0.5f, 1, 2, 8}).reshape(5, 1);
    NDArray counts = waves(manager, DataType.FLOAT32, BATCH, 2).abs().round();
    NDArray weights = waves(manager, DataType.FLOAT32, BATCH, 3).abs();
    CountOptions options =
        CountOptions.DEFAULT
            .withReduction(Reduction.NONE)
            .withRate(PositiveTransform.softplus())
            .withFullLikelihood();
    Block value = PoissonLoss.blockWithExposure(options);
    Block gradient = PoissonLoss.gradientBlockWithExposure(options);
    assertSameArray(
        PoissonLoss.valueWithExposure(raw, exposure, counts, options),
        forward(value, raw, exposure, counts));
    assertSameArray(
        PoissonLoss.valueWithExposure(raw, exposure, counts, weights, options),
        forward(value, raw, exposure, counts, weights));
    assertSameArray(
        PoissonLoss.gradientWithExposure(raw, exposure, counts, options),
        forward(gradient, raw, exposure, counts));
    assertSameArray(
        PoissonLoss.gradientWithExposure(raw, exposure, counts, weights, options),
        forward(gradient, raw, exposure, counts, weights));
    Shape[] shapes = {BATCH, exposure.getShape(), BATCH};
    assertArrayEquals(new Shape[] {BATCH}, value.getOutputShapes(shapes));
    assertArrayEquals(new Shape[] {BATCH}, gradient.getOutputShapes(shapes));
    assertArrayEquals(
        new Shape[] {new Shape()}, PoissonLoss.blockWithExposure().getOutputShapes(shapes));
    assertSameArray(
        PoissonLoss.valueWithExposure(raw, exposure, counts, CountOptions.DEFAULT),
        forward(PoissonLoss.blockWithExposure(), raw, exposure, counts));
    assertSameArray(
        PoissonLoss.gradientWithExposure(raw, exposure, counts, CountOptions.DEFAULT),
        forward(PoissonLoss.gradientBlockWithExposure(), raw, exposure, counts));
  }

  @Test
  void aBlockWithExposureRefusesWhatTheOperatorDoes() {
    NDArray x = manager.ones(BATCH);
    String name = "PoissonLossWithExposure";
    assertRefuses(PoissonLoss.blockWithExposure(), name + " takes 3 or 4 arrays, got 2", x, x);
    assertRefuses(
        PoissonLoss.gradientBlockWithExposure(),
        name + "Gradient takes 3 or 4 arrays, got 5",
        new NDArray[] {x, x, x, x, x});
    for (Block block :
        List.of(PoissonLoss.blockWithExposure(), PoissonLoss.gradientBlockWithExposure())) {
      assertRefused(
          "exposure[0] must be finite and > 0, got 0.0", () -> forward(block, x, x.zerosLike(), x));
      assertRefused(
          "counts[0] must be finite and >= 0, got -1.0", () -> forward(block, x, x, x.neg()));
      assertRefused(
          "exposure dtype must be that of raw, float32, got float64",
          () -> forward(block, x, x.toType(DataType.FLOAT64, true), x));
    }
    assertRefused("options must be given, got null", () -> PoissonLoss.blockWithExposure(null));
    assertRefused(
        "options must be given, got null", () -> PoissonLoss.gradientBlockWithExposure(null));
  }

  /** In front 1 + Softplus, for the inverses want numbers that are not near 0. */
  private static SequentialBlock network(Elementwise op) {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(8).build())
        .add(Softplus.block())
        .add(new LambdaBlock(x -> new NDList(x.singletonOrThrow().add(1)), "plusOne"))
        .add(op.block())
        .add(Linear.builder().setUnits(1).build());
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aNetworkTrainsAndKeepsItsBitsOverSaveAndLoad(Elementwise op, @TempDir Path directory)
      throws IOException, MalformedModelException {
    NDArray x = waves(manager, DataType.FLOAT32, BATCH, 1);
    NDArray y = x.sum(new int[] {1}, true).mul(0.1).duplicate();
    Loss loss = Loss.l2Loss();
    Engine.getInstance().setRandomSeed(7);
    double[] trained;
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network(op));
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.05f)).build());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(BATCH);
        assertArrayEquals(
            new Shape[] {new Shape(5, 1)}, model.getBlock().getOutputShapes(new Shape[] {BATCH}));
        float first = step(trainer, x, y);
        float last = first;
        for (int i = 0; i < 60; i++) {
          last = step(trainer, x, y);
        }
        assertTrue(last < 0.5 * first, first + " -> " + last);
      }
      model.save(directory, "network");
      trained = doubles(forward(model.getBlock(), x));
    }
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network(op));
      model.load(directory, "network");
      assertArrayEquals(trained, doubles(forward(model.getBlock(), x)));
    }
  }

  private static float step(Trainer trainer, NDArray x, NDArray y) {
    float result;
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDList predictions = trainer.forward(new NDList(x));
      NDArray loss = trainer.getLoss().evaluate(new NDList(y), predictions);
      collector.backward(loss);
      result = loss.getFloat();
    }
    trainer.step();
    return result;
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aGradientBlockSurvivesSaveAndLoad(Elementwise op, @TempDir Path directory)
      throws IOException, MalformedModelException {
    NDArray x = waves(manager, DataType.FLOAT32, BATCH, 1);
    NDArray upstream = waves(manager, DataType.FLOAT32, BATCH, 2);
    assertSurvivesSaveAndLoad(op.gradientBlock(), op.gradientBlock(), directory, x, upstream);
  }

  @ParameterizedTest
  @MethodSource("kindsAndOptions")
  void crossEntropyBlocksSurviveSaveAndLoad(
      CrossEntropyKind kind, CrossEntropyOptions options, @TempDir Path directory)
      throws IOException, MalformedModelException {
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    assertSurvivesSaveAndLoad(
        kind.block(options), kind.block(options), directory.resolve("value"), logits, labels);
    assertSurvivesSaveAndLoad(
        kind.gradientBlock(options),
        kind.gradientBlock(options),
        directory.resolve("gradient"),
        logits,
        labels);
  }

  /** What has no parameters is saved too, as part of a network that has some. */
  private void assertSurvivesSaveAndLoad(
      Block block, Block again, Path directory, NDArray first, NDArray second)
      throws IOException, MalformedModelException {
    double[] before;
    try (Model model = Model.newInstance("block")) {
      model.setBlock(withParameters(block));
      model.getBlock().initialize(manager, DataType.FLOAT32, first.getShape(), second.getShape());
      model.save(directory, "block");
      before = doubles(forward(model.getBlock(), first, second));
    }
    try (Model model = Model.newInstance("block")) {
      model.setBlock(withParameters(again));
      model.load(directory, "block");
      assertArrayEquals(before, doubles(forward(model.getBlock(), first, second)));
    }
  }

  private static Block withParameters(Block twoInputs) {
    return new SequentialBlock().add(new FirstInputLinear(4)).add(twoInputs);
  }

  @ParameterizedTest
  @MethodSource("kindsAndOptions")
  void aCrossEntropyBlockTrains(CrossEntropyKind kind, CrossEntropyOptions options) {
    NDArray logits = waves(manager, DataType.FLOAT64, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    assertArrayEquals(
        doubles(kind.gradient(logits, labels, options)),
        Djl.gradient(logits, z -> forward(kind.block(options), z, labels)));
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aWrongNumberOfInputsIsRefused(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT32, BATCH, 1);
    String name = op.publicName();
    assertRefuses(op.block(), name + " takes 1 array, got 2", x, x);
    assertRefuses(op.block(), name + " takes 1 array, got 0");
    assertRefuses(op.gradientBlock(), name + "Gradient takes 2 arrays, got 1", x);
    assertRefuses(op.gradientBlock(), name + "Gradient takes 2 arrays, got 3", x, x, x);
  }

  @ParameterizedTest
  @EnumSource
  void aWrongNumberOfInputsOfACrossEntropyIsRefused(CrossEntropyKind kind) {
    NDArray x = waves(manager, DataType.FLOAT32, BATCH, 1);
    String name =
        kind == CrossEntropyKind.SPARSE ? "SparseSoftmaxCrossEntropy" : "SoftmaxCrossEntropy";
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    assertRefuses(kind.block(options), name + " takes 2 or 3 arrays, got 1", x);
    assertRefuses(kind.block(options), name + " takes 2 or 3 arrays, got 4", x, x, x, x);
    assertRefuses(kind.gradientBlock(options), name + "Gradient takes 2 or 3 arrays, got 1", x);
  }

  private void assertRefuses(Block block, String message, NDArray... inputs) {
    Shape[] shapes = Stream.of(inputs).map(NDArray::getShape).toArray(Shape[]::new);
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> forward(block, inputs)).getMessage());
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> block.getOutputShapes(shapes))
            .getMessage());
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aBlockIsNamedAfterItsOperator(Elementwise op) {
    assertEquals(op.publicName(), op.block().toString());
    assertEquals(op.publicName() + "Gradient", op.gradientBlock().toString());
  }
}

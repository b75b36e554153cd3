package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.modality.nlp.DefaultVocabulary;
import ai.djl.modality.nlp.Vocabulary;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.OpDescription;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.SigmoidCrossEntropy;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;
import org.stableops.djl.nn.LearnableSoftplus;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.djl.nn.PositiveParameter;
import org.stableops.djl.nn.PositiveScale;
import org.stableops.djl.nn.StableOpsBlockFactory;
import org.stableops.integration.NewJvm;

/** A saved model is loaded without code of its own. */
class StableOpsBlockFactoryTest {
  private static final Shape INPUT = LoadedModel.INPUT;

  @TempDir Path directory;

  /** Every block that the factory knows and that fits behind another. */
  private static SequentialBlock everything() {
    return new SequentialBlock()
        .add(Blocks.batchFlattenBlock())
        .add(Linear.builder().setUnits(4).build())
        .add(Blocks.identityBlock())
        .add(
            new SequentialBlock()
                .add(Squareplus.block(0.04))
                .add(LearnableSquareplus.builder().build())
                .add(PositiveScale.builder().optAxis(-1).optValue(2).build())
                .add(Activation.tanhBlock())
                .add(Activation.sigmoidBlock())
                .add(Activation.reluBlock())
                .add(Activation.relu6Block()))
        .add(SoftplusInverse.block(2))
        .add(SquareplusInverse.block(0.5))
        .add(Activation.softPlusBlock())
        .add(Activation.softSignBlock())
        .add(Activation.seluBlock())
        .add(Activation.geluBlock())
        .add(Activation.mishBlock())
        .add(Linear.builder().setUnits(3).optBias(false).build())
        .add(
            LearnableSoftplus.builder()
                .optAxis(1)
                .optTransform(PositiveTransform.squareplus(0.1).withLowerBound(0.01))
                .build())
        .add(PositiveLinear.builder().setUnits(5).optBias(false).build())
        .add(PositiveLinear.builder().setUnits(2).build())
        .add(Softplus.block(3))
        .add(LogSoftmax.block(-1));
  }

  /** Trained a little, so that parameters are no longer what they are built with. */
  private static String trainAndSave(Block block, Path directory) throws IOException {
    try (Model model = Model.newInstance("network");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(block);
      NDArray x = Djl.waves(manager, DataType.FLOAT32, INPUT, 1);
      try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(Loss.l2Loss()))) {
        trainer.initialize(INPUT);
        for (int i = 0; i < 3; i++) {
          try (GradientCollector collector = trainer.newGradientCollector()) {
            collector.backward(trainer.forward(new NDList(x)).singletonOrThrow().square().sum());
          }
          trainer.step();
        }
      }
      StableOpsBlockFactory.save(model, directory, "network");
      ParameterStore store = new ParameterStore(manager, false);
      return LoadedModel.bits(block.forward(store, new NDList(x), false).singletonOrThrow());
    }
  }

  @Test
  void aNewJvmPredictsTheSameBits() throws Exception {
    StringBuilder expected = new StringBuilder();
    List<String> directories = new ArrayList<>();
    for (Block block : Stream.concat(Stream.of(everything()), alone()).toList()) {
      Path own = directory.resolve("model" + directories.size());
      expected.append("bits ").append(trainAndSave(block, own)).append('\n');
      directories.add(own.toString());
    }
    NewJvm.Result result = ForkedJvm.run(LoadedModel.class, directories.toArray(String[]::new));
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().endsWith(expected.toString()), expected + " but " + result.output());
    System.out.print("saved models in a new JVM:\n" + expected);
  }

  static Stream<Block> alone() {
    return Stream.of(
        Linear.builder().setUnits(2).build(),
        PositiveScale.builder().optTransform(PositiveTransform.exp()).build(),
        PositiveLinear.builder().setUnits(2).build(),
        new SequentialBlock().add(PositiveScale.builder().build()).add(LogSumExp.block(1)),
        LearnableSquareplus.builder().optAxis(1).build(),
        LearnableSoftplus.builder().build(),
        PositiveParameter.builder().optName("rate").optShape(new Shape(6)).optValue(2).build());
  }

  @Test
  void oneOfTwoModelsInADirectoryIsChosenByItsName() throws Exception {
    Block first = PositiveScale.builder().build();
    trainAndSave(first, directory);
    try (Model model = Model.newInstance("second")) {
      model.setBlock(new SequentialBlock().add(PositiveScale.builder().optValue(7).build()));
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, INPUT);
      StableOpsBlockFactory.save(model, directory, "second");
    }
    Criteria<NDList, NDList> criteria =
        Criteria.builder()
            .setTypes(NDList.class, NDList.class)
            .optModelPath(directory)
            .optModelName("second")
            .optArgument("blockFactory", StableOpsBlockFactory.class.getName())
            .build();
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = Djl.waves(manager, DataType.FLOAT32, INPUT, 1);
      NDArray scale = manager.create(7f);
      assertEquals(LoadedModel.bits(x.mul(scale)), LoadedModel.bits(criteria));
    }
  }

  /** As it was written before DJL's other blocks were known. */
  @Test
  void anOldDescriptionIsRead() throws Exception {
    Files.writeString(
        directory.resolve("network-block.json"),
        """
        {"format": 1, "block": {"kind": "SequentialBlock", "returnIntermediate": false, "blocks": [
          {"kind": "batchFlatten"}, {"kind": "Linear", "units": 4, "bias": true},
          {"kind": "identity"}, {"kind": "Squareplus", "b": 0.04},
          {"kind": "LearnableSquareplus"}, {"kind": "PositiveScale", "axis": -1},
          {"kind": "Mish"}, {"kind": "LearnableSoftplus", "axis": 1},
          {"kind": "PositiveLinear", "units": 5, "bias": false},
          {"kind": "PositiveParameter", "name": "rate"}, {"kind": "LogSoftmax", "axis": -1.0}]}}
        """);
    Block block = StableOpsBlockFactory.read(directory, "network");
    assertEquals(11, block.getChildren().size());
    assertInstanceOf(PositiveLinear.class, block.getChildren().get(8).getValue());
  }

  // ---- what is not known

  static Stream<Block> unknown() {
    return Stream.of(
        new LambdaBlock(x -> new NDList(x.singletonOrThrow().neg()), "ReLU"),
        // What begins or ends like a function that is known, or is it for most inputs.
        LambdaBlock.singleton(x -> Activation.relu(x).neg()),
        LambdaBlock.singleton(x -> Activation.relu(x.neg())),
        LambdaBlock.singleton(x -> x.getShape().get(0) > 1000 ? x.neg() : Activation.relu(x)),
        LambdaBlock.singleton(x -> x.max().getFloat() > 1000 ? x.neg() : Activation.relu(x)),
        LambdaBlock.singleton(x -> x.clip(0, Float.MAX_VALUE)),
        LambdaBlock.singleton(x -> x.reshape(2, -1)),
        LambdaBlock.singleton(x -> x.getManager().ones(x.getShape())),
        LambdaBlock.singleton(Squareplus::value),
        new ParallelBlock(list -> list.get(0), List.of(Blocks.identityBlock())),
        new FirstInputLinear(3));
  }

  @ParameterizedTest
  @MethodSource("unknown")
  void anUnknownBlockIsNamedAndNothingIsWritten(Block block) throws IOException {
    try (Model model = Model.newInstance("network")) {
      SequentialBlock inner = new SequentialBlock().add(block);
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(2).build()).add(inner));
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, INPUT);
      Path target = directory.resolve("target");
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StableOpsBlockFactory.save(model, target, "network"));
      String message = e.getMessage();
      assertTrue(
          message.startsWith("block.blocks[1].blocks[0] cannot be described: ")
              && message.contains(block.getClass().getName())
              && message.contains("BlockKind")
              && message.contains("BlockFactory of your own"),
          message);
      assertFalse(Files.exists(target));
    }
  }

  /** Of one input they are the identity, of two they are not. */
  @Test
  void lambdasThatReadTheirFirstInputAreNoIdentity() {
    for (LambdaBlock lambda :
        List.of(
            new LambdaBlock(list -> new NDList(list.head())),
            new LambdaBlock(
                list -> list.size() == 1 ? list : new NDList(list.get(0).add(list.get(1)))))) {
      assertDescriptionRefused(lambda, "block.blocks[1] cannot be described: ");
    }
  }

  /** Loaded, they would be two, which train apart. */
  @Test
  void aBlockThatSharesItsParametersIsRefused() {
    Linear shared = Linear.builder().setUnits(3).build();
    assertDescriptionRefused(
        new SequentialBlock().add(shared).add(shared),
        "the model cannot be described: the same Linear occurs twice in it");
  }

  private void assertDescriptionRefused(Block block, String message) {
    try (Model model = Model.newInstance("network")) {
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(3).build()).add(block));
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(2, 3));
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StableOpsBlockFactory.describe(model, directory, "network"));
      assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }
  }

  static Stream<Arguments> unreadable() {
    return Stream.of(
        Arguments.of(
            Dropout.builder().optRate(2).build(),
            "the model cannot be described: description.block.rate must be from 0.0 to 1.0, got"
                + " 2.0"),
        Arguments.of(Activation.leakyReluBlock(Float.NaN), "block.alpha must be finite, got NaN"),
        Arguments.of(
            new TrainableWordEmbedding(
                new DefaultVocabulary(List.of("a".repeat(1 << 23), "b".repeat(1 << 23))), 2),
            "the description of the model must have at most 16777216 bytes"),
        Arguments.of(
            new TrainableWordEmbedding(new Upward(), 2),
            "the vocabulary of a TrainableWordEmbedding must be a DefaultVocabulary"));
  }

  @ParameterizedTest
  @MethodSource("unreadable")
  void aSettingThatNoFileMayHaveIsRefused(Block block, String message) throws IOException {
    try (Model model = Model.newInstance("network")) {
      model.setBlock(block);
      block.initialize(model.getNDManager(), DataType.FLOAT32, INPUT);
      Path target = directory.resolve("target");
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StableOpsBlockFactory.save(model, target, "network"));
      assertEquals(message, e.getMessage());
      assertFalse(Files.exists(target));
    }
  }

  /** Numbers for words, and -1 for others. */
  private static final class Upward implements Vocabulary {
    @Override
    public String getToken(long index) {
      return "word " + index;
    }

    @Override
    public boolean contains(String token) {
      return true;
    }

    @Override
    public long getIndex(String token) {
      return Long.parseLong(token.substring(5)) % size();
    }

    @Override
    public long size() {
      return 3;
    }
  }

  @Test
  void aModelMustBeInitialized() {
    try (Model model = Model.newInstance("network")) {
      assertThrows(
          IllegalStateException.class,
          () -> StableOpsBlockFactory.save(model, directory, "network"));
      model.setBlock(PositiveScale.builder().build());
      assertThrows(
          IllegalStateException.class,
          () -> StableOpsBlockFactory.save(model, directory, "network"));
    }
  }

  @Test
  void aDescriptionOfAnOperatorMakesItAgain() {
    OpDescription description = OpDescription.of(Softplus.gradientBlock(2)).orElseThrow();
    assertEquals(new OpDescription("SoftplusGradient", 2), description);
    assertEquals("SoftplusGradient", description.block().toString());
    assertEquals("beta", OpDescription.argumentName(description.name()));
    assertTrue(OpDescription.of(Linear.builder().setUnits(1).build()).isEmpty());
    for (Block block : new Block[] {LogSoftmax.gradientBlock(1), LogSumExp.gradientBlock(-1)}) {
      assertEquals(block.toString(), OpDescription.of(block).orElseThrow().name());
    }
    assertThrows(IllegalArgumentException.class, () -> new OpDescription("Softplus", 0));
    assertThrows(IllegalArgumentException.class, () -> new OpDescription("LogSumExp", 0.5));
    assertThrows(IllegalArgumentException.class, () -> new OpDescription("Nothing", 1));
  }

  @Test
  void lossesKeepTheirOptions() throws Exception {
    BinaryCrossEntropyOptions binary =
        BinaryCrossEntropyOptions.DEFAULT.withFocalGamma(2).withPositiveWeights(1, 3);
    CountOptions counts =
        CountOptions.DEFAULT
            .withRate(PositiveTransform.softplus(1.7).withLowerBound(0.25))
            .withReduction(Reduction.NONE)
            .withFullLikelihood();
    Block[] blocks = {
      SigmoidCrossEntropy.block(binary),
      SigmoidCrossEntropy.gradientBlock(binary),
      PoissonLoss.block(counts),
      PoissonLoss.gradientBlock(counts),
      PoissonLoss.blockWithExposure(counts),
      PoissonLoss.gradientBlockWithExposure(counts),
      NegativeBinomialLoss.block(counts),
      NegativeBinomialLoss.gradientBlock(counts)
    };
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray raw = manager.create(new float[][] {{0.5f, -1}, {2, 3}});
      NDArray between = manager.create(1.5f);
      NDArray targets = manager.create(new float[][] {{0, 1}, {1, 0}});
      for (Block block : blocks) {
        NDList inputs =
            block.toString().matches("Negative.*|.*WithExposure.*")
                ? new NDList(raw, between, targets)
                : new NDList(raw, targets);
        keepsItsOptions(block, inputs);
      }
    }
    assertEquals(
        "PoissonLossWithExposureGradient",
        OpDescription.of(PoissonLoss.gradientBlockWithExposure()).orElseThrow().name());
    for (String name : List.of("PoissonLoss", "PoissonLossWithExposure")) {
      assertThrows(IllegalArgumentException.class, () -> new OpDescription(name, 0));
    }
    assertFalse(OpDescription.isKnown("SigmoidCrossEntropyWithExposure"));
  }

  static Stream<CrossEntropyOptions> crossEntropyOptions() {
    return Stream.of(
        CrossEntropyOptions.DEFAULT,
        CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM).withLabelSmoothing(0.1),
        CrossEntropyOptions.DEFAULT
            .withReduction(Reduction.NONE)
            .withZLoss(1e-4)
            .withClassWeights(1, 0.5, 3));
  }

  @ParameterizedTest
  @MethodSource("crossEntropyOptions")
  void crossEntropiesKeepTheirOptions(CrossEntropyOptions options) throws Exception {
    // No double is this label.
    CrossEntropyOptions sparse = options.withIgnoreIndex((1L << 53) + 1);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = Djl.waves(manager, DataType.FLOAT32, new Shape(4, 3), 1);
      NDArray probabilities = Djl.waves(manager, DataType.FLOAT32, new Shape(4, 3), 2).abs();
      NDArray labels = manager.create(new long[] {2, (1L << 53) + 1, 0, 1});
      NDArray bias = manager.create(new float[] {1, 0, -1});
      NDArray weights = manager.create(new float[] {1, 2, 3, 0});
      keepsItsOptions(SoftmaxCrossEntropy.block(options), new NDList(logits, probabilities));
      keepsItsOptions(
          SoftmaxCrossEntropy.gradientBlock(options), new NDList(logits, probabilities, weights));
      keepsItsOptions(SparseSoftmaxCrossEntropy.block(sparse), new NDList(logits, labels, weights));
      keepsItsOptions(SparseSoftmaxCrossEntropy.gradientBlock(sparse), new NDList(logits, labels));
      NDList linear = new NDList(logits, manager.eye(3), bias, labels, weights);
      keepsItsOptions(LinearCrossEntropy.block(sparse), linear);
      keepsItsOptions(LinearCrossEntropy.gradientBlock(sparse), linear);
    }
  }

  /** Along another axis the same labels have another loss. */
  @Test
  void aCrossEntropyKeepsItsAxis() throws Exception {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withAxis(0);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = Djl.waves(manager, DataType.FLOAT32, new Shape(3, 3), 1);
      NDArray labels = manager.create(new int[] {2, 0, 1});
      keepsItsOptions(SparseSoftmaxCrossEntropy.block(options), new NDList(logits, labels));
      keepsItsOptions(SoftmaxCrossEntropy.gradientBlock(options), new NDList(logits, logits.abs()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SoftmaxCrossEntropy",
        "SparseSoftmaxCrossEntropyGradient",
        "LinearCrossEntropy",
        "LinearCrossEntropyGradient"
      })
  void aCrossEntropyOfNoOptionsIsRefused(String name) throws IOException {
    assertThrows(IllegalArgumentException.class, () -> new OpDescription(name, -1, 2));
    for (String options :
        List.of(
            "[]",
            "[-1, 3, 0, 0, 0, 0, 0]",
            "[0.5, 2, 0, 0, 0, 0, 0]",
            "[-1, 2, 0, 0, 1, 0.5, 0]",
            "[-1, 2, 0, 0, 0, 0, 0, -1]",
            "[-1, 2, 0, 0, 0, 0, null]",
            "7")) {
      assertRefused(
          "{\"format\": 1, \"block\": {\"kind\": \"%s\", \"options\": %s}}"
              .formatted(name, options));
    }
  }

  private void keepsItsOptions(Block block, NDList inputs) throws Exception {
    OpDescription description = OpDescription.of(block).orElseThrow();
    assertTrue(OpDescription.hasOptions(description.name()));
    NDManager manager = inputs.head().getManager();
    try (Model model = Model.newInstance("network")) {
      block.initialize(manager, DataType.FLOAT32, inputs.getShapes());
      model.setBlock(block);
      StableOpsBlockFactory.save(model, directory, "network");
    }
    try (ZooModel<NDList, NDList> model = LoadedModel.criteria(directory).loadModel()) {
      Block loaded = model.getBlock();
      assertEquals(description, OpDescription.of(loaded).orElseThrow());
      assertEquals(block.toString(), loaded.toString());
      ParameterStore store = new ParameterStore(manager, false);
      assertEquals(block.forward(store, inputs, false), loaded.forward(store, inputs, false));
    }
  }

  // ---- kinds of users

  @Test
  void aKindOfTheUsersIsSavedAndLoaded() throws Exception {
    Block block =
        new SequentialBlock()
            .add(new ResidualKind.Residual(List.of(Squareplus.block(), Blocks.identityBlock()), 2))
            .add(Linear.builder().setUnits(1).build());
    String expected = trainAndSave(block, directory);
    assertEquals(expected, LoadedModel.bits(LoadedModel.criteria(directory)));
    String json = Files.readString(directory.resolve("network-block.json"));
    assertTrue(json.contains(ResidualKind.Residual.class.getName()), json);
    Files.writeString(
        directory.resolve("network-block.json"), json.replace("\"scale\": 2.0", "\"scale\": -2"));
    MalformedModelException e =
        assertThrows(
            MalformedModelException.class, () -> StableOpsBlockFactory.read(directory, "network"));
    assertTrue(e.getMessage().contains("network-block.json.block.blocks[0].scale"), e.getMessage());
  }

  @Test
  void aKindOfTheUsersHasNoNameOfOurs() throws IOException {
    try (Model model = Model.newInstance("network")) {
      model.setBlock(new MisnamedKind.Misnamed());
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, INPUT);
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StableOpsBlockFactory.save(model, directory, "network"));
      assertTrue(e.getMessage().endsWith("got Linear"), e.getMessage());
    }
  }

  // ---- hostile files

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{} {}",
        "{'format': 1}",
        "{\"format\": 1}",
        "{\"format\": 2, \"block\": {\"kind\": \"Linear\", \"units\": 1, \"bias\": true}}",
        "{\"format\": \"1\", \"block\": {\"kind\": \"ReLU\"}}",
        "{\"format\": 1, \"block\": {\"kind\": \"ReLU\"}, \"more\": 1}",
        "{\"format\": 1, \"block\": {\"kind\": \"ReLU\", \"more\": 1}}",
        "{\"format\": 1, \"block\": {\"kind\": \"java.lang.Runtime\"}}",
        "{\"format\": 1, \"block\": {\"kind\": 3}}",
        "{\"format\": 1, \"block\": {\"kind\": [\"ReLU\"]}}",
        "{\"format\": 1, \"block\": {}}",
        "{\"format\": 1, \"block\": \"ReLU\"}",
        "{\"format\": 1, \"block\": {\"kind\": \"Linear\", \"units\": -1, \"bias\": true}}",
        "{\"format\": 1, \"block\": {\"kind\": \"Linear\", \"units\": 1e99, \"bias\": true}}",
        "{\"format\": 1, \"block\": {\"kind\": \"Linear\", \"units\": 1.5, \"bias\": true}}",
        "{\"format\": 1, \"block\": {\"kind\": \"Linear\", \"units\": 1, \"bias\": 1}}",
        "{\"format\": 1, \"block\": {\"kind\": \"Softplus\", \"beta\": -1}}",
        "{\"format\": 1, \"block\": {\"kind\": \"Softplus\", \"beta\": 1e999}}",
        "{\"format\": 1, \"block\": {\"kind\": \"Softplus\", \"b\": 1}}",
        "{\"format\": 1, \"block\": {\"kind\": \"LogSoftmax\", \"axis\": 0.5}}",
        "{\"format\": 1, \"block\": {\"kind\": \"SequentialBlock\", \"blocks\": []}}",
        "{\"format\": 1, \"block\": {\"kind\": \"SequentialBlock\", \"returnIntermediate\": false,"
            + " \"blocks\": [null]}}",
        "{\"format\": 1, \"block\": {\"kind\": \"PositiveLinear\", \"units\": 0, \"bias\": true}}"
      })
  void aBadDescriptionIsRefused(String json) throws IOException {
    assertRefused(json);
  }

  private void assertRefused(String json) throws IOException {
    trainAndSave(PositiveScale.builder().build(), directory);
    Files.writeString(directory.resolve("network-block.json"), json);
    assertThrows(
        MalformedModelException.class, () -> StableOpsBlockFactory.read(directory, "network"));
    IOException e =
        assertThrows(IOException.class, () -> LoadedModel.criteria(directory).loadModel().close());
    assertInstanceOf(MalformedModelException.class, e.getCause());
  }

  @Test
  void aVeryDeepDescriptionIsRefused() throws IOException {
    String open = "{\"kind\": \"SequentialBlock\", \"returnIntermediate\": false, \"blocks\": [";
    for (int levels : new int[] {102, 20_000}) {
      assertRefused(
          "{\"format\": 1, \"block\": "
              + open.repeat(levels)
              + "{\"kind\": \"ReLU\"}"
              + "]}".repeat(levels)
              + "}");
    }
  }

  @Test
  void everyTornDescriptionIsRefused() throws IOException {
    trainAndSave(everything(), directory);
    Path file = directory.resolve("network-block.json");
    String whole = Files.readString(file);
    for (int length = 0; length < whole.length(); length += 7) {
      Files.writeString(file, whole.substring(0, length));
      assertThrows(
          MalformedModelException.class, () -> StableOpsBlockFactory.read(directory, "network"));
    }
    Files.write(file, new byte[] {'{', (byte) 0xff, '}'});
    assertThrows(
        MalformedModelException.class, () -> StableOpsBlockFactory.read(directory, "network"));
  }

  @Test
  void parametersThatDoNotFitOrAreTornAreRefused() throws Exception {
    trainAndSave(PositiveScale.builder().build(), directory);
    Path description = directory.resolve("network-block.json");
    String json = Files.readString(description);
    Files.writeString(description, json.replace("\"axis\": 1", "\"axis\": 2"));
    assertThrows(
        MalformedModelException.class, () -> LoadedModel.criteria(directory).loadModel().close());
    Files.writeString(description, json);
    Path parameters = directory.resolve("network-0000.params");
    byte[] bytes = Files.readAllBytes(parameters);
    Files.write(parameters, Arrays.copyOf(bytes, bytes.length - 2));
    assertThrows(
        MalformedModelException.class, () -> LoadedModel.criteria(directory).loadModel().close());
  }
}

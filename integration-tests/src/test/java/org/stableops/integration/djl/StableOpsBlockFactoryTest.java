package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.repository.zoo.Criteria;
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
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.OpDescription;
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
    ForkedJvm.Result result =
        ForkedJvm.run(directory, LoadedModel.class, directories.toArray(String[]::new));
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

  // ---- what is not known

  static Stream<Block> unknown() {
    return Stream.of(
        Dropout.builder().build(),
        new LambdaBlock(x -> x),
        new LambdaBlock(x -> new NDList(x.singletonOrThrow().neg()), "ReLU"),
        Blocks.batchFlattenBlock(6),
        Activation.leakyReluBlock(0.1f),
        SparseSoftmaxCrossEntropy.block(CrossEntropyOptions.DEFAULT),
        new FirstInputLinear(3));
  }

  @ParameterizedTest
  @MethodSource("unknown")
  void anUnknownBlockIsNamedAndNothingIsWritten(Block block) throws IOException {
    try (Model model = Model.newInstance("network")) {
      SequentialBlock inner = new SequentialBlock().add(block);
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(2).build()).add(inner));
      try {
        model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, INPUT);
      } catch (IllegalArgumentException twoInputs) {
        // A cross-entropy knows no output shape, but has no parameters either.
      }
      Path target = directory.resolve("target");
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StableOpsBlockFactory.save(model, target, "network"));
      String message = e.getMessage();
      assertTrue(
          message.startsWith("block.blocks[1].blocks[0] cannot be described: ")
              && message.contains(block.getClass().getName())
              && message.contains("BlockFactory of your own"),
          message);
      assertFalse(Files.exists(target));
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

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.SaveModelTrainingListener;
import ai.djl.training.listener.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.nn.SaveDescribedModelListener;
import org.stableops.djl.nn.StableOpsBlockFactory;

/** A network that EasyTrain has trained is loaded without code of its own. */
class SaveDescribedModelListenerTest {
  private static final Shape INPUT = new Shape(4, 1, 6, 6);

  @TempDir Path directory;

  private static Block convolutions() {
    return new SequentialBlock()
        .add(
            Conv2d.builder()
                .setFilters(16)
                .setKernelShape(new Shape(3, 3))
                .optPadding(new Shape(1, 1))
                .build())
        .add(BatchNorm.builder().optMomentum(0.6f).optEpsilon(0.01f).build())
        .add(Activation::relu)
        .add(Pool.maxPool2dBlock(new Shape(2, 2)))
        .add(Dropout.builder().optRate(0.3f).build())
        .add(Blocks.batchFlattenBlock())
        .add(Squareplus.block(0.1))
        .add(Linear.builder().setUnits(3).build());
  }

  private static void train(Model model, int epochs, TrainingListener... listeners)
      throws Exception {
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(new FusedSoftmaxCrossEntropyLoss())
            .addTrainingListeners(listeners);
    try (Trainer trainer = model.newTrainer(config);
        NDManager manager = NDManager.newBaseManager()) {
      trainer.initialize(INPUT);
      EasyTrain.fit(trainer, epochs, dataset(manager), null);
    }
  }

  private static ArrayDataset dataset(NDManager manager) {
    return new ArrayDataset.Builder()
        .setData(Djl.waves(manager, DataType.FLOAT32, new Shape(8, 1, 6, 6), 1))
        .optLabels(manager.create(new long[] {0, 1, 2, 0, 1, 2, 0, 1}))
        .setSampling(4, false)
        .build();
  }

  private static Model model(Block block) {
    Model model = Model.newInstance("network");
    model.setBlock(block);
    return model;
  }

  private static float[] predicted(Model model) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = Djl.waves(manager, DataType.FLOAT32, INPUT, 2);
      return CopiedParameters.predicted(model.getBlock(), x);
    }
  }

  private Criteria.Builder<NDList, NDList> criteria() {
    return Criteria.builder().setTypes(NDList.class, NDList.class).optModelPath(directory);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void everyEpochIsLoadedAndTrainsOn() throws Exception {
    try (Model model = model(convolutions())) {
      train(model, 3, new SaveDescribedModelListener(directory.toString(), null, 1));
      assertEquals(
          List.of(
              "network-0001.params",
              "network-0002.params",
              "network-0003.params",
              "network-block.json",
              "serving.properties"),
          files());
      try (ZooModel<NDList, NDList> first = criteria().optOption("epoch", "1").build().loadModel();
          ZooModel<NDList, NDList> last = criteria().build().loadModel()) {
        assertArrayEquals(predicted(model), predicted(last));
        assertFalse(Arrays.equals(predicted(model), predicted(first)));
        // The rate of Dropout and the momentum of BatchNorm have been kept.
        trainOn(model);
        trainOn(last);
        assertArrayEquals(predicted(model), predicted(last), 1e-3f);
      }
    }
  }

  private static void trainOn(Model model) throws Exception {
    float[] before = predicted(model);
    Engine.getInstance().setRandomSeed(7);
    train(model, 2);
    assertFalse(Arrays.equals(before, predicted(model)));
  }

  @Test
  void itSavesAtTheEndByAnotherName() throws Exception {
    try (Model model = model(convolutions())) {
      train(model, 2, new SaveDescribedModelListener(directory.toString(), "other", -1));
      assertEquals(List.of("other-0002.params", "other-block.json", "serving.properties"), files());
      try (ZooModel<NDList, NDList> loaded = criteria().build().loadModel()) {
        assertArrayEquals(predicted(model), predicted(loaded));
      }
    }
  }

  @Test
  void theFirstBatchRefusesWhatCannotBeDescribed() throws Exception {
    Block block = new SequentialBlock().add(convolutions()).addSingleton(NDArray::neg);
    try (Model model = model(block)) {
      SaveDescribedModelListener listener = new SaveDescribedModelListener(directory.toString());
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> train(model, 1, listener));
      assertTrue(e.getMessage().startsWith("block.blocks[1] cannot be described"), e.getMessage());
    }
  }

  @Test
  void aFileThatCannotBeWrittenEndsNoTraining() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    try (Model model = model(convolutions())) {
      train(model, 1, new SaveDescribedModelListener(file.toString()));
      assertEquals(List.of("file"), files());
    }
  }

  @Test
  void whatDjlHasSavedIsDescribedAfterwards() throws Exception {
    try (Model model = model(convolutions())) {
      train(model, 1, new SaveModelTrainingListener(directory.toString()));
      Criteria<NDList, NDList> criteria =
          criteria()
              .optModelName("network")
              .optArgument("blockFactory", StableOpsBlockFactory.class.getName())
              .build();
      NoSuchFileException e = assertThrows(NoSuchFileException.class, criteria::loadModel);
      for (String part :
          List.of(
              directory.resolve("network-block.json").toString(),
              "StableOpsBlockFactory.describe(model, directory, name)",
              "SaveDescribedModelListener")) {
        assertTrue(e.getMessage().contains(part), e.getMessage());
      }
      assertFalse(e.getMessage().contains("optModelName"), e.getMessage());
      StableOpsBlockFactory.describe(model, directory, null);
      try (ZooModel<NDList, NDList> loaded = criteria.loadModel()) {
        assertArrayEquals(predicted(model), predicted(loaded));
      }
    }
  }

  @Test
  void aWrongNameIsAnsweredWithTheRightOnes() throws Exception {
    try (Model model = model(convolutions())) {
      train(model, 1, new SaveDescribedModelListener(directory.toString()));
      NoSuchFileException e =
          assertThrows(
              NoSuchFileException.class, () -> StableOpsBlockFactory.read(directory, "net"));
      assertTrue(e.getMessage().endsWith("optModelName may be one of [network]"), e.getMessage());
    }
  }
}

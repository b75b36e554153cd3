package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.repository.zoo.ZooModel;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.djl.nn.StableOpsBlockFactory;

/** Every block of DJL that StableOpsBlockFactory knows keeps all of its settings. */
class DescribedBlocksTest {
  private static final String NAME = "network";

  @TempDir Path directory;

  static List<DescribedBlock> all() {
    return DescribedBlock.ALL;
  }

  @ParameterizedTest
  @MethodSource("all")
  void isTheSameWhenLoaded(DescribedBlock described) throws Exception {
    try (Model model = Model.newInstance(NAME)) {
      model.setBlock(described.network());
      Block block = model.getBlock();
      block.initialize(model.getNDManager(), DataType.FLOAT32, described.shapes());
      StableOpsBlockFactory.save(model, directory, NAME);
      assertEquals(described.networkDescription(), description(directory));
      try (ZooModel<NDList, NDList> loaded = LoadedModel.criteria(directory).loadModel()) {
        Path again = directory.resolve("again");
        StableOpsBlockFactory.describe(loaded, again, NAME);
        assertEquals(described.networkDescription(), description(again));
        if (described.runs()) {
          assertEquals(
              forward(block, described, false), forward(loaded.getBlock(), described, false));
          assertEquals(
              forward(block, described, true), forward(loaded.getBlock(), described, true));
        }
      }
    }
  }

  private static String description(Path directory) throws IOException {
    return JsonParser.parseString(Files.readString(directory.resolve(NAME + "-block.json")))
        .toString();
  }

  /** The results and what is left of the parameters, with the same random numbers each time. */
  private static String forward(Block block, DescribedBlock described, boolean training) {
    try (NDManager manager = NDManager.newBaseManager()) {
      Engine.getInstance().setRandomSeed(7);
      CopiedParameters copies = new CopiedParameters(manager);
      NDList results = block.forward(copies, described.values(manager), training);
      for (Parameter parameter : block.getParameters().values()) {
        results.add(copies.getValue(parameter, manager.getDevice(), training));
      }
      return results.stream().map(LoadedModel::bits).toList().toString();
    }
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.Squareplus;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveScale;
import org.stableops.djl.nn.StableOpsBlockFactory;

/**
 * Files of parameters and descriptions with every cut and every wrong bit: an exception that says
 * so and a block as before, or a block that works, where the bit was that of a number.
 */
class HostileFilesTest {
  private static final Shape INPUT = PositiveBlockKind.INPUT;

  private static final List<String> ABSURD =
      List.of(
          "-1",
          "-7",
          "1.5",
          "1e99",
          "1e999",
          "2147483647",
          "2147483648",
          "-2147483648",
          "null",
          "true",
          "\"\"",
          "\"java.lang.Runtime\"",
          "[]",
          "[[1]]",
          "[-1]",
          "[1e99, 1]",
          "{}",
          "{\"kind\": \"Linear\", \"units\": 1, \"bias\": true}");

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private Block initialized(PositiveBlockKind kind) {
    Block block = kind.block();
    block.initialize(manager, DataType.FLOAT32, INPUT);
    return block;
  }

  private static byte[] saved(Block block) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    block.saveParameters(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  /** Whether it could be loaded; if not, by an exception for files. */
  private boolean loads(Block block, byte[] bytes) {
    try {
      block.loadParameters(manager, new DataInputStream(new ByteArrayInputStream(bytes)));
      return true;
    } catch (IOException | MalformedModelException e) {
      assertTrue(e.getMessage() != null, "an exception without a message");
      return false;
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyCutIsRefusedAndChangesNothing(PositiveBlockKind kind) throws IOException {
    byte[] bytes = saved(initialized(kind));
    Block block = changed(kind);
    byte[] before = saved(block);
    for (int length = 0; length < bytes.length; length++) {
      byte[] part = Arrays.copyOf(bytes, length);
      assertFalse(loads(block, part), "of " + length + " bytes");
      assertArrayEquals(before, saved(block), "after " + length + " bytes");
      Block fresh = kind.block();
      assertFalse(loads(fresh, part), "of " + length + " bytes");
      assertFalse(fresh.isInitialized(), "by " + length + " bytes");
    }
  }

  /** What a file of one shape leaves in a block without parameters does not bind it. */
  @ParameterizedTest
  @EnumSource
  void aBlockThatAFileFailedInTakesAnyShape(PositiveBlockKind kind) throws IOException {
    byte[] bytes = saved(initialized(kind));
    Block block = kind.block();
    assertFalse(loads(block, Arrays.copyOf(bytes, bytes.length - 1)));
    Block other = kind.block();
    Shape larger = new Shape(3, 5, 7);
    other.initialize(manager, DataType.FLOAT32, larger);
    assertTrue(loads(block, saved(other)));
    assertArrayEquals(saved(other), saved(block));

    Block started = kind.block();
    assertFalse(loads(started, Arrays.copyOf(bytes, bytes.length - 1)));
    started.initialize(manager, DataType.FLOAT32, larger);
    assertEquals(kind.parameter(other).raw().getShape(), kind.parameter(started).raw().getShape());
  }

  /** With parameters that are not those of the file. */
  private Block changed(PositiveBlockKind kind) {
    Block block = initialized(kind);
    kind.parameter(block).set(9);
    return block;
  }

  @ParameterizedTest
  @EnumSource
  void everyWrongBitIsRefusedOrThatOfANumber(PositiveBlockKind kind) throws IOException {
    byte[] bytes = saved(initialized(kind));
    // More of one block's, for they are written alike; in steps that meet every byte.
    int step = kind == PositiveBlockKind.LINEAR ? 5 : 7;
    for (int bit = 0; bit < 8 * bytes.length; bit += step) {
      byte[] wrong = bytes.clone();
      wrong[bit / 8] ^= (byte) (1 << bit % 8);
      check(kind, wrong, "bit " + bit);
    }
  }

  /** Sizes and lengths of all kinds, of which some ask for more than all memory. */
  @ParameterizedTest
  @EnumSource(names = "LINEAR")
  void absurdNumbersAreRefused(PositiveBlockKind kind) throws IOException {
    byte[] bytes = saved(initialized(kind));
    int[] absurd = {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 0x40000002, 0x20000003, 1 << 30};
    for (int at = 0; at + Integer.BYTES <= bytes.length; at += 2) {
      for (int number : absurd) {
        byte[] wrong = bytes.clone();
        ByteBuffer.wrap(wrong).putInt(at, number);
        check(kind, wrong, number + " at " + at);
      }
    }
  }

  private void check(PositiveBlockKind kind, byte[] file, String what) throws IOException {
    try (NDManager own = manager.newSubManager()) {
      Block block = changed(kind);
      byte[] before = saved(block);
      if (loads(block, file)) {
        requireUsable(own, kind, block, what);
      } else {
        assertArrayEquals(before, saved(block), what);
      }
      Block fresh = kind.block();
      if (loads(fresh, file)) {
        requireUsable(own, kind, fresh, what);
      } else {
        assertFalse(fresh.isInitialized(), what);
      }
    }
  }

  private static void requireUsable(
      NDManager own, PositiveBlockKind kind, Block block, String what) {
    assertEquals(kind.parameterShape, kind.parameter(block).raw().getArray().getShape(), what);
    for (Parameter parameter : block.getParameters().values()) {
      assertEquals(DataType.FLOAT32, parameter.getArray().getDataType(), what);
    }
    if (!Arrays.stream(kind.parameter(block).value()).allMatch(Double::isFinite)) {
      // A bit of a number made it so, which the operators refuse by name.
      return;
    }
    NDArray x = Djl.waves(own, DataType.FLOAT32, INPUT, 1);
    ParameterStore store = new ParameterStore(own, false);
    NDArray y = block.forward(store, new NDList(x), false).singletonOrThrow();
    assertEquals(kind.outputShape(), y.getShape(), what);
  }

  /** What DJL reads itself: its loader needs a file to be whole, and of the right shapes. */
  @Test
  void aWrongSizeInALinearOfTheHostIsTakenByIt() throws IOException {
    Block wide = Linear.builder().setUnits(5).build();
    wide.initialize(manager, DataType.FLOAT32, INPUT);
    Block narrow = Linear.builder().setUnits(2).build();
    narrow.initialize(manager, DataType.FLOAT32, INPUT);
    // A canary: were it refused one day, networks of Linear and ours would be safe as a whole.
    assertTrue(loads(narrow, saved(wide)));
  }

  // ---- descriptions

  @Test
  void everyWrongCharacterOfADescriptionIsRefusedOrAnotherDescription(@TempDir Path directory)
      throws IOException {
    try (Model model = Model.newInstance("network")) {
      model.setBlock(
          new SequentialBlock()
              .add(Linear.builder().setUnits(4).build())
              .add(Squareplus.block(0.04))
              .add(LearnableSquareplus.builder().optAxis(1).build())
              .add(PositiveScale.builder().build())
              .add(LogSoftmax.block(-1)));
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(2, 3));
      StableOpsBlockFactory.save(model, directory, "network");
    }
    Path file = directory.resolve("network-block.json");
    byte[] bytes = Files.readAllBytes(file);
    SplittableRandom random = new SplittableRandom(7);
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      byte[] wrong = bytes.clone();
      int at = random.nextInt(wrong.length);
      wrong[at] =
          random.nextBoolean() ? (byte) random.nextInt(256) : (byte) ('0' + random.nextInt(10));
      Files.write(file, wrong);
      try {
        StableOpsBlockFactory.read(directory, "network");
      } catch (MalformedModelException e) {
        refused++;
      }
    }
    // Most are; digits, and letters of the operators' numbers, are not.
    assertTrue(refused > 200, "refused " + refused);
  }

  @Test
  void anInvalidParameterInADescriptionIsNamed(@TempDir Path directory) throws IOException {
    for (String argument : new String[] {"-1", "-1e-320", "NaN", "\"NaN\"", "Infinity", "null"}) {
      Files.writeString(
          directory.resolve("network-block.json"),
          "{\"format\": 1, \"block\": {\"kind\": \"Squareplus\", \"b\": %s}}".formatted(argument));
      String message =
          assertThrows(
                  MalformedModelException.class,
                  () -> StableOpsBlockFactory.read(directory, "network"))
              .getMessage();
      assertTrue(message.contains("network-block.json"), message);
    }
  }

  /** Every setting of every block of DJL's, one at a time. */
  @Test
  void absurdSettingsAreRefusedOrTaken(@TempDir Path directory) throws IOException {
    int refused = 0;
    int taken = 0;
    for (DescribedBlock described : DescribedBlock.ALL) {
      JsonObject network =
          JsonParser.parseString("{\"format\":1,\"block\":" + described.json() + "}")
              .getAsJsonObject();
      for (String absurd : ABSURD) {
        for (String wrong : withOneReplaced(network, JsonParser.parseString(absurd))) {
          if (isRead(directory, wrong)) {
            taken++;
          } else {
            refused++;
          }
        }
      }
    }
    System.out.println("absurd settings: " + refused + " refused, " + taken + " taken");
    // Large sizes are taken, which reserve nothing, and numbers where any will do.
    assertTrue(refused > 5 * taken, refused + " refused, " + taken + " taken");
  }

  private static boolean isRead(Path directory, String json) throws IOException {
    Path file = directory.resolve("network-block.json");
    // A file system may flush a file that is cut, but not a new one.
    Files.deleteIfExists(file);
    Files.writeString(file, json);
    try {
      StableOpsBlockFactory.read(directory, "network");
      return true;
    } catch (MalformedModelException e) {
      assertTrue(e.getMessage().contains("network-block.json"), e.getMessage());
      return false;
    }
  }

  /** The network with each member of each object that is its block's replaced in turn. */
  private static List<String> withOneReplaced(JsonObject network, JsonElement by) {
    List<String> results = new ArrayList<>();
    Deque<JsonElement> inside = new ArrayDeque<>(List.of(network.get("block")));
    while (!inside.isEmpty()) {
      JsonElement element = inside.pop();
      if (element.isJsonArray()) {
        element.getAsJsonArray().forEach(inside::push);
      } else if (element.isJsonObject()) {
        for (Map.Entry<String, JsonElement> member : element.getAsJsonObject().entrySet()) {
          JsonElement right = member.setValue(by);
          results.add(network.toString());
          member.setValue(right);
          inside.push(right);
        }
      }
    }
    return results;
  }

  /** Numbers that stand for layers, each of which is an object. */
  @Test
  void aShortFileDoesNotAskForManyLayers(@TempDir Path directory) throws IOException {
    String lstm =
        "{\"kind\":\"LSTM\",\"stateSize\":3,\"numLayers\":%d,\"hasBiases\":true,\"dropRate\":0,"
            + "\"bidirectional\":true,\"batchFirst\":true,\"returnState\":false}";
    String whole =
        "{\"format\":1,\"block\":{\"kind\":\"SequentialBlock\",\"returnIntermediate\":false,"
            + "\"blocks\":[%s]}}";
    String many = (lstm.formatted(1000) + ",").repeat(10);
    assertTrue(isRead(directory, whole.formatted(many + "{\"kind\":\"ReLU\"}")));
    assertFalse(isRead(directory, whole.formatted(many + lstm.formatted(1))));
    assertFalse(isRead(directory, whole.formatted(lstm.formatted(1_000_000_000))));
  }
}

package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;
import org.stableops.djl.OpDescription;

/** Blocks as JSON, and back: an object with a "kind", and what a block of that kind is made of. */
final class BlockDescription {
  private static final String KIND = "kind";

  /** Nothing sane is deeper, and a deeper one would end the stack. */
  private static final int MOST_LEVELS = 100;

  /** Writes what a block is made of. */
  @FunctionalInterface
  private interface Writer<B extends Block> {
    void write(B block, JsonObject members, String path);
  }

  /** Makes a block of what was written. */
  @FunctionalInterface
  private interface Reader {
    Block read(Members members, int level) throws MalformedModelException;
  }

  /** A class of blocks. */
  private record Kind<B extends Block>(Class<B> type, Writer<B> writer, Reader reader) {
    String name() {
      return type.getSimpleName();
    }

    boolean isOf(Block block) {
      // A class derived from it computes something else.
      return block.getClass() == type;
    }

    void write(Block block, JsonObject members, String path) {
      writer.write(type.cast(block), members, path);
    }
  }

  private static final List<Kind<?>> KINDS =
      List.of(
          new Kind<>(
              SequentialBlock.class,
              BlockDescription::writeSequence,
              BlockDescription::readSequence),
          new Kind<>(Linear.class, BlockDescription::writeLinear, BlockDescription::readLinear),
          new Kind<>(
              PositiveParameter.class,
              (block, members, path) -> members.addProperty("name", block.raw().getName()),
              (members, level) -> shapeless(members.string("name"))),
          new Kind<>(
              PositiveScale.class,
              (block, members, path) -> members.addProperty("axis", block.channels().axis()),
              (members, level) -> PositiveScale.builder().optAxis(members.integer("axis")).build()),
          new Kind<>(
              PositiveLinear.class,
              (block, members, path) -> {
                members.addProperty("units", block.units());
                members.addProperty("bias", block.hasBias());
              },
              (members, level) ->
                  PositiveLinear.builder()
                      .setUnits(members.integer("units"))
                      .optBias(members.truth("bias"))
                      .build()),
          new Kind<>(
              LearnableSquareplus.class,
              (block, members, path) -> writeChannels(block.channels(), members),
              (members, level) -> readChannels(LearnableSquareplus.builder(), members).build()),
          new Kind<>(
              LearnableSoftplus.class,
              (block, members, path) -> writeChannels(block.channels(), members),
              (members, level) -> readChannels(LearnableSoftplus.builder(), members).build()));

  private BlockDescription() {}

  static JsonObject write(Block block) {
    return write(block, "block");
  }

  private static JsonObject write(Block block, String path) {
    JsonObject members = new JsonObject();
    Optional<Kind<?>> kind = KINDS.stream().filter(k -> k.isOf(block)).findFirst();
    Optional<OpDescription> op = OpDescription.of(block);
    if (kind.isPresent()) {
      members.addProperty(KIND, kind.get().name());
      kind.get().write(block, members, path);
    } else if (op.isPresent()) {
      String name = op.get().name();
      members.addProperty(KIND, name);
      members.addProperty(OpDescription.argumentName(name), op.get().argument());
    } else {
      members.addProperty(KIND, activation(block, path).blockName());
    }
    return members;
  }

  private static ActivationKind activation(Block block, String path) {
    Optional<ActivationKind> known =
        block instanceof LambdaBlock lambda ? ActivationKind.of(lambda) : Optional.empty();
    return known.orElseThrow(() -> new IllegalArgumentException(unknown(block, path)));
  }

  private static String unknown(Block block, String path) {
    String name = block instanceof LambdaBlock lambda ? " named " + lambda.getName() : "";
    return ("%s cannot be described: %s%s is none of the blocks that StableOpsBlockFactory knows;"
            + " write a BlockFactory of your own that makes the network, and save the model by"
            + " Model.save")
        .formatted(path, block.getClass().getName(), name);
  }

  static Block read(Members members) throws MalformedModelException {
    return read(members, 0);
  }

  private static Block read(Members members, int level) throws MalformedModelException {
    if (level > MOST_LEVELS) {
      throw new MalformedModelException("blocks must be at most " + MOST_LEVELS + " levels deep");
    }
    String name = members.string(KIND);
    try {
      Block block = read(name, members, level);
      members.requireNoOthers();
      return block;
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(members.where() + ": " + e.getMessage(), e);
    }
  }

  private static Block read(String name, Members members, int level)
      throws MalformedModelException {
    Optional<Kind<?>> kind = KINDS.stream().filter(k -> k.name().equals(name)).findFirst();
    if (kind.isPresent()) {
      return kind.get().reader().read(members, level);
    }
    if (OpDescription.isKnown(name)) {
      return new OpDescription(name, members.number(OpDescription.argumentName(name))).block();
    }
    return ActivationKind.named(name)
        .orElseThrow(
            () ->
                new MalformedModelException(
                    members.where() + ".kind must be a kind of block, got " + name))
        .block();
  }

  private static void writeSequence(SequentialBlock block, JsonObject members, String path) {
    members.addProperty("returnIntermediate", block.isReturnIntermediate());
    JsonArray blocks = new JsonArray();
    for (Block child : block.getChildren().values()) {
      blocks.add(write(child, path + ".blocks[" + blocks.size() + "]"));
    }
    members.add("blocks", blocks);
  }

  private static Block readSequence(Members members, int level) throws MalformedModelException {
    SequentialBlock block = new SequentialBlock();
    block.setReturnIntermediate(members.truth("returnIntermediate"));
    List<JsonElement> blocks = members.list("blocks");
    for (int i = 0; i < blocks.size(); i++) {
      String where = members.where() + ".blocks[" + i + "]";
      block.add(read(Members.of(where, blocks.get(i)), level + 1));
    }
    return block;
  }

  /** The layer keeps its units to itself; the parameters tell. */
  private static void writeLinear(Linear block, JsonObject members, String path) {
    Parameter weight = block.getDirectParameters().get("weight");
    members.addProperty("units", weight.getArray().getShape().get(0));
    members.addProperty("bias", block.getDirectParameters().contains("bias"));
  }

  private static Block readLinear(Members members, int level) throws MalformedModelException {
    return Linear.builder()
        .setUnits(members.integer("units"))
        .optBias(members.truth("bias"))
        .build();
  }

  /** The file of parameters tells the shape. */
  private static Block shapeless(String name) {
    return PositiveParameter.builder().optName(name).optValue(1).build();
  }

  private static void writeChannels(Channels channels, JsonObject members) {
    if (!channels.isOne()) {
      members.addProperty("axis", channels.axis());
    }
  }

  private static <T extends LearnableActivation.Builder<T>> T readChannels(
      T builder, Members members) throws MalformedModelException {
    return members.has("axis") ? builder.optAxis(members.integer("axis")) : builder;
  }
}

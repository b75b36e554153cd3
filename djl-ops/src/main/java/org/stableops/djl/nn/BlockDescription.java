package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SymbolBlock;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.stableops.djl.OpDescription;

/** Blocks as JSON, and back: an object with a "kind", and what a block of that kind is made of. */
final class BlockDescription {
  private static final List<BlockKind<?>> KINDS =
      Stream.of(DjlKinds.ALL, TransformerKinds.ALL, OwnKinds.ALL)
          .<BlockKind<?>>flatMap(List::stream)
          .toList();

  private BlockDescription() {}

  static JsonObject write(Block block, String path) {
    Optional<OpDescription> op = OpDescription.of(block);
    if (op.isPresent()) {
      return writeOperator(op.get(), path);
    }
    Optional<FunctionKind.Described> function = FunctionKind.of(block);
    if (function.isPresent()) {
      BlockSettings settings = BlockSettings.of(path, function.get().kind().name());
      function.get().write(settings);
      return settings.json();
    }
    // A class derived from a kind's computes something else.
    BlockKind<?> kind =
        find(k -> k.type() == block.getClass())
            .orElseThrow(() -> new IllegalArgumentException(unknown(block, path)));
    return write(kind, block, path);
  }

  private static JsonObject writeOperator(OpDescription op, String path) {
    BlockSettings settings = BlockSettings.of(path, op.name());
    String argument = OpDescription.argumentName(op.name());
    if (OpDescription.hasOptions(op.name())) {
      settings.putNumbers(argument, op.arguments());
    } else {
      settings.put(argument, op.argument());
    }
    return settings.json();
  }

  private static <B extends Block> JsonObject write(BlockKind<B> kind, Block block, String path) {
    if (!KINDS.contains(kind) && isOurs(kind.name())) {
      throw new IllegalArgumentException(
          "%s must not have the name of another kind, got %s"
              .formatted(kind.getClass().getName(), kind.name()));
    }
    BlockSettings settings = BlockSettings.of(path, kind.name());
    kind.write(kind.type().cast(block), settings);
    return settings.json();
  }

  private static boolean isOurs(String name) {
    return OpDescription.isKnown(name)
        || FunctionKind.named(name).isPresent()
        || KINDS.stream().anyMatch(kind -> kind.name().equals(name));
  }

  /** Ours first, so that nobody else changes what they mean. */
  private static Optional<BlockKind<?>> find(Predicate<BlockKind<?>> isRight) {
    return KINDS.stream().filter(isRight).findFirst().or(() -> findOfUser(isRight));
  }

  private static Optional<BlockKind<?>> findOfUser(Predicate<BlockKind<?>> isRight) {
    for (BlockKind<?> kind : ServiceLoader.load(BlockKind.class)) {
      if (isRight.test(kind)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  private static String unknown(Block block, String path) {
    return ("%s cannot be described: %s %s; write a BlockKind for a class of your own, or a"
            + " BlockFactory of your own that makes the network, and save the model by Model.save")
        .formatted(path, block.getClass().getName(), reason(block));
  }

  private static String reason(Block block) {
    if (block.getClass() == LambdaBlock.class) {
      return "named %s computes none of the functions of Activation, Blocks and Pool"
          .formatted(((LambdaBlock) block).getName());
    }
    if (block.getClass() == ParallelBlock.class) {
      return "has a function that cannot be read";
    }
    if (block instanceof SymbolBlock) {
      return "is of a file of its engine's, which Criteria loads itself";
    }
    return "is none of the blocks that StableOpsBlockFactory knows";
  }

  static Block read(BlockSettings settings) throws MalformedModelException {
    String name = settings.string(BlockSettings.KIND);
    try {
      Block block = read(name, settings);
      settings.requireNoOthers();
      return block;
    } catch (RuntimeException e) {
      throw new MalformedModelException(settings.where() + ": " + e.getMessage(), e);
    }
  }

  private static Block read(String name, BlockSettings settings) throws MalformedModelException {
    if (OpDescription.isKnown(name)) {
      String argument = OpDescription.argumentName(name);
      return OpDescription.hasOptions(name)
          ? new OpDescription(name, settings.numbers(argument)).block()
          : new OpDescription(name, settings.number(argument)).block();
    }
    Optional<FunctionKind> function = FunctionKind.named(name);
    if (function.isPresent()) {
      return function.get().read(settings);
    }
    return find(kind -> kind.name().equals(name))
        .orElseThrow(
            () ->
                new MalformedModelException(
                    ("%s.kind must be a kind of block, or the name of a BlockKind on the class"
                            + " path, got %s")
                        .formatted(settings.where(), name)))
        .read(settings);
  }
}

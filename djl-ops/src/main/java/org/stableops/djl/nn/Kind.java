package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import java.util.function.BiConsumer;

/** A class of blocks that the factory knows itself. */
record Kind<B extends Block>(Class<B> type, BiConsumer<B, BlockSettings> writer, Reader<B> reader)
    implements BlockKind<B> {

  /** Makes a block of what was written. */
  @FunctionalInterface
  interface Reader<B extends Block> {
    B read(BlockSettings settings) throws MalformedModelException;
  }

  @Override
  public String name() {
    return type.getSimpleName();
  }

  @Override
  public void write(B block, BlockSettings settings) {
    writer.accept(block, settings);
  }

  @Override
  public B read(BlockSettings settings) throws MalformedModelException {
    return reader.read(settings);
  }

  /** The size of a parameter along an axis, where a block keeps what it was made of to itself. */
  static long size(Block block, String parameter, int axis) {
    return parameter(block, parameter).getArray().getShape().get(axis);
  }

  static Parameter parameter(Block block, String name) {
    return block.getDirectParameters().get(name);
  }

  static boolean has(Block block, String parameter) {
    return block.getDirectParameters().contains(parameter);
  }

  /** The call that has the settings of a block, for an input of a shape. */
  static Calls.Call call(Block block, Shape input, String method) {
    return Calls.of(block, input)
        .first(method)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "%s does not call %s: another version of DJL?"
                        .formatted(block.getClass().getName(), method)));
  }
}

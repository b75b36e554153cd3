package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import java.util.List;

/** The blocks of this package. */
final class OwnKinds {
  static final List<BlockKind<?>> ALL =
      List.of(
          new Kind<>(
              PositiveParameter.class,
              (block, settings) -> settings.put("name", block.raw().getName()),
              settings -> shapeless(settings.string("name"))),
          new Kind<>(
              PositiveScale.class,
              (block, settings) -> settings.put("axis", block.channels().axis()),
              settings -> PositiveScale.builder().optAxis(settings.integer("axis")).build()),
          new Kind<>(
              PositiveLinear.class,
              OwnKinds::writeLinear,
              settings -> readLinear(PositiveLinear.builder(), settings).build()),
          new Kind<>(
              NegativeBinomialHead.class,
              OwnKinds::writeLinear,
              settings -> readLinear(NegativeBinomialHead.builder(), settings).build()),
          new Kind<>(LinearCrossEntropyHead.class, OwnKinds::writeHead, OwnKinds::readHead),
          new Kind<>(
              LearnableSquareplus.class,
              (block, settings) -> writeChannels(block.channels(), settings),
              settings -> readChannels(LearnableSquareplus.builder(), settings).build()),
          new Kind<>(
              LearnableSoftplus.class,
              (block, settings) -> writeChannels(block.channels(), settings),
              settings -> readChannels(LearnableSoftplus.builder(), settings).build()));

  private OwnKinds() {}

  /** The file of parameters tells the shape. */
  private static PositiveParameter shapeless(String name) {
    return PositiveParameter.builder().optName(name).optValue(1).build();
  }

  private static void writeLinear(LinearBlock block, BlockSettings settings) {
    settings.put("units", block.units());
    settings.put("bias", block.hasBias());
  }

  private static <T extends LinearBlock.Builder<T>> T readLinear(T builder, BlockSettings settings)
      throws MalformedModelException {
    return builder.setUnits(settings.size("units")).optBias(settings.bool("bias"));
  }

  private static void writeHead(LinearCrossEntropyHead block, BlockSettings settings) {
    if (block.isTied()) {
      throw new IllegalArgumentException(
          "a LinearCrossEntropyHead that shares the weight of another block cannot be described:"
              + " make the network anew and load its parameters");
    }
    settings.put("classes", block.classes());
    settings.put("bias", block.hasBias());
  }

  private static LinearCrossEntropyHead readHead(BlockSettings settings)
      throws MalformedModelException {
    return LinearCrossEntropyHead.builder()
        .setClasses(settings.size("classes"))
        .optBias(settings.bool("bias"))
        .build();
  }

  private static void writeChannels(Channels channels, BlockSettings settings) {
    if (!channels.isOne()) {
      settings.put("axis", channels.axis());
    }
  }

  private static <T extends LearnableActivation.Builder<T>> T readChannels(
      T builder, BlockSettings settings) throws MalformedModelException {
    return settings.has("axis") ? builder.optAxis(settings.integer("axis")) : builder;
  }
}

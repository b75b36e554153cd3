package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import java.util.Locale;

/** An elementwise operator whose parameter is learned, one for all or one a channel. */
abstract class LearnableActivation extends PositiveBlock {
  private final Channels channels;

  LearnableActivation(String name, Builder<?> builder, double defaultValue) {
    super(name, builder.parameter(rawName(name), null, ConstantInitializer.of(defaultValue)));
    channels = builder.channels;
  }

  private static String rawName(String name) {
    return "raw" + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }

  abstract NDArray activate(NDArray x, NDArray parameter);

  final Channels channels() {
    return channels;
  }

  @Override
  final Shape parameterShape(Shape input) {
    return channels.shape(input);
  }

  @Override
  final Shape outputShape(Shape input) {
    return input;
  }

  @Override
  final NDArray forward(NDArray x, NDArray value, ParameterStore store, boolean training) {
    return activate(x, channels.spread(value, x));
  }

  @Override
  final String structure() {
    return getClass().getSimpleName() + "(" + channels + ")";
  }

  /**
   * What the builders of both share.
   *
   * @param <T> the builder
   */
  public abstract static class Builder<T extends Builder<T>> extends PositiveBuilder<T> {
    private Channels channels = Channels.ONE;

    Builder() {}

    /**
     * Asks for one parameter a channel, instead of one for all.
     *
     * @param axis that of the channels, 1 in NCHW; negative counts from the end
     * @return this builder
     */
    public T optAxis(int axis) {
      channels = Channels.along(axis);
      return self();
    }
  }
}

package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import org.stableops.djl.internal.Halves;

/**
 * Multiplies every channel by a positive number that is learned:
 *
 * <pre>y = s ⊙ x,   s &gt; 0,   ∂y/∂x = s,   ∂loss/∂s_c = Σ upstream · x over channel c.</pre>
 *
 * <p>From x of any rank that has the channels' axis, of the model's dtype, to y of the same shape;
 * s has a number a channel, which is 1 at the start, and is a {@link PositiveParameter}.
 *
 * <pre>{@code
 * PositiveScale scale =
 *     PositiveScale.builder().optTransform(PositiveTransform.exp()).optValue(0.5).build();
 * SequentialBlock network =
 *     new SequentialBlock().add(Linear.builder().setUnits(3).build()).add(scale);
 * try (Model model = Model.newInstance("scaled")) {
 *   model.setBlock(network);
 *   network.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(8, 4));
 *   double[] scales = scale.scale().value(); // 0.5, 0.5, 0.5
 * }
 * }</pre>
 */
public final class PositiveScale extends PositiveBlock {
  private final Channels channels;

  private PositiveScale(Builder builder) {
    super("scale", builder.parameter("rawScale", null, ConstantInitializer.of(1)));
    channels = builder.channels;
  }

  /**
   * Returns a builder.
   *
   * @return a builder that needs nothing
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the scale, to be read or set.
   *
   * @return s, of shape (channels)
   */
  public PositiveParameter scale() {
    return parameter();
  }

  Channels channels() {
    return channels;
  }

  @Override
  Shape parameterShape(Shape input) {
    return channels.shape(input);
  }

  @Override
  Shape outputShape(Shape input) {
    return input;
  }

  @Override
  NDArray forward(NDArray x, NDArray scale, ParameterStore store, boolean training) {
    // In float16 the gradient to the scale is a sum of products, which float32 holds.
    NDArray product = x.mul(channels.spread(Halves.widened(scale), x));
    boolean isHalf = scale.getDataType() == DataType.FLOAT16;
    return isHalf ? Halves.rounded(product, x.getDataType()) : product;
  }

  @Override
  String structure() {
    return "PositiveScale(" + channels + ")";
  }

  /** Builds a {@link PositiveScale}. */
  public static final class Builder extends PositiveBuilder<Builder> {
    private Channels channels = Channels.along(1);

    Builder() {}

    /**
     * Sets the axis of the channels, which is 1 otherwise, as in NCHW.
     *
     * @param axis one of x; negative counts from the end
     * @return this builder
     */
    public Builder optAxis(int axis) {
      channels = Channels.along(axis);
      return this;
    }

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if a value to start with is not finite or not above the
     *     transform's lower bound
     */
    public PositiveScale build() {
      return new PositiveScale(this);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}

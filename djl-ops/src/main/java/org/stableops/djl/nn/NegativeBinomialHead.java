package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

/**
 * The last layer of a network for counts that vary more than Poisson ones: a linear layer, and an
 * inverse dispersion θ for each of its outputs, which is trained with it,
 *
 * <pre>raw = x Wᵀ + b,   θ &gt; 0.</pre>
 *
 * <p>From x of shape (…, features) to two arrays of the model's dtype, float16, float32 or float64:
 * raw values of shape (…, units), of which {@link org.stableops.djl.loss.FusedNegativeBinomialLoss}
 * makes the means, and θ of shape (units), a {@link PositiveParameter} that is 1 at the start. W
 * and b start as those of DJL's Linear. Where θ is large, it learns faster by {@link
 * org.stableops.PositiveTransform#exp} than by softplus, the default.
 *
 * <pre>{@code
 * SequentialBlock network =
 *     new SequentialBlock()
 *         .add(Linear.builder().setUnits(64).build())
 *         .add(Squareplus.block())
 *         .add(NegativeBinomialHead.builder().setUnits(1).build());
 * TrainingConfig config = new DefaultTrainingConfig(new FusedNegativeBinomialLoss());
 * }</pre>
 *
 * @see org.stableops.djl.NegativeBinomialLoss
 */
public final class NegativeBinomialHead extends LinearBlock {
  private final Parameter weight;

  private NegativeBinomialHead(Builder builder) {
    super("inverseDispersion", builder, theta(builder));
    weight =
        addParameter(Parameter.builder().setName("weight").setType(Parameter.Type.WEIGHT).build());
  }

  private static PositiveParameter theta(Builder builder) {
    return builder.parameter(
        "rawInverseDispersion", new Shape(builder.units()), ConstantInitializer.of(1));
  }

  /**
   * Returns a builder.
   *
   * @return a builder that needs {@code setUnits}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the inverse dispersions, to be read or set.
   *
   * @return θ, of shape (units)
   */
  public PositiveParameter inverseDispersion() {
    return parameter();
  }

  @Override
  Shape parameterShape(Shape input) {
    return new Shape(units());
  }

  @Override
  void prepare(Shape input) {
    super.prepare(input);
    if (!weight.isInitialized()) {
      weight.setShape(weightShape(input));
    }
  }

  @Override
  NDArray forward(NDArray x, NDArray theta, ParameterStore store, boolean training) {
    return linear(x, store.getValue(weight, x.getDevice(), training), store, training);
  }

  @Override
  NDList outputs(NDArray raw, NDArray theta) {
    return new NDList(raw, theta);
  }

  @Override
  Shape[] outputShapes(Shape input) {
    return new Shape[] {outputShape(input), parameterShape(input)};
  }

  /** Builds a {@link NegativeBinomialHead}; transform and values to start with are those of θ. */
  public static final class Builder extends LinearBlock.Builder<Builder> {
    Builder() {}

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if units is not positive, or a value to start with is not
     *     finite or not above the transform's lower bound
     */
    public NegativeBinomialHead build() {
      requireUnits();
      return new NegativeBinomialHead(this);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}

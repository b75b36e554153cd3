package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import org.stableops.PositiveTransform;
import org.stableops.kernel.PositiveKernel;

/**
 * A linear layer whose weights are positive, so that every output increases with every input:
 *
 * <pre>y = x Wᵀ + b,   W &gt; 0.</pre>
 *
 * <p>A chain of such layers and increasing activations ({@link org.stableops.djl.Squareplus},
 * softplus, tanh) is monotone, whatever training does. From x of shape (…, features) to y of shape
 * (…, units), of the model's dtype; W is a {@link PositiveParameter} of shape (units, features), b
 * an ordinary parameter of shape (units). Without another wish W starts uniformly distributed from
 * 0.1/features to 1.9/features above the transform's lower bound: with a bound of 0 that keeps the
 * mean of the inputs.
 *
 * <pre>{@code
 * SequentialBlock increasing =
 *     new SequentialBlock()
 *         .add(PositiveLinear.builder().setUnits(16).build())
 *         .add(Squareplus.block())
 *         .add(PositiveLinear.builder().setUnits(1).optBias(false).build());
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   increasing.initialize(manager, DataType.FLOAT32, new Shape(8, 2));
 * }
 * }</pre>
 *
 * <p>J. Sill, Monotonic Networks, NIPS 1997 (positive weights by a transform).
 */
public final class PositiveLinear extends LinearBlock {
  private PositiveLinear(Builder builder) {
    super(
        "weight",
        builder,
        builder.parameter(
            "rawWeight",
            null,
            (manager, shape, type) -> uniform(manager, shape, type, builder.transform())));
  }

  /** Not next to the bound, to which float16 might round and from where training moves slowly. */
  private static NDArray uniform(
      NDManager manager, Shape shape, DataType type, PositiveTransform transform) {
    long features = Math.max(1, shape.get(1));
    PositiveKernel.Format format =
        type == DataType.FLOAT16 ? PositiveKernel.Format.HALF : PositiveKernel.Format.FLOAT;
    return manager
        .randomUniform(0.1f, 1.9f, shape, DataType.FLOAT64)
        .div(features)
        .add(transform.lowerBound())
        .maximum(format.least(transform.lowerBound()))
        .toType(type, false);
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
   * Returns the weights, to be read or set.
   *
   * @return W, of shape (units, features)
   */
  public PositiveParameter weight() {
    return parameter();
  }

  @Override
  Shape parameterShape(Shape input) {
    return weightShape(input);
  }

  @Override
  NDArray forward(NDArray x, NDArray weight, ParameterStore store, boolean training) {
    return linear(x, weight, store, training);
  }

  /** Builds a {@link PositiveLinear}. */
  public static final class Builder extends LinearBlock.Builder<Builder> {
    Builder() {}

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if units is not positive, or a value to start with is not
     *     finite or not above the transform's lower bound
     */
    public PositiveLinear build() {
      requireUnits();
      return new PositiveLinear(this);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}

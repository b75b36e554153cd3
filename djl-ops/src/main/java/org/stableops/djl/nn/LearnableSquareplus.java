package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import org.stableops.Parameters;
import org.stableops.djl.Squareplus;

/**
 * {@link Squareplus} whose b is learned:
 *
 * <pre>y = (x + √(x² + b))/2,   b &gt; 0,   ∂y/∂b = 1/(4√(x² + b)).</pre>
 *
 * <p>From x of any shape and the model's dtype to y of the same shape. b is a {@link
 * PositiveParameter}, 4 at the start: one number, or with {@code optAxis} one a channel.
 *
 * <pre>{@code
 * SequentialBlock network =
 *     new SequentialBlock()
 *         .add(Linear.builder().setUnits(16).build())
 *         .add(LearnableSquareplus.builder().optValue(1).optAxis(1).build())
 *         .add(Linear.builder().setUnits(1).build());
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   network.initialize(manager, DataType.FLOAT32, new Shape(8, 2));
 * }
 * }</pre>
 */
public final class LearnableSquareplus extends LearnableActivation {
  private LearnableSquareplus(Builder builder) {
    super("b", builder, Parameters.DEFAULT_B);
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
   * Returns b, to be read or set.
   *
   * @return of shape () or (channels)
   */
  public PositiveParameter b() {
    return parameter();
  }

  @Override
  NDArray activate(NDArray x, NDArray b) {
    return Squareplus.value(x, b);
  }

  /** Builds a {@link LearnableSquareplus}. */
  public static final class Builder extends LearnableActivation.Builder<Builder> {
    Builder() {}

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if a value to start with is not finite or not above the
     *     transform's lower bound
     */
    public LearnableSquareplus build() {
      return new LearnableSquareplus(this);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}

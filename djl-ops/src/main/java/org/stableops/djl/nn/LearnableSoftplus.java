package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import org.stableops.Parameters;
import org.stableops.djl.Softplus;

/**
 * {@link Softplus} whose sharpness β is learned:
 *
 * <pre>y = log(1 + e^{βx})/β,   β &gt; 0,   ∂y/∂β = (x·sigmoid(βx) − y)/β.</pre>
 *
 * <p>From x of any shape and the model's dtype to y of the same shape. β is a {@link
 * PositiveParameter}, 1 at the start: one number, or with {@code optAxis} one a channel.
 *
 * <pre>{@code
 * LearnableSoftplus softplus = LearnableSoftplus.builder().optValue(2).build();
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   softplus.initialize(manager, DataType.FLOAT32, new Shape(8, 2));
 *   softplus.beta().set(3);
 *   softplus.freezeParameters(true);
 * }
 * }</pre>
 */
public final class LearnableSoftplus extends LearnableActivation {
  private LearnableSoftplus(Builder builder) {
    super("beta", builder, Parameters.DEFAULT_BETA);
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
   * Returns β, to be read or set.
   *
   * @return of shape () or (channels)
   */
  public PositiveParameter beta() {
    return parameter();
  }

  @Override
  NDArray activate(NDArray x, NDArray beta) {
    return Softplus.value(x, beta);
  }

  /** Builds a {@link LearnableSoftplus}. */
  public static final class Builder extends LearnableActivation.Builder<Builder> {
    Builder() {}

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if a value to start with is not finite or not above the
     *     transform's lower bound
     */
    public LearnableSoftplus build() {
      return new LearnableSoftplus(this);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}

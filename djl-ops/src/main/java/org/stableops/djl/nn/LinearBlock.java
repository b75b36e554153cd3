package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/** A linear layer, perhaps with a bias, that has a positive parameter. */
abstract class LinearBlock extends PositiveBlock {
  private final long units;
  private final @Nullable Parameter bias;

  LinearBlock(String name, Builder<?> builder, PositiveParameter parameter) {
    super(name, parameter);
    units = builder.units;
    bias = builder.bias ? addParameter(bias()) : null;
  }

  private static Parameter bias() {
    return Parameter.builder().setName("bias").setType(Parameter.Type.BIAS).build();
  }

  final long units() {
    return units;
  }

  final boolean hasBias() {
    return bias != null;
  }

  /** The shape of the weights, one row for each output. */
  final Shape weightShape(Shape input) {
    long features = input.isScalar() ? -1 : input.get(input.dimension() - 1);
    if (features < 0) {
      throw new IllegalArgumentException(
          "x shape must end with a known number of features, got " + input);
    }
    return new Shape(units, features);
  }

  /** The outputs of weights, of which each output has a row. */
  final NDArray linear(NDArray x, NDArray weight, ParameterStore store, boolean training) {
    requireFeatures(x.getShape(), weight.getShape().get(1));
    NDArray b = store.getValue(bias, x.getDevice(), training);
    return Linear.linear(x, weight, b).singletonOrThrow();
  }

  private static void requireFeatures(Shape x, long features) {
    if (x.isScalar() || x.get(x.dimension() - 1) != features) {
      throw new IllegalArgumentException(
          "x shape must end with %d features, got %s".formatted(features, x));
    }
  }

  @Override
  void prepare(Shape input) {
    if (bias != null && !bias.isInitialized()) {
      bias.setShape(new Shape(units));
    }
  }

  @Override
  final Shape outputShape(Shape input) {
    return input.slice(0, input.dimension() - 1).add(units);
  }

  @Override
  final String structure() {
    return "%s(units = %d, %s)"
        .formatted(getClass().getSimpleName(), units, hasBias() ? "bias" : "no bias");
  }

  /**
   * What the builders of both share.
   *
   * @param <T> the builder
   */
  public abstract static class Builder<T extends Builder<T>> extends PositiveBuilder<T> {
    private long units;
    private boolean bias = true;

    Builder() {}

    /**
     * Sets the number of outputs.
     *
     * @param units positive
     * @return this builder
     */
    public T setUnits(long units) {
      this.units = units;
      return self();
    }

    /**
     * Sets whether there is a bias, which there is otherwise.
     *
     * @param bias whether to add b
     * @return this builder
     */
    public T optBias(boolean bias) {
      this.bias = bias;
      return self();
    }

    final void requireUnits() {
      if (units <= 0) {
        throw new IllegalArgumentException("units must be > 0, got " + units);
      }
    }

    final long units() {
      return units;
    }
  }
}

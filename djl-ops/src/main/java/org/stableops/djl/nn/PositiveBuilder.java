package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.initializer.Initializer;
import org.stableops.PositiveTransform;
import org.stableops.internal.Arguments;

/**
 * What the builders of this package share: the transform that keeps a parameter positive, softplus
 * if none is given, and the positive values it starts with. Of several calls that give values, the
 * last counts.
 *
 * <pre>{@code
 * PositiveParameter rates =
 *     PositiveParameter.builder()
 *         .optTransform(PositiveTransform.exp())
 *         .optValues(new Shape(2), 0.5f, 3)
 *         .build();
 * PositiveScale scale =
 *     PositiveScale.builder()
 *         .optInitializer(new ConstantInitializer(2)) // positive values, not raw ones
 *         .build();
 * }</pre>
 *
 * @param <T> the builder
 */
public abstract class PositiveBuilder<T extends PositiveBuilder<T>> {
  private PositiveTransform transform = PositiveTransform.softplus();
  private Initializer start;

  PositiveBuilder() {}

  /**
   * Sets the transform.
   *
   * @param transform any
   * @return this builder
   * @throws IllegalArgumentException if it is null
   */
  public T optTransform(PositiveTransform transform) {
    Arguments.requireGiven("transform", transform);
    this.transform = transform;
    return self();
  }

  /**
   * Sets the value that every element starts with.
   *
   * @param value finite and above the transform's lower bound, which {@code build} checks
   * @return this builder
   */
  public T optValue(double value) {
    start = ConstantInitializer.of(value);
    return self();
  }

  /**
   * Sets the values to start with.
   *
   * @param shape that of the parameter
   * @param values as many, in C order, finite and above the transform's lower bound, which {@code
   *     build} checks
   * @return this builder
   * @throws IllegalArgumentException if shape and values do not fit
   */
  public T optValues(Shape shape, float... values) {
    start = ConstantInitializer.of(shape, values);
    return self();
  }

  /**
   * Sets the values to start with.
   *
   * @param values of the parameter's shape, which are copied; finite and above the transform's
   *     lower bound, which {@code build} checks
   * @return this builder
   * @throws IllegalArgumentException if the array is null or not of a floating dtype
   */
  public T optValues(NDArray values) {
    start = ConstantInitializer.of(values);
    return self();
  }

  /**
   * Sets what makes the values to start with: positive ones, not raw ones.
   *
   * @param initializer makes values that are finite and above the transform's lower bound; that is
   *     checked when it is run
   * @return this builder
   * @throws IllegalArgumentException if it is null
   */
  public T optInitializer(Initializer initializer) {
    Arguments.requireGiven("initializer", initializer);
    start = initializer;
    return self();
  }

  abstract T self();

  /** The parameter, whose raw one gets the name; shape null where it is not known yet. */
  final PositiveParameter parameter(String name, Shape shape, Initializer defaultStart) {
    return new PositiveParameter(name, transform, shape, start == null ? defaultStart : start);
  }

  final boolean hasStart() {
    return start != null;
  }

  final PositiveTransform transform() {
    return transform;
  }
}

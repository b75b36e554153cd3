package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/** Which elements of an array an element of a parameter is for: all, or those of a channel. */
final class Channels {
  static final Channels ONE = new Channels(null);

  private final Integer axis;

  private Channels(Integer axis) {
    this.axis = axis;
  }

  static Channels along(int axis) {
    return new Channels(axis);
  }

  boolean isOne() {
    return axis == null;
  }

  int axis() {
    return axis;
  }

  /** The shape of a parameter for inputs of a shape. */
  Shape shape(Shape input) {
    if (isOne()) {
      return new Shape();
    }
    long channels = input.get(axisOf(input));
    if (channels < 0) {
      throw new IllegalArgumentException(
          "axis %d of the input shape %s must have a known size".formatted(axis, input));
    }
    return new Shape(channels);
  }

  /** The parameter in a shape that broadcasts to x's along the axis. */
  NDArray spread(NDArray parameter, NDArray x) {
    if (isOne()) {
      return parameter;
    }
    Shape shape = x.getShape();
    int at = axisOf(shape);
    if (shape.get(at) != parameter.size()) {
      throw new IllegalArgumentException(
          "x shape %s must have %d channels along axis %d"
              .formatted(shape, parameter.size(), axis));
    }
    long[] spread = new long[shape.dimension()];
    Arrays.fill(spread, 1);
    spread[at] = parameter.size();
    return parameter.reshape(spread);
  }

  private int axisOf(Shape shape) {
    int rank = shape.dimension();
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException(
          "axis must be one of x, of shape %s, got %d".formatted(shape, axis));
    }
    return axis < 0 ? axis + rank : axis;
  }

  /** Returns as in {@code axis = 1}. */
  @Override
  public String toString() {
    return isOne() ? "one" : "axis = " + axis;
  }
}

package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.initializer.Initializer;
import java.util.Arrays;
import org.stableops.PositiveTransform;
import org.stableops.djl.internal.Numbers;

/**
 * Numbers to start with, in doubles: DJL's own constants are floats.
 *
 * @param elements one for all, where shape is null, or one per element
 * @param shape null for any
 */
record ConstantInitializer(double[] elements, Shape shape) implements Initializer {
  static ConstantInitializer of(double value) {
    return new ConstantInitializer(new double[] {value}, null);
  }

  static ConstantInitializer of(Shape shape, float[] values) {
    if (shape == null || values == null || shape.size() != values.length) {
      throw new IllegalArgumentException(
          "values must be as many as shape %s has, got %s"
              .formatted(shape, values == null ? null : values.length));
    }
    double[] elements = new double[values.length];
    Arrays.setAll(elements, i -> values[i]);
    return new ConstantInitializer(elements, shape);
  }

  /** Copies, so that the array may be closed. */
  static ConstantInitializer of(NDArray values) {
    if (values == null) {
      throw new IllegalArgumentException("values must be an array, got null");
    }
    requireFloating("values", values.getDataType());
    return new ConstantInitializer(
        Numbers.doubles(values), new Shape(values.getShape().getShape()));
  }

  static void requireFloating(String name, DataType type) {
    if (type != DataType.FLOAT16 && type != DataType.FLOAT32 && type != DataType.FLOAT64) {
      throw new IllegalArgumentException(
          name + " dtype must be float16, float32 or float64, got " + type);
    }
  }

  void requireContained(PositiveTransform transform) {
    for (int i = 0; i < elements.length; i++) {
      transform.requireContained(shape == null ? "value" : "values[" + i + "]", elements[i]);
    }
  }

  void requireShape(Shape wanted) {
    if (shape != null && wanted != null && !Arrays.equals(shape.getShape(), wanted.getShape())) {
      throw new IllegalArgumentException("values shape must be " + wanted + ", got " + shape);
    }
  }

  @Override
  public NDArray initialize(NDManager manager, Shape wanted, DataType type) {
    requireShape(wanted);
    double[] all = shape == null ? new double[(int) wanted.size()] : elements;
    if (shape == null) {
      Arrays.fill(all, elements[0]);
    }
    try (NDArray java = manager.create(all, wanted)) {
      return java.toType(type, true);
    }
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.stableops.djl.internal.Halves;

/** Arrays, their numbers and their gradients, for the tests of this package. */
final class Djl {
  static final List<DataType> FLOATS =
      List.of(DataType.FLOAT16, DataType.FLOAT32, DataType.FLOAT64);

  private Djl() {}

  /** An array in memory of libtorch's own: autograd may keep it after Java let go of it. */
  static NDArray array(NDManager manager, DataType type, Shape shape, double... values) {
    try (NDArray java = manager.create(values, shape)) {
      return type == DataType.FLOAT64 ? java.duplicate() : java.toType(type, true);
    }
  }

  /** Numbers between −3 and 3 without a pattern, or with another seed others. */
  static NDArray waves(NDManager manager, DataType type, Shape shape, int seed) {
    double[] values = new double[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = 3 * Math.sin(1.7 * i + seed);
    }
    return array(manager, type, shape, values);
  }

  /** The elements as doubles, in order, leaving nothing in the manager. */
  static double[] doubles(NDArray array) {
    // In a scope, for of an array that is not contiguous toDoubleArray makes a copy and leaves it.
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return array.toType(DataType.FLOAT64, true).toDoubleArray();
    }
  }

  /** The same shape, dtype and bits, where all NaNs are one and −0 is not 0. */
  static void assertSameArray(NDArray expected, NDArray actual) {
    assertEquals(expected.getShape(), actual.getShape());
    assertEquals(expected.getDataType(), actual.getDataType());
    assertArrayEquals(doubles(expected), doubles(actual));
  }

  /** Upstream times a gradient at x, which float16 rounds once. */
  static NDArray product(NDArray x, NDArray upstream, UnaryOperator<NDArray> gradient) {
    NDArray product = gradient.apply(widened(x)).mul(widened(upstream));
    return product.toType(x.getDataType(), false);
  }

  /** The same numbers in float32, of an array of float16. */
  static NDArray widened(NDArray array) {
    return array.toType(Halves.wideType(array.getDataType()), false);
  }

  /** The gradient at x of the sum of what is made of it. */
  static double[] gradient(NDArray x, UnaryOperator<NDArray> function) {
    return doubles(gradientArray(x, function));
  }

  /** The same as an array, of a leaf in x's place: the gradients of a leaf would add up. */
  static NDArray gradientArray(NDArray x, UnaryOperator<NDArray> function) {
    return gradientArray(Engine.getInstance()::newGradientCollector, x, function);
  }

  /** The same by a collector of one's own. */
  static NDArray gradientArray(
      Supplier<GradientCollector> open, NDArray x, UnaryOperator<NDArray> function) {
    NDArray leaf = x.stopGradient();
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = open.get()) {
      collector.backward(function.apply(leaf));
    }
    return leaf.getGradient();
  }
}

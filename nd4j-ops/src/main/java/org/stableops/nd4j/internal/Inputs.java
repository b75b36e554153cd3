package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.internal.Shapes;

/** The checks that every array passes before anything is computed. */
public final class Inputs {
  private Inputs() {}

  /** An open array of a dtype that the operators compute in. */
  public static void requireFloating(String name, INDArray array) {
    requireOpen(name, array);
    if (!array.dataType().isFPType()) {
      throw new IllegalArgumentException(
          name + " dtype must be half, bfloat16, float or double, got " + array.dataType());
    }
  }

  /** An open array of numbers. */
  static void requireNumbers(String name, INDArray array) {
    requireOpen(name, array);
    if (!array.dataType().isFPType() && !array.dataType().isIntType()) {
      throw new IllegalArgumentException(
          name + " dtype must be an integer or a floating type, got " + array.dataType());
    }
  }

  /** An open array of numbers or of truth values. */
  public static void requireNumbersOrBooleans(String name, INDArray array) {
    requireOpen(name, array);
    DataType type = array.dataType();
    if (!type.isFPType() && !type.isIntType() && type != DataType.BOOL) {
      throw new IllegalArgumentException(
          name + " dtype must be floating, integer or boolean, got " + type);
    }
  }

  /** An open array of the dtype and shape of x, which is checked first. */
  public static void requireLike(String name, INDArray array, INDArray x) {
    requireLike(name, array, "x", x);
  }

  /** An open array of the dtype and shape of another, which is checked first. */
  static void requireLike(String name, INDArray array, String of, INDArray x) {
    requireFloating(of, x);
    requireFloating(name, array);
    if (array.dataType() != x.dataType() || !Arrays.equals(array.shape(), x.shape())) {
      throw new IllegalArgumentException(
          "%s must be like %s, %s %s, got %s %s"
              .formatted(
                  name,
                  of,
                  x.dataType(),
                  Shapes.text(x.shape()),
                  array.dataType(),
                  Shapes.text(array.shape())));
    }
  }

  /** An open array of the dtype of x, which is checked first. */
  static void requireParameter(String name, INDArray parameter, INDArray x) {
    requireFloating("x", x);
    requireOfType(name, parameter, "x", x);
  }

  /** An open floating array of the dtype of another, which has been checked. */
  static void requireOfType(String name, INDArray array, String of, INDArray x) {
    requireFloating(name, array);
    if (array.dataType() != x.dataType()) {
      throw new IllegalArgumentException(
          "%s dtype must be %s's, %s, got %s".formatted(name, of, x.dataType(), array.dataType()));
    }
  }

  private static void requireOpen(String name, INDArray array) {
    if (array == null) {
      throw new IllegalArgumentException(name + " must be an array, got null");
    }
    if (array.wasClosed()) {
      throw new IllegalStateException(name + " must be open, but has been closed");
    }
  }
}

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

/** The checks that every array passes before any native code sees it. */
public final class Inputs {
  private Inputs() {}

  /** An open array of a dtype that the operators compute in; bfloat16 would abort the JVM. */
  public static void requireFloating(String name, NDArray array) {
    requireOpen(name, array);
    DataType type = array.getDataType();
    if (type != DataType.FLOAT32 && type != DataType.FLOAT64 && type != DataType.FLOAT16) {
      throw new IllegalArgumentException(
          name + " dtype must be float16, float32 or float64, got " + type);
    }
  }

  /** An open array of numbers of a dtype that the engine has. */
  public static void requireNumbers(String name, NDArray array) {
    requireOpen(name, array);
    switch (array.getDataType()) {
      case FLOAT16, FLOAT32, FLOAT64, INT8, UINT8, INT32, INT64 -> {}
      default ->
          throw new IllegalArgumentException(
              name + " dtype must be an integer or a floating type, got " + array.getDataType());
    }
  }

  /** An open array of numbers or of truth values. */
  public static void requireNumbersOrBooleans(String name, NDArray array) {
    requireOpen(name, array);
    switch (array.getDataType()) {
      case FLOAT16, FLOAT32, FLOAT64, INT8, UINT8, INT32, INT64, BOOLEAN -> {}
      default ->
          throw new IllegalArgumentException(
              name + " dtype must be floating, integer or boolean, got " + array.getDataType());
    }
  }

  /** An open array of the dtype and shape of x, which is checked first. */
  public static void requireLike(String name, NDArray array, NDArray x) {
    requireLike(name, array, "x", x);
  }

  /** An open array of the dtype and shape of another, which is checked first. */
  public static void requireLike(String name, NDArray array, String of, NDArray x) {
    requireFloating(of, x);
    requireFloating(name, array);
    if (array.getDataType() != x.getDataType() || !array.getShape().equals(x.getShape())) {
      throw new IllegalArgumentException(
          "%s must be like %s, %s %s, got %s %s"
              .formatted(
                  name, of, x.getDataType(), x.getShape(), array.getDataType(), array.getShape()));
    }
  }

  /** An open array of the dtype of x, which is checked first. */
  static void requireParameter(String name, NDArray parameter, NDArray x) {
    requireFloating("x", x);
    requireOfType(name, parameter, "x", x);
  }

  /** An open floating array of the dtype of another, which has been checked. */
  static void requireOfType(String name, NDArray array, String of, NDArray x) {
    requireFloating(name, array);
    if (array.getDataType() != x.getDataType()) {
      throw new IllegalArgumentException(
          "%s dtype must be %s's, %s, got %s"
              .formatted(name, of, x.getDataType(), array.getDataType()));
    }
  }

  /** An open array of the engine. */
  public static void requireOpen(String name, NDArray array) {
    if (array == null) {
      throw new IllegalArgumentException(name + " must be an array, got null");
    }
    if (!(array instanceof PtNDArray tensor)) {
      throw new IllegalArgumentException(
          name + " must be an array of the PyTorch engine, got " + array.getClass().getName());
    }
    SupportedDjl.require();
    if (tensor.isReleased()) {
      throw new IllegalStateException(name + " must be open, but has been closed");
    }
  }
}

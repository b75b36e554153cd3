package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import java.util.function.UnaryOperator;

/** Computes in float64 what float32 has not the range or the digits for. */
final class Widened {
  /** Between these, b/4, powers of its scale and every quotient are float numbers of all digits. */
  private static final double SMALLEST = 0x1p-100;

  private static final double LARGEST = 0x1p120;

  /** Beyond, squares of float64 numbers near √b may overflow, or lose bits. */
  private static final double SMALL_B = 0x1p-400;

  private static final double LARGE_B = 0x1p400;
  private static final double SCALE = 0x1p300;

  private Widened() {}

  /** Applies a composite whose parameter is β or b, which as a float32 number may be 0 or inf. */
  static NDArray compute(NDArray x, double parameter, UnaryOperator<NDArray> composite) {
    DataType type = x.getDataType();
    if (type == DataType.FLOAT64 || (parameter >= SMALLEST && parameter <= LARGEST)) {
      return composite.apply(x);
    }
    return composite.apply(x.toType(DataType.FLOAT64, false)).toType(type, false);
  }

  /** βx, rounded once: β itself need not be a float32 number. */
  static NDArray product(NDArray x, double beta) {
    DataType type = x.getDataType();
    if (type == DataType.FLOAT64 || beta == (float) beta) {
      return x.mul(beta);
    }
    return x.toType(DataType.FLOAT64, false).mul(beta).toType(type, false);
  }

  /** Powers of 2 whose squares times b, of float64, are so that squares of both are numbers. */
  static NDArray scale(NDArray b) {
    NDArray one = b.onesLike();
    NDArray forLarge = NDArrays.where(b.gt(LARGE_B), one.mul(1 / SCALE), one);
    return NDArrays.where(b.lt(SMALL_B), one.mul(SCALE), forLarge);
  }
}

package org.stableops.djl.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import org.stableops.kernel.Elements;

/** Reads arrays of any layout into Java. */
public final class Numbers {
  private Numbers() {}

  /**
   * Returns the elements of an array, in order. The host copies an array that is not contiguous and
   * leaves the copy with the manager; here a scope closes it.
   *
   * @param array of numbers or booleans
   * @return its elements as doubles
   */
  public static double[] doubles(NDArray array) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      if (array.getDataType() == DataType.FLOAT32 && array.getDevice().equals(Device.cpu())) {
        // Without a conversion of libtorch's, for this is done once a step.
        return Elements.of(array.toByteBuffer(true).asFloatBuffer()).toDoubles();
      }
      return array.stopGradient().toType(DataType.FLOAT64, false).toDoubleArray();
    }
  }

  /** The only element of a floating array that an operator has just made. */
  static double number(NDArray scalar) {
    if (!Fused.isShared(scalar)) {
      return doubles(scalar)[0];
    }
    ByteBuffer bytes = scalar.toByteBuffer(true);
    return scalar.getDataType() == DataType.FLOAT64 ? bytes.getDouble() : bytes.getFloat();
  }
}

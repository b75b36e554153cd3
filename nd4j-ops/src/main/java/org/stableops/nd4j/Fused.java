package org.stableops.nd4j;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.kernel.Elements;
import org.stableops.kernel.FusedPath;

/** The one place of this host that picks a path, and its door to the memory of arrays. */
final class Fused {
  private Fused() {}

  /**
   * Whether a kernel can work on such an array: float or double, on the CPU, of a buffer's size.
   */
  static boolean accepts(INDArray x) {
    DataType type = x.dataType();
    return FusedPath.isEnabled()
        && (type == DataType.FLOAT || type == DataType.DOUBLE)
        && Nd4j.getBackend().getClass().getSimpleName().equals("CpuBackend")
        && (x.offset() + x.length()) * type.width() <= Integer.MAX_VALUE;
  }

  /** Whether the elements lie one behind the other in the array's own order. */
  static boolean isContiguous(INDArray x) {
    return x.rank() == 0 || Shape.hasDefaultStridesForShape(x);
  }

  /** The elements of a contiguous array in its own order, without a copy; valid as long as it. */
  static Elements elements(INDArray x) {
    int length = (int) x.length();
    if (x.dataType() == DataType.DOUBLE) {
      DoubleBuffer doubles = x.data().asNioDouble();
      return Elements.of(doubles.slice(doubles.position(), length));
    }
    FloatBuffer floats = x.data().asNioFloat();
    return Elements.of(floats.slice(floats.position(), length));
  }
}

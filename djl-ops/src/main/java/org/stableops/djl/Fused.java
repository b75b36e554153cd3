package org.stableops.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import org.stableops.kernel.Elements;
import org.stableops.kernel.FusedPath;

/** The one place of this host that picks a path, and its door to the memory of arrays. */
final class Fused {
  private Fused() {}

  /** Whether a kernel can work on the array: float32 or float64, on the CPU, of a buffer's size. */
  static boolean accepts(NDArray x) {
    DataType type = x.getDataType();
    return FusedPath.isEnabled()
        && (type == DataType.FLOAT32 || type == DataType.FLOAT64)
        && x.getDevice().equals(Device.cpu())
        && !x.isSparse()
        && x.size() * type.getNumOfBytes() <= Integer.MAX_VALUE;
  }

  /**
   * The elements of an array without a copy, or of a contiguous copy that the surrounding NDScope
   * closes. Valid as long as the array is.
   */
  static Elements elements(NDArray x) {
    ByteBuffer bytes = x.toByteBuffer(true);
    return x.getDataType() == DataType.FLOAT64
        ? Elements.of(bytes.asDoubleBuffer())
        : Elements.of(bytes.asFloatBuffer());
  }

  /** A contiguous array like x, beside it, whose memory nobody has written yet. */
  static NDArray uninitialized(NDArray x) {
    return x.getManager().create(x.getShape(), x.getDataType(), x.getDevice());
  }

  /**
   * Whether the elements of an array that is about to be overwritten lie one behind the other. DJL
   * does not tell; but of any other array every buffer is a copy of its own.
   */
  static boolean isContiguous(NDArray out) {
    if (out.size() == 0) {
      return true;
    }
    ByteBuffer bytes = out.toByteBuffer(true);
    ByteBuffer again = out.toByteBuffer(true);
    byte first = bytes.get(0);
    bytes.put(0, (byte) ~first);
    boolean isShared = again.get(0) != first;
    bytes.put(0, first);
    return isShared;
  }
}

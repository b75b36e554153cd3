package org.stableops.djl.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.stableops.FusedPath;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;

/** The one place of this host that picks a path, and reads and writes the memory of arrays. */
final class Fused {
  /** Elements of a small array: a pass over it costs less than another call of libtorch's. */
  private static final int SMALL = 1 << 14;

  private Fused() {}

  /** Whether a kernel can work on the array: float32 or float64, on the CPU, of a buffer's size. */
  static boolean accepts(NDArray x) {
    return isShared(x) && fitsBuffer(x) && reaches(x);
  }

  /** Whether Java reads and writes the elements where they lie. */
  static boolean isShared(NDArray x) {
    DataType type = x.getDataType();
    return (type == DataType.FLOAT32 || type == DataType.FLOAT64)
        && x.getDevice().equals(Device.cpu());
  }

  /** Whether a buffer can hold the elements of an array. */
  static boolean fitsBuffer(NDArray x) {
    return x.size() * x.getDataType().getNumOfBytes() <= Integer.MAX_VALUE;
  }

  /**
   * Whether a kernel can work on slices of a floating array, if they are of a buffer's size and
   * float16 has become float32.
   */
  static boolean reaches(NDArray x) {
    return FusedPath.isEnabled() && x.getDevice().equals(Device.cpu()) && !x.isSparse();
  }

  /** The same of rows of an array. */
  static boolean reachesRows(NDArray x, long rowLength) {
    return rowLength <= Integer.MAX_VALUE / Double.BYTES && reaches(x);
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

  /** The same in another shape, whose strides are those of a contiguous array. */
  static Elements elements(NDArray x, long[] shape, long[] strides) {
    ByteBuffer bytes = x.toByteBuffer(true);
    return x.getDataType() == DataType.FLOAT64
        ? Elements.of(bytes.asDoubleBuffer(), 0, shape, strides)
        : Elements.of(bytes.asFloatBuffer(), 0, shape, strides);
  }

  /** The elements of a contiguous array, with the classes of its softmax last. */
  static Elements elements(NDArray x, SoftmaxShape shape) {
    return elements(x, x.getShape().getShape(), shape);
  }

  /** The same of a contiguous array that may have another shape than that of the softmax. */
  static Elements elements(NDArray x, long[] softmax, SoftmaxShape shape) {
    if (shape.hasClassesLast()) {
      return elements(x);
    }
    long[] strides = contiguousStrides(softmax);
    long[] ordered =
        Arrays.stream(shape.toClassesLast()).mapToLong(axis -> strides[axis]).toArray();
    return elements(x, shape.classesLast(), ordered);
  }

  /** The strides of a contiguous array. */
  static long[] contiguousStrides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int d = shape.length - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= shape[d];
    }
    return strides;
  }

  static boolean isSmall(NDArray x) {
    return x.size() <= SMALL;
  }

  /**
   * A contiguous array like x, beside it and outside any graph, with unspecified contents. A small
   * one is a product, because allocating an empty array passes Java arrays through JNI: 15 against
   * 26 microseconds where other operators have used the caches.
   */
  static NDArray uninitialized(NDArray x) {
    if (isSmall(x)) {
      NDArray product = Autograd.outsideGraph(() -> x.mul(x));
      if (isContiguous(product)) {
        return product;
      }
    }
    return x.getManager().create(x.getShape(), x.getDataType(), x.getDevice());
  }

  /**
   * Whether the elements of an array that is about to be overwritten are contiguous. DJL does not
   * say, but every buffer of a non-contiguous array is a new copy.
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

  /** Writes numbers, rounded once, into a contiguous array that was made for them. */
  static void write(double[] numbers, NDArray array) {
    ByteBuffer bytes = array.toByteBuffer(true);
    if (array.getDataType() == DataType.FLOAT64) {
      bytes.asDoubleBuffer().put(numbers);
    } else {
      for (double number : numbers) {
        bytes.putFloat((float) number);
      }
    }
  }

  /** The elements of an integer array of any layout, in memory that the thread uses again. */
  static long[] longs(NDArray array) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray local = array.toDevice(Device.cpu(), false);
      boolean isWide = local.getDataType() == DataType.INT64;
      if (!isWide && local.getDataType() != DataType.INT32) {
        return local.toType(DataType.INT64, false).toLongArray();
      }
      ByteBuffer bytes = local.toByteBuffer(true);
      long[] longs = CrossEntropyKernel.labels((int) local.size());
      for (int i = 0; i < longs.length; i++) {
        longs[i] = isWide ? bytes.getLong() : bytes.getInt();
      }
      return longs;
    }
  }
}

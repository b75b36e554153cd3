package org.stableops.nd4j.internal;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.FusedPath;
import org.stableops.kernel.Elements;

/** The one place of this host that picks a path, and reads and writes the memory of arrays. */
public final class Fused {
  private Fused() {}

  /**
   * Whether a kernel can work on such an array: float or double, on the CPU, within a buffer's
   * reach.
   */
  static boolean accepts(INDArray x) {
    DataType type = x.dataType();
    return type == Halves.wideType(type) && fitsBuffer(x) && reaches(x);
  }

  /** Whether a buffer can hold the memory from the first element of an array to its last one. */
  static boolean fitsBuffer(INDArray x) {
    return span(x) * x.dataType().width() <= Integer.MAX_VALUE;
  }

  /**
   * Whether a kernel can work on slices of a floating array, if they are of a buffer's size and
   * half types have become float.
   */
  static boolean reaches(INDArray x) {
    return x.dataType().isFPType() && FusedPath.isEnabled() && isOnCpu();
  }

  /** The same of rows of an array. */
  static boolean reachesRows(INDArray x, long rowLength) {
    return rowLength <= Integer.MAX_VALUE / Double.BYTES && reaches(x);
  }

  private static boolean isOnCpu() {
    return Nd4j.getBackend().getClass().getSimpleName().equals("CpuBackend");
  }

  /** Whether the elements are contiguous in the array's own order. */
  static boolean isContiguous(INDArray x) {
    return x.rank() == 0 || Shape.hasDefaultStridesForShape(x);
  }

  /** Whether the elements are contiguous in their logical order. */
  static boolean isFlat(INDArray x) {
    return isContiguous(x) && (x.ordering() == 'c' || x.rank() < 2);
  }

  /** The elements of the buffer up to the array's last one. */
  private static long end(INDArray x) {
    return x.offset() + span(x);
  }

  /** The elements of the buffer from the array's first to its last one. */
  private static long span(INDArray x) {
    long span = 1;
    for (int d = 0; d < x.rank(); d++) {
      span += (x.size(d) - 1) * Math.max(0, x.stride(d));
    }
    return span;
  }

  /** The array itself if a kernel accepts it; else a copy, which is contiguous and not half. */
  static INDArray readable(INDArray x, Temporaries temporaries) {
    if (accepts(x)) {
      return x;
    }
    return flat(x, Halves.wideType(x.dataType()), temporaries);
  }

  /**
   * The elements of an array of any layout, without a copy; valid as long as it.
   *
   * @param dimensions from the slowest to the fastest
   */
  static Elements elements(INDArray x, int... dimensions) {
    return elements(x, permuted(x.shape(), dimensions), permuted(x.stride(), dimensions));
  }

  /** The elements of an array in a shape and strides of the same places. */
  static Elements elements(INDArray x, long[] shape, long[] strides) {
    // isView() and ordering() say little about where elements are. Of a buffer's accessors, only
    // those of its type count the offset: as a position, with which a view counts from 0.
    DataBuffer data = x.data();
    if (end(x) * x.dataType().width() > Integer.MAX_VALUE) {
      return farElements(x, shape, strides);
    }
    if (x.dataType() == DataType.DOUBLE) {
      DoubleBuffer doubles = data.asNioDouble();
      return Elements.of(doubles, doubles.position(), shape, strides);
    }
    FloatBuffer floats = data.asNioFloat();
    return Elements.of(floats, floats.position(), shape, strides);
  }

  /** The same of a slice that a buffer from the start of the memory does not reach. */
  private static Elements farElements(INDArray x, long[] shape, long[] strides) {
    Pointer first = x.data().addressPointer();
    long span = span(x);
    return x.dataType() == DataType.DOUBLE
        ? Elements.of(new DoublePointer(first).capacity(span).asBuffer(), 0, shape, strides)
        : Elements.of(new FloatPointer(first).capacity(span).asBuffer(), 0, shape, strides);
  }

  /** The dimensions of an array in its logical order. */
  static int[] logicalOrder(INDArray x) {
    int[] order = new int[x.rank()];
    for (int d = 0; d < order.length; d++) {
      order[d] = d;
    }
    return order;
  }

  /** The dimensions of an array from the slowest to the fastest in memory. */
  static int[] memoryOrder(INDArray x) {
    int[] order = logicalOrder(x);
    for (int i = 1; i < order.length; i++) {
      for (int j = i; j > 0 && x.stride(order[j - 1]) < x.stride(order[j]); j--) {
        int faster = order[j - 1];
        order[j - 1] = order[j];
        order[j] = faster;
      }
    }
    return order;
  }

  /** The elements in logical order, of any dtype of numbers, as doubles. */
  public static double[] doubles(INDArray x) {
    if (x.isEmpty()) {
      return new double[0];
    }
    try (Temporaries temporaries = new Temporaries()) {
      return accepts(x)
          ? elements(x, logicalOrder(x)).toDoubles()
          : flat(x, DataType.DOUBLE, temporaries).data().asDouble();
    }
  }

  /** The elements in logical order, of any integer dtype, as longs. */
  static long[] longs(INDArray x) {
    if (x.isEmpty()) {
      return new long[0];
    }
    long[] longs = new long[Math.toIntExact(x.length())];
    try (Temporaries temporaries = new Temporaries()) {
      if (!isOnCpu()) {
        return flat(x, DataType.INT64, temporaries).data().asLong();
      }
      INDArray flat = isFlat(x) ? x : temporaries.keep(x.dup('c'));
      if (x.dataType() == DataType.INT32) {
        IntBuffer ints = flat.data().asNioInt();
        Arrays.setAll(longs, i -> ints.get(ints.position() + i));
      } else {
        temporaries.keepUnless(flat, flat.castTo(DataType.INT64)).data().asNioLong().get(longs);
      }
      return longs;
    }
  }

  /** A fresh array, whose buffer holds its elements and nothing else. */
  private static INDArray flat(INDArray x, DataType type, Temporaries temporaries) {
    INDArray contiguous = temporaries.keep(x.dup('c'));
    return temporaries.keepUnless(contiguous, contiguous.castTo(type));
  }

  private static long[] permuted(long[] numbers, int[] dimensions) {
    long[] result = new long[dimensions.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = numbers[dimensions[i]];
    }
    return result;
  }

  /** Whether writing one may change what has not yet been read of the other, of the same shape. */
  static boolean collide(INDArray x, INDArray out) {
    boolean isSame = x.offset() == out.offset() && Arrays.equals(x.stride(), out.stride());
    return !isSame && meet(x, out);
  }

  /** Whether an element of one may be an element of the other. */
  static boolean meet(INDArray x, INDArray out) {
    boolean mayMeet = x.offset() < end(out) && out.offset() < end(x);
    return mayMeet && x.data().address() == out.data().address();
  }

  /** An array like x, in its order if that is one, whose memory nobody has written yet. */
  static INDArray uninitialized(INDArray x) {
    return Nd4j.createUninitialized(x.dataType(), x.shape(), isContiguous(x) ? x.ordering() : 'c');
  }
}

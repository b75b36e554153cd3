package org.stableops.nd4j.internal;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.kernel.Elements;

/**
 * The order in which a kernel goes through two arrays of one shape, which it does not care about:
 * through the memory of the one that is written, and where the other lies across it, in blocks, so
 * that every part of a cache line that has been fetched is used before it is lost.
 */
final class Traversal {
  /** A block is a tile of the kernels. */
  private static final long ROWS = 32;

  private static final long COLUMNS = 64;

  private final INDArray written;
  private final int[] order;

  /** Where in the order is the dimension that the other array is fastest along. */
  private final int across;

  private final long rows;
  private final long columns;

  Traversal(INDArray written, INDArray other) {
    this.written = written;
    order = Fused.memoryOrder(written);
    int fastest = order.length - 1;
    for (int i = fastest; i >= 0; i--) {
      if (isFaster(other, order[i], order[fastest])) {
        fastest = i;
      }
    }
    across = fastest;
    boolean isAcross = across < order.length - 1;
    rows = isAcross ? part(written.size(order[across]), ROWS) : 1;
    columns = isAcross ? part(written.size(order[order.length - 1]), COLUMNS) : 1;
  }

  private static boolean isFaster(INDArray x, int dimension, int than) {
    return x.size(dimension) > 1 && (x.size(than) == 1 || x.stride(dimension) < x.stride(than));
  }

  /** The largest power of two that divides a size, but no more than the most. */
  private static long part(long size, long most) {
    return Math.min(Long.lowestOneBit(size), most);
  }

  /** The elements of one of the two arrays in this order. */
  Elements elements(INDArray x) {
    return elements(x, x.stride());
  }

  /** The elements of another array in this order, in whose strides it has the same shape. */
  Elements elements(INDArray x, long[] ownStrides) {
    int last = order.length - 1;
    boolean isAcross = across < last;
    long[] shape = new long[order.length + (isAcross ? 2 : 0)];
    long[] strides = new long[shape.length];
    for (int i = 0; i <= last; i++) {
      shape[i] = written.size(order[i]);
      strides[i] = ownStrides[order[i]];
    }
    if (isAcross) {
      split(shape, strides, across, rows, last + 1);
      split(shape, strides, last, columns, last + 2);
    }
    return Fused.elements(x, shape, strides);
  }

  /** Makes of a dimension its parts, and of a part a dimension of its own. */
  private static void split(long[] shape, long[] strides, int dimension, long part, int own) {
    shape[own] = part;
    strides[own] = strides[dimension];
    shape[dimension] /= part;
    strides[dimension] *= part;
  }
}

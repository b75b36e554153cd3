package org.stableops.kernel;

import java.util.Arrays;

/**
 * Where in memory the elements of a strided array lie, the last index running fastest. Dimensions
 * that continue each other are one, so that few are left, and most arrays are a run or a table of
 * rows and columns.
 */
final class Layout {
  /** Columns in which a loop along a row is not worth its beginning, and which a cache can hold. */
  private static final int FEW = 8;

  /** Rows between which columns are not read one by one, but a few at once: by measurement. */
  private static final int FEWEST = 4;

  private static final int MANY = 64;

  /** Moves elements one way between a tile and memory, each with its own distance. */
  @FunctionalInterface
  interface Mover<T> {
    void move(T tile, int at, int step, int offset, int stride, int count);
  }

  private final int offset;
  private final int[] sizes;
  private final int[] strides;

  /** Of each dimension, the elements from one index to the next. */
  private final int[] steps;

  private Layout(int offset, int[] sizes, int[] strides) {
    this.offset = offset;
    this.sizes = sizes;
    this.strides = strides;
    steps = new int[sizes.length];
    int step = 1;
    for (int d = sizes.length - 1; d >= 0; d--) {
      steps[d] = step;
      step *= sizes[d];
    }
  }

  /**
   * Lays out an array in a buffer of so many elements.
   *
   * @throws IllegalArgumentException if an element would lie outside
   */
  static Layout of(int capacity, long offset, long[] shape, long[] strides) {
    long size = requireWithin(capacity, offset, shape, strides);
    if (size == 0) {
      return new Layout(0, new int[] {1, 0}, new int[] {0, 1});
    }
    // From the last dimension to the first; there are always rows and columns.
    int[] sizes = new int[Math.max(2, shape.length)];
    int[] collapsed = new int[sizes.length];
    int first = sizes.length;
    for (int d = shape.length - 1; d >= 0; d--) {
      if (shape[d] == 1) {
        continue;
      }
      if (first < sizes.length && strides[d] == (long) collapsed[first] * sizes[first]) {
        sizes[first] *= (int) shape[d];
      } else {
        first--;
        sizes[first] = (int) shape[d];
        collapsed[first] = (int) strides[d];
      }
    }
    if (first == sizes.length) {
      collapsed[--first] = 1;
      sizes[first] = 1;
    }
    if (first == sizes.length - 1) {
      sizes[--first] = 1;
    }
    return new Layout(
        (int) offset,
        Arrays.copyOfRange(sizes, first, sizes.length),
        Arrays.copyOfRange(collapsed, first, sizes.length));
  }

  private static long requireWithin(int capacity, long offset, long[] shape, long[] strides) {
    long size = 1;
    long lowest = offset;
    long highest = offset;
    for (int d = 0; d < shape.length; d++) {
      size = Math.multiplyExact(size, shape[d]);
      long reach = (shape[d] - 1) * strides[d];
      lowest += Math.min(0, reach);
      highest += Math.max(0, reach);
    }
    if (size < 0 || size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "shape must have no more than 2^31 - 1 elements, got " + Arrays.toString(shape));
    }
    if (size > 0 && (lowest < 0 || highest >= capacity)) {
      throw new IllegalArgumentException(
          "elements must lie within a buffer of %d, got shape %s with strides %s from %d"
              .formatted(capacity, Arrays.toString(shape), Arrays.toString(strides), offset));
    }
    return size;
  }

  int size() {
    return sizes[0] * steps[0];
  }

  /** The place of the first element. */
  int offset() {
    return offset;
  }

  /** Whether the elements are contiguous. */
  boolean isContiguous() {
    return sizes.length == 2 && sizes[0] == 1 && (strides[1] == 1 || sizes[1] == 1);
  }

  /** The place of an element. */
  int placeOf(int index) {
    int place = offset;
    int rest = index;
    for (int d = 0; d < sizes.length; d++) {
      place += rest / steps[d] * strides[d];
      rest %= steps[d];
    }
    return place;
  }

  /** Moves elements {@code from} to {@code from + count − 1} and the first ones of a tile. */
  <T> void move(int from, int count, T tile, Mover<T> mover) {
    move(0, from, count, offset, tile, 0, mover);
  }

  /** Elements that are counted from an index of all dimensions before {@code dimension}. */
  private <T> void move(
      int dimension, int from, int count, int origin, T tile, int first, Mover<T> mover) {
    if (dimension == sizes.length - 2) {
      moveRows(from, count, origin, tile, first, mover);
      return;
    }
    int step = steps[dimension];
    int index = from / step;
    int skipped = from - index * step;
    int at = first;
    int end = first + count;
    while (at < end) {
      int part = Math.min(step - skipped, end - at);
      move(dimension + 1, skipped, part, origin + index * strides[dimension], tile, at, mover);
      at += part;
      index++;
      skipped = 0;
    }
  }

  /** The rest of a row, whole rows, and the beginning of one. */
  private <T> void moveRows(int from, int count, int origin, T tile, int at, Mover<T> mover) {
    int rowStride = strides[strides.length - 2];
    int stride = strides[strides.length - 1];
    int columns = sizes[sizes.length - 1];
    int row = from / columns;
    int column = from - row * columns;
    int head = column == 0 ? 0 : Math.min(columns - column, count);
    if (head > 0) {
      mover.move(tile, at, 1, origin + row * rowStride + column * stride, stride, head);
      row++;
    }
    int rows = (count - head) / columns;
    if (rows > 0) {
      moveTable(rows, origin + row * rowStride, tile, at + head, mover);
    }
    int moved = head + rows * columns;
    if (moved < count) {
      int place = origin + (row + rows) * rowStride;
      mover.move(tile, at + moved, 1, place, stride, count - moved);
    }
  }

  /** By row, or where memory runs down the columns, by column or by a few of them. */
  private <T> void moveTable(int rows, int origin, T tile, int at, Mover<T> mover) {
    int columns = sizes[sizes.length - 1];
    int rowStride = strides[strides.length - 2];
    int stride = strides[strides.length - 1];
    // Rows that are the same memory again are runs of it.
    boolean runsDown = rowStride != 0 && Math.abs(rowStride) < Math.abs(stride);
    if (runsDown && rows >= FEWEST && rows < MANY) {
      // Columns a power of two apart share a set of the cache, which has no more ways than that.
      for (int c = 0; c < columns; c += FEW) {
        moveColumns(c, Math.min(FEW, columns - c), rows, origin, tile, at, mover);
      }
    } else if (runsDown || (columns < FEW && columns < rows)) {
      for (int c = 0; c < columns; c++) {
        mover.move(tile, at + c, columns, origin + c * stride, rowStride, rows);
      }
    } else {
      moveColumns(0, columns, rows, origin, tile, at, mover);
    }
  }

  /** Of all rows, one after the other, the elements in some columns. */
  private <T> void moveColumns(
      int first, int count, int rows, int origin, T tile, int at, Mover<T> mover) {
    int rowStride = strides[strides.length - 2];
    int stride = strides[strides.length - 1];
    int columns = sizes[sizes.length - 1];
    for (int r = 0; r < rows; r++) {
      int place = origin + r * rowStride + first * stride;
      mover.move(tile, at + r * columns + first, 1, place, stride, count);
    }
  }
}

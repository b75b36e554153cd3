package org.stableops.kernel;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The elements of an array that somebody else owns, in one order whatever their places in memory,
 * read and written a tile at a time: as they are, or as doubles, widened exactly on the way in and
 * rounded once on the way out.
 */
public abstract sealed class Elements {
  private final int size;

  private Elements(int size) {
    this.size = size;
  }

  /**
   * Views float elements, from the buffer's first to its limit.
   *
   * @param buffer in native byte order, direct or on the heap; its position is not used
   * @return a view, valid as long as the buffer's memory
   */
  public static Elements of(FloatBuffer buffer) {
    return new Floats(buffer);
  }

  /**
   * Views double elements, from the buffer's first to its limit.
   *
   * @param buffer in native byte order, direct or on the heap; its position is not used
   * @return a view, valid as long as the buffer's memory
   */
  public static Elements of(DoubleBuffer buffer) {
    return new Doubles(buffer);
  }

  /**
   * Views the float elements of an array in strides, the last index running fastest.
   *
   * @param buffer in native byte order, direct or on the heap; its position is not used
   * @param offset where in the buffer the element of indices 0 is
   * @param shape the size of each dimension; none for one element
   * @param strides of each dimension, the distance from one index to the next; 0 repeats
   * @return a view, valid as long as the buffer's memory
   * @throws IllegalArgumentException if an element would lie outside of the buffer
   */
  public static Elements of(FloatBuffer buffer, long offset, long[] shape, long[] strides) {
    Layout layout = Layout.of(buffer.limit(), offset, shape, strides);
    return layout.isContiguous()
        ? new Floats(buffer.slice(layout.offset(), layout.size()))
        : new StridedFloats(buffer, layout);
  }

  /**
   * Views the double elements of an array in strides, the last index running fastest.
   *
   * @param buffer in native byte order, direct or on the heap; its position is not used
   * @param offset where in the buffer the element of indices 0 is
   * @param shape the size of each dimension; none for one element
   * @param strides of each dimension, the distance from one index to the next; 0 repeats
   * @return a view, valid as long as the buffer's memory
   * @throws IllegalArgumentException if an element would lie outside of the buffer
   */
  public static Elements of(DoubleBuffer buffer, long offset, long[] shape, long[] strides) {
    Layout layout = Layout.of(buffer.limit(), offset, shape, strides);
    return layout.isContiguous()
        ? new Doubles(buffer.slice(layout.offset(), layout.size()))
        : new StridedDoubles(buffer, layout);
  }

  /**
   * Returns the number of elements.
   *
   * @return the number of elements
   */
  public int size() {
    return size;
  }

  /**
   * Copies all elements.
   *
   * @return the elements as doubles, exactly
   */
  public double[] toDoubles() {
    double[] doubles = new double[size];
    try (Scratch scratch = Scratch.borrow()) {
      for (int from = 0; from < size; from += Tiles.SIZE) {
        int count = Math.min(Tiles.SIZE, size - from);
        load(from, count, scratch.in, scratch);
        System.arraycopy(scratch.in, 0, doubles, from, count);
      }
    }
    return doubles;
  }

  /**
   * The least and the largest of some numbers.
   *
   * @param least NaN if one of them is
   * @param most the same
   */
  public record Range(double least, double most) {
    private static final Range NONE = new Range(Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);

    private Range and(Range other) {
      return new Range(Math.min(least, other.least), Math.max(most, other.most));
    }

    /** Of numbers that are negated. */
    private static Range of(double[] numbers, int count, DoubleTileMath math) {
      double most = math.max(numbers, 0, count);
      for (int i = 0; i < count; i++) {
        numbers[i] = -numbers[i];
      }
      return new Range(-math.max(numbers, 0, count), most);
    }

    private static Range of(float[] numbers, int count, FloatTileMath math) {
      float most = math.max(numbers, 0, count);
      for (int i = 0; i < count; i++) {
        numbers[i] = -numbers[i];
      }
      return new Range(-math.max(numbers, 0, count), most);
    }
  }

  /**
   * Returns the range of the elements.
   *
   * @return from +inf to −inf without any
   */
  public Range range() {
    Range[] ranges = new Range[Tiles.count(size)];
    Tiles.forEachTile(
        size,
        (from, count, scratch) -> {
          if (areFloats()) {
            load(from, count, scratch.floatIn);
            ranges[from / Tiles.SIZE] = Range.of(scratch.floatIn, count, scratch.floatMath);
          } else {
            load(from, count, scratch.in, scratch);
            ranges[from / Tiles.SIZE] = Range.of(scratch.in, count, scratch.doubleMath);
          }
        });
    return Arrays.stream(ranges).reduce(Range.NONE, Range::and);
  }

  /**
   * Returns the sum of the elements.
   *
   * @return the sum, whose error grows with the logarithm of their number
   */
  public double sum() {
    int tiles = Tiles.count(size);
    double[] sums = new double[tiles];
    Tiles.forEachTile(
        size,
        (from, count, scratch) -> {
          load(from, count, scratch.in, scratch);
          sums[from / Tiles.SIZE] = Sums.pairwise(scratch.in, count, scratch.e);
        });
    return Sums.pairwise(sums, tiles, new double[tiles]);
  }

  /**
   * Sets all elements.
   *
   * @param doubles one per element, each rounded once
   * @throws IllegalArgumentException if the lengths differ
   */
  public void setAll(double[] doubles) {
    if (doubles.length != size) {
      throw new IllegalArgumentException(
          "doubles must have %d elements, got %d".formatted(size, doubles.length));
    }
    try (Scratch scratch = Scratch.borrow()) {
      for (int from = 0; from < size; from += Tiles.SIZE) {
        int count = Math.min(Tiles.SIZE, size - from);
        System.arraycopy(doubles, from, scratch.out, 0, count);
        store(scratch.out, from, count, scratch);
      }
    }
  }

  /** Checks the number of elements. */
  final void requireLength(String name, int expected) {
    if (size != expected) {
      throw new IllegalArgumentException(
          "%s must have %d elements, got %d".formatted(name, expected, size));
    }
  }

  /** Whether the elements are contiguous in memory. */
  boolean isContiguous() {
    return true;
  }

  abstract double get(int index);

  /** Whether the elements are floats; only then are there tiles of floats. */
  abstract boolean areFloats();

  abstract void load(int from, int count, float[] tile);

  abstract void store(float[] tile, int to, int count);

  abstract void load(int from, int count, double[] tile, Scratch scratch);

  abstract void store(double[] tile, int to, int count, Scratch scratch);

  private static sealed class Floats extends Elements {
    final FloatBuffer buffer;

    Floats(FloatBuffer buffer) {
      this(buffer, buffer.limit());
    }

    Floats(FloatBuffer buffer, int size) {
      super(size);
      this.buffer = buffer;
    }

    @Override
    double get(int index) {
      return buffer.get(index);
    }

    @Override
    boolean areFloats() {
      return true;
    }

    @Override
    void load(int from, int count, float[] tile) {
      buffer.get(from, tile, 0, count);
    }

    @Override
    void store(float[] tile, int to, int count) {
      buffer.put(to, tile, 0, count);
    }

    @Override
    void load(int from, int count, double[] tile, Scratch scratch) {
      load(from, count, scratch.floatB);
      scratch.floatMath.widen(scratch.floatB, 0, count, tile);
    }

    @Override
    void store(double[] tile, int to, int count, Scratch scratch) {
      scratch.floatMath.narrow(tile, count, scratch.floatB);
      store(scratch.floatB, to, count);
    }
  }

  private static final class StridedFloats extends Floats {
    private final Layout layout;

    /** Created once, so that tiles allocate nothing. */
    private final Layout.Mover<float[]> loader = this::load;

    private final Layout.Mover<float[]> storer = this::store;

    StridedFloats(FloatBuffer buffer, Layout layout) {
      super(buffer, layout.size());
      this.layout = layout;
    }

    @Override
    boolean isContiguous() {
      return false;
    }

    @Override
    double get(int index) {
      return buffer.get(layout.placeOf(index));
    }

    @Override
    void load(int from, int count, float[] tile) {
      layout.move(from, count, tile, loader);
    }

    @Override
    void store(float[] tile, int to, int count) {
      layout.move(to, count, tile, storer);
    }

    private void load(float[] tile, int at, int step, int offset, int stride, int count) {
      if (step == 1 && stride == 1) {
        buffer.get(offset, tile, at, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        tile[at + i * step] = buffer.get(offset + i * stride);
      }
    }

    private void store(float[] tile, int at, int step, int offset, int stride, int count) {
      if (step == 1 && stride == 1) {
        buffer.put(offset, tile, at, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        buffer.put(offset + i * stride, tile[at + i * step]);
      }
    }
  }

  private static sealed class Doubles extends Elements {
    final DoubleBuffer buffer;

    Doubles(DoubleBuffer buffer) {
      this(buffer, buffer.limit());
    }

    Doubles(DoubleBuffer buffer, int size) {
      super(size);
      this.buffer = buffer;
    }

    @Override
    double get(int index) {
      return buffer.get(index);
    }

    @Override
    boolean areFloats() {
      return false;
    }

    @Override
    void load(int from, int count, float[] tile) {
      throw new UnsupportedOperationException();
    }

    @Override
    void store(float[] tile, int to, int count) {
      throw new UnsupportedOperationException();
    }

    @Override
    void load(int from, int count, double[] tile, Scratch scratch) {
      buffer.get(from, tile, 0, count);
    }

    @Override
    void store(double[] tile, int to, int count, Scratch scratch) {
      buffer.put(to, tile, 0, count);
    }
  }

  private static final class StridedDoubles extends Doubles {
    private final Layout layout;

    /** Created once, so that tiles allocate nothing. */
    private final Layout.Mover<double[]> loader = this::load;

    private final Layout.Mover<double[]> storer = this::store;

    StridedDoubles(DoubleBuffer buffer, Layout layout) {
      super(buffer, layout.size());
      this.layout = layout;
    }

    @Override
    boolean isContiguous() {
      return false;
    }

    @Override
    double get(int index) {
      return buffer.get(layout.placeOf(index));
    }

    @Override
    void load(int from, int count, double[] tile, Scratch scratch) {
      layout.move(from, count, tile, loader);
    }

    @Override
    void store(double[] tile, int to, int count, Scratch scratch) {
      layout.move(to, count, tile, storer);
    }

    private void load(double[] tile, int at, int step, int offset, int stride, int count) {
      if (step == 1 && stride == 1) {
        buffer.get(offset, tile, at, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        tile[at + i * step] = buffer.get(offset + i * stride);
      }
    }

    private void store(double[] tile, int at, int step, int offset, int stride, int count) {
      if (step == 1 && stride == 1) {
        buffer.put(offset, tile, at, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        buffer.put(offset + i * stride, tile[at + i * step]);
      }
    }
  }
}

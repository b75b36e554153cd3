package org.stableops.kernel;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

/**
 * The flat elements of an array that somebody else owns, read and written a tile at a time: as they
 * are, or as doubles, widened exactly on the way in and rounded once on the way out.
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
   * Returns the number of elements.
   *
   * @return the number of elements
   */
  public int size() {
    return size;
  }

  abstract double get(int index);

  /** Whether the elements are floats; only then are there tiles of floats. */
  abstract boolean areFloats();

  abstract void load(int from, int count, float[] tile);

  abstract void store(float[] tile, int to, int count);

  abstract void load(int from, int count, double[] tile, Scratch scratch);

  abstract void store(double[] tile, int to, int count, Scratch scratch);

  private static final class Floats extends Elements {
    private final FloatBuffer buffer;

    Floats(FloatBuffer buffer) {
      super(buffer.limit());
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

  private static final class Doubles extends Elements {
    private final DoubleBuffer buffer;

    Doubles(DoubleBuffer buffer) {
      super(buffer.limit());
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
}

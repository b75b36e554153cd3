package org.stableops.kernel;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

/**
 * The flat elements of an array that somebody else owns, read and written a tile at a time. A tile
 * is always double: float elements are widened exactly on the way in and rounded once on the way
 * out, so that one kernel serves both types.
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
    void load(int from, int count, double[] tile, Scratch scratch) {
      float[] narrow = scratch.floats;
      buffer.get(from, narrow, 0, count);
      for (int i = 0; i < count; i++) {
        tile[i] = narrow[i];
      }
    }

    @Override
    void store(double[] tile, int to, int count, Scratch scratch) {
      float[] narrow = scratch.floats;
      for (int i = 0; i < count; i++) {
        narrow[i] = (float) tile[i];
      }
      buffer.put(to, narrow, 0, count);
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
    void load(int from, int count, double[] tile, Scratch scratch) {
      buffer.get(from, tile, 0, count);
    }

    @Override
    void store(double[] tile, int to, int count, Scratch scratch) {
      buffer.put(to, tile, 0, count);
    }
  }
}

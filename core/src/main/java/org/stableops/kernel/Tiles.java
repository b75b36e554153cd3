package org.stableops.kernel;

import java.util.Arrays;

/**
 * Cuts work into tiles and spreads them over threads: the caller alone below a threshold, the
 * caller and the common pool above it. A tile's result depends on the tile alone, so the number of
 * threads changes no bit of it.
 */
final class Tiles {
  /** Elements in a tile: four of floats fill 32 KiB, an L1 cache. */
  static final int SIZE = 2048;

  /**
   * Nanoseconds of work below which a second thread costs more than it brings: it comes 30
   * microseconds late, and not at all while a host's own threads spin behind its last operator.
   */
  static final long PARALLEL_FROM = 250_000;

  /** Nanoseconds of a part that are worth the asking for it. */
  private static final long PART = 20_000;

  /** One piece of work, with tiles for the thread that does it. */
  @FunctionalInterface
  interface Task {
    void run(int index, Scratch scratch);
  }

  private Tiles() {}

  /** The number of tiles that so many elements take. */
  static int count(int elements) {
    return (int) (((long) elements + SIZE - 1) / SIZE);
  }

  /** Runs tasks 0 … count − 1, which together take one thread so many nanoseconds, in any order. */
  static void forEach(int count, long nanoseconds, Task task) {
    int threads = nanoseconds < PARALLEL_FROM ? 1 : Math.min(count, Threads.count());
    if (threads <= 1) {
      run(0, count, task);
    } else {
      int[] ends = ends(count, threads, nanoseconds);
      new Parts(ends.length, p -> run(p == 0 ? 0 : ends[p - 1], ends[p], task)).run(threads - 1);
    }
  }

  /**
   * Where the parts end. They are half a thread's share of what is left, so that the last are
   * small: a thread that is held in one of them, by whoever else wants its core, keeps few tasks.
   */
  private static int[] ends(int count, int threads, long nanoseconds) {
    long smallest = Math.max(1, count * PART / nanoseconds);
    int[] ends = new int[count];
    int parts = 0;
    for (int end = 0; end < count; parts++) {
      long share = (count - end) / (2L * threads);
      end = (int) Math.min(count, end + Math.max(smallest, share));
      ends[parts] = end;
    }
    return Arrays.copyOf(ends, parts);
  }

  private static void run(int from, int to, Task task) {
    try (Scratch scratch = Scratch.borrow()) {
      for (int i = from; i < to; i++) {
        task.run(i, scratch);
      }
    }
  }
}

package org.stableops.kernel;

import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Runs tasks, such as the tiles of an array, on the caller alone or together with the common pool.
 * A task's result depends on the task alone, so the number of threads changes no bit of it.
 *
 * <p>Whether helpers are called is decided by the time that the work takes: the caller begins, and
 * calls them if what is left, at the pace it has seen, is worth it. So no cost of a kernel, type of
 * number, layout or processor has to be known.
 */
final class Tiles {
  /** Elements in a tile: four of floats fill 32 KiB, an L1 cache. */
  static final int SIZE = 2048;

  /** How many nanoseconds the caller measures its own pace. */
  static final long TRIAL = 16_000;

  /**
   * Nanoseconds of one thread's work from which a second thread brings more than it costs behind
   * operators of a host, whose own threads still hold the other cores.
   */
  static final long WORTH_SHARING = 1_000_000;

  /**
   * Nanoseconds of work in the smallest part: taking one costs nothing beside it, and waiting for
   * the last one little.
   */
  static final long SMALLEST_PART = 20_000;

  /** One piece of work, with tiles for the thread that does it. */
  @FunctionalInterface
  interface Task {
    void run(int index, Scratch scratch);
  }

  /** A tile's work: so many elements from one on. */
  @FunctionalInterface
  interface TileTask {
    void run(int from, int count, Scratch scratch);
  }

  /** Nanoseconds; other than this only in tests. */
  static LongSupplier clock = System::nanoTime;

  private Tiles() {}

  /** The number of tiles that so many elements take. */
  static int count(int elements) {
    return (int) (((long) elements + SIZE - 1) / SIZE);
  }

  /** Runs a task for every tile of so many elements, in any order. */
  static void forEachTile(int elements, TileTask task) {
    forEach(
        count(elements),
        (tile, scratch) -> {
          int from = tile * SIZE;
          task.run(from, Math.min(SIZE, elements - from), scratch);
        });
  }

  /** Runs tasks 0 … count − 1, in any order. */
  static void forEach(int count, Task task) {
    if (count <= 1) {
      run(0, count, task);
      return;
    }
    int done = 0;
    long nanos = 0;
    try (Scratch scratch = Scratch.borrow()) {
      long start = clock.getAsLong();
      while (done < count && nanos < TRIAL) {
        task.run(done, scratch);
        done++;
        nanos = clock.getAsLong() - start;
      }
      if (!isWorthSharing(count - done, done, nanos)) {
        for (; done < count; done++) {
          task.run(done, scratch);
        }
      }
    }
    if (done < count) {
      int[] bounds = bounds(done, count, Threads.count(), smallest(done, nanos));
      new Parts(bounds.length - 1, p -> run(bounds[p], bounds[p + 1], task))
          .run(Threads.count() - 1);
    }
  }

  /** Whether so many tasks are, of which others have taken so many nanoseconds. */
  private static boolean isWorthSharing(int left, int done, long nanos) {
    return left > 1 && nanos / done * left >= WORTH_SHARING && Threads.count() > 1;
  }

  /** The tasks in the smallest part, of which so many have taken so many nanoseconds. */
  static int smallest(int done, long nanos) {
    return (int) Math.max(1, SMALLEST_PART * done / nanos);
  }

  /**
   * Where parts begin and end. Each is half of a thread's share of what is left, so that there are
   * few, and yet the last ones, for which all wait, are small.
   */
  static int[] bounds(int from, int to, int threads, int smallest) {
    int[] bounds = {from};
    for (int at = from; at < to; ) {
      at += Math.min(to - at, Math.max(smallest, (to - at) / (2 * threads)));
      bounds = Arrays.copyOf(bounds, bounds.length + 1);
      bounds[bounds.length - 1] = at;
    }
    return bounds;
  }

  private static void run(int from, int to, Task task) {
    try (Scratch scratch = Scratch.borrow()) {
      for (int i = from; i < to; i++) {
        task.run(i, scratch);
      }
    }
  }
}

package org.stableops.kernel;

/**
 * Cuts work into tiles and spreads them over threads: the caller alone below a threshold, the
 * caller and the common pool above it. A tile's result depends on the tile alone, so the number of
 * threads changes no bit of it.
 */
final class Tiles {
  /** Elements in a tile: four of floats fill 32 KiB, an L1 cache. */
  static final int SIZE = 2048;

  /** Elements below which a second thread costs more than it brings. */
  private static final int PARALLEL_FROM = 1 << 15;

  /** Parts a thread, so that one that comes late is not waited for. */
  private static final int PARTS = 4;

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

  /** Runs tasks 0 … count − 1, which together touch so many elements, in any order. */
  static void forEach(int count, long elements, Task task) {
    int threads = elements < PARALLEL_FROM ? 1 : Math.min(count, Threads.count());
    if (threads <= 1) {
      run(0, count, task);
    } else {
      int parts = Math.min(count, PARTS * threads);
      new Parts(parts, p -> run(share(count, p, parts), share(count, p + 1, parts), task))
          .run(threads - 1);
    }
  }

  private static int share(int count, int part, int parts) {
    return (int) ((long) count * part / parts);
  }

  private static void run(int from, int to, Task task) {
    try (Scratch scratch = Scratch.borrow()) {
      for (int i = from; i < to; i++) {
        task.run(i, scratch);
      }
    }
  }
}

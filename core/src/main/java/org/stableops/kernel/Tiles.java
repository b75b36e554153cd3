package org.stableops.kernel;

import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;

/**
 * Cuts work into tiles and spreads them over threads: the caller alone below a threshold, the
 * caller and the common pool above it. A tile's result depends on the tile alone, so the number of
 * threads changes no bit of it.
 */
final class Tiles {
  /** Doubles in a tile: four of them fill 32 KiB, an L1 cache. */
  static final int SIZE = 1024;

  /** Elements below which a second thread costs more than it brings. */
  private static final int PARALLEL_FROM = 1 << 15;

  /** One tile of an elementwise kernel: reads {@code in}, writes {@code out}. */
  @FunctionalInterface
  interface TileFunction {
    void apply(Scratch scratch, int count);
  }

  /** One piece of work, with the scratch of the thread that does it. */
  @FunctionalInterface
  interface Task {
    void run(int index, Scratch scratch);
  }

  private Tiles() {}

  /** Applies a function to every element of x; out may be x. */
  static void map(Elements x, Elements out, TileFunction function) {
    if (x.size() != out.size()) {
      throw new IllegalArgumentException(
          "out must have %d elements, got %d".formatted(x.size(), out.size()));
    }
    int size = x.size();
    int tiles = (int) (((long) size + SIZE - 1) / SIZE);
    forEach(
        tiles,
        size,
        (tile, scratch) -> {
          int from = tile * SIZE;
          int count = Math.min(SIZE, size - from);
          x.load(from, count, scratch.in, scratch);
          function.apply(scratch, count);
          out.store(scratch.out, from, count, scratch);
        });
  }

  /** Runs tasks 0 … count − 1, which together touch so many elements, in any order. */
  static void forEach(int count, long elements, Task task) {
    int threads =
        elements < PARALLEL_FROM ? 1 : Math.min(count, ForkJoinPool.getCommonPoolParallelism() + 1);
    if (threads <= 1) {
      run(0, count, task);
    } else {
      IntStream.range(0, threads)
          .parallel()
          .forEach(t -> run(share(count, t, threads), share(count, t + 1, threads), task));
    }
  }

  private static int share(int count, int part, int parts) {
    return (int) ((long) count * part / parts);
  }

  private static void run(int from, int to, Task task) {
    Scratch scratch = Scratch.ofThread();
    for (int i = from; i < to; i++) {
      task.run(i, scratch);
    }
  }
}

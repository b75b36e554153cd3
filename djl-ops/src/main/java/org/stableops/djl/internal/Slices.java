package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import org.stableops.internal.Blocks;

/** Works on arrays by blocks of rows, and frees what a block needed before the next. */
final class Slices {
  /** Computes some rows of a result. */
  @FunctionalInterface
  interface Rows {
    NDArray compute(long from, long to);
  }

  /** Elements of a block of rows. Below 2^15 libtorch computes on one thread. */
  private static final long OF_ROWS = 1 << 16;

  /** Elements of a block without rows, of which fewer copies are alive. */
  static final long OF_ELEMENTS = 1 << 18;

  private Slices() {}

  /** Rows of an array outside any graph, as a view. */
  static NDArray of(NDArray array, long from, long to) {
    return array.get(new NDIndex().addSliceDim(from, to));
  }

  /** Runs through the rows of an array of a length, each block in a scope of its own. */
  static void forEach(long rows, long rowLength, Blocks.Block block) {
    Blocks.forEach(
        rows,
        rowLength,
        rowLength == 1 ? OF_ELEMENTS : OF_ROWS,
        (from, to) -> {
          try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            block.run(from, to);
          }
        });
  }

  /** Writes rows, each element rounded once; the rows they are computed from have a length. */
  static void fill(NDArray out, long rowLength, Rows rows) {
    forEach(
        out.getShape().get(0), rowLength, (from, to) -> write(out, from, rows.compute(from, to)));
  }

  /** Writes rows from one on, each element rounded once. */
  static void write(NDArray out, long from, NDArray rows) {
    Autograd.overwrite(of(out, from, from + rows.getShape().get(0)), rows);
  }
}

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import org.stableops.internal.Blocks;

/** Works on arrays by blocks of rows, and frees what a block needed before the next. */
final class Slices {
  /** Computes some rows of results. */
  @FunctionalInterface
  interface Rows {
    NDArray[] compute(long from, long to);
  }

  /** Elements of a block of composites, which is to be worth libtorch's second thread. */
  static final long OF_COMPOSITES = 1 << 18;

  /** Elements of a block of kernels, which is to be worth a second thread. */
  static final long OF_KERNELS = 1 << 20;

  private Slices() {}

  /** The elements of a block of rows like those of an array. */
  static long elements(NDArray array) {
    return Fused.reaches(array) ? OF_KERNELS : OF_COMPOSITES;
  }

  /** Rows of an array outside any graph, as a view. */
  static NDArray of(NDArray array, long from, long to) {
    return from == 0 && to == array.getShape().get(0)
        ? array
        : JniUtils.slice((PtNDArray) array, 0, from, to, 1);
  }

  /** Runs through the rows of an array of a length, each block in a scope of its own. */
  static void forEach(long rows, long rowLength, long elements, Blocks.Block block) {
    Blocks.forEach(
        rows,
        rowLength,
        elements,
        (from, to) -> {
          try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            block.run(from, to);
          }
        });
  }

  /**
   * Computes all rows of results; if there is one block, its results are returned as they are, and
   * so are those of no rows.
   */
  static NDArray[] compute(long rows, long rowLength, long elements, Rows block) {
    if (Blocks.count(rows, rowLength, elements) <= 1) {
      return block.compute(0, rows);
    }
    NDArray[][] results = new NDArray[1][];
    try {
      forEach(
          rows,
          rowLength,
          elements,
          (from, to) -> {
            NDArray[] ofBlock = block.compute(from, to);
            if (results[0] == null) {
              results[0] = new NDArray[ofBlock.length];
            }
            for (int i = 0; i < ofBlock.length; i++) {
              if (ofBlock[i] != null) {
                if (results[0][i] == null) {
                  results[0][i] = like(ofBlock[i], rows);
                }
                write(results[0][i], from, ofBlock[i]);
              }
            }
          });
    } finally {
      if (results[0] != null) {
        Arrays.stream(results[0]).filter(result -> result != null).forEach(NDScope::register);
      }
    }
    return results[0];
  }

  /** An array for all rows, which outlives the scope of the block. */
  private static NDArray like(NDArray block, long rows) {
    long[] shape = block.getShape().getShape().clone();
    shape[0] = rows;
    NDArray result =
        block.getManager().create(new Shape(shape), block.getDataType(), block.getDevice());
    NDScope.unregister(result);
    return result;
  }

  /** Writes some rows of an array outside any graph. */
  static void write(NDArray out, long from, NDArray rows) {
    long[] to = {from + rows.getShape().get(0)};
    JniUtils.indexSet((PtNDArray) out, (PtNDArray) rows, new long[] {from}, to, new long[] {1});
  }
}

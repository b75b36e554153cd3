package org.stableops.nd4j.internal;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.internal.Blocks;

/** Works on arrays by blocks of rows, and frees what a block needed before the next. */
final class Slices {
  /** Computes some rows of a result; the temporaries live as long as the block. */
  @FunctionalInterface
  interface Rows {
    INDArray compute(long from, long to, Temporaries temporaries);
  }

  /** Does something with some rows. */
  @FunctionalInterface
  interface Block {
    void run(long from, long to, Temporaries temporaries);
  }

  /** Elements of a block of composites, whose temporaries stay in the caches. */
  static final long OF_COMPOSITES = 1 << 17;

  /** Elements of a block of kernels, which is to be worth a second thread. */
  static final long OF_KERNELS = 1 << 20;

  private Slices() {}

  /** The elements of a block of rows like those of an array. */
  static long elements(INDArray array) {
    return Fused.reaches(array) ? OF_KERNELS : OF_COMPOSITES;
  }

  /** Elements of a vector, or rows of a matrix, as a view. */
  static INDArray of(INDArray array, long from, long to) {
    if (from == 0 && to == array.size(0)) {
      return array;
    }
    return array.rank() == 1
        ? array.get(NDArrayIndex.interval(from, to))
        : array.get(NDArrayIndex.interval(from, to), NDArrayIndex.all());
  }

  /** Runs through the rows of an array of a length. */
  static void forEach(long rows, long rowLength, long elements, Block block) {
    try (Spares spares = new Spares()) {
      Blocks.forEach(
          rows,
          rowLength,
          elements,
          (from, to) -> {
            try (Temporaries temporaries = Temporaries.of(spares)) {
              block.run(from, to, temporaries);
            }
          });
    }
  }

  /** Writes rows, each element rounded once; the rows they are computed from have a length. */
  static void fill(INDArray out, long rowLength, long elements, Rows rows) {
    forEach(
        out.size(0),
        rowLength,
        elements,
        (from, to, temporaries) ->
            Primitives.assign(of(out, from, to), rows.compute(from, to, temporaries)));
  }
}

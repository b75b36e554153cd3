package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.internal.Blocks;

/** Works on arrays that broadcast against each other by blocks along their first axes. */
final class ParameterBlocks {
  /** Does something with a block of each array, as views. */
  @FunctionalInterface
  interface Block {
    void run(INDArray[] arrays, Temporaries temporaries);
  }

  private ParameterBlocks() {}

  /**
   * Runs through blocks of arrays of one rank.
   *
   * @param arrays the first of the full shape, the others with one element along axes where they
   *     are repeated, or null
   */
  static void forEach(INDArray[] arrays, Block block) {
    INDArray x = arrays[0];
    long elements = Slices.elements(x);
    if (x.length() <= elements) {
      try (Temporaries temporaries = new Temporaries()) {
        block.run(arrays, temporaries);
      }
      return;
    }
    int axis = 0;
    while (x.size(axis) == 1) {
      axis++;
    }
    int along = axis;
    long rows = x.size(axis);
    // A row that is too long for a block is cut along the next axis.
    Blocks.forEach(
        rows,
        x.length() / rows,
        elements,
        (from, to) -> forEach(slices(arrays, along, from, to), block));
  }

  private static INDArray[] slices(INDArray[] arrays, int axis, long from, long to) {
    return Arrays.stream(arrays)
        .map(array -> slice(array, axis, from, to))
        .toArray(INDArray[]::new);
  }

  private static INDArray slice(INDArray array, int axis, long from, long to) {
    if (array == null || array.size(axis) == 1) {
      return array;
    }
    INDArrayIndex[] indices = new INDArrayIndex[array.rank()];
    Arrays.fill(indices, NDArrayIndex.all());
    indices[axis] = NDArrayIndex.interval(from, to);
    return array.get(indices);
  }
}

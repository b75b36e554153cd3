package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Contiguous arrays that are no longer needed and become the next results: on the composite path
 * fresh memory takes about as long as the arithmetic on it.
 */
final class Spares implements AutoCloseable {
  private final List<INDArray> arrays = new ArrayList<>();

  /** An uninitialised array, which the caller owns. */
  INDArray take(DataType type, long[] shape) {
    for (int i = arrays.size() - 1; i >= 0; i--) {
      INDArray array = arrays.get(i);
      if (array.dataType() == type && Arrays.equals(array.shape(), shape)) {
        return arrays.remove(i);
      }
    }
    return Nd4j.createUninitialized(type, shape, 'c');
  }

  /** Gives an array back. */
  void add(INDArray array) {
    arrays.add(array);
  }

  @Override
  public void close() {
    arrays.forEach(Temporaries::close);
  }
}

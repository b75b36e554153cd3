package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Owns the intermediate arrays of a computation and frees them at its end, however it ends. */
public final class Temporaries implements AutoCloseable {
  private final List<INDArray> arrays = new ArrayList<>();

  public INDArray keep(INDArray array) {
    arrays.add(array);
    return array;
  }

  /** Keeps a copy or a view of another array, unless it is that array itself. */
  INDArray keepUnless(INDArray other, INDArray array) {
    return array == other ? array : keep(array);
  }

  /** Hands over a kept array, which is now the result and no longer freed. */
  INDArray give(INDArray array) {
    arrays.removeIf(kept -> kept == array);
    return array;
  }

  /** Returns a new array when it has been filled; frees it where that fails. */
  static INDArray filled(INDArray array, Consumer<INDArray> fill) {
    try (Temporaries temporaries = new Temporaries()) {
      fill.accept(temporaries.keep(array));
      return temporaries.give(array);
    }
  }

  @Override
  public void close() {
    for (INDArray array : arrays) {
      // What lives in a workspace is the workspace's; a view has no memory of its own.
      if (array.closeable()) {
        array.close();
      }
    }
  }
}

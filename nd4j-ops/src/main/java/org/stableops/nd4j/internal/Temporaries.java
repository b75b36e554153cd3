package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Owns the intermediate arrays of a computation and frees them at its end, however it ends. */
public final class Temporaries implements AutoCloseable {
  private final List<INDArray> arrays = new ArrayList<>();
  private final List<INDArray> taken = new ArrayList<>();
  private final Spares spares;
  private final boolean ownsSpares;

  public Temporaries() {
    this(new Spares(), true);
  }

  private Temporaries(Spares spares, boolean ownsSpares) {
    this.spares = spares;
    this.ownsSpares = ownsSpares;
  }

  /** Those of a block, which takes its results from spares, and gives them back for the next. */
  static Temporaries of(Spares spares) {
    return new Temporaries(spares, false);
  }

  /** A kept, uninitialised, contiguous array. */
  INDArray take(DataType type, long... shape) {
    INDArray array = spares.take(type, shape);
    taken.add(array);
    return array;
  }

  /** Frees an array that nothing needs any more, if it is kept. */
  void free(INDArray array) {
    if (remove(taken, array)) {
      spares.add(array);
    } else if (remove(arrays, array)) {
      close(array);
    }
  }

  private static boolean remove(List<INDArray> arrays, INDArray array) {
    return arrays.removeIf(kept -> kept == array);
  }

  public INDArray keep(INDArray array) {
    arrays.add(array);
    return array;
  }

  /** Keeps a copy or a view of another array, unless it is that array itself. */
  public INDArray keepUnless(INDArray other, INDArray array) {
    return array == other ? array : keep(array);
  }

  /** Hands over a kept array, which is now the result and no longer freed. */
  INDArray give(INDArray array) {
    remove(arrays, array);
    remove(taken, array);
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
    arrays.forEach(Temporaries::close);
    taken.forEach(spares::add);
    if (ownsSpares) {
      spares.close();
    }
  }

  /** What lives in a workspace is the workspace's; a view has no memory of its own. */
  static void close(INDArray array) {
    if (array.closeable()) {
      array.close();
    }
  }
}

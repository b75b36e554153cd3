package org.stableops.kernel;

import java.util.concurrent.atomic.AtomicBoolean;

/** Rows of masses of which one is 1 and the others are 0. */
final class OneHot {
  private static final int NONE = -1;

  private final Elements masses;
  private final int classes;
  private final long[] labels;
  private final AtomicBoolean isAll = new AtomicBoolean(true);

  private OneHot(Elements masses, int classes, int rows) {
    this.masses = masses;
    this.classes = classes;
    this.labels = new long[rows];
  }

  /** The classes of the ones; null if a row that is read is not one-hot. */
  static long[] labels(Elements masses, int classes, int rows, double[] sampleWeights) {
    OneHot oneHot = new OneHot(masses, classes, rows);
    Tiles.forEach(
        rows,
        (long) rows * classes,
        (row, scratch) -> {
          if (sampleWeights == null || sampleWeights[row] != 0) {
            oneHot.read(row, scratch);
          }
        });
    return oneHot.isAll.get() ? oneHot.labels : null;
  }

  private void read(int row, Scratch scratch) {
    int label = NONE;
    for (int firstClass = 0; firstClass < classes && isAll.get(); firstClass += Tiles.SIZE) {
      int count = Math.min(Tiles.SIZE, classes - firstClass);
      int one = count;
      if (masses.areFloats()) {
        masses.load(row * classes + firstClass, count, scratch.floatIn);
        one = placeOfOne(scratch.floatIn, count);
      } else {
        masses.load(row * classes + firstClass, count, scratch.in, scratch);
        one = placeOfOne(scratch.in, count);
      }
      isAll.compareAndSet(true, one < count && (one == NONE || label == NONE));
      label = one == NONE ? label : firstClass + one;
    }
    isAll.compareAndSet(true, label != NONE);
    labels[row] = label;
  }

  /** Where 1 is among zeros; NONE if all are 0, and {@code count} if there is anything else. */
  private static int placeOfOne(float[] masses, int count) {
    int place = NONE;
    for (int i = 0; i < count; i++) {
      if (masses[i] != 0) {
        if (masses[i] != 1 || place != NONE) {
          return count;
        }
        place = i;
      }
    }
    return place;
  }

  private static int placeOfOne(double[] masses, int count) {
    int place = NONE;
    for (int i = 0; i < count; i++) {
      if (masses[i] != 0) {
        if (masses[i] != 1 || place != NONE) {
          return count;
        }
        place = i;
      }
    }
    return place;
  }
}

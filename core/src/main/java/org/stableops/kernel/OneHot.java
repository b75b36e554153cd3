package org.stableops.kernel;

/** Rows of probabilities of which one is 1 and the others are 0. */
final class OneHot {
  private static final int NONE = -1;
  private static final int OTHER = -2;

  private final Elements probabilities;
  private final int classes;
  private final double[] sampleWeights;
  private final long[] labels;
  private volatile boolean isAll = true;

  private OneHot(Elements probabilities, int classes, int rows, double[] sampleWeights) {
    this.probabilities = probabilities;
    this.classes = classes;
    this.sampleWeights = sampleWeights;
    this.labels = RowArrays.ofThread().labels(rows);
  }

  /** The classes of the ones; null if a row that is read is not one-hot. */
  static long[] labels(Elements probabilities, int classes, int rows, double[] sampleWeights) {
    OneHot oneHot = new OneHot(probabilities, classes, rows, sampleWeights);
    int rowsInTask = Math.max(1, Tiles.SIZE / classes);
    Tiles.forEach(
        (rows + rowsInTask - 1) / rowsInTask,
        (task, scratch) -> {
          int first = task * rowsInTask;
          for (int row = first; row < Math.min(first + rowsInTask, rows); row++) {
            oneHot.read(row, scratch);
          }
        });
    return oneHot.isAll ? oneHot.labels : null;
  }

  private void read(int row, Scratch scratch) {
    int label = NONE;
    boolean isRead = sampleWeights == null || sampleWeights[row] != 0;
    for (int from = 0; isRead && isAll && from < classes; from += Tiles.SIZE) {
      int place = placeOfOne(row * classes + from, Math.min(Tiles.SIZE, classes - from), scratch);
      if (place == OTHER || (place != NONE && label != NONE)) {
        isAll = false;
      }
      label = place == NONE ? label : from + place;
    }
    if (isRead && label == NONE) {
      isAll = false;
    }
    labels[row] = label;
  }

  /** Where 1 is among zeros; NONE if all are 0, and OTHER if there is anything else. */
  private int placeOfOne(int at, int count, Scratch scratch) {
    if (probabilities.areFloats()) {
      probabilities.load(at, count, scratch.floatIn);
      return placeOfOne(scratch.floatIn, count);
    }
    probabilities.load(at, count, scratch.in, scratch);
    return placeOfOne(scratch.in, count);
  }

  private static int placeOfOne(float[] probabilities, int count) {
    int place = NONE;
    for (int i = 0; i < count; i++) {
      if (probabilities[i] != 0) {
        place = probabilities[i] == 1 && place == NONE ? i : OTHER;
      }
    }
    return place;
  }

  private static int placeOfOne(double[] probabilities, int count) {
    int place = NONE;
    for (int i = 0; i < count; i++) {
      if (probabilities[i] != 0) {
        place = probabilities[i] == 1 && place == NONE ? i : OTHER;
      }
    }
    return place;
  }
}

package org.stableops.kernel;

import java.util.Arrays;

/**
 * A thread's own arrays of one number per row, used again while the number of rows stays the same,
 * as it does from batch to batch.
 */
final class RowArrays {
  static final int LOSSES = 0;
  static final int Z_LOSSES = 1;
  static final int LOG_SUM_EXPS = 2;
  static final int WEIGHTS = 3;
  static final int FOLDED = 4;
  static final int OTHER_HALF = 5;
  private static final int KINDS = 6;

  /** Larger arrays are not kept, for a thread may never have so many again. */
  private static final int MOST_ROWS = 1 << 16;

  private static final ThreadLocal<RowArrays> OF_THREAD = ThreadLocal.withInitial(RowArrays::new);

  private final double[][] arrays = new double[KINDS][0];
  private long[] labels = new long[0];

  private RowArrays() {}

  static RowArrays ofThread() {
    return OF_THREAD.get();
  }

  /** An array of zeros, which is the thread's until it asks for one of the same kind again. */
  double[] zeros(int kind, int rows) {
    if (rows > MOST_ROWS) {
      return new double[rows];
    }
    if (arrays[kind].length != rows) {
      arrays[kind] = new double[rows];
    }
    Arrays.fill(arrays[kind], 0);
    return arrays[kind];
  }

  /** An array for labels, which is the thread's until it asks again. */
  long[] labels(int rows) {
    if (rows > MOST_ROWS) {
      return new long[rows];
    }
    if (labels.length != rows) {
      labels = new long[rows];
    }
    return labels;
  }
}

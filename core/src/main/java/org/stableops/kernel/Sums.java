package org.stableops.kernel;

/** Sums whose error grows with the logarithm of the number of terms. */
final class Sums {
  /** Terms that are not worth a copy. */
  private static final int FEW = 8;

  private Sums() {}

  /**
   * Sums pairwise by folding one half onto the other.
   *
   * @param x is overwritten
   * @param other at least half as long; is overwritten
   */
  static double pairwise(double[] x, int count, double[] other) {
    int n = count;
    while (n > FEW) {
      int half = (n + 1) / 2;
      // Copied, for C2 vectorises no loop over an array and the same array from elsewhere on.
      System.arraycopy(x, half, other, 0, n - half);
      for (int i = 0; i < n - half; i++) {
        x[i] += other[i];
      }
      n = half;
    }
    while (n > 1) {
      int half = (n + 1) / 2;
      for (int i = half; i < n; i++) {
        x[i - half] += x[i];
      }
      n = half;
    }
    return count == 0 ? 0 : x[0];
  }

  /**
   * Sums rows by folding one half onto the other, into the first row.
   *
   * @param x is overwritten
   * @param from where the first row begins
   * @param other at least half as long as the rows together; is overwritten
   */
  static void rows(double[] x, int from, int rows, int columns, double[] other) {
    int n = rows;
    while (n > 1) {
      int half = (n + 1) / 2;
      int count = (n - half) * columns;
      // Copied, for C2 vectorises no loop over an array and the same array from elsewhere on.
      System.arraycopy(x, from + half * columns, other, 0, count);
      for (int i = 0; i < count; i++) {
        x[from + i] += other[i];
      }
      n = half;
    }
  }
}

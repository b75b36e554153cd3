package org.stableops.kernel;

/** Sums whose error grows with the logarithm of the number of terms. */
final class Sums {
  private Sums() {}

  /** Sums pairwise by folding one half onto the other, in {@code folded}, which it overwrites. */
  static double pairwise(double[] x, int from, int count, double[] folded) {
    if (count == 0) {
      return 0;
    }
    System.arraycopy(x, from, folded, 0, count);
    for (int n = count; n > 1; ) {
      int half = (n + 1) / 2;
      for (int i = 0; i < n - half; i++) {
        folded[i] += folded[i + half];
      }
      n = half;
    }
    return folded[0];
  }
}

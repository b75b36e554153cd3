package org.stableops.integration.demo;

import java.util.stream.IntStream;

/**
 * Some digits.
 *
 * @param pixels {@link Digits#PIXELS} numbers in [0, 1] a digit
 * @param labels the digits they show
 */
public record Examples(double[] pixels, int[] labels) {
  /**
   * Counts the digits.
   *
   * @return how many digits these are
   */
  public int size() {
    return labels.length;
  }

  Examples select(int... rows) {
    double[] selected = new double[rows.length * Digits.PIXELS];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(pixels, rows[i] * Digits.PIXELS, selected, i * Digits.PIXELS, Digits.PIXELS);
    }
    return new Examples(selected, IntStream.of(rows).map(row -> labels[row]).toArray());
  }

  /**
   * Compares predictions with the labels.
   *
   * @param predicted one class a digit
   * @return the share of right ones
   */
  public double accuracy(long[] predicted) {
    long right = IntStream.range(0, size()).filter(i -> predicted[i] == labels[i]).count();
    return (double) right / size();
  }
}

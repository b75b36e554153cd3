package org.stableops.integration.data;

import java.util.Arrays;

/**
 * Insects under six sprays, twelve plots each.
 *
 * @param oneHot the spray of each plot
 * @param counts of the insects of each plot
 * @param means of each spray
 */
public record Sprays(double[][] oneHot, double[] counts, double[] means) {
  private static final String NAMES = "ABCDEF";
  private static final int PLOTS = 12;

  /**
   * Reads them.
   *
   * @return all plots
   */
  public static Sprays read() {
    Table table = Table.insectSprays();
    double[] counts = table.numbers("count");
    double[][] oneHot = new double[counts.length][NAMES.length()];
    double[] means = new double[NAMES.length()];
    for (int spray = 0; spray < means.length; spray++) {
      double[] isSprayed = table.indicator("spray", NAMES.substring(spray, spray + 1));
      for (int row = 0; row < counts.length; row++) {
        oneHot[row][spray] = isSprayed[row];
        means[spray] += isSprayed[row] * counts[row] / PLOTS;
      }
    }
    return new Sprays(oneHot, counts, means);
  }

  /**
   * Returns the sprays row by row.
   *
   * @return the elements of the table
   */
  public double[] flat() {
    return Arrays.stream(oneHot).flatMapToDouble(Arrays::stream).toArray();
  }
}

package org.stableops.integration.newton;

import java.util.Arrays;
import org.stableops.integration.data.Sprays;
import org.stableops.integration.data.Table;

/**
 * Counts, and what may explain them.
 *
 * @param x a row each
 * @param counts what was counted
 * @param start coefficients that give every row the mean of all counts
 */
public record Counts(double[][] x, double[] counts, double[] start) {
  /**
   * Reads the breaks of warp: a constant, and the indicators of wool and tension.
   *
   * @return 54 rows of 4 columns
   */
  public static Counts warpBreaks() {
    Table table = Table.warpBreaks();
    double[][] x = new double[table.rows()][];
    double[] wool = table.indicator("wool", "B");
    double[] medium = table.indicator("tension", "M");
    double[] high = table.indicator("tension", "H");
    Arrays.setAll(x, row -> new double[] {1, wool[row], medium[row], high[row]});
    double[] counts = table.numbers("breaks");
    return new Counts(x, counts, new double[] {logMean(counts), 0, 0, 0});
  }

  /**
   * Reads the insects: the indicators of the sprays.
   *
   * @return 72 rows of 6 columns
   */
  public static Counts insects() {
    Sprays sprays = Sprays.read();
    double[] start = new double[sprays.means().length];
    Arrays.fill(start, logMean(sprays.counts()));
    return new Counts(sprays.oneHot(), sprays.counts(), start);
  }

  /**
   * Returns the coefficients of the warp breaks' Poisson regression.
   *
   * @return those of decimal arithmetic with 45 digits
   */
  public static double[] warpBreaksCoefficients() {
    return new double[] {
      3.6919631449407935, -0.20598844263862094, -0.3213204316006107, -0.5184884965115598
    };
  }

  private static double logMean(double... counts) {
    return Math.log(Arrays.stream(counts).average().orElseThrow());
  }

  int columns() {
    return x[0].length;
  }
}

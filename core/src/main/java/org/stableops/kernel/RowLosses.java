package org.stableops.kernel;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/**
 * The losses of the rows of logits, and how they are reduced. The arrays are the thread's own: they
 * are overwritten when it computes the losses of as many rows again.
 */
public final class RowLosses {
  private final double[] losses;
  private final double[] zLosses;
  private final double[] logSumExps;
  private final double weight;

  /**
   * Adds up the weights of rows whose losses are 0 until they are written.
   *
   * @param weights one per row: what it counts for in the mean
   * @throws IllegalArgumentException if they add up to infinity
   */
  public RowLosses(double[] weights) {
    int rows = weights.length;
    losses = RowArrays.ofThread().zeros(RowArrays.LOSSES, rows);
    zLosses = RowArrays.ofThread().zeros(RowArrays.Z_LOSSES, rows);
    logSumExps = RowArrays.ofThread().zeros(RowArrays.LOG_SUM_EXPS, rows);
    weight = sum(weights);
    if (weight == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "sample weights × class weights × probabilities must add up to a finite number, got Infinity");
    }
  }

  /**
   * Weighs the losses of rows and adds the z-losses. A row of sample weight 0 has 0 in everything,
   * even for NaN.
   *
   * @param crossEntropies one per row, without its z-loss
   * @param logSumExps one per row
   * @param weights ω of each row
   * @param sampleWeights one per row, 0 where it is ignored
   * @param options the weight of the z-loss
   * @return the losses
   */
  public static RowLosses weighted(
      double[] crossEntropies,
      double[] logSumExps,
      double[] weights,
      double[] sampleWeights,
      CrossEntropyOptions options) {
    RowLosses rows = new RowLosses(times(weights, sampleWeights));
    for (int row = 0; row < sampleWeights.length; row++) {
      double a = sampleWeights[row];
      if (a != 0) {
        rows.logSumExps[row] = logSumExps[row];
        rows.zLosses[row] = a * zLoss(options.zLoss() * weights[row], logSumExps[row]);
        rows.losses[row] = rows.zLosses[row] + a * crossEntropies[row];
      }
    }
    return rows;
  }

  /**
   * Returns what the gradients of the rows' losses are multiplied by in that of the reduced loss.
   *
   * @param weights ω of each row
   * @param sampleWeights one per row, 0 where it is ignored
   * @param reduction any
   * @return one number per row
   */
  public static double[] scales(double[] weights, double[] sampleWeights, Reduction reduction) {
    return new RowLosses(times(weights, sampleWeights)).scales(sampleWeights, reduction);
  }

  /** ζω·lse², and 0 without a weight even for an infinite log-sum-exp. */
  static double zLoss(double weight, double logSumExp) {
    return weight == 0 ? 0 : weight * logSumExp * logSumExp;
  }

  private static double[] times(double[] numbers, double[] weights) {
    double[] products = new double[weights.length];
    Arrays.setAll(products, i -> weights[i] == 0 ? 0 : weights[i] * numbers[i]);
    return products;
  }

  /**
   * Returns the losses of the rows.
   *
   * @return one loss per row, not a copy; 0 for a row that does not count
   */
  public double[] losses() {
    return losses;
  }

  /**
   * Returns the part of the losses that the z-loss makes.
   *
   * @return one number per row, not a copy; 0 for a row that does not count
   */
  public double[] zLosses() {
    return zLosses;
  }

  /**
   * Returns the log-sum-exp of the rows.
   *
   * @return one number per row, not a copy; 0 for a row that does not count
   */
  public double[] logSumExps() {
    return logSumExps;
  }

  /**
   * Returns what MEAN divides by.
   *
   * @return the weight of the rows that count
   */
  public double weight() {
    return weight;
  }

  /**
   * Returns what the gradient of a row's loss is multiplied by in that of the reduced loss.
   *
   * @param sampleWeight that of the row
   * @param reduction any
   * @return the sample weight, or for MEAN its share of the weight, and 0 where that is 0
   */
  public double scale(double sampleWeight, Reduction reduction) {
    return reduction != Reduction.MEAN ? sampleWeight : weight == 0 ? 0 : sampleWeight / weight;
  }

  /**
   * Returns the scales of all rows.
   *
   * @param sampleWeights one per row, 0 where it is ignored
   * @param reduction any
   * @return {@link #scale} of each
   */
  public double[] scales(double[] sampleWeights, Reduction reduction) {
    return Arrays.stream(sampleWeights).map(a -> scale(a, reduction)).toArray();
  }

  /**
   * Reduces numbers of the rows to one.
   *
   * @param ofRows losses or z-losses
   * @param reduction SUM or MEAN
   * @return their sum, or their sum divided by the weight of the counted rows and 0 without any
   */
  public double reduced(double[] ofRows, Reduction reduction) {
    if (reduction == Reduction.MEAN && weight == 0) {
      return 0;
    }
    double sum = sum(ofRows);
    return reduction == Reduction.MEAN ? sum / weight : sum;
  }

  private static double sum(double[] ofRows) {
    int rows = ofRows.length;
    double[] folded = RowArrays.ofThread().zeros(RowArrays.FOLDED, rows);
    System.arraycopy(ofRows, 0, folded, 0, rows);
    return Sums.pairwise(folded, rows, RowArrays.ofThread().zeros(RowArrays.OTHER_HALF, rows));
  }
}

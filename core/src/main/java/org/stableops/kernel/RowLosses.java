package org.stableops.kernel;

import java.util.Arrays;
import java.util.List;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/**
 * The losses of the rows of logits, and how they are reduced. The arrays are the thread's own
 * unless they are a copy's or joined: they are overwritten when it computes the losses of as many
 * rows again.
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
    weight = requireFinite(sum(weights));
  }

  private static double requireFinite(double weight) {
    if (weight == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "sample weights × class weights × probabilities must add up to a finite number, got Infinity");
    }
    return weight;
  }

  private RowLosses(int rows, double weight) {
    losses = new double[rows];
    zLosses = new double[rows];
    logSumExps = new double[rows];
    this.weight = weight;
  }

  /**
   * Joins the losses of blocks of rows.
   *
   * @param blocks in the order of the rows, none of them the thread's own
   * @return the losses of all rows
   * @throws IllegalArgumentException if their weights add up to infinity
   */
  static RowLosses joined(List<RowLosses> blocks) {
    int rows = blocks.stream().mapToInt(block -> block.losses.length).sum();
    double weight = blocks.stream().mapToDouble(RowLosses::weight).sum();
    RowLosses all = new RowLosses(rows, requireFinite(weight));
    int from = 0;
    for (RowLosses block : blocks) {
      all.put(block, from);
      from += block.losses.length;
    }
    return all;
  }

  /** The same numbers in arrays that no thread overwrites. */
  RowLosses copy() {
    RowLosses copy = new RowLosses(losses.length, weight);
    copy.put(this, 0);
    return copy;
  }

  private void put(RowLosses block, int from) {
    System.arraycopy(block.losses, 0, losses, from, block.losses.length);
    System.arraycopy(block.zLosses, 0, zLosses, from, block.losses.length);
    System.arraycopy(block.logSumExps, 0, logSumExps, from, block.losses.length);
  }

  /**
   * Weighs the losses of rows. A row of sample weight 0 has 0 in everything, even for NaN.
   *
   * @param losses one per row, with its z-loss
   * @param logSumExps one per row
   * @param weights ω of each row
   * @param sampleWeights one per row, 0 where it is ignored
   * @param options the weight of the z-loss
   * @return the losses
   */
  public static RowLosses weighted(
      double[] losses,
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
        rows.losses[row] = a * losses[row];
      }
    }
    return rows;
  }

  /**
   * Returns what rows weigh together.
   *
   * @param weights ω of each row
   * @param sampleWeights one per row, 0 where it is ignored; or null for 1 everywhere
   * @return Σ a·ω
   * @throws IllegalArgumentException if they add up to infinity
   */
  public static double weight(double[] weights, double[] sampleWeights) {
    double[] products = sampleWeights == null ? weights : times(weights, sampleWeights);
    return new RowLosses(products).weight;
  }

  /**
   * Returns what the gradients of the rows' losses are multiplied by in that of the reduced loss.
   *
   * @param sampleWeights one per row, 0 where it is ignored
   * @param weight that of all rows
   * @param reduction any
   * @return one number per row
   */
  public static double[] scales(double[] sampleWeights, double weight, Reduction reduction) {
    return Arrays.stream(sampleWeights).map(a -> scale(a, weight, reduction)).toArray();
  }

  /**
   * Returns a number, or for MEAN its share of a weight.
   *
   * @param sampleWeight any number
   * @param weight that of all
   * @param reduction any
   * @return the number, by the weight for MEAN, and then 0 where that is 0
   */
  public static double scale(double sampleWeight, double weight, Reduction reduction) {
    return reduction != Reduction.MEAN ? sampleWeight : weight == 0 ? 0 : sampleWeight / weight;
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
    return scale(sampleWeight, weight, reduction);
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

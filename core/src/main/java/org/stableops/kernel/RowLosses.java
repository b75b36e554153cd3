package org.stableops.kernel;

import org.stableops.Reduction;

/** The losses of the rows of logits, and how they are reduced. */
public final class RowLosses {
  private final double[] losses;
  private final double weight;

  /**
   * Keeps the losses and adds up the weights.
   *
   * @param losses one a row
   * @param weights one a row: what it counts for in the mean
   */
  public RowLosses(double[] losses, double[] weights) {
    this.losses = losses;
    this.weight = Sums.pairwise(weights, 0, weights.length, new double[weights.length]);
  }

  /**
   * Returns the losses of the rows.
   *
   * @return one loss a row, not a copy
   */
  public double[] losses() {
    return losses;
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
   * @param reduction any
   * @return 1, or for MEAN the inverse of the weight, and 0 where that is 0
   */
  public double scale(Reduction reduction) {
    return reduction != Reduction.MEAN ? 1 : weight == 0 ? 0 : 1 / weight;
  }

  /**
   * Reduces the losses to one number.
   *
   * @param reduction SUM or MEAN
   * @return their sum, or their sum divided by the weight of the counted rows and 0 without any
   */
  public double reduced(Reduction reduction) {
    if (reduction == Reduction.MEAN && weight == 0) {
      return 0;
    }
    double sum = Sums.pairwise(losses, 0, losses.length, new double[losses.length]);
    return reduction == Reduction.MEAN ? sum / weight : sum;
  }
}

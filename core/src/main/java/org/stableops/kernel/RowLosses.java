package org.stableops.kernel;

import org.stableops.Reduction;

/** What one pass over the rows of logits gives. */
public final class RowLosses {
  private final double[] losses;
  private final double weight;

  RowLosses(double[] losses, double weight) {
    this.losses = losses;
    this.weight = weight;
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

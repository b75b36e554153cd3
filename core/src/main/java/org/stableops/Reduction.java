package org.stableops;

/**
 * How the losses of the rows become the result.
 *
 * <pre>{@code
 * CrossEntropyOptions oneLossARow = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
 * }</pre>
 */
public enum Reduction {
  /** One loss per row. */
  NONE,
  /** The sum of the losses. */
  SUM,
  /** The sum of the losses divided by the weight of the counted rows; 0 where that weight is 0. */
  MEAN
}

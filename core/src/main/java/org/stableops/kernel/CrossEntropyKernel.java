package org.stableops.kernel;

import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy of contiguous rows of logits: the loss of each row and, if wanted, the
 * gradient, in one pass over the memory. With m the largest logit of a row, lse − z_c = (m − z_c) +
 * log1p(Σ_{c≠argmax} e^{z_c − m}).
 */
public final class CrossEntropyKernel extends CrossEntropyRows {
  private final boolean wantsGradient;

  private CrossEntropyKernel(
      Targets sharp,
      int rows,
      double[] sampleWeights,
      CrossEntropyOptions options,
      boolean wantsGradient) {
    super(sharp, rows, sampleWeights, options);
    this.wantsGradient = wantsGradient;
  }

  /**
   * Returns an array to read labels into, so that training needs no new one for each batch.
   *
   * @param rows the number of labels
   * @return an array, which is the thread's own until it calls this again
   */
  public static long[] labels(int rows) {
    return RowArrays.ofThread().labels(rows);
  }

  /**
   * Computes the cross-entropy of integer labels.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param labels one per row: a class, or ignored by the options
   * @param sampleWeights one per row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options all but the axis; the reduction decides the gradient's scale
   * @param gradient where to write ∂(reduced loss)/∂logits, as long as the logits; or null
   * @return the losses of the rows and the weight of those that count
   */
  public static RowLosses sparse(
      Elements logits,
      int classes,
      long[] labels,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    Targets targets = new Targets.Labels(labels, options);
    return run(logits, classes, labels.length, targets, sampleWeights, options, gradient);
  }

  /**
   * Computes the cross-entropy of class probabilities, or of any non-negative numbers.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param probabilities rows × classes elements
   * @param rows the number of rows
   * @param sampleWeights one per row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options all but the axis; the reduction decides the gradient's scale
   * @param gradient where to write ∂(reduced loss)/∂logits, as long as the logits; or null
   * @return the losses of the rows and the weight of those that count
   * @throws IllegalArgumentException if a probability is negative or not finite
   */
  public static RowLosses dense(
      Elements logits,
      int classes,
      Elements probabilities,
      int rows,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    return dense(logits, classes, probabilities, rows, 0, sampleWeights, options, gradient);
  }

  /**
   * Computes the cross-entropy of some rows of class probabilities.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param probabilities rows × classes elements
   * @param rows the number of rows
   * @param firstRow the number of the first of them, for messages
   * @param sampleWeights one per row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options all but the axis; the reduction decides the gradient's scale
   * @param gradient where to write ∂(reduced loss)/∂logits, as long as the logits; or null
   * @return the losses of the rows and the weight of those that count
   * @throws IllegalArgumentException if a probability is negative or not finite
   */
  public static RowLosses dense(
      Elements logits,
      int classes,
      Elements probabilities,
      int rows,
      long firstRow,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    Targets targets =
        Targets.ofProbabilities(probabilities, classes, rows, firstRow, sampleWeights, options);
    return run(logits, classes, rows, targets, sampleWeights, options, gradient);
  }

  private static RowLosses run(
      Elements logits,
      int classes,
      int rows,
      Targets targets,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    return new CrossEntropyKernel(targets, rows, sampleWeights, options, gradient != null)
        .sweep(logits, rows, classes, gradient);
  }

  @Override
  public void survey(RowBlock block, Scratch scratch) {
    targets.survey(block, scratch);
  }

  @Override
  public void row(RowBlock row) {
    double lse = row.logSumExp();
    double zWeight = options.zLoss() * targets.weight(row.row);
    double zLoss = sampleWeight(row.row) * RowLosses.zLoss(zWeight, lse);
    result.logSumExps()[row.row] = lse;
    result.zLosses()[row.row] = zLoss;
    result.losses()[row.row] = zLoss;
  }

  @Override
  public void block(RowBlock block, Scratch scratch) {
    result.losses()[block.row] += sampleWeight(block.row) * targets.loss(block, scratch);
    if (wantsGradient) {
      gradient(block, scale(block.row), scratch);
    }
  }

  private void gradient(RowBlock block, double scale, Scratch scratch) {
    if (scale == 0) {
      block.clearResults();
      return;
    }
    double zWeight = options.zLoss() * targets.weight(block.row);
    boolean isCertain = zWeight > 0 && block.max == Double.POSITIVE_INFINITY;
    double z = zWeight == 0 || isCertain ? 0 : 2 * zWeight * block.logSumExp();
    targets.gradient(block, scale, z, scratch);
    for (int i = block.from; isCertain && i < block.from + block.count; i++) {
      // The p of the one is 1 and z infinite; the others' p of 0 outweighs z.
      if (block.logit(i) == block.max && !Double.isNaN(block.rest)) {
        block.setResult(i, Double.POSITIVE_INFINITY);
      }
    }
  }
}

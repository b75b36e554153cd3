package org.stableops.kernel;

import org.stableops.CrossEntropyOptions;

/** What is computed of the softmax cross-entropy of rows of logits. */
abstract class CrossEntropyRows implements SoftmaxRows.Visitor {
  final Targets targets;
  final CrossEntropyOptions options;
  final RowLosses result;
  private final double[] sampleWeights;

  /**
   * Takes what the rows are compared with, before it is smoothed.
   *
   * @param sampleWeights one per row, or null for 1 everywhere; a row of weight 0 is never read
   */
  CrossEntropyRows(Targets sharp, int rows, double[] sampleWeights, CrossEntropyOptions options) {
    this.targets = Targets.smoothed(sharp, options);
    this.options = options;
    this.result = new RowLosses(sharp.weights(sampleWeights, rows));
    this.sampleWeights = sampleWeights;
  }

  /** Computes it, and returns the losses and the weight of the rows that count. */
  final RowLosses sweep(Elements logits, int rows, int classes, Elements out) {
    SoftmaxRows.sweep(logits, rows, classes, out, this);
    return result;
  }

  final double sampleWeight(int row) {
    return sampleWeights == null ? 1 : sampleWeights[row];
  }

  /** What the derivatives of a row that counts are multiplied by. */
  final double scale(int row) {
    return result.scale(sampleWeight(row), options.reduction());
  }

  @Override
  public boolean counts(int row) {
    return sampleWeight(row) != 0 && targets.counts(row);
  }
}

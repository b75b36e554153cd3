package org.stableops.kernel;

import org.stableops.CrossEntropyOptions;

/**
 * The Hessian of the softmax cross-entropy of contiguous rows of logits: its product with a vector,
 * or its diagonal. With k the largest logit, u = v − v_k and U = Σ p·u, nothing cancels on a
 * confident row:
 *
 * <pre>(Hv)_c = a·p_c·((W + 2ζω·lse)(u_c − U) + 2ζω(v_k + U)),
 * H_cc = a·p_c·((W + 2ζω·lse)(1 − p_c) + 2ζω·p_c).</pre>
 *
 * <p>The labels count by W = Σv and ω only. Exponentials are those of double, for v may be as large
 * as p is small.
 */
public final class HessianKernel extends CrossEntropyRows {
  private final int classes;

  /** What the Hessian is multiplied by, or null for its diagonal. */
  private final Elements v;

  private HessianKernel(
      Targets sharp,
      int rows,
      double[] sampleWeights,
      CrossEntropyOptions options,
      int classes,
      Elements v) {
    super(sharp, rows, sampleWeights, options);
    this.classes = classes;
    this.v = v;
  }

  /**
   * Computes the Hessian for integer labels.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param labels one per row: a class, or ignored by the options
   * @param sampleWeights one per row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options all but the axis; the reduction decides the scale
   * @param v what the Hessian is multiplied by, as long as the logits; or null for its diagonal
   * @param out where to write as many numbers; may be v
   * @return the weight of the rows that count, and no losses
   */
  public static RowLosses sparse(
      Elements logits,
      int classes,
      long[] labels,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements v,
      Elements out) {
    Targets targets = new Targets.Labels(labels, options);
    return run(logits, classes, labels.length, targets, sampleWeights, options, v, out);
  }

  /**
   * Computes the Hessian for class probabilities.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param probabilities rows × classes elements
   * @param rows the number of rows
   * @param firstRow the number of the first of them, for messages
   * @param sampleWeights one per row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options all but the axis; the reduction decides the scale
   * @param v what the Hessian is multiplied by, as long as the logits; or null for its diagonal
   * @param out where to write as many numbers; may be v
   * @return the weight of the rows that count, and no losses
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
      Elements v,
      Elements out) {
    Targets targets =
        Targets.ofProbabilities(probabilities, classes, rows, firstRow, sampleWeights, options);
    return run(logits, classes, rows, targets, sampleWeights, options, v, out);
  }

  private static RowLosses run(
      Elements logits,
      int classes,
      int rows,
      Targets targets,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements v,
      Elements out) {
    return new HessianKernel(targets, rows, sampleWeights, options, classes, v)
        .sweep(logits, rows, classes, out);
  }

  /** In a mean over no weight none does. */
  @Override
  public boolean counts(int row) {
    return super.counts(row) && scale(row) != 0;
  }

  @Override
  public boolean isWide() {
    return true;
  }

  @Override
  public void largest(RowBlock block) {
    int largest = v == null ? -1 : block.largestClass();
    if (largest >= 0) {
      block.atLargest = v.get(block.row * classes + largest);
    }
  }

  @Override
  public void survey(RowBlock block, Scratch scratch) {
    targets.survey(block, scratch);
    if (v != null) {
      double[] u = beyondLargest(block, scratch);
      double[] exps = block.exps(scratch.d);
      for (int i = 0; i < block.count; i++) {
        u[i] *= exps[i];
      }
      block.products += Sums.pairwise(u, block.count, scratch.d);
    }
  }

  /** u of a block; 0 for absent classes, whose v is never read. */
  private double[] beyondLargest(RowBlock block, Scratch scratch) {
    double[] u = scratch.c;
    v.load(block.row * classes + block.firstClass, block.count, u, scratch);
    double[] z = block.logits(scratch.d);
    for (int i = 0; i < block.count; i++) {
      u[i] = z[i] == Double.NEGATIVE_INFINITY ? 0 : u[i] - block.atLargest;
    }
    return u;
  }

  @Override
  public void block(RowBlock block, Scratch scratch) {
    double zSlope = 2 * options.zLoss() * targets.weight(block.row);
    // The p of a logit of +inf is 1, and the others' p of 0 outweighs an infinite log-sum-exp.
    double lse = Double.isInfinite(block.max) ? 0 : block.logSumExp();
    double slope = zSlope == 0 ? 0 : zSlope * lse;
    double curvature = targets.total(block) + slope;
    block.setResults(
        v == null
            ? diagonal(block, curvature, zSlope, scratch)
            : product(block, curvature, zSlope, scratch));
  }

  private double[] product(RowBlock block, double curvature, double zSlope, Scratch scratch) {
    double[] results = beyondLargest(block, scratch);
    double[] exps = block.exps(scratch.d);
    double inverseSum = block.inverseSum();
    double mean = block.products * inverseSum;
    double ofZLoss = zSlope == 0 ? 0 : zSlope * (block.atLargest + mean);
    double scale = scale(block.row);
    for (int i = 0; i < block.count; i++) {
      double slope = curvature * (results[i] - mean) + ofZLoss;
      // + 0, for an absent class has 0 and not −0.
      results[i] = exps[i] * inverseSum * slope * scale + 0;
    }
    return results;
  }

  private double[] diagonal(RowBlock block, double curvature, double zSlope, Scratch scratch) {
    double[] results = scratch.c;
    double[] exps = block.exps(scratch.d);
    double inverseSum = block.inverseSum();
    double scale = scale(block.row);
    for (int i = 0; i < block.count; i++) {
      double p = exps[i] * inverseSum;
      results[i] = p * (curvature * block.oneMinusP(exps[i]) + zSlope * p) * scale + 0;
    }
    return results;
  }
}

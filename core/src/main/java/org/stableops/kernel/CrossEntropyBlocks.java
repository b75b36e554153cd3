package org.stableops.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Blocks;

/** The cross-entropy of logits that a kernel cannot read at once, by blocks of rows. */
public final class CrossEntropyBlocks {
  private CrossEntropyBlocks() {}

  /** The cross-entropy of some rows. */
  @FunctionalInterface
  public interface Call {
    /**
     * Computes the losses of the rows from one number to below another.
     *
     * @param from the first row
     * @param to the row after the last
     * @param sampleWeights one for each of these rows, or null for 1 everywhere
     * @param options those of the block
     * @param wantsGradient whether the gradient is to be written, too
     * @return their losses
     */
    RowLosses run(
        int from,
        int to,
        double[] sampleWeights,
        CrossEntropyOptions options,
        boolean wantsGradient);
  }

  /**
   * Computes the losses of all rows. The gradient of a mean needs the weight of all of them, and is
   * that of a sum with other weights, in a second pass.
   *
   * @param rows their number
   * @param classes the length of a row
   * @param elements of a block
   * @param sampleWeights one per row, or null for 1 everywhere
   * @param options those of the call
   * @param wantsGradient whether the gradient is to be written, too
   * @param call what to do with a block
   * @return the losses
   */
  public static RowLosses run(
      int rows,
      long classes,
      long elements,
      double[] sampleWeights,
      CrossEntropyOptions options,
      boolean wantsGradient,
      Call call) {
    if (Blocks.count(rows, classes, elements) == 1) {
      return call.run(0, rows, sampleWeights, options, wantsGradient);
    }
    boolean isMean = options.reduction() == Reduction.MEAN;
    List<RowLosses> losses = new ArrayList<>();
    Blocks.forEach(
        rows,
        classes,
        elements,
        (from, to) -> {
          double[] weights = slice(sampleWeights, from, to);
          boolean atOnce = wantsGradient && !isMean;
          losses.add(call.run((int) from, (int) to, weights, options, atOnce).copy());
        });
    RowLosses all = RowLosses.joined(losses);
    if (wantsGradient && isMean) {
      CrossEntropyOptions sum = options.withReduction(Reduction.SUM);
      Blocks.forEach(
          rows,
          classes,
          elements,
          (from, to) -> {
            double[] scales = new double[(int) (to - from)];
            Arrays.setAll(
                scales,
                i ->
                    all.scale(
                        sampleWeights == null ? 1 : sampleWeights[(int) from + i], Reduction.MEAN));
            call.run((int) from, (int) to, scales, sum, true);
          });
    }
    return all;
  }

  private static double[] slice(double[] numbers, long from, long to) {
    return numbers == null ? null : Arrays.copyOfRange(numbers, (int) from, (int) to);
  }
}

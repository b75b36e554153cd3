package org.stableops.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Blocks;
import org.stableops.internal.SoftmaxShape;

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
   * @param shape that of the logits
   * @param elements of a block
   * @param sampleWeights one per row, or null for 1 everywhere
   * @param options those of the call
   * @param wantsGradient whether the gradient is to be written, too
   * @param call what to do with a block
   * @return the losses
   */
  public static RowLosses run(
      SoftmaxShape shape,
      long elements,
      double[] sampleWeights,
      CrossEntropyOptions options,
      boolean wantsGradient,
      Call call) {
    int rows = Math.toIntExact(shape.rows());
    if (Blocks.count(rows, shape.classes(), elements) == 1) {
      return call.run(0, rows, sampleWeights, options, wantsGradient);
    }
    boolean needsWeight = wantsGradient && options.reduction() == Reduction.MEAN;
    RowLosses all =
        pass(shape, elements, sampleWeights, options, wantsGradient && !needsWeight, call);
    if (needsWeight) {
      double[] weights = sampleWeights == null ? ones(rows) : sampleWeights;
      double[] scales = RowLosses.scales(weights, all.weight(), Reduction.MEAN);
      pass(shape, elements, scales, options.withReduction(Reduction.SUM), true, call);
    }
    return all;
  }

  private static RowLosses pass(
      SoftmaxShape shape,
      long elements,
      double[] sampleWeights,
      CrossEntropyOptions options,
      boolean wantsGradient,
      Call call) {
    List<RowLosses> losses = new ArrayList<>();
    Blocks.forEach(
        shape.rows(),
        shape.classes(),
        elements,
        (from, to) -> {
          double[] weights =
              sampleWeights == null
                  ? null
                  : Arrays.copyOfRange(sampleWeights, (int) from, (int) to);
          losses.add(call.run((int) from, (int) to, weights, options, wantsGradient).copy());
        });
    return RowLosses.joined(losses);
  }

  private static double[] ones(int rows) {
    double[] ones = new double[rows];
    Arrays.fill(ones, 1);
    return ones;
  }
}

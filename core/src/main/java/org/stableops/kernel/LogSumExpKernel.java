package org.stableops.kernel;

/**
 * log Σ_c e^{z_c} of contiguous rows, and its gradient, softmax. With m the largest element of a
 * row it is m + log1p(Σ_{c≠argmax} e^{z_c − m}).
 */
public final class LogSumExpKernel {
  private LogSumExpKernel() {}

  /**
   * Computes the log-sum-exp of rows.
   *
   * @param x rows × classes elements
   * @param rows the number of rows
   * @param classes the length of a row
   * @return one number per row
   */
  public static double[] value(Elements x, int rows, int classes) {
    double[] values = new double[rows];
    SoftmaxRows.sweep(
        x,
        rows,
        classes,
        null,
        new SoftmaxRows.Visitor() {
          @Override
          public void row(RowBlock row) {
            values[row.row] = row.logSumExp();
          }

          @Override
          public boolean wantsBlocks() {
            return false;
          }

          @Override
          public void block(RowBlock block, Scratch scratch) {}
        });
    return values;
  }

  /**
   * Computes the gradient of the sum of the log-sum-exps: softmax.
   *
   * @param x rows × classes elements
   * @param rows the number of rows
   * @param classes the length of a row
   * @param out where to write it, as long as x
   */
  public static void gradient(Elements x, int rows, int classes, Elements out) {
    SoftmaxRows.sweep(x, rows, classes, out, LogSumExpKernel::softmax);
  }

  private static void softmax(RowBlock block, Scratch scratch) {
    block.scaleExps(block.inverseSum());
  }
}

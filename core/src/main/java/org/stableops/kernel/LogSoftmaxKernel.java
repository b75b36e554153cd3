package org.stableops.kernel;

/**
 * Log-softmax of contiguous rows, z_c − log Σ e^{z_k} = −((m − z_c) + log1p(Σ_{k≠argmax} e^{z_k −
 * m})) with m the largest element, and the gradient of Σ u·value, u_c − p_c·Σu.
 */
public final class LogSoftmaxKernel {
  private LogSoftmaxKernel() {}

  /**
   * Computes the log-softmax of rows.
   *
   * @param x rows × classes elements
   * @param rows the number of rows
   * @param classes the length of a row
   * @param out where to write it, as long as x
   */
  public static void value(Elements x, int rows, int classes, Elements out) {
    SoftmaxRows.sweep(x, rows, classes, out, LogSoftmaxKernel::value);
  }

  private static void value(RowBlock block, Scratch scratch) {
    block.setLogSoftmax();
  }

  /**
   * Computes 1 − softmax, which keeps its digits where softmax is almost 1.
   *
   * @param x rows × classes elements
   * @param rows the number of rows
   * @param classes the length of a row
   * @param out where to write it, as long as x
   */
  public static void complement(Elements x, int rows, int classes, Elements out) {
    SoftmaxRows.sweep(x, rows, classes, out, LogSoftmaxKernel::complement);
  }

  private static void complement(RowBlock block, Scratch scratch) {
    double[] exps = block.exps(scratch.d);
    for (int i = 0; i < block.count; i++) {
      exps[i] = block.oneMinusP(exps[i]);
    }
    block.setResults(exps);
  }

  /**
   * Computes the gradient.
   *
   * @param x rows × classes elements
   * @param rows the number of rows
   * @param classes the length of a row
   * @param upstream u, as long as x
   * @param out where to write it, as long as x
   */
  public static void gradient(Elements x, int rows, int classes, Elements upstream, Elements out) {
    SoftmaxRows.sweep(x, rows, classes, out, new Gradient(upstream, classes));
  }

  private record Gradient(Elements upstream, int classes) implements SoftmaxRows.Visitor {
    @Override
    public void survey(RowBlock block, Scratch scratch) {
      block.sum += Sums.pairwise(load(block, scratch), block.count, scratch.d);
    }

    private double[] load(RowBlock block, Scratch scratch) {
      upstream.load(block.row * classes + block.firstClass, block.count, scratch.c, scratch);
      return scratch.c;
    }

    /** u·(1 − p) − (Σu − u)·p, which cancels nothing where p is almost 1. */
    @Override
    public void block(RowBlock block, Scratch scratch) {
      double[] u = load(block, scratch);
      double[] exps = block.exps(scratch.d);
      double inverseSum = block.inverseSum();
      for (int i = 0; i < block.count; i++) {
        double p = exps[i] * inverseSum;
        double oneMinusP = block.oneMinusP(exps[i]);
        exps[i] = u[i] * oneMinusP - (block.sum - u[i]) * p;
      }
      block.setResults(exps);
    }
  }
}

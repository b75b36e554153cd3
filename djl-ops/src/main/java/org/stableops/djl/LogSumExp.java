package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.djl.internal.AlongAxis;
import org.stableops.djl.internal.Autograd;
import org.stableops.djl.internal.OpBlock;
import org.stableops.djl.internal.Scoped;
import org.stableops.kernel.LogSumExpKernel;
import org.stableops.op.SoftmaxComposite;

/**
 * Log-sum-exp along an axis,
 *
 * <pre>value = log Σ_c e^{x_c},   gradient = softmax(x)_c = e^{x_c − value}.</pre>
 *
 * <p>With m the largest element it is computed as m + log1p(Σ e^{x_c − m}) without m's own term, so
 * that max ≤ value ≤ max + log n, and nothing overflows.
 *
 * <p>Float16, float32 and float64, of any layout. Special values: −inf is an absent element; −inf
 * everywhere gives −inf and a gradient of NaN; +inf gives +inf, and where there is one of them a
 * gradient of 1 there; NaN propagates along its row.
 *
 * <p>Error: 3 ulp of float32 and 4 of float64 for the value, or of the largest element where the
 * value is smaller; 4 and 16 ulp for the gradient.
 *
 * <p>P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax
 * functions, IMA J. Numer. Anal. 41 (2021).
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray x = manager.create(new float[][] {{1000, 1000}, {-1000, -1001}});
 *   NDArray sums = LogSumExp.value(x, -1); // 1000.69, -999.69
 *   NDArray softmax = LogSumExp.gradient(x, -1);
 * }
 * }</pre>
 *
 * @see LogSoftmax
 */
public final class LogSumExp {
  private LogSumExp() {}

  /** Returns the log-sum-exp along the last axis; see {@link #value(NDArray, int)}. */
  public static NDArray value(NDArray x) {
    return value(x, -1);
  }

  /**
   * Returns the log-sum-exp.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis to sum along; negative counts from the end
   * @return an array of x's shape without the axis; differentiable with respect to x, of its dtype
   *     and manager
   * @throws IllegalArgumentException if the dtype or the axis is wrong
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, int axis) {
    AlongAxis rows = new AlongAxis(x, axis);
    return Scoped.compute(
        () -> {
          NDArray value = rows.perRow(LogSumExpKernel::value, SoftmaxComposite::logSumExp);
          return Autograd.wantsGradient(x)
              ? Autograd.logSumExp(x, rows.axis(), value, wideSoftmax(rows))
              : value;
        });
  }

  /** Returns softmax along the last axis; see {@link #gradient(NDArray, int)}. */
  public static NDArray gradient(NDArray x) {
    return gradient(x, -1);
  }

  /**
   * Returns the gradient of the sum of the value: softmax.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis to sum along; negative counts from the end
   * @return an array of x's shape, outside any graph, of its dtype and manager
   * @throws IllegalArgumentException if the dtype or the axis is wrong
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x, int axis) {
    AlongAxis rows = new AlongAxis(x, axis);
    return Scoped.compute(() -> rows.perElement(LogSumExpKernel::gradient, SoftmaxComposite::p));
  }

  static NDArray wideSoftmax(AlongAxis rows) {
    return rows.widePerElement(LogSumExpKernel::gradient, SoftmaxComposite::p);
  }

  /** Returns the log-sum-exp along the last axis as a block; see {@link #block(int)}. */
  public static Block block() {
    return block(-1);
  }

  /**
   * Returns the operator as a block.
   *
   * @param axis the axis to sum along; negative counts from the end
   * @return a block from x to {@link #value}
   */
  public static Block block(int axis) {
    return new OpBlock(
            "LogSumExp",
            1,
            inputs -> value(inputs.singletonOrThrow(), axis),
            shapes -> AlongAxis.rowShape(shapes[0], axis))
        .describedBy(axis);
  }

  /** Returns the gradient along the last axis as a block; see {@link #gradientBlock(int)}. */
  public static Block gradientBlock() {
    return gradientBlock(-1);
  }

  /**
   * Returns the gradient as a block.
   *
   * @param axis the axis to sum along; negative counts from the end
   * @return a block from (x, upstream) to upstream × {@link #gradient}, upstream being of the
   *     value's shape
   */
  public static Block gradientBlock(int axis) {
    return new OpBlock(
            "LogSumExpGradient",
            2,
            inputs -> upstreamTimesGradient(inputs.get(0), axis, inputs.get(1)),
            shapes -> shapes[0])
        .describedBy(axis);
  }

  private static NDArray upstreamTimesGradient(NDArray x, int axis, NDArray upstream) {
    AlongAxis rows = new AlongAxis(x, axis);
    rows.requireOfRows("upstream", upstream);
    return Scoped.compute(
        () ->
            wideSoftmax(rows)
                .mul(upstream.stopGradient().expandDims(rows.axis()))
                .toType(x.getDataType(), false));
  }
}

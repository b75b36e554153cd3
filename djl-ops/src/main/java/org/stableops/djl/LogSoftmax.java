package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.djl.internal.AlongAxis;
import org.stableops.djl.internal.Autograd;
import org.stableops.djl.internal.Inputs;
import org.stableops.djl.internal.OpBlock;
import org.stableops.djl.internal.Scoped;
import org.stableops.kernel.LogSoftmaxKernel;
import org.stableops.op.SoftmaxComposite;

/**
 * Log-softmax along an axis,
 *
 * <pre>value_c = x_c − log Σ_k e^{x_k},   gradient_c = u_c − p_c·Σ_k u_k,   p = softmax(x),</pre>
 *
 * where the gradient is that of Σ u·value for an upstream u.
 *
 * <p>With m the largest element the value is −((m − x_c) + log1p(Σ e^{x_k − m})) without m's own
 * term: exact to the last digits also where it is almost 0, and finite wherever x_c is.
 *
 * <p>Float16, float32 and float64, of any layout. Special values: −inf is an absent element, of
 * value −inf; one +inf has the value 0 and all others −inf; two of them, a NaN, or −inf everywhere
 * make the row NaN. There may be no rows, but rows without an element are refused.
 *
 * <p>Error: 3 ulp of float32 and 16 of float64 for the value, 4ε·Σ|u| and 8ε·Σ|u| for the gradient.
 *
 * <p>P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax
 * functions, IMA J. Numer. Anal. 41 (2021).
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray x = manager.create(new float[][] {{200, 0, -3}});
 *   NDArray y = LogSoftmax.value(x, -1); // -1.4e-87 rounds to -0, -200, -203
 *   NDArray gradient = LogSoftmax.gradient(x, -1, x.onesLike());
 * }
 * }</pre>
 *
 * @see LogSumExp
 */
public final class LogSoftmax {
  private LogSoftmax() {}

  /** Returns the log-softmax along the last axis; see {@link #value(NDArray, int)}. */
  public static NDArray value(NDArray x) {
    return value(x, -1);
  }

  /**
   * Returns the log-softmax.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis of the classes; negative counts from the end
   * @return an array of x's shape; differentiable with respect to x, of its dtype and manager. In
   *     float16 the backward pass computes in float32 and rounds once
   * @throws IllegalArgumentException if the dtype or the axis is wrong
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, int axis) {
    AlongAxis rows = new AlongAxis(x, axis);
    return Scoped.compute(
        () -> {
          NDArray value = rows.perElement(LogSoftmaxKernel::value, SoftmaxComposite::logSoftmax);
          return Autograd.wantsGradient(x)
              ? Autograd.logSoftmax(
                  x, rows.axis(), value, LogSumExp.wideSoftmax(rows), complement(rows))
              : value;
        });
  }

  private static NDArray complement(AlongAxis rows) {
    return rows.widePerElement(LogSoftmaxKernel::complement, SoftmaxComposite::oneMinusP);
  }

  /** Returns the gradient along the last axis; see {@link #gradient(NDArray, int, NDArray)}. */
  public static NDArray gradient(NDArray x, NDArray upstream) {
    return gradient(x, -1, upstream);
  }

  /**
   * Returns the gradient of the sum of upstream × value.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis of the classes; negative counts from the end
   * @param upstream an array of x's shape and dtype
   * @return an array of x's shape, outside any graph, of its dtype and manager
   * @throws IllegalArgumentException if a dtype, a shape or the axis is wrong
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray x, int axis, NDArray upstream) {
    Inputs.requireLike("upstream", upstream, x);
    AlongAxis rows = new AlongAxis(x, axis);
    return Scoped.compute(
        () ->
            rows.perElement(
                LogSoftmaxKernel::gradient, SoftmaxComposite::logSoftmaxGradient, upstream));
  }

  /** Returns the log-softmax along the last axis as a block; see {@link #block(int)}. */
  public static Block block() {
    return block(-1);
  }

  /**
   * Returns the operator as a block.
   *
   * @param axis the axis of the classes; negative counts from the end
   * @return a block from x to {@link #value}
   */
  public static Block block(int axis) {
    return new OpBlock(
            "LogSoftmax", 1, inputs -> value(inputs.singletonOrThrow(), axis), shapes -> shapes[0])
        .describedBy(axis);
  }

  /** Returns the gradient along the last axis as a block; see {@link #gradientBlock(int)}. */
  public static Block gradientBlock() {
    return gradientBlock(-1);
  }

  /**
   * Returns the gradient as a block.
   *
   * @param axis the axis of the classes; negative counts from the end
   * @return a block from (x, upstream) to {@link #gradient}
   */
  public static Block gradientBlock(int axis) {
    return new OpBlock(
            "LogSoftmaxGradient",
            2,
            inputs -> gradient(inputs.get(0), axis, inputs.get(1)),
            shapes -> shapes[0])
        .describedBy(axis);
  }
}

package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import org.stableops.Parameters;
import org.stableops.kernel.SoftplusKernel;

/**
 * Softplus, the smooth ReLU:
 *
 * <pre>softplus(x; β) = log(1 + e^{βx})/β,   softplus′(x; β) = 1/(1 + e^{−βx}).</pre>
 *
 * <p>It is computed as max(x, 0) + log1p(e^{−|βx|})/β, which neither overflows nor cancels, and
 * never swapped for its asymptote (libtorch does so above βx = 20, and is 580,000 ulp off there in
 * float64).
 *
 * <p>Arrays of float16, float32 and float64, of any shape and layout. Special values: ln 2/β at 0,
 * +inf at +inf, 0 at −inf, NaN at NaN; gradient ½, 1, 0, NaN. Error: 3 ulp (gradient 4) in float32
 * and 4 (5) in float64 fused; 6 (8) ulp composite, and |βx| ulp more where β is no power of two.
 *
 * <p>C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing,
 * NIPS 2000.
 */
public final class Softplus {
  private Softplus() {}

  /**
   * Returns softplus with β = 1.
   *
   * @param x any floating array
   * @return log(1 + e^x), differentiable, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return log(1 + e^{βx})/β, differentiable, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, double beta) {
    return op(beta).value(x);
  }

  /**
   * Returns the gradient of softplus with β = 1.
   *
   * @param x any floating array
   * @return 1/(1 + e^{−x}), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x) {
    return gradient(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the gradient of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return 1/(1 + e^{−βx}), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x, double beta) {
    return op(beta).gradient(x);
  }

  /**
   * Writes softplus with β = 1 into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype, outside any graph; may be x
   * @throws IllegalArgumentException if x has another dtype or out is not like x
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray out) {
    valueInto(x, out, Parameters.DEFAULT_BETA);
  }

  /**
   * Writes softplus into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype, outside any graph; may be x
   * @param beta β, finite and positive
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or β is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray out, double beta) {
    op(beta).valueInto(x, out);
  }

  /**
   * Returns softplus with β = 1 as a block.
   *
   * @return a block from x to {@link #value(NDArray)}
   */
  public static Block block() {
    return block(Parameters.DEFAULT_BETA);
  }

  /**
   * Returns softplus as a block.
   *
   * @param beta β, finite and positive
   * @return a block from x to {@link #value(NDArray, double)}
   * @throws IllegalArgumentException if β is invalid
   */
  public static Block block(double beta) {
    return op(beta).block("Softplus");
  }

  /**
   * Returns the gradient of softplus with β = 1 as a block.
   *
   * @return a block from (x, upstream) to upstream × {@link #gradient(NDArray)}
   */
  public static Block gradientBlock() {
    return gradientBlock(Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the gradient of softplus as a block.
   *
   * @param beta β, finite and positive
   * @return a block from (x, upstream) to upstream × {@link #gradient(NDArray, double)}
   * @throws IllegalArgumentException if β is invalid
   */
  public static Block gradientBlock(double beta) {
    return op(beta).gradientBlock("Softplus");
  }

  static ElementwiseOp op(double beta) {
    Parameters.requireBeta(beta);
    return new ElementwiseOp(
        SoftplusKernel.of(beta), x -> compositeValue(x, beta), x -> compositeGradient(x, beta));
  }

  private static NDArray compositeValue(NDArray x, double beta) {
    NDArray p = Widened.product(x, beta);
    NDArray tail = Activation.softPlus(p.abs().neg()).div(beta);
    // Where e^p is about to be subnormal, two factors that are not keep its digits.
    NDArray half = p.mul(0.5).exp();
    NDArray farTail = half.mul(half.div(beta));
    return x.maximum(0).add(NDArrays.where(p.lt(-70), farTail, tail));
  }

  private static NDArray compositeGradient(NDArray x, double beta) {
    NDArray t = Widened.product(x, beta).abs().neg().exp();
    return NDArrays.where(x.lt(0), t, t.onesLike()).div(t.add(1));
  }
}

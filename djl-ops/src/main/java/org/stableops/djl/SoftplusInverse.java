package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.nn.Block;
import org.stableops.Parameters;
import org.stableops.kernel.SoftplusInverseKernel;

/**
 * The inverse of softplus, from the positive to all real numbers:
 *
 * <pre>softplusInverse(x; β) = log(e^{βx} − 1)/β,   softplusInverse′(x; β) = 1/(1 − e^{−βx}).</pre>
 *
 * <p>It is computed as x + log(1 − e^{−βx})/β, which does not overflow; the fused path keeps every
 * digit through the zero at ln 2/β, where the two terms cancel.
 *
 * <p>Arrays of float16, float32 and float64, of any shape and layout. Special values: −inf at ±0,
 * +inf at +inf, NaN below 0 and at NaN; gradient +inf, 1, NaN. Error: 3 ulp (gradient 4) in float32
 * and 4 (5) in float64 fused; 6 (8) ulp composite, 6ε/β absolute near ln 2/β, and |βx| ulp more
 * where β is no power of two.
 *
 * <p>The formula near ln 2/β: NUMERICS of this project; the others: TensorFlow Probability, {@code
 * tfp.math.softplus_inverse}.
 */
public final class SoftplusInverse {
  /** Below, e^{−p} is 1 − p to the last bit, and p = βx may have lost bits to subnormal numbers. */
  private static final double TINY = 1e-30;

  private SoftplusInverse() {}

  /**
   * Returns the inverse of softplus with β = 1.
   *
   * @param x any floating array
   * @return log(e^x − 1), differentiable, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return log(e^{βx} − 1)/β, differentiable, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, double beta) {
    return op(beta).value(x);
  }

  /**
   * Returns the gradient of the inverse of softplus with β = 1.
   *
   * @param x any floating array
   * @return 1/(1 − e^{−x}), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x) {
    return gradient(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the gradient of the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return 1/(1 − e^{−βx}), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x, double beta) {
    return op(beta).gradient(x);
  }

  /**
   * Writes the inverse of softplus with β = 1 into memory that is there already.
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
   * Writes the inverse of softplus into memory that is there already.
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
   * Returns the inverse of softplus with β = 1 as a block.
   *
   * @return a block from x to {@link #value(NDArray)}
   */
  public static Block block() {
    return block(Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the inverse of softplus as a block.
   *
   * @param beta β, finite and positive
   * @return a block from x to {@link #value(NDArray, double)}
   * @throws IllegalArgumentException if β is invalid
   */
  public static Block block(double beta) {
    return op(beta).block("SoftplusInverse");
  }

  /**
   * Returns the gradient of the inverse of softplus with β = 1 as a block.
   *
   * @return a block from (x, upstream) to upstream × {@link #gradient(NDArray)}
   */
  public static Block gradientBlock() {
    return gradientBlock(Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the gradient of the inverse of softplus as a block.
   *
   * @param beta β, finite and positive
   * @return a block from (x, upstream) to upstream × {@link #gradient(NDArray, double)}
   * @throws IllegalArgumentException if β is invalid
   */
  public static Block gradientBlock(double beta) {
    return op(beta).gradientBlock("SoftplusInverse");
  }

  private static ElementwiseOp op(double beta) {
    Parameters.requireBeta(beta);
    return new ElementwiseOp(
        (x, out) -> SoftplusInverseKernel.value(x, beta, out),
        (x, out) -> SoftplusInverseKernel.gradient(x, beta, out),
        x -> compositeValue(x, beta),
        x -> compositeGradient(x, beta));
  }

  private static NDArray compositeValue(NDArray x, double beta) {
    NDArray p = Widened.product(x, beta);
    NDArray tiny = x.log().add(Math.log(beta));
    NDArray log = NDArrays.where(p.lt(TINY), tiny, oneMinusExp(p).log());
    return x.add(log.div(beta));
  }

  private static NDArray compositeGradient(NDArray x, double beta) {
    NDArray p = Widened.product(x, beta);
    // |w|, for −0 is treated as 0.
    NDArray w = NDArrays.where(p.lt(TINY), p, oneMinusExp(p)).abs();
    NDArray nan = x.getManager().full(x.getShape(), Float.NaN, x.getDataType());
    return NDArrays.where(x.lt(0), nan, w.onesLike().div(w));
  }

  /** 1 − e^{−p} = 2t/(1 + t), t = tanh(p/2): the host has no expm1. */
  private static NDArray oneMinusExp(NDArray p) {
    NDArray t = p.mul(0.5).tanh();
    return t.mul(2).div(t.add(1));
  }
}

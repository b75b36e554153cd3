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
 * <p>Neither overflows nor cancels on the fused path, which keeps every digit through the zero at
 * ln 2/β. The composite is x/2 + log(2·sinh(βx/2))/β, whose two terms cancel there; its gradient is
 * e^{βx/2}/(2·sinh(βx/2)). Neither host has an expm1 to be relied on.
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
  /** Below, 2·sinh(p/2) is p to the last bit, and p = βx may have lost bits to subnormals. */
  private static final double TINY = 1e-30;

  /** Above, the result is x to the last bit, and sinh may overflow. */
  private static final double LARGE = 40;

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

  static ElementwiseOp op(double beta) {
    Parameters.requireBeta(beta);
    return new ElementwiseOp(
        SoftplusInverseKernel.of(beta),
        x -> compositeValue(x, beta),
        x -> compositeGradient(x, beta));
  }

  private static NDArray compositeValue(NDArray x, double beta) {
    NDArray p = Widened.product(x, beta);
    NDArray log = p.mul(0.5).sinh().mul(2).log();
    NDArray tiny = x.log().add(Math.log(beta));
    NDArray sum = NDArrays.where(p.lt(TINY), tiny, log).div(beta).add(x.mul(0.5));
    return NDArrays.where(p.gt(LARGE), x, sum);
  }

  private static NDArray compositeGradient(NDArray x, double beta) {
    NDArray p = Widened.product(x, beta);
    NDArray half = p.mul(0.5);
    NDArray quotient = half.exp().div(half.sinh().mul(2));
    // |p|, for −0 is treated as 0.
    NDArray tiny = p.onesLike().div(p.abs());
    quotient = NDArrays.where(p.lt(TINY), tiny, quotient);
    quotient = NDArrays.where(p.gt(LARGE), p.onesLike(), quotient);
    NDArray nan = x.getManager().full(x.getShape(), Float.NaN, x.getDataType(), x.getDevice());
    return NDArrays.where(x.lt(0), nan, quotient);
  }
}

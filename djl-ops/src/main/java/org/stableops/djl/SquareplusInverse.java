package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import org.stableops.Parameters;
import org.stableops.kernel.ScaledB;
import org.stableops.kernel.SquareplusInverseKernel;

/**
 * The inverse of squareplus, from the positive to all real numbers:
 *
 * <pre>squareplusInverse(x; b) = x − b/(4x),   squareplusInverse′(x; b) = 1 + b/(4x²).</pre>
 *
 * <p>With s = √b/2 it is computed as (x − s)(1 + s/x), with s to twice the precision in the first
 * factor, so that nothing cancels at the zero. b = 0 is the identity.
 *
 * <p>Arrays of float16, float32 and float64, of any shape and layout. Special values for b &gt; 0:
 * −inf at ±0, +inf at +inf, NaN below 0 and at NaN; gradient +inf, 1, NaN. Error: 3 ulp (gradient
 * 4) in float32 and 4 (5) in float64 fused; 6 (8) ulp composite.
 *
 * <p>J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687, solved for x.
 */
public final class SquareplusInverse {
  private SquareplusInverse() {}

  /**
   * Returns the inverse of squareplus with b = 4.
   *
   * @param x any floating array
   * @return x − 1/x, differentiable, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x) {
    return value(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the inverse of squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative
   * @return x − b/(4x), differentiable, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, double b) {
    return op(b).value(x);
  }

  /**
   * Returns the gradient of the inverse of squareplus with b = 4.
   *
   * @param x any floating array
   * @return 1 + 1/x², outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x) {
    return gradient(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the gradient of the inverse of squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative; for 0 the gradient is 1
   * @return 1 + b/(4x²), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray gradient(NDArray x, double b) {
    return op(b).gradient(x);
  }

  /**
   * Writes the inverse of squareplus with b = 4 into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype, outside any graph; may be x
   * @throws IllegalArgumentException if x has another dtype or out is not like x
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray out) {
    valueInto(x, out, Parameters.DEFAULT_B);
  }

  /**
   * Writes the inverse of squareplus into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype, outside any graph; may be x
   * @param b finite and not negative
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or b is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray out, double b) {
    op(b).valueInto(x, out);
  }

  /**
   * Returns the inverse of squareplus with b = 4 as a block.
   *
   * @return a block from x to {@link #value(NDArray)}
   */
  public static Block block() {
    return block(Parameters.DEFAULT_B);
  }

  /**
   * Returns the inverse of squareplus as a block.
   *
   * @param b finite and not negative
   * @return a block from x to {@link #value(NDArray, double)}
   * @throws IllegalArgumentException if b is invalid
   */
  public static Block block(double b) {
    return op(b).block("SquareplusInverse");
  }

  /**
   * Returns the gradient of the inverse of squareplus with b = 4 as a block.
   *
   * @return a block from (x, upstream) to upstream × {@link #gradient(NDArray)}
   */
  public static Block gradientBlock() {
    return gradientBlock(Parameters.DEFAULT_B);
  }

  /**
   * Returns the gradient of the inverse of squareplus as a block.
   *
   * @param b finite and not negative
   * @return a block from (x, upstream) to upstream × {@link #gradient(NDArray, double)}
   * @throws IllegalArgumentException if b is invalid
   */
  public static Block gradientBlock(double b) {
    return op(b).gradientBlock("SquareplusInverse");
  }

  static ElementwiseOp op(double b) {
    Parameters.requireB(b);
    return new ElementwiseOp(
        SquareplusInverseKernel.of(b),
        x -> b == 0 ? x.duplicate() : Widened.compute(x, b, wide -> compositeValue(wide, b)),
        x -> b == 0 ? one(x) : Widened.compute(x, b, wide -> compositeGradient(wide, b)));
  }

  private static NDArray compositeValue(NDArray x, double b) {
    ScaledB scaled = new ScaledB(b);
    double exact = scaled.halfRoot();
    double s = x.getDataType() == DataType.FLOAT64 ? exact : (float) exact;
    double lost = exact - s + scaled.lostOfHalfRoot();
    // |x| under the division, for −0 is treated as 0.
    NDArray abs = x.abs();
    NDArray ratio = x.onesLike().mul(s).div(abs);
    NDArray product = x.sub(s).sub(lost).mul(ratio.add(1));
    NDArray quotient = x.sub(x.onesLike().mul(b / 4).div(abs));
    return positiveOnly(x, NDArrays.where(abs.lt(scaled.quotientBelow()), quotient, product));
  }

  private static NDArray compositeGradient(NDArray x, double b) {
    NDArray ratio = x.onesLike().mul(new ScaledB(b).halfRoot()).div(x);
    return positiveOnly(x, ratio.mul(ratio).add(1));
  }

  private static NDArray positiveOnly(NDArray x, NDArray result) {
    NDArray nan = x.getManager().full(x.getShape(), Float.NaN, x.getDataType(), x.getDevice());
    return NDArrays.where(x.lt(0), nan, result);
  }

  private static NDArray one(NDArray x) {
    return NDArrays.where(x.isNaN(), x, x.onesLike());
  }
}

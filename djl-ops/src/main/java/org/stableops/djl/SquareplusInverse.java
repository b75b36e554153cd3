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
 * <p>b may be an array that broadcasts against x. The gradient to it is −1/(4x), summed over the
 * elements of x that an element of b meets: −inf at ±0, 0 at +inf, NaN below 0 and at NaN, also for
 * b = 0.
 *
 * <p>J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687, solved for x.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray x = manager.create(new float[] {0.5f, 2f});
 *   NDArray y = SquareplusInverse.value(x, 2); // b = 2, differentiable
 *   NDArray slope = SquareplusInverse.gradient(x, 2);
 *   Block activation = SquareplusInverse.block(2);
 * }
 * }</pre>
 */
public final class SquareplusInverse {
  private static final ParametricOp ARRAYS =
      new ParametricOp(
          "b",
          SquareplusInverseKernel.parametric(),
          SquareplusInverse::op,
          SquareplusInverse::compositeValue,
          SquareplusInverse::compositeGradient,
          SquareplusInverse::compositeParameterGradient);

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
   * Returns the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return x − b/(4x), differentiable to both, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, b has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray x, NDArray b) {
    return ARRAYS.value(x, b);
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
   * Returns the gradient to x of the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return 1 + b/(4x²), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, b has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray x, NDArray b) {
    return ARRAYS.gradient(x, b);
  }

  /**
   * Returns the gradient to b of the sum of the inverse of squareplus.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return −1/(4x), summed in float64 over the elements of x that each element of b meets, outside
   *     any graph, of b's shape, x's dtype and x's manager
   * @throws IllegalArgumentException if x has another dtype, b has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray parameterGradient(NDArray x, NDArray b) {
    return ARRAYS.parameterGradient(x, b);
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
   * Writes the inverse of squareplus whose parameter is an array into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype, outside any graph; may be x
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @throws IllegalArgumentException if x has another dtype, out is not like x, b has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray out, NDArray b) {
    ARRAYS.valueInto(x, out, b);
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
    return op(b).block("SquareplusInverse", b);
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
    return op(b).gradientBlock("SquareplusInverse", b);
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

  private static NDArray compositeValue(NDArray x, NDArray b) {
    NDArray abs = x.abs();
    NDArray scale = Widened.scale(b);
    NDArray y = abs.mul(scale);
    NDArray scaledB = b.mul(scale).mul(scale);
    NDArray s = scaledB.sqrt().mul(0.5);
    NDArray isNearZero = y.gt(s.mul(0.5)).logicalAnd(y.lt(s.mul(2)));
    NDArray d = y.sub(s).sub(lostOfHalfRoot(s, scaledB));
    NDArray product = d.mul(y.add(s)).div(y).div(scale);
    NDArray value = NDArrays.where(isNearZero, product, x.sub(b.div(abs.mul(4))));
    return NDArrays.where(b.eq(0), x, positiveOnly(x, value));
  }

  /** √b/2 − s, by what the rounding of s² loses: s is split into two halves of its digits. */
  private static NDArray lostOfHalfRoot(NDArray s, NDArray b) {
    NDArray large = s.mul(0x1p27 + 1);
    NDArray high = large.sub(large.sub(s));
    NDArray low = s.sub(high);
    NDArray square = s.mul(s);
    NDArray rest = high.mul(high).sub(square).add(high.mul(low).mul(2)).add(low.mul(low));
    return b.mul(0.25).sub(square).sub(rest).div(s.mul(2));
  }

  private static NDArray compositeGradient(NDArray x, NDArray b) {
    NDArray ratio = b.sqrt().mul(0.5).div(x);
    return NDArrays.where(b.eq(0), one(x), positiveOnly(x, ratio.mul(ratio).add(1)));
  }

  private static NDArray compositeParameterGradient(NDArray x, NDArray b) {
    // |x|, for −0 is treated as 0.
    return positiveOnly(x, x.onesLike().mul(-0.25).div(x.abs()));
  }

  private static NDArray positiveOnly(NDArray x, NDArray result) {
    NDArray nan = x.getManager().full(x.getShape(), Float.NaN, x.getDataType(), x.getDevice());
    return NDArrays.where(x.lt(0), nan, result);
  }

  private static NDArray one(NDArray x) {
    return NDArrays.where(x.isNaN(), x, x.onesLike());
  }
}

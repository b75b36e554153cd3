package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.Parameters;
import org.stableops.djl.internal.ParametricOp;
import org.stableops.op.Operators;

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
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SQUAREPLUS_INVERSE);

  private SquareplusInverse() {}

  /** Returns the inverse of squareplus with b = 4; see {@link #value(NDArray, double)}. */
  public static NDArray value(NDArray x) {
    return value(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the inverse of squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative
   * @return x − b/(4x), differentiable (twice in a scope of {@link SecondOrder}), of x's shape,
   *     dtype and manager
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, double b) {
    return OPERATOR.of(b).value(x);
  }

  /**
   * Returns the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return x − b/(4x), differentiable to both, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray x, NDArray b) {
    return OPERATOR.value(x, b);
  }

  /**
   * Returns the gradient of the inverse of squareplus with b = 4; see {@link #gradient(NDArray,
   * double)}.
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
    return OPERATOR.of(b).gradient(x);
  }

  /**
   * Returns the gradient to x of the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return 1 + b/(4x²), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray x, NDArray b) {
    return OPERATOR.gradient(x, b);
  }

  /**
   * Returns the second derivative of the inverse of squareplus with b = 4; see {@link
   * #secondDerivative(NDArray, double)}.
   */
  public static NDArray secondDerivative(NDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the second derivative of the inverse of squareplus, computed in float64 and rounded
   * once: within 2 ulp of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param b finite and not negative; for 0 the second derivative is 0
   * @return −b/(2x³), outside any graph, of x's shape, dtype and manager; −inf at 0, 0 at +inf, NaN
   *     below 0 and for NaN
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray secondDerivative(NDArray x, double b) {
    return OPERATOR.secondDerivative(x, b);
  }

  /**
   * Returns the gradient to b of the sum of the inverse of squareplus.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return −1/(4x), summed in float64 over the elements of x that each element of b meets, outside
   *     any graph, of b's shape, x's dtype and x's manager
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray parameterGradient(NDArray x, NDArray b) {
    return OPERATOR.parameterGradient(x, b);
  }

  /**
   * Writes the inverse of squareplus with b = 4 into an existing array; see {@link
   * #valueInto(NDArray, double, NDArray)}.
   */
  public static void valueInto(NDArray x, NDArray out) {
    valueInto(x, Parameters.DEFAULT_B, out);
  }

  /**
   * Writes the inverse of squareplus into an existing array.
   *
   * @param x any floating array
   * @param b finite and not negative
   * @param out an array of x's shape and dtype, outside any graph; may be x, but must not overlap
   *     it otherwise
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or b is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, double b, NDArray out) {
    OPERATOR.of(b).valueInto(x, out);
  }

  /**
   * Writes the inverse of squareplus whose parameter is an array into an existing array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @param out an array of x's shape and dtype, outside any graph; may be x, but must not overlap
   *     it otherwise
   * @throws IllegalArgumentException if x has another dtype, out is not like x, b has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray b, NDArray out) {
    OPERATOR.valueInto(x, b, out);
  }

  /** Returns the inverse of squareplus with b = 4 as a block; see {@link #block(double)}. */
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
    return OPERATOR.block(b);
  }

  /**
   * Returns the gradient of the inverse of squareplus with b = 4 as a block; see {@link
   * #gradientBlock(double)}.
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
    return OPERATOR.gradientBlock(b);
  }
}

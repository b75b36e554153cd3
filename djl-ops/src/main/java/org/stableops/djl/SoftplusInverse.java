package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.Parameters;
import org.stableops.djl.internal.ParametricOp;
import org.stableops.op.Operators;

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
 * <p>β may be an array that broadcasts against x. The gradient to it is (q/(e^q − 1) − log(1 −
 * e^{−q}))/β² with q = βx, summed over the elements of x that an element of β meets: +inf at ±0, 0
 * at +inf, NaN below 0 and at NaN.
 *
 * <p>The formula near ln 2/β: NUMERICS of this project; the others: TensorFlow Probability, {@code
 * tfp.math.softplus_inverse}.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray x = manager.create(new float[] {0.5f, 2f});
 *   NDArray y = SoftplusInverse.value(x, 0.5); // β = 0.5, differentiable
 *   NDArray slope = SoftplusInverse.gradient(x, 0.5);
 *   Block activation = SoftplusInverse.block(0.5);
 * }
 * }</pre>
 */
public final class SoftplusInverse {
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SOFTPLUS_INVERSE);

  private SoftplusInverse() {}

  /** Returns the inverse of softplus with β = 1; see {@link #value(NDArray, double)}. */
  public static NDArray value(NDArray x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return log(e^{βx} − 1)/β, differentiable (twice in a scope of {@link SecondOrder}), of x's
   *     shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, double beta) {
    return OPERATOR.of(beta).value(x);
  }

  /**
   * Returns the inverse of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return log(e^{βx} − 1)/β, differentiable to both, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray x, NDArray beta) {
    return OPERATOR.value(x, beta);
  }

  /**
   * Returns the gradient of the inverse of softplus with β = 1; see {@link #gradient(NDArray,
   * double)}.
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
    return OPERATOR.of(beta).gradient(x);
  }

  /**
   * Returns the gradient to x of the inverse of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return 1/(1 − e^{−βx}), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray x, NDArray beta) {
    return OPERATOR.gradient(x, beta);
  }

  /**
   * Returns the second derivative of the inverse of softplus with β = 1; see {@link
   * #secondDerivative(NDArray, double)}.
   */
  public static NDArray secondDerivative(NDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the second derivative of the inverse of softplus, computed in float64 and rounded once:
   * within 2 ulp of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param beta finite and positive
   * @return −β·e^{−βx}/(1 − e^{−βx})², outside any graph, of x's shape, dtype and manager; −inf at
   *     0, 0 at +inf, NaN below 0 and for NaN
   * @throws IllegalArgumentException if x has another dtype or beta is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray secondDerivative(NDArray x, double beta) {
    return OPERATOR.secondDerivative(x, beta);
  }

  /**
   * Returns the gradient to β of the sum of the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return (q/(e^q − 1) − log(1 − e^{−q}))/β², q = βx, summed in float64 over the elements of x
   *     that each element of β meets, outside any graph, of β's shape, x's dtype and x's manager
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray parameterGradient(NDArray x, NDArray beta) {
    return OPERATOR.parameterGradient(x, beta);
  }

  /**
   * Writes the inverse of softplus with β = 1 into an existing array; see {@link
   * #valueInto(NDArray, double, NDArray)}.
   */
  public static void valueInto(NDArray x, NDArray out) {
    valueInto(x, Parameters.DEFAULT_BETA, out);
  }

  /**
   * Writes the inverse of softplus into an existing array.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @param out an array of x's shape and dtype, outside any graph; may be x, but must not overlap
   *     it otherwise
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or β is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, double beta, NDArray out) {
    OPERATOR.of(beta).valueInto(x, out);
  }

  /**
   * Writes the inverse of softplus whose parameter is an array into an existing array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @param out an array of x's shape and dtype, outside any graph; may be x, but must not overlap
   *     it otherwise
   * @throws IllegalArgumentException if x has another dtype, out is not like x, β has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray x, NDArray beta, NDArray out) {
    OPERATOR.valueInto(x, beta, out);
  }

  /** Returns the inverse of softplus with β = 1 as a block; see {@link #block(double)}. */
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
    return OPERATOR.block(beta);
  }

  /**
   * Returns the gradient of the inverse of softplus with β = 1 as a block; see {@link
   * #gradientBlock(double)}.
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
    return OPERATOR.gradientBlock(beta);
  }
}

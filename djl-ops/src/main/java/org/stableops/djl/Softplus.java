package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.Parameters;
import org.stableops.djl.internal.ParametricOp;
import org.stableops.op.Operators;

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
 * <p>β may be an array that broadcasts against x. The gradient to it is −(a·t/(1 + t) + log(1 +
 * t))/β² with a = |βx| and t = e^{−a}, summed over the elements of x that an element of β meets:
 * −ln 2/β² at 0, 0 at ±inf, NaN at NaN.
 *
 * <p>C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing,
 * NIPS 2000.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray x = manager.create(new float[] {-1f, 2f});
 *   NDArray y = Softplus.value(x, 0.5); // β = 0.5, differentiable
 *   NDArray slope = Softplus.gradient(x, 0.5);
 *   Block activation = Softplus.block(0.5);
 * }
 * }</pre>
 */
public final class Softplus {
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SOFTPLUS);

  private Softplus() {}

  /** Returns softplus with β = 1; see {@link #value(NDArray, double)}. */
  public static NDArray value(NDArray x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return log(1 + e^{βx})/β, differentiable (twice in a scope of {@link SecondOrder}), of x's
   *     shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray value(NDArray x, double beta) {
    return OPERATOR.of(beta).value(x);
  }

  /**
   * Returns softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return log(1 + e^{βx})/β, differentiable to both, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray x, NDArray beta) {
    return OPERATOR.value(x, beta);
  }

  /** Returns the gradient of softplus with β = 1; see {@link #gradient(NDArray, double)}. */
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
    return OPERATOR.of(beta).gradient(x);
  }

  /**
   * Returns the gradient to x of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return 1/(1 + e^{−βx}), outside any graph, of x's shape, dtype and manager
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray x, NDArray beta) {
    return OPERATOR.gradient(x, beta);
  }

  /**
   * Returns the second derivative of softplus with β = 1; see {@link #secondDerivative(NDArray,
   * double)}.
   */
  public static NDArray secondDerivative(NDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the second derivative of softplus, computed in float64 and rounded once: within 2 ulp
   * of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param beta finite and positive
   * @return β·e^{−β|x|}/(1 + e^{−β|x|})², outside any graph, of x's shape, dtype and manager; 0 at
   *     ±inf, NaN for NaN
   * @throws IllegalArgumentException if x has another dtype or beta is invalid
   * @throws IllegalStateException if x is closed
   */
  public static NDArray secondDerivative(NDArray x, double beta) {
    return OPERATOR.secondDerivative(x, beta);
  }

  /**
   * Returns the gradient to β of the sum of softplus.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return −(a·t/(1 + t) + log(1 + t))/β², a = |βx|, t = e^{−a}, summed in float64 over the
   *     elements of x that each element of β meets, outside any graph, of β's shape, x's dtype and
   *     x's manager
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray parameterGradient(NDArray x, NDArray beta) {
    return OPERATOR.parameterGradient(x, beta);
  }

  /**
   * Writes softplus with β = 1 into an existing array; see {@link #valueInto(NDArray, double,
   * NDArray)}.
   */
  public static void valueInto(NDArray x, NDArray out) {
    valueInto(x, Parameters.DEFAULT_BETA, out);
  }

  /**
   * Writes softplus into an existing array.
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
   * Writes softplus whose parameter is an array into an existing array.
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

  /** Returns softplus with β = 1 as a block; see {@link #block(double)}. */
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
    return OPERATOR.block(beta);
  }

  /** Returns the gradient of softplus with β = 1 as a block; see {@link #gradientBlock(double)}. */
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
    return OPERATOR.gradientBlock(beta);
  }
}

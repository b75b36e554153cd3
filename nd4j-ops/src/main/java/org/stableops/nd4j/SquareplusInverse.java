package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.Parameters;
import org.stableops.nd4j.internal.ElementwiseGradientOp;
import org.stableops.nd4j.internal.ElementwiseValueOp;
import org.stableops.nd4j.internal.ParameterGradientOp;
import org.stableops.nd4j.internal.ParametricOp;
import org.stableops.nd4j.internal.SecondDerivativeOp;
import org.stableops.op.Operators;

/**
 * The inverse of squareplus, from the positive to all real numbers:
 *
 * <pre>squareplusInverse(x; b) = x − b/(4x),   squareplusInverse′(x; b) = 1 + b/(4x²).</pre>
 *
 * <p>With s = √b/2 it is computed as (x − s)(1 + s/x), with s to twice the precision in the first
 * factor, so that nothing cancels at the zero. b = 0 is the identity.
 *
 * <p>Arrays of half, bfloat16, float and double, of any shape and layout. Special values for b &gt;
 * 0: −inf at ±0, +inf at +inf, NaN below 0 and at NaN; gradient +inf, 1, NaN. Error: 3 ulp
 * (gradient 4) in float32 and 4 (5) in float64 fused; 6 (8) ulp composite.
 *
 * <p>b may be an array that broadcasts against x. The gradient to it is −1/(4x), summed over the
 * elements of x that an element of b meets: −inf at ±0, 0 at +inf, NaN below 0 and at NaN, also for
 * b = 0.
 *
 * <p>J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687, solved for x.
 *
 * <pre>{@code
 * INDArray x = Nd4j.createFromArray(0.5f, 2f);
 * INDArray y = SquareplusInverse.value(x, 2); // b = 2
 * INDArray slope = SquareplusInverse.gradient(x, 2);
 * SameDiff graph = SameDiff.create();
 * SDVariable z = SquareplusInverse.value(graph.var("x", x), 2); // with its gradient
 * }</pre>
 */
public final class SquareplusInverse {
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SQUAREPLUS_INVERSE);

  private SquareplusInverse() {}

  /** Returns the inverse of squareplus with b = 4; see {@link #value(INDArray, double)}. */
  public static INDArray value(INDArray x) {
    return value(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the inverse of squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative
   * @return x − b/(4x), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray value(INDArray x, double b) {
    return OPERATOR.of(b).value(x);
  }

  /**
   * Returns the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return x − b/(4x), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray x, INDArray b) {
    return OPERATOR.value(x, b);
  }

  /**
   * Returns the gradient of the inverse of squareplus with b = 4; see {@link #gradient(INDArray,
   * double)}.
   */
  public static INDArray gradient(INDArray x) {
    return gradient(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the gradient of the inverse of squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative; for 0 the gradient is 1
   * @return 1 + b/(4x²), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray gradient(INDArray x, double b) {
    return OPERATOR.of(b).gradient(x);
  }

  /**
   * Returns the gradient to x of the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return 1 + b/(4x²), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, INDArray b) {
    return OPERATOR.gradient(x, b);
  }

  /**
   * Returns the second derivative of the inverse of squareplus with b = 4; see {@link
   * #secondDerivative(INDArray, double)}.
   */
  public static INDArray secondDerivative(INDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the second derivative of the inverse of squareplus, computed in float64 and rounded
   * once: within 2 ulp of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param b finite and not negative; for 0 the second derivative is 0
   * @return −b/(2x³), of x's shape and dtype; −inf at 0, 0 at +inf, NaN below 0 and for NaN
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray secondDerivative(INDArray x, double b) {
    return OPERATOR.secondDerivative(x, b);
  }

  /**
   * Returns the gradient to b of the sum of the inverse of squareplus.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return −1/(4x), summed in float64 over the elements of x that each element of b meets, of b's
   *     shape and x's dtype
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(INDArray x, INDArray b) {
    return OPERATOR.parameterGradient(x, b);
  }

  /**
   * Writes the inverse of squareplus with b = 4 into an existing array; see {@link
   * #valueInto(INDArray, double, INDArray)}.
   */
  public static void valueInto(INDArray x, INDArray out) {
    valueInto(x, Parameters.DEFAULT_B, out);
  }

  /**
   * Writes the inverse of squareplus into an existing array.
   *
   * @param x any floating array
   * @param b finite and not negative
   * @param out an array of x's shape and dtype; may be x
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or b is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, double b, INDArray out) {
    OPERATOR.of(b).valueInto(x, out);
  }

  /**
   * Writes the inverse of squareplus whose parameter is an array into an existing array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @param out an array of x's shape and dtype; may be x
   * @throws IllegalArgumentException if x has another dtype, out is not like x, b has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray b, INDArray out) {
    OPERATOR.valueInto(x, b, out);
  }

  /**
   * Adds the inverse of squareplus with b = 4 to a graph; see {@link #value(SDVariable, double)}.
   */
  public static SDVariable value(SDVariable x) {
    return value(x, Parameters.DEFAULT_B);
  }

  /**
   * Adds the inverse of squareplus to a graph, with its gradient op.
   *
   * @param x any floating variable
   * @param b finite and not negative
   * @return x − b/(4x), of x's shape and dtype
   * @throws IllegalArgumentException if b is invalid
   */
  public static SDVariable value(SDVariable x, double b) {
    return new ValueOp().of(x, b);
  }

  /**
   * Adds the inverse of squareplus whose parameter is a variable to a graph, with its gradient ops
   * to both.
   *
   * @param x any floating variable
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not
   *     negative, which is checked when the graph is executed
   * @return x − b/(4x), of x's shape and dtype
   */
  public static SDVariable value(SDVariable x, SDVariable b) {
    return new ValueOp().of(x, b);
  }

  /**
   * Adds the gradient of the inverse of squareplus with b = 4 to a graph; see {@link
   * #gradient(SDVariable, double)}.
   */
  public static SDVariable gradient(SDVariable x) {
    return gradient(x, Parameters.DEFAULT_B);
  }

  /**
   * Adds the gradient of the inverse of squareplus to a graph as a value of its own, which SameDiff
   * can differentiate once more. The gradients that it makes of a whole graph it cannot.
   *
   * @param x any floating variable
   * @param b finite and not negative
   * @return 1 + b/(4x²), of x's shape and dtype
   * @throws IllegalArgumentException if x is null or b is invalid
   */
  public static SDVariable gradient(SDVariable x, double b) {
    return new GradientOp().of(x, b);
  }

  /** The inverse of squareplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super(OPERATOR, GradientOp::new, BGradientOp::new);
    }
  }

  /**
   * The gradient of the inverse of squareplus in a graph: from x and upstream to upstream ×
   * gradient.
   */
  public static final class GradientOp extends ElementwiseGradientOp {
    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super(OPERATOR, SecondDerivative::new);
    }

    @Override
    protected ElementwiseGradientOp another() {
      return new GradientOp();
    }
  }

  /** The second derivative in a graph: from x and upstream to upstream × second derivative. */
  public static final class SecondDerivative extends SecondDerivativeOp {
    /** Creates an unconfigured op, for the registry. */
    public SecondDerivative() {
      super(OPERATOR);
    }
  }

  /**
   * The gradient to b of the inverse of squareplus in a graph: from x, upstream and b to upstream ×
   * gradient, summed to b's shape.
   */
  public static final class BGradientOp extends ParameterGradientOp {
    /** Creates an unconfigured op, for the registry. */
    public BGradientOp() {
      super(OPERATOR);
    }
  }
}

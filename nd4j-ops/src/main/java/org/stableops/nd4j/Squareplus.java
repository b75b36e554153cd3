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
 * Squareplus, a smooth ReLU without a transcendental function:
 *
 * <pre>squareplus(x; b) = (x + √(x² + b))/2,   squareplus′(x; b) = (1 + x/√(x² + b))/2.</pre>
 *
 * <p>It is computed as max(x, 0) + (b/4)/h, h = (|x| + √(x² + b))/2, which neither cancels nor
 * overflows; the textbook form gives 0 instead of 1e-4 at x = −1e4 in float32. b = 0 is exactly
 * ReLU.
 *
 * <p>Arrays of half, bfloat16, float and double, of any shape and layout. Special values: √b/2 at
 * 0, +inf at +inf, 0 at −inf, NaN at NaN; gradient ½, 1, 0, NaN. Error: 3 ulp (gradient 4) in
 * float32 and 4 (5) in float64 fused; 6 (8) ulp composite.
 *
 * <p>b may be an array that broadcasts against x. The gradient to it is 1/(4√(x² + b)), summed over
 * the elements of x that an element of b meets: 1/(4√b) at 0, which is +inf for b = 0, 0 at ±inf,
 * NaN at NaN.
 *
 * <p>J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687.
 *
 * <pre>{@code
 * INDArray x = Nd4j.createFromArray(-1f, 2f);
 * INDArray y = Squareplus.value(x, 2); // b = 2
 * INDArray slope = Squareplus.gradient(x, 2);
 * SameDiff graph = SameDiff.create();
 * SDVariable z = Squareplus.value(graph.var("x", x), 2); // with its gradient
 * }</pre>
 */
public final class Squareplus {
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SQUAREPLUS);

  private Squareplus() {}

  /** Returns squareplus with b = 4; see {@link #value(INDArray, double)}. */
  public static INDArray value(INDArray x) {
    return value(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative
   * @return (x + √(x² + b))/2, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray value(INDArray x, double b) {
    return OPERATOR.of(b).value(x);
  }

  /**
   * Returns squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return (x + √(x² + b))/2, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray x, INDArray b) {
    return OPERATOR.value(x, b);
  }

  /** Returns the gradient of squareplus with b = 4; see {@link #gradient(INDArray, double)}. */
  public static INDArray gradient(INDArray x) {
    return gradient(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the gradient of squareplus.
   *
   * @param x any floating array
   * @param b finite and not negative; for 0 the gradient is 0, ½ or 1
   * @return (1 + x/√(x² + b))/2, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray gradient(INDArray x, double b) {
    return OPERATOR.of(b).gradient(x);
  }

  /**
   * Returns the gradient to x of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return (1 + x/√(x² + b))/2, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, INDArray b) {
    return OPERATOR.gradient(x, b);
  }

  /**
   * Returns the second derivative of squareplus with b = 4; see {@link #secondDerivative(INDArray,
   * double)}.
   */
  public static INDArray secondDerivative(INDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_B);
  }

  /**
   * Returns the second derivative of squareplus, computed in float64 and rounded once: within 2 ulp
   * of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param b finite and not negative; for 0 the second derivative is 0
   * @return b/(2·(x² + b)^{3/2}), of x's shape and dtype; 0 at ±inf, NaN for NaN
   * @throws IllegalArgumentException if x has another dtype or b is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray secondDerivative(INDArray x, double b) {
    return OPERATOR.secondDerivative(x, b);
  }

  /**
   * Returns the gradient to b of the sum of squareplus.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return 1/(4√(x² + b)), summed in float64 over the elements of x that each element of b meets,
   *     of b's shape and x's dtype
   * @throws IllegalArgumentException if x has another dtype, b's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(INDArray x, INDArray b) {
    return OPERATOR.parameterGradient(x, b);
  }

  /**
   * Writes squareplus with b = 4 into an existing array; see {@link #valueInto(INDArray, double,
   * INDArray)}.
   */
  public static void valueInto(INDArray x, INDArray out) {
    valueInto(x, Parameters.DEFAULT_B, out);
  }

  /**
   * Writes squareplus into an existing array.
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
   * Writes squareplus whose parameter is an array into an existing array.
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

  /** Adds squareplus with b = 4 to a graph; see {@link #value(SDVariable, double)}. */
  public static SDVariable value(SDVariable x) {
    return value(x, Parameters.DEFAULT_B);
  }

  /**
   * Adds squareplus to a graph, with its gradient op.
   *
   * @param x any floating variable
   * @param b finite and not negative
   * @return (x + √(x² + b))/2, of x's shape and dtype
   * @throws IllegalArgumentException if b is invalid
   */
  public static SDVariable value(SDVariable x, double b) {
    return new ValueOp().of(x, b);
  }

  /**
   * Adds squareplus whose parameter is a variable to a graph, with its gradient ops to both.
   *
   * @param x any floating variable
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not
   *     negative, which is checked when the graph is executed
   * @return (x + √(x² + b))/2, of x's shape and dtype
   */
  public static SDVariable value(SDVariable x, SDVariable b) {
    return new ValueOp().of(x, b);
  }

  /**
   * Adds the gradient of squareplus with b = 4 to a graph; see {@link #gradient(SDVariable,
   * double)}.
   */
  public static SDVariable gradient(SDVariable x) {
    return gradient(x, Parameters.DEFAULT_B);
  }

  /**
   * Adds the gradient of squareplus to a graph as a value of its own, which SameDiff can
   * differentiate once more. The gradients that it makes of a whole graph it cannot.
   *
   * @param x any floating variable
   * @param b finite and not negative
   * @return (1 + x/√(x² + b))/2, of x's shape and dtype
   * @throws IllegalArgumentException if x is null or b is invalid
   */
  public static SDVariable gradient(SDVariable x, double b) {
    return new GradientOp().of(x, b);
  }

  /** Squareplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super(OPERATOR, GradientOp::new, BGradientOp::new);
    }
  }

  /** The gradient of squareplus in a graph: from x and upstream to upstream × gradient. */
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
   * The gradient to b of squareplus in a graph: from x, upstream and b to upstream × gradient,
   * summed to b's shape.
   */
  public static final class BGradientOp extends ParameterGradientOp {
    /** Creates an unconfigured op, for the registry. */
    public BGradientOp() {
      super(OPERATOR);
    }
  }
}

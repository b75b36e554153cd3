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
 * The inverse of softplus, from the positive to all real numbers:
 *
 * <pre>softplusInverse(x; β) = log(e^{βx} − 1)/β,   softplusInverse′(x; β) = 1/(1 − e^{−βx}).</pre>
 *
 * <p>Neither overflows nor cancels on the fused path, which keeps every digit through the zero at
 * ln 2/β. The composite is x/2 + log(2·sinh(βx/2))/β, whose two terms cancel there; its gradient is
 * e^{βx/2}/(2·sinh(βx/2)). Neither host has an expm1 to be relied on.
 *
 * <p>Arrays of half, bfloat16, float and double, of any shape and layout. Special values: −inf at
 * ±0, +inf at +inf, NaN below 0 and at NaN; gradient +inf, 1, NaN. Error: 3 ulp (gradient 4) in
 * float32 and 4 (5) in float64 fused; 6 (8) ulp composite, 6ε/β absolute near ln 2/β, and |βx| ulp
 * more where β is no power of two.
 *
 * <p>β may be an array that broadcasts against x. The gradient to it is (q/(e^q − 1) − log(1 −
 * e^{−q}))/β² with q = βx, summed over the elements of x that an element of β meets: +inf at ±0, 0
 * at +inf, NaN below 0 and at NaN.
 *
 * <p>The formula near ln 2/β: NUMERICS of this project; the others: TensorFlow Probability, {@code
 * tfp.math.softplus_inverse}.
 *
 * <pre>{@code
 * INDArray x = Nd4j.createFromArray(0.5f, 2f);
 * INDArray y = SoftplusInverse.value(x, 0.5); // β = 0.5
 * INDArray slope = SoftplusInverse.gradient(x, 0.5);
 * SameDiff graph = SameDiff.create();
 * SDVariable z = SoftplusInverse.value(graph.var("x", x), 0.5); // with its gradient
 * }</pre>
 */
public final class SoftplusInverse {
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SOFTPLUS_INVERSE);

  private SoftplusInverse() {}

  /** Returns the inverse of softplus with β = 1; see {@link #value(INDArray, double)}. */
  public static INDArray value(INDArray x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return log(e^{βx} − 1)/β, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray value(INDArray x, double beta) {
    return OPERATOR.of(beta).value(x);
  }

  /**
   * Returns the inverse of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return log(e^{βx} − 1)/β, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray x, INDArray beta) {
    return OPERATOR.value(x, beta);
  }

  /**
   * Returns the gradient of the inverse of softplus with β = 1; see {@link #gradient(INDArray,
   * double)}.
   */
  public static INDArray gradient(INDArray x) {
    return gradient(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the gradient of the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return 1/(1 − e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray gradient(INDArray x, double beta) {
    return OPERATOR.of(beta).gradient(x);
  }

  /**
   * Returns the gradient to x of the inverse of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return 1/(1 − e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, INDArray beta) {
    return OPERATOR.gradient(x, beta);
  }

  /**
   * Returns the second derivative of the inverse of softplus with β = 1; see {@link
   * #secondDerivative(INDArray, double)}.
   */
  public static INDArray secondDerivative(INDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the second derivative of the inverse of softplus, computed in float64 and rounded once:
   * within 2 ulp of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param beta finite and positive
   * @return −β·e^{−βx}/(1 − e^{−βx})², of x's shape and dtype; −inf at 0, 0 at +inf, NaN below 0
   *     and for NaN
   * @throws IllegalArgumentException if x has another dtype or beta is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray secondDerivative(INDArray x, double beta) {
    return OPERATOR.secondDerivative(x, beta);
  }

  /**
   * Returns the gradient to β of the sum of the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return (q/(e^q − 1) − log(1 − e^{−q}))/β², q = βx, summed in float64 over the elements of x
   *     that each element of β meets, of β's shape and x's dtype
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(INDArray x, INDArray beta) {
    return OPERATOR.parameterGradient(x, beta);
  }

  /**
   * Writes the inverse of softplus with β = 1 into an existing array; see {@link
   * #valueInto(INDArray, double, INDArray)}.
   */
  public static void valueInto(INDArray x, INDArray out) {
    valueInto(x, Parameters.DEFAULT_BETA, out);
  }

  /**
   * Writes the inverse of softplus into an existing array.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @param out an array of x's shape and dtype; may be x
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or β is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, double beta, INDArray out) {
    OPERATOR.of(beta).valueInto(x, out);
  }

  /**
   * Writes the inverse of softplus whose parameter is an array into an existing array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @param out an array of x's shape and dtype; may be x
   * @throws IllegalArgumentException if x has another dtype, out is not like x, β has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray beta, INDArray out) {
    OPERATOR.valueInto(x, beta, out);
  }

  /** Adds the inverse of softplus with β = 1 to a graph; see {@link #value(SDVariable, double)}. */
  public static SDVariable value(SDVariable x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Adds the inverse of softplus to a graph, with its gradient op.
   *
   * @param x any floating variable
   * @param beta β, finite and positive
   * @return log(e^{βx} − 1)/β, of x's shape and dtype
   * @throws IllegalArgumentException if β is invalid
   */
  public static SDVariable value(SDVariable x, double beta) {
    return new ValueOp().of(x, beta);
  }

  /**
   * Adds the inverse of softplus whose parameter is a variable to a graph, with its gradient ops to
   * both.
   *
   * @param x any floating variable
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive, which is checked when the graph is executed
   * @return log(e^{βx} − 1)/β, of x's shape and dtype
   */
  public static SDVariable value(SDVariable x, SDVariable beta) {
    return new ValueOp().of(x, beta);
  }

  /**
   * Adds the gradient of the inverse of softplus with β = 1 to a graph; see {@link
   * #gradient(SDVariable, double)}.
   */
  public static SDVariable gradient(SDVariable x) {
    return gradient(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Adds the gradient of the inverse of softplus to a graph as a value of its own, which SameDiff
   * can differentiate once more. The gradients that it makes of a whole graph it cannot.
   *
   * @param x any floating variable
   * @param beta β, finite and positive
   * @return 1/(1 − e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x is null or β is invalid
   */
  public static SDVariable gradient(SDVariable x, double beta) {
    return new GradientOp().of(x, beta);
  }

  /** The inverse of softplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super(OPERATOR, GradientOp::new, BetaGradientOp::new);
    }
  }

  /**
   * The gradient of the inverse of softplus in a graph: from x and upstream to upstream × gradient.
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
   * The gradient to β of the inverse of softplus in a graph: from x, upstream and β to upstream ×
   * gradient, summed to β's shape.
   */
  public static final class BetaGradientOp extends ParameterGradientOp {
    /** Creates an unconfigured op, for the registry. */
    public BetaGradientOp() {
      super(OPERATOR);
    }
  }
}

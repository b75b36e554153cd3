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
 * Softplus, the smooth ReLU:
 *
 * <pre>softplus(x; β) = log(1 + e^{βx})/β,   softplus′(x; β) = 1/(1 + e^{−βx}).</pre>
 *
 * <p>It is computed as max(x, 0) + log1p(e^{−|βx|})/β, which neither overflows nor cancels, and
 * never swapped for its asymptote (ND4J's own is infinite from 89 on in float32).
 *
 * <p>Arrays of half, bfloat16, float and double, of any shape and layout. Special values: ln 2/β at
 * 0, +inf at +inf, 0 at −inf, NaN at NaN; gradient ½, 1, 0, NaN. Error: 3 ulp (gradient 4) in
 * float32 and 4 (5) in float64 fused; 6 (8) ulp composite, and |βx| ulp more where β is no power of
 * two.
 *
 * <p>β may be an array that broadcasts against x. The gradient to it is −(a·t/(1 + t) + log(1 +
 * t))/β² with a = |βx| and t = e^{−a}, summed over the elements of x that an element of β meets:
 * −ln 2/β² at 0, 0 at ±inf, NaN at NaN.
 *
 * <p>C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing,
 * NIPS 2000.
 *
 * <pre>{@code
 * INDArray x = Nd4j.createFromArray(-1f, 2f);
 * INDArray y = Softplus.value(x, 0.5); // β = 0.5
 * INDArray slope = Softplus.gradient(x, 0.5);
 * SameDiff graph = SameDiff.create();
 * SDVariable z = Softplus.value(graph.var("x", x), 0.5); // with its gradient
 * }</pre>
 */
public final class Softplus {
  private static final ParametricOp OPERATOR = new ParametricOp(Operators.SOFTPLUS);

  private Softplus() {}

  /** Returns softplus with β = 1; see {@link #value(INDArray, double)}. */
  public static INDArray value(INDArray x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return log(1 + e^{βx})/β, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray value(INDArray x, double beta) {
    return OPERATOR.of(beta).value(x);
  }

  /**
   * Returns softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return log(1 + e^{βx})/β, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray x, INDArray beta) {
    return OPERATOR.value(x, beta);
  }

  /** Returns the gradient of softplus with β = 1; see {@link #gradient(INDArray, double)}. */
  public static INDArray gradient(INDArray x) {
    return gradient(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the gradient of softplus.
   *
   * @param x any floating array
   * @param beta β, finite and positive
   * @return 1/(1 + e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype or β is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray gradient(INDArray x, double beta) {
    return OPERATOR.of(beta).gradient(x);
  }

  /**
   * Returns the gradient to x of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return 1/(1 + e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, INDArray beta) {
    return OPERATOR.gradient(x, beta);
  }

  /**
   * Returns the second derivative of softplus with β = 1; see {@link #secondDerivative(INDArray,
   * double)}.
   */
  public static INDArray secondDerivative(INDArray x) {
    return secondDerivative(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the second derivative of softplus, computed in float64 and rounded once: within 2 ulp
   * of float32 and 6 of float64.
   *
   * @param x any floating array
   * @param beta finite and positive
   * @return β·e^{−β|x|}/(1 + e^{−β|x|})², of x's shape and dtype; 0 at ±inf, NaN for NaN
   * @throws IllegalArgumentException if x has another dtype or beta is invalid
   * @throws IllegalStateException if x is closed
   */
  public static INDArray secondDerivative(INDArray x, double beta) {
    return OPERATOR.secondDerivative(x, beta);
  }

  /**
   * Returns the gradient to β of the sum of softplus.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return −(a·t/(1 + t) + log(1 + t))/β², a = |βx|, t = e^{−a}, summed in float64 over the
   *     elements of x that each element of β meets, of β's shape and x's dtype
   * @throws IllegalArgumentException if x has another dtype, β's dtype differs from x's, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(INDArray x, INDArray beta) {
    return OPERATOR.parameterGradient(x, beta);
  }

  /**
   * Writes softplus with β = 1 into an existing array; see {@link #valueInto(INDArray, double,
   * INDArray)}.
   */
  public static void valueInto(INDArray x, INDArray out) {
    valueInto(x, Parameters.DEFAULT_BETA, out);
  }

  /**
   * Writes softplus into an existing array.
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
   * Writes softplus whose parameter is an array into an existing array.
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

  /** Adds softplus with β = 1 to a graph; see {@link #value(SDVariable, double)}. */
  public static SDVariable value(SDVariable x) {
    return value(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Adds softplus to a graph, with its gradient op.
   *
   * @param x any floating variable
   * @param beta β, finite and positive
   * @return log(1 + e^{βx})/β, of x's shape and dtype
   * @throws IllegalArgumentException if β is invalid
   */
  public static SDVariable value(SDVariable x, double beta) {
    return new ValueOp().of(x, beta);
  }

  /**
   * Adds softplus whose parameter is a variable to a graph, with its gradient ops to both.
   *
   * @param x any floating variable
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive, which is checked when the graph is executed
   * @return log(1 + e^{βx})/β, of x's shape and dtype
   */
  public static SDVariable value(SDVariable x, SDVariable beta) {
    return new ValueOp().of(x, beta);
  }

  /**
   * Adds the gradient of softplus with β = 1 to a graph; see {@link #gradient(SDVariable, double)}.
   */
  public static SDVariable gradient(SDVariable x) {
    return gradient(x, Parameters.DEFAULT_BETA);
  }

  /**
   * Adds the gradient of softplus to a graph as a value of its own, which SameDiff can
   * differentiate once more. The gradients that it makes of a whole graph it cannot.
   *
   * @param x any floating variable
   * @param beta β, finite and positive
   * @return 1/(1 + e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x is null or β is invalid
   */
  public static SDVariable gradient(SDVariable x, double beta) {
    return new GradientOp().of(x, beta);
  }

  /** Softplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super(OPERATOR, GradientOp::new, BetaGradientOp::new);
    }
  }

  /** The gradient of softplus in a graph: from x and upstream to upstream × gradient. */
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
   * The gradient to β of softplus in a graph: from x, upstream and β to upstream × gradient, summed
   * to β's shape.
   */
  public static final class BetaGradientOp extends ParameterGradientOp {
    /** Creates an unconfigured op, for the registry. */
    public BetaGradientOp() {
      super(OPERATOR);
    }
  }
}

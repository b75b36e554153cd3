package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.Parameters;
import org.stableops.kernel.SoftplusKernel;

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
 * <p>C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing,
 * NIPS 2000.
 */
public final class Softplus {
  private Softplus() {}

  /**
   * Returns softplus with β = 1.
   *
   * @param x any floating array
   * @return log(1 + e^x), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
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
    return op(beta).value(x);
  }

  /**
   * Returns the gradient of softplus with β = 1.
   *
   * @param x any floating array
   * @return 1/(1 + e^{−x}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
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
    return op(beta).gradient(x);
  }

  /**
   * Writes softplus with β = 1 into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype; may be x
   * @throws IllegalArgumentException if x has another dtype or out is not like x
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray out) {
    valueInto(x, out, Parameters.DEFAULT_BETA);
  }

  /**
   * Writes softplus into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype; may be x
   * @param beta β, finite and positive
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or β is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray out, double beta) {
    op(beta).valueInto(x, out);
  }

  /**
   * Adds softplus with β = 1 to a graph.
   *
   * @param x any floating variable
   * @return log(1 + e^x), of x's shape and dtype
   */
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
    return new ValueOp(x, Parameters.requireBeta(beta)).outputVariable();
  }

  /** Softplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** For the registry. */
    public ValueOp() {
      super("stable_softplus", Softplus::op);
    }

    ValueOp(SDVariable x, double beta) {
      super("stable_softplus", Softplus::op, x, beta);
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, double beta) {
      return new GradientOp(x, upstream, beta).outputVariable();
    }
  }

  /** The gradient of softplus in a graph: from x and upstream to upstream × gradient. */
  public static final class GradientOp extends ElementwiseGradientOp {
    /** For the registry. */
    public GradientOp() {
      super("stable_softplus_bp", Softplus::op);
    }

    GradientOp(SDVariable x, SDVariable upstream, double beta) {
      super("stable_softplus_bp", Softplus::op, x, upstream, beta);
    }
  }

  static ElementwiseOp op(double beta) {
    Parameters.requireBeta(beta);
    return new ElementwiseOp(
        SoftplusKernel.of(beta),
        (x, t) -> compositeValue(x, beta, t),
        (x, t) -> compositeGradient(x, beta, t));
  }

  private static INDArray compositeValue(INDArray x, double beta, Temporaries temporaries) {
    INDArray p = Widened.product(x, beta, temporaries);
    INDArray t = temporaries.keep(expOfMinusAbs(p));
    INDArray tail = temporaries.keep(Primitives.log1p(t)).divi(beta);
    // Where e^p is about to be subnormal, two factors that are not keep its digits.
    INDArray half = temporaries.keep(Transforms.exp(temporaries.keep(p.mul(0.5)), true));
    INDArray farTail = temporaries.keep(half.div(beta)).muli(half);
    INDArray isFar = temporaries.keep(p.lt(-70));
    INDArray selected = temporaries.keep(Primitives.select(isFar, farTail, tail));
    return Primitives.relu(x).addi(selected);
  }

  private static INDArray compositeGradient(INDArray x, double beta, Temporaries temporaries) {
    INDArray p = Widened.product(x, beta, temporaries);
    INDArray t = temporaries.keep(expOfMinusAbs(p));
    INDArray one = temporaries.keep(Nd4j.onesLike(t));
    INDArray numerator = Primitives.select(temporaries.keep(x.lt(0)), t, one);
    return numerator.divi(t.addi(1));
  }

  private static INDArray expOfMinusAbs(INDArray p) {
    return Transforms.exp(Transforms.abs(p, true).negi(), false);
  }
}

package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.Parameters;
import org.stableops.kernel.SoftplusInverseKernel;

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
 * <p>The formula near ln 2/β: NUMERICS of this project; the others: TensorFlow Probability, {@code
 * tfp.math.softplus_inverse}.
 */
public final class SoftplusInverse {
  /** Below, 2·sinh(p/2) is p to the last bit, and p = βx may have lost bits to subnormals. */
  private static final double TINY = 1e-30;

  /** Above, the result is x to the last bit, and sinh may overflow. */
  private static final double LARGE = 40;

  private SoftplusInverse() {}

  /**
   * Returns the inverse of softplus with β = 1.
   *
   * @param x any floating array
   * @return log(e^x − 1), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
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
    return op(beta).value(x);
  }

  /**
   * Returns the gradient of the inverse of softplus with β = 1.
   *
   * @param x any floating array
   * @return 1/(1 − e^{−x}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
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
    return op(beta).gradient(x);
  }

  /**
   * Writes the inverse of softplus with β = 1 into memory that is there already.
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
   * Writes the inverse of softplus into memory that is there already.
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
   * Adds the inverse of softplus with β = 1 to a graph.
   *
   * @param x any floating variable
   * @return log(e^x − 1), of x's shape and dtype
   */
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
    return new ValueOp(x, Parameters.requireBeta(beta)).outputVariable();
  }

  /** The inverse of softplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** For the registry. */
    public ValueOp() {
      super("stable_softplus_inverse", SoftplusInverse::op);
    }

    ValueOp(SDVariable x, double beta) {
      super("stable_softplus_inverse", SoftplusInverse::op, x, beta);
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, double beta) {
      return new GradientOp(x, upstream, beta).outputVariable();
    }
  }

  /**
   * The gradient of the inverse of softplus in a graph: from x and upstream to upstream × gradient.
   */
  public static final class GradientOp extends ElementwiseGradientOp {
    /** For the registry. */
    public GradientOp() {
      super("stable_softplus_inverse_bp", SoftplusInverse::op);
    }

    GradientOp(SDVariable x, SDVariable upstream, double beta) {
      super("stable_softplus_inverse_bp", SoftplusInverse::op, x, upstream, beta);
    }
  }

  static ElementwiseOp op(double beta) {
    Parameters.requireBeta(beta);
    return new ElementwiseOp(
        SoftplusInverseKernel.of(beta),
        (x, t) -> compositeValue(x, beta, t),
        (x, t) -> compositeGradient(x, beta, t));
  }

  private static INDArray compositeValue(INDArray x, double beta, Temporaries temporaries) {
    INDArray p = Widened.product(x, beta, temporaries);
    INDArray log = temporaries.keep(logOfTwoSinhOfHalf(p));
    INDArray tiny = temporaries.keep(Transforms.log(x, true)).addi(Math.log(beta));
    log = temporaries.keep(Primitives.select(temporaries.keep(p.lt(TINY)), tiny, log));
    INDArray sum = log.divi(beta).addi(temporaries.keep(x.mul(0.5)));
    return Primitives.select(temporaries.keep(p.gt(LARGE)), x, sum);
  }

  private static INDArray compositeGradient(INDArray x, double beta, Temporaries temporaries) {
    INDArray p = Widened.product(x, beta, temporaries);
    INDArray half = temporaries.keep(p.mul(0.5));
    INDArray twoSinh = temporaries.keep(Transforms.sinh(half, true)).muli(2);
    INDArray quotient = temporaries.keep(Transforms.exp(half, true)).divi(twoSinh);
    // |p|, for −0 is treated as 0.
    INDArray tiny = temporaries.keep(Transforms.abs(p, true)).rdivi(1);
    quotient = temporaries.keep(Primitives.select(temporaries.keep(p.lt(TINY)), tiny, quotient));
    INDArray one = temporaries.keep(Nd4j.onesLike(p));
    quotient = temporaries.keep(Primitives.select(temporaries.keep(p.gt(LARGE)), one, quotient));
    INDArray nan = temporaries.keep(Primitives.nanLike(x));
    return Primitives.select(temporaries.keep(x.lt(0)), nan, quotient);
  }

  private static INDArray logOfTwoSinhOfHalf(INDArray p) {
    return Transforms.log(Transforms.sinh(p.mul(0.5), false).muli(2), false);
  }
}

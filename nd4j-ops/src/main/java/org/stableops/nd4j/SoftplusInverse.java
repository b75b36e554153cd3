package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
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
  /** Below, 2·sinh(p/2) is p to the last bit. */
  private static final double TINY = 1e-30;

  /** Below, p = βx of float64 may have lost bits to subnormals; of float32, below TINY. */
  private static final double TINIEST = 1e-290;

  /** Above, the result is x to the last bit, and sinh may overflow. */
  private static final double LARGE = 40;

  /** Where e^{−p} is ½: above, p/2 − log(2·sinh(p/2)) would cancel. */
  private static final double HALF = Math.log(2);

  private static final ParametricOp ARRAYS =
      new ParametricOp(
          "beta",
          SoftplusInverseKernel.parametric(),
          SoftplusInverse::op,
          SoftplusInverse::compositeValue,
          SoftplusInverse::compositeGradient,
          SoftplusInverse::compositeParameterGradient);

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
   * Returns the inverse of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return log(e^{βx} − 1)/β, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, β has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray x, INDArray beta) {
    return ARRAYS.value(x, beta);
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
   * Returns the gradient to x of the inverse of softplus whose parameter is an array.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return 1/(1 − e^{−βx}), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, β has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, INDArray beta) {
    return ARRAYS.gradient(x, beta);
  }

  /**
   * Returns the gradient to β of the sum of the inverse of softplus.
   *
   * @param x any floating array
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @return (q/(e^q − 1) − log(1 − e^{−q}))/β², q = βx, summed in float64 over the elements of x
   *     that each element of β meets, of β's shape and x's dtype
   * @throws IllegalArgumentException if x has another dtype, β has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(INDArray x, INDArray beta) {
    return ARRAYS.parameterGradient(x, beta);
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
   * Writes the inverse of softplus whose parameter is an array into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype; may be x
   * @param beta β, of x's dtype, in a shape that broadcasts to x's; every element finite and
   *     positive
   * @throws IllegalArgumentException if x has another dtype, out is not like x, β has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray out, INDArray beta) {
    ARRAYS.valueInto(x, out, beta);
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
    return new ValueOp(x, beta).outputVariable();
  }

  /** The inverse of softplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** For the registry. */
    public ValueOp() {
      super("stable_softplus_inverse", ARRAYS);
    }

    ValueOp(SDVariable x, double beta) {
      super("stable_softplus_inverse", ARRAYS, x, beta);
    }

    ValueOp(SDVariable x, SDVariable beta) {
      super("stable_softplus_inverse", ARRAYS, x, beta);
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, double beta) {
      return new GradientOp(x, upstream, beta).outputVariable();
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, SDVariable beta) {
      return new GradientOp(x, upstream, beta).outputVariable();
    }

    @Override
    SDVariable parameterGradient(SDVariable x, SDVariable upstream, SDVariable beta) {
      return new BetaGradientOp(x, upstream, beta).outputVariable();
    }
  }

  /**
   * The gradient of the inverse of softplus in a graph: from x and upstream to upstream × gradient.
   */
  public static final class GradientOp extends ElementwiseGradientOp {
    /** For the registry. */
    public GradientOp() {
      super("stable_softplus_inverse_bp", ARRAYS);
    }

    GradientOp(SDVariable x, SDVariable upstream, double beta) {
      super("stable_softplus_inverse_bp", ARRAYS, x, upstream, beta);
    }

    GradientOp(SDVariable x, SDVariable upstream, SDVariable beta) {
      super("stable_softplus_inverse_bp", ARRAYS, x, upstream, beta);
    }
  }

  /**
   * The gradient to β of the inverse of softplus in a graph: from x, upstream and β to upstream ×
   * gradient, summed to β's shape.
   */
  public static final class BetaGradientOp extends ParameterGradientOp {
    /** For the registry. */
    public BetaGradientOp() {
      super("stable_softplus_inverse_beta_bp", ARRAYS);
    }

    BetaGradientOp(SDVariable x, SDVariable upstream, SDVariable beta) {
      super("stable_softplus_inverse_beta_bp", ARRAYS, x, upstream, beta);
    }
  }

  static ElementwiseOp op(double beta) {
    Parameters.requireBeta(beta);
    return new ElementwiseOp(
        SoftplusInverseKernel.of(beta),
        (x, t) -> Widened.compute(x, beta, t, wide -> compositeValue(wide, beta, t)),
        (x, t) -> Widened.compute(x, beta, t, wide -> compositeGradient(wide, beta, t)));
  }

  private static INDArray compositeValue(INDArray x, double beta, Temporaries temporaries) {
    INDArray p = Widened.product(x, beta, temporaries);
    INDArray logP = temporaries.keep(Transforms.log(x, true)).addi(Math.log(beta));
    return plusHalf(x, p, logOfTwoSinh(p, logP, temporaries).divi(beta), temporaries);
  }

  private static INDArray compositeValue(INDArray x, INDArray beta, Temporaries temporaries) {
    INDArray p = temporaries.keep(x.mul(beta));
    INDArray logP = logOfProduct(x, beta, temporaries);
    return plusHalf(x, p, logOfTwoSinh(p, logP, temporaries).divi(beta), temporaries);
  }

  private static INDArray logOfProduct(INDArray x, INDArray beta, Temporaries temporaries) {
    INDArray log = temporaries.keep(Transforms.log(x, true));
    return log.addi(temporaries.keep(Transforms.log(beta, true)));
  }

  /** log(2·sinh(p/2)), given log p. */
  private static INDArray logOfTwoSinh(INDArray p, INDArray logP, Temporaries temporaries) {
    // No larger than need be, for the sum that log p is may cancel.
    double tiniest = p.dataType() == DataType.DOUBLE ? TINIEST : TINY;
    INDArray twoSinh = Transforms.sinh(temporaries.keep(p.mul(0.5)), false).muli(2);
    INDArray log = Transforms.log(twoSinh, false);
    return temporaries.keep(Primitives.select(temporaries.keep(p.lt(tiniest)), logP, log));
  }

  private static INDArray plusHalf(INDArray x, INDArray p, INDArray log, Temporaries temporaries) {
    INDArray sum = log.addi(temporaries.keep(x.mul(0.5)));
    return Primitives.select(temporaries.keep(p.gt(LARGE)), x, sum);
  }

  private static INDArray compositeGradient(INDArray x, double beta, Temporaries temporaries) {
    return quotient(x, Widened.product(x, beta, temporaries), temporaries);
  }

  private static INDArray compositeGradient(INDArray x, INDArray beta, Temporaries temporaries) {
    return quotient(x, temporaries.keep(x.mul(beta)), temporaries);
  }

  /** 1/(1 − e^{−p}). */
  private static INDArray quotient(INDArray x, INDArray p, Temporaries temporaries) {
    INDArray half = temporaries.keep(p.mul(0.5));
    INDArray twoSinh = temporaries.keep(Transforms.sinh(half, true)).muli(2);
    INDArray quotient = temporaries.keep(Transforms.exp(half, true)).divi(twoSinh);
    // |p|, for −0 is treated as 0.
    INDArray tiny = temporaries.keep(Transforms.abs(p, true)).rdivi(1);
    quotient = temporaries.keep(Primitives.select(temporaries.keep(p.lt(TINY)), tiny, quotient));
    INDArray one = temporaries.keep(Nd4j.onesLike(p));
    quotient = temporaries.keep(Primitives.select(temporaries.keep(p.gt(LARGE)), one, quotient));
    return positiveOnly(x, quotient, temporaries);
  }

  private static INDArray positiveOnly(INDArray x, INDArray result, Temporaries temporaries) {
    INDArray nan = temporaries.keep(Primitives.nanLike(x));
    return Primitives.select(temporaries.keep(x.lt(0)), nan, result);
  }

  private static INDArray compositeParameterGradient(
      INDArray x, INDArray beta, Temporaries temporaries) {
    // Cut off where e^{−p} is 0 already, for inf times 0 is not.
    INDArray p = Transforms.min(temporaries.keep(x.mul(beta)), 2000, false);
    INDArray below = sumBelow(p, logOfProduct(x, beta, temporaries), temporaries);
    INDArray above = sumAbove(p, temporaries);
    INDArray sum = temporaries.keep(Primitives.select(temporaries.keep(p.lt(HALF)), below, above));
    INDArray root = temporaries.keep(Transforms.exp(temporaries.keep(p.mul(-0.5)), true));
    INDArray farTail = temporaries.keep(root.divi(beta).mul(temporaries.keep(p.add(1)))).muli(root);
    INDArray isFar = temporaries.keep(p.gt(70));
    INDArray gradient = Primitives.select(isFar, farTail, sum.divi(beta).divi(beta));
    INDArray positive = temporaries.keep(positiveOnly(x, temporaries.keep(gradient), temporaries));
    // The host's max and min drop NaN.
    return Primitives.select(temporaries.keep(x.isNaN()), x, positive);
  }

  /** p/(e^p − 1) − log(1 − e^{−p}), given log p, by e^{p/2} and sinh(p/2). */
  private static INDArray sumBelow(INDArray p, INDArray logP, Temporaries temporaries) {
    INDArray half = temporaries.keep(p.mul(0.5));
    INDArray expm1 = temporaries.keep(Transforms.sinh(half, true)).muli(2);
    expm1.muli(temporaries.keep(Transforms.exp(half, true)));
    INDArray quotient = temporaries.keep(p.div(expm1));
    INDArray one = temporaries.keep(Nd4j.onesLike(p));
    quotient = temporaries.keep(Primitives.select(temporaries.keep(p.lt(TINY)), one, quotient));
    return quotient.addi(half.subi(logOfTwoSinh(p, logP, temporaries)));
  }

  /** The same by t = e^{−p}. */
  private static INDArray sumAbove(INDArray p, Temporaries temporaries) {
    INDArray t = temporaries.keep(Transforms.exp(temporaries.keep(p.neg()), true));
    INDArray log = temporaries.keep(Primitives.log1p(temporaries.keep(t.neg())));
    INDArray quotient = temporaries.keep(p.mul(t)).divi(temporaries.keep(t.rsub(1)));
    return quotient.subi(log);
  }
}

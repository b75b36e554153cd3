package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.Parameters;
import org.stableops.kernel.ScaledB;
import org.stableops.kernel.SquareplusInverseKernel;

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
 * <p>J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687, solved for x.
 */
public final class SquareplusInverse {
  private SquareplusInverse() {}

  /**
   * Returns the inverse of squareplus with b = 4.
   *
   * @param x any floating array
   * @return x − 1/x, of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
   */
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
    return op(b).value(x);
  }

  /**
   * Returns the gradient of the inverse of squareplus with b = 4.
   *
   * @param x any floating array
   * @return 1 + 1/x², of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype
   * @throws IllegalStateException if x is closed
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
    return op(b).gradient(x);
  }

  /**
   * Writes the inverse of squareplus with b = 4 into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype; may be x
   * @throws IllegalArgumentException if x has another dtype or out is not like x
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray out) {
    valueInto(x, out, Parameters.DEFAULT_B);
  }

  /**
   * Writes the inverse of squareplus into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype; may be x
   * @param b finite and not negative
   * @throws IllegalArgumentException if x has another dtype, out is not like x, or b is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray out, double b) {
    op(b).valueInto(x, out);
  }

  /**
   * Adds the inverse of squareplus with b = 4 to a graph.
   *
   * @param x any floating variable
   * @return x − 1/x, of x's shape and dtype
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
    return new ValueOp(x, Parameters.requireB(b)).outputVariable();
  }

  /** The inverse of squareplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** For the registry. */
    public ValueOp() {
      super("stable_squareplus_inverse", SquareplusInverse::op);
    }

    ValueOp(SDVariable x, double b) {
      super("stable_squareplus_inverse", SquareplusInverse::op, x, b);
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, double b) {
      return new GradientOp(x, upstream, b).outputVariable();
    }
  }

  /**
   * The gradient of the inverse of squareplus in a graph: from x and upstream to upstream ×
   * gradient.
   */
  public static final class GradientOp extends ElementwiseGradientOp {
    /** For the registry. */
    public GradientOp() {
      super("stable_squareplus_inverse_bp", SquareplusInverse::op);
    }

    GradientOp(SDVariable x, SDVariable upstream, double b) {
      super("stable_squareplus_inverse_bp", SquareplusInverse::op, x, upstream, b);
    }
  }

  static ElementwiseOp op(double b) {
    Parameters.requireB(b);
    return new ElementwiseOp(
        SquareplusInverseKernel.of(b),
        (x, t) -> b == 0 ? x.dup() : Widened.compute(x, b, t, wide -> compositeValue(wide, b, t)),
        (x, t) ->
            b == 0 ? one(x, t) : Widened.compute(x, b, t, wide -> compositeGradient(wide, b, t)));
  }

  private static INDArray compositeValue(INDArray x, double b, Temporaries temporaries) {
    ScaledB scaled = new ScaledB(b);
    double exact = scaled.halfRoot();
    double s = x.dataType() == DataType.DOUBLE ? exact : (float) exact;
    double lost = exact - s + scaled.lostOfHalfRoot();
    // |x| under the division, for −0 is treated as 0.
    INDArray abs = temporaries.keep(Transforms.abs(x, true));
    INDArray ratio = temporaries.keep(abs.rdiv(s));
    INDArray product = temporaries.keep(x.sub(s)).subi(lost).muli(ratio.addi(1));
    INDArray quotient = temporaries.keep(temporaries.keep(abs.rdiv(b / 4)).rsub(x));
    INDArray useQuotient = temporaries.keep(abs.lt(scaled.quotientBelow()));
    INDArray value = temporaries.keep(Primitives.select(useQuotient, quotient, product));
    return positiveOnly(x, value, temporaries);
  }

  private static INDArray compositeGradient(INDArray x, double b, Temporaries temporaries) {
    INDArray ratio = temporaries.keep(x.rdiv(new ScaledB(b).halfRoot()));
    return positiveOnly(x, ratio.muli(ratio).addi(1), temporaries);
  }

  private static INDArray positiveOnly(INDArray x, INDArray result, Temporaries temporaries) {
    INDArray nan = temporaries.keep(Primitives.nanLike(x));
    return Primitives.select(temporaries.keep(x.lt(0)), nan, result);
  }

  private static INDArray one(INDArray x, Temporaries temporaries) {
    INDArray one = temporaries.keep(Nd4j.onesLike(x));
    return Primitives.select(temporaries.keep(x.isNaN()), x, one);
  }
}

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
 * <p>b may be an array that broadcasts against x. The gradient to it is −1/(4x), summed over the
 * elements of x that an element of b meets: −inf at ±0, 0 at +inf, NaN below 0 and at NaN, also for
 * b = 0.
 *
 * <p>J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687, solved for x.
 */
public final class SquareplusInverse {
  private static final ParametricOp ARRAYS =
      new ParametricOp(
          "b",
          SquareplusInverseKernel.parametric(),
          SquareplusInverse::op,
          SquareplusInverse::compositeValue,
          SquareplusInverse::compositeGradient,
          SquareplusInverse::compositeParameterGradient);

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
   * Returns the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return x − b/(4x), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, b has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray x, INDArray b) {
    return ARRAYS.value(x, b);
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
   * Returns the gradient to x of the inverse of squareplus whose parameter is an array.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return 1 + b/(4x²), of x's shape and dtype
   * @throws IllegalArgumentException if x has another dtype, b has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, INDArray b) {
    return ARRAYS.gradient(x, b);
  }

  /**
   * Returns the gradient to b of the sum of the inverse of squareplus.
   *
   * @param x any floating array
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @return −1/(4x), summed in float64 over the elements of x that each element of b meets, of b's
   *     shape and x's dtype
   * @throws IllegalArgumentException if x has another dtype, b has not that of x, does not
   *     broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(INDArray x, INDArray b) {
    return ARRAYS.parameterGradient(x, b);
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
   * Writes the inverse of squareplus whose parameter is an array into memory that is there already.
   *
   * @param x any floating array
   * @param out an array of x's shape and dtype; may be x
   * @param b of x's dtype, in a shape that broadcasts to x's; every element finite and not negative
   * @throws IllegalArgumentException if x has another dtype, out is not like x, b has not the dtype
   *     of x, does not broadcast to x's shape, or is invalid
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray x, INDArray out, INDArray b) {
    ARRAYS.valueInto(x, out, b);
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
    return new ValueOp(x, b).outputVariable();
  }

  /** The inverse of squareplus in a graph: from x to the value. */
  public static final class ValueOp extends ElementwiseValueOp {
    /** For the registry. */
    public ValueOp() {
      super("stable_squareplus_inverse", ARRAYS);
    }

    ValueOp(SDVariable x, double b) {
      super("stable_squareplus_inverse", ARRAYS, x, b);
    }

    ValueOp(SDVariable x, SDVariable b) {
      super("stable_squareplus_inverse", ARRAYS, x, b);
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, double b) {
      return new GradientOp(x, upstream, b).outputVariable();
    }

    @Override
    SDVariable gradient(SDVariable x, SDVariable upstream, SDVariable b) {
      return new GradientOp(x, upstream, b).outputVariable();
    }

    @Override
    SDVariable parameterGradient(SDVariable x, SDVariable upstream, SDVariable b) {
      return new BGradientOp(x, upstream, b).outputVariable();
    }
  }

  /**
   * The gradient of the inverse of squareplus in a graph: from x and upstream to upstream ×
   * gradient.
   */
  public static final class GradientOp extends ElementwiseGradientOp {
    /** For the registry. */
    public GradientOp() {
      super("stable_squareplus_inverse_bp", ARRAYS);
    }

    GradientOp(SDVariable x, SDVariable upstream, double b) {
      super("stable_squareplus_inverse_bp", ARRAYS, x, upstream, b);
    }

    GradientOp(SDVariable x, SDVariable upstream, SDVariable b) {
      super("stable_squareplus_inverse_bp", ARRAYS, x, upstream, b);
    }
  }

  /**
   * The gradient to b of the inverse of squareplus in a graph: from x, upstream and b to upstream ×
   * gradient, summed to b's shape.
   */
  public static final class BGradientOp extends ParameterGradientOp {
    /** For the registry. */
    public BGradientOp() {
      super("stable_squareplus_inverse_b_bp", ARRAYS);
    }

    BGradientOp(SDVariable x, SDVariable upstream, SDVariable b) {
      super("stable_squareplus_inverse_b_bp", ARRAYS, x, upstream, b);
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

  private static INDArray compositeValue(INDArray x, INDArray b, Temporaries temporaries) {
    INDArray abs = temporaries.keep(Transforms.abs(x, true));
    INDArray four = temporaries.keep(abs.mul(4));
    INDArray quotient = temporaries.keep(temporaries.keep(b.div(four)).rsub(x));
    INDArray scale = Widened.scale(b, temporaries);
    INDArray y = abs.muli(scale);
    INDArray scaledB = temporaries.keep(b.mul(scale)).muli(scale);
    INDArray s = temporaries.keep(Transforms.sqrt(scaledB, true)).muli(0.5);
    INDArray value = product(y, s, scaledB, temporaries).divi(scale);
    INDArray isBelow = temporaries.keep(y.lt(temporaries.keep(s.mul(0.5))));
    value = temporaries.keep(Primitives.select(isBelow, quotient, value));
    INDArray isAbove = temporaries.keep(y.gt(temporaries.keep(s.mul(2))));
    value = temporaries.keep(Primitives.select(isAbove, quotient, value));
    value = temporaries.keep(positiveOnly(x, value, temporaries));
    return Primitives.select(temporaries.keep(b.eq(0)), x, value);
  }

  /** ((y − s) − what s lost)·(y + s)/y, for y near s = √b/2. */
  private static INDArray product(INDArray y, INDArray s, INDArray b, Temporaries temporaries) {
    INDArray d = temporaries.keep(y.sub(s)).subi(lostOfHalfRoot(s, b, temporaries));
    return d.muli(temporaries.keep(y.add(s))).divi(y);
  }

  /** √b/2 − s, by what the rounding of s² loses: s is split into two halves of its digits. */
  private static INDArray lostOfHalfRoot(INDArray s, INDArray b, Temporaries temporaries) {
    INDArray large = temporaries.keep(s.mul(0x1p27 + 1));
    INDArray high = temporaries.keep(large.sub(temporaries.keep(large.sub(s))));
    INDArray low = temporaries.keep(s.sub(high));
    INDArray square = temporaries.keep(s.mul(s));
    INDArray rest = temporaries.keep(high.mul(high)).subi(square);
    rest.addi(temporaries.keep(high.mul(low)).muli(2)).addi(low.muli(low));
    INDArray lost = temporaries.keep(b.mul(0.25)).subi(square).subi(rest);
    return lost.divi(temporaries.keep(s.mul(2)));
  }

  private static INDArray compositeGradient(INDArray x, INDArray b, Temporaries temporaries) {
    INDArray s = temporaries.keep(Transforms.sqrt(b, true)).muli(0.5);
    INDArray ratio = s.divi(x);
    INDArray gradient = temporaries.keep(positiveOnly(x, ratio.muli(ratio).addi(1), temporaries));
    INDArray one = temporaries.keep(one(x, temporaries));
    return Primitives.select(temporaries.keep(b.eq(0)), one, gradient);
  }

  private static INDArray compositeParameterGradient(
      INDArray x, INDArray b, Temporaries temporaries) {
    // |x|, for −0 is treated as 0.
    INDArray gradient = temporaries.keep(Transforms.abs(x, true)).rdivi(-0.25);
    return positiveOnly(x, gradient, temporaries);
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

package org.stableops.kernel;

import org.stableops.PositiveTransform;

/**
 * A positive transform l + f(r) with its derivative, its inverse f⁻¹(p − l), and the logarithm of
 * its derivative, each with the derivative of its own.
 *
 * <p>The value is never l: what would round to it is the next number of the array's type. So the
 * form of floats is made here even where f is computed in double.
 */
public final class PositiveKernel {
  /** What arrays that are computed as floats are of: every number of it is a float. */
  public enum Format {
    /** float32. */
    FLOAT(23, -126, 127),
    /** float16. */
    HALF(10, -14, 15),
    /** bfloat16. */
    BFLOAT16(7, -126, 127);

    private final int fractionBits;
    private final int minExponent;
    private final int maxExponent;

    Format(int fractionBits, int minExponent, int maxExponent) {
      this.fractionBits = fractionBits;
      this.minExponent = minExponent;
      this.maxExponent = maxExponent;
    }

    /**
     * Returns the smallest value that a transform takes.
     *
     * @param bound its lower bound
     * @return the next number of the format after the bound
     */
    public float least(double bound) {
      int exponent = Math.max(Math.getExponent(bound), minExponent);
      double ulp = Math.scalb(1.0, exponent - fractionBits);
      return (float) ((Math.floor(bound / ulp) + 1) * ulp);
    }

    /**
     * Returns the lowest raw value.
     *
     * @return the lowest finite number
     */
    public float lowest() {
      return (float) -Math.scalb(2 - Math.scalb(1.0, -fractionBits), maxExponent);
    }
  }

  private PositiveKernel() {}

  /**
   * Returns the kernel of a transform.
   *
   * @param transform any
   * @return l + f(r) and f′(r)
   */
  public static ElementwiseKernel of(PositiveTransform transform) {
    return of(transform, Format.FLOAT);
  }

  /**
   * Returns the kernel of a transform for arrays whose floats will be rounded.
   *
   * @param transform any
   * @param format of the arrays
   * @return l + f(r), as a number of the format above l, and f′(r)
   */
  public static ElementwiseKernel of(PositiveTransform transform, Format format) {
    ElementwiseKernel f = f(transform);
    double bound = transform.lowerBound();
    boolean inFloat = f.floats() != null && bound == (float) bound;
    ElementwiseKernel.DoubleForm above = new DoublesAbove(f.doubles(), bound);
    float least = format.least(bound);
    return new ElementwiseKernel(
        inFloat ? new FloatsAbove(f.floats(), (float) bound, least) : new Widened(above, least),
        above);
  }

  private static ElementwiseKernel f(PositiveTransform transform) {
    return switch (transform.family()) {
      case SOFTPLUS -> SoftplusKernel.of(transform.parameter());
      case SQUAREPLUS -> SquareplusKernel.of(transform.parameter());
      case EXP -> ExpKernel.of();
    };
  }

  /**
   * Returns the kernel of a transform's inverse.
   *
   * @param transform any
   * @return f⁻¹(p − l) and its derivative, for p above l
   */
  public static ElementwiseKernel inverse(PositiveTransform transform) {
    return inverse(transform, Format.FLOAT);
  }

  /**
   * Returns the kernel of a transform's inverse for arrays whose floats will be rounded.
   *
   * @param transform any
   * @param format of the arrays
   * @return f⁻¹(p − l), finite in the format, and its derivative, for p above l
   */
  public static ElementwiseKernel inverse(PositiveTransform transform, Format format) {
    ElementwiseKernel inverse =
        switch (transform.family()) {
          case SOFTPLUS -> SoftplusInverseKernel.of(transform.parameter());
          case SQUAREPLUS -> SquareplusInverseKernel.of(transform.parameter());
          case EXP -> ExpKernel.inverse();
        };
    ElementwiseKernel.DoubleForm ofDistance =
        new OfDistance(inverse.doubles(), transform.lowerBound());
    return new ElementwiseKernel(new Widened(ofDistance, format.lowest()), ofDistance);
  }

  /**
   * Returns the kernel of the logarithm of a transform's derivative.
   *
   * @param transform any
   * @return log f′(r) and f″(r)/f′(r)
   */
  public static ElementwiseKernel logDerivative(PositiveTransform transform) {
    return switch (transform.family()) {
      case SOFTPLUS -> LogDerivativeKernel.ofSoftplus(transform.parameter());
      case SQUAREPLUS -> LogDerivativeKernel.ofSquareplus(transform.parameter());
      case EXP -> LogDerivativeKernel.ofExp();
    };
  }

  private record FloatsAbove(ElementwiseKernel.FloatForm f, float bound, float least)
      implements ElementwiseKernel.FloatForm {
    @Override
    public void prepare(float[] r, float[] shared, int count, Scratch scratch) {
      f.prepare(r, shared, count, scratch);
    }

    @Override
    public void value(float[] r, float[] shared, float[] out, int count, Scratch scratch) {
      f.value(r, shared, out, count, scratch);
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(out[i] + bound, least);
      }
    }

    @Override
    public void gradient(float[] r, float[] shared, float[] out, int count, Scratch scratch) {
      f.gradient(r, shared, out, count, scratch);
    }
  }

  private record DoublesAbove(ElementwiseKernel.DoubleForm f, double bound)
      implements ElementwiseKernel.DoubleForm {
    @Override
    public void prepare(double[] r, double[] shared, int count, Scratch scratch) {
      f.prepare(r, shared, count, scratch);
    }

    @Override
    public void value(double[] r, double[] shared, double[] out, int count, Scratch scratch) {
      f.value(r, shared, out, count, scratch);
      double least = Math.nextUp(bound);
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(out[i] + bound, least);
      }
    }

    @Override
    public void gradient(double[] r, double[] shared, double[] out, int count, Scratch scratch) {
      f.gradient(r, shared, out, count, scratch);
    }

    @Override
    public void secondDerivative(
        double[] r, double[] shared, double[] out, int count, Scratch scratch) {
      f.secondDerivative(r, shared, out, count, scratch);
    }
  }

  /** An inverse at the distance from the bound, finite for every distance but 0. */
  private record OfDistance(ElementwiseKernel.DoubleForm inverse, double bound)
      implements ElementwiseKernel.DoubleForm {
    @Override
    public void prepare(double[] p, double[] distance, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        distance[i] = p[i] - bound;
      }
    }

    @Override
    public void value(double[] p, double[] distance, double[] out, int count, Scratch scratch) {
      inverse.value(distance, scratch.c, out, count, scratch);
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(out[i], -Double.MAX_VALUE);
      }
    }

    @Override
    public void gradient(double[] p, double[] distance, double[] out, int count, Scratch scratch) {
      inverse.gradient(distance, scratch.c, out, count, scratch);
    }
  }

  /** Floats computed in double and rounded once, though not below the least float of the range. */
  private record Widened(ElementwiseKernel.DoubleForm form, float least)
      implements ElementwiseKernel.FloatForm {
    @Override
    public void prepare(float[] x, float[] unused, int count, Scratch scratch) {
      scratch.floatMath.widen(x, 0, count, scratch.in);
      form.prepare(scratch.in, scratch.a, count, scratch);
    }

    @Override
    public void value(float[] x, float[] unused, float[] out, int count, Scratch scratch) {
      form.value(scratch.in, scratch.a, scratch.out, count, scratch);
      scratch.floatMath.narrow(scratch.out, count, out);
      for (int i = 0; i < count; i++) {
        out[i] = Math.max(out[i], least);
      }
    }

    @Override
    public void gradient(float[] x, float[] unused, float[] out, int count, Scratch scratch) {
      form.gradient(scratch.in, scratch.a, scratch.out, count, scratch);
      scratch.floatMath.narrow(scratch.out, count, out);
    }
  }
}

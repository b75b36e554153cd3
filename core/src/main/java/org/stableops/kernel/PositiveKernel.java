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
  private PositiveKernel() {}

  /**
   * Returns the kernel of a transform.
   *
   * @param transform any
   * @return l + f(r) and f′(r)
   */
  public static ElementwiseKernel of(PositiveTransform transform) {
    ElementwiseKernel f = f(transform);
    double bound = transform.lowerBound();
    boolean inFloat = f.floats() != null && bound == (float) bound;
    ElementwiseKernel.DoubleForm above = new DoublesAbove(f.doubles(), bound);
    float least = leastFloat(bound);
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
    ElementwiseKernel inverse =
        switch (transform.family()) {
          case SOFTPLUS -> SoftplusInverseKernel.of(transform.parameter());
          case SQUAREPLUS -> SquareplusInverseKernel.of(transform.parameter());
          case EXP -> ExpKernel.inverse();
        };
    double bound = transform.lowerBound();
    ElementwiseKernel.DoubleForm ofDistance = new OfDistance(inverse.doubles(), bound);
    ElementwiseKernel.FloatForm floats =
        bound == 0 && inverse.floats() != null
            ? inverse.floats()
            : new Widened(ofDistance, -Float.MAX_VALUE);
    return new ElementwiseKernel(floats, ofDistance);
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

  /**
   * Returns the smallest value that a transform takes in an array of floats.
   *
   * @param bound its lower bound
   * @return the next float after the bound
   */
  public static float leastFloat(double bound) {
    float nearest = (float) bound;
    return nearest > bound ? nearest : Math.nextUp(nearest);
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

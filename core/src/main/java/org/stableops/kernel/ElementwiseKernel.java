package org.stableops.kernel;

/**
 * An elementwise operator with its parameter, as kernels on arrays of floats or doubles: its value,
 * its derivative, or both in one sweep over the memory.
 *
 * <p>Floats are computed in float where the operator has such a form for its parameter, and else in
 * double, rounded once.
 */
public final class ElementwiseKernel {
  /** The operator on a tile of floats; the first {@code count} elements count. */
  interface FloatForm {
    /** Computes what value and derivative share. */
    default void prepare(float[] x, float[] shared, int count, Scratch scratch) {}

    void value(float[] x, float[] shared, float[] out, int count, Scratch scratch);

    void gradient(float[] x, float[] shared, float[] out, int count, Scratch scratch);
  }

  /** The operator on a tile of doubles. */
  interface DoubleForm {
    /** Computes what value and derivative share. */
    default void prepare(double[] x, double[] shared, int count, Scratch scratch) {}

    void value(double[] x, double[] shared, double[] out, int count, Scratch scratch);

    void gradient(double[] x, double[] shared, double[] out, int count, Scratch scratch);

    /** Computes the second derivative, which operators have and transforms need not. */
    default void secondDerivative(
        double[] x, double[] shared, double[] out, int count, Scratch scratch) {
      throw new UnsupportedOperationException("no second derivative");
    }
  }

  private final FloatForm floats;
  private final DoubleForm doubles;

  /** Makes a kernel; {@code floats} is null where floats are computed in double. */
  ElementwiseKernel(FloatForm floats, DoubleForm doubles) {
    this.floats = floats;
    this.doubles = doubles;
  }

  /** The operator on floats, or null where they are computed in double. */
  FloatForm floats() {
    return floats;
  }

  DoubleForm doubles() {
    return doubles;
  }

  /**
   * Writes the value.
   *
   * @param x the arguments
   * @param out as long as x; may be x
   * @throws IllegalArgumentException if it is not as long as x
   */
  public void value(Elements x, Elements out) {
    out.requireLength("out", x.size());
    sweep(x, out, null);
  }

  /**
   * Writes the derivative.
   *
   * @param x the arguments
   * @param out as long as x; may be x
   * @throws IllegalArgumentException if it is not as long as x
   */
  public void gradient(Elements x, Elements out) {
    out.requireLength("out", x.size());
    sweep(x, null, out);
  }

  /**
   * Writes the second derivative, computed in double.
   *
   * @param x the arguments
   * @param out as long as x; may be x
   * @throws IllegalArgumentException if it is not as long as x
   */
  public void secondDerivative(Elements x, Elements out) {
    out.requireLength("out", x.size());
    Tiles.forEachTile(
        x.size(),
        (from, count, scratch) -> {
          x.load(from, count, scratch.in, scratch);
          doubles.prepare(scratch.in, scratch.a, count, scratch);
          doubles.secondDerivative(scratch.in, scratch.a, scratch.out, count, scratch);
          out.store(scratch.out, from, count, scratch);
        });
  }

  /**
   * Writes the value and the derivative, for one reading of the arguments.
   *
   * @param x the arguments
   * @param value as long as x; may be x
   * @param gradient as long as x; may be x, but not value
   * @throws IllegalArgumentException if one is not as long as x
   */
  public void valueAndGradient(Elements x, Elements value, Elements gradient) {
    value.requireLength("value", x.size());
    gradient.requireLength("gradient", x.size());
    sweep(x, value, gradient);
  }

  private void sweep(Elements x, Elements value, Elements gradient) {
    boolean inFloat = floats != null && x.areFloats();
    Tiles.forEachTile(
        x.size(),
        (from, count, scratch) -> {
          if (inFloat) {
            floatTile(x, value, gradient, from, count, scratch);
          } else {
            doubleTile(x, value, gradient, from, count, scratch);
          }
        });
  }

  private void floatTile(
      Elements x, Elements value, Elements gradient, int from, int count, Scratch scratch) {
    float[] in = scratch.floatIn;
    float[] shared = scratch.floatA;
    float[] out = scratch.floatOut;
    x.load(from, count, in);
    floats.prepare(in, shared, count, scratch);
    if (value != null) {
      floats.value(in, shared, out, count, scratch);
      value.store(out, from, count);
    }
    if (gradient != null) {
      floats.gradient(in, shared, out, count, scratch);
      gradient.store(out, from, count);
    }
  }

  private void doubleTile(
      Elements x, Elements value, Elements gradient, int from, int count, Scratch scratch) {
    double[] in = scratch.in;
    double[] shared = scratch.a;
    double[] out = scratch.out;
    x.load(from, count, in, scratch);
    doubles.prepare(in, shared, count, scratch);
    if (value != null) {
      doubles.value(in, shared, out, count, scratch);
      value.store(out, from, count, scratch);
    }
    if (gradient != null) {
      doubles.gradient(in, shared, out, count, scratch);
      gradient.store(out, from, count, scratch);
    }
  }
}

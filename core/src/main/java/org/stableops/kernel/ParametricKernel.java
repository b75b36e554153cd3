package org.stableops.kernel;

import java.util.function.DoubleUnaryOperator;
import org.stableops.internal.ParameterShape;

/**
 * An elementwise operator whose parameter is an array too: its value, and its derivatives by x and
 * by the parameter. Everything is computed in double and rounded once.
 *
 * <p>The parameter's elements are as many as x's; where it broadcasts, they are in strides of 0.
 */
public final class ParametricKernel {
  /** The operator on a tile; the first {@code count} elements count. */
  interface Form {
    /** Computes what value and derivatives share. */
    default void prepare(double[] x, double[] p, double[] shared, int count, Scratch scratch) {}

    void value(double[] x, double[] p, double[] shared, double[] out, int count, Scratch scratch);

    void gradient(
        double[] x, double[] p, double[] shared, double[] out, int count, Scratch scratch);

    void parameterGradient(
        double[] x, double[] p, double[] shared, double[] out, int count, Scratch scratch);
  }

  private final Form form;
  private final DoubleUnaryOperator requireValid;

  /** Makes a kernel from its form and from what throws for a parameter that is not valid. */
  ParametricKernel(Form form, DoubleUnaryOperator requireValid) {
    this.form = form;
    this.requireValid = requireValid;
  }

  /**
   * Checks the parameter's elements.
   *
   * @param parameter the elements, in order
   * @param shape their shape, for the message
   * @throws IllegalArgumentException if one is not valid
   */
  public void requireValid(Elements parameter, ParameterShape shape) {
    try (Scratch scratch = Scratch.borrow()) {
      for (int from = 0; from < parameter.size(); from += Tiles.SIZE) {
        int count = Math.min(Tiles.SIZE, parameter.size() - from);
        parameter.load(from, count, scratch.in, scratch);
        requireValid(scratch.in, count, from, shape);
      }
    }
  }

  private void requireValid(double[] parameter, int count, int from, ParameterShape shape) {
    for (int i = 0; i < count; i++) {
      try {
        requireValid.applyAsDouble(parameter[i]);
      } catch (IllegalArgumentException invalid) {
        throw new IllegalArgumentException(invalid.getMessage() + shape.place(from + i), invalid);
      }
    }
  }

  /**
   * Writes the value.
   *
   * @param x the arguments
   * @param parameter as long as x
   * @param out as long as x; may be x
   * @throws IllegalArgumentException if one is not as long as x
   */
  public void value(Elements x, Elements parameter, Elements out) {
    out.requireLength("out", x.size());
    sweep(x, parameter, out, null, null);
  }

  /**
   * Writes the derivative by x.
   *
   * @param x the arguments
   * @param parameter as long as x
   * @param out as long as x; may be x
   * @throws IllegalArgumentException if one is not as long as x
   */
  public void gradient(Elements x, Elements parameter, Elements out) {
    out.requireLength("out", x.size());
    sweep(x, parameter, null, out, null);
  }

  /**
   * Writes the derivative by the parameter.
   *
   * @param x the arguments
   * @param parameter as long as x
   * @param out as long as x; may be x
   * @throws IllegalArgumentException if one is not as long as x
   */
  public void parameterGradient(Elements x, Elements parameter, Elements out) {
    out.requireLength("out", x.size());
    sweep(x, parameter, null, null, out);
  }

  /**
   * Writes the value and, where they are wanted, the derivatives of each element, for one reading
   * of the arguments.
   *
   * @param x the arguments
   * @param parameter as long as x
   * @param value as long as x
   * @param gradient as long as x, or null
   * @param parameterGradient as long as x, or null
   * @throws IllegalArgumentException if one is not as long as x
   */
  public void valueAndGradients(
      Elements x,
      Elements parameter,
      Elements value,
      Elements gradient,
      Elements parameterGradient) {
    value.requireLength("value", x.size());
    if (gradient != null) {
      gradient.requireLength("gradient", x.size());
    }
    if (parameterGradient != null) {
      parameterGradient.requireLength("parameterGradient", x.size());
    }
    sweep(x, parameter, value, gradient, parameterGradient);
  }

  /**
   * Writes the gradient by the parameter: the derivatives, times upstream, of all elements that an
   * element of the parameter meets, summed in double.
   *
   * @param x the arguments, in the order of the groups
   * @param parameter as long as x, in the same order
   * @param upstream as long as x, in the same order; null for ones
   * @param groups the order
   * @param out one per element of the parameter
   * @throws IllegalArgumentException if the lengths do not fit
   */
  public void parameterGradient(
      Elements x, Elements parameter, Elements upstream, ParameterGroups groups, Elements out) {
    parameter.requireLength("parameter", x.size());
    if (upstream != null) {
      upstream.requireLength("upstream", x.size());
    }
    if (x.size() == 0) {
      out.setAll(new double[out.size()]);
      return;
    }
    GroupSums.Terms terms =
        (from, count, scratch) -> {
          derivatives(x, parameter, from, count, scratch);
          if (upstream != null) {
            upstream.load(from, count, scratch.in, scratch);
            ProductKernel.multiply(scratch.out, scratch.in, count);
          }
        };
    new GroupSums(x.size(), groups.length(), groups.columns(), terms).write(out);
  }

  private void derivatives(Elements x, Elements parameter, int from, int count, Scratch scratch) {
    x.load(from, count, scratch.in, scratch);
    parameter.load(from, count, scratch.parameter, scratch);
    form.prepare(scratch.in, scratch.parameter, scratch.a, count, scratch);
    form.parameterGradient(scratch.in, scratch.parameter, scratch.a, scratch.out, count, scratch);
  }

  private void sweep(
      Elements x,
      Elements parameter,
      Elements value,
      Elements gradient,
      Elements parameterGradient) {
    parameter.requireLength("parameter", x.size());
    Tiles.forEachTile(
        x.size(),
        (from, count, scratch) -> {
          double[] in = scratch.in;
          double[] p = scratch.parameter;
          double[] shared = scratch.a;
          double[] out = scratch.out;
          x.load(from, count, in, scratch);
          parameter.load(from, count, p, scratch);
          form.prepare(in, p, shared, count, scratch);
          if (value != null) {
            form.value(in, p, shared, out, count, scratch);
            value.store(out, from, count, scratch);
          }
          if (gradient != null) {
            form.gradient(in, p, shared, out, count, scratch);
            gradient.store(out, from, count, scratch);
          }
          if (parameterGradient != null) {
            form.parameterGradient(in, p, shared, out, count, scratch);
            parameterGradient.store(out, from, count, scratch);
          }
        });
  }

  /** The value at one element by the form of its own parameter, for those that are rare. */
  static double valueOf(ElementwiseKernel.DoubleForm form, double x, Scratch scratch) {
    double[] in = {x};
    double[] shared = new double[1];
    double[] out = new double[1];
    form.prepare(in, shared, 1, scratch);
    form.value(in, shared, out, 1, scratch);
    return out[0];
  }

  /** The derivative at one element in the same way. */
  static double gradientOf(ElementwiseKernel.DoubleForm form, double x, Scratch scratch) {
    double[] in = {x};
    double[] shared = new double[1];
    double[] out = new double[1];
    form.prepare(in, shared, 1, scratch);
    form.gradient(in, shared, out, 1, scratch);
    return out[0];
  }
}

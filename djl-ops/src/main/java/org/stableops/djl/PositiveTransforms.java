package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import org.stableops.PositiveTransform;
import org.stableops.djl.internal.DjlAlgebra;
import org.stableops.djl.internal.ElementwiseOp;
import org.stableops.djl.internal.Inputs;
import org.stableops.djl.internal.Numbers;
import org.stableops.djl.internal.Scoped;
import org.stableops.internal.Arguments;
import org.stableops.kernel.PositiveKernel;
import org.stableops.op.PositiveComposite;

/**
 * {@link PositiveTransform} on the elements of arrays: the value lowerBound + f(r) of raw values r,
 * with its gradient, its inverse, and the log-Jacobian log f′(r).
 *
 * <p>Arrays of float16, float32 and float64, of any shape and layout. Every value but NaN is above
 * the lower bound: what would round to it is the next number of the dtype. Error: that of the
 * function, {@link Softplus}, {@link Squareplus} or an exponential of 3 ulp, and half an ulp for
 * the bound.
 *
 * <pre>{@code
 * PositiveTransform transform = PositiveTransform.squareplus().withLowerBound(1e-3);
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray raw = PositiveTransforms.inverse(manager.create(new float[] {0.5f, 2}), transform);
 *   NDArray scale = PositiveTransforms.value(raw, transform); // 0.5 and 2, differentiable
 *   NDArray jacobian = PositiveTransforms.logDerivative(raw, transform).sum();
 * }
 * }</pre>
 */
public final class PositiveTransforms {
  private PositiveTransforms() {}

  /**
   * Returns the values of raw values.
   *
   * @param raw any floating array
   * @param transform any
   * @return lowerBound + f(raw), differentiable, of raw's shape, dtype and manager
   * @throws IllegalArgumentException if raw has another dtype or an argument is null
   * @throws IllegalStateException if raw is closed
   */
  public static NDArray value(NDArray raw, PositiveTransform transform) {
    Inputs.requireFloating("raw", raw);
    return op(require(transform), raw.getDataType()).value(raw);
  }

  /**
   * Writes the values of raw values into an existing array.
   *
   * @param raw any floating array
   * @param transform any
   * @param out an array of raw's shape and dtype, outside any graph; may be raw, but must not
   *     overlap it otherwise
   * @throws IllegalArgumentException if raw has another dtype, out is not like raw, or an argument
   *     is null
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray raw, PositiveTransform transform, NDArray out) {
    Inputs.requireFloating("raw", raw);
    op(require(transform), raw.getDataType()).valueInto(raw, out);
  }

  /**
   * Returns the gradient of {@link #value}.
   *
   * @param raw any floating array
   * @param transform any
   * @return f′(raw), outside any graph, of raw's shape, dtype and manager
   * @throws IllegalArgumentException if raw has another dtype or an argument is null
   * @throws IllegalStateException if raw is closed
   */
  public static NDArray gradient(NDArray raw, PositiveTransform transform) {
    Inputs.requireFloating("raw", raw);
    return op(require(transform), raw.getDataType()).gradient(raw);
  }

  /**
   * Returns the raw values of values, to set a parameter with.
   *
   * @param value a floating array, every element finite and above the lower bound
   * @param transform any
   * @return f⁻¹(value − lowerBound), finite, outside any graph, of value's shape, dtype and manager
   * @throws IllegalArgumentException if an element is not finite or not above the lower bound, if
   *     the array has another dtype, or an argument is null
   * @throws IllegalStateException if value is closed
   */
  public static NDArray inverse(NDArray value, PositiveTransform transform) {
    Inputs.requireFloating("value", value);
    requireContained(value, require(transform));
    return Scoped.compute(
        () -> inverseOp(transform, value.getDataType()).value(value.stopGradient()));
  }

  /**
   * Returns the logarithm of {@link #gradient}, the log-Jacobian: what a prior's log-density of the
   * value gains when it becomes one of raw.
   *
   * @param raw any floating array
   * @param transform any
   * @return log f′(raw), differentiable, of raw's shape, dtype and manager; finite long after the
   *     gradient is 0
   * @throws IllegalArgumentException if raw has another dtype or an argument is null
   * @throws IllegalStateException if raw is closed
   */
  public static NDArray logDerivative(NDArray raw, PositiveTransform transform) {
    Inputs.requireFloating("raw", raw);
    return logDerivativeOp(require(transform)).value(raw);
  }

  private static PositiveTransform require(PositiveTransform transform) {
    return Arguments.requireGiven("transform", transform);
  }

  private static void requireContained(NDArray value, PositiveTransform transform) {
    double[] elements = Numbers.doubles(value);
    for (int i = 0; i < elements.length; i++) {
      String name = value.getShape().isScalar() ? "value" : "value[" + i + "]";
      transform.requireContained(name, elements[i]);
    }
  }

  private static PositiveKernel.Format format(DataType type) {
    return type == DataType.FLOAT16 ? PositiveKernel.Format.HALF : PositiveKernel.Format.FLOAT;
  }

  private static ElementwiseOp op(PositiveTransform transform, DataType type) {
    PositiveComposite composite = new PositiveComposite(transform);
    double bound = transform.lowerBound();
    double least = type == DataType.FLOAT64 ? Math.nextUp(bound) : format(type).least(bound);
    return new ElementwiseOp(
        PositiveKernel.of(transform, format(type)),
        x -> composite.value(DjlAlgebra.INSTANCE, x, least),
        x -> composite.gradient(DjlAlgebra.INSTANCE, x),
        x -> composite.secondDerivative(DjlAlgebra.INSTANCE, x));
  }

  private static ElementwiseOp inverseOp(PositiveTransform transform, DataType type) {
    PositiveComposite composite = new PositiveComposite(transform);
    double lowest = type == DataType.FLOAT64 ? -Double.MAX_VALUE : format(type).lowest();
    return new ElementwiseOp(
        PositiveKernel.inverse(transform, format(type)),
        x -> composite.inverse(DjlAlgebra.INSTANCE, x, lowest),
        null,
        null);
  }

  private static ElementwiseOp logDerivativeOp(PositiveTransform transform) {
    PositiveComposite composite = new PositiveComposite(transform);
    return new ElementwiseOp(
        PositiveKernel.logDerivative(transform),
        x -> composite.logDerivative(DjlAlgebra.INSTANCE, x),
        x -> composite.logDerivativeGradient(DjlAlgebra.INSTANCE, x),
        null);
  }
}

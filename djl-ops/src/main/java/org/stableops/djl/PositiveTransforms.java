package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import java.util.function.UnaryOperator;
import org.stableops.Arguments;
import org.stableops.PositiveTransform;
import org.stableops.djl.internal.Numbers;
import org.stableops.kernel.PositiveKernel;
import org.stableops.kernel.ScaledB;

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
  private static final double LARGE = 1e300;

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
   * Writes the values of raw values into memory that is there already.
   *
   * @param raw any floating array
   * @param out an array of raw's shape and dtype, outside any graph; may be raw
   * @param transform any
   * @throws IllegalArgumentException if raw has another dtype, out is not like raw, or an argument
   *     is null
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(NDArray raw, NDArray out, PositiveTransform transform) {
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
    ElementwiseOp f =
        switch (transform.family()) {
          case SOFTPLUS -> Softplus.op(transform.parameter());
          case SQUAREPLUS -> Squareplus.op(transform.parameter());
          case EXP -> new ElementwiseOp(null, NDArray::exp, NDArray::exp);
        };
    double bound = transform.lowerBound();
    double least = type == DataType.FLOAT64 ? Math.nextUp(bound) : format(type).least(bound);
    return new ElementwiseOp(
        PositiveKernel.of(transform, format(type)),
        raw -> f.compositeValue().apply(raw).add(bound).maximum(least),
        f.compositeGradient());
  }

  private static ElementwiseOp inverseOp(PositiveTransform transform, DataType type) {
    UnaryOperator<NDArray> inverse =
        switch (transform.family()) {
          case SOFTPLUS -> SoftplusInverse.op(transform.parameter()).compositeValue();
          case SQUAREPLUS -> SquareplusInverse.op(transform.parameter()).compositeValue();
          case EXP -> NDArray::log;
        };
    UnaryOperator<NDArray> wide = wide(p -> inverse.apply(p.sub(transform.lowerBound())));
    double lowest = type == DataType.FLOAT64 ? -Double.MAX_VALUE : format(type).lowest();
    return new ElementwiseOp(
        PositiveKernel.inverse(transform, format(type)), p -> wide.apply(p).maximum(lowest), null);
  }

  private static ElementwiseOp logDerivativeOp(PositiveTransform transform) {
    return switch (transform.family()) {
      case SOFTPLUS, SQUAREPLUS ->
          new ElementwiseOp(
              PositiveKernel.logDerivative(transform),
              wide(raw -> logSigmoid(raw, transform)),
              wide(raw -> logitDerivative(raw, transform).mul(sigmoidOfMinus(raw, transform))));
      case EXP ->
          new ElementwiseOp(
              PositiveKernel.logDerivative(transform),
              NDArray::duplicate,
              raw -> NDArrays.where(raw.isNaN(), raw, raw.onesLike()));
    };
  }

  /** Computes in float64, for differences of what float32 has rounded. */
  private static UnaryOperator<NDArray> wide(UnaryOperator<NDArray> composite) {
    return x -> composite.apply(x.toType(DataType.FLOAT64, false)).toType(x.getDataType(), false);
  }

  /** v in f′ = 1/(1 + e^−v): βr or 2·asinh(r/√b), of |r| because that does not cancel. */
  private static NDArray logit(NDArray raw, PositiveTransform transform) {
    if (transform.family() == PositiveTransform.Family.SOFTPLUS) {
      return raw.mul(transform.parameter());
    }
    ScaledB s = new ScaledB(transform.parameter());
    NDArray half = valueOfAbs(raw, s);
    NDArray ratio = half.div(s.halfRoot());
    // Two logarithms cancel where b is large or tiny; but for huge r and tiny b the ratio
    // overflows.
    NDArray twoLogs = half.log().sub(Math.log(s.halfRoot()));
    NDArray log = NDArrays.where(ratio.lt(LARGE), ratio.log(), twoLogs);
    return log.mul(2).mul(raw.sign());
  }

  private static NDArray logitDerivative(NDArray raw, PositiveTransform transform) {
    if (transform.family() == PositiveTransform.Family.SOFTPLUS) {
      return raw.onesLike().mul(transform.parameter());
    }
    NDArray root = Squareplus.root(raw.abs(), new ScaledB(transform.parameter()));
    return raw.onesLike().mul(2).div(root);
  }

  /** Squareplus of |r|. */
  private static NDArray valueOfAbs(NDArray raw, ScaledB s) {
    NDArray abs = raw.abs();
    return Squareplus.valueOfAbs(abs, Squareplus.root(abs, s));
  }

  /** q = e^−|v|, for squareplus without v, whose rounding a power of e would magnify. */
  private static NDArray tail(NDArray raw, PositiveTransform transform) {
    if (transform.family() == PositiveTransform.Family.SOFTPLUS) {
      return logit(raw, transform).abs().neg().exp();
    }
    ScaledB s = new ScaledB(transform.parameter());
    NDArray root = raw.onesLike().mul(s.halfRoot()).div(valueOfAbs(raw, s));
    return root.mul(root);
  }

  private static NDArray logSigmoid(NDArray raw, PositiveTransform transform) {
    NDArray log = SoftmaxComposite.log1p(tail(raw, transform));
    return logit(raw, transform).minimum(0).sub(log);
  }

  private static NDArray sigmoidOfMinus(NDArray raw, PositiveTransform transform) {
    NDArray q = tail(raw, transform);
    return NDArrays.where(raw.gt(0), q, q.onesLike()).div(q.add(1));
  }
}

package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.PositiveTransform;
import org.stableops.internal.Arguments;
import org.stableops.kernel.PositiveKernel;
import org.stableops.nd4j.internal.ElementwiseOp;
import org.stableops.nd4j.internal.Fused;
import org.stableops.nd4j.internal.Inputs;
import org.stableops.nd4j.internal.JavaOp;
import org.stableops.op.PositiveComposite;

/**
 * {@link PositiveTransform} on the elements of arrays: the value lowerBound + f(r) of raw values r,
 * with its gradient, its inverse, and the log-Jacobian log f′(r).
 *
 * <p>Arrays of half, bfloat16, float and double, of any shape and layout. Every value but NaN is
 * above the lower bound: what would round to it is the next number of the dtype. Error: that of the
 * function, {@link Softplus}, {@link Squareplus} or an exponential of 3 ulp, and half an ulp for
 * the bound.
 *
 * <pre>{@code
 * PositiveTransform transform = PositiveTransform.squareplus().withLowerBound(1e-3);
 * INDArray raw = PositiveTransforms.inverse(Nd4j.createFromArray(0.5f, 2f), transform);
 * INDArray scale = PositiveTransforms.value(raw, transform); // 0.5 and 2
 * double jacobian = PositiveTransforms.logDerivative(raw, transform).sumNumber().doubleValue();
 * }</pre>
 */
public final class PositiveTransforms {
  private PositiveTransforms() {}

  /**
   * Returns the values of raw values.
   *
   * @param raw any floating array
   * @param transform any
   * @return lowerBound + f(raw), of raw's shape and dtype
   * @throws IllegalArgumentException if raw has another dtype or an argument is null
   * @throws IllegalStateException if raw is closed
   */
  public static INDArray value(INDArray raw, PositiveTransform transform) {
    Inputs.requireFloating("raw", raw);
    return op(require(transform), raw.dataType()).value(raw);
  }

  /**
   * Writes the values of raw values into an existing array.
   *
   * @param raw any floating array
   * @param transform any
   * @param out an array of raw's shape and dtype; may be raw
   * @throws IllegalArgumentException if raw has another dtype, out is not like raw, or an argument
   *     is null
   * @throws IllegalStateException if an array is closed
   */
  public static void valueInto(INDArray raw, PositiveTransform transform, INDArray out) {
    Inputs.requireFloating("raw", raw);
    op(require(transform), raw.dataType()).valueInto(raw, out);
  }

  /**
   * Returns the gradient of {@link #value(INDArray, PositiveTransform)}.
   *
   * @param raw any floating array
   * @param transform any
   * @return f′(raw), of raw's shape and dtype
   * @throws IllegalArgumentException if raw has another dtype or an argument is null
   * @throws IllegalStateException if raw is closed
   */
  public static INDArray gradient(INDArray raw, PositiveTransform transform) {
    Inputs.requireFloating("raw", raw);
    return op(require(transform), raw.dataType()).gradient(raw);
  }

  /**
   * Returns the raw values of values, to set a parameter with.
   *
   * @param value a floating array, every element finite and above the lower bound
   * @param transform any
   * @return f⁻¹(value − lowerBound), finite, of value's shape and dtype
   * @throws IllegalArgumentException if an element is not finite or not above the lower bound, if
   *     the array has another dtype, or an argument is null
   * @throws IllegalStateException if value is closed
   */
  public static INDArray inverse(INDArray value, PositiveTransform transform) {
    Inputs.requireFloating("value", value);
    requireContained(value, require(transform));
    return inverseOp(transform, value.dataType()).value(value);
  }

  /**
   * Returns the logarithm of {@link #gradient}, the log-Jacobian: what a prior's log-density of the
   * value gains when it becomes one of raw.
   *
   * @param raw any floating array
   * @param transform any
   * @return log f′(raw), of raw's shape and dtype; finite long after the gradient is 0
   * @throws IllegalArgumentException if raw has another dtype or an argument is null
   * @throws IllegalStateException if raw is closed
   */
  public static INDArray logDerivative(INDArray raw, PositiveTransform transform) {
    Inputs.requireFloating("raw", raw);
    return logDerivativeOp(require(transform)).value(raw);
  }

  /**
   * Adds the values of raw values to a graph, with their gradient op.
   *
   * @param raw any floating variable
   * @param transform any
   * @return lowerBound + f(raw), of raw's shape and dtype
   * @throws IllegalArgumentException if transform is null
   */
  public static SDVariable value(SDVariable raw, PositiveTransform transform) {
    return new ValueOp().of(require(transform), raw);
  }

  /**
   * Adds the log-Jacobian to a graph, with its gradient op.
   *
   * @param raw any floating variable
   * @param transform any
   * @return log f′(raw), of raw's shape and dtype
   * @throws IllegalArgumentException if transform is null
   */
  public static SDVariable logDerivative(SDVariable raw, PositiveTransform transform) {
    return new LogDerivativeOp().of(require(transform), raw);
  }

  /** An op of a graph whose transform is its T arguments. */
  private abstract static class TransformOp extends JavaOp {
    TransformOp(String name) {
      super(name);
    }

    SDVariable of(PositiveTransform transform, SDVariable... inputs) {
      addTArgument(transform.family().ordinal(), transform.parameter(), transform.lowerBound());
      return output(inputs);
    }

    /**
     * Returns the transform, which is in the op's arguments and so survives saving and loading.
     *
     * @return the transform that the op was made with
     */
    public final PositiveTransform transform() {
      double[] parts = numbers(3, 3);
      return new PositiveTransform(
          choice(PositiveTransform.Family.values(), parts[0]), parts[1], parts[2]);
    }
  }

  /** The transform in a graph: from raw to the value. */
  public static final class ValueOp extends TransformOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super("stable_positive");
    }

    @Override
    public List<JavaOp> family() {
      return List.of(this, new GradientOp());
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      op(transform(), output.dataType()).valueInto(inputs.get(0), output);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> upstream) {
      return List.of(new GradientOp().of(transform(), arg(), upstream.get(0)));
    }
  }

  /** The gradient of the transform in a graph: from raw and upstream to upstream × gradient. */
  public static final class GradientOp extends TransformOp {
    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super("stable_positive_bp");
    }

    @Override
    protected boolean isProduct() {
      return true;
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      op(transform(), output.dataType()).backpropInto(inputs.get(0), inputs.get(1), output);
    }
  }

  /** The log-Jacobian in a graph: from raw to the logarithm of the gradient. */
  public static final class LogDerivativeOp extends TransformOp {
    /** Creates an unconfigured op, for the registry. */
    public LogDerivativeOp() {
      super("stable_positive_log_derivative");
    }

    @Override
    public List<JavaOp> family() {
      return List.of(this, new LogDerivativeGradientOp());
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      logDerivativeOp(transform()).valueInto(inputs.get(0), output);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> upstream) {
      return List.of(new LogDerivativeGradientOp().of(transform(), arg(), upstream.get(0)));
    }
  }

  /** The gradient of the log-Jacobian in a graph: from raw and upstream to their product. */
  public static final class LogDerivativeGradientOp extends TransformOp {
    /** Creates an unconfigured op, for the registry. */
    public LogDerivativeGradientOp() {
      super("stable_positive_log_derivative_bp");
    }

    @Override
    protected boolean isProduct() {
      return true;
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      logDerivativeOp(transform()).backpropInto(inputs.get(0), inputs.get(1), output);
    }
  }

  private static PositiveTransform require(PositiveTransform transform) {
    return Arguments.requireGiven("transform", transform);
  }

  private static void requireContained(INDArray value, PositiveTransform transform) {
    if (value.isEmpty()) {
      return;
    }
    double[] elements = Fused.doubles(value);
    for (int i = 0; i < elements.length; i++) {
      String name = value.rank() == 0 ? "value" : "value[" + i + "]";
      transform.requireContained(name, elements[i]);
    }
  }

  private static PositiveKernel.Format format(DataType type) {
    return switch (type) {
      case HALF -> PositiveKernel.Format.HALF;
      case BFLOAT16 -> PositiveKernel.Format.BFLOAT16;
      default -> PositiveKernel.Format.FLOAT;
    };
  }

  private static ElementwiseOp op(PositiveTransform transform, DataType type) {
    PositiveComposite composite = new PositiveComposite(transform);
    double bound = transform.lowerBound();
    double least = type == DataType.DOUBLE ? Math.nextUp(bound) : format(type).least(bound);
    return new ElementwiseOp(
        PositiveKernel.of(transform, format(type)),
        (m, x) -> composite.value(m, x, least),
        (m, x) -> composite.gradient(m, x));
  }

  private static ElementwiseOp inverseOp(PositiveTransform transform, DataType type) {
    PositiveComposite composite = new PositiveComposite(transform);
    double lowest = type == DataType.DOUBLE ? -Double.MAX_VALUE : format(type).lowest();
    return new ElementwiseOp(
        PositiveKernel.inverse(transform, format(type)),
        (m, x) -> composite.inverse(m, x, lowest),
        null);
  }

  private static ElementwiseOp logDerivativeOp(PositiveTransform transform) {
    PositiveComposite composite = new PositiveComposite(transform);
    return new ElementwiseOp(
        PositiveKernel.logDerivative(transform),
        (m, x) -> composite.logDerivative(m, x),
        (m, x) -> composite.logDerivativeGradient(m, x));
  }
}

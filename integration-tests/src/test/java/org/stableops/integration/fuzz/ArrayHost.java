package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/**
 * A framework whose operators are called on arrays of its own, where {@link Host} takes plain
 * numbers. Closing it closes every array that was made.
 *
 * @param <A> the arrays
 */
interface ArrayHost<A extends AutoCloseable> extends AutoCloseable {
  /** The hosts, each to be opened for one case. */
  List<Supplier<ArrayHost<?>>> ALL = List.of(DjlArrays::new, Nd4jArrays::new);

  /** What is to be seen of one problem on arrays of a host. */
  @FunctionalInterface
  interface Check {
    <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path);
  }

  /** Checks on both paths of every host that has the format. */
  static void everywhere(Format format, Check check) {
    for (Supplier<ArrayHost<?>> opens : ALL) {
      try (ArrayHost<?> host = opens.get()) {
        if (host.host().formats().contains(format)) {
          for (Path path : Path.values()) {
            path.run(() -> check.on(host, path));
          }
        }
      }
    }
  }

  /** Whose name and dtypes they are. */
  Host host();

  /**
   * An array that lies in a larger one.
   *
   * @param base the larger one
   * @param view the array
   * @param before the elements of the base
   */
  record Laid<A>(A base, A view, double[] before) {}

  /** Numbers of a format in a layout, with NaN around them. */
  default Laid<A> laid(Layout layout, double[] elements, Format format) {
    return laid(layout, layout.base(elements, Double.NaN), dtype(format));
  }

  /** The same one behind the other. */
  default A plain(long[] shape, double[] elements, Format format) {
    return laid(Layout.plain(shape), elements, format).view;
  }

  Laid<A> laid(Layout layout, double[] base, String dtype);

  /** Whether the bits of a result do not depend on the layout of what it is computed from. */
  boolean keepsBits(Path path);

  /** The host's dtype of a format. */
  String dtype(Format format);

  /** The host's dtypes of integers, of one byte first, signed and from 0. */
  List<String> integers();

  /** The host's dtype of truth values. */
  String booleans();

  String dtype(A array);

  long[] shape(A array);

  double[] doubles(A array);

  @Override
  void close();

  // ---- checks

  default void requireLike(Laid<A> x, A actual, String what) {
    requireShape(shape(x.view), dtype(x.view), actual, what);
  }

  default void requireShape(long[] shape, String dtype, A actual, String what) {
    assertArrayEquals(shape, shape(actual), () -> what + " shape");
    assertEquals(dtype, dtype(actual), () -> what + " dtype");
  }

  /** The same bits from plain arrays, where the host has the same bits. */
  default void requireSame(A fromPlain, double[] actual, Path path, String what) {
    if (keepsBits(path)) {
      assertArrayEquals(doubles(fromPlain), actual, () -> what + " of plain arrays");
    }
  }

  /** To the bit, and around the view too. */
  default void requireUnchanged(Laid<A> array, String what) {
    assertArrayEquals(array.before, doubles(array.base), () -> what + " is changed");
  }

  /** That a view has got the elements, and what lies around it has not changed. */
  default void requireWritten(Laid<A> out, Layout layout, double[] elements, String what) {
    assertArrayEquals(elements, doubles(out.view), () -> what);
    double[] around = doubles(out.base);
    double[] inside = layout.base(new double[elements.length], 1);
    Arrays.setAll(around, i -> inside[i] == 0 ? out.before[i] : around[i]);
    assertArrayEquals(out.before, around, () -> what + " changes what lies around");
  }

  // ---- operators

  /** An operator of one number beside the array. */
  @FunctionalInterface
  interface Scalar<A> {
    A apply(A x, double parameter);
  }

  /** The same into memory that is there. */
  @FunctionalInterface
  interface ScalarInto<A> {
    void apply(A x, double parameter, A out);
  }

  /** With an array for its parameter. */
  @FunctionalInterface
  interface ArrayInto<A> {
    void apply(A x, A parameter, A out);
  }

  /** All forms of an elementwise operator. */
  record Elementwise<A>(
      Scalar<A> value,
      Scalar<A> gradient,
      ScalarInto<A> valueInto,
      BinaryOperator<A> arrayValue,
      BinaryOperator<A> arrayGradient,
      BinaryOperator<A> parameterGradient,
      ArrayInto<A> arrayValueInto) {

    /** Those of a host's class. */
    static <A> Elementwise<A> of(OperatorClass operator) {
      return new Elementwise<>(
          (x, parameter) -> operator.call("value", x, parameter),
          (x, parameter) -> operator.call("gradient", x, parameter),
          (x, parameter, out) -> operator.call("valueInto", x, parameter, out),
          (x, parameter) -> operator.call("value", x, parameter),
          (x, parameter) -> operator.call("gradient", x, parameter),
          (x, parameter) -> operator.call("parameterGradient", x, parameter),
          (x, parameter, out) -> operator.call("valueInto", x, parameter, out));
    }
  }

  /** The class of an operator, whose methods are called by name. */
  OperatorClass operator(String name);

  default Elementwise<A> elementwise(ElementwiseFunction function) {
    return Elementwise.of(operator(function.operator().name()));
  }

  /** Into memory that is there. */
  @FunctionalInterface
  interface TransformInto<A> {
    void apply(A raw, PositiveTransform transform, A out);
  }

  /** All forms of a positive transform. */
  record Transforms<A>(
      BiFunction<A, PositiveTransform, A> value,
      BiFunction<A, PositiveTransform, A> gradient,
      BiFunction<A, PositiveTransform, A> inverse,
      BiFunction<A, PositiveTransform, A> logDerivative,
      TransformInto<A> valueInto) {}

  Transforms<A> transforms();

  /** An operator along an axis. */
  @FunctionalInterface
  interface AlongAxis<A> {
    A apply(A x, int axis);
  }

  /** With a gradient that comes from above. */
  @FunctionalInterface
  interface Backward<A> {
    A apply(A x, int axis, A upstream);
  }

  /** The two operators along an axis. */
  record Rows<A>(
      AlongAxis<A> logSumExp,
      AlongAxis<A> softmax,
      AlongAxis<A> logSoftmax,
      Backward<A> logSoftmaxGradient) {}

  Rows<A> rows();

  /** A form of a cross-entropy; sample weights may be null. */
  @FunctionalInterface
  interface Loss<A, R> {
    R apply(A logits, A labels, A sampleWeights, CrossEntropyOptions options);
  }

  /** The Hessian of a cross-entropy times v; sample weights may be null. */
  @FunctionalInterface
  interface Product<A> {
    A apply(A logits, A labels, A sampleWeights, A v, CrossEntropyOptions options);
  }

  /** All forms of a cross-entropy. */
  record CrossEntropy<A extends AutoCloseable>(
      Loss<A, A> value,
      Loss<A, A> gradient,
      Loss<A, ValueAndGradient<A>> valueAndGradient,
      Loss<A, CrossEntropyEvaluation<A>> evaluate,
      Product<A> hessianVectorProduct,
      Loss<A, A> hessianDiagonal) {}

  /** That of integer labels. */
  CrossEntropy<A> sparse();

  /** That of class probabilities. */
  CrossEntropy<A> dense();

  // ---- what training sees

  /**
   * The gradient to x of the sum of an elementwise operator by the host's own differentiation, of
   * an x in a layout without repeated axes.
   */
  double[] backprop(
      ElementwiseFunction function, Layout layout, double[] x, Format format, double parameter);

  /** The same of a positive transform. */
  double[] backprop(PositiveTransform transform, Layout layout, double[] raw, Format format);

  /** The gradient to the logits of the sum of a cross-entropy. */
  double[] backprop(
      Layout layout,
      double[] logits,
      Format format,
      A labels,
      A sampleWeights,
      CrossEntropyOptions options);

  /** The gradient to the argument of the sum of a loss of elements; null for what is not given. */
  double[] backprop(
      ElementLossHost.Problem problem,
      Layout layout,
      Format format,
      A companion,
      A targets,
      A sampleWeights);
}

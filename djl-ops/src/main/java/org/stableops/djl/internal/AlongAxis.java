package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.Elements;
import org.stableops.op.SoftmaxComposite;

/** One call of an operator on the rows of x along an axis: by a kernel or a composite, and back. */
public final class AlongAxis {
  /** From rows × classes elements to one number per row. */
  @FunctionalInterface
  public interface RowKernel {
    double[] apply(Elements x, int rows, int classes);
  }

  /** From rows × classes elements to as many. */
  @FunctionalInterface
  public interface ElementKernel {
    void apply(Elements x, int rows, int classes, Elements out);
  }

  /** From rows × classes elements and an upstream gradient to as many. */
  @FunctionalInterface
  public interface GradientKernel {
    void apply(Elements x, int rows, int classes, Elements upstream, Elements out);
  }

  /** From rows × classes elements, and those of arrays like them, to as many. */
  @FunctionalInterface
  interface RowsKernel {
    void apply(Elements x, Elements[] others, int rows, int classes, Elements out);
  }

  /** The same by primitives; the others are of float64. */
  @FunctionalInterface
  interface RowsComposite {
    NDArray apply(NDArray x, NDArray[] others);
  }

  /** Perhaps in a graph: detached where it is read, in the scope that closes what that makes. */
  private final NDArray x;

  private final SoftmaxShape shape;

  public AlongAxis(NDArray x, int axis) {
    this("x", x, axis);
  }

  AlongAxis(String name, NDArray x, int axis) {
    Inputs.requireFloating(name, x);
    this.x = x;
    shape = SoftmaxShape.of(name, x.getShape().getShape(), axis);
  }

  /** The axis, not negative. */
  public int axis() {
    return shape.axis();
  }

  private Shape rowShape() {
    return new Shape(shape.rowShape());
  }

  /** A shape without an axis. */
  public static Shape rowShape(Shape x, int axis) {
    return new Shape(SoftmaxShape.of("x", x.getShape(), axis).rowShape());
  }

  /** An array of x's dtype, with one element per row. */
  public void requireOfRows(String name, NDArray array) {
    Inputs.requireFloating(name, array);
    if (array.getDataType() != x.getDataType() || !array.getShape().equals(rowShape())) {
      throw new IllegalArgumentException(
          "%s must be like x without axis %d, %s %s, got %s %s"
              .formatted(
                  name,
                  axis(),
                  x.getDataType(),
                  rowShape(),
                  array.getDataType(),
                  array.getShape()));
    }
  }

  /** One number per row, where the composite gives a column. */
  public NDArray perRow(RowKernel kernel, Function<SoftmaxComposite<NDArray>, NDArray> composite) {
    NDManager manager = x.getManager();
    if (x.size() == 0) {
      return manager.create(rowShape(), x.getDataType(), x.getDevice());
    }
    if (Fused.accepts(x)) {
      NDArray z = classesLast(x, shape);
      double[] numbers = kernel.apply(Fused.elements(z), rows(), classes());
      // A copy: it may lie in Java's memory, and toType copies nothing of the same dtype.
      return manager.create(numbers, rowShape()).toType(x.getDataType(), false).duplicate();
    }
    NDArray z = rows(x, shape);
    return inBlocks(
            x.getDataType(),
            (from, to) -> {
              NDArray block = widened(Slices.of(z, from, to));
              return Fused.accepts(block)
                  ? column(kernel.apply(Fused.elements(block), (int) (to - from), classes()))
                  : composite.apply(softmax(block));
            })
        .reshape(rowShape());
  }

  private NDArray column(double[] numbers) {
    return x.getManager().create(numbers, new Shape(numbers.length, 1));
  }

  /** All rows of a result, beside x, each element rounded once. */
  private NDArray inBlocks(DataType type, Rows rows) {
    NDArray[] results =
        Slices.compute(
            shape.rows(),
            shape.classes(),
            Slices.elements(x),
            (from, to) -> {
              NDArray ofBlock = Scoped.beside(x, rows.compute(from, to));
              return new NDArray[] {ofBlock.toType(type, false)};
            });
    return results[0];
  }

  /** Computes the rows from one number to below another. */
  @FunctionalInterface
  private interface Rows {
    NDArray compute(long from, long to);
  }

  /** One number per element. */
  public NDArray perElement(
      ElementKernel kernel, Function<SoftmaxComposite<NDArray>, NDArray> composite) {
    return perElement(kernel, composite, x.getDataType());
  }

  /** The same in float32 for float16. */
  public NDArray widePerElement(
      ElementKernel kernel, Function<SoftmaxComposite<NDArray>, NDArray> composite) {
    return perElement(kernel, composite, Halves.wideType(x.getDataType()));
  }

  private NDArray perElement(
      ElementKernel kernel, Function<SoftmaxComposite<NDArray>, NDArray> composite, DataType type) {
    return perElement(
        (in, none, rows, classes, out) -> kernel.apply(in, rows, classes, out),
        (rows, none) -> composite.apply(softmax(rows)),
        type);
  }

  /** One number per element, from x and an upstream gradient like it. */
  public NDArray perElement(
      GradientKernel kernel,
      BiFunction<SoftmaxComposite<NDArray>, NDArray, NDArray> composite,
      NDArray upstream) {
    return perElement(
        (in, others, rows, classes, out) -> kernel.apply(in, rows, classes, others[0], out),
        (rows, others) -> composite.apply(softmax(rows), others[0]),
        x.getDataType(),
        upstream);
  }

  /** One number per element, of a dtype, from x and other arrays like it. */
  NDArray perElement(RowsKernel kernel, RowsComposite composite, DataType type, NDArray... others) {
    NDManager manager = x.getManager();
    if (x.size() == 0) {
      return manager.create(x.getShape(), type, x.getDevice());
    }
    if (Fused.accepts(x)) {
      NDArray z = classesLast(x, shape);
      NDArray out = manager.create(x.getShape(), type, x.getDevice());
      Elements[] given =
          Arrays.stream(others)
              .map(other -> Fused.elements(classesLast(other, shape)))
              .toArray(Elements[]::new);
      kernel.apply(Fused.elements(z), given, rows(), classes(), Fused.elements(out, shape));
      return out;
    }
    NDArray z = rows(x, shape);
    NDArray[] ofOthers = map(others, other -> rows(other, shape));
    NDArray out =
        inBlocks(
            type,
            (from, to) -> {
              NDArray block = widened(Slices.of(z, from, to));
              NDArray[] given = map(ofOthers, other -> widened(Slices.of(other, from, to)));
              return Fused.accepts(block)
                  ? fused(kernel, block, given, type)
                  : composite.apply(block, map(given, AlongAxis::toDouble));
            });
    return fromRows(out, shape);
  }

  private static NDArray[] map(NDArray[] arrays, UnaryOperator<NDArray> function) {
    return Arrays.stream(arrays).map(function).toArray(NDArray[]::new);
  }

  private NDArray fused(RowsKernel kernel, NDArray block, NDArray[] others, DataType type) {
    NDArray out =
        type == DataType.FLOAT64
            ? x.getManager().create(block.getShape(), type, block.getDevice())
            : Fused.uninitialized(block);
    kernel.apply(
        Fused.elements(block),
        Arrays.stream(others).map(Fused::elements).toArray(Elements[]::new),
        (int) block.getShape().get(0),
        classes(),
        Fused.elements(out));
    return out;
  }

  private static NDArray widened(NDArray array) {
    return array.toType(Halves.wideType(array.getDataType()), false);
  }

  private static NDArray toDouble(NDArray array) {
    return array.toType(DataType.FLOAT64, false);
  }

  /** The softmax of rows × classes. */
  static SoftmaxComposite<NDArray> softmax(NDArray rows) {
    return new SoftmaxComposite<>(DjlAlgebra.INSTANCE, rows);
  }

  private int rows() {
    return Math.toIntExact(shape.rows());
  }

  private int classes() {
    return Math.toIntExact(shape.classes());
  }

  // ---- shared with the cross-entropies

  /** Outside any graph, or readable without recording, with the classes last. */
  static NDArray classesLast(NDArray array, SoftmaxShape shape) {
    if (shape.hasClassesLast() && Fused.accepts(array)) {
      return array;
    }
    return detachedClassesLast(array, shape);
  }

  private static NDArray detachedClassesLast(NDArray array, SoftmaxShape shape) {
    NDArray detached = Autograd.detached(array);
    return shape.hasClassesLast() ? detached : detached.transpose(shape.toClassesLast());
  }

  /** Rows × classes outside any graph: a view of the array where its layout allows one. */
  static NDArray rows(NDArray array, SoftmaxShape shape) {
    NDArray last = detachedClassesLast(array, shape);
    return last.getShape().dimension() == 2 ? last : last.reshape(shape.rows(), shape.classes());
  }

  /** Rows × classes as a contiguous array of the original shape. */
  static NDArray fromRows(NDArray rows, SoftmaxShape shape) {
    NDArray shaped = rows.reshape(new Shape(shape.classesLast()));
    if (shape.hasClassesLast()) {
      return shaped;
    }
    NDArray ordered = shaped.transpose(shape.fromClassesLast());
    return ordered.flatten().reshape(ordered.getShape());
  }
}

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;
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

  /** Perhaps in a graph: detached where it is read, in the scope that closes what that makes. */
  private final NDArray x;

  private final SoftmaxShape shape;

  public AlongAxis(NDArray x, int axis) {
    Inputs.requireFloating("x", x);
    this.x = x;
    shape = SoftmaxShape.of("x", x.getShape().getShape(), axis);
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
    NDArray z = classesLast(x, shape);
    NDArray rows =
        Fused.accepts(z)
            ? manager.create(kernel.apply(Fused.elements(z), rows(), classes()), rowShape())
            : composite.apply(softmax()).reshape(rowShape());
    // A copy: it may lie in Java's memory, and toType copies nothing of the same dtype.
    return rows.toType(x.getDataType(), false).duplicate();
  }

  /** One number per element. */
  public NDArray perElement(
      ElementKernel kernel, Function<SoftmaxComposite<NDArray>, NDArray> composite) {
    return widePerElement(kernel, composite).toType(x.getDataType(), false);
  }

  /** The same in float32 for float16. */
  public NDArray widePerElement(
      ElementKernel kernel, Function<SoftmaxComposite<NDArray>, NDArray> composite) {
    DataType type = Halves.wideType(x.getDataType());
    NDArray z = classesLast(x, shape);
    if (x.size() > 0 && !Fused.accepts(z)) {
      return fromWideRows(composite.apply(softmax()), shape, type);
    }
    NDArray out = x.getManager().create(x.getShape(), type, x.getDevice());
    if (x.size() > 0) {
      kernel.apply(Fused.elements(z), rows(), classes(), Fused.elements(out, shape));
    }
    return out;
  }

  private SoftmaxComposite<NDArray> softmax() {
    return new SoftmaxComposite<>(DjlAlgebra.INSTANCE, wideRows(x));
  }

  /** The elements of an array like x, row by row. */
  public Elements elements(NDArray array) {
    return Fused.elements(classesLast(array, shape));
  }

  /** Rows × classes of float64. */
  public NDArray wideRows(NDArray array) {
    return array
        .stopGradient()
        .transpose(shape.toClassesLast())
        .toType(DataType.FLOAT64, false)
        .reshape(shape.rows(), shape.classes());
  }

  private int rows() {
    return Math.toIntExact(shape.rows());
  }

  private int classes() {
    return Math.toIntExact(shape.classes());
  }

  // ---- shared with the cross-entropies

  /**
   * Outside any graph, or readable without recording, with the classes last. Half is computed wider
   * and rounded once.
   */
  static NDArray classesLast(NDArray array, SoftmaxShape shape) {
    if (shape.hasClassesLast() && Fused.accepts(array)) {
      return array;
    }
    NDArray detached = Autograd.detached(array);
    NDArray wide = detached.toType(Halves.wideType(array.getDataType()), false);
    return shape.hasClassesLast() ? wide : wide.transpose(shape.toClassesLast());
  }

  /** Rows × classes of float64 as a contiguous array of the original shape. */
  static NDArray fromWideRows(NDArray rows, SoftmaxShape shape, DataType type) {
    NDArray shaped = rows.reshape(new Shape(shape.classesLast())).toType(type, false);
    if (shape.hasClassesLast()) {
      return shaped;
    }
    NDArray ordered = shaped.transpose(shape.fromClassesLast());
    return ordered.flatten().reshape(ordered.getShape());
  }
}

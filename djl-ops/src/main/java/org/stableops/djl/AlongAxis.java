package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;
import org.stableops.SoftmaxShape;
import org.stableops.kernel.Elements;

/** One call of an operator on the rows of x along an axis: by a kernel or a composite, and back. */
final class AlongAxis {
  /** From rows × classes elements to one number a row. */
  @FunctionalInterface
  interface RowKernel {
    double[] apply(Elements x, int rows, int classes);
  }

  /** From rows × classes elements to as many. */
  @FunctionalInterface
  interface ElementKernel {
    void apply(Elements x, int rows, int classes, Elements out);
  }

  /** Perhaps in a graph: detached where it is read, in the scope that closes what that makes. */
  private final NDArray x;

  private final SoftmaxShape shape;

  AlongAxis(NDArray x, int axis) {
    Inputs.requireFloating("x", x);
    this.x = x;
    shape = SoftmaxShape.of("x", x.getShape().getShape(), axis);
  }

  /** The axis, not negative. */
  int axis() {
    return shape.axis();
  }

  private Shape rowShape() {
    return new Shape(shape.rowShape());
  }

  /** A shape without an axis. */
  static Shape rowShape(Shape x, int axis) {
    return new Shape(SoftmaxShape.of("x", x.getShape(), axis).rowShape());
  }

  /** An array of x's dtype, with one element a row. */
  void requireOfRows(String name, NDArray array) {
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

  /** One number a row, where the composite gives a column. */
  NDArray perRow(RowKernel kernel, Function<SoftmaxComposite, NDArray> composite) {
    NDManager manager = x.getManager();
    if (x.size() == 0) {
      return manager.create(rowShape(), x.getDataType(), x.getDevice());
    }
    NDArray z = classesLast(x);
    NDArray rows =
        Fused.accepts(z)
            ? manager.create(kernel.apply(Fused.elements(z), rows(), classes()), rowShape())
            : composite.apply(new SoftmaxComposite(wideRows(x))).reshape(rowShape());
    // A copy: it may lie in Java's memory, and toType copies nothing of the same dtype.
    return rows.toType(x.getDataType(), false).duplicate();
  }

  /** One number an element. */
  NDArray perElement(ElementKernel kernel, Function<SoftmaxComposite, NDArray> composite) {
    if (x.size() == 0) {
      return x.stopGradient().duplicate();
    }
    NDArray z = classesLast(x);
    NDArray out;
    if (Fused.accepts(z)) {
      out = z.getManager().create(z.getShape(), z.getDataType(), z.getDevice());
      kernel.apply(Fused.elements(z), rows(), classes(), Fused.elements(out));
    } else {
      out = composite.apply(new SoftmaxComposite(wideRows(x)));
    }
    return out.reshape(new Shape(shape.classesLast()))
        .transpose(shape.fromClassesLast())
        .toType(x.getDataType(), false);
  }

  /** The elements of an array like x, row by row. */
  Elements elements(NDArray array) {
    return Fused.elements(classesLast(array));
  }

  /** Rows × classes of float64. */
  NDArray wideRows(NDArray array) {
    return array
        .stopGradient()
        .transpose(shape.toClassesLast())
        .toType(DataType.FLOAT64, false)
        .reshape(shape.rows(), shape.classes());
  }

  /** Half is computed wider and rounded once. */
  private NDArray classesLast(NDArray array) {
    boolean isHalf = array.getDataType() == DataType.FLOAT16;
    NDArray detached = array.stopGradient();
    NDArray wide = isHalf ? detached.toType(DataType.FLOAT32, false) : detached;
    return wide.transpose(shape.toClassesLast());
  }

  private int rows() {
    return Math.toIntExact(shape.rows());
  }

  private int classes() {
    return Math.toIntExact(shape.classes());
  }
}

package org.stableops.nd4j;

import java.util.Arrays;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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

  private final INDArray x;
  private final SoftmaxShape shape;
  private final Temporaries temporaries;

  AlongAxis(INDArray x, int axis, Temporaries temporaries) {
    Inputs.requireFloating("x", x);
    this.x = x;
    this.temporaries = temporaries;
    shape = SoftmaxShape.of("x", x.shape(), axis);
  }

  /** One number a row, where the composite gives a column. */
  INDArray perRow(RowKernel kernel, Function<SoftmaxComposite, INDArray> composite) {
    if (x.isEmpty()) {
      return array(new double[0], shape.rowShape(), x.dataType());
    }
    INDArray z = elementRows(x);
    double[] rows =
        Fused.accepts(z)
            ? kernel.apply(Fused.elements(z), (int) z.size(0), (int) z.size(1))
            : composite.apply(softmax()).data().asDouble();
    return array(rows, shape.rowShape(), x.dataType());
  }

  /** One number an element. */
  INDArray perElement(ElementKernel kernel, Function<SoftmaxComposite, INDArray> composite) {
    if (x.isEmpty()) {
      return Nd4j.create(x.dataType(), x.shape());
    }
    INDArray z = elementRows(x);
    INDArray out = temporaries.keep(classesLast(shape, z.dataType()));
    if (Fused.accepts(z)) {
      kernel.apply(Fused.elements(z), (int) z.size(0), (int) z.size(1), Fused.elements(out));
    } else {
      out.assign(composite.apply(softmax()).reshape('c', shape.classesLast()));
    }
    return fromClassesLast(out, shape, x.dataType(), temporaries);
  }

  private SoftmaxComposite softmax() {
    return new SoftmaxComposite(wideRows(x), temporaries);
  }

  /** The elements of an array like x, row by row. */
  Elements elements(INDArray array) {
    return Fused.elements(elementRows(array));
  }

  /** Half is computed wider and rounded once. */
  private INDArray elementRows(INDArray array) {
    return rows(array, shape, Widened.of(array.dataType()), temporaries);
  }

  /** Rows × classes of double. */
  INDArray wideRows(INDArray array) {
    return rows(array, shape, DataType.DOUBLE, temporaries);
  }

  /**
   * Multiplies a gradient like x by upstream, one number a row; or one for all, which a reduced
   * value has, and as a loss variable of the graph any value.
   */
  void multiplyByUpstream(INDArray gradient, INDArray upstream) {
    boolean isOfRows = upstream.length() > 1;
    Primitives.multiplyByUpstream(gradient, isOfRows ? alongClasses(upstream) : upstream);
  }

  private INDArray alongClasses(INDArray ofRows) {
    INDArray contiguous = temporaries.keep(ofRows.dup('c'));
    return temporaries.keep(contiguous.reshape('c', shape.withOne()).broadcast(x.shape()));
  }

  // ---- shared with the cross-entropies

  /** Rows × classes of a dtype, contiguous: the array itself where it is so already. */
  static INDArray rows(INDArray array, SoftmaxShape shape, DataType type, Temporaries temporaries) {
    boolean isLast = shape.axis() == array.rank() - 1;
    INDArray rows = array;
    if (!isLast || array.ordering() != 'c' || !Fused.isContiguous(array)) {
      INDArray permuted = array.rank() < 2 ? array : array.permute(shape.toClassesLast());
      rows = temporaries.keep(permuted.dup('c'));
    }
    rows = temporaries.keepUnless(rows, rows.castTo(type));
    return rows.reshape('c', shape.rows(), shape.classes());
  }

  /** An uninitialised array of the shape with the classes last. */
  static INDArray classesLast(SoftmaxShape shape, DataType type) {
    return Nd4j.createUninitialized(type, shape.classesLast(), 'c');
  }

  /** A kept array of that shape in the original one, no view of another array, and given away. */
  static INDArray fromClassesLast(
      INDArray kept, SoftmaxShape shape, DataType type, Temporaries temporaries) {
    INDArray typed = temporaries.keepUnless(kept, kept.castTo(type));
    boolean isLast = shape.axis() == kept.rank() - 1;
    return isLast ? temporaries.give(typed) : typed.permute(shape.fromClassesLast()).dup('c');
  }

  /** A new array, rounded by a cast; Nd4j.scalar would cut bfloat16 off. */
  static INDArray array(double[] numbers, long[] shape, DataType type) {
    if (Arrays.stream(shape).anyMatch(size -> size == 0)) {
      return Nd4j.create(type, shape);
    }
    if (shape.length == 0) {
      return scalar(numbers[0], type);
    }
    try (Temporaries temporaries = new Temporaries()) {
      INDArray array = Nd4j.create(type, shape);
      INDArray doubles = temporaries.keep(Nd4j.createFromArray(numbers));
      array.assign(doubles.reshape('c', shape));
      return array;
    }
  }

  private static INDArray scalar(double value, DataType type) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray wide = temporaries.keep(Nd4j.scalar(DataType.DOUBLE, value));
      INDArray typed = wide.castTo(type);
      return typed == wide ? temporaries.give(wide) : typed;
    }
  }
}

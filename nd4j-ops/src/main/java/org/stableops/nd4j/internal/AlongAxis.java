package org.stableops.nd4j.internal;

import java.util.Arrays;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.Elements;
import org.stableops.op.SoftmaxComposite;

/** One call of an operator on the rows of x along an axis: by a kernel or a composite, and back. */
public final class AlongAxis {
  /** Classes above which a row is read in parts, and several times. */
  private static final int MANY = 2048;

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

  private final INDArray x;
  private final SoftmaxShape shape;
  private final Temporaries temporaries;

  public AlongAxis(INDArray x, int axis, Temporaries temporaries) {
    Inputs.requireFloating("x", x);
    this.x = x;
    this.temporaries = temporaries;
    shape = SoftmaxShape.of("x", x.shape(), axis);
  }

  /** One number per row, where the composite gives a column. */
  public INDArray perRow(
      RowKernel kernel, Function<SoftmaxComposite<INDArray>, INDArray> composite) {
    if (x.isEmpty()) {
      return array(new double[0], shape.rowShape(), x.dataType());
    }
    INDArray z = readable(x, shape, temporaries);
    double[] rows =
        Fused.accepts(z)
            ? kernel.apply(elements(z, shape), (int) shape.rows(), (int) shape.classes())
            : ofRows(composite.apply(softmax(z)), shape);
    return array(rows, shape.rowShape(), x.dataType());
  }

  /** One number per element. */
  public INDArray perElement(
      ElementKernel kernel, Function<SoftmaxComposite<INDArray>, INDArray> composite) {
    if (x.isEmpty()) {
      return Nd4j.create(x.dataType(), x.shape());
    }
    INDArray z = readable(x, shape, temporaries);
    if (!Fused.accepts(z)) {
      return fromWideRows(cut(composite.apply(softmax(z))), shape, x.dataType(), temporaries);
    }
    INDArray out = like(z, temporaries);
    kernel.apply(
        elements(z, shape), (int) shape.rows(), (int) shape.classes(), elements(out, shape));
    return typed(out, x.dataType(), temporaries);
  }

  private SoftmaxComposite<INDArray> softmax(INDArray z) {
    return softmax(wideRows(z, shape, temporaries), temporaries);
  }

  private INDArray cut(INDArray rows) {
    return cut(rows, shape);
  }

  /** The elements of an array like x, row by row. */
  public Elements elements(INDArray array) {
    return elements(Fused.readable(array, temporaries), shape);
  }

  /** Rows × classes of double for the arithmetic of composites. */
  public INDArray wideRows(INDArray array) {
    return twice(wideRows(array, shape, temporaries), temporaries);
  }

  /**
   * Multiplies a gradient like x by upstream, one number per row; or one for all, which a reduced
   * value has, and as a loss variable of the graph any value.
   */
  public void multiplyByUpstream(INDArray gradient, INDArray upstream) {
    boolean isOfRows = upstream.length() > 1;
    Primitives.multiplyByUpstream(gradient, isOfRows ? alongClasses(upstream) : upstream);
  }

  private INDArray alongClasses(INDArray ofRows) {
    INDArray contiguous = temporaries.keep(ofRows.dup('c'));
    return temporaries.keep(Primitives.tile(contiguous.reshape('c', shape.withOne()), x.shape()));
  }

  // ---- shared with the cross-entropies

  /** Rows × classes of double, contiguous: the array itself where it is so already. */
  public static INDArray wideRows(INDArray array, SoftmaxShape shape, Temporaries temporaries) {
    boolean isLast = shape.axis() == array.rank() - 1;
    INDArray rows = array;
    if (!isLast || array.ordering() != 'c' || !Fused.isContiguous(array)) {
      INDArray permuted = array.rank() < 2 ? array : array.permute(shape.toClassesLast());
      rows = temporaries.keep(permuted.dup('c'));
    }
    rows = temporaries.keepUnless(rows, rows.castTo(DataType.DOUBLE));
    return rows.reshape('c', shape.rows(), shape.classes());
  }

  /** The softmax of rows × classes of double. */
  static SoftmaxComposite<INDArray> softmax(INDArray rows, Temporaries temporaries) {
    return new SoftmaxComposite<>(new Nd4jAlgebra(temporaries), twice(rows, temporaries));
  }

  /** The rows, or a single one twice: the arithmetic of one row takes NaN for 1e-5. */
  static INDArray twice(INDArray rows, Temporaries temporaries) {
    return rows.size(0) > 1
        ? rows
        : temporaries.keep(Primitives.tile(rows, new long[] {2, rows.size(1)}));
  }

  /** What was computed of rows that may be there twice, once. */
  static INDArray cut(INDArray rows, SoftmaxShape shape) {
    return rows.get(NDArrayIndex.interval(0, shape.rows()), NDArrayIndex.all());
  }

  /** The numbers of a column of rows that may be there twice, once. */
  static double[] ofRows(INDArray column, SoftmaxShape shape) {
    return Arrays.copyOf(column.data().asDouble(), Math.toIntExact(shape.rows()));
  }

  /**
   * An array that a kernel accepts, of the same shape: the array itself but for half, which is
   * computed wider and rounded once, and for long rows that are scattered over memory, for which
   * one copy is faster than to jump several times.
   */
  static INDArray readable(INDArray array, SoftmaxShape shape, Temporaries temporaries) {
    INDArray readable = Fused.readable(array, temporaries);
    boolean isScattered = shape.classes() > MANY && array.stride(shape.axis()) > 1;
    if (!isScattered || array.rank() < 2 || !Fused.accepts(readable)) {
      return readable;
    }
    INDArray rows = temporaries.keep(readable.permute(shape.toClassesLast()).dup('c'));
    return rows.permute(shape.fromClassesLast());
  }

  /** The elements of an array that a kernel accepts, row by row. */
  public static Elements elements(INDArray array, SoftmaxShape shape) {
    return Fused.elements(array, shape.toClassesLast());
  }

  /** A kept, uninitialised array for results of a kernel that reads z. */
  static INDArray like(INDArray z, Temporaries temporaries) {
    return temporaries.keep(Nd4j.createUninitialized(z.dataType(), z.shape(), 'c'));
  }

  /** A kept array in a dtype, given away. */
  static INDArray typed(INDArray kept, DataType type, Temporaries temporaries) {
    return temporaries.give(temporaries.keepUnless(kept, kept.castTo(type)));
  }

  /** Rows × classes of double as a new array of the original shape, half rounded from float. */
  static INDArray fromWideRows(
      INDArray rows, SoftmaxShape shape, DataType type, Temporaries temporaries) {
    long[] classesLast = shape.classesLast();
    INDArray wide = Nd4j.createUninitialized(Halves.wideType(type), classesLast, 'c');
    temporaries.keep(wide).assign(rows.reshape('c', classesLast));
    if (shape.axis() == classesLast.length - 1) {
      return typed(wide, type, temporaries);
    }
    INDArray typed = temporaries.keepUnless(wide, wide.castTo(type));
    return typed.permute(shape.fromClassesLast()).dup('c');
  }

  /** A new array, rounded by a cast; Nd4j.scalar would cut bfloat16 off. */
  static INDArray array(double[] numbers, long[] shape, DataType type) {
    if (Arrays.stream(shape).anyMatch(size -> size == 0)) {
      return Nd4j.create(type, shape);
    }
    if (shape.length == 0) {
      return scalar(numbers[0], type);
    }
    return Temporaries.filled(Nd4j.create(type, shape), array -> fill(array, numbers));
  }

  private static void fill(INDArray array, double[] numbers) {
    if (Fused.accepts(array)) {
      write(numbers, array);
      return;
    }
    try (Temporaries temporaries = new Temporaries()) {
      INDArray doubles = temporaries.keep(Nd4j.createFromArray(numbers));
      array.assign(doubles.reshape('c', array.shape()));
    }
  }

  /** Writes numbers, rounded once, into an array that a kernel accepts. */
  static void write(double[] numbers, INDArray array) {
    Fused.elements(array, Fused.logicalOrder(array)).setAll(numbers);
  }

  private static INDArray scalar(double value, DataType type) {
    if (type == Halves.wideType(type)) {
      return Nd4j.scalar(type, value);
    }
    try (Temporaries temporaries = new Temporaries()) {
      INDArray wide = temporaries.keep(Nd4j.scalar(DataType.DOUBLE, value));
      return wide.castTo(type);
    }
  }
}

package org.stableops.nd4j.internal;

import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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

  /** The same by primitives, on two rows at least; the others are of double. */
  @FunctionalInterface
  interface RowsComposite {
    INDArray apply(Nd4jAlgebra m, INDArray x, INDArray[] others);
  }

  private final INDArray x;
  private final SoftmaxShape shape;
  private final Temporaries temporaries;

  public AlongAxis(INDArray x, int axis, Temporaries temporaries) {
    this("x", x, axis, temporaries);
  }

  AlongAxis(String name, INDArray x, int axis, Temporaries temporaries) {
    Inputs.requireFloating(name, x);
    this.x = x;
    this.temporaries = temporaries;
    shape = SoftmaxShape.of(name, x.shape(), axis);
  }

  /** One number per row, where the composite gives a column. */
  public INDArray perRow(
      RowKernel kernel, Function<SoftmaxComposite<INDArray>, INDArray> composite) {
    if (x.isEmpty()) {
      return array(new double[0], shape.rowShape(), x.dataType());
    }
    if (Fused.accepts(x)) {
      Elements elements = elements(readable(x, shape, temporaries), shape);
      double[] numbers = kernel.apply(elements, (int) shape.rows(), (int) shape.classes());
      return array(numbers, shape.rowShape(), x.dataType());
    }
    double[] numbers = new double[Math.toIntExact(shape.rows())];
    INDArray z = rows(x, shape, temporaries);
    Slices.forEach(
        shape.rows(),
        shape.classes(),
        Slices.elements(x),
        (from, to, ofBlock) -> {
          INDArray block = Halves.widened(Slices.of(z, from, to), ofBlock);
          if (Fused.accepts(block)) {
            double[] ofRows = kernel.apply(rowElements(block), (int) (to - from), classes());
            System.arraycopy(ofRows, 0, numbers, (int) from, ofRows.length);
          } else {
            copy(composite.apply(softmax(block, ofBlock)), numbers, from, to);
          }
        });
    return array(numbers, shape.rowShape(), x.dataType());
  }

  /** One number per element. */
  public INDArray perElement(
      ElementKernel kernel, Function<SoftmaxComposite<INDArray>, INDArray> composite) {
    return perElement(
        (in, none, rows, classes, out) -> kernel.apply(in, rows, classes, out),
        (m, rows, none) -> composite.apply(new SoftmaxComposite<>(m, rows)),
        x.dataType());
  }

  /** One number per element, from x and an upstream gradient like it. */
  public INDArray perElement(
      GradientKernel kernel,
      BiFunction<SoftmaxComposite<INDArray>, INDArray, INDArray> composite,
      INDArray upstream) {
    return perElement(
        (in, others, rows, classes, out) -> kernel.apply(in, rows, classes, others[0], out),
        (m, rows, others) -> composite.apply(new SoftmaxComposite<>(m, rows), others[0]),
        x.dataType(),
        upstream);
  }

  /** One number per element, of a dtype, from x and other arrays like it. */
  INDArray perElement(
      RowsKernel kernel, RowsComposite composite, DataType type, INDArray... others) {
    if (x.isEmpty()) {
      return Nd4j.create(type, x.shape());
    }
    if (Fused.accepts(x)) {
      INDArray z = readable(x, shape, temporaries);
      INDArray out = temporaries.keep(Nd4j.createUninitialized(type, z.shape(), 'c'));
      kernel.apply(
          elements(z, shape),
          map(others, this::elements, Elements[]::new),
          (int) shape.rows(),
          (int) shape.classes(),
          elements(out, shape));
      return temporaries.give(out);
    }
    INDArray z = rows(x, shape, temporaries);
    INDArray[] ofOthers = map(others, other -> rows(other, shape, temporaries), INDArray[]::new);
    INDArray out = classesLast(shape, type, temporaries);
    Slices.fill(
        asRows(out, shape),
        shape.classes(),
        Slices.elements(x),
        (from, to, ofBlock) -> {
          INDArray block = Halves.widened(Slices.of(z, from, to), ofBlock);
          INDArray[] given =
              map(
                  ofOthers,
                  other -> Halves.widened(Slices.of(other, from, to), ofBlock),
                  INDArray[]::new);
          if (Fused.accepts(block)) {
            return fused(kernel, block, given, type, ofBlock);
          }
          INDArray[] wide = map(given, array -> wide(array, ofBlock), INDArray[]::new);
          Nd4jAlgebra m = new Nd4jAlgebra(ofBlock, block.dataType());
          return Slices.of(composite.apply(m, twice(block, ofBlock), wide), 0, to - from);
        });
    return fromClassesLast(out, shape, temporaries);
  }

  private static <T> T[] map(
      INDArray[] arrays, Function<INDArray, T> function, IntFunction<T[]> result) {
    return Arrays.stream(arrays).map(function).toArray(result);
  }

  private INDArray fused(
      RowsKernel kernel, INDArray block, INDArray[] others, DataType type, Temporaries ofBlock) {
    DataType wide = type == DataType.DOUBLE ? type : block.dataType();
    INDArray out = ofBlock.keep(Nd4j.createUninitialized(wide, block.shape(), 'c'));
    kernel.apply(
        rowElements(block),
        map(others, AlongAxis::rowElements, Elements[]::new),
        (int) block.size(0),
        classes(),
        rowElements(out));
    return out;
  }

  private int classes() {
    return Math.toIntExact(shape.classes());
  }

  /** The elements of rows × classes. */
  static Elements rowElements(INDArray rows) {
    return Fused.elements(rows, 0, 1);
  }

  /** The elements of an array like x, row by row. */
  private Elements elements(INDArray array) {
    return elements(Fused.readable(array, temporaries), shape);
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

  /** Rows × classes, contiguous: the array itself where it is so already. */
  static INDArray rows(INDArray array, SoftmaxShape shape, Temporaries temporaries) {
    INDArray rows = array;
    if (!shape.hasClassesLast() || !Fused.isFlat(array)) {
      INDArray permuted = array.rank() < 2 ? array : array.permute(shape.toClassesLast());
      rows = temporaries.keep(permuted.dup('c'));
    }
    return asRows(rows, shape);
  }

  /** Rows as double, two at least. */
  private static INDArray wide(INDArray rows, Temporaries temporaries) {
    return twice(temporaries.keepUnless(rows, rows.castTo(DataType.DOUBLE)), temporaries);
  }

  /** The softmax of rows × classes; the composite has two rows at least. */
  static SoftmaxComposite<INDArray> softmax(INDArray rows, Temporaries temporaries) {
    INDArray typed = Halves.widened(rows, temporaries);
    return new SoftmaxComposite<>(
        new Nd4jAlgebra(temporaries, rows.dataType()), twice(typed, temporaries));
  }

  /** The rows, or a single one twice: the arithmetic of one row takes NaN for 1e-5. */
  static INDArray twice(INDArray rows, Temporaries temporaries) {
    return rows.size(0) > 1
        ? rows
        : temporaries.keep(Primitives.tile(rows, new long[] {2, rows.size(1)}));
  }

  /** Copies the numbers of a column, of which a single row may be there twice. */
  static void copy(INDArray column, double[] numbers, long from, long to) {
    System.arraycopy(column.data().asDouble(), 0, numbers, (int) from, (int) (to - from));
  }

  /**
   * An array that a kernel accepts, of the same shape: the array itself but for long rows that are
   * scattered over memory, for which one copy is faster than to jump several times.
   */
  static INDArray readable(INDArray array, SoftmaxShape shape, Temporaries temporaries) {
    boolean isScattered = shape.classes() > MANY && array.stride(shape.axis()) > 1;
    if (!isScattered || array.rank() < 2) {
      return array;
    }
    INDArray rows = temporaries.keep(array.permute(shape.toClassesLast()).dup('c'));
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

  /** A kept, uninitialised array for results, with the classes last. */
  static INDArray classesLast(SoftmaxShape shape, DataType type, Temporaries temporaries) {
    return temporaries.keep(Nd4j.createUninitialized(type, shape.classesLast(), 'c'));
  }

  /** Its rows × classes, as a view. */
  static INDArray asRows(INDArray classesLast, SoftmaxShape shape) {
    return classesLast.reshape('c', shape.rows(), shape.classes());
  }

  /** A kept array with the classes last, given away in the original shape. */
  static INDArray fromClassesLast(INDArray kept, SoftmaxShape shape, Temporaries temporaries) {
    return shape.hasClassesLast()
        ? temporaries.give(kept)
        : kept.permute(shape.fromClassesLast()).dup('c');
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

package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.function.BiFunction;
import org.stableops.CrossEntropyOptions;
import org.stableops.CrossEntropyShape;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;

/** One call of a cross-entropy with valid arguments: the part that both kinds of labels share. */
final class CrossEntropy {
  private final NDArray logits;
  private final CrossEntropyShape shape;
  private final CrossEntropyOptions options;

  /** One integer label a row; or null. */
  private final long[] labels;

  /** One mass an element, of the logits' shape; or null. */
  private final NDArray masses;

  private CrossEntropy(
      NDArray logits,
      CrossEntropyShape shape,
      CrossEntropyOptions options,
      long[] labels,
      NDArray masses) {
    this.logits = logits;
    this.shape = shape;
    this.options = options;
    this.labels = labels;
    this.masses = masses;
  }

  static CrossEntropy sparse(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    CrossEntropyShape shape = shape(logits, options);
    Inputs.requireInteger("labels", labels);
    shape.requireLabels(labels.getShape().getShape());
    long[] classes;
    try (NDArray wide = labels.toType(DataType.INT64, true)) {
      classes = wide.toLongArray();
    }
    shape.requireClasses(classes, options);
    return new CrossEntropy(logits, shape, options, classes, null);
  }

  static CrossEntropy dense(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    CrossEntropyShape shape = shape(logits, options);
    Inputs.requireFloating("labels", labels);
    shape.requireProbabilities(labels.getShape().getShape(), options);
    return new CrossEntropy(logits, shape, options, null, labels);
  }

  private static CrossEntropyShape shape(NDArray logits, CrossEntropyOptions options) {
    Inputs.requireFloating("logits", logits);
    CrossEntropyKernel.requireSupported(options);
    return CrossEntropyShape.of(logits.getShape().getShape(), options.axis());
  }

  NDArray value() {
    return Scoped.compute(
        () -> {
          boolean wantsGradient = Autograd.wantsGradient(logits);
          ValueAndGradient<NDArray> result = compute(wantsGradient);
          if (!wantsGradient) {
            return result.value();
          }
          return options.reduction() == Reduction.NONE
              ? Autograd.rows(logits, shape.axis(), result.value(), result.gradient())
              : Autograd.scalar(logits, result.value(), result.gradient());
        });
  }

  NDArray gradient() {
    return Scoped.compute(() -> compute(true).gradient());
  }

  ValueAndGradient<NDArray> valueAndGradient() {
    return Scoped.computeBoth(() -> compute(true));
  }

  static Block block(
      String name, CrossEntropyOptions options, BiFunction<NDArray, NDArray, NDArray> function) {
    CrossEntropyKernel.requireSupported(options);
    return new OpBlock(
        name,
        2,
        inputs -> function.apply(inputs.get(0), inputs.get(1)),
        shapes -> valueShape(shapes[0], options));
  }

  static Block gradientBlock(
      String name, CrossEntropyOptions options, BiFunction<NDArray, NDArray, NDArray> function) {
    CrossEntropyKernel.requireSupported(options);
    return new OpBlock(
        name + "Gradient",
        2,
        inputs -> function.apply(inputs.get(0), inputs.get(1)),
        shapes -> shapes[0]);
  }

  private static Shape valueShape(Shape logits, CrossEntropyOptions options) {
    CrossEntropyShape shape = CrossEntropyShape.of(logits.getShape(), options.axis());
    return options.reduction() == Reduction.NONE ? new Shape(shape.rowShape()) : new Shape();
  }

  private ValueAndGradient<NDArray> compute(boolean wantsGradient) {
    NDArray detached = logits.stopGradient();
    DataType type = detached.getDataType();
    if (detached.size() == 0) {
      return empty(detached);
    }
    // Half is computed wider and rounded once.
    NDArray wide = type == DataType.FLOAT16 ? detached.toType(DataType.FLOAT32, false) : detached;
    NDArray z = wide.transpose(shape.toClassesLast());
    ValueAndGradient<NDArray> rows =
        Fused.accepts(wide) ? fused(z, wantsGradient) : composite(z, wantsGradient);
    NDArray gradient = wantsGradient ? toLogits(rows.gradient(), type) : null;
    return new ValueAndGradient<>(rows.value().toType(type, true), gradient);
  }

  private ValueAndGradient<NDArray> empty(NDArray detached) {
    NDArray zero =
        detached
            .getManager()
            .zeros(valueShape(detached.getShape(), options), detached.getDataType());
    return new ValueAndGradient<>(zero, detached.zerosLike());
  }

  private NDArray toLogits(NDArray classesLast, DataType type) {
    return classesLast
        .reshape(new Shape(shape.classesLast()))
        .transpose(shape.fromClassesLast())
        .toType(type, false);
  }

  /** Value in float64, gradient with the classes last. */
  private ValueAndGradient<NDArray> fused(NDArray z, boolean wantsGradient) {
    NDManager manager = z.getManager();
    int classes = Math.toIntExact(shape.classes());
    int rows = Math.toIntExact(shape.rows());
    NDArray gradient = wantsGradient ? manager.create(z.getShape(), z.getDataType()) : null;
    Elements out = wantsGradient ? Fused.elements(gradient) : null;
    Elements in = Fused.elements(z);
    RowLosses result =
        labels != null
            ? CrossEntropyKernel.sparse(in, classes, labels, null, options, out)
            : CrossEntropyKernel.dense(
                in, classes, Fused.elements(masses(z.getDataType())), rows, null, options, out);
    NDArray value =
        options.reduction() == Reduction.NONE
            ? manager.create(result.losses(), new Shape(shape.rowShape()))
            : manager.create(result.reduced(options.reduction()));
    return new ValueAndGradient<>(value, gradient);
  }

  private ValueAndGradient<NDArray> composite(NDArray z, boolean wantsGradient) {
    NDArray counts = counts(z.getManager());
    NDArray q = labels == null ? asRows(masses(DataType.FLOAT64)) : oneHot(counts);
    return new CrossEntropyComposite(asRows(z.toType(DataType.FLOAT64, false)), q, counts)
        .compute(options.reduction(), new Shape(shape.rowShape()), wantsGradient);
  }

  private NDArray asRows(NDArray classesLast) {
    return classesLast.reshape(shape.rows(), shape.classes());
  }

  private NDArray masses(DataType type) {
    return masses.stopGradient().toType(type, false).transpose(shape.toClassesLast());
  }

  /** 1 at the label of a row that counts, else 0. */
  private NDArray oneHot(NDArray counts) {
    NDManager manager = counts.getManager();
    NDArray column = manager.create(labels, new Shape(shape.rows(), 1));
    NDArray classes = manager.arange(0, shape.classes(), 1, DataType.INT64).reshape(1, -1);
    return column.eq(classes).logicalAnd(counts).toType(DataType.FLOAT64, false);
  }

  /** Whether each row counts, as a column. */
  private NDArray counts(NDManager manager) {
    boolean[] counts = new boolean[Math.toIntExact(shape.rows())];
    for (int row = 0; row < counts.length; row++) {
      counts[row] = labels == null || !options.ignores(labels[row]);
    }
    return manager.create(counts, new Shape(shape.rows(), 1));
  }
}

package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
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

  /** One a row, or null for 1 everywhere; a row of weight 0 is never read. */
  private final double[] sampleWeights;

  private CrossEntropy(
      NDArray logits,
      CrossEntropyShape shape,
      CrossEntropyOptions options,
      long[] labels,
      NDArray masses,
      double[] sampleWeights) {
    this.logits = logits;
    this.shape = shape;
    this.options = options;
    this.labels = labels;
    this.masses = masses;
    this.sampleWeights = sampleWeights;
  }

  static CrossEntropy sparse(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    CrossEntropyShape shape = shape(logits, options);
    Inputs.requireInteger("labels", labels);
    shape.requireLabels(labels.getShape().getShape());
    long[] classes;
    try (NDArray wide = labels.toType(DataType.INT64, true)) {
      classes = wide.toLongArray();
    }
    return new CrossEntropy(logits, shape, options, classes, null, null);
  }

  static CrossEntropy dense(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    CrossEntropyShape shape = shape(logits, options);
    Inputs.requireFloating("labels", labels);
    shape.requireProbabilities(labels.getShape().getShape(), options);
    return new CrossEntropy(logits, shape, options, null, labels, null);
  }

  /** The same call with a weight for every row. */
  CrossEntropy withSampleWeights(NDArray weights) {
    Inputs.requireFloating("sampleWeights", weights);
    shape.requireSampleWeights(weights.getShape().getShape());
    double[] values;
    try (NDArray wide = weights.toType(DataType.FLOAT64, true)) {
      values = wide.toDoubleArray();
    }
    shape.requireSampleWeights(values);
    return new CrossEntropy(logits, shape, options, labels, masses, values);
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
    return block(name, options, function, logits -> valueShape(logits, options));
  }

  static Block gradientBlock(
      String name, CrossEntropyOptions options, BiFunction<NDArray, NDArray, NDArray> function) {
    return block(name + "Gradient", options, function, logits -> logits);
  }

  private static Block block(
      String name,
      CrossEntropyOptions options,
      BiFunction<NDArray, NDArray, NDArray> function,
      UnaryOperator<Shape> shape) {
    CrossEntropyKernel.requireSupported(options);
    return new OpBlock(
        name,
        2,
        inputs -> function.apply(inputs.get(0), inputs.get(1)),
        shapes -> shape.apply(shapes[0]));
  }

  private static Shape valueShape(Shape logits, CrossEntropyOptions options) {
    CrossEntropyShape shape = CrossEntropyShape.of(logits.getShape(), options.axis());
    return options.reduction() == Reduction.NONE ? new Shape(shape.rowShape()) : new Shape();
  }

  private ValueAndGradient<NDArray> compute(boolean wantsGradient) {
    if (labels != null) {
      shape.requireClasses(labels, sampleWeights, options);
    }
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
    // A copy: the value may lie in Java's memory, and toType copies nothing of the same dtype.
    NDArray value = rows.value().toType(type, false).duplicate();
    return new ValueAndGradient<>(value, gradient);
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
    NDArray gradient =
        wantsGradient ? manager.create(z.getShape(), z.getDataType(), z.getDevice()) : null;
    Elements out = wantsGradient ? Fused.elements(gradient) : null;
    Elements in = Fused.elements(z);
    RowLosses result =
        labels != null
            ? CrossEntropyKernel.sparse(in, classes, labels, sampleWeights, options, out)
            : CrossEntropyKernel.dense(
                in,
                classes,
                Fused.elements(masses(massType(z))),
                rows,
                sampleWeights,
                options,
                out);
    NDArray value =
        options.reduction() == Reduction.NONE
            ? manager.create(result.losses(), new Shape(shape.rowShape()))
            : manager.create(result.reduced(options.reduction()));
    return new ValueAndGradient<>(value, gradient);
  }

  private ValueAndGradient<NDArray> composite(NDArray z, boolean wantsGradient) {
    NDArray weights =
        z.getManager()
            .create(rowWeights(), new Shape(shape.rows(), 1))
            .toDevice(z.getDevice(), false);
    NDArray q = labels == null ? requiredMasses(weights) : oneHot(weights);
    double weight = q.mul(weights).sum().getDouble();
    boolean isMean = options.reduction() == Reduction.MEAN;
    NDArray scaled = isMean ? weights.mul(weight == 0 ? 0 : 1 / weight) : weights;
    NDArray rows = asRows(z.toType(DataType.FLOAT64, false));
    CrossEntropyComposite composite = new CrossEntropyComposite(rows, q);
    NDArray losses = weighted(composite.losses(), scaled);
    return new ValueAndGradient<>(
        options.reduction() == Reduction.NONE
            ? losses.reshape(new Shape(shape.rowShape()))
            : losses.sum(),
        wantsGradient ? weighted(composite.gradient(), scaled) : null);
  }

  /** Each row times its weight, and 0 where that is 0, even for NaN. */
  private static NDArray weighted(NDArray rows, NDArray weights) {
    NDArray counts = weights.gt(0).broadcast(rows.getShape());
    return NDArrays.where(counts, rows.mul(weights), rows.zerosLike());
  }

  private double[] rowWeights() {
    double[] weights = new double[Math.toIntExact(shape.rows())];
    for (int row = 0; row < weights.length; row++) {
      boolean ignored = labels != null && options.ignores(labels[row]);
      weights[row] = ignored ? 0 : sampleWeights == null ? 1 : sampleWeights[row];
    }
    return weights;
  }

  private NDArray asRows(NDArray classesLast) {
    return classesLast.reshape(shape.rows(), shape.classes());
  }

  private NDArray masses(DataType type) {
    NDArray ours = masses.stopGradient();
    // A result belongs to its first operand's manager, which shall be that of the logits.
    ours.attach(logits.getManager());
    return ours.toType(type, false).transpose(shape.toClassesLast());
  }

  /** That of the logits, or the masses' own if it is wider. */
  private DataType massType(NDArray z) {
    return masses.getDataType() == DataType.FLOAT64 ? DataType.FLOAT64 : z.getDataType();
  }

  /** The masses of the rows that count; those of the others are never read. */
  private NDArray requiredMasses(NDArray weights) {
    NDArray q =
        weighted(asRows(masses(DataType.FLOAT64)), weights.gt(0).toType(DataType.FLOAT64, false));
    NDArray valid = q.gte(0).logicalAnd(q.lt(Double.POSITIVE_INFINITY));
    if (!valid.all().getBoolean()) {
      shape.requireMasses(q.toDoubleArray());
    }
    return q;
  }

  /** 1 at the label of a row that counts, else 0. */
  private NDArray oneHot(NDArray weights) {
    NDManager manager = weights.getManager();
    NDArray column =
        manager.create(labels, new Shape(shape.rows(), 1)).toDevice(weights.getDevice(), false);
    NDArray classes =
        manager.arange(0, shape.classes(), 1, DataType.INT64, weights.getDevice()).reshape(1, -1);
    return column.eq(classes).logicalAnd(weights.gt(0)).toType(DataType.FLOAT64, false);
  }
}

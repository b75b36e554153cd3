package org.stableops.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.CrossEntropyShape;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;

/** One call of a cross-entropy with valid arguments: the part that both kinds of labels share. */
final class CrossEntropy {
  private final INDArray logits;
  private final CrossEntropyShape shape;
  private final CrossEntropyOptions options;

  /** One integer label a row; or null. */
  private final long[] labels;

  /** One mass an element, of the logits' shape; or null. */
  private final INDArray masses;

  /** One a row, or null for 1 everywhere; a row of weight 0 is never read. */
  private final double[] sampleWeights;

  private CrossEntropy(
      INDArray logits,
      CrossEntropyShape shape,
      CrossEntropyOptions options,
      long[] labels,
      INDArray masses,
      double[] sampleWeights) {
    this.logits = logits;
    this.shape = shape;
    this.options = options;
    this.labels = labels;
    this.masses = masses;
    this.sampleWeights = sampleWeights;
  }

  static CrossEntropy sparse(INDArray logits, INDArray labels, CrossEntropyOptions options) {
    CrossEntropyShape shape = shape(logits, options);
    Inputs.requireInteger("labels", labels);
    shape.requireLabels(labels.shape());
    long[] classes = longs(labels);
    return new CrossEntropy(logits, shape, options, classes, null, null);
  }

  static CrossEntropy dense(INDArray logits, INDArray labels, CrossEntropyOptions options) {
    CrossEntropyShape shape = shape(logits, options);
    Inputs.requireFloating("labels", labels);
    shape.requireProbabilities(labels.shape(), options);
    return new CrossEntropy(logits, shape, options, null, labels, null);
  }

  /** The same call with a weight for every row. */
  CrossEntropy withSampleWeights(INDArray weights) {
    Inputs.requireFloating("sampleWeights", weights);
    shape.requireSampleWeights(weights.shape());
    double[] values = doubles(weights);
    shape.requireSampleWeights(values);
    return new CrossEntropy(logits, shape, options, labels, masses, values);
  }

  private static CrossEntropyShape shape(INDArray logits, CrossEntropyOptions options) {
    Inputs.requireFloating("logits", logits);
    CrossEntropyKernel.requireSupported(options);
    return CrossEntropyShape.of(logits.shape(), options.axis());
  }

  private static long[] longs(INDArray array) {
    if (array.isEmpty()) {
      return new long[0];
    }
    try (Temporaries temporaries = new Temporaries()) {
      return flat(array, DataType.INT64, temporaries).data().asLong();
    }
  }

  private static double[] doubles(INDArray array) {
    if (array.isEmpty()) {
      return new double[0];
    }
    try (Temporaries temporaries = new Temporaries()) {
      return flat(array, DataType.DOUBLE, temporaries).data().asDouble();
    }
  }

  /** A fresh array, whose buffer holds its elements and nothing else. */
  private static INDArray flat(INDArray array, DataType type, Temporaries temporaries) {
    INDArray contiguous = temporaries.keep(array.dup('c'));
    INDArray typed = temporaries.keepUnless(contiguous, contiguous.castTo(type));
    return typed;
  }

  INDArray value() {
    return compute(false).value();
  }

  INDArray gradient() {
    ValueAndGradient<INDArray> both = compute(true);
    try (Temporaries temporaries = new Temporaries()) {
      temporaries.keep(both.value());
    }
    return both.gradient();
  }

  ValueAndGradient<INDArray> valueAndGradient() {
    return compute(true);
  }

  private ValueAndGradient<INDArray> compute(boolean wantsGradient) {
    if (labels != null) {
      shape.requireClasses(labels, sampleWeights, options);
    }
    DataType type = logits.dataType();
    if (logits.isEmpty()) {
      double[] none = new double[Math.toIntExact(shape.rows())];
      return new ValueAndGradient<>(
          arrayOf(new RowLosses(none, none)), Nd4j.create(type, logits.shape()));
    }
    try (Temporaries temporaries = new Temporaries()) {
      INDArray z = rows(logits, Widened.of(type), temporaries);
      return Fused.accepts(z)
          ? fused(z, wantsGradient, temporaries)
          : composite(z, wantsGradient, temporaries);
    }
  }

  private ValueAndGradient<INDArray> fused(
      INDArray z, boolean wantsGradient, Temporaries temporaries) {
    int classes = Math.toIntExact(shape.classes());
    int rows = Math.toIntExact(shape.rows());
    INDArray gradient = wantsGradient ? temporaries.keep(classesLast(z.dataType())) : null;
    Elements out = wantsGradient ? Fused.elements(gradient) : null;
    Elements in = Fused.elements(z);
    RowLosses result;
    if (labels != null) {
      result = CrossEntropyKernel.sparse(in, classes, labels, sampleWeights, options, out);
    } else {
      Elements q = Fused.elements(rows(masses, massType(z), temporaries));
      result = CrossEntropyKernel.dense(in, classes, q, rows, sampleWeights, options, out);
    }
    return new ValueAndGradient<>(
        arrayOf(result), wantsGradient ? toLogits(gradient, temporaries) : null);
  }

  private ValueAndGradient<INDArray> composite(
      INDArray rows, boolean wantsGradient, Temporaries temporaries) {
    INDArray z = temporaries.keepUnless(rows, rows.castTo(DataType.DOUBLE));
    double[] rowWeights = rowWeights();
    INDArray weights = temporaries.keep(Nd4j.createFromArray(rowWeights)).reshape(-1, 1);
    INDArray q =
        labels == null ? requiredMasses(weights, temporaries) : oneHot(rowWeights, temporaries);
    CrossEntropyComposite composite = new CrossEntropyComposite(z, q, temporaries);
    INDArray losses = weighted(composite.losses(), weights, temporaries);
    INDArray masses = Primitives.rowSums(q, temporaries).muli(weights);
    RowLosses result = new RowLosses(losses.data().asDouble(), masses.data().asDouble());
    INDArray value = arrayOf(result);
    if (!wantsGradient) {
      return new ValueAndGradient<>(value, null);
    }
    weights.muli(result.scale(options.reduction()));
    INDArray wide = weighted(composite.gradient(), weights, temporaries);
    INDArray gradient = temporaries.keep(classesLast(rows.dataType()));
    gradient.assign(wide.reshape('c', shape.classesLast()));
    return new ValueAndGradient<>(value, toLogits(gradient, temporaries));
  }

  /** Each row times its weight, and 0 where that is 0, even for NaN. */
  private static INDArray weighted(INDArray rows, INDArray weights, Temporaries temporaries) {
    INDArray counts = temporaries.keep(temporaries.keep(Primitives.alongRows(weights, rows)).gt(0));
    INDArray product = temporaries.keep(rows.mulColumnVector(weights));
    INDArray zeros = temporaries.keep(Nd4j.zeros(rows.dataType(), rows.shape()));
    return temporaries.keep(Primitives.select(counts, product, zeros));
  }

  private double[] rowWeights() {
    double[] weights = new double[Math.toIntExact(shape.rows())];
    for (int row = 0; row < weights.length; row++) {
      boolean ignored = labels != null && options.ignores(labels[row]);
      weights[row] = ignored ? 0 : sampleWeights == null ? 1 : sampleWeights[row];
    }
    return weights;
  }

  /** That of the logits, or the masses' own if it is wider. */
  private DataType massType(INDArray z) {
    return masses.dataType() == DataType.DOUBLE ? DataType.DOUBLE : z.dataType();
  }

  /** The masses of the rows that count; those of the others are never read. */
  private INDArray requiredMasses(INDArray weights, Temporaries temporaries) {
    INDArray counts = temporaries.keep(weights.gt(0));
    INDArray ones = temporaries.keep(counts.castTo(DataType.DOUBLE));
    INDArray q = weighted(rows(masses, DataType.DOUBLE, temporaries), ones, temporaries);
    boolean valid =
        temporaries.keep(q.gte(0)).all() && temporaries.keep(q.lt(Double.POSITIVE_INFINITY)).all();
    if (!valid) {
      shape.requireMasses(q.data().asDouble());
    }
    return q;
  }

  private INDArray oneHot(double[] weights, Temporaries temporaries) {
    INDArray q = temporaries.keep(Nd4j.zeros(DataType.DOUBLE, shape.rows(), shape.classes()));
    for (int row = 0; row < labels.length; row++) {
      if (weights[row] != 0) {
        q.putScalar(row, labels[row], 1);
      }
    }
    return q;
  }

  /** Rows × classes of a dtype, contiguous: the array itself where it is so already. */
  private INDArray rows(INDArray array, DataType type, Temporaries temporaries) {
    boolean isLast = shape.axis() == array.rank() - 1;
    INDArray rows = array;
    if (!isLast || array.ordering() != 'c' || !Fused.isContiguous(array)) {
      INDArray permuted = array.rank() < 2 ? array : array.permute(shape.toClassesLast());
      rows = temporaries.keep(permuted.dup('c'));
    }
    rows = temporaries.keepUnless(rows, rows.castTo(type));
    return rows.reshape('c', shape.rows(), shape.classes());
  }

  private INDArray classesLast(DataType type) {
    return Nd4j.createUninitialized(type, shape.classesLast(), 'c');
  }

  /** A kept gradient in the logits' shape and dtype, no view of another array, and given away. */
  private INDArray toLogits(INDArray classesLast, Temporaries temporaries) {
    INDArray typed = temporaries.keepUnless(classesLast, classesLast.castTo(logits.dataType()));
    boolean isLast = shape.axis() == logits.rank() - 1;
    return isLast ? temporaries.give(typed) : typed.permute(shape.fromClassesLast()).dup('c');
  }

  private INDArray arrayOf(RowLosses rows) {
    DataType type = logits.dataType();
    if (options.reduction() != Reduction.NONE) {
      return scalar(rows.reduced(options.reduction()), type);
    }
    if (logits.rank() == 1) {
      return scalar(rows.losses()[0], type);
    }
    INDArray losses = Nd4j.create(type, shape.rowShape());
    if (rows.losses().length > 0) {
      try (Temporaries temporaries = new Temporaries()) {
        INDArray doubles = temporaries.keep(Nd4j.createFromArray(rows.losses()));
        losses.assign(doubles.reshape('c', shape.rowShape()));
      }
    }
    return losses;
  }

  /** Rounded by a cast; Nd4j.scalar would cut bfloat16 off. */
  private static INDArray scalar(double value, DataType type) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray wide = temporaries.keep(Nd4j.scalar(DataType.DOUBLE, value));
      INDArray typed = wide.castTo(type);
      return typed == wide ? temporaries.give(wide) : typed;
    }
  }
}

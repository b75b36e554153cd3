package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;
import org.stableops.op.CrossEntropyComposite;
import org.stableops.op.SoftmaxComposite;
import org.stableops.op.SoftmaxLoss;

/**
 * One call of a cross-entropy with valid arguments, which the operators, the graph ops and the loss
 * function of DL4J share. What the labels are, the loss says; their values are checked when they
 * are read.
 */
public final class CrossEntropy {
  private final SoftmaxLoss loss;
  private final INDArray logits;
  private final INDArray labels;
  private final SoftmaxShape shape;
  private final CrossEntropyOptions options;

  /** One per row, or null for 1 everywhere; a row of weight 0 is never read. */
  private final double[] sampleWeights;

  private CrossEntropy(
      SoftmaxLoss loss,
      INDArray logits,
      INDArray labels,
      SoftmaxShape shape,
      CrossEntropyOptions options,
      double[] sampleWeights) {
    this.loss = loss;
    this.logits = logits;
    this.labels = labels;
    this.shape = shape;
    this.options = options;
    this.sampleWeights = sampleWeights;
  }

  public static CrossEntropy of(
      SoftmaxLoss loss, INDArray logits, INDArray labels, CrossEntropyOptions options) {
    Inputs.requireFloating("logits", logits);
    SoftmaxShape shape = SoftmaxShape.of(logits.shape(), options);
    if (loss == SoftmaxLoss.SPARSE) {
      Inputs.requireNumbers("labels", labels);
    } else {
      Inputs.requireNumbersOrBooleans("labels", labels);
    }
    loss.requireLabels(labels.shape(), shape, options);
    return new CrossEntropy(loss, logits, labels, shape, options, null);
  }

  /** The same call with a weight for every row. */
  public CrossEntropy withSampleWeights(INDArray weights) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    shape.requireSampleWeights(weights.shape());
    double[] values = Fused.doubles(weights);
    shape.requireSampleWeights(values);
    return with(values);
  }

  /** The same call with a mask of DL4J's, which has one element per row in any shape. */
  public CrossEntropy withMask(INDArray mask) {
    Inputs.requireNumbersOrBooleans("mask", mask);
    shape.requireMask(mask.shape());
    double[] values = Fused.doubles(mask);
    shape.requireMask(values);
    return with(values);
  }

  private CrossEntropy with(double[] weights) {
    return new CrossEntropy(loss, logits, labels, shape, options, weights);
  }

  /** The losses of the rows, before they are rounded or reduced. */
  public RowLosses rowLosses() {
    return compute(false).rows();
  }

  /** The same with the gradient of the reduced loss. */
  public Result rowLossesAndGradient() {
    return compute(true);
  }

  public INDArray value() {
    RowLosses rows = compute(false).rows();
    return reduced(rows, rows.losses());
  }

  /** Writes the value into an array of its shape and of the logits' dtype. */
  void valueInto(INDArray out) {
    RowLosses rows = compute(false).rows();
    if (Fused.accepts(out) && !out.isEmpty()) {
      AlongAxis.write(numbers(rows, rows.losses()), out);
      return;
    }
    try (Temporaries temporaries = new Temporaries()) {
      out.assign(temporaries.keep(reduced(rows, rows.losses())));
    }
  }

  public INDArray gradient() {
    return compute(true).gradient();
  }

  /**
   * Writes the gradient into an array of the logits' shape and dtype, which is none of the others.
   */
  void gradientInto(INDArray out) {
    try (Temporaries temporaries = new Temporaries()) {
      if (!logits.isEmpty() && Fused.accepts(logits) && Fused.accepts(out)) {
        fused(AlongAxis.readable(logits, shape, temporaries), classes(), out, temporaries);
      } else {
        out.assign(temporaries.keep(gradient()));
      }
    }
  }

  public ValueAndGradient<INDArray> valueAndGradient() {
    Result result = compute(true);
    try (Temporaries temporaries = new Temporaries()) {
      INDArray gradient = temporaries.keep(result.gradient());
      INDArray value = reduced(result.rows(), result.rows().losses());
      return new ValueAndGradient<>(value, temporaries.give(gradient));
    }
  }

  public CrossEntropyEvaluation<INDArray> evaluate() {
    RowLosses rows = compute(false).rows();
    try (Temporaries temporaries = new Temporaries()) {
      INDArray loss = temporaries.keep(reduced(rows, rows.losses()));
      INDArray rowLosses = temporaries.keep(ofRows(rows.losses()));
      INDArray logSumExp = temporaries.keep(ofRows(rows.logSumExps()));
      INDArray zLoss = reduced(rows, rows.zLosses());
      return new CrossEntropyEvaluation<>(
          temporaries.give(loss),
          temporaries.give(rowLosses),
          temporaries.give(logSumExp),
          zLoss,
          rows.weight());
    }
  }

  /**
   * What a call computes.
   *
   * @param rows the losses
   * @param gradient of the logits' shape and dtype; null if it was not wanted
   */
  public record Result(RowLosses rows, INDArray gradient) {}

  /** The labels as integers, checked; or null. */
  private long[] classes() {
    return loss == SoftmaxLoss.SPARSE ? classes(labels, sampleWeights, shape, options) : null;
  }

  /**
   * Integer labels of a valid shape, checked.
   *
   * @param sampleWeights one per row, or null; a row of weight 0 is not read
   */
  public static long[] classes(
      INDArray labels, double[] sampleWeights, SoftmaxShape shape, CrossEntropyOptions options) {
    DataType type = labels.dataType();
    long[] classes =
        type.isFPType()
            ? shape.integers(Fused.doubles(labels), sampleWeights, digits(type))
            : Fused.longs(labels);
    shape.requireClasses(classes, sampleWeights, options);
    return classes;
  }

  private static int digits(DataType type) {
    return switch (type) {
      case BFLOAT16 -> 8;
      case FLOAT -> 24;
      case DOUBLE -> 53;
      default -> 11;
    };
  }

  private Result compute(boolean wantsGradient) {
    long[] classes = classes();
    DataType type = logits.dataType();
    if (logits.isEmpty()) {
      return new Result(new RowLosses(new double[0]), Nd4j.create(type, logits.shape()));
    }
    try (Temporaries temporaries = new Temporaries()) {
      if (!Fused.acceptsWidened(logits)) {
        return composite(classes, wantsGradient, temporaries);
      }
      INDArray z = AlongAxis.readable(logits, shape, temporaries);
      INDArray gradient = wantsGradient ? AlongAxis.like(z, temporaries) : null;
      RowLosses rows = fused(z, classes, gradient, temporaries);
      return new Result(rows, wantsGradient ? AlongAxis.typed(gradient, type, temporaries) : null);
    }
  }

  /** Writes the gradient, too, unless it is null. */
  private RowLosses fused(INDArray z, long[] integers, INDArray gradient, Temporaries temporaries) {
    int classes = Math.toIntExact(shape.classes());
    int rows = Math.toIntExact(shape.rows());
    Elements in = AlongAxis.elements(z, shape);
    Elements out = gradient == null ? null : AlongAxis.elements(gradient, shape);
    if (integers != null) {
      return CrossEntropyKernel.sparse(in, classes, integers, sampleWeights, options, out);
    }
    Elements q =
        AlongAxis.elements(Fused.readable(floating(labels, temporaries), temporaries), shape);
    return CrossEntropyKernel.dense(in, classes, q, rows, sampleWeights, options, out);
  }

  /** Probabilities of an integer or boolean dtype, which one-hot ones may have, as floats. */
  private static INDArray floating(INDArray array, Temporaries temporaries) {
    return array.dataType().isFPType() ? array : temporaries.keep(array.castTo(DataType.FLOAT));
  }

  /** By blocks of rows. */
  private Result composite(long[] integers, boolean wantsGradient, Temporaries temporaries) {
    double[] counts = shape.rowWeights(integers, sampleWeights, options);
    INDArray z = AlongAxis.rows(logits, shape, temporaries);
    INDArray q =
        integers == null ? AlongAxis.rows(floating(labels, temporaries), shape, temporaries) : null;
    double[] weights =
        integers == null
            ? weights(q, counts)
            : SoftmaxShape.labelWeights(integers, counts, options);
    double[] scales = RowLosses.scales(weights, counts, options.reduction());
    double[] losses = new double[weights.length];
    double[] logSumExps = new double[weights.length];
    INDArray gradient =
        wantsGradient ? AlongAxis.classesLast(shape, logits.dataType(), temporaries) : null;
    Slices.forEach(
        shape.rows(),
        shape.classes(),
        (from, to, ofBlock) -> {
          SoftmaxComposite<INDArray> softmax = AlongAxis.softmax(Slices.of(z, from, to), ofBlock);
          INDArray probabilities =
              q == null
                  ? oneHot(integers, counts, from, to, ofBlock)
                  : counted(q, counts, from, to, ofBlock);
          CrossEntropyComposite<INDArray> composite =
              new CrossEntropyComposite<>(
                  softmax, AlongAxis.twice(probabilities, ofBlock), options);
          AlongAxis.copy(composite.losses(), losses, from, to);
          AlongAxis.copy(softmax.logSumExp(), logSumExps, from, to);
          if (gradient != null) {
            INDArray rows = Slices.of(composite.gradient(), 0, to - from);
            INDArray out = Slices.of(AlongAxis.asRows(gradient, shape), from, to);
            Primitives.assign(out, weighted(rows, scales, from, ofBlock));
          }
        });
    RowLosses result = RowLosses.weighted(losses, logSumExps, weights, counts, options);
    return new Result(
        result, wantsGradient ? AlongAxis.fromClassesLast(gradient, shape, temporaries) : null);
  }

  /** ω of each row, after a look at all probabilities of the rows that count. */
  private double[] weights(INDArray q, double[] counts) {
    double[] weights = new double[counts.length];
    Slices.forEach(
        shape.rows(),
        shape.classes(),
        (from, to, ofBlock) -> {
          INDArray probabilities = counted(q, counts, from, to, ofBlock);
          boolean valid =
              ofBlock.keep(probabilities.gte(0)).all()
                  && ofBlock.keep(probabilities.lt(Double.POSITIVE_INFINITY)).all();
          if (!valid) {
            shape.requireProbabilityValues(probabilities.data().asDouble(), from);
          }
          INDArray column =
              CrossEntropyComposite.weight(
                  new Nd4jAlgebra(ofBlock), AlongAxis.twice(probabilities, ofBlock), options);
          AlongAxis.copy(column, weights, from, to);
        });
    return weights;
  }

  /** Each row times its number, and 0 where that is 0, even for NaN. */
  private static INDArray weighted(
      INDArray rows, double[] numbers, long from, Temporaries temporaries) {
    double[] ofRows = Arrays.copyOfRange(numbers, (int) from, (int) (from + rows.size(0)));
    INDArray column = temporaries.keep(Nd4j.createFromArray(ofRows)).reshape(-1, 1);
    INDArray tiled = temporaries.keep(Primitives.tile(column, rows.shape()));
    INDArray counts = temporaries.keep(tiled.gt(0));
    INDArray product = temporaries.keep(rows.mulColumnVector(column));
    INDArray zeros = temporaries.keep(Nd4j.zeros(rows.dataType(), rows.shape()));
    return temporaries.keep(Primitives.select(counts, product, zeros));
  }

  /** The probabilities of the rows that count as double; those of the others are never read. */
  private static INDArray counted(
      INDArray q, double[] counts, long from, long to, Temporaries temporaries) {
    INDArray rows = Slices.of(q, from, to);
    INDArray wide = temporaries.keepUnless(rows, rows.castTo(DataType.DOUBLE));
    double[] signs = Arrays.stream(counts, (int) from, (int) to).map(Math::signum).toArray();
    return weighted(wide, signs, 0, temporaries);
  }

  /** 1 at the label of a row that counts, else 0. */
  private INDArray oneHot(
      long[] integers, double[] counts, long from, long to, Temporaries temporaries) {
    INDArray q = temporaries.keep(Nd4j.zeros(DataType.DOUBLE, to - from, shape.classes()));
    for (long row = from; row < to; row++) {
      if (counts[(int) row] != 0) {
        q.putScalar(row - from, integers[(int) row], 1);
      }
    }
    return q;
  }

  private INDArray reduced(RowLosses rows, double[] ofRows) {
    return options.reduction() == Reduction.NONE
        ? ofRows(ofRows)
        : AlongAxis.array(numbers(rows, ofRows), new long[0], logits.dataType());
  }

  /** All of them, or what they are reduced to. */
  private double[] numbers(RowLosses rows, double[] ofRows) {
    return options.reduction() == Reduction.NONE
        ? ofRows
        : new double[] {rows.reduced(ofRows, options.reduction())};
  }

  private INDArray ofRows(double[] numbers) {
    return AlongAxis.array(numbers, shape.rowShape(), logits.dataType());
  }
}

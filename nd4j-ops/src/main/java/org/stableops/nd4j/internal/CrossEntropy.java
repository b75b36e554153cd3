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
import org.stableops.kernel.CrossEntropyBlocks;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;
import org.stableops.op.CrossEntropyComposite;
import org.stableops.op.Derivative;
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

  /** What stands for the gradient. */
  private final Derivative<INDArray> derivative;

  private CrossEntropy(
      SoftmaxLoss loss,
      INDArray logits,
      INDArray labels,
      SoftmaxShape shape,
      CrossEntropyOptions options,
      double[] sampleWeights,
      Derivative<INDArray> derivative) {
    this.loss = loss;
    this.logits = logits;
    this.labels = labels;
    this.shape = shape;
    this.options = options;
    this.sampleWeights = sampleWeights;
    this.derivative = derivative;
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
    return new CrossEntropy(loss, logits, labels, shape, options, null, Derivative.gradient());
  }

  /** The same call with a weight for every row. */
  public CrossEntropy withSampleWeights(INDArray weights) {
    return with(sampleWeights(weights, shape));
  }

  /** Sample weights of rows of a shape, checked. */
  static double[] sampleWeights(INDArray weights, SoftmaxShape shape) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    shape.requireSampleWeights(weights.shape());
    double[] values = Fused.doubles(weights);
    shape.requireSampleWeights(values);
    return values;
  }

  /** The same call with a mask of DL4J's, which has one element per row in any shape. */
  public CrossEntropy withMask(INDArray mask) {
    Inputs.requireNumbersOrBooleans("mask", mask);
    shape.requireMask(mask.shape());
    double[] values = Fused.doubles(mask);
    SoftmaxShape.requireZerosAndOnes(values);
    return with(values);
  }

  private CrossEntropy with(double[] weights) {
    return new CrossEntropy(loss, logits, labels, shape, options, weights, derivative);
  }

  /** The same call with the product of the Hessian and an array like the logits for gradient. */
  CrossEntropy withHessianVectorProduct(INDArray v) {
    Inputs.requireFloating("v", v);
    shape.requireSameShape("v", v.shape());
    return with(Derivative.hessianVectorProduct(v));
  }

  /** The product of the Hessian with an array like the logits. */
  public INDArray hessianVectorProduct(INDArray v) {
    return withHessianVectorProduct(v).gradient();
  }

  /** The diagonal of the Hessian. */
  public INDArray hessianDiagonal() {
    return with(Derivative.hessianDiagonal()).gradient();
  }

  private CrossEntropy with(Derivative<INDArray> other) {
    return new CrossEntropy(loss, logits, labels, shape, options, sampleWeights, other);
  }

  /** The losses of the rows, before they are rounded or reduced. */
  public RowLosses rowLosses() {
    return compute(false).rows();
  }

  /** The same with the gradient of the reduced loss. */
  public Result rowLossesAndGradient() {
    return compute(true);
  }

  /**
   * The losses of contiguous rows of logits, times numbers, if the derivative of their sum is of
   * first order.
   *
   * @param derivative what is wanted, with a v like the logits
   * @param labels a class for each row
   * @param scales what each loss is multiplied by
   * @param out where to write the derivative, the logits or v; or null if it is not wanted
   */
  static double[] inPlace(
      INDArray logits,
      Derivative<INDArray> derivative,
      long[] labels,
      double[] scales,
      CrossEntropyOptions options,
      INDArray out) {
    CrossEntropyOptions sum = options.withAxis(-1).withReduction(Reduction.SUM);
    SoftmaxShape shape = SoftmaxShape.of(logits.shape(), sum);
    if (Fused.accepts(logits)) {
      Elements z = AlongAxis.rowElements(logits);
      // The kernel must know z as what it overwrites.
      Elements written = out == logits ? z : out == null ? null : AlongAxis.rowElements(out);
      int classes = Math.toIntExact(shape.classes());
      Derivative<Elements> wanted = derivative.with(AlongAxis::rowElements);
      return Derivative.sparse(wanted, z, classes, labels, scales, sum, written).losses();
    }
    CrossEntropy call =
        new CrossEntropy(SoftmaxLoss.SPARSE, logits, null, shape, sum, scales, derivative);
    try (Temporaries temporaries = new Temporaries()) {
      Result result = call.composite(labels, out != null, false, temporaries);
      if (out != null) {
        Primitives.assign(out, temporaries.keep(result.gradient()));
      }
      return result.rows().losses();
    }
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
      boolean isDirect = !logits.isEmpty() && Fused.accepts(logits) && Fused.accepts(out);
      long[] classes = isDirect ? classes() : null;
      if (isDirect && isFused(classes)) {
        fused(AlongAxis.readable(logits, shape, temporaries), classes, out, temporaries);
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
    RowLosses rows = compute(false, true).rows();
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
    return compute(wantsGradient, false);
  }

  private Result compute(boolean wantsGradient, boolean wantsDetails) {
    long[] classes = classes();
    if (logits.isEmpty()) {
      INDArray empty = Nd4j.create(logits.dataType(), logits.shape());
      return new Result(new RowLosses(new double[0]), empty);
    }
    try (Temporaries temporaries = new Temporaries()) {
      if (!isFused(classes)) {
        return Fused.reachesRows(logits, shape.classes())
            ? fusedBlocks(classes, wantsGradient, temporaries)
            : composite(classes, wantsGradient, wantsDetails, temporaries);
      }
      INDArray z = AlongAxis.readable(logits, shape, temporaries);
      INDArray gradient = wantsGradient ? AlongAxis.like(z, temporaries) : null;
      RowLosses rows = fused(z, classes, gradient, temporaries);
      return new Result(rows, wantsGradient ? temporaries.give(gradient) : null);
    }
  }

  /** Whether one call of a kernel reads all that there is. */
  private boolean isFused(long[] classes) {
    return Fused.accepts(logits)
        && (classes != null || Fused.fitsBuffer(labels))
        && derivative.allows(Fused::fitsBuffer);
  }

  /** Writes the gradient, too, unless it is null. */
  private RowLosses fused(INDArray z, long[] integers, INDArray gradient, Temporaries temporaries) {
    int classes = Math.toIntExact(shape.classes());
    int rows = Math.toIntExact(shape.rows());
    Elements in = AlongAxis.elements(z, shape);
    Elements out = gradient == null ? null : AlongAxis.elements(gradient, shape);
    Derivative<Elements> wanted = derivative.with(v -> elements(v, temporaries));
    if (integers != null) {
      return Derivative.sparse(wanted, in, classes, integers, sampleWeights, options, out);
    }
    Elements q = elements(floating(labels, temporaries), temporaries);
    return Derivative.dense(wanted, in, classes, q, rows, 0, sampleWeights, options, out);
  }

  private Elements elements(INDArray array, Temporaries temporaries) {
    return AlongAxis.elements(Fused.readable(array, temporaries), shape);
  }

  /** Probabilities of an integer or boolean dtype, which one-hot ones may have, as floats. */
  private static INDArray floating(INDArray array, Temporaries temporaries) {
    return array.dataType().isFPType() ? array : temporaries.keep(array.castTo(DataType.FLOAT));
  }

  /** By kernels on blocks of rows: no buffer reaches all of them. */
  private Result fusedBlocks(long[] integers, boolean wantsGradient, Temporaries temporaries) {
    INDArray z = AlongAxis.rows(logits, shape, temporaries);
    INDArray q = integers == null ? probabilityRows(temporaries) : null;
    Derivative<INDArray> ofRows = derivativeOfRows(temporaries);
    INDArray gradient = wantsGradient ? newGradient(temporaries) : null;
    RowLosses rows =
        CrossEntropyBlocks.run(
            shape,
            Slices.OF_KERNELS,
            sampleWeights,
            options,
            wantsGradient,
            (from, to, weights, ofBlock, withGradient) ->
                fusedRows(
                    from,
                    Slices.of(z, from, to),
                    q == null ? Arrays.copyOfRange(integers, from, to) : null,
                    q == null ? null : Slices.of(q, from, to),
                    weights,
                    ofBlock,
                    ofRows.with(v -> Slices.of(v, from, to)),
                    withGradient ? Slices.of(AlongAxis.asRows(gradient, shape), from, to) : null));
    return result(rows, gradient, temporaries);
  }

  /** Some rows, with labels or probabilities; the gradient is written unless it is null. */
  private static RowLosses fusedRows(
      long from,
      INDArray rows,
      long[] integers,
      INDArray q,
      double[] weights,
      CrossEntropyOptions options,
      Derivative<INDArray> derivative,
      INDArray gradient) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray z = Fused.readable(rows, temporaries);
      boolean isDirect = gradient == null || Fused.accepts(gradient);
      INDArray out = isDirect ? gradient : AlongAxis.like(z, temporaries);
      int classes = (int) z.size(1);
      Elements in = AlongAxis.rowElements(z);
      Elements written = out == null ? null : AlongAxis.rowElements(out);
      Derivative<Elements> wanted =
          derivative.with(v -> AlongAxis.rowElements(Fused.readable(v, temporaries)));
      RowLosses losses =
          q == null
              ? Derivative.sparse(wanted, in, classes, integers, weights, options, written)
              : Derivative.dense(
                  wanted,
                  in,
                  classes,
                  AlongAxis.rowElements(Fused.readable(q, temporaries)),
                  (int) z.size(0),
                  from,
                  weights,
                  options,
                  written);
      if (!isDirect) {
        gradient.assign(out);
      }
      return losses;
    }
  }

  /** By composites on blocks of rows. */
  private Result composite(
      long[] integers, boolean wantsGradient, boolean wantsDetails, Temporaries temporaries) {
    double[] counts = shape.rowWeights(integers, sampleWeights, options);
    INDArray z = AlongAxis.rows(logits, shape, temporaries);
    INDArray q = integers == null ? probabilityRows(temporaries) : null;
    double[] weights =
        integers == null
            ? weights(q, counts)
            : SoftmaxShape.labelWeights(integers, counts, options);
    double weight = RowLosses.weight(weights, counts);
    double[] scales = RowLosses.scales(counts, weight, options.reduction());
    boolean isZero = weight == 0 && options.reduction() == Reduction.MEAN;
    double[] losses = new double[weights.length];
    double[] logSumExps = new double[weights.length];
    Derivative<INDArray> ofRows = derivativeOfRows(temporaries);
    INDArray gradient = wantsGradient ? newGradient(temporaries) : null;
    Slices.forEach(
        shape.rows(),
        shape.classes(),
        Slices.OF_COMPOSITES,
        (from, to, ofBlock) -> {
          RowColumns columns = new RowColumns(from, to, counts, ofBlock);
          INDArray rows = columns.counted(Slices.of(z, from, to));
          SoftmaxComposite<INDArray> softmax = AlongAxis.softmax(rows, ofBlock);
          CrossEntropyComposite<INDArray> composite =
              q == null
                  ? CrossEntropyComposite.sparse(
                      softmax, columns.places(integers), columns.of(weights), options)
                  : CrossEntropyComposite.dense(
                      softmax, columns.wide(Slices.of(q, from, to)), options);
          if (derivative.isGradient()) {
            AlongAxis.copy(composite.losses(), losses, from, to);
          }
          if (wantsDetails || options.zLoss() != 0) {
            AlongAxis.copy(composite.logSumExp(), logSumExps, from, to);
          }
          if (wantsGradient) {
            INDArray out = Slices.of(AlongAxis.asRows(gradient, shape), from, to);
            if (isZero) {
              out.assign(0);
            } else {
              Derivative<INDArray> wanted = ofRows.with(v -> columns.wide(Slices.of(v, from, to)));
              INDArray wide = wanted.of(composite, columns.of(scales));
              Primitives.assign(out, Slices.of(wide, 0, to - from));
            }
          }
        });
    return result(
        RowLosses.weighted(losses, logSumExps, weights, counts, options), gradient, temporaries);
  }

  /** Rows × classes of probabilities, in their own floating dtype. */
  private INDArray probabilityRows(Temporaries temporaries) {
    return AlongAxis.rows(floating(labels, temporaries), shape, temporaries);
  }

  private Derivative<INDArray> derivativeOfRows(Temporaries temporaries) {
    return derivative.with(v -> AlongAxis.rows(v, shape, temporaries));
  }

  private INDArray newGradient(Temporaries temporaries) {
    return AlongAxis.classesLast(shape, logits.dataType(), temporaries);
  }

  private Result result(RowLosses rows, INDArray gradient, Temporaries temporaries) {
    return new Result(
        rows, gradient == null ? null : AlongAxis.fromClassesLast(gradient, shape, temporaries));
  }

  /** ω of each row, after a look at all probabilities of the rows that count. */
  private double[] weights(INDArray q, double[] counts) {
    double[] weights = new double[counts.length];
    // For users the weight of the rows is a double; sums of floats are so however they are summed.
    boolean isExact = options.classWeights().length == 0 && q.dataType() != DataType.DOUBLE;
    Slices.forEach(
        shape.rows(),
        shape.classes(),
        Slices.OF_COMPOSITES,
        (from, to, ofBlock) -> {
          INDArray probabilities =
              new RowColumns(from, to, counts, ofBlock).wide(Slices.of(q, from, to));
          INDArray column =
              CrossEntropyComposite.weight(
                  new Nd4jAlgebra(ofBlock, isExact), probabilities, options);
          AlongAxis.copy(column, weights, from, to);
          // The minimum drops NaN, which a weight does not.
          boolean isFinite =
              Arrays.stream(weights, (int) from, (int) to).allMatch(Double::isFinite);
          if (!isFinite || probabilities.minNumber().doubleValue() < 0) {
            double[] values = ofBlock.keep(probabilities.dup('c')).data().asDouble();
            shape.requireProbabilityValues(values, from);
          }
        });
    return weights;
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

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.internal.Arguments;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;
import org.stableops.op.CrossEntropyComposite;
import org.stableops.op.SoftmaxComposite;
import org.stableops.op.SoftmaxLoss;

/**
 * One call of a cross-entropy with valid arguments, which the operators, their blocks and the Loss
 * share. What the labels are, the loss says; their values are checked when they are read.
 */
public final class CrossEntropy {
  private final SoftmaxLoss loss;
  private final NDArray logits;
  private final NDArray labels;
  private final SoftmaxShape shape;
  private final CrossEntropyOptions options;

  /** One per row, or null for 1 everywhere; a row of weight 0 is never read. */
  private final double[] sampleWeights;

  private CrossEntropy(
      SoftmaxLoss loss,
      NDArray logits,
      NDArray labels,
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
      SoftmaxLoss loss, NDArray logits, NDArray labels, CrossEntropyOptions options) {
    Inputs.requireFloating("logits", logits);
    SoftmaxShape shape = SoftmaxShape.of(logits.getShape().getShape(), options);
    if (loss == SoftmaxLoss.SPARSE) {
      Inputs.requireNumbers("labels", labels);
    } else {
      Inputs.requireNumbersOrBooleans("labels", labels);
    }
    loss.requireLabels(labels.getShape().getShape(), shape, options);
    return new CrossEntropy(loss, logits, labels, shape, options, null);
  }

  /** The same call with a weight for every row. */
  public CrossEntropy withSampleWeights(NDArray weights) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    shape.requireSampleWeights(weights.getShape().getShape());
    double[] values = Numbers.doubles(weights);
    shape.requireSampleWeights(values);
    return new CrossEntropy(loss, logits, labels, shape, options, values);
  }

  /**
   * A loss, and what the rows of the batch weigh together.
   *
   * @param value the loss, in the graph of the logits
   * @param weight Σ a·w_y, 0 where no row counts
   */
  public record Weighted(NDArray value, double weight) {}

  public NDArray value() {
    return weighted().value();
  }

  /** The value, which needs not be read back for the weight. */
  public Weighted weighted() {
    return Scoped.compute(
        () -> {
          if (JniUtils.isGradMode()) {
            NDArray flat = logits.reshape(-1);
            if (Autograd.isInGraph(flat)) {
              return options.reduction() == Reduction.NONE ? rowLosses() : loss(flat);
            }
          }
          RowLosses rows = compute(null).rows();
          return new Weighted(reduced(rows, rows.losses()), rows.weight());
        },
        weighted -> new NDArray[] {weighted.value()});
  }

  /** The losses of the rows, in the logits' graph. */
  private Weighted rowLosses() {
    Result result = compute(logits);
    NDArray losses = ofRows(result.rows().losses());
    return new Weighted(
        Autograd.rows(logits, shape.axis(), losses, result.gradient()), result.rows().weight());
  }

  /** The sum or mean of the losses, in the graph of the logits, a flat view of which is given. */
  private Weighted loss(NDArray flat) {
    Result result = compute(flat);
    NDArray reduced = Autograd.scalar(flat, result.gradient());
    double number = result.rows().reduced(result.rows().losses(), options.reduction());
    if (Fused.accepts(reduced)) {
      Fused.write(new double[] {number}, reduced);
    } else {
      Autograd.overwrite(reduced, array(new double[] {number}, new Shape()));
    }
    SeedingCollector.remember(reduced, flat, result.gradient());
    return new Weighted(reduced, result.rows().weight());
  }

  public NDArray gradient() {
    return Scoped.compute(() -> rounded(compute(logits).gradient()));
  }

  private NDArray rounded(NDArray wide) {
    return wide.toType(logits.getDataType(), false);
  }

  public ValueAndGradient<NDArray> valueAndGradient() {
    return Scoped.computeBoth(
        () -> {
          Result result = compute(logits);
          return new ValueAndGradient<>(
              reduced(result.rows(), result.rows().losses()), rounded(result.gradient()));
        });
  }

  public CrossEntropyEvaluation<NDArray> evaluate() {
    return Scoped.compute(
        () -> {
          RowLosses rows = compute(null).rows();
          return new CrossEntropyEvaluation<>(
              reduced(rows, rows.losses()),
              ofRows(rows.losses()),
              ofRows(rows.logSumExps()),
              reduced(rows, rows.zLosses()),
              rows.weight());
        },
        all -> new NDArray[] {all.loss(), all.rowLosses(), all.logSumExp(), all.zLoss()});
  }

  /** The value as a Block. */
  public static Block block(SoftmaxLoss loss, CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    return new OpBlock(
        loss.operator(),
        2,
        1,
        inputs -> of(loss, inputs, options).value(),
        shapes -> valueShape(shapes[0], options));
  }

  /** The gradient as a Block. */
  public static Block gradientBlock(SoftmaxLoss loss, CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    return new OpBlock(
        loss.operator() + "Gradient",
        2,
        1,
        inputs -> of(loss, inputs, options).gradient(),
        shapes -> shapes[0]);
  }

  /** The call with logits, labels and, if they are there, sample weights. */
  private static CrossEntropy of(SoftmaxLoss loss, NDList inputs, CrossEntropyOptions options) {
    CrossEntropy unweighted = of(loss, inputs.get(0), inputs.get(1), options);
    return inputs.size() == 2 ? unweighted : unweighted.withSampleWeights(inputs.get(2));
  }

  private static Shape valueShape(Shape logits, CrossEntropyOptions options) {
    SoftmaxShape shape = SoftmaxShape.of(logits.getShape(), options);
    return options.reduction() == Reduction.NONE ? new Shape(shape.rowShape()) : new Shape();
  }

  /** Losses, and the gradient if it was wanted, in float32 for float16. */
  private record Result(RowLosses rows, NDArray gradient) {}

  /** The gradient comes in the shape of the logits or a view of theirs; null if none is wanted. */
  private Result compute(NDArray view) {
    long[] classes = loss == SoftmaxLoss.SPARSE ? classes() : null;
    if (logits.size() == 0) {
      return new Result(new RowLosses(new double[0]), uninitialized(view));
    }
    return Fused.acceptsWidened(logits)
        ? fused(AlongAxis.classesLast(logits, shape), classes, view)
        : composite(classes, view);
  }

  /** The labels as integers, checked, in memory that the thread uses again. */
  private long[] classes() {
    return classes(labels, sampleWeights, shape, options);
  }

  /**
   * Integer labels of a valid shape, checked, in memory that the thread uses again.
   *
   * @param sampleWeights one per row, or null; a row of weight 0 is not read
   */
  public static long[] classes(
      NDArray labels, double[] sampleWeights, SoftmaxShape shape, CrossEntropyOptions options) {
    DataType type = labels.getDataType();
    long[] classes =
        type.isFloating()
            ? shape.integers(Numbers.doubles(labels), sampleWeights, digits(type))
            : Fused.longs(labels);
    shape.requireClasses(classes, sampleWeights, options);
    return classes;
  }

  private static int digits(DataType type) {
    return switch (type) {
      case FLOAT16 -> 11;
      case FLOAT32 -> 24;
      default -> 53;
    };
  }

  private static NDArray uninitialized(NDArray view) {
    if (view == null) {
      return null;
    }
    if (Fused.accepts(view)) {
      return Fused.uninitialized(view);
    }
    DataType type = Halves.wideType(view.getDataType());
    return view.getManager().create(view.getShape(), type, view.getDevice());
  }

  private NDArray reduced(RowLosses rows, double[] numbers) {
    return options.reduction() == Reduction.NONE
        ? ofRows(numbers)
        : array(new double[] {rows.reduced(numbers, options.reduction())}, new Shape());
  }

  private NDArray ofRows(double[] numbers) {
    return array(numbers, new Shape(shape.rowShape()));
  }

  /** An array beside the logits. */
  private NDArray array(double[] numbers, Shape newShape) {
    NDManager manager = logits.getManager();
    if (Fused.accepts(logits) && numbers.length > 0) {
      NDArray array = manager.create(newShape, logits.getDataType(), logits.getDevice());
      Fused.write(numbers, array);
      return array;
    }
    // A copy: these lie in Java's memory, and toType copies nothing of the same dtype.
    return manager
        .create(numbers, newShape)
        .toType(logits.getDataType(), false)
        .toDevice(logits.getDevice(), false)
        .duplicate();
  }

  private Result fused(NDArray z, long[] integers, NDArray view) {
    int classes = Math.toIntExact(shape.classes());
    int rows = Math.toIntExact(shape.rows());
    NDArray gradient = uninitialized(view);
    Elements out =
        gradient == null ? null : Fused.elements(gradient, logits.getShape().getShape(), shape);
    Elements in = Fused.elements(z);
    if (integers != null) {
      return new Result(
          CrossEntropyKernel.sparse(in, classes, integers, sampleWeights, options, out), gradient);
    }
    Elements q = Fused.elements(probabilities(probabilityType(z)));
    return new Result(
        CrossEntropyKernel.dense(in, classes, q, rows, sampleWeights, options, out), gradient);
  }

  /** By blocks of rows. */
  private Result composite(long[] integers, NDArray view) {
    double[] counts = shape.rowWeights(integers, sampleWeights, options);
    NDArray z = AlongAxis.rows(logits, shape);
    NDArray q = integers == null ? probabilities(probabilityType(z)).reshape(z.getShape()) : null;
    double[] weights =
        integers == null
            ? weights(q, counts)
            : SoftmaxShape.labelWeights(integers, counts, options);
    double[] scales = RowLosses.scales(weights, counts, options.reduction());
    NDArray losses = column(z);
    NDArray logSumExps = column(z);
    NDArray gradient = view == null ? null : rowsLike(z);
    Slices.forEach(
        shape.rows(),
        shape.classes(),
        (from, to) -> {
          SoftmaxComposite<NDArray> softmax = AlongAxis.softmax(Slices.of(z, from, to));
          NDArray ofBlock =
              q == null
                  ? oneHot(integers, counts, from, to, z)
                  : counted(Slices.of(q, from, to), counts, from);
          CrossEntropyComposite<NDArray> composite =
              new CrossEntropyComposite<>(softmax, ofBlock, options);
          Slices.write(losses, from, composite.losses());
          Slices.write(logSumExps, from, softmax.logSumExp());
          if (gradient != null) {
            Slices.write(gradient, from, weighted(composite.gradient(), scales, from));
          }
        });
    RowLosses rows =
        RowLosses.weighted(
            losses.toDoubleArray(), logSumExps.toDoubleArray(), weights, counts, options);
    return new Result(
        rows, view == null ? null : AlongAxis.fromRows(gradient, shape).reshape(view.getShape()));
  }

  private NDArray column(NDArray z) {
    return z.getManager().create(new Shape(shape.rows(), 1), DataType.FLOAT64, z.getDevice());
  }

  private static NDArray rowsLike(NDArray z) {
    return z.getManager().create(z.getShape(), Halves.wideType(z.getDataType()), z.getDevice());
  }

  /** ω of each row, after a look at all probabilities of the rows that count. */
  private double[] weights(NDArray q, double[] counts) {
    NDArray weights = column(q);
    Slices.fill(
        weights,
        shape.classes(),
        (from, to) -> {
          NDArray ofBlock = counted(Slices.of(q, from, to), counts, from);
          if (!ofBlock.gte(0).logicalAnd(ofBlock.lt(Double.POSITIVE_INFINITY)).all().getBoolean()) {
            shape.requireProbabilityValues(ofBlock.toDoubleArray(), from);
          }
          return CrossEntropyComposite.weight(DjlAlgebra.INSTANCE, ofBlock, options);
        });
    return weights.toDoubleArray();
  }

  /** Each row times its number, and 0 where that is 0, even for NaN. */
  private static NDArray weighted(NDArray rows, double[] numbers, long from) {
    int count = (int) rows.getShape().get(0);
    double[] ofRows = Arrays.copyOfRange(numbers, (int) from, (int) from + count);
    NDArray column =
        rows.getManager().create(ofRows, new Shape(count, 1)).toDevice(rows.getDevice(), false);
    NDArray counts = column.gt(0).broadcast(rows.getShape());
    return NDArrays.where(counts, rows.mul(column), rows.zerosLike());
  }

  /** The probabilities of the rows that count as float64; those of the others are never read. */
  private static NDArray counted(NDArray q, double[] counts, long from) {
    int first = (int) from;
    int rows = (int) q.getShape().get(0);
    double[] signs = Arrays.stream(counts, first, first + rows).map(Math::signum).toArray();
    return weighted(q.toType(DataType.FLOAT64, false), signs, 0);
  }

  private NDArray probabilities(DataType type) {
    NDArray ours = labels.stopGradient();
    // A result belongs to its first operand's manager, which must be that of the logits.
    ours.attach(logits.getManager());
    return ours.toDevice(logits.getDevice(), false)
        .toType(type, false)
        .transpose(shape.toClassesLast());
  }

  /** That of the logits, or the probabilities' own if it is wider. */
  private DataType probabilityType(NDArray z) {
    return labels.getDataType() == DataType.FLOAT64 ? DataType.FLOAT64 : z.getDataType();
  }

  /** 1 at the label of a row that counts, else 0. */
  private NDArray oneHot(long[] integers, double[] counts, long from, long to, NDArray z) {
    NDManager manager = z.getManager();
    long[] labelsOfBlock = Arrays.copyOfRange(integers, (int) from, (int) to);
    NDArray column =
        manager.create(labelsOfBlock, new Shape(to - from, 1)).toDevice(z.getDevice(), false);
    NDArray classes =
        manager.arange(0, shape.classes(), 1, DataType.INT64, z.getDevice()).reshape(1, -1);
    return counted(column.eq(classes), counts, from);
  }
}

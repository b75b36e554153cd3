package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.Arrays;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.CrossEntropyBlocks;
import org.stableops.kernel.Elements;
import org.stableops.kernel.LogSoftmaxKernel;
import org.stableops.kernel.LogSumExpKernel;
import org.stableops.kernel.RowLosses;
import org.stableops.op.Derivative;
import org.stableops.op.SoftmaxComposite;
import org.stableops.op.SoftmaxLoss;

/**
 * One call of a cross-entropy with valid arguments, which the operators, their blocks and the Loss
 * share. What the labels are, the loss says; their values are checked when they are read.
 */
public final class CrossEntropy extends LossCall<SoftmaxLosses> {
  private final SoftmaxLoss loss;
  private final NDArray labels;
  private final SoftmaxShape shape;
  private final CrossEntropyOptions options;

  /** One per row, or null for 1 everywhere; a row of weight 0 is never read. */
  private final double[] sampleWeights;

  /** What stands for the gradient. */
  private final Derivative<NDArray> derivative;

  private CrossEntropy(
      SoftmaxLoss loss,
      NDArray logits,
      NDArray labels,
      SoftmaxShape shape,
      CrossEntropyOptions options,
      double[] sampleWeights,
      Derivative<NDArray> derivative) {
    super(logits);
    this.loss = loss;
    this.labels = labels;
    this.shape = shape;
    this.options = options;
    this.sampleWeights = sampleWeights;
    this.derivative = derivative;
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
    return new CrossEntropy(loss, logits, labels, shape, options, null, Derivative.gradient());
  }

  /** The same call with a weight for every row. */
  public CrossEntropy withSampleWeights(NDArray weights) {
    return new CrossEntropy(
        loss, logits, labels, shape, options, sampleWeights(weights, shape), derivative);
  }

  /** The product of the Hessian with an array like the logits. */
  public NDArray hessianVectorProduct(NDArray v) {
    Inputs.requireFloating("v", v);
    shape.requireSameShape("v", v.getShape().getShape());
    return with(Derivative.hessianVectorProduct(v)).gradient();
  }

  /** The diagonal of the Hessian. */
  public NDArray hessianDiagonal() {
    return with(Derivative.hessianDiagonal()).gradient();
  }

  private CrossEntropy with(Derivative<NDArray> other) {
    return new CrossEntropy(loss, logits, labels, shape, options, sampleWeights, other);
  }

  /** Sample weights of rows of a shape, checked. */
  public static double[] sampleWeights(NDArray weights, SoftmaxShape shape) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    shape.requireSampleWeights(weights.getShape().getShape());
    double[] values = Numbers.doubles(weights);
    shape.requireSampleWeights(values);
    return values;
  }

  boolean hasZLoss() {
    return options.zLoss() != 0;
  }

  @Override
  boolean isReduced() {
    return options.reduction() != Reduction.NONE;
  }

  @Override
  NDArray inGraph(NDArray losses, NDArray gradient) {
    return Autograd.rows(logits, shape.axis(), losses, gradient);
  }

  @Override
  NDArray polynomial(NDArray d, Result<SoftmaxLosses> result) {
    return Taylor.crossEntropy(d, shape.axis(), result.gradient(), ofWideLogits());
  }

  /** The same call outside any graph. */
  private CrossEntropy ofWideLogits() {
    DataType wide = Halves.wideType(logits.getDataType());
    NDArray detached = logits.stopGradient().toType(wide, false);
    return new CrossEntropy(loss, detached, labels, shape, options, sampleWeights, derivative);
  }

  /** p, and 0 for NaN, which rows that do not count may have. */
  NDArray softmax() {
    NDArray p =
        new AlongAxis("logits", logits, shape.axis())
            .perElement(LogSumExpKernel::gradient, SoftmaxComposite::p);
    return DjlAlgebra.INSTANCE.nanToZero(p);
  }

  /** 1 − p. */
  NDArray complement() {
    return new AlongAxis("logits", logits, shape.axis())
        .perElement(LogSoftmaxKernel::complement, SoftmaxComposite::oneMinusP);
  }

  public CrossEntropyEvaluation<NDArray> evaluate() {
    return Scoped.compute(
        () -> {
          SoftmaxLosses losses = compute(null, true).losses();
          return new CrossEntropyEvaluation<>(
              losses.reduced(),
              losses.losses(),
              losses.logSumExps(),
              losses.zLoss(),
              losses.weight());
        },
        all -> new NDArray[] {all.loss(), all.rowLosses(), all.logSumExp(), all.zLoss()});
  }

  /** The value as a Block. */
  public static Block block(SoftmaxLoss loss, CrossEntropyOptions options) {
    return new OpBlock(
            loss.operator(),
            2,
            1,
            inputs -> of(loss, inputs, options).value(),
            shapes -> valueShape(shapes[0], options))
        .describedBy(SoftmaxLoss.numbers(options));
  }

  /** The gradient as a Block. */
  public static Block gradientBlock(SoftmaxLoss loss, CrossEntropyOptions options) {
    return new OpBlock(
            loss.operator() + "Gradient",
            2,
            1,
            inputs -> of(loss, inputs, options).gradient(),
            shapes -> shapes[0])
        .describedBy(SoftmaxLoss.numbers(options));
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

  @Override
  Result<SoftmaxLosses> compute(NDArray view, boolean wantsDetails) {
    long[] classes = loss == SoftmaxLoss.SPARSE ? classes() : null;
    if (logits.size() == 0) {
      return new Result<>(losses(new RowLosses(new double[0])), uninitialized(view));
    }
    if (Fused.accepts(logits) && fitBuffers(classes)) {
      return fused(AlongAxis.classesLast(logits, shape), classes, view);
    }
    return Fused.reachesRows(logits, shape.classes())
        ? fusedBlocks(classes, view)
        : composite(classes, view, wantsDetails);
  }

  /** Whether buffers hold what stands beside the logits. */
  private boolean fitBuffers(long[] classes) {
    return (classes != null || Fused.fitsBuffer(labels)) && derivative.allows(Fused::fitsBuffer);
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

  private Result<SoftmaxLosses> fused(NDArray z, long[] integers, NDArray view) {
    int classes = Math.toIntExact(shape.classes());
    int rows = Math.toIntExact(shape.rows());
    NDArray gradient = uninitialized(view);
    Elements out =
        gradient == null ? null : Fused.elements(gradient, logits.getShape().getShape(), shape);
    Elements in = Fused.elements(z);
    Derivative<Elements> wanted = derivative.with(v -> Fused.elements(likeLogits(v)));
    if (integers != null) {
      return new Result<>(
          losses(Derivative.sparse(wanted, in, classes, integers, sampleWeights, options, out)),
          gradient);
    }
    Elements q = Fused.elements(likeLogits(labels));
    return new Result<>(
        losses(Derivative.dense(wanted, in, classes, q, rows, 0, sampleWeights, options, out)),
        gradient);
  }

  private SoftmaxLosses losses(RowLosses rows) {
    return new FusedLosses(rows, logits, shape, options.reduction());
  }

  /** By kernels on blocks of rows: no buffer reaches all of them. */
  private Result<SoftmaxLosses> fusedBlocks(long[] integers, NDArray view) {
    NDArray z = AlongAxis.rows(logits, shape);
    NDArray q = integers == null ? rowsLikeLogits(labels) : null;
    Derivative<NDArray> ofRows = derivative.with(this::rowsLikeLogits);
    NDArray gradient = view == null ? null : rowsLike(z);
    RowLosses rows =
        CrossEntropyBlocks.run(
            shape,
            Slices.OF_KERNELS,
            sampleWeights,
            options,
            gradient != null,
            (from, to, weights, ofBlock, wantsGradient) ->
                Scoped.compute(
                    () -> {
                      Elements in = elements(z, from, to);
                      Elements out = wantsGradient ? elements(gradient, from, to) : null;
                      int classes = Math.toIntExact(shape.classes());
                      Derivative<Elements> wanted = ofRows.with(v -> elements(v, from, to));
                      if (q == null) {
                        long[] labelsOfBlock = Arrays.copyOfRange(integers, from, to);
                        return Derivative.sparse(
                            wanted, in, classes, labelsOfBlock, weights, ofBlock, out);
                      }
                      return Derivative.dense(
                          wanted,
                          in,
                          classes,
                          elements(q, from, to),
                          to - from,
                          from,
                          weights,
                          ofBlock,
                          out);
                    },
                    none -> new NDArray[0]));
    return new Result<>(losses(rows), shaped(gradient, view));
  }

  /** The elements of some rows, of half in a copy that is wider. */
  private static Elements elements(NDArray rows, long from, long to) {
    NDArray slice = Slices.of(rows, from, to);
    return Fused.elements(slice.toType(Halves.wideType(slice.getDataType()), false));
  }

  private static NDArray rowsLike(NDArray z) {
    return z.getManager().create(z.getShape(), Halves.wideType(z.getDataType()), z.getDevice());
  }

  /** A gradient of rows × classes in the shape of the logits or a view of theirs. */
  private NDArray shaped(NDArray gradient, NDArray view) {
    return gradient == null ? null : AlongAxis.fromRows(gradient, shape).reshape(view.getShape());
  }

  /** By composites on blocks of rows. */
  private Result<SoftmaxLosses> composite(long[] integers, NDArray view, boolean wantsDetails) {
    NDArray z = AlongAxis.rows(logits, shape);
    boolean allCount = sampleWeights == null && options.ignoreIndex().isEmpty();
    double[] counts = allCount ? null : shape.rowWeights(integers, sampleWeights, options);
    CompositeCrossEntropy call =
        new CompositeCrossEntropy(z, shape, options, counts, derivative.with(this::rowsLikeLogits));
    if (integers == null) {
      call.setProbabilities(rowsLikeLogits(labels));
    } else {
      call.setLabels(labels, integers);
    }
    NDArray[] results = call.compute(view != null, wantsDetails);
    return new Result<>(
        new CompositeLosses(results, call.weight(), logits, shape, options.reduction()),
        shaped(results[CompositeCrossEntropy.GRADIENT], view));
  }

  /** Rows × classes of an array like the logits, in a dtype that holds them, too. */
  private NDArray rowsLikeLogits(NDArray array) {
    return likeLogits(array).reshape(shape.rows(), shape.classes());
  }

  /** An array of the logits' shape beside them, with the classes last, outside any graph. */
  private NDArray likeLogits(NDArray array) {
    NDArray ours = array.stopGradient();
    // A result belongs to its first operand's manager, which must be that of the logits.
    ours.attach(logits.getManager());
    return ours.toDevice(logits.getDevice(), false)
        .toType(typeBesideLogits(array), false)
        .transpose(shape.toClassesLast());
  }

  /** That of the logits, or the array's own if it is wider. */
  private DataType typeBesideLogits(NDArray array) {
    return array.getDataType() == DataType.FLOAT64
        ? DataType.FLOAT64
        : Halves.wideType(logits.getDataType());
  }
}

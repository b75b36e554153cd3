package org.stableops.djl.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.stableops.CountEvaluation;
import org.stableops.LossEvaluation;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.internal.ParameterShape;
import org.stableops.kernel.ElementLossKernel.Batch;
import org.stableops.kernel.ElementLossKernel.Derivative;
import org.stableops.kernel.Elements;
import org.stableops.kernel.ParameterGroups;
import org.stableops.op.ElementLoss;
import org.stableops.op.ElementLoss.LossComposite;
import org.stableops.op.ElementLosses;

/**
 * One call of a loss of elements with valid shapes, which the operators, their blocks and the Loss
 * share. The values of targets and weights are checked when they are read.
 */
public final class ElementLossCall extends LossCall<ElementLossCall.Computed> {
  /** The indices of the results of a block. */
  private static final int SUMS = 0;

  private static final int LOSSES = 1;
  private static final int GRADIENT = 2;

  /** How many arrays a block takes beside sample weights: argument, companion and targets. */
  private static final int WITH_COMPANION = 3;

  private final ElementLoss loss;

  /** What broadcasts against the argument, or null for 1 everywhere. */
  private final NDArray companion;

  private final NDArray targets;

  /** One per element, or null for 1 everywhere; an element of weight 0 is never read. */
  private final NDArray sampleWeights;

  private ElementLossCall(
      ElementLoss loss, NDArray logits, NDArray companion, NDArray targets, NDArray sampleWeights) {
    super(logits);
    this.loss = loss;
    this.companion = companion;
    this.targets = targets;
    this.sampleWeights = sampleWeights;
  }

  public static ElementLossCall of(ElementLoss loss, NDArray x, NDArray targets) {
    Inputs.requireFloating(loss.argument(), x);
    Inputs.requireNumbersOrBooleans(loss.targets(), targets);
    loss.requireShapes(x.getShape().getShape(), targets.getShape().getShape());
    return new ElementLossCall(loss, x, null, targets, null);
  }

  /** A call whose targets, and sample weights, may lack a last axis of one element. */
  public static ElementLossCall ofBatch(ElementLoss loss, NDArray x, NDArray targets) {
    Inputs.requireFloating(loss.argument(), x);
    Inputs.requireNumbersOrBooleans(loss.targets(), targets);
    if (!lacksLastAxis(targets, x)) {
      return of(loss, x, targets);
    }
    long[] shape = x.getShape().getShape();
    loss.requireShapes(shape, shape);
    return new ElementLossCall(loss, x, null, targets, null);
  }

  private static boolean lacksLastAxis(NDArray array, NDArray x) {
    return array.getShape().add(1).equals(x.getShape());
  }

  /** The same call with a weight for every element. */
  public ElementLossCall withSampleWeights(NDArray weights) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    if (!(lacksLastAxis(targets, logits) && lacksLastAxis(weights, logits))) {
      loss.requireSampleWeights(weights.getShape().getShape(), logits.getShape().getShape());
    }
    return new ElementLossCall(loss, logits, companion, targets, weights);
  }

  /** The same call with a companion, which broadcasts against the argument. */
  public ElementLossCall withCompanion(NDArray array) {
    String name = loss.names().companion();
    Inputs.requireFloating(name, array);
    if (array.getDataType() != logits.getDataType()) {
      throw new IllegalArgumentException(
          "%s dtype must be that of %s, %s, got %s"
              .formatted(name, loss.argument(), logits.getDataType(), array.getDataType()));
    }
    ElementLossCall call = new ElementLossCall(loss, logits, array, targets, sampleWeights);
    call.companionShape();
    return call;
  }

  /** How the companion broadcasts against the argument; checked. */
  private ParameterShape companionShape() {
    return loss.requireCompanion(shapeOfCompanion(), logits.getShape().getShape());
  }

  /** With the last axis of one element that data may lack; what is trained has its own shape. */
  private long[] shapeOfCompanion() {
    boolean isData = !loss.hasCompanionGradient();
    boolean lacks = isData && lacksLastAxis(targets, logits) && lacksLastAxis(companion, logits);
    return (lacks ? logits : companion).getShape().getShape();
  }

  @Override
  boolean isReduced() {
    return loss.reduction() != Reduction.NONE;
  }

  @Override
  NDArray inGraph(NDArray losses, NDArray gradient) {
    return Autograd.elementwise(logits, losses, gradient);
  }

  @Override
  NDArray polynomial(NDArray d, Result<Computed> result) {
    NDArray second = wide(derivative(Derivative.SECOND, result.losses().weight()));
    return Taylor.polynomial(d, result.gradient(), second);
  }

  /** The value, in the graph of the companion too if the loss has a gradient by it. */
  @Override
  public Weighted weighted() {
    boolean isOfCompanion =
        companion != null && loss.hasCompanionGradient() && Autograd.wantsGradient(companion);
    return isOfCompanion
        ? Scoped.compute(this::ofBoth, weighted -> new NDArray[] {weighted.value()})
        : super.weighted();
  }

  private Weighted ofBoth() {
    boolean wantsX = Autograd.wantsGradient(logits);
    if (Taylor.isOn()) {
      return ofBothInSecondOrder(wantsX);
    }
    return isReduced() ? scalarOfBoth(wantsX) : elementsOfBoth(wantsX);
  }

  private Weighted ofBothInSecondOrder(boolean wantsX) {
    Result<Computed> result = compute(wantsX ? logits : null, false);
    return ofSecondOrder(result, () -> polynomialOfBoth(result, wantsX));
  }

  private NDArray polynomialOfBoth(Result<Computed> result, boolean wantsX) {
    double weight = result.losses().weight();
    NDArray c = Taylor.difference(companion).broadcast(logits.getShape());
    NDArray node =
        Taylor.polynomial(
            c,
            wide(derivative(Derivative.BY_COMPANION, weight)),
            wide(derivative(Derivative.BY_COMPANION_TWICE, weight)));
    if (!wantsX) {
      return node;
    }
    NDArray d = Taylor.difference(logits);
    NDArray mixed = Taylor.finite(wide(derivative(Derivative.MIXED, weight)));
    return polynomial(d, result).add(node).add(d.mul(c).mul(mixed));
  }

  private Weighted elementsOfBoth(boolean wantsX) {
    Result<Computed> result = compute(wantsX ? logits : null, false);
    NDArray terms = derivative(Derivative.BY_COMPANION, result.losses().weight());
    NDArray node = Autograd.products(logits, result.gradient(), companion, wide(terms));
    Autograd.overwrite(node, result.losses().losses());
    return new Weighted(node, result.losses().weight());
  }

  private Weighted scalarOfBoth(boolean wantsX) {
    NDArray flat = logits.reshape(-1);
    Result<Computed> result = compute(wantsX ? flat : null, false);
    NDArray sums = wide(companionSums(Derivative.BY_COMPANION, result.losses().weight()));
    NDArray node = Autograd.scalar(companion.reshape(-1), sums.reshape(-1));
    if (wantsX) {
      node = Autograd.scalar(flat, result.gradient()).add(node);
    }
    result.losses().reduceInto(node);
    return new Weighted(node, result.losses().weight());
  }

  private NDArray wide(NDArray array) {
    return array.toType(Halves.wideType(logits.getDataType()), false);
  }

  public LossEvaluation<NDArray> evaluate() {
    return Scoped.compute(
        () -> {
          Computed losses = compute(null, true).losses();
          return new LossEvaluation<>(losses.reduced(), losses.losses(), losses.weight());
        },
        all -> new NDArray[] {all.loss(), all.elementLosses()});
  }

  public CountEvaluation<NDArray> evaluateCounts() {
    return Scoped.compute(
        () -> {
          Computed losses = compute(null, true).losses();
          NDArray deviances = derivative(Derivative.DEVIANCE, 1, losses.weight());
          double sum = deviances.toType(DataType.FLOAT64, false).sum().toDoubleArray()[0];
          return new CountEvaluation<>(
              losses.reduced(), losses.losses(), rounded(deviances), losses.weight(), sum);
        },
        all -> new NDArray[] {all.loss(), all.elementLosses(), all.deviances()});
  }

  /** The second derivative of the sum of the value by each element. */
  public NDArray secondDerivative() {
    return Scoped.compute(() -> rounded(derivative(Derivative.SECOND, weight())));
  }

  /** The gradient by the companion of the sum of the value, summed where it repeats. */
  public NDArray companionGradient() {
    return Scoped.compute(() -> rounded(companionSums(Derivative.BY_COMPANION, weight())));
  }

  /** The second derivative by the companion, summed where it repeats. */
  public NDArray companionSecondDerivative() {
    return Scoped.compute(() -> rounded(companionSums(Derivative.BY_COMPANION_TWICE, weight())));
  }

  /** The derivative by each element and the companion that it meets. */
  public NDArray mixedDerivative() {
    return Scoped.compute(() -> rounded(derivative(Derivative.MIXED, weight())));
  }

  /** The value as a Block, of the arrays that the loss needs and perhaps sample weights. */
  public static <O> Block block(ElementLosses<O> losses, O options) {
    ElementLoss loss = losses.of(options);
    return block(loss, loss.name(), loss.inputs()).describedBy(losses.numbers(options));
  }

  /** The value as a Block that takes a companion which the loss can do without. */
  public static <O> Block blockWithCompanion(ElementLosses<O> losses, O options) {
    ElementLoss loss = losses.of(options);
    return block(loss, loss.nameWithCompanion(), WITH_COMPANION)
        .describedBy(losses.numbers(options));
  }

  private static OpBlock block(ElementLoss loss, String name, int arrays) {
    return new OpBlock(
        name,
        arrays,
        1,
        inputs -> of(loss, arrays, inputs).value(),
        shapes -> loss.reduction() == Reduction.NONE ? shapes[0] : new Shape());
  }

  /** The gradient as a Block. */
  public static <O> Block gradientBlock(ElementLosses<O> losses, O options) {
    ElementLoss loss = losses.of(options);
    return gradientBlock(loss, loss.name(), loss.inputs()).describedBy(losses.numbers(options));
  }

  /** The gradient as a Block that takes a companion which the loss can do without. */
  public static <O> Block gradientBlockWithCompanion(ElementLosses<O> losses, O options) {
    ElementLoss loss = losses.of(options);
    return gradientBlock(loss, loss.nameWithCompanion(), WITH_COMPANION)
        .describedBy(losses.numbers(options));
  }

  private static OpBlock gradientBlock(ElementLoss loss, String name, int arrays) {
    return new OpBlock(
        name + "Gradient",
        arrays,
        1,
        inputs -> of(loss, arrays, inputs).gradient(),
        shapes -> shapes[0]);
  }

  /** Argument, companion if there are three arrays, targets, and perhaps sample weights. */
  private static ElementLossCall of(ElementLoss loss, int arrays, NDList inputs) {
    ElementLossCall call = of(loss, inputs.get(0), inputs.get(arrays - 1));
    ElementLossCall whole = arrays == WITH_COMPANION ? call.withCompanion(inputs.get(1)) : call;
    return inputs.size() == arrays ? whole : whole.withSampleWeights(inputs.get(arrays));
  }

  /** The sum of all losses: a kernel's as a number, a composite's as an array of float64. */
  private record Sum(double ofKernel, NDArray ofComposite) {
    double number() {
      return ofComposite == null ? ofKernel : Numbers.number(ofComposite);
    }

    NDArray array() {
      return ofComposite == null ? Constants.create(ofKernel) : ofComposite;
    }
  }

  /** What the elements lose, as arrays beside the logits and of their dtype. */
  final class Computed implements Losses {
    private final Sum sum;
    private final NDArray losses;
    private final double weight;

    /** Takes the sum of the losses, and the losses if they were wanted. */
    Computed(Sum sum, NDArray losses, double weight) {
      this.sum = sum;
      this.losses = losses;
      this.weight = weight;
    }

    @Override
    public NDArray reduced() {
      if (!isReduced()) {
        // The caller may own and close both.
        return losses.duplicate();
      }
      NDArray number = number();
      // DJL's toType copies nothing of the same dtype.
      DataType type = logits.getDataType();
      return type == DataType.FLOAT64 ? number.duplicate() : number.toType(type, false);
    }

    /** The sum or the mean, in float64. */
    private NDArray number() {
      NDArray number = Scoped.beside(logits, sum.array());
      if (loss.reduction() != Reduction.MEAN) {
        return number;
      }
      return weight == 0 ? number.zerosLike() : number.div(ElementLossCall.this.number(weight));
    }

    @Override
    public void reduceInto(NDArray scalar) {
      if (Fused.isShared(scalar)) {
        Autograd.overwriteScalar(scalar, loss.reduced(sum.number(), weight));
      } else {
        Autograd.overwriteScalar(scalar, number());
      }
    }

    @Override
    public NDArray losses() {
      return losses;
    }

    @Override
    public double weight() {
      return weight;
    }
  }

  @Override
  Result<Computed> compute(NDArray view, boolean wantsDetails) {
    boolean wantsLosses = wantsDetails || !isReduced();
    return acceptsAll() ? fused(view, wantsLosses) : inBlocks(view, wantsLosses);
  }

  @Override
  NDArray gradientAlone() {
    return acceptsAll() ? derivative(Derivative.GRADIENT, weight()) : super.gradientAlone();
  }

  /** Whether a kernel can work on all arrays at once. */
  private boolean acceptsAll() {
    return Fused.accepts(logits)
        && Fused.fitsBuffer(targets)
        && (companion == null || Fused.accepts(companion))
        && (sampleWeights == null || Fused.fitsBuffer(sampleWeights));
  }

  private Result<Computed> fused(NDArray view, boolean wantsLosses) {
    NDArray x = Autograd.detached(logits);
    Batch batch = batch(x);
    double weight = loss.weight(batch);
    NDArray gradient = view == null ? null : Fused.uninitialized(view);
    NDArray losses = wantsLosses ? like(x) : null;
    double sum =
        loss.kernel()
            .run(
                batch,
                losses == null ? null : Fused.elements(losses),
                gradient == null ? null : Fused.elements(gradient),
                loss.scale(weight));
    return new Result<>(new Computed(new Sum(sum, null), losses, weight), gradient);
  }

  /** All elements, of arrays that a kernel accepts. */
  private Batch batch(NDArray x) {
    return new Batch(
        Fused.elements(x),
        companion == null ? null : repeated(),
        elements(targets),
        sampleWeights == null ? null : elements(sampleWeights));
  }

  /** The companion's elements, one for each of the argument. */
  private Elements repeated() {
    ParameterShape shape = companionShape();
    long[] strides = Fused.contiguousStrides(shapeOfCompanion());
    return Fused.elements(Autograd.detached(companion), shape.x(), shape.strides(strides));
  }

  /** The elements of targets or weights: those of other dtypes than a kernel reads as float64. */
  private static Elements elements(NDArray array) {
    return Fused.elements(readable(array));
  }

  private static NDArray readable(NDArray array) {
    NDArray local = Autograd.detached(array);
    DataType type = local.getDataType();
    boolean isRead = type == DataType.FLOAT32 || type == DataType.FLOAT64;
    return isRead ? local : local.toType(DataType.FLOAT64, false);
  }

  private static DoubleStream range(NDArray array) {
    Elements.Range range = elements(array).range();
    return DoubleStream.of(range.least(), range.most());
  }

  private NDArray like(NDArray x) {
    NDManager manager = x.getManager();
    return manager.create(x.getShape(), x.getDataType(), x.getDevice());
  }

  // ---- by blocks of rows of the last axis: on a GPU, and of half types and the largest arrays

  private Result<Computed> inBlocks(NDArray view, boolean wantsLosses) {
    Rows rows = new Rows();
    double weight = rows.weight();
    NDArray[] results =
        rows.compute(
            (x, c, y, a) -> {
              NDArray[] ofBlock = new NDArray[3];
              ValueAndGradient<NDArray> both =
                  view == null
                      ? new ValueAndGradient<>(rows.value(x, c, y), null)
                      : rows.both(x, c, y);
              NDArray losses = weighted(both.value(), a);
              ofBlock[SUMS] = rows.sums(losses);
              if (wantsLosses) {
                ofBlock[LOSSES] = losses.toType(logits.getDataType(), false);
              }
              if (view != null) {
                ofBlock[GRADIENT] = scaledBy(weighted(both.gradient(), a), loss.scale(weight));
              }
              return ofBlock;
            });
    NDArray sums = results[SUMS];
    NDArray losses = wantsLosses ? shaped(results[LOSSES], logits) : null;
    NDArray gradient = view == null ? null : shaped(results[GRADIENT], view);
    NDArray sum = sums.getShape().isScalar() ? sums : sums.sum();
    return new Result<>(new Computed(new Sum(0, sum), losses, weight), gradient);
  }

  private static NDArray shaped(NDArray rows, NDArray other) {
    return rows.getShape().equals(other.getShape()) ? rows : rows.reshape(other.getShape());
  }

  /** Σ a, after a look at all values. */
  private double weight() {
    return acceptsAll() ? loss.weight(batch(Autograd.detached(logits))) : new Rows().weight();
  }

  /** A derivative of the sum of the value by each element, given Σ a. */
  private NDArray derivative(Derivative derivative, double weight) {
    return derivative(derivative, loss.scale(weight), weight);
  }

  private NDArray derivative(Derivative derivative, double scale, double weight) {
    if (acceptsAll()) {
      NDArray x = Autograd.detached(logits);
      NDArray out = like(x);
      loss.kernel().derivative(derivative, batch(x), Fused.elements(out), scale);
      return out;
    }
    Rows rows = new Rows();
    NDArray[] results =
        rows.compute(
            (x, c, y, a) ->
                new NDArray[] {scaled(weighted(rows.derivative(derivative, x, c, y), a), scale)});
    return shaped(results[0], logits);
  }

  /** The sums of a derivative by the companion where it repeats, given Σ a. */
  private NDArray companionSums(Derivative derivative, double weight) {
    ParameterShape shape = companionShape();
    if (acceptsAll()) {
      return fusedSums(derivative, shape, loss.scale(weight));
    }
    NDArray terms = derivative(derivative, weight).toType(DataType.FLOAT64, false);
    int[] axes = shape.repeatedAxes();
    NDArray sums = axes.length == 0 ? terms : terms.sum(axes);
    return sums.reshape(companion.getShape());
  }

  private NDArray fusedSums(Derivative derivative, ParameterShape shape, double scale) {
    NDArray c = Autograd.detached(companion);
    ParameterGroups groups = ParameterGroups.of(shape);
    long[] order = groups.shape();
    long[] strides = groups.strides(Fused.contiguousStrides(shape.x()));
    long[] repeated =
        groups.strides(shape.strides(Fused.contiguousStrides(c.getShape().getShape())));
    NDArray out = like(c);
    Batch batch =
        new Batch(
            Fused.elements(Autograd.detached(logits), order, strides),
            Fused.elements(c, order, repeated),
            Fused.elements(readable(targets), order, strides),
            sampleWeights == null ? null : Fused.elements(readable(sampleWeights), order, strides));
    loss.kernel().sums(derivative, batch, groups, Fused.elements(out), scale);
    return out;
  }

  /** The product with sample weights. */
  private static NDArray weighted(NDArray losses, NDArray a) {
    return a == null ? losses : losses.toType(DataType.FLOAT64, false).mul(a);
  }

  /** The product with a scale, in float32 or float64. */
  private NDArray scaled(NDArray derivative, double scale) {
    return wideBeside(scale == 1 ? derivative : derivative.mul(number(scale)));
  }

  /** The same of a result that nothing else needs: a pass over new memory takes twice as long. */
  private NDArray scaledBy(NDArray own, double scale) {
    return wideBeside(scale == 1 ? own : own.muli(number(scale)));
  }

  private NDArray wideBeside(NDArray result) {
    return wide(Scoped.beside(logits, result));
  }

  /** Without sample weights what depends on Σ a is a number of most calls. */
  private NDArray number(double number) {
    return sampleWeights == null ? Constants.of(number) : Constants.create(number);
  }

  /** Computes results of a block from rows of x, and of others, of which some may be null. */
  @FunctionalInterface
  private interface OfBlock {
    NDArray[] compute(NDArray x, NDArray companion, NDArray y, NDArray a);
  }

  /** Everything as rows × elements of the last axis, on the logits' device. */
  private final class Rows {
    private static final int ALL_EXTREMES = 4;

    private final NDArray x = rows(logits);
    private final NDArray c =
        companion == null ? null : companionRows(beside(companion.stopGradient()));
    private final NDArray y = beside(rows(targets));
    private final NDArray a =
        sampleWeights == null ? null : beside(rows(sampleWeights)).toType(DataType.FLOAT64, false);

    /** The least and the largest target that counts, and the same of x if that matters. */
    private final double[] extremes = x.size() == 0 ? new double[0] : extremes();

    private final LossComposite composite =
        extremes.length == ALL_EXTREMES
            ? loss.composite().within(extremes[2], extremes[3])
            : loss.composite();

    private double[] extremes() {
      NDArray counted = counted(y, a, 0);
      boolean mayBeFaster =
          Halves.wideType(logits.getDataType()) == DataType.FLOAT32
              && !Fused.reaches(logits)
              && loss.composite().hasNarrow();
      List<NDArray> arrays = mayBeFaster ? List.of(counted, x) : List.of(counted);
      boolean isOnCpu = logits.getDevice().equals(Device.cpu());
      if (isOnCpu && Fused.isSmall(x)) {
        return arrays.stream().flatMapToDouble(ElementLossCall::range).toArray();
      }
      NDArray[] scalars =
          arrays.stream()
              .flatMap(array -> Stream.of(array.min(), array.max()))
              .toArray(NDArray[]::new);
      // A device is waited for every time that Java reads.
      return isOnCpu
          ? Arrays.stream(scalars).mapToDouble(Numbers::number).toArray()
          : Numbers.doubles(NDArrays.stack(new NDList(scalars)));
    }

    /** Of a view: a result belongs to its first operand's manager, which must be the logits'. */
    private NDArray beside(NDArray view) {
      NDArray local = Scoped.beside(logits, view).toDevice(logits.getDevice(), false);
      return local.getDataType().isFloating() ? local : local.toType(DataType.FLOAT64, false);
    }

    private long last() {
      Shape shape = logits.getShape();
      return shape.dimension() == 0 ? 1 : shape.get(shape.dimension() - 1);
    }

    /** A view outside any graph. */
    private NDArray rows(NDArray array) {
      Shape shape = new Shape(last() == 0 ? 0 : array.size() / last(), last());
      NDArray outside = array.stopGradient();
      return array.getShape().equals(shape) ? outside : outside.reshape(shape);
    }

    /** The sum of all losses in float64; of some of the rows, those of each. */
    NDArray sums(NDArray losses) {
      NDArray wide = losses.toType(DataType.FLOAT64, false);
      boolean isAll = losses.getShape().get(0) == x.getShape().get(0);
      return isAll ? wide.sum() : wide.sum(new int[] {1}, true);
    }

    /** One row where all are the same, which needs no memory; else all of them. */
    private NDArray companionRows(NDArray array) {
      if (array.size() == 1) {
        return array.reshape(1, 1);
      }
      boolean isOneRow = array.size() == last() && companionShape().aligned()[lastAxis()] == last();
      if (isOneRow) {
        return array.reshape(1, last());
      }
      return rows(array.size() == x.size() ? array : array.broadcast(logits.getShape()));
    }

    private int lastAxis() {
      return logits.getShape().dimension() - 1;
    }

    /** Some rows of the companion, repeated to those of x. */
    private NDArray companionOf(NDArray ofX, long from, long to) {
      if (c == null) {
        return null;
      }
      boolean isOneRow = c.getShape().get(0) == 1;
      return widened((isOneRow ? c : Slices.of(c, from, to)).broadcast(ofX.getShape()));
    }

    /** Σ a, after a look at all values. */
    double weight() {
      double weight = a == null ? x.size() : a.sum().toDoubleArray()[0];
      if (x.size() > 0 && !isValid(weight)) {
        loss.weight(
            new Batch(
                null,
                c == null ? null : elements(c.broadcast(x.getShape())),
                elements(y),
                a == null ? null : elements(a)));
      }
      return weight;
    }

    private boolean isValid(double weight) {
      boolean isWeightValid =
          a == null || a.min().toDoubleArray()[0] >= 0 && weight < Double.POSITIVE_INFINITY;
      return isWeightValid
          && loss.kernel().isTarget(extremes[0])
          && loss.kernel().isTarget(extremes[1])
          && (c == null || areCompanions());
    }

    private boolean areCompanions() {
      if (loss.kernel().isCompanion(Double.NaN)) {
        // Any number is, and none need be read.
        return true;
      }
      NDArray counted = a == null ? c : counted(c.broadcast(x.getShape()), a, 1);
      return loss.kernel().isCompanion(Numbers.number(counted.min()))
          && loss.kernel().isCompanion(Numbers.number(counted.max()));
    }

    NDArray[] compute(OfBlock block) {
      return Slices.compute(
          x.getShape().get(0),
          x.getShape().get(1),
          Slices.elements(logits),
          (from, to) -> {
            NDArray weights = a == null ? null : Slices.of(a, from, to);
            NDArray ofX = Slices.of(x, from, to);
            NDArray ofCompanion = companionOf(ofX, from, to);
            return block.compute(
                widened(counted(ofX, weights, 0)),
                ofCompanion == null ? null : counted(ofCompanion, weights, 1),
                counted(Slices.of(y, from, to), weights, 0),
                weights);
          });
    }

    private NDArray widened(NDArray array) {
      return array.toType(Halves.wideType(array.getDataType()), false);
    }

    /** Elements, and a number for those of weight 0, even for NaN. */
    private NDArray counted(NDArray elements, NDArray weights, double other) {
      return weights == null
          ? elements
          : DjlAlgebra.INSTANCE.whereCounted(weights, elements, other);
    }

    NDArray value(NDArray ofX, NDArray ofC, NDArray ofY) {
      if (!Fused.accepts(ofX)) {
        return composite.value(DjlAlgebra.INSTANCE, ofX, ofC, ofY);
      }
      NDArray out = like(ofX);
      loss.kernel().run(batch(ofX, ofC, ofY), Fused.elements(out), null, 1);
      return out;
    }

    ValueAndGradient<NDArray> both(NDArray ofX, NDArray ofC, NDArray ofY) {
      return Fused.accepts(ofX)
          ? new ValueAndGradient<>(
              value(ofX, ofC, ofY), derivative(Derivative.GRADIENT, ofX, ofC, ofY))
          : composite.both(DjlAlgebra.INSTANCE, ofX, ofC, ofY);
    }

    NDArray derivative(Derivative derivative, NDArray ofX, NDArray ofC, NDArray ofY) {
      if (!Fused.accepts(ofX)) {
        return composite.derivative(derivative, DjlAlgebra.INSTANCE, ofX, ofC, ofY);
      }
      NDArray out = like(ofX);
      loss.kernel().derivative(derivative, batch(ofX, ofC, ofY), Fused.elements(out), 1);
      return out;
    }

    private Batch batch(NDArray ofX, NDArray ofC, NDArray ofY) {
      Elements ofCompanion = ofC == null ? null : elements(ofC);
      return new Batch(Fused.elements(ofX), ofCompanion, elements(ofY), null);
    }
  }
}

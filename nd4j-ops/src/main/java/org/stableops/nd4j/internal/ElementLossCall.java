package org.stableops.nd4j.internal;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CountEvaluation;
import org.stableops.LossEvaluation;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.internal.ParameterShape;
import org.stableops.internal.Shapes;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.ElementLossKernel.Batch;
import org.stableops.kernel.ElementLossKernel.Derivative;
import org.stableops.kernel.Elements;
import org.stableops.kernel.ParameterGroups;
import org.stableops.op.ElementLoss;
import org.stableops.op.ElementLoss.LossComposite;

/**
 * One call of a loss of elements with valid shapes, which the operators, their graph ops and the
 * losses of DL4J share. The values of targets and weights are checked when they are read.
 */
public final class ElementLossCall {
  private final ElementLoss loss;
  private final INDArray x;

  /** What broadcasts against x, or null for 1 everywhere. */
  private final INDArray companion;

  private final INDArray targets;

  /** One per element, or null for 1 everywhere; an element of weight 0 is never read. */
  private final INDArray sampleWeights;

  private ElementLossCall(
      ElementLoss loss, INDArray x, INDArray companion, INDArray targets, INDArray sampleWeights) {
    this.loss = loss;
    this.x = x;
    this.companion = companion;
    this.targets = targets;
    this.sampleWeights = sampleWeights;
  }

  public static ElementLossCall of(ElementLoss loss, INDArray x, INDArray targets) {
    Inputs.requireFloating(loss.argument(), x);
    Inputs.requireNumbersOrBooleans(loss.targets(), targets);
    loss.requireShapes(x.shape(), targets.shape());
    return new ElementLossCall(loss, x, null, targets, null);
  }

  /**
   * The call of an op's inputs.
   *
   * @param targets the number of the targets, before which a companion may be
   * @param weights that of the sample weights, which need not be there
   * @throws IllegalArgumentException if there are more or fewer inputs, as in anybody's file
   */
  static ElementLossCall of(ElementLoss loss, List<INDArray> inputs, int targets, int weights) {
    boolean isComplete = inputs.size() == weights || inputs.size() == weights + 1;
    if (!isComplete || !loss.takesCompanions(targets - 1)) {
      throw new IllegalArgumentException(
          "an op of %s cannot have %d inputs, the targets at place %d"
              .formatted(loss.name(), inputs.size(), targets));
    }
    ElementLossCall call = of(loss, inputs.get(0), inputs.get(targets));
    ElementLossCall whole = targets == 1 ? call : call.withCompanion(inputs.get(1));
    return inputs.size() > weights ? whole.withSampleWeights(inputs.get(weights)) : whole;
  }

  /** The same call with a weight for every element. */
  public ElementLossCall withSampleWeights(INDArray weights) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    loss.requireSampleWeights(weights.shape(), x.shape());
    return new ElementLossCall(loss, x, companion, targets, weights);
  }

  /** The same call with a companion, which broadcasts against the argument. */
  public ElementLossCall withCompanion(INDArray array) {
    String name = loss.names().companion();
    Inputs.requireFloating(name, array);
    if (array.dataType() != x.dataType()) {
      throw new IllegalArgumentException(
          "%s dtype must be that of %s, %s, got %s"
              .formatted(name, loss.argument(), x.dataType(), array.dataType()));
    }
    loss.requireCompanion(array.shape(), x.shape());
    return new ElementLossCall(loss, x, array, targets, sampleWeights);
  }

  private ParameterShape companionShape() {
    return loss.requireCompanion(companion.shape(), x.shape());
  }

  /** The same call with a mask of DL4J's, which has one element per row, or per element. */
  public ElementLossCall withMask(INDArray mask) {
    Inputs.requireNumbersOrBooleans("mask", mask);
    boolean isOfRows = x.rank() > 0 && mask.length() == x.length() / x.size(-1);
    if (!isOfRows && !Arrays.equals(mask.shape(), x.shape())) {
      throw new IllegalArgumentException(
          "mask must have one element per row, %d, or the shape of %s, %s, got shape %s"
              .formatted(
                  x.length() / x.size(-1),
                  loss.argument(),
                  Shapes.text(x.shape()),
                  Shapes.text(mask.shape())));
    }
    SoftmaxShape.requireZerosAndOnes(Fused.doubles(mask));
    return new ElementLossCall(loss, x, companion, targets, mask);
  }

  /**
   * What a call computes.
   *
   * @param sum Σ a·loss
   * @param weight Σ a
   * @param losses one per element, or null if they were not wanted
   * @param derivative the gradient or the second derivative, or null if it was not wanted
   */
  public record Result(double sum, double weight, INDArray losses, INDArray derivative) {}

  public INDArray value() {
    return value(compute(wantsLosses(), false));
  }

  /** Σ a·loss, before it is rounded. */
  public double sum() {
    return compute(false, false).sum();
  }

  private boolean wantsLosses() {
    return loss.reduction() == Reduction.NONE;
  }

  private INDArray value(Result result) {
    return wantsLosses()
        ? result.losses()
        : AlongAxis.array(
            new double[] {loss.reduced(result.sum(), result.weight())}, new long[0], x.dataType());
  }

  public INDArray gradient() {
    return derivative(Derivative.GRADIENT);
  }

  /** Everything in one pass; the losses if the reduction is NONE. */
  public Result both() {
    return compute(wantsLosses(), true);
  }

  public ValueAndGradient<INDArray> valueAndGradient() {
    Result result = both();
    try (Temporaries temporaries = new Temporaries()) {
      INDArray gradient = temporaries.keep(result.derivative());
      return new ValueAndGradient<>(value(result), temporaries.give(gradient));
    }
  }

  public LossEvaluation<INDArray> evaluate() {
    Result result = compute(true, false);
    try (Temporaries temporaries = new Temporaries()) {
      INDArray losses = temporaries.keep(result.losses());
      INDArray value = wantsLosses() ? losses.dup('c') : value(result);
      return new LossEvaluation<>(value, temporaries.give(losses), result.weight());
    }
  }

  public CountEvaluation<INDArray> evaluateCounts() {
    Result result = compute(true, false);
    try (Temporaries temporaries = new Temporaries()) {
      INDArray losses = temporaries.keep(result.losses());
      INDArray deviances = temporaries.keep(derivative(Derivative.DEVIANCE));
      double sum = Arrays.stream(Fused.doubles(deviances)).sum();
      INDArray value = wantsLosses() ? losses.dup('c') : value(result);
      return new CountEvaluation<>(
          value, temporaries.give(losses), temporaries.give(deviances), result.weight(), sum);
    }
  }

  public INDArray secondDerivative() {
    return derivative(Derivative.SECOND);
  }

  /** One for each element, of the dtype of x. */
  INDArray derivative(Derivative derivative) {
    return derivative(derivative, x.dataType());
  }

  private INDArray derivative(Derivative derivative, DataType type) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray out = newLike(type, temporaries);
      run(false, null, out, derivative, temporaries);
      return temporaries.give(out);
    }
  }

  /** The gradient by the companion of the sum of the value, summed where it repeats. */
  public INDArray companionGradient() {
    return companionSums(Derivative.BY_COMPANION, null);
  }

  /** The second derivative by the companion, summed where it repeats. */
  public INDArray companionSecondDerivative() {
    return companionSums(Derivative.BY_COMPANION_TWICE, null);
  }

  /** The derivative by each element and the companion that it meets. */
  public INDArray mixedDerivative() {
    return derivative(Derivative.MIXED);
  }

  /**
   * Sums of a derivative times an upstream of one for each element, or of one for all, to the shape
   * of the companion.
   */
  INDArray companionSums(Derivative derivative, @Nullable INDArray upstream) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray out = temporaries.keep(Nd4j.create(companion.dataType(), companion.shape(), 'c'));
      boolean isOfElements = upstream != null && upstream.length() > 1;
      if (!x.isEmpty() && !companion.isEmpty()) {
        if (!isOfElements && isReadable()) {
          new Run(false, null, null, derivative, temporaries).sumInto(out);
        } else {
          sumInto(out, derivative, isOfElements ? upstream : null, temporaries);
        }
        if (upstream != null && !isOfElements) {
          Primitives.multiplyByUpstream(out, upstream);
        }
      }
      return temporaries.give(out);
    }
  }

  /** Whether a kernel can work on all elements at once. */
  private boolean isReadable() {
    return Fused.accepts(x) && Fused.accepts(companion);
  }

  /** By the derivative of each element, in double. */
  private void sumInto(
      INDArray out, Derivative of, @Nullable INDArray upstream, Temporaries temporaries) {
    INDArray terms = temporaries.keep(derivative(of, DataType.DOUBLE));
    if (upstream != null) {
      terms.muli(temporaries.keepUnless(upstream, upstream.castTo(DataType.DOUBLE)));
    }
    ParameterShape shape = companionShape();
    INDArray sums =
        shape.isRepeated() && x.length() > 1
            ? temporaries.keep(ParametricOp.rows(terms, shape, temporaries))
            : terms;
    Primitives.assign(out, sums.reshape('c', out.shape()));
  }

  private Result compute(boolean wantsLosses, boolean wantsGradient) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray losses = wantsLosses ? newLike(temporaries) : null;
      INDArray gradient = wantsGradient ? newLike(temporaries) : null;
      double[] sums = run(true, losses, gradient, Derivative.GRADIENT, temporaries);
      return new Result(
          sums[0],
          sums[1],
          losses == null ? null : temporaries.give(losses),
          gradient == null ? null : temporaries.give(gradient));
    }
  }

  private INDArray newLike(Temporaries temporaries) {
    return newLike(x.dataType(), temporaries);
  }

  private INDArray newLike(DataType type, Temporaries temporaries) {
    return temporaries.keep(
        x.isEmpty()
            ? Nd4j.create(type, x.shape())
            : Nd4j.createUninitialized(type, x.shape(), 'c'));
  }

  /** Writes what is wanted into contiguous arrays, and returns Σ a·loss and Σ a. */
  private double[] run(
      boolean wantsSum,
      INDArray losses,
      INDArray out,
      Derivative derivative,
      Temporaries temporaries) {
    if (x.isEmpty()) {
      return new double[2];
    }
    return new Run(wantsSum, losses, out, derivative, temporaries).run();
  }

  /** One computation. */
  private final class Run {
    private final boolean wantsSum;
    private final INDArray losses;

    /** Where the derivative is written, or null. */
    private final INDArray out;

    private final Derivative derivative;
    private final INDArray ofX;

    /** One row where all are the same; else as many as x; or null. */
    private final INDArray ofCompanion;

    private final INDArray ofTargets;
    private final INDArray ofWeights;
    private double sum;
    private double weight;

    Run(
        boolean wantsSum,
        INDArray losses,
        INDArray out,
        Derivative derivative,
        Temporaries temporaries) {
      this.wantsSum = wantsSum;
      this.losses = rows(losses);
      this.out = rows(out);
      this.derivative = derivative;
      ofX = rows(flat(x, temporaries));
      ofCompanion = companion == null ? null : companionRows(temporaries);
      ofTargets = rows(flat(floating(targets, temporaries), temporaries));
      ofWeights = sampleWeights == null ? null : weights(temporaries);
    }

    /** The formulas for the loss and the gradient of some rows. */
    private LossComposite composite(INDArray block) {
      LossComposite general = loss.composite();
      if (block.dataType() != DataType.FLOAT || !general.hasNarrow()) {
        return general;
      }
      Elements.Range range = AlongAxis.rowElements(block).range();
      return general.within(range.least(), range.most());
    }

    private INDArray companionRows(Temporaries temporaries) {
      INDArray flat = flat(floating(companion, temporaries), temporaries);
      ParameterShape shape = companionShape();
      long[] aligned = shape.aligned();
      if (flat.length() == 1) {
        return flat.reshape('c', new long[] {1, 1});
      }
      if (flat.length() == ofX.size(1) && aligned[aligned.length - 1] == ofX.size(1)) {
        return flat.reshape('c', new long[] {1, ofX.size(1)});
      }
      INDArray whole =
          shape.isRepeated()
              ? temporaries.keep(Primitives.tile(flat.reshape('c', aligned), shape.x()))
              : flat;
      return rows(flat(whole, temporaries));
    }

    private boolean isCompanionWhole() {
      return ofCompanion.length() == ofX.length();
    }

    /** The companion's elements beside some rows. */
    private Elements companionElements(long from, long to) {
      if (ofCompanion == null) {
        return null;
      }
      if (isCompanionWhole()) {
        return AlongAxis.rowElements(Slices.of(ofCompanion, from, to));
      }
      long[] shape = {to - from, ofX.size(1)};
      return Fused.elements(ofCompanion, shape, new long[] {0, ofCompanion.length() == 1 ? 0 : 1});
    }

    private Batch batch(Elements in, long from, long to) {
      return new Batch(
          in,
          companionElements(from, to),
          AlongAxis.rowElements(Slices.of(ofTargets, from, to)),
          ofWeights == null ? null : AlongAxis.rowElements(Slices.of(ofWeights, from, to)));
    }

    /** Sums of the derivative by the companion, of all elements at once. */
    void sumInto(INDArray sums) {
      weight = loss.weight(batch(null, 0, ofX.size(0)));
      ParameterGroups groups = ParameterGroups.of(companionShape());
      long[] strides = groups.strides(Nd4j.getStrides(x.shape(), 'c'));
      Batch ordered =
          new Batch(
              Fused.elements(ofX, groups.shape(), strides),
              Fused.elements(
                  companion,
                  groups.shape(),
                  groups.strides(companionShape().strides(companion.stride()))),
              Fused.elements(ofTargets, groups.shape(), strides),
              ofWeights == null ? null : Fused.elements(ofWeights, groups.shape(), strides));
      Elements ofSums = Fused.elements(sums, Fused.logicalOrder(sums));
      loss.kernel().sums(derivative, ordered, groups, ofSums, loss.scale(weight));
    }

    /** What a derivative is multiplied by: a deviance is one of each element. */
    private double scale() {
      return derivative == Derivative.DEVIANCE ? 1 : loss.scale(weight);
    }

    private INDArray weights(Temporaries temporaries) {
      INDArray flat = flat(floating(sampleWeights, temporaries), temporaries);
      return flat.length() == x.length()
          ? rows(flat)
          : temporaries.keep(
              Primitives.tile(
                  flat.reshape('c', ofX.size(0), 1), new long[] {ofX.size(0), ofX.size(1)}));
    }

    private INDArray flat(INDArray array, Temporaries temporaries) {
      return Fused.isFlat(array) ? array : temporaries.keep(array.dup('c'));
    }

    /** Integers and booleans as double, halves as float. */
    private INDArray floating(INDArray array, Temporaries temporaries) {
      DataType type = array.dataType();
      return type.isFPType()
          ? Halves.widened(array, temporaries)
          : temporaries.keep(array.castTo(DataType.DOUBLE));
    }

    /** A contiguous array as rows × elements of the last axis. */
    private INDArray rows(INDArray array) {
      if (array == null) {
        return null;
      }
      if (array.rank() == 2 && Arrays.equals(array.shape(), x.shape())) {
        return array;
      }
      long last = x.rank() == 0 ? 1 : x.size(-1);
      return array.reshape('c', array.length() / last, last);
    }

    double[] run() {
      boolean isFused = Fused.reaches(x);
      Slices.forEach(
          ofX.size(0),
          ofX.size(1),
          Slices.elements(x),
          (from, to, ofBlock) -> weight += weightOf(from, to));
      Slices.forEach(
          ofX.size(0),
          ofX.size(1),
          Slices.elements(x),
          (from, to, ofBlock) -> {
            if (isFused) {
              fused(from, to, ofBlock);
            } else {
              composite(from, to, ofBlock);
            }
          });
      return new double[] {sum, weight};
    }

    /** After a look at all values but those of x. */
    private double weightOf(long from, long to) {
      return loss.weight(batch(null, from, to));
    }

    private void fused(long from, long to, Temporaries ofBlock) {
      INDArray block = Halves.widened(Slices.of(ofX, from, to), ofBlock);
      Batch batch = batch(AlongAxis.rowElements(block), from, to);
      INDArray wideLosses = wide(losses, from, to, block, ofBlock);
      INDArray wideOut = wide(out, from, to, block, ofBlock);
      Elements ofOut = wideOut == null ? null : AlongAxis.rowElements(wideOut);
      if (wantsSum) {
        Elements ofLosses = wideLosses == null ? null : AlongAxis.rowElements(wideLosses);
        sum += loss.kernel().run(batch, ofLosses, ofOut, scale());
      } else {
        loss.kernel().derivative(derivative, batch, ofOut, scale());
      }
      narrow(losses, from, to, wideLosses);
      narrow(out, from, to, wideOut);
    }

    /** Where a kernel writes some rows: themselves, or wider ones for half types. */
    private INDArray wide(INDArray out, long from, long to, INDArray block, Temporaries ofBlock) {
      if (out == null) {
        return null;
      }
      return out.dataType() == block.dataType()
          ? Slices.of(out, from, to)
          : ofBlock.take(block.dataType(), block.shape());
    }

    private void narrow(INDArray out, long from, long to, INDArray wide) {
      if (out != null && out.dataType() != wide.dataType()) {
        Slices.of(out, from, to).assign(wide);
      }
    }

    private void composite(long from, long to, Temporaries ofBlock) {
      Nd4jAlgebra m = new Nd4jAlgebra(ofBlock, x.dataType());
      INDArray a = ofWeights == null ? null : two(ofWeights, from, to, ofBlock);
      INDArray block = counted(m, Halves.widened(two(ofX, from, to, ofBlock), ofBlock), a, 0);
      INDArray c = ofCompanion == null ? null : companionOf(m, block, from, to, a, ofBlock);
      INDArray y = counted(m, two(ofTargets, from, to, ofBlock), a, 0);
      LossComposite composite = composite(block);
      if (!wantsSum) {
        assignScaled(from, to, m, composite.derivative(derivative, m, block, c, y), a);
        return;
      }
      ValueAndGradient<INDArray> both =
          out == null
              ? new ValueAndGradient<>(composite.value(m, block, c, y), null)
              : composite.both(m, block, c, y);
      INDArray values = weighted(m, both.value(), a);
      sum += AlongAxis.rowElements(Slices.of(values, 0, to - from)).sum();
      assign(losses, from, to, values);
      if (out != null) {
        assignScaled(from, to, m, both.gradient(), a);
      }
    }

    private void assignScaled(long from, long to, Nd4jAlgebra m, INDArray raw, INDArray a) {
      assign(out, from, to, m.multiply(weighted(m, raw, a), scale()));
    }

    /** Some rows of the companion, repeated to those of x. */
    private INDArray companionOf(
        Nd4jAlgebra m, INDArray block, long from, long to, INDArray a, Temporaries ofBlock) {
      INDArray rows = isCompanionWhole() ? two(ofCompanion, from, to, ofBlock) : ofCompanion;
      INDArray whole =
          Arrays.equals(rows.shape(), block.shape())
              ? rows
              : ofBlock.keep(Primitives.tile(rows, block.shape()));
      return counted(m, whole, a, 1);
    }

    /** Some rows, of a single element twice: the arithmetic of one element takes NaN for 1e-5. */
    private INDArray two(INDArray rows, long from, long to, Temporaries ofBlock) {
      INDArray slice = Slices.of(rows, from, to);
      return to - from == 1 ? AlongAxis.twice(slice, ofBlock) : slice;
    }

    private void assign(INDArray result, long from, long to, INDArray values) {
      if (result != null) {
        Primitives.assign(Slices.of(result, from, to), Slices.of(values, 0, to - from));
      }
    }

    private INDArray counted(Nd4jAlgebra m, INDArray elements, INDArray weights, double other) {
      return weights == null ? elements : m.whereCounted(weights, elements, other);
    }

    private INDArray weighted(Nd4jAlgebra m, INDArray values, INDArray weights) {
      return weights == null ? values : m.multiply(m.toDouble(values), m.toDouble(weights));
    }
  }
}

package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.LossEvaluation;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.internal.Shapes;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.Elements;
import org.stableops.op.ElementLoss;

/**
 * One call of a loss of elements with valid shapes, which the operators, their graph ops and the
 * losses of DL4J share. The values of targets and weights are checked when they are read.
 */
public final class ElementLossCall {
  private final ElementLoss loss;
  private final INDArray x;
  private final INDArray targets;

  /** One per element, or null for 1 everywhere; an element of weight 0 is never read. */
  private final INDArray sampleWeights;

  private ElementLossCall(ElementLoss loss, INDArray x, INDArray targets, INDArray sampleWeights) {
    this.loss = loss;
    this.x = x;
    this.targets = targets;
    this.sampleWeights = sampleWeights;
  }

  public static ElementLossCall of(ElementLoss loss, INDArray x, INDArray targets) {
    Inputs.requireFloating(loss.argument(), x);
    Inputs.requireNumbersOrBooleans(loss.targets(), targets);
    loss.requireShapes(x.shape(), targets.shape());
    return new ElementLossCall(loss, x, targets, null);
  }

  /** The same call with a weight for every element. */
  public ElementLossCall withSampleWeights(INDArray weights) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    loss.requireShape("sampleWeights", weights.shape(), x.shape());
    return new ElementLossCall(loss, x, targets, weights);
  }

  /** The same call with a mask of DL4J's, which has one element per row, or per element. */
  public ElementLossCall withMask(INDArray mask) {
    Inputs.requireNumbersOrBooleans("mask", mask);
    boolean isOfRows = x.rank() > 0 && mask.length() == x.length() / x.size(-1);
    if (!isOfRows && !Arrays.equals(mask.shape(), x.shape())) {
      throw new IllegalArgumentException(
          "mask must have one element per row, %d, or the shape of the %s, %s, got shape %s"
              .formatted(
                  x.length() / x.size(-1),
                  loss.argument(),
                  Shapes.text(x.shape()),
                  Shapes.text(mask.shape())));
    }
    SoftmaxShape.requireZerosAndOnes(Fused.doubles(mask));
    return new ElementLossCall(loss, x, targets, mask);
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
    return compute(false, true).derivative();
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

  public INDArray secondDerivative() {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray out = newLike(temporaries);
      run(null, out, true, temporaries);
      return temporaries.give(out);
    }
  }

  private Result compute(boolean wantsLosses, boolean wantsGradient) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray losses = wantsLosses ? newLike(temporaries) : null;
      INDArray gradient = wantsGradient ? newLike(temporaries) : null;
      double[] sums = run(losses, gradient, false, temporaries);
      return new Result(
          sums[0],
          sums[1],
          losses == null ? null : temporaries.give(losses),
          gradient == null ? null : temporaries.give(gradient));
    }
  }

  private INDArray newLike(Temporaries temporaries) {
    return temporaries.keep(
        x.isEmpty()
            ? Nd4j.create(x.dataType(), x.shape())
            : Nd4j.createUninitialized(x.dataType(), x.shape(), 'c'));
  }

  /** Writes what is wanted into contiguous arrays, and returns Σ a·loss and Σ a. */
  private double[] run(
      INDArray losses, INDArray derivative, boolean isSecond, Temporaries temporaries) {
    if (x.isEmpty()) {
      return new double[2];
    }
    return new Run(losses, derivative, isSecond, temporaries).run();
  }

  /** One computation. */
  private final class Run {
    private final INDArray losses;
    private final INDArray derivative;
    private final boolean isSecond;
    private final INDArray ofX;
    private final INDArray ofTargets;
    private final INDArray ofWeights;
    private double sum;
    private double weight;

    Run(INDArray losses, INDArray derivative, boolean isSecond, Temporaries temporaries) {
      this.losses = rows(losses);
      this.derivative = rows(derivative);
      this.isSecond = isSecond;
      ofX = rows(flat(x, temporaries));
      ofTargets = rows(flat(floating(targets, temporaries), temporaries));
      ofWeights = sampleWeights == null ? null : weights(temporaries);
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

    /** After a look at the targets and weights. */
    private double weightOf(long from, long to) {
      INDArray a = ofWeights == null ? null : Slices.of(ofWeights, from, to);
      return loss.kernel()
          .weight(
              loss.targets(),
              AlongAxis.rowElements(Slices.of(ofTargets, from, to)),
              a == null ? null : AlongAxis.rowElements(a));
    }

    private void fused(long from, long to, Temporaries ofBlock) {
      INDArray block = Halves.widened(Slices.of(ofX, from, to), ofBlock);
      Elements in = AlongAxis.rowElements(block);
      Elements y = AlongAxis.rowElements(Slices.of(ofTargets, from, to));
      Elements a = ofWeights == null ? null : AlongAxis.rowElements(Slices.of(ofWeights, from, to));
      INDArray wideLosses = wide(losses, from, to, block, ofBlock);
      INDArray wideDerivative = wide(derivative, from, to, block, ofBlock);
      Elements out = wideDerivative == null ? null : AlongAxis.rowElements(wideDerivative);
      if (isSecond) {
        loss.kernel().secondDerivative(in, y, a, out, loss.scale(weight));
      } else {
        Elements ofLosses = wideLosses == null ? null : AlongAxis.rowElements(wideLosses);
        sum += loss.kernel().run(in, y, a, ofLosses, out, loss.scale(weight));
      }
      narrow(losses, from, to, wideLosses);
      narrow(derivative, from, to, wideDerivative);
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
      INDArray block = counted(m, Halves.widened(two(ofX, from, to, ofBlock), ofBlock), a);
      INDArray y = counted(m, two(ofTargets, from, to, ofBlock), a);
      if (!isSecond) {
        INDArray values = weighted(m, loss.composite().value(m, block, y), a);
        INDArray ofRows = Primitives.rowSums(Slices.of(values, 0, to - from), ofBlock);
        for (double row : ofBlock.keep(ofRows.dup('c')).data().asDouble()) {
          sum += row;
        }
        assign(losses, from, to, values);
      }
      if (derivative != null) {
        INDArray raw =
            isSecond
                ? loss.composite().secondDerivative(m, block, y)
                : loss.composite().gradient(m, block, y);
        assign(derivative, from, to, m.multiply(weighted(m, raw, a), loss.scale(weight)));
      }
    }

    /** Some rows, of a single element twice: the arithmetic of one element takes NaN for 1e-5. */
    private INDArray two(INDArray rows, long from, long to, Temporaries ofBlock) {
      INDArray slice = Slices.of(rows, from, to);
      return to - from == 1 ? AlongAxis.twice(slice, ofBlock) : slice;
    }

    private void assign(INDArray out, long from, long to, INDArray values) {
      if (out != null) {
        Primitives.assign(Slices.of(out, from, to), Slices.of(values, 0, to - from));
      }
    }

    private INDArray counted(Nd4jAlgebra m, INDArray elements, INDArray weights) {
      return weights == null ? elements : m.whereCounted(weights, elements);
    }

    private INDArray weighted(Nd4jAlgebra m, INDArray values, INDArray weights) {
      return weights == null ? values : m.multiply(m.toDouble(values), m.toDouble(weights));
    }
  }
}

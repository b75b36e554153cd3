package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.function.Supplier;
import org.stableops.LossEvaluation;
import org.stableops.Reduction;
import org.stableops.kernel.ElementLossKernel;
import org.stableops.kernel.Elements;
import org.stableops.op.ElementLoss;

/**
 * One call of a loss of elements with valid shapes, which the operators, their blocks and the Loss
 * share. The values of targets and weights are checked when they are read.
 */
public final class ElementLossCall extends LossCall<ElementLossCall.ElementLosses> {
  /** The indices of the results of a block. */
  private static final int SUMS = 0;

  private static final int LOSSES = 1;
  private static final int GRADIENT = 2;

  private final ElementLoss loss;
  private final NDArray targets;

  /** One per element, or null for 1 everywhere; an element of weight 0 is never read. */
  private final NDArray sampleWeights;

  private ElementLossCall(
      ElementLoss loss, NDArray logits, NDArray targets, NDArray sampleWeights) {
    super(logits);
    this.loss = loss;
    this.targets = targets;
    this.sampleWeights = sampleWeights;
  }

  public static ElementLossCall of(ElementLoss loss, NDArray x, NDArray targets) {
    Inputs.requireFloating(loss.argument(), x);
    Inputs.requireNumbersOrBooleans(loss.targets(), targets);
    loss.requireShapes(x.getShape().getShape(), targets.getShape().getShape());
    return new ElementLossCall(loss, x, targets, null);
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
    return new ElementLossCall(loss, x, targets, null);
  }

  private static boolean lacksLastAxis(NDArray array, NDArray x) {
    return array.getShape().add(1).equals(x.getShape());
  }

  /** The same call with a weight for every element. */
  public ElementLossCall withSampleWeights(NDArray weights) {
    Inputs.requireNumbersOrBooleans("sampleWeights", weights);
    if (!(lacksLastAxis(targets, logits) && lacksLastAxis(weights, logits))) {
      loss.requireShape(
          "sampleWeights", weights.getShape().getShape(), logits.getShape().getShape());
    }
    return new ElementLossCall(loss, logits, targets, weights);
  }

  @Override
  boolean isReduced() {
    return loss.reduction() != Reduction.NONE;
  }

  @Override
  NDArray inGraph(NDArray losses, NDArray gradient) {
    return Autograd.elementwise(logits, losses, gradient);
  }

  public LossEvaluation<NDArray> evaluate() {
    return Scoped.compute(
        () -> {
          ElementLosses losses = compute(null, true).losses();
          return new LossEvaluation<>(losses.reduced(), losses.losses(), losses.weight());
        },
        all -> new NDArray[] {all.loss(), all.elementLosses()});
  }

  /** The second derivative of the sum of the value by each element. */
  public NDArray secondDerivative() {
    return Scoped.compute(() -> rounded(secondDerivatives()));
  }

  /** The value as a Block. */
  public static Block block(ElementLoss loss) {
    return new OpBlock(
        loss.name(),
        2,
        1,
        inputs -> of(loss, inputs).value(),
        shapes -> loss.reduction() == Reduction.NONE ? shapes[0] : new Shape());
  }

  /** The gradient as a Block. */
  public static Block gradientBlock(ElementLoss loss) {
    return new OpBlock(
        loss.name() + "Gradient", 2, 1, inputs -> of(loss, inputs).gradient(), shapes -> shapes[0]);
  }

  private static ElementLossCall of(ElementLoss loss, NDList inputs) {
    ElementLossCall unweighted = of(loss, inputs.get(0), inputs.get(1));
    return inputs.size() == 2 ? unweighted : unweighted.withSampleWeights(inputs.get(2));
  }

  /** What the elements lose, as arrays beside the logits and of their dtype. */
  final class ElementLosses implements Losses {
    private final Supplier<NDArray> sum;
    private final NDArray losses;
    private final double weight;

    /** Takes the sum of the losses as float64, and the losses if they were wanted. */
    ElementLosses(Supplier<NDArray> sum, NDArray losses, double weight) {
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
      NDArray number = Scoped.beside(logits, sum.get());
      if (loss.reduction() == Reduction.MEAN) {
        number = weight == 0 ? number.zerosLike() : number.div(Constants.create(weight));
      }
      // DJL's toType copies nothing of the same dtype.
      DataType type = logits.getDataType();
      return type == DataType.FLOAT64 ? number.duplicate() : number.toType(type, false);
    }

    @Override
    public void reduceInto(NDArray scalar) {
      Autograd.overwrite(scalar, reduced());
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
  Result<ElementLosses> compute(NDArray view, boolean wantsDetails) {
    boolean wantsLosses = wantsDetails || !isReduced();
    return acceptsAll() ? fused(view, wantsLosses) : inBlocks(view, wantsLosses);
  }

  /** Whether a kernel can work on all arrays at once. */
  private boolean acceptsAll() {
    return Fused.accepts(logits)
        && Fused.fitsBuffer(targets)
        && (sampleWeights == null || Fused.fitsBuffer(sampleWeights));
  }

  private Result<ElementLosses> fused(NDArray view, boolean wantsLosses) {
    NDArray x = Autograd.detached(logits);
    Elements y = elements(targets);
    Elements a = sampleWeights == null ? null : elements(sampleWeights);
    ElementLossKernel kernel = loss.kernel();
    double weight = kernel.weight(loss.targets(), y, a);
    NDArray gradient = view == null ? null : Fused.uninitialized(view);
    NDArray losses = wantsLosses ? like(x) : null;
    double sum =
        kernel.run(
            Fused.elements(x),
            y,
            a,
            losses == null ? null : Fused.elements(losses),
            gradient == null ? null : Fused.elements(gradient),
            loss.scale(weight));
    return new Result<>(new ElementLosses(() -> Constants.create(sum), losses, weight), gradient);
  }

  /** The elements of targets or weights: those of other dtypes than a kernel reads as float64. */
  private static Elements elements(NDArray array) {
    NDArray local = Autograd.detached(array);
    DataType type = local.getDataType();
    boolean isRead = type == DataType.FLOAT32 || type == DataType.FLOAT64;
    return Fused.elements(isRead ? local : local.toType(DataType.FLOAT64, false));
  }

  private NDArray like(NDArray x) {
    NDManager manager = x.getManager();
    return manager.create(x.getShape(), x.getDataType(), x.getDevice());
  }

  // ---- by blocks of rows of the last axis: on a GPU, and of half types and the largest arrays

  private Result<ElementLosses> inBlocks(NDArray view, boolean wantsLosses) {
    Rows rows = new Rows();
    double weight = rows.weight();
    NDArray[] results =
        rows.compute(
            (x, y, a) -> {
              NDArray[] ofBlock = new NDArray[3];
              NDArray losses = weighted(rows.value(x, y), a);
              ofBlock[SUMS] = losses.toType(DataType.FLOAT64, false).sum(new int[] {1}, true);
              if (wantsLosses) {
                ofBlock[LOSSES] = losses.toType(logits.getDataType(), false);
              }
              if (view != null) {
                NDArray gradient = weighted(rows.gradient(x, y), a);
                ofBlock[GRADIENT] = scaled(gradient, weight);
              }
              return ofBlock;
            });
    NDArray sums = results[SUMS];
    NDArray losses = wantsLosses ? results[LOSSES].reshape(logits.getShape()) : null;
    NDArray gradient = view == null ? null : results[GRADIENT].reshape(view.getShape());
    return new Result<>(new ElementLosses(sums::sum, losses, weight), gradient);
  }

  private NDArray secondDerivatives() {
    if (acceptsAll()) {
      Elements y = elements(targets);
      Elements a = sampleWeights == null ? null : elements(sampleWeights);
      double weight = loss.kernel().weight(loss.targets(), y, a);
      NDArray x = Autograd.detached(logits);
      NDArray out = like(x);
      loss.kernel()
          .secondDerivative(Fused.elements(x), y, a, Fused.elements(out), loss.scale(weight));
      return out;
    }
    Rows rows = new Rows();
    double weight = rows.weight();
    NDArray[] results =
        rows.compute(
            (x, y, a) -> new NDArray[] {scaled(weighted(rows.secondDerivative(x, y), a), weight)});
    return results[0].reshape(logits.getShape());
  }

  /** The product with sample weights. */
  private static NDArray weighted(NDArray losses, NDArray a) {
    return a == null ? losses : losses.toType(DataType.FLOAT64, false).mul(a);
  }

  /** The product with the scale of a gradient, in float32 or float64. */
  private NDArray scaled(NDArray derivative, double weight) {
    double scale = loss.scale(weight);
    NDArray scaled = scale == 1 ? derivative : derivative.mul(Constants.create(scale));
    return Scoped.beside(logits, scaled).toType(Halves.wideType(logits.getDataType()), false);
  }

  /** Computes results of a block from rows of x, targets and weights, which may be null. */
  @FunctionalInterface
  private interface OfBlock {
    NDArray[] compute(NDArray x, NDArray y, NDArray a);
  }

  /** Everything as rows × elements of the last axis, on the logits' device. */
  private final class Rows {
    private final NDArray x = rows(Autograd.detached(logits));
    private final NDArray y = rows(beside(targets));
    private final NDArray a =
        sampleWeights == null ? null : rows(beside(sampleWeights).toType(DataType.FLOAT64, false));

    private NDArray beside(NDArray array) {
      NDArray ours = array.stopGradient();
      // A result belongs to its first operand's manager, which must be that of the logits.
      ours.attach(logits.getManager());
      NDArray local = ours.toDevice(logits.getDevice(), false);
      return local.getDataType().isFloating() ? local : local.toType(DataType.FLOAT64, false);
    }

    private NDArray rows(NDArray array) {
      Shape shape = logits.getShape();
      long last = shape.dimension() == 0 ? 1 : shape.get(shape.dimension() - 1);
      return array.reshape(last == 0 ? 0 : array.size() / last, last);
    }

    /** Σ a, after a look at all targets and weights. */
    double weight() {
      double weight = a == null ? x.size() : a.sum().toDoubleArray()[0];
      if (x.size() > 0 && !isValid(weight)) {
        Elements ofTargets = Fused.elements(y.toType(DataType.FLOAT64, false));
        loss.kernel().weight(loss.targets(), ofTargets, a == null ? null : Fused.elements(a));
      }
      return weight;
    }

    private boolean isValid(double weight) {
      boolean isWeightValid =
          a == null || a.min().toDoubleArray()[0] >= 0 && weight < Double.POSITIVE_INFINITY;
      NDArray counted = counted(y, a);
      return isWeightValid && isTarget(counted.min()) && isTarget(counted.max());
    }

    private boolean isTarget(NDArray number) {
      return loss.kernel().isTarget(number.toType(DataType.FLOAT64, false).toDoubleArray()[0]);
    }

    NDArray[] compute(OfBlock block) {
      return Slices.compute(
          x.getShape().get(0),
          x.getShape().get(1),
          Slices.elements(logits),
          (from, to) -> {
            NDArray weights = a == null ? null : Slices.of(a, from, to);
            return block.compute(
                widened(counted(Slices.of(x, from, to), weights)),
                counted(Slices.of(y, from, to), weights),
                weights);
          });
    }

    private NDArray widened(NDArray array) {
      return array.toType(Halves.wideType(array.getDataType()), false);
    }

    /** Elements, and 0 for those of weight 0, even for NaN. */
    private NDArray counted(NDArray elements, NDArray weights) {
      return weights == null ? elements : DjlAlgebra.INSTANCE.whereCounted(weights, elements);
    }

    NDArray value(NDArray ofX, NDArray ofY) {
      return Fused.accepts(ofX)
          ? fused(ofX, ofY, (x, y, out) -> loss.kernel().run(x, y, null, out, null, 1))
          : loss.composite().value(DjlAlgebra.INSTANCE, ofX, ofY);
    }

    NDArray gradient(NDArray ofX, NDArray ofY) {
      return Fused.accepts(ofX)
          ? fused(ofX, ofY, (x, y, out) -> loss.kernel().gradient(x, y, null, out, 1))
          : loss.composite().gradient(DjlAlgebra.INSTANCE, ofX, ofY);
    }

    NDArray secondDerivative(NDArray ofX, NDArray ofY) {
      return Fused.accepts(ofX)
          ? fused(ofX, ofY, (x, y, out) -> loss.kernel().secondDerivative(x, y, null, out, 1))
          : loss.composite().secondDerivative(DjlAlgebra.INSTANCE, ofX, ofY);
    }

    private NDArray fused(NDArray ofX, NDArray ofY, Sweep sweep) {
      NDArray out = like(ofX);
      sweep.run(Fused.elements(ofX), elements(ofY), Fused.elements(out));
      return out;
    }
  }

  /** A kernel on a block. */
  @FunctionalInterface
  private interface Sweep {
    void run(Elements x, Elements y, Elements out);
  }
}

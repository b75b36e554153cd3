package org.stableops.nd4j.lossfunctions;

import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.stableops.Reduction;
import org.stableops.nd4j.internal.ElementLossCall;
import org.stableops.nd4j.internal.Temporaries;

/** What DL4J's losses made of losses of elements have in common. */
abstract class ElementLossFunction implements ILossFunction {
  private static final long serialVersionUID = 1;

  static void requireMean(Reduction reduction, Object options) {
    if (reduction != Reduction.MEAN) {
      throw new IllegalArgumentException(
          "reduction must be MEAN, for DL4J itself divides by the minibatch, got " + options);
    }
  }

  /**
   * The call of a layer, whose activation is one that the loss can see through. What it needs and
   * nobody else owns is among the temporaries.
   */
  abstract ElementLossCall call(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      Reduction reduction,
      Temporaries temporaries);

  /** The call without what a mask leaves out; without a mask, all of it. */
  final ElementLossCall masked(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      Reduction reduction,
      Temporaries temporaries) {
    ElementLossCall call = call(labels, preOutput, activation, reduction, temporaries);
    if (mask == null) {
      return call;
    }
    requireMask(mask, preOutput);
    return call.withMask(mask);
  }

  /** Refuses a mask that DL4J gives for something else than the elements of the loss. */
  void requireMask(INDArray mask, INDArray preOutput) {}

  /**
   * The gradient by all pre-outputs, of that by what the call is of, which is the same for most.
   */
  INDArray whole(
      INDArray gradient, ElementLossCall call, INDArray preOutput, Temporaries temporaries) {
    return gradient;
  }

  /** Returns the sum of the losses, or that over the number of rows if average is true. */
  @Override
  public double computeScore(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      boolean average) {
    try (Temporaries temporaries = new Temporaries()) {
      double sum = masked(labels, preOutput, activation, mask, Reduction.SUM, temporaries).sum();
      return average ? sum / preOutput.size(0) : sum;
    }
  }

  /** Returns the losses of the rows as a column. */
  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
    try (Temporaries temporaries = new Temporaries()) {
      ElementLossCall call =
          masked(labels, preOutput, activation, mask, Reduction.NONE, temporaries);
      return temporaries.keep(call.value()).sum(true, 1);
    }
  }

  /** Returns the gradient of the sum of the losses with respect to the pre-outputs. */
  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
    try (Temporaries temporaries = new Temporaries()) {
      ElementLossCall call =
          masked(labels, preOutput, activation, mask, Reduction.SUM, temporaries);
      return whole(call.gradient(), call, preOutput, temporaries);
    }
  }

  /** Returns score and gradient in one pass. */
  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      boolean average) {
    try (Temporaries temporaries = new Temporaries()) {
      ElementLossCall call =
          masked(labels, preOutput, activation, mask, Reduction.SUM, temporaries);
      ElementLossCall.Result result = call.both();
      double score = average ? result.sum() / preOutput.size(0) : result.sum();
      return new Pair<>(score, whole(result.derivative(), call, preOutput, temporaries));
    }
  }

  @Override
  public String name() {
    return toString();
  }
}

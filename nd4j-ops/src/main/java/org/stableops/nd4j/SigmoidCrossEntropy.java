package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.LossEvaluation;
import org.stableops.ValueAndGradient;
import org.stableops.internal.Arguments;
import org.stableops.nd4j.internal.ElementLossCall;
import org.stableops.nd4j.internal.ElementLossGradientOp;
import org.stableops.nd4j.internal.ElementLossValueOp;
import org.stableops.op.ElementLosses;

/**
 * Cross-entropy of yes or no, of logits and targets from 0 to 1: for binary and multi-label
 * classification. With x a logit, y its target, s the smoothing, y′ = (1−s)·y + s/2, w the positive
 * weight, γ and α those of the focal loss and a the sample weight,
 *
 * <pre>loss = a·(c₊·(1−p)^γ·softplus(−x) + c₋·p^γ·softplus(x)),   p = 1/(1 + e^{−x}),
 * c₊ = w·α·y′,   c₋ = (1−α)·(1−y′);</pre>
 *
 * <p>without an α it is 1 in both places. With the default options the loss is softplus(x) − x·y
 * and its gradient p − y.
 *
 * <p>The reductions are one loss per element, their sum, or their mean: the sum over Σ a, and 0
 * where that is 0. No probability is formed and clipped: the loss of a confident element is exact
 * to the last digits (logit −16 and target 0 give 1.1253517e-7), and so is the gradient of one that
 * is confidently wrong (−1). The focal loss is linear in the target, and all its derivatives are
 * finite for every γ.
 *
 * <p>Logits of half, bfloat16, float and double, of any layout and shape; targets of their shape,
 * of any floating, integer or boolean dtype. Special values: +inf has the loss +inf where c₋ &gt; 0
 * and else 0, and the gradient c₋; −inf the same with c₊, and −c₊; NaN has NaN. An element of
 * weight 0 has 0 in everything, even for NaN.
 *
 * <p>Error: 2 ulp of float32, and 4 (5 + γ with a focal loss) of float64 for the value; for the
 * gradient of a hard target 2 and 5 + γ, of a soft one 2ε and (4 + γ)ε of the sum of its two terms.
 *
 * <p>Focal loss: T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017.
 *
 * <pre>{@code
 * INDArray logits = Nd4j.createFromArray(new float[][] {{-16, 3}, {0.5f, -2}});
 * INDArray targets = Nd4j.createFromArray(new float[][] {{0, 1}, {1, 0}});
 * INDArray loss = SigmoidCrossEntropy.value(logits, targets); // the mean
 * INDArray gradient = SigmoidCrossEntropy.gradient(logits, targets);
 * }</pre>
 */
public final class SigmoidCrossEntropy {
  private SigmoidCrossEntropy() {}

  /**
   * Returns the loss with the default options; see {@link #value(INDArray, INDArray, INDArray,
   * BinaryCrossEntropyOptions)}.
   */
  public static INDArray value(INDArray logits, INDArray targets) {
    return value(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(INDArray, INDArray, INDArray,
   * BinaryCrossEntropyOptions)}.
   */
  public static INDArray value(
      INDArray logits, INDArray targets, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .value();
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights numbers or booleans of the shape of the logits: the weight of each
   *     element; one of weight 0 counts nothing and is never read
   * @param options reduction, smoothing, positive weights and focal loss
   * @return the reduced loss as a scalar, or one loss per element for NONE; of the dtype of the
   *     logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(
      INDArray logits,
      INDArray targets,
      INDArray sampleWeights,
      BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options; see {@link #gradient(INDArray,
   * INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static INDArray gradient(INDArray logits, INDArray targets) {
    return gradient(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(INDArray,
   * INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static INDArray gradient(
      INDArray logits, INDArray targets, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .gradient();
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights numbers or booleans of the shape of the logits: the weight of each
   *     element; one of weight 0 counts nothing and is never read
   * @param options reduction, smoothing, positive weights and focal loss
   * @return ∂(sum of the value)/∂logits, of the shape and dtype of the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(
      INDArray logits,
      INDArray targets,
      INDArray sampleWeights,
      BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the loss and its gradient with the default options; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(INDArray logits, INDArray targets) {
    return valueAndGradient(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient without sample weights; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray logits, INDArray targets, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .valueAndGradient();
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights numbers or booleans of the shape of the logits: the weight of each
   *     element; one of weight 0 counts nothing and is never read
   * @param options reduction, smoothing, positive weights and focal loss
   * @return both, of the dtype of the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray logits,
      INDArray targets,
      INDArray sampleWeights,
      BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the second derivative of the loss with the default options; see {@link
   * #secondDerivative(INDArray, INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static INDArray secondDerivative(INDArray logits, INDArray targets) {
    return secondDerivative(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss without sample weights; see {@link
   * #secondDerivative(INDArray, INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static INDArray secondDerivative(
      INDArray logits, INDArray targets, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss by each of the logits, which is the diagonal of a
   * Hessian that has nothing else.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights numbers or booleans of the shape of the logits: the weight of each
   *     element; one of weight 0 counts nothing and is never read
   * @param options reduction, smoothing, positive weights and focal loss
   * @return ∂²(sum of the value)/∂logits², of the shape and dtype of the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray secondDerivative(
      INDArray logits,
      INDArray targets,
      INDArray sampleWeights,
      BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns everything known about the loss with the default options; see {@link
   * #evaluate(INDArray, INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static LossEvaluation<INDArray> evaluate(INDArray logits, INDArray targets) {
    return evaluate(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss without sample weights; see {@link #evaluate(INDArray,
   * INDArray, INDArray, BinaryCrossEntropyOptions)}.
   */
  public static LossEvaluation<INDArray> evaluate(
      INDArray logits, INDArray targets, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .evaluate();
  }

  /**
   * Returns everything known about the loss, in one pass.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights numbers or booleans of the shape of the logits: the weight of each
   *     element; one of weight 0 counts nothing and is never read
   * @param options reduction, smoothing, positive weights and focal loss
   * @return losses and weight, of the dtype of the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static LossEvaluation<INDArray> evaluate(
      INDArray logits,
      INDArray targets,
      INDArray sampleWeights,
      BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .evaluate();
  }

  /**
   * Returns the loss in a graph with the default options; see {@link #value(SDVariable, SDVariable,
   * SDVariable, BinaryCrossEntropyOptions)}.
   */
  public static SDVariable value(SDVariable logits, SDVariable targets) {
    return value(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss in a graph without sample weights; see {@link #value(SDVariable, SDVariable,
   * SDVariable, BinaryCrossEntropyOptions)}.
   */
  public static SDVariable value(
      SDVariable logits, SDVariable targets, BinaryCrossEntropyOptions options) {
    return new ValueOp().of(options, logits, targets, null);
  }

  /**
   * Returns the loss in a SameDiff graph, whose gradient to the logits is {@link #gradient}; to the
   * targets and the sample weights it is 0.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights one per element
   * @param options reduction, smoothing, positive weights and focal loss
   * @return the reduced loss as a scalar, or one loss per element for NONE
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable value(
      SDVariable logits,
      SDVariable targets,
      SDVariable sampleWeights,
      BinaryCrossEntropyOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new ValueOp().of(options, logits, targets, sampleWeights);
  }

  /**
   * Adds the gradient of the loss with the default options to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, BinaryCrossEntropyOptions)}.
   */
  public static SDVariable gradient(SDVariable logits, SDVariable targets) {
    return gradient(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Adds the gradient of the loss without sample weights to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, BinaryCrossEntropyOptions)}.
   */
  public static SDVariable gradient(
      SDVariable logits, SDVariable targets, BinaryCrossEntropyOptions options) {
    return new GradientOp().gradient(options, logits, targets, null);
  }

  /**
   * Adds the gradient of the loss to a graph as a value of its own, which SameDiff can
   * differentiate once more.
   *
   * @param logits any floating array
   * @param targets numbers from 0 to 1 of the shape of the logits, of any floating, integer or
   *     boolean dtype
   * @param sampleWeights one per element
   * @param options reduction, smoothing, positive weights and focal loss
   * @return ∂(sum of the value)/∂logits, of the shape and dtype of logits
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable gradient(
      SDVariable logits,
      SDVariable targets,
      SDVariable sampleWeights,
      BinaryCrossEntropyOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new GradientOp().gradient(options, logits, targets, sampleWeights);
  }

  /** The op of SameDiff; for the registry. */
  public static final class ValueOp extends ElementLossValueOp<BinaryCrossEntropyOptions> {
    /** For the registry; use {@code value}. */
    public ValueOp() {
      super(ElementLosses.sigmoidCrossEntropy(), GradientOp::new);
    }
  }

  /** Its derivatives; for the registry. */
  public static final class GradientOp extends ElementLossGradientOp<BinaryCrossEntropyOptions> {
    /** For the registry; use {@code gradient}. */
    public GradientOp() {
      super(ElementLosses.sigmoidCrossEntropy(), GradientOp::new);
    }
  }
}

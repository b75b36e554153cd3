package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.LossEvaluation;
import org.stableops.ValueAndGradient;
import org.stableops.djl.internal.ElementLossCall;
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
 * <p>Logits of float16, float32 and float64, of any layout and shape; targets of their shape, of
 * any floating, integer or boolean dtype. Special values: +inf has the loss +inf where c₋ &gt; 0
 * and else 0, and the gradient c₋; −inf the same with c₊, and −c₊; NaN has NaN. An element of
 * weight 0 has 0 in everything, even for NaN.
 *
 * <p>Error: 2 ulp of float32, and 4 (5 + γ with a focal loss) of float64 for the value; for the
 * gradient of a hard target 2 and 5 + γ, of a soft one 2ε and (4 + γ)ε of the sum of its two terms.
 *
 * <p>Focal loss: T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray logits = manager.create(new float[][] {{-16, 3}, {0.5f, -2}});
 *   NDArray targets = manager.create(new float[][] {{0, 1}, {1, 0}});
 *   NDArray loss = SigmoidCrossEntropy.value(logits, targets); // the mean, differentiable
 *   NDArray gradient = SigmoidCrossEntropy.gradient(logits, targets);
 * }
 * }</pre>
 */
public final class SigmoidCrossEntropy {
  private SigmoidCrossEntropy() {}

  /**
   * Returns the loss with the default options; see {@link #value(NDArray, NDArray, NDArray,
   * BinaryCrossEntropyOptions)}.
   */
  public static NDArray value(NDArray logits, NDArray targets) {
    return value(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(NDArray, NDArray, NDArray,
   * BinaryCrossEntropyOptions)}.
   */
  public static NDArray value(NDArray logits, NDArray targets, BinaryCrossEntropyOptions options) {
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
   * @return the reduced loss as a scalar, or one loss per element for NONE; differentiable with
   *     respect to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(
      NDArray logits, NDArray targets, NDArray sampleWeights, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options; see {@link #gradient(NDArray,
   * NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static NDArray gradient(NDArray logits, NDArray targets) {
    return gradient(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(NDArray, NDArray,
   * NDArray, BinaryCrossEntropyOptions)}.
   */
  public static NDArray gradient(
      NDArray logits, NDArray targets, BinaryCrossEntropyOptions options) {
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
   * @return ∂(sum of the value)/∂logits, outside any graph, of the shape, dtype and manager of the
   *     logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(
      NDArray logits, NDArray targets, NDArray sampleWeights, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the loss and its gradient with the default options; see {@link
   * #valueAndGradient(NDArray, NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradient(NDArray logits, NDArray targets) {
    return valueAndGradient(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient without sample weights; see {@link #valueAndGradient(NDArray,
   * NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray logits, NDArray targets, BinaryCrossEntropyOptions options) {
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
   * @return both, of the dtype and manager of the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray logits, NDArray targets, NDArray sampleWeights, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the second derivative of the loss with the default options; see {@link
   * #secondDerivative(NDArray, NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static NDArray secondDerivative(NDArray logits, NDArray targets) {
    return secondDerivative(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss without sample weights; see {@link
   * #secondDerivative(NDArray, NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static NDArray secondDerivative(
      NDArray logits, NDArray targets, BinaryCrossEntropyOptions options) {
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
   * @return ∂²(sum of the value)/∂logits², outside any graph, of the shape, dtype and manager of
   *     the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray secondDerivative(
      NDArray logits, NDArray targets, NDArray sampleWeights, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns everything known about the loss with the default options; see {@link #evaluate(NDArray,
   * NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static LossEvaluation<NDArray> evaluate(NDArray logits, NDArray targets) {
    return evaluate(logits, targets, BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss without sample weights; see {@link #evaluate(NDArray,
   * NDArray, NDArray, BinaryCrossEntropyOptions)}.
   */
  public static LossEvaluation<NDArray> evaluate(
      NDArray logits, NDArray targets, BinaryCrossEntropyOptions options) {
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
   * @return losses and weight, of the dtype and manager of the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a target
   *     is outside [0, 1] or NaN, a sample weight is negative or not finite, or the number of
   *     positive weights is neither 1 nor that of the last axis
   * @throws IllegalStateException if an array is closed
   */
  public static LossEvaluation<NDArray> evaluate(
      NDArray logits, NDArray targets, NDArray sampleWeights, BinaryCrossEntropyOptions options) {
    return ElementLossCall.of(ElementLosses.sigmoidCrossEntropy().of(options), logits, targets)
        .withSampleWeights(sampleWeights)
        .evaluate();
  }

  /**
   * Returns the loss with the default options as a block; see {@link
   * #block(BinaryCrossEntropyOptions)}.
   */
  public static Block block() {
    return block(BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss as a block.
   *
   * @param options as of {@link #value(NDArray, NDArray, BinaryCrossEntropyOptions)}
   * @return a block from (logits, targets) or (logits, targets, sampleWeights) to the value
   */
  public static Block block(BinaryCrossEntropyOptions options) {
    return ElementLossCall.block(ElementLosses.sigmoidCrossEntropy(), options);
  }

  /**
   * Returns the gradient of the loss with the default options as a block; see {@link
   * #gradientBlock(BinaryCrossEntropyOptions)}.
   */
  public static Block gradientBlock() {
    return gradientBlock(BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss as a block.
   *
   * @param options as of {@link #value(NDArray, NDArray, BinaryCrossEntropyOptions)}
   * @return a block from (logits, targets) or (logits, targets, sampleWeights) to the gradient
   */
  public static Block gradientBlock(BinaryCrossEntropyOptions options) {
    return ElementLossCall.gradientBlock(ElementLosses.sigmoidCrossEntropy(), options);
  }
}

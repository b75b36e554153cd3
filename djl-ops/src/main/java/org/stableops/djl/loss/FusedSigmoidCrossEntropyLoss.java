package org.stableops.djl.loss;

import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.djl.SigmoidCrossEntropy;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.op.ElementLosses;

/**
 * Cross-entropy of yes or no on logits as a DJL Loss, {@link SigmoidCrossEntropy}: for binary and
 * multi-label classification. The network puts out logits and has no sigmoid at its end:
 * probabilities would be taken for logits, and no error would say so.
 *
 * <p>Takes one array of logits, of float16, float32 or float64, and one of targets from 0 to 1 in
 * their shape, of any dtype; where the last axis of the logits has one element, the targets may be
 * without it. After {@link #withSampleWeights} there are two arrays of labels: the targets, and the
 * weight of each element or a mask. As an evaluator it averages, over the batches, the sum of the
 * loss array, as DJL's own losses do.
 *
 * <p>Give each loss of a model a name of its own: DJL's metrics and evaluators are kept by name.
 *
 * <p>DJL's own {@code sigmoidBinaryCrossEntropyLoss} has no options, takes no mask, and subtracts
 * in its gradient: logit 16 and target 1 give −1.1920929e-7 instead of −1.1253516e-7.
 *
 * <p>A batch of which nothing counts has the loss 0 and gradients of 0. DJL's stock {@code
 * Trainer}, at its first {@code step()} and only there, takes gradients that are all 0 for a
 * missing call of backward and throws an IllegalStateException; {@link FusedTrainer} does not. So
 * this loss logs one warning, at the first such batch.
 *
 * <pre>{@code
 * Loss loss =
 *     new FusedSigmoidCrossEntropyLoss(BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(20));
 * TrainingConfig config = new DefaultTrainingConfig(loss);
 * }</pre>
 */
public final class FusedSigmoidCrossEntropyLoss extends ElementOperatorLoss {
  private static final String NAME = "FusedSigmoidCrossEntropyLoss";

  private final BinaryCrossEntropyOptions options;

  /** Creates the loss with the default options. */
  public FusedSigmoidCrossEntropyLoss() {
    this(BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options any
   * @throws IllegalArgumentException if the options are null
   */
  public FusedSigmoidCrossEntropyLoss(BinaryCrossEntropyOptions options) {
    this(NAME, options);
  }

  /**
   * Creates the loss with a name of its own.
   *
   * @param name under which DJL keeps the history of the loss
   * @param options any
   * @throws IllegalArgumentException if an argument is null
   */
  public FusedSigmoidCrossEntropyLoss(String name, BinaryCrossEntropyOptions options) {
    this(name, options, false, 1);
  }

  private FusedSigmoidCrossEntropyLoss(
      String name, BinaryCrossEntropyOptions options, boolean hasSampleWeights, float weight) {
    super(name, ElementLosses.sigmoidCrossEntropy().of(options), hasSampleWeights, weight);
    this.options = options;
  }

  /**
   * Returns a loss like this one that takes a second array of labels: the weight of each element,
   * in numbers or booleans. Elements of weight 0 count nothing and are never read.
   *
   * @return a new loss of the same name
   */
  public FusedSigmoidCrossEntropyLoss withSampleWeights() {
    return new FusedSigmoidCrossEntropyLoss(getName(), options, true, weight());
  }

  /**
   * Returns a loss like this one times a number, for a composite of several losses.
   *
   * @param newWeight what the loss is multiplied by
   * @return a new loss of the same name
   * @throws IllegalArgumentException if the weight is not finite
   */
  public FusedSigmoidCrossEntropyLoss withWeight(float newWeight) {
    requireFinite(newWeight);
    return new FusedSigmoidCrossEntropyLoss(getName(), options, takesSampleWeights(), newWeight);
  }

  /**
   * Returns the options.
   *
   * @return those of the constructor
   */
  public BinaryCrossEntropyOptions options() {
    return options;
  }
}

package org.stableops.djl.evaluator;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.stableops.djl.internal.Numbers;
import org.stableops.djl.loss.FusedSigmoidCrossEntropyLoss;
import org.stableops.internal.Arguments;

/**
 * The share of yes or no answers that are right, among the elements that a {@link
 * FusedSigmoidCrossEntropyLoss} counts: of sample weight 0 none, and the others by their weight.
 *
 * <p>The answer is yes where the probability 1/(1 + e^{−logit}) is more than a threshold, and the
 * truth is yes where the target is at least ½. A NaN is wrong. Positive weights and the focal loss
 * do not count. Where nothing counts, the accuracy is NaN.
 *
 * <pre>{@code
 * FusedSigmoidCrossEntropyLoss loss = new FusedSigmoidCrossEntropyLoss();
 * TrainingConfig config =
 *     new DefaultTrainingConfig(loss).addEvaluator(new SigmoidAccuracy(loss));
 * }</pre>
 */
public final class SigmoidAccuracy extends AveragingEvaluator {
  private static final String NAME = "Accuracy";
  private static final double HALF = 0.5;

  private final FusedSigmoidCrossEntropyLoss loss;

  /** The logit at which the probability is the threshold. */
  private final double least;

  /**
   * Creates the accuracy at the threshold ½, by the name of DJL's own, "Accuracy".
   *
   * @param loss tells which elements count
   * @throws IllegalArgumentException if it is null
   */
  public SigmoidAccuracy(FusedSigmoidCrossEntropyLoss loss) {
    this(NAME, loss, HALF);
  }

  /**
   * Creates the accuracy at a threshold.
   *
   * @param name under which DJL keeps it
   * @param loss tells which elements count
   * @param threshold a probability; the answer is yes above it
   * @throws IllegalArgumentException if an argument is null, or the threshold is not between 0 and
   *     1
   */
  public SigmoidAccuracy(String name, FusedSigmoidCrossEntropyLoss loss, double threshold) {
    super(name, "accuracy");
    this.loss = Arguments.requireGiven("loss", loss);
    if (!(threshold > 0 && threshold < 1)) {
      throw new IllegalArgumentException("threshold must be between 0 and 1, got " + threshold);
    }
    least = Math.log(threshold) - Math.log1p(-threshold);
  }

  @Override
  Average average(NDList labels, NDList predictions) {
    loss.requireArrays(labels, predictions);
    NDArray logits = predictions.head();
    // All that the loss refuses is refused here.
    loss.evaluate(labels, new NDList(logits.stopGradient()));
    double[] x = Numbers.doubles(logits.stopGradient());
    double[] y = Numbers.doubles(labels.get(0));
    double[] a = loss.takesSampleWeights() ? Numbers.doubles(labels.get(1)) : null;
    double right = 0;
    double all = 0;
    for (int i = 0; i < x.length; i++) {
      double weight = a == null ? 1 : a[i];
      all += weight;
      boolean isRight = y[i] >= HALF ? x[i] > least : x[i] <= least;
      right += isRight ? weight : 0;
    }
    return new Average(right, all);
  }
}

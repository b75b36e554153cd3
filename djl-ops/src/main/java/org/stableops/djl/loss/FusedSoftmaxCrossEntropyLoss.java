package org.stableops.djl.loss;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.internal.CrossEntropy;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.internal.Arguments;
import org.stableops.internal.SoftmaxShape;
import org.stableops.op.SoftmaxLoss;

/**
 * Softmax cross-entropy on logits as a DJL Loss: {@link SparseSoftmaxCrossEntropy} for integer
 * labels, {@link SoftmaxCrossEntropy} for class probabilities, which of the two by construction.
 *
 * <p>Takes one array of logits, of float16, float32 or float64, and one of labels. Integer labels
 * may come as floating numbers, as DJL's data sets deliver them, if every one of them is an
 * integer; class probabilities may come as integers or booleans. After {@link #withSampleWeights}
 * there are two arrays of labels: the labels, and the weight of each row or a mask. As an evaluator
 * it averages, over the batches, the sum of the loss array, as DJL's own losses do.
 *
 * <p>Give each loss of a model a name of its own: DJL's metrics and evaluators are kept by name. A
 * single logit is refused, for its softmax is always 1 and nothing would be trained.
 *
 * <p>A batch of which no row counts, for all are ignored or masked, has the loss 0 and gradients of
 * 0. DJL's stock {@code Trainer}, at its first {@code step()} and only there, takes gradients that
 * are all 0 for a missing call of backward and throws an IllegalStateException; {@link
 * FusedTrainer} does not. So this loss logs one warning, at the first such batch.
 *
 * <pre>{@code
 * Loss loss = new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-100));
 * TrainingConfig config = new DefaultTrainingConfig(loss);
 * }</pre>
 */
public final class FusedSoftmaxCrossEntropyLoss extends OperatorLoss {
  private static final String NAME = "FusedSoftmaxCrossEntropyLoss";

  private final CrossEntropyOptions options;
  private final SoftmaxLoss loss;

  /** Creates the loss for integer labels with the default options. */
  public FusedSoftmaxCrossEntropyLoss() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss for integer labels.
   *
   * @param options any
   * @throws IllegalArgumentException if the options are null
   */
  public FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions options) {
    this(NAME, options);
  }

  /**
   * Creates the loss for integer labels with a name of its own.
   *
   * @param name under which DJL keeps the history of the loss
   * @param options any
   * @throws IllegalArgumentException if an argument is null
   */
  public FusedSoftmaxCrossEntropyLoss(String name, CrossEntropyOptions options) {
    this(name, options, SoftmaxLoss.SPARSE, false, 1);
  }

  private FusedSoftmaxCrossEntropyLoss(
      String name,
      CrossEntropyOptions options,
      SoftmaxLoss loss,
      boolean hasSampleWeights,
      float weight) {
    super(name, hasSampleWeights, weight);
    this.options = Arguments.requireGiven("options", options);
    this.loss = loss;
  }

  /**
   * Returns the loss for class probabilities, or any non-negative numbers.
   *
   * @param options any without an ignored label
   * @return a loss whose labels have the logits' shape
   * @throws IllegalArgumentException if the options are null or have an ignored label
   */
  public static FusedSoftmaxCrossEntropyLoss probabilities(CrossEntropyOptions options) {
    return probabilities(NAME, options);
  }

  /**
   * Returns the loss for class probabilities with a name of its own.
   *
   * @param name under which DJL keeps the history of the loss
   * @param options any without an ignored label
   * @return a loss whose labels have the logits' shape
   * @throws IllegalArgumentException if an argument is null, or there is an ignored label
   */
  public static FusedSoftmaxCrossEntropyLoss probabilities(
      String name, CrossEntropyOptions options) {
    SoftmaxShape.requireNoIgnoreIndex(options);
    return new FusedSoftmaxCrossEntropyLoss(name, options, SoftmaxLoss.DENSE, false, 1);
  }

  /**
   * Returns a loss like this one that takes a second array of labels: the weight of each row, in
   * numbers or booleans. Rows of weight 0 count nothing and are never read.
   *
   * @return a new loss of the same name
   */
  public FusedSoftmaxCrossEntropyLoss withSampleWeights() {
    return new FusedSoftmaxCrossEntropyLoss(getName(), options, loss, true, weight());
  }

  /**
   * Returns a loss like this one times a number, for a composite of several losses.
   *
   * @param newWeight what the loss is multiplied by
   * @return a new loss of the same name
   * @throws IllegalArgumentException if the weight is not finite
   */
  public FusedSoftmaxCrossEntropyLoss withWeight(float newWeight) {
    requireFinite(newWeight);
    return new FusedSoftmaxCrossEntropyLoss(
        getName(), options, loss, takesSampleWeights(), newWeight);
  }

  /**
   * Returns the options.
   *
   * @return those of the constructor
   */
  public CrossEntropyOptions options() {
    return options;
  }

  /**
   * Tells what the labels are.
   *
   * @return true for class probabilities, false for integers
   */
  public boolean takesProbabilities() {
    return loss == SoftmaxLoss.DENSE;
  }

  /**
   * Checks that a network's outputs can be the logits of this loss. {@code FusedTrainer} does so
   * when it initializes a network; any other loop finds out at the first batch.
   *
   * @param logits the shape of the network's outputs
   * @throws IllegalArgumentException if it lacks the class axis, or a single class, or the class
   *     weights are not one per class
   */
  @Override
  public void requireLogits(Shape logits) {
    SoftmaxShape.of(logits.getShape(), options).requireSeveralClasses();
  }

  @Override
  CrossEntropy call(NDList predictions, NDList labels) {
    CrossEntropy call = CrossEntropy.of(loss, predictions.get(0), labels.get(0), options);
    return takesSampleWeights() ? call.withSampleWeights(labels.get(1)) : call;
  }
}

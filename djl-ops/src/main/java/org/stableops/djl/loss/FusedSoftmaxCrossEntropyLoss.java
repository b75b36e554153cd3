package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.internal.Averages;
import org.stableops.djl.internal.CrossEntropy;
import org.stableops.djl.internal.Inputs;
import org.stableops.djl.internal.Numbers;
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
public final class FusedSoftmaxCrossEntropyLoss extends Loss {
  private static final String NAME = "FusedSoftmaxCrossEntropyLoss";
  private static final Logger LOGGER = LoggerFactory.getLogger(FusedSoftmaxCrossEntropyLoss.class);

  private final CrossEntropyOptions options;
  private final SoftmaxLoss loss;
  private final boolean hasSampleWeights;
  private final float weight;
  private final AtomicBoolean hasWarned = new AtomicBoolean();
  private final Averages averages = new Averages("loss");

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
    super(Arguments.requireGiven("name", name));
    this.options = Arguments.requireGiven("options", options);
    this.loss = loss;
    this.hasSampleWeights = hasSampleWeights;
    this.weight = weight;
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
    return new FusedSoftmaxCrossEntropyLoss(getName(), options, loss, true, weight);
  }

  /**
   * Returns a loss like this one times a number, for a composite of several losses.
   *
   * @param newWeight what the loss is multiplied by
   * @return a new loss of the same name
   * @throws IllegalArgumentException if the weight is not finite
   */
  public FusedSoftmaxCrossEntropyLoss withWeight(float newWeight) {
    if (!Float.isFinite(newWeight)) {
      throw new IllegalArgumentException("weight must be finite, got " + newWeight);
    }
    return new FusedSoftmaxCrossEntropyLoss(getName(), options, loss, hasSampleWeights, newWeight);
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
   * Tells whether there is a second array of labels.
   *
   * @return whether it takes sample weights
   */
  public boolean takesSampleWeights() {
    return hasSampleWeights;
  }

  /**
   * Checks that a network's outputs can be the logits of this loss. {@code FusedTrainer} does so
   * when it initializes a network; any other loop finds out at the first batch.
   *
   * @param logits the shape of the network's outputs
   * @throws IllegalArgumentException if it lacks the class axis, or a single class, or the class
   *     weights are not one per class
   */
  public void requireLogits(Shape logits) {
    SoftmaxShape.of(logits.getShape(), options).requireSeveralClasses();
  }

  /**
   * Returns the loss of a batch.
   *
   * @param labels one array, or two after {@link #withSampleWeights}: labels and weights
   * @param predictions one array of logits, of two classes or more
   * @return the loss, differentiable with respect to the logits
   * @throws IllegalArgumentException if there are more or fewer arrays, there is a single class, or
   *     an array is not as the operator wants it
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    requireArrays(labels, predictions);
    CrossEntropy call = CrossEntropy.of(loss, predictions.get(0), labels.get(0), options);
    CrossEntropy.Weighted batch =
        (hasSampleWeights ? call.withSampleWeights(labels.get(1)) : call).weighted();
    warnWithoutWeight(batch.weight());
    return weighted(batch.value());
  }

  /**
   * Checks the arrays of a batch, but neither the labels' shapes nor their values.
   *
   * @param labels one array, or two after {@link #withSampleWeights}
   * @param predictions one array of logits
   * @throws IllegalArgumentException if there are more or fewer arrays, one is null, or the logits
   *     are refused by {@link #requireLogits}
   * @throws IllegalStateException if an array is closed
   */
  public void requireArrays(NDList labels, NDList predictions) {
    if (predictions.size() != 1) {
      throw new IllegalArgumentException(
          "predictions must be one array, got " + predictions.size());
    }
    requireLabels(labels.size());
    Inputs.requireOpen("logits", predictions.get(0));
    Inputs.requireOpen("labels", labels.get(0));
    if (hasSampleWeights) {
      Inputs.requireOpen("sampleWeights", labels.get(1));
    }
    requireLogits(predictions.get(0).getShape());
  }

  private void requireLabels(int arrays) {
    if (hasSampleWeights && arrays != 2) {
      throw new IllegalArgumentException(
          "labels must be two arrays, labels and sample weights, got " + arrays);
    }
    if (!hasSampleWeights && arrays != 1) {
      String hint =
          arrays == 2 ? "; if the second are sample weights, call withSampleWeights()" : "";
      throw new IllegalArgumentException("labels must be one array, got " + arrays + hint);
    }
  }

  /** By an array of libtorch's own: for a Number autograd keeps memory that Java frees. */
  private NDArray weighted(NDArray value) {
    if (weight == 1) {
      return value;
    }
    try (NDArray unweighted = value;
        NDArray factor = value.getManager().full(new Shape(), weight, value.getDataType())) {
      return unweighted.mul(factor);
    }
  }

  private void warnWithoutWeight(double ofRows) {
    if (ofRows == 0 && hasWarned.compareAndSet(false, true)) {
      LOGGER.warn(
          "No row of this batch counts: all are ignored, masked or of weight 0. DJL's Trainer"
              + " throws where the gradients of its first step are all 0: skip that step, or use"
              + " FusedTrainer.");
    }
  }

  @Override
  public void addAccumulator(String key) {
    averages.add(key);
  }

  @Override
  public void updateAccumulator(String key, NDList labels, NDList predictions) {
    updateAccumulators(new String[] {key}, labels, predictions);
  }

  @Override
  public void updateAccumulators(String[] keys, NDList labels, NDList predictions) {
    try (NDArray value = evaluate(labels, predictions)) {
      averages.update(keys, sum(value), 1);
    }
  }

  @Override
  public void resetAccumulator(String key) {
    averages.reset(key);
  }

  @Override
  public float getAccumulator(String key) {
    return averages.get(key);
  }

  private static double sum(NDArray value) {
    double sum = 0;
    for (double number : Numbers.doubles(value)) {
      sum += number;
    }
    return sum;
  }
}

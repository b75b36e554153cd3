package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.stableops.djl.internal.Averages;
import org.stableops.djl.internal.Inputs;
import org.stableops.djl.internal.LossCall;
import org.stableops.djl.internal.Numbers;
import org.stableops.djl.internal.TakesLogits;
import org.stableops.djl.internal.WeightedCall;
import org.stableops.internal.Arguments;

/** What DJL's Losses made of operators have in common. */
abstract class OperatorLoss extends Loss implements TakesLogits {
  private static final Logger LOGGER = LoggerFactory.getLogger(OperatorLoss.class);

  private final boolean hasSampleWeights;
  private final float weight;
  private final AtomicBoolean hasWarned = new AtomicBoolean();
  private final Averages averages = new Averages("loss");

  OperatorLoss(String name, boolean hasSampleWeights, float weight) {
    super(Arguments.requireGiven("name", name));
    this.hasSampleWeights = hasSampleWeights;
    this.weight = weight;
  }

  static void requireFinite(float weight) {
    if (!Float.isFinite(weight)) {
      throw new IllegalArgumentException("weight must be finite, got " + weight);
    }
  }

  /** What the loss is multiplied by. */
  final float weight() {
    return weight;
  }

  /**
   * Tells whether the last array of labels are sample weights.
   *
   * @return whether it takes sample weights
   */
  public final boolean takesSampleWeights() {
    return hasSampleWeights;
  }

  /** A call of all that a network puts out. */
  abstract WeightedCall call(NDList predictions, NDList labels);

  /** Whether a network may put out so many arrays for this loss. */
  boolean takesOutputs(int arrays) {
    return arrays == arguments().size();
  }

  /** Which arrays they are, for messages. */
  String outputs() {
    return arguments().size() == 1
        ? "one array"
        : "two arrays, " + String.join(" and ", arguments());
  }

  /** What the outputs are called that must be there. */
  List<String> arguments() {
    return List.of("logits");
  }

  /** What the first array of labels is called. */
  String targets() {
    return "labels";
  }

  /** What the arrays of labels are called, the sample weights last. */
  List<String> labels() {
    return hasSampleWeights ? List.of(targets(), "sampleWeights") : List.of(targets());
  }

  /** Which arrays they are, for messages. */
  String labelArrays() {
    return hasSampleWeights
        ? "two arrays, %s and sample weights".formatted(targets())
        : "one array";
  }

  /** What to call if there is one array of labels more, for messages. */
  String hint() {
    return hasSampleWeights ? "" : "; if the last are sample weights, call withSampleWeights()";
  }

  /**
   * Returns the loss of a batch.
   *
   * @param labels the arrays of labels that the loss takes, sample weights last
   * @param predictions what the network puts out for this loss
   * @return the loss, differentiable with respect to the predictions
   * @throws IllegalArgumentException if there are more or fewer arrays, or an array is not as the
   *     operator wants it
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    requireArrays(labels, predictions);
    LossCall.Weighted batch = call(predictions, labels).weighted();
    warnWithoutWeight(batch.weight());
    return weighted(batch.value());
  }

  /**
   * Checks the arrays of a batch, but neither the labels' shapes nor their values.
   *
   * @param labels the arrays of labels that the loss takes, sample weights last
   * @param predictions what the network puts out for this loss, the logits first
   * @throws IllegalArgumentException if there are more or fewer arrays, one is null, or the logits
   *     are refused by {@link #requireLogits}
   * @throws IllegalStateException if an array is closed
   */
  public void requireArrays(NDList labels, NDList predictions) {
    Arguments.requireGiven("labels", labels);
    Arguments.requireGiven("predictions", predictions);
    requireOutputs(predictions.size());
    requireLabels(labels.size());
    requireOpen(arguments(), predictions);
    requireOpen(labels(), labels);
    requireLogits(predictions.get(0).getShape());
  }

  private static void requireOpen(List<String> names, NDList arrays) {
    for (int i = 0; i < names.size(); i++) {
      Inputs.requireOpen(names.get(i), arrays.get(i));
    }
  }

  @Override
  public final void requireOutputs(Shape... outputs) {
    requireOutputs(outputs.length);
    requireLogits(outputs[0]);
  }

  private void requireOutputs(int arrays) {
    if (!takesOutputs(arrays)) {
      throw new IllegalArgumentException(
          "predictions must be %s, got %d".formatted(outputs(), arrays));
    }
  }

  /**
   * Checks that the first output of a network can be the logits of this loss, or what it takes in
   * their place; the operator checks more.
   *
   * @param logits their shape
   * @throws IllegalArgumentException if they cannot
   */
  public void requireLogits(Shape logits) {}

  private void requireLabels(int arrays) {
    int expected = labels().size();
    if (arrays != expected) {
      throw new IllegalArgumentException(
          "labels must be %s, got %d%s"
              .formatted(labelArrays(), arrays, arrays == expected + 1 ? hint() : ""));
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

  private void warnWithoutWeight(double ofBatch) {
    if (ofBatch == 0 && hasWarned.compareAndSet(false, true)) {
      LOGGER.warn(
          "Nothing of this batch counts: all is ignored, masked or of weight 0. DJL's Trainer"
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

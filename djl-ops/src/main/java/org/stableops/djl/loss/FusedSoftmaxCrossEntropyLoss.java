package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.loss.Loss;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.kernel.CrossEntropyKernel;

/**
 * Softmax cross-entropy on logits as a DJL Loss: {@link SparseSoftmaxCrossEntropy} for integer
 * labels, {@link SoftmaxCrossEntropy} for class probabilities, which of the two by construction.
 *
 * <p>Takes one array of labels and one of logits, of float16, float32 or float64. As an evaluator
 * it averages, over the batches, the sum of the loss array, as DJL's own losses do.
 */
public final class FusedSoftmaxCrossEntropyLoss extends Loss {
  private static final String NAME = "FusedSoftmaxCrossEntropyLoss";

  private final Function function;
  private final Map<String, Double> sums = new ConcurrentHashMap<>();

  @FunctionalInterface
  private interface Function {
    NDArray apply(NDArray logits, NDArray labels);
  }

  /** Creates the loss for integer labels with the default options. */
  public FusedSoftmaxCrossEntropyLoss() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss for integer labels.
   *
   * @param options class axis, reduction and ignored label
   * @throws IllegalArgumentException if an option is not supported
   */
  public FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions options) {
    this(options, (logits, labels) -> SparseSoftmaxCrossEntropy.value(logits, labels, options));
  }

  private FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions options, Function function) {
    super(NAME);
    CrossEntropyKernel.requireSupported(options);
    this.function = function;
  }

  /**
   * Returns the loss for class probabilities, or any masses that are not negative.
   *
   * @param options class axis and reduction
   * @return a loss whose labels have the logits' shape
   * @throws IllegalArgumentException if an option is not supported
   */
  public static FusedSoftmaxCrossEntropyLoss probabilities(CrossEntropyOptions options) {
    return new FusedSoftmaxCrossEntropyLoss(
        options, (logits, labels) -> SoftmaxCrossEntropy.value(logits, labels, options));
  }

  /**
   * Returns the loss of a batch.
   *
   * @param labels one array
   * @param predictions one array of logits
   * @return the loss, differentiable with respect to the logits
   * @throws IllegalArgumentException if there are more arrays, or an array is not as the operator
   *     wants it
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    return function.apply(only("predictions", predictions), only("labels", labels));
  }

  private static NDArray only(String name, NDList arrays) {
    if (arrays.size() != 1) {
      throw new IllegalArgumentException(name + " must be one array, got " + arrays.size());
    }
    return arrays.get(0);
  }

  // Loss sums up in float32, and by a call that float64 arrays refuse; hence sums of our own.

  @Override
  public void addAccumulator(String key) {
    totalInstances.put(key, 0L);
    sums.put(key, 0.0);
  }

  @Override
  public void updateAccumulator(String key, NDList labels, NDList predictions) {
    updateAccumulators(new String[] {key}, labels, predictions);
  }

  @Override
  public void updateAccumulators(String[] keys, NDList labels, NDList predictions) {
    double update;
    try (NDArray loss = evaluate(labels, predictions);
        NDArray wide = loss.toType(DataType.FLOAT64, true);
        NDArray sum = wide.sum()) {
      update = sum.getDouble();
    }
    for (String key : keys) {
      totalInstances.merge(key, 1L, Long::sum);
      sums.merge(key, update, Double::sum);
    }
  }

  @Override
  public void resetAccumulator(String key) {
    totalInstances.computeIfPresent(key, (k, count) -> 0L);
    sums.computeIfPresent(key, (k, sum) -> 0.0);
  }

  @Override
  public float getAccumulator(String key) {
    Long count = totalInstances.get(key);
    if (count == null) {
      throw new IllegalArgumentException("no loss accumulator has the name " + key);
    }
    return count == 0 ? Float.NaN : (float) (sums.get(key) / count);
  }
}

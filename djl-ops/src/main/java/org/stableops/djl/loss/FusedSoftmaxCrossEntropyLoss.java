package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.training.loss.Loss;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.SoftmaxShape;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.training.FusedTrainer;

/**
 * Softmax cross-entropy on logits as a DJL Loss: {@link SparseSoftmaxCrossEntropy} for integer
 * labels, {@link SoftmaxCrossEntropy} for class probabilities, which of the two by construction.
 *
 * <p>Takes one array of logits, of float16, float32 or float64, and one of labels, or two: labels
 * and sample weights, or a mask. Integer labels may come as floating numbers, as DJL's data sets
 * deliver them, if every one of them is an integer. As an evaluator it averages, over the batches,
 * the sum of the loss array, as DJL's own losses do.
 *
 * <p>A batch of which no row counts, for all are ignored or masked, has the loss 0 and gradients of
 * 0. DJL's stock {@code Trainer}, at its first {@code step()} and only there, takes gradients that
 * are all 0 for a forgotten backward and throws an IllegalStateException; {@link FusedTrainer} does
 * not. So this loss logs one warning, at the first such batch.
 *
 * <pre>{@code
 * Loss loss = new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-100));
 * TrainingConfig config = new DefaultTrainingConfig(loss);
 * }</pre>
 */
public final class FusedSoftmaxCrossEntropyLoss extends Loss {
  private static final String NAME = "FusedSoftmaxCrossEntropyLoss";
  private static final Logger LOGGER = LoggerFactory.getLogger(FusedSoftmaxCrossEntropyLoss.class);

  /** Which operator it is; sample weights may be null. */
  private enum Kind {
    LABELS {
      @Override
      NDArray value(NDArray z, NDArray y, NDArray weights, CrossEntropyOptions options) {
        return weights == null
            ? SparseSoftmaxCrossEntropy.value(z, y, options)
            : SparseSoftmaxCrossEntropy.value(z, y, weights, options);
      }

      @Override
      CrossEntropyEvaluation<NDArray> evaluate(
          NDArray z, NDArray y, NDArray weights, CrossEntropyOptions options) {
        return weights == null
            ? SparseSoftmaxCrossEntropy.evaluate(z, y, options)
            : SparseSoftmaxCrossEntropy.evaluate(z, y, weights, options);
      }
    },
    PROBABILITIES {
      @Override
      NDArray value(NDArray z, NDArray y, NDArray weights, CrossEntropyOptions options) {
        return weights == null
            ? SoftmaxCrossEntropy.value(z, y, options)
            : SoftmaxCrossEntropy.value(z, y, weights, options);
      }

      @Override
      CrossEntropyEvaluation<NDArray> evaluate(
          NDArray z, NDArray y, NDArray weights, CrossEntropyOptions options) {
        return weights == null
            ? SoftmaxCrossEntropy.evaluate(z, y, options)
            : SoftmaxCrossEntropy.evaluate(z, y, weights, options);
      }
    };

    abstract NDArray value(NDArray z, NDArray y, NDArray weights, CrossEntropyOptions options);

    abstract CrossEntropyEvaluation<NDArray> evaluate(
        NDArray z, NDArray y, NDArray weights, CrossEntropyOptions options);
  }

  private final CrossEntropyOptions options;
  private final Kind kind;
  private final AtomicBoolean hasWarned = new AtomicBoolean();
  private final Map<String, Double> sums = new ConcurrentHashMap<>();

  /** Creates the loss for integer labels with the default options. */
  public FusedSoftmaxCrossEntropyLoss() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss for integer labels.
   *
   * @param options any
   */
  public FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions options) {
    this(options, Kind.LABELS);
  }

  private FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions options, Kind kind) {
    super(NAME);
    this.options = options;
    this.kind = kind;
  }

  /**
   * Returns the loss for class probabilities, or any masses that are not negative.
   *
   * @param options any without an ignored label
   * @return a loss whose labels have the logits' shape
   * @throws IllegalArgumentException if there is an ignored label
   */
  public static FusedSoftmaxCrossEntropyLoss probabilities(CrossEntropyOptions options) {
    SoftmaxShape.requireNoIgnoreIndex(options);
    return new FusedSoftmaxCrossEntropyLoss(options, Kind.PROBABILITIES);
  }

  /**
   * Returns the loss of a batch.
   *
   * @param labels one array, or two: labels and sample weights
   * @param predictions one array of logits
   * @return the loss, differentiable with respect to the logits
   * @throws IllegalArgumentException if there are more arrays, a floating label is no integer, or
   *     an array is not as the operator wants it
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    if (predictions.size() != 1) {
      throw new IllegalArgumentException(
          "predictions must be one array, got " + predictions.size());
    }
    if (labels.isEmpty() || labels.size() > 2) {
      throw new IllegalArgumentException(
          "labels must be one array, or two with sample weights, got " + labels.size());
    }
    NDArray weights = labels.size() == 2 ? labels.get(1) : null;
    return loss(predictions.get(0), labels.get(0), weights);
  }

  private NDArray loss(NDArray logits, NDArray labels, NDArray weights) {
    if (kind == Kind.LABELS && isFloating(logits, labels, weights)) {
      try (NDArray integers = integers(logits, labels, weights)) {
        return checked(logits, integers, weights);
      }
    }
    return checked(logits, labels, weights);
  }

  /** Tells of labels, which are only read where all arrays are there and open. */
  private static boolean isFloating(NDArray logits, NDArray labels, NDArray weights) {
    requireOpen("logits", logits);
    requireOpen("labels", labels);
    if (weights != null) {
      requireOpen("sampleWeights", weights);
    }
    return labels.getDataType().isFloating();
  }

  private static void requireOpen(String name, NDArray array) {
    if (array == null) {
      throw new IllegalArgumentException(name + " must be an array, got null");
    }
    if (array instanceof PtNDArray tensor && tensor.isReleased()) {
      throw new IllegalStateException(name + " must be open, but has been closed");
    }
  }

  private NDArray checked(NDArray logits, NDArray labels, NDArray weights) {
    NDArray loss = kind.value(logits, labels, weights, options);
    if (!hasWarned.get() && sum(loss) == 0) {
      try (CrossEntropyEvaluation<NDArray> all = kind.evaluate(logits, labels, weights, options)) {
        warnWithoutWeight(all.weight());
      }
    }
    return loss;
  }

  private void warnWithoutWeight(double weight) {
    if (weight == 0 && hasWarned.compareAndSet(false, true)) {
      LOGGER.warn(
          "No row of this batch counts: all are ignored, masked or of weight 0. DJL's Trainer"
              + " throws where the gradients of its first step are all 0: skip that step, or use"
              + " FusedTrainer.");
    }
  }

  private NDArray integers(NDArray logits, NDArray labels, NDArray weights) {
    SoftmaxShape shape = SoftmaxShape.of(logits.getShape().getShape(), options);
    shape.requireLabels(labels.getShape().getShape());
    if (weights != null) {
      requireNumbersOrBooleans(weights);
      shape.requireSampleWeights(weights.getShape().getShape());
    }
    int digits =
        switch (labels.getDataType()) {
          case FLOAT16 -> 11;
          case FLOAT32 -> 24;
          case FLOAT64 -> 53;
          default ->
              throw new IllegalArgumentException(
                  "labels dtype must be an integer type, float16, float32 or float64, got "
                      + labels.getDataType());
        };
    long[] integers =
        shape.integers(doubles(labels), weights == null ? null : doubles(weights), digits);
    return logits.getManager().create(integers, labels.getShape());
  }

  /** Before the operator asks, since native code would abort on other dtypes. */
  private static void requireNumbersOrBooleans(NDArray weights) {
    switch (weights.getDataType()) {
      case FLOAT16, FLOAT32, FLOAT64, INT8, UINT8, INT32, INT64, BOOLEAN -> {}
      default ->
          throw new IllegalArgumentException(
              "sampleWeights dtype must be floating, integer or boolean, got "
                  + weights.getDataType());
    }
  }

  /** In a scope, for the host copies what is not contiguous and leaves that with the manager. */
  private static double[] doubles(NDArray array) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return array.stopGradient().toType(DataType.FLOAT64, false).toDoubleArray();
    }
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
    try (NDArray loss = evaluate(labels, predictions)) {
      update = sum(loss);
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

  private static double sum(NDArray loss) {
    return Arrays.stream(doubles(loss)).sum();
  }
}

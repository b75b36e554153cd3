package org.stableops.djl.evaluator;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.training.evaluator.Evaluator;
import org.stableops.djl.internal.Averages;
import org.stableops.internal.Arguments;

/** A weighted average over all that has been seen, not over batches as DJL's own. */
abstract class AveragingEvaluator extends Evaluator {
  private final Averages averages;

  AveragingEvaluator(String name, String kind) {
    super(Arguments.requireGiven("name", name));
    averages = new Averages(kind);
  }

  /**
   * What a batch adds to the average.
   *
   * @param sum of numbers times their weights
   * @param weight of the numbers
   */
  record Average(double sum, double weight) {}

  /** The average of a batch, in a scope that closes what it leaves. */
  abstract Average average(NDList labels, NDList predictions);

  /** What an average tells. */
  double result(double average) {
    return average;
  }

  private Average scoped(NDList labels, NDList predictions) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return average(labels, predictions);
    }
  }

  /**
   * Returns the average of a batch.
   *
   * @param labels as for the loss
   * @param predictions as for the loss
   * @return a scalar of float32, of the manager of the predictions; NaN where nothing counts
   * @throws IllegalArgumentException if the loss would refuse the arrays
   */
  @Override
  public final NDArray evaluate(NDList labels, NDList predictions) {
    Average average = scoped(labels, predictions);
    return predictions.head().getManager().create((float) result(average.sum / average.weight));
  }

  @Override
  public final void addAccumulator(String key) {
    averages.add(key);
  }

  @Override
  public final void updateAccumulator(String key, NDList labels, NDList predictions) {
    updateAccumulators(new String[] {key}, labels, predictions);
  }

  @Override
  public final void updateAccumulators(String[] keys, NDList labels, NDList predictions) {
    Average average = scoped(labels, predictions);
    averages.update(keys, average.sum, average.weight);
  }

  @Override
  public final void resetAccumulator(String key) {
    averages.reset(key);
  }

  @Override
  public final float getAccumulator(String key) {
    return (float) result(averages.get(key));
  }
}

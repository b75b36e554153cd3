package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.op.ElementLoss;

/** What DJL's Losses of counts have in common. */
abstract class CountLoss extends ElementOperatorLoss {
  private final CountOptions options;

  CountLoss(
      String name, ElementLoss loss, CountOptions options, boolean hasSampleWeights, float weight) {
    super(name, loss, hasSampleWeights, weight);
    this.options = options;
  }

  /**
   * Returns the options.
   *
   * @return those of the constructor
   */
  public final CountOptions options() {
    return options;
  }

  /**
   * Returns everything known about the losses of a batch, outside any graph.
   *
   * @param labels as of {@link #evaluate}
   * @param predictions what the network puts out for this loss
   * @return losses, deviances and weight
   * @throws IllegalArgumentException if there are more or fewer arrays, or an array is not as the
   *     operator wants it
   */
  public final CountEvaluation<NDArray> evaluateCounts(NDList labels, NDList predictions) {
    requireArrays(labels, predictions);
    return call(predictions, labels).evaluateCounts();
  }
}

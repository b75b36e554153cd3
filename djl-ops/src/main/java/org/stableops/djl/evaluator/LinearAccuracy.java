package org.stableops.djl.evaluator;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import org.stableops.djl.internal.LinearCall;
import org.stableops.djl.internal.Numbers;
import org.stableops.djl.loss.FusedLinearCrossEntropyLoss;
import org.stableops.internal.Arguments;

/**
 * The share of tokens whose label is the best class, or among the k best, of a network that ends
 * with a LinearCrossEntropyHead: among the tokens that the loss counts, by their sample weights. A
 * token whose logits hold a NaN, or nothing but −inf, is wrong. Where no token counts, the accuracy
 * is NaN. The logits exist a piece at a time.
 *
 * <pre>{@code
 * FusedLinearCrossEntropyLoss loss = new FusedLinearCrossEntropyLoss();
 * TrainingConfig config =
 *     new DefaultTrainingConfig(loss)
 *         .addEvaluator(new LinearAccuracy(loss))
 *         .addEvaluator(new LinearAccuracy("Top5Accuracy", loss, 5));
 * }</pre>
 *
 * @see SoftmaxAccuracy
 */
public final class LinearAccuracy extends AveragingEvaluator {
  private static final String NAME = "Accuracy";

  private final FusedLinearCrossEntropyLoss loss;
  private final int best;

  /**
   * Creates the accuracy by the name of DJL's own, "Accuracy".
   *
   * @param loss tells which tokens count
   * @throws IllegalArgumentException if it is null
   */
  public LinearAccuracy(FusedLinearCrossEntropyLoss loss) {
    this(NAME, loss, 1);
  }

  /**
   * Creates the accuracy among the best classes.
   *
   * @param name under which DJL keeps it
   * @param loss tells which tokens count
   * @param best how many classes count as right, 1 or more
   * @throws IllegalArgumentException if an argument is null or {@code best} is less than 1
   */
  public LinearAccuracy(String name, FusedLinearCrossEntropyLoss loss, int best) {
    super(name, "accuracy");
    this.loss = Arguments.requireGiven("loss", loss);
    if (best < 1) {
      throw new IllegalArgumentException("best must be >= 1, got " + best);
    }
    this.best = best;
  }

  @Override
  Average average(NDList labels, NDList predictions) {
    loss.requireArrays(labels, predictions);
    double[] weights = LinearCall.ofBatch(predictions, labels, loss.options()).tokenWeights();
    double[] truth = Numbers.doubles(labels.head());
    NDArray[] largest = LinearCall.largest(predictions, best);
    double[] logits = Numbers.doubles(largest[0]);
    double[] classes = Numbers.doubles(largest[1]);
    double right = 0;
    double all = 0;
    for (int token = 0; token < weights.length; token++) {
      int first = token * best;
      double label = truth[token];
      boolean isRight =
          logits[first] > Double.NEGATIVE_INFINITY
              && Arrays.stream(classes, first, first + best).anyMatch(found -> found == label);
      all += weights[token];
      right += isRight ? weights[token] : 0;
    }
    return new Average(right, all);
  }
}

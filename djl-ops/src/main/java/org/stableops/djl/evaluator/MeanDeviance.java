package org.stableops.djl.evaluator;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.function.BiFunction;
import org.stableops.CountEvaluation;
import org.stableops.djl.loss.FusedNegativeBinomialLoss;
import org.stableops.djl.loss.FusedPoissonLoss;
import org.stableops.internal.Arguments;

/**
 * The mean deviance of counts, among the elements that a loss counts: twice what the full loss is
 * above that of means that are the counts themselves, by the sample weights. It is 0 for a perfect
 * fit, and about 1 where the model is right and the means are not small. Where nothing counts, it
 * is NaN.
 *
 * <pre>{@code
 * FusedPoissonLoss loss = new FusedPoissonLoss();
 * TrainingConfig config = new DefaultTrainingConfig(loss).addEvaluator(new MeanDeviance(loss));
 * }</pre>
 *
 * @see CountEvaluation
 */
public final class MeanDeviance extends AveragingEvaluator {
  private static final String NAME = "MeanDeviance";

  private final BiFunction<NDList, NDList, CountEvaluation<NDArray>> evaluation;

  /**
   * Creates the mean deviance of a network that a Poisson loss trains.
   *
   * @param loss tells what the rate is, and which elements count
   * @throws IllegalArgumentException if it is null
   */
  public MeanDeviance(FusedPoissonLoss loss) {
    super(NAME, "deviance");
    evaluation = Arguments.requireGiven("loss", loss)::evaluateCounts;
  }

  /**
   * Creates the mean deviance of a network that a negative binomial loss trains.
   *
   * @param loss tells what the mean is, and which elements count
   * @throws IllegalArgumentException if it is null
   */
  public MeanDeviance(FusedNegativeBinomialLoss loss) {
    super(NAME, "deviance");
    evaluation = Arguments.requireGiven("loss", loss)::evaluateCounts;
  }

  @Override
  Average average(NDList labels, NDList predictions) {
    CountEvaluation<NDArray> all = evaluation.apply(labels, predictions);
    return new Average(all.deviance(), all.weight());
  }
}

package org.stableops.djl.evaluator;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.internal.CrossEntropy;
import org.stableops.djl.internal.LinearCall;
import org.stableops.djl.internal.Numbers;
import org.stableops.djl.loss.FusedLinearCrossEntropyLoss;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.internal.Arguments;
import org.stableops.op.SoftmaxLoss;

/**
 * The perplexity of a language model: e to the mean cross-entropy of the tokens that a loss counts,
 * by their sample weights. Smoothing, z-loss and class weights do not count. It is the number of
 * classes for a model that knows nothing, and 1 for one that knows everything. Where no token
 * counts, it is NaN.
 *
 * <pre>{@code
 * FusedLinearCrossEntropyLoss loss = new FusedLinearCrossEntropyLoss();
 * TrainingConfig config = new DefaultTrainingConfig(loss).addEvaluator(new Perplexity(loss));
 * }</pre>
 *
 * <p>It computes the loss once more, without gradients: in training, give it to the validation set
 * alone where that is too much.
 */
public final class Perplexity extends AveragingEvaluator {
  private static final String NAME = "Perplexity";

  /** The mean loss of a batch. */
  @FunctionalInterface
  private interface Loss {
    Average average(NDList labels, NDList predictions);
  }

  private final Loss loss;

  /**
   * Creates the perplexity of a network that ends with a LinearCrossEntropyHead.
   *
   * @param loss tells which tokens count
   * @throws IllegalArgumentException if it is null
   */
  public Perplexity(FusedLinearCrossEntropyLoss loss) {
    this(NAME, loss);
  }

  /**
   * Creates the perplexity of a network that ends with a LinearCrossEntropyHead.
   *
   * @param name under which DJL keeps it
   * @param loss tells which tokens count
   * @throws IllegalArgumentException if an argument is null
   */
  public Perplexity(String name, FusedLinearCrossEntropyLoss loss) {
    super(name, "perplexity");
    CrossEntropyOptions options = plain(Arguments.requireGiven("loss", loss).options());
    this.loss =
        (labels, predictions) -> {
          loss.requireArrays(labels, predictions);
          LinearCall call = LinearCall.ofBatch(predictions, labels, options);
          return new Average(call.sum(), call.weight());
        };
  }

  /**
   * Creates the perplexity of a network that puts out logits.
   *
   * @param loss tells what the labels are and which tokens count
   * @throws IllegalArgumentException if it is null
   */
  public Perplexity(FusedSoftmaxCrossEntropyLoss loss) {
    this(NAME, loss);
  }

  /**
   * Creates the perplexity of a network that puts out logits.
   *
   * @param name under which DJL keeps it
   * @param loss tells what the labels are and which tokens count
   * @throws IllegalArgumentException if an argument is null
   */
  public Perplexity(String name, FusedSoftmaxCrossEntropyLoss loss) {
    super(name, "perplexity");
    CrossEntropyOptions options =
        plain(Arguments.requireGiven("loss", loss).options()).withAxis(loss.options().axis());
    SoftmaxLoss kind = loss.takesProbabilities() ? SoftmaxLoss.DENSE : SoftmaxLoss.SPARSE;
    this.loss =
        (labels, predictions) -> {
          loss.requireArrays(labels, predictions);
          CrossEntropy call =
              CrossEntropy.of(kind, predictions.head().stopGradient(), labels.head(), options);
          CrossEntropy weighted =
              loss.takesSampleWeights() ? call.withSampleWeights(labels.get(1)) : call;
          CrossEntropyEvaluation<NDArray> all = weighted.evaluate();
          double sum = Arrays.stream(Numbers.doubles(all.rowLosses())).sum();
          return new Average(sum, all.weight());
        };
  }

  private static CrossEntropyOptions plain(CrossEntropyOptions options) {
    CrossEntropyOptions sum = CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);
    return options.ignoreIndex().isPresent()
        ? sum.withIgnoreIndex(options.ignoreIndex().getAsLong())
        : sum;
  }

  @Override
  Average average(NDList labels, NDList predictions) {
    return loss.average(labels, predictions);
  }

  @Override
  double result(double average) {
    return Math.exp(average);
  }
}

package org.stableops.djl.loss;

import org.stableops.CountOptions;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.nn.NegativeBinomialHead;
import org.stableops.op.ElementLosses;

/**
 * Negative binomial loss of counts as a DJL Loss, {@link NegativeBinomialLoss}: for a network that
 * puts out two arrays, raw values of which a {@link org.stableops.PositiveTransform} makes the
 * means, and inverse dispersions, which must be positive, for the loss of others is NaN: those of a
 * {@link NegativeBinomialHead}, of a {@link org.stableops.djl.nn.PositiveParameter}, or of a branch
 * that ends with {@link org.stableops.djl.Softplus}.
 *
 * <p>Raw values are of float16, float32 or float64, the inverse dispersions of the same dtype and
 * of a shape that broadcasts against theirs; both are trained. Counts have the shape of the raw
 * values, and any dtype; where the last axis of the raw values has one element, the counts may be
 * without it. After {@link #withSampleWeights} there are two arrays of labels: the counts, and the
 * weight of each element or a mask. As an evaluator it averages, over the batches, the sum of the
 * loss array, as DJL's own losses do.
 *
 * <p>Give each loss of a model a name of its own: DJL's metrics and evaluators are kept by name.
 *
 * <pre>{@code
 * Block head = NegativeBinomialHead.builder().setUnits(1).build(); // ends the network
 * Loss loss = new FusedNegativeBinomialLoss();
 * }</pre>
 */
public final class FusedNegativeBinomialLoss extends CountLoss {
  private static final String NAME = "FusedNegativeBinomialLoss";

  /** Creates the loss with the default options. */
  public FusedNegativeBinomialLoss() {
    this(CountOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options any
   * @throws IllegalArgumentException if the options are null
   */
  public FusedNegativeBinomialLoss(CountOptions options) {
    this(NAME, options);
  }

  /**
   * Creates the loss with a name of its own.
   *
   * @param name under which DJL keeps the history of the loss
   * @param options any
   * @throws IllegalArgumentException if an argument is null
   */
  public FusedNegativeBinomialLoss(String name, CountOptions options) {
    this(name, options, false, 1);
  }

  private FusedNegativeBinomialLoss(
      String name, CountOptions options, boolean hasSampleWeights, float weight) {
    super(
        name, ElementLosses.negativeBinomialLoss().of(options), options, hasSampleWeights, weight);
  }

  /**
   * Returns a loss like this one that takes a second array of labels: the weight of each element,
   * in numbers or booleans. Elements of weight 0 count nothing and are never read.
   *
   * @return a new loss of the same name
   */
  public FusedNegativeBinomialLoss withSampleWeights() {
    return new FusedNegativeBinomialLoss(getName(), options(), true, weight());
  }

  /**
   * Returns a loss like this one times a number, for a composite of several losses.
   *
   * @param newWeight what the loss is multiplied by
   * @return a new loss of the same name
   * @throws IllegalArgumentException if the weight is not finite
   */
  public FusedNegativeBinomialLoss withWeight(float newWeight) {
    requireFinite(newWeight);
    return new FusedNegativeBinomialLoss(getName(), options(), takesSampleWeights(), newWeight);
  }
}

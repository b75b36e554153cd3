package org.stableops.djl.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.stableops.CountOptions;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.op.ElementLosses;

/**
 * Poisson loss of counts as a DJL Loss, {@link PoissonLoss}: for a network that puts out the
 * logarithm of a rate, or a raw value that another {@link org.stableops.PositiveTransform} makes a
 * rate of, or the rate itself.
 *
 * <p>Takes one array of raw values, of float16, float32 or float64, and one of counts in their
 * shape, of any dtype; where the last axis of the raw values has one element, the counts may be
 * without it. After {@link #withExposure} the counts are followed by a second array of labels, the
 * exposures, and after {@link #withSampleWeights} the last array of labels is the weight of each
 * element or a mask. As an evaluator it averages, over the batches, the sum of the loss array, as
 * DJL's own losses do.
 *
 * <p>Give each loss of a model a name of its own: DJL's metrics and evaluators are kept by name.
 *
 * <p>A batch of which nothing counts has the loss 0 and gradients of 0. DJL's stock {@code
 * Trainer}, at its first {@code step()} and only there, takes gradients that are all 0 for a
 * missing call of backward and throws an IllegalStateException; {@link FusedTrainer} does not. So
 * this loss logs one warning, at the first such batch.
 *
 * <pre>{@code
 * Loss loss = new FusedPoissonLoss(CountOptions.DEFAULT.withRate(PositiveTransform.softplus()));
 * Loss ofHours = new FusedPoissonLoss().withExposure(); // labels are counts and exposures
 * TrainingConfig config = new DefaultTrainingConfig(loss);
 * }</pre>
 */
public final class FusedPoissonLoss extends CountLoss {
  private static final String NAME = "FusedPoissonLoss";

  private final boolean hasExposure;

  /** Creates the loss with the default options. */
  public FusedPoissonLoss() {
    this(CountOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options any
   * @throws IllegalArgumentException if the options are null
   */
  public FusedPoissonLoss(CountOptions options) {
    this(NAME, options);
  }

  /**
   * Creates the loss with a name of its own.
   *
   * @param name under which DJL keeps the history of the loss
   * @param options any
   * @throws IllegalArgumentException if an argument is null
   */
  public FusedPoissonLoss(String name, CountOptions options) {
    this(name, options, false, false, 1);
  }

  private FusedPoissonLoss(
      String name,
      CountOptions options,
      boolean hasExposure,
      boolean hasSampleWeights,
      float weight) {
    super(name, ElementLosses.poissonLoss().of(options), options, hasSampleWeights, weight);
    this.hasExposure = hasExposure;
  }

  /**
   * Returns a loss like this one that takes another array of labels, after the counts: exposures,
   * by which the rates are multiplied. They are of the dtype of the raw values and broadcast
   * against them; where the counts are without the last axis, they may be too.
   *
   * @return a new loss of the same name
   */
  public FusedPoissonLoss withExposure() {
    return new FusedPoissonLoss(getName(), options(), true, takesSampleWeights(), weight());
  }

  /**
   * Returns a loss like this one that takes another array of labels, the last: the weight of each
   * element, in numbers or booleans. Elements of weight 0 count nothing and are never read.
   *
   * @return a new loss of the same name
   */
  public FusedPoissonLoss withSampleWeights() {
    return new FusedPoissonLoss(getName(), options(), hasExposure, true, weight());
  }

  /**
   * Returns a loss like this one times a number, for a composite of several losses.
   *
   * @param newWeight what the loss is multiplied by
   * @return a new loss of the same name
   * @throws IllegalArgumentException if the weight is not finite
   */
  public FusedPoissonLoss withWeight(float newWeight) {
    requireFinite(newWeight);
    return new FusedPoissonLoss(getName(), options(), hasExposure, takesSampleWeights(), newWeight);
  }

  /**
   * Tells whether the second array of labels are exposures.
   *
   * @return whether it takes exposures
   */
  public boolean takesExposure() {
    return hasExposure;
  }

  @Override
  List<String> labels() {
    List<String> names = new ArrayList<>(super.labels());
    if (hasExposure) {
      names.add(1, "exposure");
    }
    return names;
  }

  @Override
  String labelArrays() {
    if (!hasExposure) {
      return super.labelArrays();
    }
    return takesSampleWeights()
        ? "three arrays, counts, exposures and sample weights"
        : "two arrays, counts and exposures";
  }

  @Override
  String hint() {
    return hasExposure
        ? super.hint()
        : "; if the second are exposures, call withExposure()"
            + (takesSampleWeights() ? "" : ", and if they are sample weights, withSampleWeights()");
  }

  @Override
  @Nullable NDArray companion(NDList predictions, NDList labels) {
    return hasExposure ? labels.get(1) : null;
  }
}

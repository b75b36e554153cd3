package org.stableops;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalDouble;
import org.stableops.internal.Arguments;

/**
 * The options of the cross-entropy of yes or no, an immutable value that validates itself.
 *
 * <p>With x a logit, y in [0, 1] its target, s the smoothing, y′ = (1−s)·y + s/2, w the positive
 * weight, and γ and α those of the focal loss, the loss of the element is
 *
 * <pre>
 * c₊·(1−p)^γ·(−log p) + c₋·p^γ·(−log(1−p)),   p = 1/(1 + e^{−x}),   c₊ = w·α·y′,   c₋ = (1−α)·(1−y′),
 * </pre>
 *
 * where without an α both α and 1 − α are 1.
 *
 * <pre>{@code
 * BinaryCrossEntropyOptions options =
 *     BinaryCrossEntropyOptions.DEFAULT
 *         .withReduction(Reduction.SUM)
 *         .withLabelSmoothing(0.1)
 *         .withPositiveWeights(1, 20, 5);
 * BinaryCrossEntropyOptions focal =
 *     BinaryCrossEntropyOptions.DEFAULT.withFocalGamma(2).withFocalAlpha(0.25);
 * }</pre>
 */
public final class BinaryCrossEntropyOptions implements Serializable {
  private static final long serialVersionUID = 1;

  /** {@link Reduction#MEAN}, no smoothing, no positive weights, no focal loss. */
  public static final BinaryCrossEntropyOptions DEFAULT =
      new BinaryCrossEntropyOptions(Reduction.MEAN, 0, new double[0], 0, null);

  private final Reduction reduction;
  private final double labelSmoothing;
  private final double[] positiveWeights;
  private final double focalGamma;

  /** Null for none; an OptionalDouble is not serializable. */
  private final Double focalAlpha;

  private BinaryCrossEntropyOptions(
      Reduction reduction,
      double labelSmoothing,
      double[] positiveWeights,
      double focalGamma,
      Double focalAlpha) {
    this.reduction = reduction;
    this.labelSmoothing = labelSmoothing;
    this.positiveWeights = positiveWeights;
    this.focalGamma = focalGamma;
    this.focalAlpha = focalAlpha;
  }

  /**
   * Returns these options with another reduction.
   *
   * @param newReduction how the losses of the elements become the result
   * @return the new options
   * @throws IllegalArgumentException if it is null
   */
  public BinaryCrossEntropyOptions withReduction(Reduction newReduction) {
    Arguments.requireGiven("reduction", newReduction);
    return new BinaryCrossEntropyOptions(
        newReduction, labelSmoothing, positiveWeights, focalGamma, focalAlpha);
  }

  /**
   * Returns these options with label smoothing.
   *
   * @param newLabelSmoothing how far every target moves towards ½, in [0, 1]; at 1 all are ½
   * @return the new options
   * @throws IllegalArgumentException if it is outside [0, 1]
   */
  public BinaryCrossEntropyOptions withLabelSmoothing(double newLabelSmoothing) {
    Arguments.requireShare("labelSmoothing", newLabelSmoothing);
    return new BinaryCrossEntropyOptions(
        reduction, newLabelSmoothing, positiveWeights, focalGamma, focalAlpha);
  }

  /**
   * Returns these options with weights of the positive part of the loss, for targets that are
   * rarely yes. With label smoothing a no has such a part too: w·s/2, which should stay well below
   * 1, or the best answer to a sure no is yes.
   *
   * @param newPositiveWeights one for all elements, or one for each element of the last axis;
   *     copied; none for no weights
   * @return the new options
   * @throws IllegalArgumentException if they are null, or one is negative or not finite
   */
  public BinaryCrossEntropyOptions withPositiveWeights(double... newPositiveWeights) {
    Arguments.requireWeights("positiveWeights", newPositiveWeights);
    return new BinaryCrossEntropyOptions(
        reduction, labelSmoothing, newPositiveWeights.clone(), focalGamma, focalAlpha);
  }

  /**
   * Returns these options with a focal loss, which gives less weight to what the model gets right
   * already.
   *
   * @param newFocalGamma γ; 0 for none
   * @return the new options
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public BinaryCrossEntropyOptions withFocalGamma(double newFocalGamma) {
    Arguments.requireWeight("focalGamma", newFocalGamma);
    return new BinaryCrossEntropyOptions(
        reduction, labelSmoothing, positiveWeights, newFocalGamma, focalAlpha);
  }

  /**
   * Returns these options with a balance of yes and no.
   *
   * @param newFocalAlpha α, what yes counts for, where no counts for 1 − α
   * @return the new options
   * @throws IllegalArgumentException if it is outside [0, 1]
   */
  public BinaryCrossEntropyOptions withFocalAlpha(double newFocalAlpha) {
    Arguments.requireShare("focalAlpha", newFocalAlpha);
    return new BinaryCrossEntropyOptions(
        reduction, labelSmoothing, positiveWeights, focalGamma, newFocalAlpha);
  }

  /**
   * Returns the reduction.
   *
   * @return how the losses of the elements become the result
   */
  public Reduction reduction() {
    return reduction;
  }

  /**
   * Returns the label smoothing.
   *
   * @return how far every target moves towards ½
   */
  public double labelSmoothing() {
    return labelSmoothing;
  }

  /**
   * Returns the positive weights.
   *
   * @return a copy of the weights; empty for no weights
   */
  public double[] positiveWeights() {
    return positiveWeights.clone();
  }

  /**
   * Returns the exponent of the focal loss.
   *
   * @return γ, 0 for none
   */
  public double focalGamma() {
    return focalGamma;
  }

  /**
   * Returns the balance of yes and no.
   *
   * @return α, or empty
   */
  public OptionalDouble focalAlpha() {
    return focalAlpha == null ? OptionalDouble.empty() : OptionalDouble.of(focalAlpha);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BinaryCrossEntropyOptions o
        && reduction == o.reduction
        && labelSmoothing == o.labelSmoothing
        && Arrays.equals(positiveWeights, o.positiveWeights)
        && focalGamma == o.focalGamma
        && Objects.equals(focalAlpha, o.focalAlpha);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        reduction, labelSmoothing, Arrays.hashCode(positiveWeights), focalGamma, focalAlpha);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("reduction=" + reduction);
    if (labelSmoothing != 0) {
      text.append(", labelSmoothing=").append(labelSmoothing);
    }
    if (positiveWeights.length > 0) {
      text.append(", positiveWeights=").append(Arrays.toString(positiveWeights));
    }
    if (focalGamma != 0) {
      text.append(", focalGamma=").append(focalGamma);
    }
    if (focalAlpha != null) {
      text.append(", focalAlpha=").append(focalAlpha);
    }
    return "BinaryCrossEntropyOptions(" + text + ")";
  }
}

package org.stableops;

import java.io.Serializable;
import java.util.Objects;
import java.util.Optional;
import org.stableops.internal.Arguments;

/**
 * The options of losses of counts, an immutable value that validates itself: how the raw value r
 * that a model puts out becomes the rate λ, and what is counted.
 *
 * <pre>{@code
 * CountOptions logLink = CountOptions.DEFAULT; // λ = e^r, the mean of λ − y·r
 * CountOptions likelihood = CountOptions.DEFAULT.withFullLikelihood().withReduction(Reduction.SUM);
 * CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus());
 * }</pre>
 */
public final class CountOptions implements Serializable {
  private static final long serialVersionUID = 1;

  /** λ = e^r, {@link Reduction#MEAN}, without what depends on the counts alone. */
  public static final CountOptions DEFAULT =
      new CountOptions(Reduction.MEAN, PositiveTransform.exp(), false);

  /** λ = r: the model puts out the rate itself, which must not be negative. */
  public static final CountOptions RATE = new CountOptions(Reduction.MEAN, null, false);

  private final Reduction reduction;

  /** Null where the raw value is the rate. */
  private final PositiveTransform rate;

  private final boolean hasFullLikelihood;

  private CountOptions(Reduction reduction, PositiveTransform rate, boolean hasFullLikelihood) {
    this.reduction = reduction;
    this.rate = rate;
    this.hasFullLikelihood = hasFullLikelihood;
  }

  /**
   * Returns these options with another reduction.
   *
   * @param newReduction how the losses of the elements become the result
   * @return the new options
   * @throws IllegalArgumentException if it is null
   */
  public CountOptions withReduction(Reduction newReduction) {
    Arguments.requireGiven("reduction", newReduction);
    return new CountOptions(newReduction, rate, hasFullLikelihood);
  }

  /**
   * Returns these options with another map from the raw value to the rate.
   *
   * @param newRate any
   * @return the new options
   * @throws IllegalArgumentException if it is null
   */
  public CountOptions withRate(PositiveTransform newRate) {
    Arguments.requireGiven("rate", newRate);
    return new CountOptions(reduction, newRate, hasFullLikelihood);
  }

  /**
   * Returns these options with the full likelihood: the loss then has what depends on the counts
   * alone, which changes no gradient, and e^{−loss} is a probability.
   *
   * @return the new options
   */
  public CountOptions withFullLikelihood() {
    return new CountOptions(reduction, rate, true);
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
   * Returns the map from the raw value to the rate.
   *
   * @return the transform, or empty where the raw value is the rate
   */
  public Optional<PositiveTransform> rate() {
    return Optional.ofNullable(rate);
  }

  /**
   * Tells whether the likelihood is the full one.
   *
   * @return whether the loss has what depends on the counts alone
   */
  public boolean hasFullLikelihood() {
    return hasFullLikelihood;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CountOptions o
        && reduction == o.reduction
        && Objects.equals(rate, o.rate)
        && hasFullLikelihood == o.hasFullLikelihood;
  }

  @Override
  public int hashCode() {
    return Objects.hash(reduction, rate, hasFullLikelihood);
  }

  @Override
  public String toString() {
    return "CountOptions(reduction=%s, rate=%s%s)"
        .formatted(reduction, rate == null ? "raw" : rate, hasFullLikelihood ? ", full" : "");
  }
}

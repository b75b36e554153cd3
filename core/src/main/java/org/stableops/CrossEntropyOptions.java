package org.stableops;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalLong;
import org.stableops.internal.Arguments;

/**
 * The options of softmax cross-entropy, an immutable value that validates itself.
 *
 * <p>With z the logits of a row, q its target probabilities (1 at the label for integer labels), w
 * the class weights, s the smoothing and ζ the z-loss weight, the loss of the row is
 *
 * <pre>Σ_c w_c q′_c (lse − z_c) + ζ · (Σ_c w_c q_c) · lse²,   lse = log Σ_c exp z_c,</pre>
 *
 * where q′ is q smoothed over the live classes: q′_c = (1−s)·q_c + s·Σq/K.
 *
 * <pre>{@code
 * CrossEntropyOptions options =
 *     CrossEntropyOptions.DEFAULT
 *         .withReduction(Reduction.SUM)
 *         .withIgnoreIndex(-100)
 *         .withLabelSmoothing(0.1)
 *         .withClassWeights(1, 2, 0.5);
 * }</pre>
 */
public final class CrossEntropyOptions implements Serializable {
  private static final long serialVersionUID = 1;

  /** Axis −1, {@link Reduction#MEAN}, nothing ignored, no smoothing, no z-loss, no weights. */
  public static final CrossEntropyOptions DEFAULT =
      new CrossEntropyOptions(-1, Reduction.MEAN, null, 0, 0, new double[0]);

  private final int axis;
  private final Reduction reduction;

  /** Null for none; an OptionalLong is not serializable. */
  private final Long ignoreIndex;

  private final double labelSmoothing;
  private final double zLoss;
  private final double[] classWeights;

  private CrossEntropyOptions(
      int axis,
      Reduction reduction,
      Long ignoreIndex,
      double labelSmoothing,
      double zLoss,
      double[] classWeights) {
    this.axis = axis;
    this.reduction = reduction;
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.zLoss = zLoss;
    this.classWeights = classWeights;
  }

  /**
   * Returns these options with another class axis.
   *
   * @param newAxis the axis of the logits that holds the classes; negative counts from the end
   * @return the new options
   */
  public CrossEntropyOptions withAxis(int newAxis) {
    return new CrossEntropyOptions(
        newAxis, reduction, ignoreIndex, labelSmoothing, zLoss, classWeights);
  }

  /**
   * Returns these options with another reduction.
   *
   * @param newReduction how the losses of the rows become the result
   * @return the new options
   * @throws IllegalArgumentException if it is null
   */
  public CrossEntropyOptions withReduction(Reduction newReduction) {
    Arguments.requireGiven("reduction", newReduction);
    return new CrossEntropyOptions(
        axis, newReduction, ignoreIndex, labelSmoothing, zLoss, classWeights);
  }

  /**
   * Returns these options with an integer label whose rows count nothing and are never read.
   *
   * @param newIgnoreIndex any number, inside or outside the classes
   * @return the new options
   */
  public CrossEntropyOptions withIgnoreIndex(long newIgnoreIndex) {
    return new CrossEntropyOptions(
        axis, reduction, newIgnoreIndex, labelSmoothing, zLoss, classWeights);
  }

  /**
   * Returns these options with label smoothing.
   *
   * @param newLabelSmoothing the share of the probability spread evenly over the live classes, in
   *     [0, 1]; at 1 the label says nothing
   * @return the new options
   * @throws IllegalArgumentException if it is outside [0, 1]
   */
  public CrossEntropyOptions withLabelSmoothing(double newLabelSmoothing) {
    Arguments.requireShare("labelSmoothing", newLabelSmoothing);
    return new CrossEntropyOptions(
        axis, reduction, ignoreIndex, newLabelSmoothing, zLoss, classWeights);
  }

  /**
   * Returns these options with a z-loss, which pulls the log-sum-exp towards 0.
   *
   * @param newZLoss its weight ζ
   * @return the new options
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public CrossEntropyOptions withZLoss(double newZLoss) {
    Arguments.requireWeight("zLoss", newZLoss);
    return new CrossEntropyOptions(
        axis, reduction, ignoreIndex, labelSmoothing, newZLoss, classWeights);
  }

  /**
   * Returns these options with one weight per class.
   *
   * @param newClassWeights the weights, copied; none for no weights
   * @return the new options
   * @throws IllegalArgumentException if they are null, or one is negative or not finite
   */
  public CrossEntropyOptions withClassWeights(double... newClassWeights) {
    Arguments.requireWeights("classWeights", newClassWeights);
    return new CrossEntropyOptions(
        axis, reduction, ignoreIndex, labelSmoothing, zLoss, newClassWeights.clone());
  }

  /**
   * Returns the class axis.
   *
   * @return the axis of the logits that holds the classes; negative counts from the end
   */
  public int axis() {
    return axis;
  }

  /**
   * Returns the reduction.
   *
   * @return how the losses of the rows become the result
   */
  public Reduction reduction() {
    return reduction;
  }

  /**
   * Returns the ignored label.
   *
   * @return the label whose rows are ignored, or empty
   */
  public OptionalLong ignoreIndex() {
    return ignoreIndex == null ? OptionalLong.empty() : OptionalLong.of(ignoreIndex);
  }

  /**
   * Tells whether a label is the ignored one.
   *
   * @param label an integer label
   * @return true if its row counts nothing
   */
  public boolean ignores(long label) {
    return ignoreIndex != null && ignoreIndex == label;
  }

  /**
   * Returns the label smoothing.
   *
   * @return the share of the probability spread evenly over the live classes
   */
  public double labelSmoothing() {
    return labelSmoothing;
  }

  /**
   * Returns the z-loss weight.
   *
   * @return ζ
   */
  public double zLoss() {
    return zLoss;
  }

  /**
   * Returns the class weights.
   *
   * @return a copy of the weights; empty for no weights
   */
  public double[] classWeights() {
    return classWeights.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CrossEntropyOptions o
        && axis == o.axis
        && reduction == o.reduction
        && Objects.equals(ignoreIndex, o.ignoreIndex)
        && labelSmoothing == o.labelSmoothing
        && zLoss == o.zLoss
        && Arrays.equals(classWeights, o.classWeights);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        axis, reduction, ignoreIndex, labelSmoothing, zLoss, Arrays.hashCode(classWeights));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("axis=" + axis + ", reduction=" + reduction);
    if (ignoreIndex != null) {
      text.append(", ignoreIndex=").append(ignoreIndex);
    }
    if (labelSmoothing != 0) {
      text.append(", labelSmoothing=").append(labelSmoothing);
    }
    if (zLoss != 0) {
      text.append(", zLoss=").append(zLoss);
    }
    if (classWeights.length > 0) {
      text.append(", classWeights=").append(Arrays.toString(classWeights));
    }
    return "CrossEntropyOptions(" + text + ")";
  }
}

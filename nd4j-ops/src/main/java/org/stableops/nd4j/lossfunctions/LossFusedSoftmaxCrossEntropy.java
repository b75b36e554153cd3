package org.stableops.nd4j.lossfunctions;

import java.util.Arrays;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Arguments;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.SoftmaxShape;
import org.stableops.ValueAndGradient;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.internal.Halves;
import org.stableops.nd4j.internal.Numbers;

/**
 * Softmax cross-entropy on logits as the loss of a DL4J output layer.
 *
 * <p>Labels of the logits' shape [rows, classes] are one-hot or probabilities; labels of shape
 * [rows, 1] are integers, of any dtype, for DL4J casts them to the network's. A single class is
 * refused, for its softmax is always 1 and nothing would be trained. A mask of shape [rows, 1]
 * tells with 1 which rows count; one of 0 counts nothing and is never read. Fractions are refused:
 * DL4J multiplies the logits by the mask before any loss sees them, so that they would mean
 * something else than weights.
 *
 * <p>The convention is DL4J's: losses and gradients are summed over the rows, and the layer divides
 * by its minibatch, whatever class weights, masks and ignored labels say. Hence the reduction of
 * the options must be {@link Reduction#MEAN}, its name for that.
 *
 * <p>The layer's activation must be the identity or softmax. With softmax the output of the network
 * is probabilities, while the loss works on the logits, where nothing is lost.
 *
 * <pre>{@code
 * OutputLayer layer =
 *     new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
 *         .nIn(32)
 *         .nOut(10)
 *         .activation(Activation.IDENTITY)
 *         .build();
 * }</pre>
 *
 * @see SparseSoftmaxCrossEntropy
 * @see SoftmaxCrossEntropy
 */
public final class LossFusedSoftmaxCrossEntropy implements ILossFunction {
  private static final long serialVersionUID = 1;

  /** In JSON it is its parts. */
  @JsonIgnore private final CrossEntropyOptions options;

  /** Creates the loss with the default options. */
  public LossFusedSoftmaxCrossEntropy() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options axis −1, reduction MEAN; an ignored label applies to integer labels
   * @throws IllegalArgumentException if they are null, or axis or reduction is another
   */
  public LossFusedSoftmaxCrossEntropy(CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    if (options.axis() != -1 || options.reduction() != Reduction.MEAN) {
      throw new IllegalArgumentException(
          "axis must be -1 and reduction MEAN, which DL4J itself divides for, got " + options);
    }
    this.options = options;
  }

  /** Creates the loss from its JSON, in which what is missing has its default. */
  @JsonCreator
  static LossFusedSoftmaxCrossEntropy fromJson(
      @JsonProperty("ignoreIndex") Long ignoreIndex,
      @JsonProperty("labelSmoothing") double labelSmoothing,
      @JsonProperty("zLoss") double zLoss,
      @JsonProperty("classWeights") double[] classWeights) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT
            .withLabelSmoothing(labelSmoothing)
            .withZLoss(zLoss)
            .withClassWeights(classWeights == null ? new double[0] : classWeights);
    return new LossFusedSoftmaxCrossEntropy(
        ignoreIndex == null ? options : options.withIgnoreIndex(ignoreIndex));
  }

  /**
   * Returns the ignored label.
   *
   * @return the label whose rows are ignored, or null
   */
  @JsonProperty("ignoreIndex")
  public Long getIgnoreIndex() {
    return options.ignoreIndex().isPresent() ? options.ignoreIndex().getAsLong() : null;
  }

  /**
   * Returns the label smoothing.
   *
   * @return the share of the target mass spread over the live classes
   */
  @JsonProperty("labelSmoothing")
  public double getLabelSmoothing() {
    return options.labelSmoothing();
  }

  /**
   * Returns the z-loss weight.
   *
   * @return ζ
   */
  @JsonProperty("zLoss")
  public double getZLoss() {
    return options.zLoss();
  }

  /**
   * Returns the class weights.
   *
   * @return a copy of the weights; empty for no weights
   */
  @JsonProperty("classWeights")
  public double[] getClassWeights() {
    return options.classWeights();
  }

  /** Returns the sum of the losses of the rows, divided by their number if it shall be averaged. */
  @Override
  public double computeScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    INDArray score = rows(labels, preOutput, activation, mask).score();
    return taken(score, preOutput, average);
  }

  /** Returns the losses of the rows as a column. */
  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    return rows(labels, preOutput, activation, mask).losses().reshape(-1, 1);
  }

  /** Returns the gradient of the sum of the losses with respect to the pre-outputs. */
  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    ValueAndGradient<INDArray> both = rows(labels, preOutput, activation, mask).scoreAndGradient();
    close(both.value());
    return both.gradient();
  }

  /** Returns score and gradient in one pass. */
  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    ValueAndGradient<INDArray> both = rows(labels, preOutput, activation, mask).scoreAndGradient();
    return new Pair<>(taken(both.value(), preOutput, average), both.gradient());
  }

  private static double taken(INDArray score, INDArray preOutput, boolean average) {
    double sum = score.getDouble(0);
    close(score);
    return average ? sum / preOutput.size(0) : sum;
  }

  private static void close(INDArray array) {
    // What lives in a workspace is the workspace's.
    if (array.closeable()) {
      array.close();
    }
  }

  private static void closeUnless(INDArray other, INDArray array) {
    if (array != other) {
      close(array);
    }
  }

  @Override
  public String name() {
    return toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LossFusedSoftmaxCrossEntropy loss && loss.options.equals(options);
  }

  @Override
  public int hashCode() {
    return options.hashCode();
  }

  @Override
  public String toString() {
    return options.toString().replace("CrossEntropyOptions", "LossFusedSoftmaxCrossEntropy");
  }

  private Rows rows(INDArray labels, INDArray logits, IActivation activation, INDArray mask) {
    if (!(activation instanceof ActivationIdentity || activation instanceof ActivationSoftmax)) {
      throw new IllegalArgumentException(
          "activation must be identity or softmax, for the loss works on logits, got "
              + activation);
    }
    SoftmaxShape shape = SoftmaxShape.of(logits.shape(), options);
    shape.requireSeveralClasses();
    if (mask != null) {
      shape.requireMask(mask.shape());
      requireZerosAndOnes(mask);
    }
    if (labels.rank() != 2 || labels.size(0) != logits.size(0)) {
      throw new IllegalArgumentException(
          "labels must have shape [%d, classes] or [%d, 1], got %s"
              .formatted(logits.size(0), logits.size(0), Arrays.toString(labels.shape())));
    }
    INDArray weights = mask == null ? null : mask.reshape(logits.size(0), 1);
    return new Rows(logits, labels, labels.size(1) == 1, weights, options);
  }

  private static void requireZerosAndOnes(INDArray mask) {
    double[] weights = Numbers.doubles(mask);
    if (Arrays.stream(weights).anyMatch(weight -> weight != 0 && weight != 1)) {
      throw new IllegalArgumentException(
          "mask must be 0 or 1, for DL4J multiplies the logits by it, got "
              + Arrays.toString(weights));
    }
  }

  /**
   * The arguments of one call.
   *
   * @param logits rows × classes
   * @param labels rows × classes masses, or rows × 1 integers
   * @param isSparse whether they are integers
   * @param weights rows × 1, or null
   * @param options those of the loss
   */
  private record Rows(
      INDArray logits,
      INDArray labels,
      boolean isSparse,
      INDArray weights,
      CrossEntropyOptions options) {

    /** The losses of the rows, in the network's dtype. */
    INDArray losses() {
      return value(logits, Reduction.NONE);
    }

    /** Their sum. */
    INDArray score() {
      INDArray z = wide();
      try {
        return value(z, Reduction.SUM);
      } finally {
        closeUnless(logits, z);
      }
    }

    /** Their sum, and its gradient in the network's dtype. */
    ValueAndGradient<INDArray> scoreAndGradient() {
      INDArray z = wide();
      try {
        return narrow(valueAndGradient(z));
      } finally {
        closeUnless(logits, z);
      }
    }

    /** Float for half, whose numbers end before the sum of many losses. */
    private INDArray wide() {
      return logits.castTo(Halves.wideType(logits.dataType()));
    }

    private ValueAndGradient<INDArray> narrow(ValueAndGradient<INDArray> both) {
      INDArray gradient = both.gradient().castTo(logits.dataType());
      closeUnless(gradient, both.gradient());
      return new ValueAndGradient<>(both.value(), gradient);
    }

    private INDArray value(INDArray z, Reduction reduction) {
      CrossEntropyOptions reduced = options.withReduction(reduction);
      if (weights == null) {
        return isSparse
            ? SparseSoftmaxCrossEntropy.value(z, labels, reduced)
            : SoftmaxCrossEntropy.value(z, labels, reduced);
      }
      return isSparse
          ? SparseSoftmaxCrossEntropy.value(z, labels, weights, reduced)
          : SoftmaxCrossEntropy.value(z, labels, weights, reduced);
    }

    private ValueAndGradient<INDArray> valueAndGradient(INDArray z) {
      CrossEntropyOptions sum = options.withReduction(Reduction.SUM);
      if (weights == null) {
        return isSparse
            ? SparseSoftmaxCrossEntropy.valueAndGradient(z, labels, sum)
            : SoftmaxCrossEntropy.valueAndGradient(z, labels, sum);
      }
      return isSparse
          ? SparseSoftmaxCrossEntropy.valueAndGradient(z, labels, weights, sum)
          : SoftmaxCrossEntropy.valueAndGradient(z, labels, weights, sum);
    }
  }
}

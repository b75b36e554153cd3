package org.stableops.nd4j.lossfunctions;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.nd4j.SigmoidCrossEntropy;
import org.stableops.nd4j.internal.ElementLossCall;
import org.stableops.nd4j.internal.Temporaries;
import org.stableops.op.ElementLosses;

/**
 * Cross-entropy of yes or no on logits as the loss of a DL4J output layer: for binary and
 * multi-label classification.
 *
 * <p>Labels have the logits' shape [rows, outputs] and are from 0 to 1, of any dtype. A mask of
 * shape [rows, 1] or [rows, outputs] tells with 1 which elements count; one of 0 counts nothing and
 * is never read. Fractions are refused: DL4J multiplies the logits by the mask before any loss sees
 * them, so that they would mean something else than weights.
 *
 * <p>The convention is DL4J's: losses and gradients are summed over the elements, and the layer
 * divides by its minibatch, whatever masks say. Hence the reduction of the options must be {@link
 * Reduction#MEAN}, its name for that.
 *
 * <p>The layer's activation must be the identity or sigmoid. With sigmoid the output of the network
 * is probabilities, while the loss works on the logits, where nothing is lost: DL4J's
 * LossBinaryXENT stops at 11.51, and gives a confidently wrong output (logit 40, label 0) the
 * gradient 0 instead of 1, from which a network never recovers.
 *
 * <pre>{@code
 * OutputLayer layer =
 *     new OutputLayer.Builder(new LossFusedSigmoidCrossEntropy())
 *         .nIn(32)
 *         .nOut(5)
 *         .activation(Activation.SIGMOID)
 *         .build();
 * }</pre>
 *
 * @see SigmoidCrossEntropy
 */
public final class LossFusedSigmoidCrossEntropy extends ElementLossFunction {
  private static final long serialVersionUID = 1;

  /** In JSON it is its parts. */
  @JsonIgnore private final BinaryCrossEntropyOptions options;

  /** Creates the loss with the default options. */
  public LossFusedSigmoidCrossEntropy() {
    this(BinaryCrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options reduction MEAN
   * @throws IllegalArgumentException if they are null, or the reduction is another
   */
  public LossFusedSigmoidCrossEntropy(BinaryCrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    requireMean(options.reduction(), options);
    this.options = options;
  }

  /** Creates the loss from its JSON, in which what is missing has its default. */
  @JsonCreator
  static LossFusedSigmoidCrossEntropy fromJson(
      @JsonProperty("labelSmoothing") double labelSmoothing,
      @JsonProperty("positiveWeights") double @Nullable [] positiveWeights,
      @JsonProperty("focalGamma") double focalGamma,
      @JsonProperty("focalAlpha") @Nullable Double focalAlpha) {
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT
            .withLabelSmoothing(labelSmoothing)
            .withPositiveWeights(positiveWeights == null ? new double[0] : positiveWeights)
            .withFocalGamma(focalGamma);
    return new LossFusedSigmoidCrossEntropy(
        focalAlpha == null ? options : options.withFocalAlpha(focalAlpha));
  }

  /**
   * Returns the label smoothing.
   *
   * @return how far every target moves towards ½
   */
  @JsonProperty("labelSmoothing")
  public double getLabelSmoothing() {
    return options.labelSmoothing();
  }

  /**
   * Returns the positive weights.
   *
   * @return a copy of the weights; empty for no weights
   */
  @JsonProperty("positiveWeights")
  public double[] getPositiveWeights() {
    return options.positiveWeights();
  }

  /**
   * Returns the exponent of the focal loss.
   *
   * @return γ, 0 for none
   */
  @JsonProperty("focalGamma")
  public double getFocalGamma() {
    return options.focalGamma();
  }

  /**
   * Returns the balance of yes and no.
   *
   * @return α, or null
   */
  @JsonProperty("focalAlpha")
  public @Nullable Double getFocalAlpha() {
    return options.focalAlpha().isPresent() ? options.focalAlpha().getAsDouble() : null;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LossFusedSigmoidCrossEntropy loss && loss.options.equals(options);
  }

  @Override
  public int hashCode() {
    return options.hashCode();
  }

  @Override
  public String toString() {
    return options.toString().replace("BinaryCrossEntropyOptions", "LossFusedSigmoidCrossEntropy");
  }

  @Override
  ElementLossCall call(
      INDArray labels,
      INDArray logits,
      IActivation activation,
      Reduction reduction,
      Temporaries temporaries) {
    if (!(activation instanceof ActivationIdentity || activation instanceof ActivationSigmoid)) {
      throw new IllegalArgumentException(
          "activation must be identity or sigmoid, for the loss works on logits, got "
              + activation);
    }
    return ElementLossCall.of(
        ElementLosses.sigmoidCrossEntropy().of(options.withReduction(reduction)), logits, labels);
  }
}

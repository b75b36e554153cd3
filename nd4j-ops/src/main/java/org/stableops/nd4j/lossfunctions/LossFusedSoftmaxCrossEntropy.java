package org.stableops.nd4j.lossfunctions;

import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.RowLosses;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.internal.CrossEntropy;
import org.stableops.nd4j.internal.Inputs;
import org.stableops.op.SoftmaxLoss;

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
          "axis must be -1 and reduction MEAN, for DL4J itself divides by the minibatch, got "
              + options);
    }
    this.options = options;
  }

  /** Creates the loss from its JSON, in which what is missing has its default. */
  @JsonCreator
  static LossFusedSoftmaxCrossEntropy fromJson(
      @JsonProperty("ignoreIndex") @Nullable Long ignoreIndex,
      @JsonProperty("labelSmoothing") double labelSmoothing,
      @JsonProperty("zLoss") double zLoss,
      @JsonProperty("classWeights") double @Nullable [] classWeights) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT
            .withLabelSmoothing(labelSmoothing)
            .withZLoss(zLoss)
            .withClassWeights(classWeights == null ? new double[0] : classWeights);
    return new LossFusedSoftmaxCrossEntropy(
        ignoreIndex == null ? options : options.withIgnoreIndex(ignoreIndex));
  }

  /**
   * Returns the options.
   *
   * @return those of the constructor
   */
  public CrossEntropyOptions options() {
    return options;
  }

  /**
   * Returns the ignored label.
   *
   * @return the label whose rows are ignored, or null
   */
  @JsonProperty("ignoreIndex")
  public @Nullable Long getIgnoreIndex() {
    return options.ignoreIndex().isPresent() ? options.ignoreIndex().getAsLong() : null;
  }

  /**
   * Returns the label smoothing.
   *
   * @return the share of the probability spread evenly over the live classes
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

  /** Returns the sum of the losses of the rows, or their mean if average is true. */
  @Override
  public double computeScore(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      boolean average) {
    RowLosses rows = call(labels, preOutput, activation, mask, Reduction.SUM).rowLosses();
    return score(rows, average);
  }

  /** Returns the losses of the rows as a column. */
  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
    return call(labels, preOutput, activation, mask, Reduction.NONE).value().reshape(-1, 1);
  }

  /** Returns the gradient of the sum of the losses with respect to the pre-outputs. */
  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
    return call(labels, preOutput, activation, mask, Reduction.SUM).gradient();
  }

  /** Returns score and gradient in one pass. */
  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      boolean average) {
    CrossEntropy.Result result =
        call(labels, preOutput, activation, mask, Reduction.SUM).rowLossesAndGradient();
    return new Pair<>(score(result.rows(), average), result.gradient());
  }

  private static double score(RowLosses rows, boolean average) {
    double sum = rows.reduced(rows.losses(), Reduction.SUM);
    return average ? sum / rows.losses().length : sum;
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

  private CrossEntropy call(
      INDArray labels,
      INDArray logits,
      IActivation activation,
      @Nullable INDArray mask,
      Reduction reduction) {
    if (!(activation instanceof ActivationIdentity || activation instanceof ActivationSoftmax)) {
      throw new IllegalArgumentException(
          "activation must be identity or softmax, for the loss works on logits, got "
              + activation);
    }
    Inputs.requireFloating("logits", logits);
    Inputs.requireNumbersOrBooleans("labels", labels);
    SoftmaxShape.of(logits.shape(), options).requireSeveralClasses();
    if (labels.rank() != 2 || labels.size(0) != logits.size(0)) {
      throw new IllegalArgumentException(
          "labels must have shape (%d, classes) or (%d, 1), got %s"
              .formatted(logits.size(0), logits.size(0), Shapes.text(labels.shape())));
    }
    SoftmaxLoss loss = labels.size(1) == 1 ? SoftmaxLoss.SPARSE : SoftmaxLoss.DENSE;
    CrossEntropy call = CrossEntropy.of(loss, logits, labels, options.withReduction(reduction));
    return mask == null ? call : call.withMask(mask);
  }
}

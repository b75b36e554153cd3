package org.stableops.nd4j.lossfunctions;

import java.util.Arrays;
import java.util.function.BiFunction;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/**
 * Softmax cross-entropy on logits as the loss of a DL4J output layer.
 *
 * <p>Labels of the logits' shape [rows, classes] are one-hot or probabilities; labels of shape
 * [rows, 1], where there is more than one class, are integers, of any dtype, for DL4J casts them to
 * the network's. A mask of shape [rows, 1] weighs the rows; one of weight 0 counts nothing and is
 * never read.
 *
 * <p>The convention is DL4J's: losses and gradients are summed over the rows, and the layer divides
 * by its minibatch. Hence the reduction of the options must be {@link Reduction#MEAN}, its name for
 * that.
 *
 * <p>The layer's activation must be the identity or softmax. With softmax the output of the network
 * is probabilities, while the loss works on the logits, where nothing is lost.
 *
 * @see SparseSoftmaxCrossEntropy
 * @see SoftmaxCrossEntropy
 */
public final class LossFusedSoftmaxCrossEntropy implements ILossFunction {
  private static final long serialVersionUID = 1;

  private final CrossEntropyOptions options;

  /** Creates the loss with the default options. */
  public LossFusedSoftmaxCrossEntropy() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options axis −1, reduction MEAN; an ignored label applies to integer labels
   * @throws IllegalArgumentException if an option is not supported
   */
  public LossFusedSoftmaxCrossEntropy(CrossEntropyOptions options) {
    CrossEntropyKernel.requireSupported(options);
    if (options.axis() != -1 || options.reduction() != Reduction.MEAN) {
      throw new IllegalArgumentException(
          "axis must be -1 and reduction MEAN, which DL4J itself divides for, got " + options);
    }
    this.options = options;
  }

  /** Creates the loss from its JSON. */
  @JsonCreator
  static LossFusedSoftmaxCrossEntropy fromJson(@JsonProperty("ignoreIndex") Long ignoreIndex) {
    CrossEntropyOptions none = CrossEntropyOptions.DEFAULT;
    return new LossFusedSoftmaxCrossEntropy(
        ignoreIndex == null ? none : none.withIgnoreIndex(ignoreIndex));
  }

  /**
   * Returns the ignored label.
   *
   * @return the label whose rows are ignored, or null
   */
  public Long getIgnoreIndex() {
    return options.ignoreIndex().isPresent() ? options.ignoreIndex().getAsLong() : null;
  }

  /** Returns the sum of the losses of the rows, divided by their number if it shall be averaged. */
  @Override
  public double computeScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    INDArray sum = rows(labels, preOutput, activation, mask).value(Reduction.SUM);
    return score(sum, preOutput, average);
  }

  /** Returns the losses of the rows as a column. */
  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    return rows(labels, preOutput, activation, mask).value(Reduction.NONE).reshape(-1, 1);
  }

  /** Returns the gradient of the sum of the losses with respect to the pre-outputs. */
  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    return rows(labels, preOutput, activation, mask).valueAndGradient().gradient();
  }

  /** Returns score and gradient in one pass. */
  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    ValueAndGradient<INDArray> both = rows(labels, preOutput, activation, mask).valueAndGradient();
    return new Pair<>(score(both.value(), preOutput, average), both.gradient());
  }

  private static double score(INDArray sum, INDArray preOutput, boolean average) {
    return average ? sum.getDouble(0) / preOutput.size(0) : sum.getDouble(0);
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
    return "LossFusedSoftmaxCrossEntropy("
        + (getIgnoreIndex() == null ? "" : "ignoreIndex=" + getIgnoreIndex())
        + ")";
  }

  private Rows rows(INDArray labels, INDArray logits, IActivation activation, INDArray mask) {
    if (!(activation instanceof ActivationIdentity || activation instanceof ActivationSoftmax)) {
      throw new IllegalArgumentException(
          "activation must be identity or softmax, for the loss works on logits, got "
              + activation);
    }
    double[] weights = mask == null ? null : doubles(mask);
    if (weights != null && weights.length != logits.size(0)) {
      throw new IllegalArgumentException(
          "mask must have one element a row, %d, got shape %s"
              .formatted(logits.size(0), Arrays.toString(mask.shape())));
    }
    if (labels.rank() != 2) {
      throw new IllegalArgumentException(
          "labels must have rank 2, [rows, classes] or [rows, 1], got shape "
              + Arrays.toString(labels.shape()));
    }
    boolean isSparse = labels.size(1) == 1 && logits.size(1) != 1;
    if (isSparse) {
      requireExact(labels.dataType(), logits.size(1));
    }
    return new Rows(logits, labels, isSparse ? integers(labels, weights) : null, weights, options);
  }

  /** DL4J casts labels to the network's dtype, in which a large class would be another one. */
  private static void requireExact(DataType type, long classes) {
    long largest =
        type == DataType.BFLOAT16 ? 1L << 8 : type == DataType.FLOAT16 ? 1L << 11 : 1L << 24;
    boolean isWide = type == DataType.DOUBLE || type.isIntType();
    if (!isWide && classes - 1 > largest) {
      throw new IllegalArgumentException(
          "labels of dtype %s are exact up to %d only, got %d classes: use one-hot labels"
              .formatted(type, largest, classes));
    }
  }

  private static long[] integers(INDArray labels, double[] weights) {
    double[] given = doubles(labels);
    long[] integers = new long[given.length];
    for (int row = 0; row < given.length; row++) {
      integers[row] = (long) given[row];
      boolean counts = weights == null || weights[row] != 0;
      if (counts && integers[row] != given[row]) {
        throw new IllegalArgumentException(
            "labels must be integers, got %s at row %d".formatted(given[row], row));
      }
    }
    return integers;
  }

  private static double[] doubles(INDArray column) {
    double[] elements = new double[Math.toIntExact(column.length())];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = column.getDouble(i);
    }
    return elements;
  }

  /**
   * The arguments of one call.
   *
   * @param logits rows × classes
   * @param masses rows × classes, where there are no integers
   * @param integers one label a row, or null
   * @param weights one a row, or null
   * @param options those of the loss
   */
  private record Rows(
      INDArray logits,
      INDArray masses,
      long[] integers,
      double[] weights,
      CrossEntropyOptions options) {

    INDArray value(Reduction reduction) {
      CrossEntropyOptions reduced = options.withReduction(reduction);
      return with(
          (labels, sampleWeights) ->
              integers == null
                  ? SoftmaxCrossEntropy.value(logits, labels, sampleWeights, reduced)
                  : SparseSoftmaxCrossEntropy.value(logits, labels, sampleWeights, reduced));
    }

    ValueAndGradient<INDArray> valueAndGradient() {
      CrossEntropyOptions sum = options.withReduction(Reduction.SUM);
      return with(
          (labels, sampleWeights) ->
              integers == null
                  ? SoftmaxCrossEntropy.valueAndGradient(logits, labels, sampleWeights, sum)
                  : SparseSoftmaxCrossEntropy.valueAndGradient(logits, labels, sampleWeights, sum));
    }

    /** Lends the call labels and weights as arrays, which it gets back. */
    private <T> T with(BiFunction<INDArray, INDArray, T> call) {
      INDArray labels = integers == null ? masses : Nd4j.createFromArray(integers);
      INDArray sampleWeights =
          weights == null
              ? Nd4j.ones(DataType.DOUBLE, logits.size(0))
              : Nd4j.createFromArray(weights);
      try {
        return call.apply(labels, sampleWeights);
      } finally {
        close(sampleWeights);
        if (labels != masses) {
          close(labels);
        }
      }
    }

    private static void close(INDArray array) {
      // What lives in a workspace is the workspace's.
      if (array.closeable()) {
        array.close();
      }
    }
  }
}

package org.stableops.djl.evaluator;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.internal.CrossEntropy;
import org.stableops.djl.internal.Inputs;
import org.stableops.djl.internal.Numbers;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.internal.Arguments;
import org.stableops.internal.SoftmaxShape;

/**
 * The share of rows whose largest logit is that of the label, among the rows that a {@link
 * FusedSoftmaxCrossEntropyLoss} counts. It reads labels as that loss does: its class axis, integers
 * or probabilities, sample weights; rows that are ignored or of weight 0 are left out, and the
 * others count by their weight. DJL's own Accuracy counts all of these as wrong.
 *
 * <p>Of probabilities the label is the class of the largest, the first one on a tie; a row without
 * any is left out. A row whose logits hold a NaN, or nothing but −inf, is wrong. Class weights do
 * not count. Where no row counts, the accuracy is NaN.
 *
 * <pre>{@code
 * FusedSoftmaxCrossEntropyLoss loss =
 *     new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-100));
 * TrainingConfig config =
 *     new DefaultTrainingConfig(loss).addEvaluator(new SoftmaxAccuracy(loss));
 * }</pre>
 */
public final class SoftmaxAccuracy extends AveragingEvaluator {
  private static final String NAME = "Accuracy";

  private final FusedSoftmaxCrossEntropyLoss loss;

  /**
   * Creates the accuracy of a network that a loss trains, by the name of DJL's own, "Accuracy".
   *
   * @param loss tells what the labels are and which rows count
   * @throws IllegalArgumentException if it is null
   */
  public SoftmaxAccuracy(FusedSoftmaxCrossEntropyLoss loss) {
    this(NAME, loss);
  }

  /**
   * Creates the accuracy of a network that a loss trains.
   *
   * @param name under which DJL keeps it
   * @param loss tells what the labels are and which rows count
   * @throws IllegalArgumentException if an argument is null
   */
  public SoftmaxAccuracy(String name, FusedSoftmaxCrossEntropyLoss loss) {
    super(name, "accuracy");
    this.loss = Arguments.requireGiven("loss", loss);
  }

  @Override
  Average average(NDList labels, NDList predictions) {
    loss.requireArrays(labels, predictions);
    NDArray logits = predictions.head();
    CrossEntropyOptions options = loss.options();
    SoftmaxShape shape = SoftmaxShape.of(logits.getShape().getShape(), options);
    double[] weights =
        loss.takesSampleWeights() ? CrossEntropy.sampleWeights(labels.get(1), shape) : null;
    long[] truth =
        loss.takesProbabilities()
            ? largestProbabilities(labels.head(), weights, shape)
            : classes(labels.head(), weights, shape);
    return average(truth, largestLogits(logits, shape), weights);
  }

  private long[] classes(NDArray labels, double[] weights, SoftmaxShape shape) {
    Inputs.requireNumbers("labels", labels);
    shape.requireLabels(labels.getShape().getShape());
    long[] classes = CrossEntropy.classes(labels, weights, shape, loss.options());
    return Arrays.stream(classes).map(c -> loss.options().ignores(c) ? -1 : c).toArray();
  }

  private long[] largestProbabilities(NDArray probabilities, double[] weights, SoftmaxShape shape) {
    Inputs.requireNumbersOrBooleans("labels", probabilities);
    shape.requireProbabilities(probabilities.getShape().getShape(), loss.options());
    if (probabilities.size() == 0) {
      return new long[0];
    }
    NDArray wide = wide(probabilities);
    int[] axis = {shape.axis()};
    // A NaN is the least and the largest of its row.
    double[] least = Numbers.doubles(wide.min(axis));
    double[] most = Numbers.doubles(wide.max(axis));
    for (int row = 0; row < least.length; row++) {
      if (weights == null || weights[row] != 0) {
        requireProbability(least[row], row);
        requireProbability(most[row], row);
      }
    }
    return classesAbove(0, most, wide, shape);
  }

  private static void requireProbability(double probability, int row) {
    if (!SoftmaxShape.isProbability(probability)) {
      throw new IllegalArgumentException(
          "labels must be finite and >= 0, got %s at row %d".formatted(probability, row));
    }
  }

  private static long[] largestLogits(NDArray logits, SoftmaxShape shape) {
    if (logits.size() == 0) {
      return new long[0];
    }
    NDArray wide = wide(logits);
    double[] most = Numbers.doubles(wide.max(new int[] {shape.axis()}));
    return classesAbove(Double.NEGATIVE_INFINITY, most, wide, shape);
  }

  private static NDArray wide(NDArray array) {
    DataType type = array.getDataType();
    boolean isWide = type == DataType.FLOAT32 || type == DataType.FLOAT64;
    return array.stopGradient().toType(isWide ? type : DataType.FLOAT32, false);
  }

  /**
   * The class of the largest element of each row, or −1 where that is not above a number, or NaN.
   */
  private static long[] classesAbove(
      double least, double[] most, NDArray wide, SoftmaxShape shape) {
    double[] argMax = Numbers.doubles(wide.argMax(shape.axis()));
    long[] classes = new long[most.length];
    Arrays.setAll(classes, row -> most[row] > least ? (long) argMax[row] : -1);
    return classes;
  }

  /** A row without a true class does not count; one without a predicted class is wrong. */
  private static Average average(long[] truth, long[] predicted, double[] weights) {
    double right = 0;
    double all = 0;
    for (int row = 0; row < truth.length; row++) {
      double weight = truth[row] < 0 ? 0 : weights == null ? 1 : weights[row];
      all += weight;
      right += truth[row] == predicted[row] ? weight : 0;
    }
    return new Average(right, all);
  }
}

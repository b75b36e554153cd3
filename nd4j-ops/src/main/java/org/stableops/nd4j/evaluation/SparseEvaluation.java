package org.stableops.nd4j.evaluation;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.stableops.CrossEntropyOptions;
import org.stableops.internal.Arguments;
import org.stableops.internal.SoftmaxShape;
import org.stableops.nd4j.internal.CrossEntropy;
import org.stableops.nd4j.internal.Fused;

/**
 * DL4J's Evaluation for integer labels, which its own refuses: accuracy, precision, recall, F1 and
 * the confusion matrix of a classifier whose labels are those of {@code
 * LossFusedSoftmaxCrossEntropy} or {@code SparseSoftmaxCrossEntropy}.
 *
 * <p>Labels have the predictions' shape without the class axis, or with 1 there, in any dtype;
 * labels of the predictions' shape are one-hot and evaluated as by DL4J. The class axis is 1 unless
 * {@code setAxis} says otherwise. A row whose mask is 0, or whose label is ignored, is left out. A
 * row with a NaN among its predictions is one that DL4J refuses to evaluate.
 *
 * <p>Where no row counts there is no accuracy, and DL4J throws IllegalStateException. An evaluation
 * that is loaded from JSON has results, but no ignored label any more.
 *
 * <pre>{@code
 * SparseEvaluation evaluation = new SparseEvaluation();
 * evaluation.eval(Nd4j.createFromArray(0, 2), Nd4j.rand(2, 3)); // a batch
 * // or network.doEvaluation(data, evaluation), or graph.evaluate(data, "logits", evaluation)
 * double accuracy = evaluation.accuracy();
 * }</pre>
 */
public class SparseEvaluation extends Evaluation {
  private static final long serialVersionUID = 1;

  /** Its ignored label alone is read; an evaluation that is loaded from JSON is not continued. */
  @JsonIgnore private final CrossEntropyOptions options;

  /** Creates an evaluation in which no label is ignored. */
  public SparseEvaluation() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates an evaluation that leaves out what a loss ignores.
   *
   * @param options of which only the ignored label is read
   * @throws IllegalArgumentException if they are null
   */
  public SparseEvaluation(CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    this.options = options;
  }

  /**
   * Evaluates predictions.
   *
   * @param labels integers of the predictions' shape without the class axis, or with 1 there; or
   *     one-hot labels of the predictions' shape
   * @param predictions probabilities or logits
   * @param mask one number per row, 0 for those to leave out; or null
   * @param metadata of each example of two-dimensional predictions; or null
   * @throws IllegalArgumentException if a shape is wrong, or a label is neither a class nor ignored
   */
  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      @Nullable INDArray mask,
      @Nullable List<? extends Serializable> metadata) {
    if (Arrays.equals(labels.shape(), predictions.shape())) {
      super.eval(labels, predictions, mask, metadata);
      return;
    }
    SoftmaxShape shape =
        SoftmaxShape.of("predictions", predictions.shape(), classAxis(predictions));
    shape.requireLabels(labels.shape());
    double[] weights = mask == null ? null : weights(mask, shape);
    long[] classes = CrossEntropy.classes(labels, weights, shape, options);
    int[] rows =
        IntStream.range(0, classes.length)
            .filter(row -> !options.ignores(classes[row]))
            .filter(row -> weights == null || weights[row] != 0)
            .toArray();
    evalRows(rows, classes, rows(predictions, shape), metadata);
  }

  private int classAxis(INDArray predictions) {
    return predictions.rank() <= 2 ? -1 : getAxis();
  }

  private void evalRows(
      int[] rows, long[] classes, INDArray predictions, List<? extends Serializable> metadata) {
    if (rows.length == 0) {
      return;
    }
    INDArray counted =
        rows.length == classes.length
            ? predictions
            : predictions.get(NDArrayIndex.indices(longs(rows)), NDArrayIndex.all());
    INDArray oneHot = Nd4j.zeros(DataType.FLOAT, rows.length, predictions.size(1));
    for (int i = 0; i < rows.length; i++) {
      oneHot.putScalar(i, classes[rows[i]], 1);
    }
    boolean isOfRows = metadata != null && metadata.size() == classes.length;
    super.eval(
        oneHot,
        counted,
        null,
        isOfRows ? Arrays.stream(rows).mapToObj(metadata::get).toList() : null);
  }

  private static long[] longs(int[] rows) {
    return Arrays.stream(rows).asLongStream().toArray();
  }

  private static double[] weights(INDArray mask, SoftmaxShape shape) {
    shape.requireMask(mask.shape());
    return Fused.doubles(mask);
  }

  private static INDArray rows(INDArray predictions, SoftmaxShape shape) {
    if (predictions.rank() == 2) {
      return predictions;
    }
    INDArray ordered =
        predictions.rank() < 2 ? predictions : predictions.permute(shape.toClassesLast());
    return ordered.dup('c').reshape('c', shape.rows(), shape.classes());
  }

  /** Returns an empty evaluation with the same ignored label and class axis. */
  @Override
  public SparseEvaluation newInstance() {
    SparseEvaluation evaluation = new SparseEvaluation(options);
    evaluation.setAxis(getAxis());
    return evaluation;
  }
}

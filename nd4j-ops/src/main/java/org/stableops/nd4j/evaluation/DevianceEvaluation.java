package org.stableops.nd4j.evaluation;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.evaluation.BaseEvaluation;
import org.nd4j.evaluation.IMetric;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonAutoDetect;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.CountEvaluation;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.nd4j.internal.Temporaries;
import org.stableops.nd4j.lossfunctions.CountLossFunction;

/**
 * The deviance of a network that predicts counts, as an evaluation of DL4J's: twice the difference
 * between the full loss and that of the saturated model, whose means are the counts. Its mean is 0
 * for a perfect fit, and about 1 where the model is right and the means are not small.
 *
 * <p>Labels and outputs are those of a {@link CountLossFunction}, in rows or as time series [rows,
 * columns, steps] (NCW). The outputs are raw values: those of a layer with the identity activation.
 * For a layer whose activation makes the rates, such as squareplus, hand over {@link
 * CountLossFunction#ofRates}: rates would be taken for raw values, and no error would say so.
 * Elements with mask 0 are left out. Where nothing counts, the mean is NaN.
 *
 * <pre>{@code
 * DevianceEvaluation evaluation = new DevianceEvaluation(new LossFusedPoisson());
 * evaluation.eval(Nd4j.createFromArray(new int[][] {{3}, {5}}), Nd4j.ones(2, 1)); // a batch
 * // or network.doEvaluation(data, evaluation), or graph.evaluate(data, "raw", evaluation)
 * double deviance = evaluation.meanDeviance();
 * }</pre>
 *
 * @see CountEvaluation
 */
@JsonAutoDetect(
    fieldVisibility = JsonAutoDetect.Visibility.NONE,
    getterVisibility = JsonAutoDetect.Visibility.NONE,
    isGetterVisibility = JsonAutoDetect.Visibility.NONE)
public final class DevianceEvaluation extends BaseEvaluation<DevianceEvaluation> {
  private static final long serialVersionUID = 1;

  /** What {@link DevianceEvaluation#getValue} returns. */
  public enum Metric implements IMetric {
    /** {@link DevianceEvaluation#meanDeviance}. */
    MEAN_DEVIANCE;

    @Override
    public Class<DevianceEvaluation> getEvaluationClass() {
      return DevianceEvaluation.class;
    }

    @Override
    public boolean minimize() {
      return true;
    }
  }

  @JsonProperty("loss")
  private final CountLossFunction loss;

  @JsonProperty("deviance")
  private double deviance;

  @JsonProperty("count")
  private long count;

  /**
   * Creates an evaluation.
   *
   * @param loss tells what the outputs are
   * @throws IllegalArgumentException if it is null
   */
  public DevianceEvaluation(CountLossFunction loss) {
    this(loss, 0, 0);
  }

  @JsonCreator
  private DevianceEvaluation(
      @JsonProperty("loss") CountLossFunction loss,
      @JsonProperty("deviance") double deviance,
      @JsonProperty("count") long count) {
    this.loss = Arguments.requireGiven("loss", loss);
    this.deviance = deviance;
    this.count = count;
  }

  /**
   * Returns an evaluation that {@link #toJson} has written.
   *
   * @param json of an evaluation
   * @return the evaluation, which can be continued
   * @throws RuntimeException if it is not one, as of DL4J's own evaluations
   */
  public static DevianceEvaluation fromJson(String json) {
    return fromJson(json, DevianceEvaluation.class);
  }

  /**
   * Evaluates a batch.
   *
   * @param labels as the loss takes them
   * @param predictions raw values
   * @param mask 0 for what to leave out: for rows [rows] or [rows, 1], for time series [rows,
   *     steps], or of the shape of the counts; or null
   * @param metadata not read
   * @throws IllegalArgumentException if labels or predictions are null, a shape is wrong, a label
   *     is refused by the loss, or the mask has other values than 0 and 1
   */
  @Override
  public void eval(
      INDArray labels,
      INDArray predictions,
      @Nullable INDArray mask,
      @Nullable List<? extends Serializable> metadata) {
    Arguments.requireGiven("labels", labels);
    Arguments.requireGiven("predictions", predictions);
    requireRank("labels", labels);
    requireRank("predictions", predictions);
    if (!Arrays.equals(batchShape(labels), batchShape(predictions))) {
      throw new IllegalArgumentException(
          "labels must have the rows and steps of predictions, %s, got %s"
              .formatted(Shapes.text(predictions.shape()), Shapes.text(labels.shape())));
    }
    try (Temporaries temporaries = new Temporaries();
        CountEvaluation<INDArray> batch =
            loss.evaluate(
                rows(labels, temporaries),
                rows(predictions, temporaries),
                mask == null ? null : maskRows(mask, predictions, temporaries))) {
      deviance += batch.deviance();
      count += Math.round(batch.weight());
    }
  }

  private static void requireRank(String name, INDArray array) {
    if (array.rank() != 2 && array.rank() != 3) {
      throw new IllegalArgumentException(
          "%s must have shape [rows, columns] or [rows, columns, steps], got %s"
              .formatted(name, Shapes.text(array.shape())));
    }
  }

  /** Without the columns. */
  private static long[] batchShape(INDArray array) {
    return array.rank() == 2
        ? new long[] {array.size(0)}
        : new long[] {array.size(0), array.size(2)};
  }

  private static INDArray maskRows(INDArray mask, INDArray predictions, Temporaries temporaries) {
    if (predictions.rank() == 2) {
      return mask;
    }
    boolean isOfElements = mask.rank() == 3;
    long[] steps = isOfElements ? batchShape(mask) : mask.shape();
    if (!Arrays.equals(steps, batchShape(predictions))) {
      throw new IllegalArgumentException(
          "mask must have shape [rows, steps] or that of the counts, for predictions %s, got %s"
              .formatted(Shapes.text(predictions.shape()), Shapes.text(mask.shape())));
    }
    return isOfElements
        ? rows(mask, temporaries)
        : temporaries.keep(mask.dup('c')).reshape('c', mask.length(), 1);
  }

  /** One row per time step. */
  private static INDArray rows(INDArray array, Temporaries temporaries) {
    if (array.rank() != 3) {
      return array;
    }
    INDArray steps = temporaries.keep(array.permute(0, 2, 1).dup('c'));
    return steps.reshape('c', array.size(0) * array.size(2), array.size(1));
  }

  /**
   * Returns the mean deviance.
   *
   * @return the deviance of a count; NaN if there is none
   */
  public double meanDeviance() {
    return count == 0 ? Double.NaN : deviance / count;
  }

  /**
   * Returns the deviance.
   *
   * @return the sum of the deviances of all counts
   */
  public double deviance() {
    return deviance;
  }

  /**
   * Returns the number of counts.
   *
   * @return how many the masks have not left out
   */
  public long count() {
    return count;
  }

  /**
   * Adds the counts of another evaluation.
   *
   * @param other by the same loss
   * @throws IllegalArgumentException if it is null or by another loss
   */
  @Override
  public void merge(DevianceEvaluation other) {
    Arguments.requireGiven("other", other);
    if (!other.loss.equals(loss)) {
      throw new IllegalArgumentException(
          "other must be an evaluation by %s, got one by %s".formatted(loss, other.loss));
    }
    deviance += other.deviance;
    count += other.count;
  }

  @Override
  public void reset() {
    deviance = 0;
    count = 0;
  }

  @Override
  public String stats() {
    return String.format(
        Locale.ROOT, "Mean deviance: %.6f (%.6f of %d counts)", meanDeviance(), deviance, count);
  }

  /**
   * Returns a metric.
   *
   * @param metric of {@link Metric}
   * @throws IllegalArgumentException if it is another evaluation's
   */
  @Override
  public double getValue(IMetric metric) {
    if (metric != Metric.MEAN_DEVIANCE) {
      throw new IllegalArgumentException(
          "metric must be one of DevianceEvaluation's, got " + metric);
    }
    return meanDeviance();
  }

  /** Returns an empty evaluation by the same loss. */
  @Override
  public DevianceEvaluation newInstance() {
    return new DevianceEvaluation(loss);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DevianceEvaluation evaluation
        && evaluation.loss.equals(loss)
        && Double.compare(evaluation.deviance, deviance) == 0
        && evaluation.count == count;
  }

  @Override
  public int hashCode() {
    return Objects.hash(loss, deviance, count);
  }

  @Override
  protected boolean canEqual(Object other) {
    return other instanceof DevianceEvaluation;
  }

  @Override
  public String toString() {
    return stats();
  }
}

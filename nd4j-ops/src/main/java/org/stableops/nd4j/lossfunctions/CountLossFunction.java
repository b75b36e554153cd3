package org.stableops.nd4j.lossfunctions;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.internal.Temporaries;

/**
 * What DL4J's losses of counts have in common: their options, which JSON has field by field, and
 * the evaluation of a network's output.
 *
 * <pre>{@code
 * CountLossFunction loss = new LossFusedPoisson();
 * INDArray counts = Nd4j.createFromArray(new int[][] {{3}, {5}});
 * try (CountEvaluation<INDArray> fit = loss.evaluate(counts, Nd4j.ones(2, 1), null)) {
 *   System.out.println(fit.meanDeviance() + ", each " + fit.deviances());
 * }
 * }</pre>
 */
public abstract sealed class CountLossFunction extends ElementLossFunction
    permits LossFusedPoisson, LossFusedNegativeBinomial {
  private static final long serialVersionUID = 1;

  @JsonIgnore final CountOptions options;

  CountLossFunction(CountOptions options) {
    Arguments.requireGiven("options", options);
    requireMean(options.reduction(), options);
    this.options = options;
  }

  /** The options of their parts, where what is missing has its default. */
  static CountOptions options(
      PositiveTransform.@Nullable Family rate,
      @Nullable Double parameter,
      double lowerBound,
      boolean isRaw,
      boolean fullLikelihood) {
    PositiveTransform.Family family = rate == null ? PositiveTransform.Family.EXP : rate;
    CountOptions options =
        isRaw
            ? CountOptions.RATE
            : CountOptions.DEFAULT.withRate(
                new PositiveTransform(family, parameter == null ? 1 : parameter, lowerBound));
    return fullLikelihood ? options.withFullLikelihood() : options;
  }

  /**
   * Returns the function that makes the rate.
   *
   * @return its family, or null where the raw value is the rate
   */
  @JsonProperty("rate")
  public PositiveTransform.@Nullable Family getRate() {
    return options.rate().map(PositiveTransform::family).orElse(null);
  }

  /**
   * Returns the parameter of that function.
   *
   * @return β or b, 1 for the exponential function; or null
   */
  @JsonProperty("parameter")
  public @Nullable Double getParameter() {
    return options.rate().map(PositiveTransform::parameter).orElse(null);
  }

  /**
   * Returns the lower bound of the rate.
   *
   * @return l
   */
  @JsonProperty("lowerBound")
  public double getLowerBound() {
    return options.rate().map(PositiveTransform::lowerBound).orElse(0.0);
  }

  /**
   * Tells whether the raw value is the rate.
   *
   * @return whether no function makes it
   */
  @JsonProperty("isRaw")
  public boolean isRaw() {
    return options.rate().isEmpty();
  }

  /**
   * Tells whether the likelihood is the full one.
   *
   * @return whether the loss has what depends on the counts alone
   */
  @JsonProperty("fullLikelihood")
  public boolean getFullLikelihood() {
    return options.hasFullLikelihood();
  }

  /**
   * Evaluates the output of a network: losses, deviances and weight. The loss is the mean of the
   * elements that count.
   *
   * @param labels as the loss takes them
   * @param output the raw values of the same rows, that is the output of a layer with the identity
   *     activation. For a layer whose activation makes the rates, call {@link #ofRates} first
   * @param mask of shape [rows, 1] or that of the counts, 0 for those to leave out; or null
   * @return losses, deviances and weight, of the dtype of the output
   * @throws IllegalArgumentException if labels or output are null, a shape is wrong, a label is
   *     refused by the loss, or the mask has other values than 0 and 1
   */
  public final CountEvaluation<INDArray> evaluate(
      INDArray labels, INDArray output, @Nullable INDArray mask) {
    Arguments.requireGiven("labels", labels);
    Arguments.requireGiven("output", output);
    try (Temporaries temporaries = new Temporaries()) {
      return masked(labels, output, new ActivationIdentity(), mask, Reduction.MEAN, temporaries)
          .evaluateCounts();
    }
  }

  /**
   * Returns a loss like this one whose raw values are the rates: to evaluate what a network puts
   * out whose activation makes the rates, by {@link #evaluate} or a {@link
   * org.stableops.nd4j.evaluation.DevianceEvaluation}.
   *
   * @return a new loss of {@link CountOptions#RATE}
   */
  public abstract CountLossFunction ofRates();

  final CountOptions optionsOfRates() {
    return options.hasFullLikelihood() ? CountOptions.RATE.withFullLikelihood() : CountOptions.RATE;
  }

  /** The rates of raw values, as a new array. */
  final INDArray ofRaw(INDArray raw) {
    return options.rate().map(rate -> PositiveTransforms.value(raw, rate)).orElseGet(raw::dup);
  }

  /** A view of the first or the second half of the columns. */
  static INDArray half(INDArray array, int which) {
    long columns = array.size(1) / 2;
    return array.get(
        NDArrayIndex.all(), NDArrayIndex.interval(which * columns, (which + 1) * columns));
  }

  /** The identity, or the function that makes the rate. */
  final void requireActivation(IActivation activation) {
    PositiveTransform rate = options.rate().orElse(null);
    IActivation ofRate = rate == null ? null : activation(rate);
    boolean makesRate = ofRate != null && ofRate.equals(activation);
    if (!(activation instanceof ActivationIdentity || makesRate)) {
      throw new IllegalArgumentException(
          "activation must be identity%s, got %s".formatted(alternative(rate, ofRate), activation));
    }
  }

  private static String alternative(
      @Nullable PositiveTransform rate, @Nullable IActivation ofRate) {
    if (rate == null) {
      return ", for the raw values are the rates";
    }
    return ofRate == null
        ? ", for the loss makes the rates, " + rate
        : " or new %s(%s)".formatted(ofRate.getClass().getSimpleName(), rate.parameter());
  }

  /** The activation that makes the rate, or null where there is none. */
  private static @Nullable IActivation activation(PositiveTransform rate) {
    if (rate.lowerBound() > 0) {
      return null;
    }
    return switch (rate.family()) {
      case EXP -> null;
      case SOFTPLUS -> new ActivationStableSoftplus(rate.parameter());
      case SQUAREPLUS -> new ActivationSquareplus(rate.parameter());
    };
  }
}

package org.stableops.nd4j.lossfunctions;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.internal.ElementLossCall;
import org.stableops.nd4j.internal.Temporaries;
import org.stableops.op.ElementLosses;

/**
 * Poisson loss of counts as the loss of a DL4J output layer.
 *
 * <p>Labels have the outputs' shape [rows, outputs], and are finite and not negative, of any dtype.
 * After {@link #withExposure} there are twice as many columns: first the counts, then the exposure
 * of each, by which its rate is multiplied. Exposures are rounded to the dtype of the outputs, in
 * which they must be finite and more than 0. A mask of shape [rows, 1] or [rows, outputs] tells
 * with 1 which elements count; one of 0 counts nothing and is never read. Fractions are refused:
 * DL4J multiplies the outputs by the mask before any loss sees them, so that they would mean
 * something else than weights.
 *
 * <p>The convention is DL4J's: losses and gradients are summed over the elements, and the layer
 * divides by its minibatch, whatever masks say. Hence the reduction of the options must be {@link
 * Reduction#MEAN}, its name for that.
 *
 * <p>The layer's activation is the identity, and the network's output then the raw value, of which
 * the options make the rate; or {@link ActivationStableSoftplus} or {@link ActivationSquareplus}
 * whose parameter is that of the options' rate, and the output is the rate, while the loss works on
 * the raw value.
 *
 * <pre>{@code
 * OutputLayer layer =
 *     new OutputLayer.Builder(new LossFusedPoisson()) // the rate is e^output
 *         .nIn(32)
 *         .nOut(1)
 *         .activation(Activation.IDENTITY)
 *         .build();
 * LossFusedPoisson ofHours = new LossFusedPoisson().withExposure(); // labels: counts and hours
 * }</pre>
 *
 * @see PoissonLoss
 */
public final class LossFusedPoisson extends CountLossFunction {
  private static final long serialVersionUID = 1;

  @JsonIgnore private final boolean hasExposure;

  /** Creates the loss with the default options. */
  public LossFusedPoisson() {
    this(CountOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options reduction MEAN
   * @throws IllegalArgumentException if they are null, or the reduction is another
   */
  public LossFusedPoisson(CountOptions options) {
    this(options, false);
  }

  private LossFusedPoisson(CountOptions options, boolean hasExposure) {
    super(options);
    this.hasExposure = hasExposure;
  }

  /** Creates the loss from its JSON, in which what is missing has its default. */
  @JsonCreator
  static LossFusedPoisson fromJson(
      @JsonProperty("rate") PositiveTransform.@Nullable Family rate,
      @JsonProperty("parameter") @Nullable Double parameter,
      @JsonProperty("lowerBound") double lowerBound,
      @JsonProperty("isRaw") boolean isRaw,
      @JsonProperty("fullLikelihood") boolean fullLikelihood,
      @JsonProperty("exposure") boolean hasExposure) {
    return new LossFusedPoisson(
        options(rate, parameter, lowerBound, isRaw, fullLikelihood), hasExposure);
  }

  /**
   * Returns a loss like this one whose labels have twice as many columns as there are outputs: the
   * counts, and then the exposure of each, by which its rate is multiplied. The network's output
   * stands for the rate of an exposure of 1.
   *
   * @return a new loss
   */
  public LossFusedPoisson withExposure() {
    return new LossFusedPoisson(options, true);
  }

  /**
   * Tells whether labels are counts and exposures.
   *
   * @return whether it takes exposures
   */
  @JsonProperty("exposure")
  public boolean takesExposure() {
    return hasExposure;
  }

  /**
   * Returns the rates that a network has put out, by a layer of the activation identity.
   *
   * @param output raw values, of any shape
   * @return λ of an exposure of 1, a new array of the same shape and dtype
   * @throws IllegalArgumentException if the output is null, or not of a floating dtype where the
   *     options make the rate
   */
  public INDArray rates(INDArray output) {
    return ofRaw(Arguments.requireGiven("output", output));
  }

  @Override
  public LossFusedPoisson ofRates() {
    return new LossFusedPoisson(optionsOfRates(), hasExposure);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LossFusedPoisson loss
        && loss.options.equals(options)
        && loss.hasExposure == hasExposure;
  }

  @Override
  public int hashCode() {
    return Objects.hash(options, hasExposure);
  }

  @Override
  public String toString() {
    String name = hasExposure ? "LossFusedPoisson(exposure, " : "LossFusedPoisson(";
    return options.toString().replace("CountOptions(", name);
  }

  @Override
  ElementLossCall call(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      Reduction reduction,
      Temporaries temporaries) {
    requireActivation(activation);
    if (hasExposure) {
      return withExposure(labels, preOutput, reduction, temporaries);
    }
    if (areTwice(labels, preOutput)) {
      throw new IllegalArgumentException(
          ("labels must have the shape of the outputs, %s, got %s; if the second half are exposures,"
                  + " call withExposure()")
              .formatted(Shapes.text(preOutput.shape()), Shapes.text(labels.shape())));
    }
    return ofCounts(labels, preOutput, reduction);
  }

  private static boolean areTwice(@Nullable INDArray labels, @Nullable INDArray preOutput) {
    return labels != null
        && preOutput != null
        && preOutput.rank() == 2
        && Arrays.equals(labels.shape(), new long[] {preOutput.size(0), 2 * preOutput.size(1)});
  }

  private ElementLossCall ofCounts(INDArray counts, INDArray preOutput, Reduction reduction) {
    return ElementLossCall.of(
        ElementLosses.poissonLoss().of(options.withReduction(reduction)), preOutput, counts);
  }

  private ElementLossCall withExposure(
      INDArray labels, INDArray preOutput, Reduction reduction, Temporaries temporaries) {
    Arguments.requireGiven("labels", labels);
    Arguments.requireGiven("preOutput", preOutput);
    if (!areTwice(labels, preOutput)) {
      throw new IllegalArgumentException(
          "labels must have shape [rows, 2k], counts and then exposures, for outputs [rows, k],"
              + " got %s for %s"
                  .formatted(Shapes.text(labels.shape()), Shapes.text(preOutput.shape())));
    }
    ElementLossCall call = ofCounts(half(labels, 0), preOutput, reduction);
    INDArray exposures = half(labels, 1);
    INDArray ofType = exposures.castTo(preOutput.dataType());
    return call.withCompanion(temporaries.keepUnless(exposures, ofType));
  }
}

package org.stableops.nd4j.lossfunctions;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.internal.ElementLossCall;
import org.stableops.nd4j.internal.Fused;
import org.stableops.nd4j.internal.Temporaries;
import org.stableops.op.ElementLosses;

/**
 * Negative binomial loss of counts as the loss of a DL4J output layer: of mean μ and of variance μ
 * + μ²/θ, where the layer puts out θ as well, or θ is known.
 *
 * <p>Where it puts out both, there are two outputs for each label: of labels [rows, k] the layer
 * has outputs [rows, 2k], first the raw values of which the options make the means, then those of
 * which a {@link PositiveTransform} makes the inverse dispersions θ. Its activation is the
 * identity; {@link #means} and {@link #inverseDispersions} make of a network's output what it
 * stands for.
 *
 * <p>Where θ is known, one number for all or one for each output, labels have the outputs' shape.
 * The activation is the identity, or {@link ActivationStableSoftplus} or {@link
 * ActivationSquareplus} whose parameter is that of the options' rate, and the output is the mean,
 * while the loss works on the raw value.
 *
 * <p>Labels are finite and not negative, of any dtype. A mask of shape [rows, 1] or that of the
 * labels tells with 1 which of them count; one of 0 counts nothing and is never read. Fractions are
 * refused: DL4J multiplies the outputs by the mask before any loss sees them, so that they would
 * mean something else than weights; for the same reason its networks take no mask of the labels'
 * shape where there are twice as many outputs.
 *
 * <p>The convention is DL4J's: losses and gradients are summed over the elements, and the layer
 * divides by its minibatch, whatever masks say. Hence the reduction of the options must be {@link
 * Reduction#MEAN}, its name for that.
 *
 * <pre>{@code
 * OutputLayer layer =
 *     new OutputLayer.Builder(new LossFusedNegativeBinomial()) // the mean is e^output
 *         .nIn(32)
 *         .nOut(2) // and softplus of the second one θ
 *         .activation(Activation.IDENTITY)
 *         .build();
 * }</pre>
 *
 * @see NegativeBinomialLoss
 */
public final class LossFusedNegativeBinomial extends CountLossFunction {
  private static final long serialVersionUID = 1;

  /** Makes θ of what the layer puts out; null where θ is known. */
  @JsonIgnore private final @Nullable PositiveTransform transform;

  /** θ for all outputs or for each, where it is known; else empty. */
  @JsonIgnore private final double[] known;

  /** Creates the loss with the default options, and θ = softplus of the second half of outputs. */
  public LossFusedNegativeBinomial() {
    this(CountOptions.DEFAULT);
  }

  /**
   * Creates the loss, with θ = softplus of the second half of outputs.
   *
   * @param options reduction MEAN
   * @throws IllegalArgumentException if they are null, or the reduction is another
   */
  public LossFusedNegativeBinomial(CountOptions options) {
    this(options, PositiveTransform.softplus());
  }

  /**
   * Creates the loss.
   *
   * @param options reduction MEAN
   * @param inverseDispersion makes θ of the second half of the outputs
   * @throws IllegalArgumentException if an argument is null, or the reduction is another
   */
  public LossFusedNegativeBinomial(CountOptions options, PositiveTransform inverseDispersion) {
    super(options);
    Arguments.requireGiven("inverseDispersion", inverseDispersion);
    transform = inverseDispersion;
    known = new double[0];
  }

  /**
   * Creates the loss where θ is known.
   *
   * @param options reduction MEAN
   * @param inverseDispersion θ &gt; 0, one for all outputs or one for each; +inf is {@link
   *     LossFusedPoisson}, but for its constants
   * @throws IllegalArgumentException if an argument is null, the reduction is another, there is no
   *     θ, or one is not more than 0
   */
  public LossFusedNegativeBinomial(CountOptions options, double... inverseDispersion) {
    super(options);
    Arguments.requireGiven("inverseDispersion", inverseDispersion);
    boolean arePositive = Arrays.stream(inverseDispersion).allMatch(theta -> theta > 0);
    if (inverseDispersion.length == 0 || !arePositive) {
      throw new IllegalArgumentException(
          "inverseDispersion must be one or more numbers > 0, got "
              + Arrays.toString(inverseDispersion));
    }
    transform = null;
    known = inverseDispersion.clone();
  }

  /** Creates the loss from its JSON, in which what is missing has its default. */
  @JsonCreator
  static LossFusedNegativeBinomial fromJson(
      @JsonProperty("rate") PositiveTransform.@Nullable Family rate,
      @JsonProperty("parameter") @Nullable Double parameter,
      @JsonProperty("lowerBound") double lowerBound,
      @JsonProperty("isRaw") boolean isRaw,
      @JsonProperty("fullLikelihood") boolean fullLikelihood,
      @JsonProperty("inverseDispersion") double @Nullable [] inverseDispersion,
      @JsonProperty("ofDispersion") PositiveTransform.@Nullable Family ofDispersion,
      @JsonProperty("parameterOfDispersion") @Nullable Double parameterOfDispersion,
      @JsonProperty("lowerBoundOfDispersion") double lowerBoundOfDispersion) {
    CountOptions options = options(rate, parameter, lowerBound, isRaw, fullLikelihood);
    if (inverseDispersion != null && inverseDispersion.length > 0) {
      return new LossFusedNegativeBinomial(options, inverseDispersion);
    }
    PositiveTransform.Family family =
        ofDispersion == null ? PositiveTransform.Family.SOFTPLUS : ofDispersion;
    double ofFamily = parameterOfDispersion == null ? 1 : parameterOfDispersion;
    return new LossFusedNegativeBinomial(
        options, new PositiveTransform(family, ofFamily, lowerBoundOfDispersion));
  }

  /**
   * Returns the inverse dispersions that are known.
   *
   * @return a copy of θ; empty where the layer puts it out
   */
  @JsonProperty("inverseDispersion")
  public double[] getInverseDispersion() {
    return known.clone();
  }

  /**
   * Returns the function that makes θ.
   *
   * @return its family, or null where θ is known
   */
  @JsonProperty("ofDispersion")
  public PositiveTransform.@Nullable Family getFamilyOfDispersion() {
    return transform == null ? null : transform.family();
  }

  /**
   * Returns the parameter of the function that makes θ.
   *
   * @return β or b, 1 for the exponential function; or null
   */
  @JsonProperty("parameterOfDispersion")
  public @Nullable Double getParameterOfDispersion() {
    return transform == null ? null : (Double) transform.parameter();
  }

  /**
   * Returns the lower bound of θ.
   *
   * @return l
   */
  @JsonProperty("lowerBoundOfDispersion")
  public double getLowerBoundOfDispersion() {
    return transform == null ? 0 : transform.lowerBound();
  }

  /**
   * Returns the means that a network has put out, by a layer of the activation identity.
   *
   * @param output of rank 2
   * @return μ, a new array: of all columns where θ is known, else of the first half
   * @throws IllegalArgumentException if the output has another rank, or an odd number of columns
   *     where they are two for each label
   */
  public INDArray means(INDArray output) {
    return ofRaw(rawMeans(output));
  }

  /**
   * Returns the inverse dispersions that a network has put out, or those known.
   *
   * @param output of rank 2
   * @return θ, a new array: of the second half of the columns; where it is known, one row
   * @throws IllegalArgumentException if the output has another rank, or an odd number of columns
   *     where they are two for each label
   */
  public INDArray inverseDispersions(INDArray output) {
    requireColumns(output);
    return transform == null
        ? Nd4j.create(known, new long[] {1, known.length}, output.dataType())
        : PositiveTransforms.value(half(output, 1), transform);
  }

  private INDArray rawMeans(INDArray output) {
    requireColumns(output);
    return transform == null ? output : half(output, 0);
  }

  private void requireColumns(INDArray output) {
    Arguments.requireGiven("output", output);
    if (output.rank() != 2 || transform != null && output.size(1) % 2 != 0) {
      throw new IllegalArgumentException(
          "output must have shape [rows, %s], got %s"
              .formatted(
                  transform == null ? "k" : "2k] for labels [rows, k",
                  Shapes.text(output.shape())));
    }
  }

  @Override
  public LossFusedNegativeBinomial ofRates() {
    return transform == null
        ? new LossFusedNegativeBinomial(optionsOfRates(), known)
        : new LossFusedNegativeBinomial(optionsOfRates(), transform);
  }

  /** One element of the loss has two outputs, of which DL4J's masks know nothing. */
  @Override
  void requireMask(INDArray mask, INDArray preOutput) {
    if (transform != null && Arrays.equals(mask.shape(), preOutput.shape())) {
      throw new IllegalArgumentException(
          "mask must have shape [rows, 1] where a layer has two outputs for each label, got "
              + Shapes.text(mask.shape()));
    }
  }

  @Override
  ElementLossCall call(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      Reduction reduction,
      Temporaries temporaries) {
    if (transform == null) {
      requireActivation(activation);
    } else if (!(activation instanceof ActivationIdentity)) {
      throw new IllegalArgumentException(
          "activation must be identity where a layer puts out raw values of means and inverse"
              + " dispersions, got "
              + activation);
    }
    return ElementLossCall.of(
            ElementLosses.negativeBinomialLoss().of(options.withReduction(reduction)),
            rawMeans(preOutput),
            labels)
        .withCompanion(temporaries.keep(inverseDispersions(preOutput)));
  }

  /** The gradient with the columns by the raw values of θ, if there are any. */
  @Override
  INDArray whole(
      INDArray ofMeans, ElementLossCall call, INDArray preOutput, Temporaries temporaries) {
    if (transform == null) {
      return ofMeans;
    }
    temporaries.keep(ofMeans);
    INDArray slopes = temporaries.keep(PositiveTransforms.gradient(half(preOutput, 1), transform));
    INDArray ofThetas = temporaries.keep(call.companionGradient());
    double[] products = Fused.doubles(ofThetas);
    double[] factors = Fused.doubles(slopes);
    // What is masked has no gradient, even if its raw value is NaN; nor has θ = inf.
    Arrays.setAll(products, i -> products[i] == 0 ? 0 : products[i] * factors[i]);
    INDArray ofDispersions =
        temporaries.keep(Nd4j.create(products, ofMeans.shape(), ofMeans.dataType()));
    return Nd4j.concat(1, ofMeans, ofDispersions);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LossFusedNegativeBinomial loss
        && loss.options.equals(options)
        && Objects.equals(loss.transform, transform)
        && Arrays.equals(loss.known, known);
  }

  @Override
  public int hashCode() {
    return Objects.hash(options, transform, Arrays.hashCode(known));
  }

  @Override
  public String toString() {
    String theta = transform == null ? Arrays.toString(known) : transform.toString();
    return options
        .toString()
        .replace("CountOptions(", "LossFusedNegativeBinomial(inverseDispersion=" + theta + ", ");
  }
}

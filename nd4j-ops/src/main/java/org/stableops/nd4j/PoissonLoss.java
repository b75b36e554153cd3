package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.ValueAndGradient;
import org.stableops.internal.Arguments;
import org.stableops.nd4j.internal.ElementLossCall;
import org.stableops.nd4j.internal.ElementLossGradientOp;
import org.stableops.nd4j.internal.ElementLossValueOp;
import org.stableops.op.ElementLosses;

/**
 * Poisson loss of counts y, whose rate λ is a positive function of what a model puts out, raw:
 * e^raw, or any {@link org.stableops.PositiveTransform}, or raw itself; with exposures, times them.
 * With a the sample weight,
 *
 * <pre>loss = a·(λ − y·log λ), with the full likelihood a·(λ − y·log λ + log y!),
 * ∂loss/∂raw = a·(λ′ − y·λ′/λ);</pre>
 *
 * <p>with the default options e^raw − y·raw, whose gradient is e^raw − y. The reductions are one
 * loss per element, their sum, or their mean: the sum over Σ a, and 0 where that is 0.
 *
 * <p>log λ and λ′/λ are formed where λ itself underflows or overflows, and so y/λ never is. The
 * full likelihood is deviance/2 + (log y! − y·log y + y): neither part cancels, where λ − y·log λ +
 * log y! loses nine digits at y = 10⁹.
 *
 * <p>Raw values of half, bfloat16, float and double, of any layout and shape; counts of their
 * shape, finite and not negative, of any floating, integer or boolean dtype, whole numbers or not.
 * Special values: a raw value of +inf, or whose rate overflows, has the loss +inf; −inf has the
 * loss of the rate 0, or of the lower bound: +inf where y &gt; 0; a negative raw value that is the
 * rate itself, and NaN, have NaN. An element of weight 0 has 0 in everything, even for NaN.
 *
 * <p>Error: 2ε of float32 and 4ε of float64, of λ + y·(1 + |log λ|) for the value and of λ′ +
 * y·λ′/λ for the gradient; with a rate softplus(β), β no power of two, the composite of float64 has
 * |β·raw|ε more.
 *
 * <p>A. C. Cameron, P. K. Trivedi, Regression Analysis of Count Data, 2nd ed., Cambridge 2013, §3.
 *
 * <pre>{@code
 * INDArray raw = Nd4j.createFromArray(0.5f, -1, 2);
 * INDArray counts = Nd4j.createFromArray(3, 0, 9);
 * INDArray loss = PoissonLoss.value(raw, counts); // the mean
 * CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus());
 * INDArray gradient = PoissonLoss.gradient(raw, counts, softplus);
 * }</pre>
 */
public final class PoissonLoss {
  private PoissonLoss() {}

  /**
   * Returns the loss with the default options; see {@link #value(INDArray, INDArray, INDArray,
   * CountOptions)}.
   */
  public static INDArray value(INDArray raw, INDArray counts) {
    return value(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(INDArray, INDArray, INDArray,
   * CountOptions)}.
   */
  public static INDArray value(INDArray raw, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts).value();
  }

  /**
   * Returns the loss.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return the reduced loss as a scalar, or one loss per element for NONE; of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(
      INDArray raw, INDArray counts, INDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the loss with exposures and without sample weights; see {@link
   * #valueWithExposure(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray valueWithExposure(
      INDArray raw, INDArray exposure, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .value();
  }

  /**
   * Returns the loss with exposures.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it: the
   *     rate is their product with that of raw
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return the reduced loss as a scalar, or one loss per element for NONE; of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray valueWithExposure(
      INDArray raw,
      INDArray exposure,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options; see {@link #gradient(INDArray,
   * INDArray, INDArray, CountOptions)}.
   */
  public static INDArray gradient(INDArray raw, INDArray counts) {
    return gradient(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(INDArray,
   * INDArray, INDArray, CountOptions)}.
   */
  public static INDArray gradient(INDArray raw, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts).gradient();
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂raw, of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(
      INDArray raw, INDArray counts, INDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the gradient of the loss with exposures and without sample weights; see {@link
   * #gradientWithExposure(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray gradientWithExposure(
      INDArray raw, INDArray exposure, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .gradient();
  }

  /**
   * Returns the gradient of the loss with exposures by raw.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it: the
   *     rate is their product with that of raw
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂raw, of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradientWithExposure(
      INDArray raw,
      INDArray exposure,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the loss and its gradient with the default options; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(INDArray raw, INDArray counts) {
    return valueAndGradient(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient without sample weights; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray raw, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .valueAndGradient();
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return both, of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray raw, INDArray counts, INDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the loss and its gradient with exposures and without sample weights; see {@link
   * #valueAndGradientWithExposure(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradientWithExposure(
      INDArray raw, INDArray exposure, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .valueAndGradient();
  }

  /**
   * Returns the loss and its gradient with exposures, in one pass.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it: the
   *     rate is their product with that of raw
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return both, of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradientWithExposure(
      INDArray raw,
      INDArray exposure,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the second derivative of the loss with the default options; see {@link
   * #secondDerivative(INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray secondDerivative(INDArray raw, INDArray counts) {
    return secondDerivative(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss without sample weights; see {@link
   * #secondDerivative(INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray secondDerivative(INDArray raw, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss by each raw value, which is the diagonal of a Hessian
   * that has nothing else.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂²(sum of the value)/∂raw², of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray secondDerivative(
      INDArray raw, INDArray counts, INDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss with exposures and without sample weights; see {@link
   * #secondDerivativeWithExposure(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray secondDerivativeWithExposure(
      INDArray raw, INDArray exposure, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss with exposures by each raw value, which is the
   * diagonal of a Hessian that has nothing else.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it: the
   *     rate is their product with that of raw
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂²(sum of the value)/∂raw², of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray secondDerivativeWithExposure(
      INDArray raw,
      INDArray exposure,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns everything known about the loss with the default options; see {@link
   * #evaluate(INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static CountEvaluation<INDArray> evaluate(INDArray raw, INDArray counts) {
    return evaluate(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss without sample weights; see {@link #evaluate(INDArray,
   * INDArray, INDArray, CountOptions)}.
   */
  public static CountEvaluation<INDArray> evaluate(
      INDArray raw, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .evaluateCounts();
  }

  /**
   * Returns everything known about the loss, in one pass.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return losses and weight, of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static CountEvaluation<INDArray> evaluate(
      INDArray raw, INDArray counts, INDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .evaluateCounts();
  }

  /**
   * Returns everything known about the loss with exposures and without sample weights; see {@link
   * #evaluateWithExposure(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static CountEvaluation<INDArray> evaluateWithExposure(
      INDArray raw, INDArray exposure, INDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .evaluateCounts();
  }

  /**
   * Returns everything known about the loss with exposures, deviances included.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it: the
   *     rate is their product with that of raw
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return losses, deviances and weight, of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static CountEvaluation<INDArray> evaluateWithExposure(
      INDArray raw,
      INDArray exposure,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .evaluateCounts();
  }

  /**
   * Returns the loss in a graph with the default options; see {@link #value(SDVariable, SDVariable,
   * SDVariable, CountOptions)}.
   */
  public static SDVariable value(SDVariable raw, SDVariable counts) {
    return value(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss in a graph without sample weights; see {@link #value(SDVariable, SDVariable,
   * SDVariable, CountOptions)}.
   */
  public static SDVariable value(SDVariable raw, SDVariable counts, CountOptions options) {
    return new ValueOp().of(options, raw, counts, null);
  }

  /**
   * Returns the loss in a SameDiff graph, whose gradient to raw is {@link #gradient}; to the counts
   * and the sample weights it is 0.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return the reduced loss as a scalar, or one loss per element for NONE
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable value(
      SDVariable raw, SDVariable counts, SDVariable sampleWeights, CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new ValueOp().of(options, raw, counts, sampleWeights);
  }

  /**
   * Returns the loss with exposures and without sample weights in a graph; see {@link
   * #valueWithExposure(SDVariable, SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable valueWithExposure(
      SDVariable raw, SDVariable exposure, SDVariable counts, CountOptions options) {
    return new ValueOp().withCompanion(options, raw, exposure, counts, null);
  }

  /**
   * Returns the loss with exposures in a SameDiff graph; the gradient to the exposures is 0, too.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it: the
   *     rate is their product with that of raw
   * @param counts finite numbers from 0 of the shape of raw
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return the reduced loss as a scalar, or one loss per element for NONE
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable valueWithExposure(
      SDVariable raw,
      SDVariable exposure,
      SDVariable counts,
      SDVariable sampleWeights,
      CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new ValueOp().withCompanion(options, raw, exposure, counts, sampleWeights);
  }

  /**
   * Adds the gradient of the loss with the default options to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable gradient(SDVariable raw, SDVariable counts) {
    return gradient(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Adds the gradient of the loss without sample weights to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable gradient(SDVariable raw, SDVariable counts, CountOptions options) {
    return new GradientOp().gradient(options, raw, counts, null);
  }

  /**
   * Adds the gradient of the loss to a graph as a value of its own, which SameDiff can
   * differentiate once more.
   *
   * @param raw any floating array
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂raw, of the shape and dtype of raw
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable gradient(
      SDVariable raw, SDVariable counts, SDVariable sampleWeights, CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new GradientOp().gradient(options, raw, counts, sampleWeights);
  }

  /**
   * Adds the gradient of the loss with exposures and without sample weights to a graph; see {@link
   * #gradientWithExposure(SDVariable, SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable gradientWithExposure(
      SDVariable raw, SDVariable exposure, SDVariable counts, CountOptions options) {
    return new GradientOp().gradientWithCompanion(options, raw, exposure, counts, null);
  }

  /**
   * Adds the gradient of the loss with exposures to a graph as a value of its own, which SameDiff
   * can differentiate once more.
   *
   * @param raw any floating array
   * @param exposure finite numbers above 0 of the dtype of raw, which broadcast against it
   * @param counts finite numbers from 0 of the shape of raw
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂raw, of the shape and dtype of raw
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable gradientWithExposure(
      SDVariable raw,
      SDVariable exposure,
      SDVariable counts,
      SDVariable sampleWeights,
      CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new GradientOp().gradientWithCompanion(options, raw, exposure, counts, sampleWeights);
  }

  /** The op of SameDiff; for the registry. */
  public static final class ValueOp extends ElementLossValueOp<CountOptions> {
    /** For the registry; use {@code value}. */
    public ValueOp() {
      super(ElementLosses.poissonLoss(), GradientOp::new);
    }
  }

  /** Its derivatives; for the registry. */
  public static final class GradientOp extends ElementLossGradientOp<CountOptions> {
    /** For the registry; use {@code gradient}. */
    public GradientOp() {
      super(ElementLosses.poissonLoss(), GradientOp::new);
    }
  }
}

package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.ValueAndGradient;
import org.stableops.djl.internal.ElementLossCall;
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
 * <p>Raw values of float16, float32 and float64, of any layout and shape; counts of their shape,
 * finite and not negative, of any floating, integer or boolean dtype, whole numbers or not. Special
 * values: a raw value of +inf, or whose rate overflows, has the loss +inf; −inf has the loss of the
 * rate 0, or of the lower bound: +inf where y &gt; 0; a negative raw value that is the rate itself,
 * and NaN, have NaN. An element of weight 0 has 0 in everything, even for NaN.
 *
 * <p>Error: 2ε of float32 and 4ε of float64, of λ + y·(1 + |log λ|) for the value and of λ′ +
 * y·λ′/λ for the gradient; with a rate softplus(β), β no power of two, the composite of float64 has
 * |β·raw|ε more.
 *
 * <p>A. C. Cameron, P. K. Trivedi, Regression Analysis of Count Data, 2nd ed., Cambridge 2013, §3.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray raw = manager.create(new float[] {0.5f, -1, 2});
 *   NDArray counts = manager.create(new int[] {3, 0, 9});
 *   NDArray loss = PoissonLoss.value(raw, counts); // the mean, differentiable
 *   CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus());
 *   NDArray gradient = PoissonLoss.gradient(raw, counts, softplus);
 * }
 * }</pre>
 */
public final class PoissonLoss {
  private PoissonLoss() {}

  /**
   * Returns the loss with the default options; see {@link #value(NDArray, NDArray, NDArray,
   * CountOptions)}.
   */
  public static NDArray value(NDArray raw, NDArray counts) {
    return value(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(NDArray, NDArray, NDArray,
   * CountOptions)}.
   */
  public static NDArray value(NDArray raw, NDArray counts, CountOptions options) {
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
   * @return the reduced loss as a scalar, or one loss per element for NONE; differentiable with
   *     respect to raw, of its dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(
      NDArray raw, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the loss with exposures and without sample weights; see {@link
   * #valueWithExposure(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray valueWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, CountOptions options) {
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
   * @return the reduced loss as a scalar, or one loss per element for NONE; differentiable with
   *     respect to raw, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray valueWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options; see {@link #gradient(NDArray,
   * NDArray, NDArray, CountOptions)}.
   */
  public static NDArray gradient(NDArray raw, NDArray counts) {
    return gradient(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(NDArray, NDArray,
   * NDArray, CountOptions)}.
   */
  public static NDArray gradient(NDArray raw, NDArray counts, CountOptions options) {
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
   * @return ∂(sum of the value)/∂raw, outside any graph, of the shape, dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(
      NDArray raw, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the gradient of the loss with exposures and without sample weights; see {@link
   * #gradientWithExposure(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray gradientWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, CountOptions options) {
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
   * @return ∂(sum of the value)/∂raw, outside any graph, of the shape, dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradientWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the loss and its gradient with the default options; see {@link
   * #valueAndGradient(NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradient(NDArray raw, NDArray counts) {
    return valueAndGradient(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient without sample weights; see {@link #valueAndGradient(NDArray,
   * NDArray, NDArray, CountOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray raw, NDArray counts, CountOptions options) {
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
   * @return both, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray raw, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the loss and its gradient with exposures and without sample weights; see {@link
   * #valueAndGradientWithExposure(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradientWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, CountOptions options) {
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
   * @return both, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradientWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the second derivative of the loss with the default options; see {@link
   * #secondDerivative(NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray secondDerivative(NDArray raw, NDArray counts) {
    return secondDerivative(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss without sample weights; see {@link
   * #secondDerivative(NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray secondDerivative(NDArray raw, NDArray counts, CountOptions options) {
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
   * @return ∂²(sum of the value)/∂raw², outside any graph, of the shape, dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray secondDerivative(
      NDArray raw, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss with exposures and without sample weights; see {@link
   * #secondDerivativeWithExposure(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray secondDerivativeWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, CountOptions options) {
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
   * @return ∂²(sum of the value)/∂raw², outside any graph, of the shape, dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray secondDerivativeWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns everything known about the loss with the default options; see {@link #evaluate(NDArray,
   * NDArray, NDArray, CountOptions)}.
   */
  public static CountEvaluation<NDArray> evaluate(NDArray raw, NDArray counts) {
    return evaluate(raw, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss without sample weights; see {@link #evaluate(NDArray,
   * NDArray, NDArray, CountOptions)}.
   */
  public static CountEvaluation<NDArray> evaluate(
      NDArray raw, NDArray counts, CountOptions options) {
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
   * @return losses and weight, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static CountEvaluation<NDArray> evaluate(
      NDArray raw, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withSampleWeights(sampleWeights)
        .evaluateCounts();
  }

  /**
   * Returns everything known about the loss with exposures and without sample weights; see {@link
   * #evaluateWithExposure(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static CountEvaluation<NDArray> evaluateWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, CountOptions options) {
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
   * @return losses, deviances and weight, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, an exposure is not finite or not more than 0, or a sample
   *     weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static CountEvaluation<NDArray> evaluateWithExposure(
      NDArray raw, NDArray exposure, NDArray counts, NDArray sampleWeights, CountOptions options) {
    return ElementLossCall.of(ElementLosses.poissonLoss().of(options), raw, counts)
        .withCompanion(exposure)
        .withSampleWeights(sampleWeights)
        .evaluateCounts();
  }

  /** Returns the loss with the default options as a block; see {@link #block(CountOptions)}. */
  public static Block block() {
    return block(CountOptions.DEFAULT);
  }

  /**
   * Returns the loss as a block.
   *
   * @param options as of {@link #value(NDArray, NDArray, CountOptions)}
   * @return a block from (raw, counts) or (raw, counts, sampleWeights) to the value
   */
  public static Block block(CountOptions options) {
    return ElementLossCall.block(ElementLosses.poissonLoss(), options);
  }

  /**
   * Returns the loss with exposures and the default options as a block; see {@link
   * #blockWithExposure(CountOptions)}.
   */
  public static Block blockWithExposure() {
    return blockWithExposure(CountOptions.DEFAULT);
  }

  /**
   * Returns the loss with exposures as a block.
   *
   * @param options as of {@link #valueWithExposure(NDArray, NDArray, NDArray, CountOptions)}
   * @return a block from (raw, exposure, counts) or (raw, exposure, counts, sampleWeights) to the
   *     value
   */
  public static Block blockWithExposure(CountOptions options) {
    return ElementLossCall.blockWithCompanion(ElementLosses.poissonLoss(), options);
  }

  /**
   * Returns the gradient of the loss with the default options as a block; see {@link
   * #gradientBlock(CountOptions)}.
   */
  public static Block gradientBlock() {
    return gradientBlock(CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss as a block.
   *
   * @param options as of {@link #value(NDArray, NDArray, CountOptions)}
   * @return a block from (raw, counts) or (raw, counts, sampleWeights) to the gradient
   */
  public static Block gradientBlock(CountOptions options) {
    return ElementLossCall.gradientBlock(ElementLosses.poissonLoss(), options);
  }

  /**
   * Returns the gradient of the loss with exposures and the default options as a block; see {@link
   * #gradientBlockWithExposure(CountOptions)}.
   */
  public static Block gradientBlockWithExposure() {
    return gradientBlockWithExposure(CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss with exposures as a block.
   *
   * @param options as of {@link #valueWithExposure(NDArray, NDArray, NDArray, CountOptions)}
   * @return a block from (raw, exposure, counts) or (raw, exposure, counts, sampleWeights) to the
   *     gradient
   */
  public static Block gradientBlockWithExposure(CountOptions options) {
    return ElementLossCall.gradientBlockWithCompanion(ElementLosses.poissonLoss(), options);
  }
}

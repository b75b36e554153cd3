package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.ValueAndGradient;
import org.stableops.djl.internal.ElementLossCall;
import org.stableops.op.ElementLosses;

/**
 * Negative binomial loss of counts y that vary more than Poisson ones: of mean μ, a positive
 * function of what a model puts out, raw, and of variance μ + μ²/θ with the inverse dispersion θ.
 * With a the sample weight,
 *
 * <pre>loss = a·(log Γ(θ) − log Γ(y + θ) + (y + θ)·log(θ + μ) − θ·log θ − y·log μ),
 * with the full likelihood + a·log y!,
 * ∂loss/∂raw = a·(μ′/μ)·θ·(μ − y)/(θ + μ),
 * ∂loss/∂θ = a·(ψ(θ) − ψ(y + θ) + log(1 + μ/θ) + (y − μ)/(θ + μ)).</pre>
 *
 * <p>The mean is e^raw by default, or any {@link org.stableops.PositiveTransform}, or raw itself.
 * The reductions are one loss per element, their sum, or their mean: the sum over Σ a, and 0 where
 * that is 0. The dispersion of the data is 1/θ: as θ grows the loss becomes {@link PoissonLoss},
 * which it is at θ = +inf.
 *
 * <p>Neither log Γ nor ψ is computed. They cancel: at θ = 10⁷, y = 5, μ = 2 the sum above has no
 * correct digit. Instead the loss is θ·φ(w) + y·φ(−θw/y) and Stirling's remainders, where w = (y −
 * μ)/(θ + μ) and φ(w) = w − log(1 + w), and every term is positive; the gradients likewise.
 *
 * <p>Raw values of float16, float32 and float64, of any layout and shape, and θ of the same dtype,
 * of any shape that broadcasts against it: one number, one per element of the last axis, or one
 * each. Counts have the shape of raw and are finite and not negative, of any floating, integer or
 * boolean dtype, whole numbers or not. Special values: a raw value of +inf has the loss +inf; −inf
 * has that of the mean 0, or of the lower bound: +inf where y &gt; 0; where e^raw overflows the
 * loss stays finite, and its gradient is θ; θ &le; 0 and NaN have NaN, and so has a negative raw
 * value that is the mean itself. An element of weight 0 has 0 in everything, even for NaN.
 *
 * <p>Error: value and gradient by raw of float32 2ε, of float64 12ε and 6ε, of their terms; the
 * gradient by θ 2ε and 8ε of φ(w) and what is subtracted from it; second derivatives 2ε and 8ε of
 * their terms; with a mean softplus(β), β no power of two, the composite of float64 has |β·raw|ε
 * more.
 *
 * <p>J. M. Hilbe, Negative Binomial Regression, 2nd ed., Cambridge 2011, §8; the form without log Γ
 * after C. Loader, Fast and Accurate Computation of Binomial Probabilities, 2000.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray raw = manager.create(new float[] {0.5f, -1, 2});
 *   NDArray theta = manager.create(1.5f); // one for all
 *   NDArray counts = manager.create(new int[] {3, 0, 25});
 *   NDArray loss = NegativeBinomialLoss.value(raw, theta, counts); // the mean, differentiable
 *   NDArray ofTheta =
 *       NegativeBinomialLoss.parameterGradient(raw, theta, counts, CountOptions.DEFAULT);
 * }
 * }</pre>
 */
public final class NegativeBinomialLoss {
  private NegativeBinomialLoss() {}

  /**
   * Returns the loss with the default options; see {@link #value(NDArray, NDArray, NDArray,
   * NDArray, CountOptions)}.
   */
  public static NDArray value(NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return value(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(NDArray, NDArray, NDArray, NDArray,
   * CountOptions)}.
   */
  public static NDArray value(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .value();
  }

  /**
   * Returns the loss.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return the reduced loss as a scalar, or one loss per element for NONE; differentiable with
   *     respect to raw and inverseDispersion, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options; see {@link #gradient(NDArray,
   * NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray gradient(NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return gradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(NDArray, NDArray,
   * NDArray, NDArray, CountOptions)}.
   */
  public static NDArray gradient(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .gradient();
  }

  /**
   * Returns the gradient of the loss by raw.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
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
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the gradient of the loss by the inverse dispersion with the default options; see {@link
   * #parameterGradient(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray parameterGradient(NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return parameterGradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss by the inverse dispersion without sample weights; see {@link
   * #parameterGradient(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray parameterGradient(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .companionGradient();
  }

  /**
   * Returns the gradient of the loss by the inverse dispersion, summed where that is repeated.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂θ, outside any graph, of the shape, dtype and manager of
   *     inverseDispersion
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray parameterGradient(
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .companionGradient();
  }

  /**
   * Returns the loss and its gradient by raw with the default options; see {@link
   * #valueAndGradient(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return valueAndGradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient by raw without sample weights; see {@link
   * #valueAndGradient(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .valueAndGradient();
  }

  /**
   * Returns the loss and its gradient by raw, in one pass.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
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
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the second derivative of the loss with the default options; see {@link
   * #secondDerivative(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray secondDerivative(NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return secondDerivative(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss without sample weights; see {@link
   * #secondDerivative(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray secondDerivative(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss by each raw value, which is the diagonal of a Hessian
   * that has nothing else.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
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
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss by the inverse dispersion with the default options;
   * see {@link #parameterSecondDerivative(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray parameterSecondDerivative(
      NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return parameterSecondDerivative(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss by the inverse dispersion without sample weights; see
   * {@link #parameterSecondDerivative(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray parameterSecondDerivative(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .companionSecondDerivative();
  }

  /**
   * Returns the second derivative of the loss by the inverse dispersion, summed where that is
   * repeated.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂²(sum of the value)/∂θ², outside any graph, of the shape, dtype and manager of
   *     inverseDispersion
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray parameterSecondDerivative(
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .companionSecondDerivative();
  }

  /**
   * Returns the derivative of the loss by each raw value and the inverse dispersion with the
   * default options; see {@link #mixedDerivative(NDArray, NDArray, NDArray, NDArray,
   * CountOptions)}.
   */
  public static NDArray mixedDerivative(NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return mixedDerivative(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the derivative of the loss by each raw value and the inverse dispersion without sample
   * weights; see {@link #mixedDerivative(NDArray, NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static NDArray mixedDerivative(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .mixedDerivative();
  }

  /**
   * Returns the derivative of the loss by each raw value and the inverse dispersion that it meets:
   * with the two second derivatives the whole Hessian of a Newton step.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return ∂²(sum of the value)/∂raw∂θ, outside any graph, of the shape, dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray mixedDerivative(
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .mixedDerivative();
  }

  /**
   * Returns everything known about the loss with the default options; see {@link #evaluate(NDArray,
   * NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static CountEvaluation<NDArray> evaluate(
      NDArray raw, NDArray inverseDispersion, NDArray counts) {
    return evaluate(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss without sample weights; see {@link #evaluate(NDArray,
   * NDArray, NDArray, NDArray, CountOptions)}.
   */
  public static CountEvaluation<NDArray> evaluate(
      NDArray raw, NDArray inverseDispersion, NDArray counts, CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .evaluateCounts();
  }

  /**
   * Returns everything known about the loss, deviances included.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw, of any floating, integer or boolean
   *     dtype
   * @param sampleWeights numbers or booleans of the shape of raw: the weight of each element; one
   *     of weight 0 counts nothing and is never read
   * @param options reduction, rate and full likelihood
   * @return losses, deviances and weight, of the dtype and manager of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static CountEvaluation<NDArray> evaluate(
      NDArray raw,
      NDArray inverseDispersion,
      NDArray counts,
      NDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
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
   * @param options as of {@link #value(NDArray, NDArray, NDArray, CountOptions)}
   * @return a block from (raw, inverseDispersion, counts) or (raw, inverseDispersion, counts,
   *     sampleWeights) to the value
   */
  public static Block block(CountOptions options) {
    return ElementLossCall.block(ElementLosses.negativeBinomialLoss(), options);
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
   * @param options as of {@link #value(NDArray, NDArray, NDArray, CountOptions)}
   * @return a block from (raw, inverseDispersion, counts) or (raw, inverseDispersion, counts,
   *     sampleWeights) to the gradient by raw
   */
  public static Block gradientBlock(CountOptions options) {
    return ElementLossCall.gradientBlock(ElementLosses.negativeBinomialLoss(), options);
  }
}

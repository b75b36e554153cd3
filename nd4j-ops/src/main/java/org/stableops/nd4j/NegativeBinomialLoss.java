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
 * <p>Raw values of half, bfloat16, float and double, of any layout and shape, and θ of the same
 * dtype, of any shape that broadcasts against it: one number, one per element of the last axis, or
 * one each. Counts have the shape of raw and are finite and not negative, of any floating, integer
 * or boolean dtype, whole numbers or not. Special values: a raw value of +inf has the loss +inf;
 * −inf has that of the mean 0, or of the lower bound: +inf where y &gt; 0; where e^raw overflows
 * the loss stays finite, and its gradient is θ; θ &le; 0 and NaN have NaN, and so has a negative
 * raw value that is the mean itself. An element of weight 0 has 0 in everything, even for NaN.
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
 * INDArray raw = Nd4j.createFromArray(0.5f, -1, 2);
 * INDArray theta = Nd4j.scalar(1.5f); // one for all
 * INDArray counts = Nd4j.createFromArray(3, 0, 25);
 * INDArray loss = NegativeBinomialLoss.value(raw, theta, counts); // the mean
 * INDArray ofTheta =
 *     NegativeBinomialLoss.parameterGradient(raw, theta, counts, CountOptions.DEFAULT);
 * }</pre>
 */
public final class NegativeBinomialLoss {
  private NegativeBinomialLoss() {}

  /**
   * Returns the loss with the default options; see {@link #value(INDArray, INDArray, INDArray,
   * INDArray, CountOptions)}.
   */
  public static INDArray value(INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return value(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(INDArray, INDArray, INDArray,
   * INDArray, CountOptions)}.
   */
  public static INDArray value(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return the reduced loss as a scalar, or one loss per element for NONE; of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options; see {@link #gradient(INDArray,
   * INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray gradient(INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return gradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(INDArray,
   * INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray gradient(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return ∂(sum of the value)/∂raw, of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the gradient of the loss by the inverse dispersion with the default options; see {@link
   * #parameterGradient(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray parameterGradient(
      INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return parameterGradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss by the inverse dispersion without sample weights; see {@link
   * #parameterGradient(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray parameterGradient(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return ∂(sum of the value)/∂θ, of the shape and dtype of inverseDispersion
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterGradient(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .companionGradient();
  }

  /**
   * Returns the loss and its gradient by raw with the default options; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return valueAndGradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient by raw without sample weights; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return both, of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the second derivative of the loss with the default options; see {@link
   * #secondDerivative(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray secondDerivative(
      INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return secondDerivative(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss without sample weights; see {@link
   * #secondDerivative(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray secondDerivative(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return ∂²(sum of the value)/∂raw², of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray secondDerivative(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .secondDerivative();
  }

  /**
   * Returns the second derivative of the loss by the inverse dispersion with the default options;
   * see {@link #parameterSecondDerivative(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray parameterSecondDerivative(
      INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return parameterSecondDerivative(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the second derivative of the loss by the inverse dispersion without sample weights; see
   * {@link #parameterSecondDerivative(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray parameterSecondDerivative(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return ∂²(sum of the value)/∂θ², of the shape and dtype of inverseDispersion
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray parameterSecondDerivative(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .companionSecondDerivative();
  }

  /**
   * Returns the derivative of the loss by each raw value and the inverse dispersion with the
   * default options; see {@link #mixedDerivative(INDArray, INDArray, INDArray, INDArray,
   * CountOptions)}.
   */
  public static INDArray mixedDerivative(
      INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return mixedDerivative(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the derivative of the loss by each raw value and the inverse dispersion without sample
   * weights; see {@link #mixedDerivative(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static INDArray mixedDerivative(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return ∂²(sum of the value)/∂raw∂θ, of the shape and dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray mixedDerivative(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .mixedDerivative();
  }

  /**
   * Returns everything known about the loss with the default options; see {@link
   * #evaluate(INDArray, INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static CountEvaluation<INDArray> evaluate(
      INDArray raw, INDArray inverseDispersion, INDArray counts) {
    return evaluate(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss without sample weights; see {@link #evaluate(INDArray,
   * INDArray, INDArray, INDArray, CountOptions)}.
   */
  public static CountEvaluation<INDArray> evaluate(
      INDArray raw, INDArray inverseDispersion, INDArray counts, CountOptions options) {
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
   * @return losses, deviances and weight, of the dtype of raw
   * @throws IllegalArgumentException if a dtype or a shape is wrong, the options are null, a count
   *     is negative, infinite or NaN, or a sample weight is negative or not finite
   * @throws IllegalStateException if an array is closed
   */
  public static CountEvaluation<INDArray> evaluate(
      INDArray raw,
      INDArray inverseDispersion,
      INDArray counts,
      INDArray sampleWeights,
      CountOptions options) {
    return ElementLossCall.of(ElementLosses.negativeBinomialLoss().of(options), raw, counts)
        .withCompanion(inverseDispersion)
        .withSampleWeights(sampleWeights)
        .evaluateCounts();
  }

  /**
   * Returns the loss in a graph with the default options; see {@link #value(SDVariable, SDVariable,
   * SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable value(SDVariable raw, SDVariable inverseDispersion, SDVariable counts) {
    return value(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Returns the loss in a graph without sample weights; see {@link #value(SDVariable, SDVariable,
   * SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable value(
      SDVariable raw, SDVariable inverseDispersion, SDVariable counts, CountOptions options) {
    return new ValueOp().withCompanion(options, raw, inverseDispersion, counts, null);
  }

  /**
   * Returns the loss in a SameDiff graph, whose gradients are {@link #gradient} to raw and {@link
   * #parameterGradient} to the inverse dispersion; to the counts and the sample weights they are 0.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return the reduced loss as a scalar, or one loss per element for NONE
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable value(
      SDVariable raw,
      SDVariable inverseDispersion,
      SDVariable counts,
      SDVariable sampleWeights,
      CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new ValueOp().withCompanion(options, raw, inverseDispersion, counts, sampleWeights);
  }

  /**
   * Adds the gradient of the loss to raw with the default options to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable gradient(
      SDVariable raw, SDVariable inverseDispersion, SDVariable counts) {
    return gradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Adds the gradient of the loss to raw without sample weights to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable gradient(
      SDVariable raw, SDVariable inverseDispersion, SDVariable counts, CountOptions options) {
    return new GradientOp().gradientWithCompanion(options, raw, inverseDispersion, counts, null);
  }

  /**
   * Adds the gradient of the loss to raw to a graph as a value of its own, which SameDiff can
   * differentiate once more, by raw and by the inverse dispersion.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂raw, of the shape and dtype of raw
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable gradient(
      SDVariable raw,
      SDVariable inverseDispersion,
      SDVariable counts,
      SDVariable sampleWeights,
      CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new GradientOp()
        .gradientWithCompanion(options, raw, inverseDispersion, counts, sampleWeights);
  }

  /**
   * Adds the gradient of the loss to the inverse dispersion with the default options to a graph;
   * see {@link #parameterGradient(SDVariable, SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable parameterGradient(
      SDVariable raw, SDVariable inverseDispersion, SDVariable counts) {
    return parameterGradient(raw, inverseDispersion, counts, CountOptions.DEFAULT);
  }

  /**
   * Adds the gradient of the loss to the inverse dispersion without sample weights to a graph; see
   * {@link #parameterGradient(SDVariable, SDVariable, SDVariable, SDVariable, CountOptions)}.
   */
  public static SDVariable parameterGradient(
      SDVariable raw, SDVariable inverseDispersion, SDVariable counts, CountOptions options) {
    return new GradientOp().companionGradient(options, raw, inverseDispersion, counts, null);
  }

  /**
   * Adds the gradient of the loss to the inverse dispersion to a graph as a value of its own, which
   * SameDiff can differentiate once more, by raw and by the inverse dispersion.
   *
   * @param raw any floating array
   * @param inverseDispersion θ, of the dtype of raw, which broadcasts against it
   * @param counts finite numbers from 0 of the shape of raw
   * @param sampleWeights one per element
   * @param options reduction, rate and full likelihood
   * @return ∂(sum of the value)/∂θ, of the shape and dtype of the inverse dispersion
   * @throws IllegalArgumentException if a variable or the options are null; what the arrays must be
   *     is checked when the graph is executed
   */
  public static SDVariable parameterGradient(
      SDVariable raw,
      SDVariable inverseDispersion,
      SDVariable counts,
      SDVariable sampleWeights,
      CountOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new GradientOp()
        .companionGradient(options, raw, inverseDispersion, counts, sampleWeights);
  }

  /** The op of SameDiff; for the registry. */
  public static final class ValueOp extends ElementLossValueOp<CountOptions> {
    /** For the registry; use {@code value}. */
    public ValueOp() {
      super(ElementLosses.negativeBinomialLoss(), GradientOp::new);
    }
  }

  /** Its derivatives; for the registry. */
  public static final class GradientOp extends ElementLossGradientOp<CountOptions> {
    /** For the registry; use {@code gradient}. */
    public GradientOp() {
      super(ElementLosses.negativeBinomialLoss(), GradientOp::new);
    }
  }
}

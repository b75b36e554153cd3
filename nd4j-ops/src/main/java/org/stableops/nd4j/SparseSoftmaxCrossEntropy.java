package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.ValueAndGradient;
import org.stableops.internal.Arguments;
import org.stableops.nd4j.internal.CrossEntropy;
import org.stableops.nd4j.internal.CrossEntropyGradientOp;
import org.stableops.nd4j.internal.CrossEntropyHessianOp;
import org.stableops.nd4j.internal.CrossEntropyValueOp;
import org.stableops.op.SoftmaxLoss;

/**
 * Softmax cross-entropy of logits and integer labels, fused. With z the logits of a row, y its
 * label, w the class weights, s the smoothing over the K classes whose logit is not −inf, ζ the
 * z-loss weight and a the sample weight,
 *
 * <pre>loss = a·(Σ_c v_c (lse − z_c) + ζ·w_y·lse²),   v_c = w_c·((1−s)·[c = y] + s/K),
 * ∂loss/∂z_c = a·(Σv·p_c − v_c + 2ζ·w_y·lse·p_c),   lse = log Σ_k e^{z_k},   p = softmax(z);</pre>
 *
 * <p>with the default options lse − z_y and p_c − [c = y].
 *
 * <p>The reductions are one loss per row, their sum, or their mean: the sum over Σ a·w_y, and 0
 * where that is 0. No probability is clipped: the loss of a confident row is exact to the last
 * digits (logits [20, 0, 0] and label 0 give 4.1223e-9), as is the gradient at its label.
 *
 * <p>Logits of half, bfloat16, float and double, of any layout. Special rows: a row whose label is
 * ignored, or whose sample weight is 0, counts nothing and is never read; a logit of −inf is an
 * absent class, which gets no smoothing, and an infinite loss where its probability is not 0; one
 * logit of +inf is a certain class, with an infinite loss if others have a probability or there is
 * a z-loss; two of them, a NaN, or −inf everywhere make the row NaN.
 *
 * <p>Error without options: 3 ulp of float32 and 16 of float64 for the loss, 4 and 16 for the
 * gradient at the label, 4ε and 8ε for the others. With options as of {@link SoftmaxCrossEntropy}.
 *
 * <p>The log-sum-exp: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the
 * log-sum-exp and softmax functions, IMA J. Numer. Anal. 41 (2021). Smoothing: C. Szegedy et al.,
 * Rethinking the Inception architecture, CVPR 2016. Z-loss: A. Chowdhery et al., PaLM, JMLR 24
 * (2023).
 *
 * <pre>{@code
 * INDArray logits = Nd4j.createFromArray(new float[][] {{20, 0, 0}, {1, 2, 3}});
 * INDArray labels = Nd4j.createFromArray(0, 2);
 * INDArray loss = SparseSoftmaxCrossEntropy.value(logits, labels); // the mean
 * INDArray gradient = SparseSoftmaxCrossEntropy.gradient(logits, labels);
 * }</pre>
 *
 * @see SoftmaxCrossEntropy
 */
public final class SparseSoftmaxCrossEntropy {
  private SparseSoftmaxCrossEntropy() {}

  /**
   * Returns the loss with the default options: the mean over the rows, classes last; see {@link
   * #value(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray value(INDArray logits, INDArray labels) {
    return value(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss without sample weights; see {@link #value(INDArray, INDArray, INDArray,
   * CrossEntropyOptions)}.
   */
  public static INDArray value(INDArray logits, INDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options).value();
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels integers, of any integer or floating dtype, of the logits' shape without the
   *     class axis, or with 1 there
   * @param sampleWeights any array of numbers or booleans of the logits' shape without the class
   *     axis, or with 1 there: the weight of each row; one of weight 0 counts nothing and is never
   *     read
   * @param options class axis, reduction, ignored label, smoothing, z-loss and class weights
   * @return the reduced loss as a scalar, or one loss per row for NONE; of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, or the number of class weights is not
   *     that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options)
        .withSampleWeights(sampleWeights)
        .value();
  }

  /**
   * Returns the gradient of the loss with the default options: the mean over the rows, classes
   * last; see {@link #gradient(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray gradient(INDArray logits, INDArray labels) {
    return gradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss without sample weights; see {@link #gradient(INDArray,
   * INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray gradient(INDArray logits, INDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options).gradient();
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels integers, of any integer or floating dtype, of the logits' shape without the
   *     class axis, or with 1 there
   * @param sampleWeights any array of numbers or booleans of the logits' shape without the class
   *     axis, or with 1 there: the weight of each row; one of weight 0 counts nothing and is never
   *     read
   * @param options class axis, reduction, ignored label, smoothing, z-loss and class weights
   * @return ∂(sum of the value)/∂logits, of the logits' shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, or the number of class weights is not
   *     that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options)
        .withSampleWeights(sampleWeights)
        .gradient();
  }

  /**
   * Returns the loss and its gradient, in one pass with the default options: the mean over the
   * rows, classes last; see {@link #valueAndGradient(INDArray, INDArray, INDArray,
   * CrossEntropyOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(INDArray logits, INDArray labels) {
    return valueAndGradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient in one pass, without sample weights; see {@link
   * #valueAndGradient(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray logits, INDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options).valueAndGradient();
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels integers, of any integer or floating dtype, of the logits' shape without the
   *     class axis, or with 1 there
   * @param sampleWeights any array of numbers or booleans of the logits' shape without the class
   *     axis, or with 1 there: the weight of each row; one of weight 0 counts nothing and is never
   *     read
   * @param options class axis, reduction, ignored label, smoothing, z-loss and class weights
   * @return both, of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, or the number of class weights is not
   *     that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the product of the Hessian and an array, with the default options; see {@link
   * #hessianVectorProduct(INDArray, INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray hessianVectorProduct(INDArray logits, INDArray labels, INDArray v) {
    return hessianVectorProduct(logits, labels, v, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the product of the Hessian and an array, without sample weights; see {@link
   * #hessianVectorProduct(INDArray, INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray hessianVectorProduct(
      INDArray logits, INDArray labels, INDArray v, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options).hessianVectorProduct(v);
  }

  /**
   * Returns the product of the Hessian of the loss and an array, in one pass: how the gradient
   * changes along v. With W the sum of the row's smoothed and weighted probabilities, and ω = w_y,
   *
   * <pre>(Hv)_c = a·p_c·((W + 2ζω·lse)(v_c − Σp·v) + 2ζω·Σp·v).</pre>
   *
   * <p>On confident rows nothing cancels, for v is taken relative to that of the largest logit.
   * Error: 2ε of float32 and 8ε of float64, times the sum of the absolute values of the terms.
   *
   * @param logits any floating array with a class axis
   * @param labels integers, of any integer or floating dtype, of the logits' shape without the
   *     class axis, or with 1 there
   * @param sampleWeights any array of numbers or booleans of the logits' shape without the class
   *     axis, or with 1 there: the weight of each row; one of weight 0 counts nothing and is never
   *     read
   * @param v any floating array of the logits' shape; where a logit is −inf it is never read
   * @param options class axis, reduction, ignored label, smoothing, z-loss and class weights
   * @return ∂²(sum of the value)/∂logits² · v, of the logits' shape and dtype; NaN in a row whose
   *     loss is NaN, and 0 in one that does not count
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, or the number of class weights is not
   *     that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray hessianVectorProduct(
      INDArray logits,
      INDArray labels,
      INDArray sampleWeights,
      INDArray v,
      CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options)
        .withSampleWeights(sampleWeights)
        .hessianVectorProduct(v);
  }

  /**
   * Returns the diagonal of the Hessian with the default options; see {@link
   * #hessianDiagonal(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray hessianDiagonal(INDArray logits, INDArray labels) {
    return hessianDiagonal(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the diagonal of the Hessian without sample weights; see {@link
   * #hessianDiagonal(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray hessianDiagonal(
      INDArray logits, INDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options).hessianDiagonal();
  }

  /**
   * Returns the diagonal of the Hessian of the loss, in one pass.
   *
   * <pre>H_cc = a·p_c·((W + 2ζω·lse)(1 − p_c) + 2ζω·p_c),</pre>
   *
   * <p>with W and ω as of the product, and 1 − p_c to the last digits of confident rows. Error: 2ε
   * of float32 and 8ε of float64, times the sum of the absolute values of the terms; without z-loss
   * 6 ulp of float64.
   *
   * @param logits any floating array with a class axis
   * @param labels integers, of any integer or floating dtype, of the logits' shape without the
   *     class axis, or with 1 there
   * @param sampleWeights any array of numbers or booleans of the logits' shape without the class
   *     axis, or with 1 there: the weight of each row; one of weight 0 counts nothing and is never
   *     read
   * @param options class axis, reduction, ignored label, smoothing, z-loss and class weights
   * @return ∂²(sum of the value)/∂logit² of each logit, of the logits' shape and dtype; NaN in a
   *     row whose loss is NaN, and 0 in one that does not count
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, or the number of class weights is not
   *     that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray hessianDiagonal(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options)
        .withSampleWeights(sampleWeights)
        .hessianDiagonal();
  }

  /**
   * Returns everything known about the loss with the default options, in one pass; see {@link
   * #evaluate(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static CrossEntropyEvaluation<INDArray> evaluate(INDArray logits, INDArray labels) {
    return evaluate(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns everything known about the loss in one pass, without sample weights; see {@link
   * #evaluate(INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static CrossEntropyEvaluation<INDArray> evaluate(
      INDArray logits, INDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options).evaluate();
  }

  /**
   * Returns everything known about the loss, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels integers, of any integer or floating dtype, of the logits' shape without the
   *     class axis, or with 1 there
   * @param sampleWeights any array of numbers or booleans of the logits' shape without the class
   *     axis, or with 1 there: the weight of each row; one of weight 0 counts nothing and is never
   *     read
   * @param options class axis, reduction, ignored label, smoothing, z-loss and class weights
   * @return losses, log-sum-exps and weight, outside any graph, of the logits' dtype, to be closed
   *     by the caller
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, or the number of class weights is not
   *     that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static CrossEntropyEvaluation<INDArray> evaluate(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.of(SoftmaxLoss.SPARSE, logits, labels, options)
        .withSampleWeights(sampleWeights)
        .evaluate();
  }

  /**
   * Adds the loss with the default options to a graph: the mean over the rows, classes last; see
   * {@link #value(SDVariable, SDVariable, SDVariable, CrossEntropyOptions)}.
   */
  public static SDVariable value(SDVariable logits, SDVariable labels) {
    return value(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Adds the loss without sample weights to a graph; see {@link #value(SDVariable, SDVariable,
   * SDVariable, CrossEntropyOptions)}.
   */
  public static SDVariable value(
      SDVariable logits, SDVariable labels, CrossEntropyOptions options) {
    return new ValueOp().of(options, logits, labels);
  }

  /**
   * Adds the loss to a graph, with its gradient op. Labels and sample weights get no gradient.
   *
   * @param logits any floating variable with a class axis
   * @param labels integer labels, of shapes as for arrays
   * @param sampleWeights the weight of each row, of shapes as for arrays
   * @param options as for arrays
   * @return the reduced loss as a scalar, or one loss per row for NONE
   */
  public static SDVariable value(
      SDVariable logits, SDVariable labels, SDVariable sampleWeights, CrossEntropyOptions options) {
    return new ValueOp().of(options, logits, labels, sampleWeights);
  }

  /**
   * Adds the gradient of the loss with the default options to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, CrossEntropyOptions)}.
   */
  public static SDVariable gradient(SDVariable logits, SDVariable labels) {
    return gradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Adds the gradient of the loss without sample weights to a graph; see {@link
   * #gradient(SDVariable, SDVariable, SDVariable, CrossEntropyOptions)}.
   */
  public static SDVariable gradient(
      SDVariable logits, SDVariable labels, CrossEntropyOptions options) {
    return new GradientOp().gradient(options, logits, labels, null);
  }

  /**
   * Adds the gradient of the loss to a graph as a value of its own, which SameDiff can
   * differentiate once more: by the logits, with the Hessian's product.
   *
   * @param logits any floating variable with a class axis
   * @param labels integer labels, of shapes as for arrays
   * @param sampleWeights the weight of each row, of shapes as for arrays
   * @param options as for arrays
   * @return ∂(sum of the value)/∂logits, of the logits' shape and dtype
   * @throws IllegalArgumentException if a variable or the options are null, or the number of class
   *     weights is not that of the classes, where the graph knows these; what the arrays must be is
   *     checked when the graph is executed
   */
  public static SDVariable gradient(
      SDVariable logits, SDVariable labels, SDVariable sampleWeights, CrossEntropyOptions options) {
    Arguments.requireGiven("sampleWeights", sampleWeights);
    return new GradientOp().gradient(options, logits, labels, sampleWeights);
  }

  /** The loss in a graph: from logits, labels and perhaps sample weights to the loss. */
  public static final class ValueOp extends CrossEntropyValueOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super(SoftmaxLoss.SPARSE, GradientOp::new);
    }
  }

  /**
   * The gradient in a graph: from logits, labels, upstream, loss and perhaps sample weights to that
   * with respect to the logits.
   */
  public static final class GradientOp extends CrossEntropyGradientOp {
    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super(SoftmaxLoss.SPARSE, HessianOp::new);
    }

    @Override
    protected CrossEntropyGradientOp another() {
      return new GradientOp();
    }
  }

  /**
   * The product of the Hessian and v in a graph: from logits, labels, upstream, loss, v and perhaps
   * sample weights to upstream × product.
   */
  public static final class HessianOp extends CrossEntropyHessianOp {
    /** Creates an unconfigured op, for the registry. */
    public HessianOp() {
      super(SoftmaxLoss.SPARSE);
    }
  }
}

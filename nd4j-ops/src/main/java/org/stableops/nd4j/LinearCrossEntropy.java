package org.stableops.nd4j;

import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.nd4j.internal.LinearCall;
import org.stableops.nd4j.internal.LinearValueOp;

/**
 * Softmax cross-entropy of a linear layer's logits and integer labels, for large vocabularies: the
 * logits exist a piece at a time only. With hidden states h [N, D], weight W [V, D] and bias b [V],
 *
 * <pre>z = h·Wᵀ + b,   loss = {@link SparseSoftmaxCrossEntropy}(z, labels),
 * ∂loss/∂h = G·W,   ∂loss/∂W = Gᵀ·h,   ∂loss/∂b = Σ_n G_n,   G = ∂loss/∂z,</pre>
 *
 * <p>with every option of the cross-entropy: reductions, ignored label, smoothing, z-loss, class
 * and sample weights.
 *
 * <p>A piece has 128 tokens, or as many as have 31 MB of logits, whichever is more. Its logits
 * become their gradient in the same memory, so that with loss and gradients each of the three
 * matrix products is made once. Beside the gradients a call takes the logits of one piece, however
 * many tokens there are: a ninth of them all at 2048 tokens and 32,000 classes. Without gradients
 * it makes one product. Tokens whose label is ignored, or whose sample weight is 0, are never read
 * and cost no product; the others' hidden states are then copied.
 *
 * <p>In a graph of SameDiff, {@code value} is differentiable with respect to hidden, weight and
 * bias; what a constant would need is not computed. Its gradient op makes the logits once more,
 * with the same bits, for a loss of any reduction.
 *
 * <p>Arrays of half, bfloat16, float and double, all three of the same; half types are multiplied
 * and added up in float. Special values are those of {@link SparseSoftmaxCrossEntropy}: a bias of
 * −inf makes an absent class. The error is that of the host's matrix products and of the
 * cross-entropy: for a row's loss (D+1)·ε·A·Σ|G| + 4ε·|loss|, A = max_c(Σ|h·w_c| + |b_c|). The same
 * call gives the same bits for the same number of threads, and a result within the error bound for
 * any.
 *
 * <p>By pieces: E. Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models, ICLR 2025;
 * P.-L. Hsu et al., Liger Kernel: Efficient Triton Kernels for LLM Training, 2024.
 *
 * <pre>{@code
 * INDArray hidden = Nd4j.randn(DataType.FLOAT, 2048, 256);
 * INDArray weight = Nd4j.randn(DataType.FLOAT, 32000, 256);
 * INDArray labels = Nd4j.zeros(DataType.INT64, 2048);
 * INDArray loss = LinearCrossEntropy.value(hidden, weight, labels); // the mean
 * }</pre>
 *
 * @see SparseSoftmaxCrossEntropy
 */
public final class LinearCrossEntropy {
  private LinearCrossEntropy() {}

  /**
   * Returns the mean loss without bias and sample weights; see {@link #value(INDArray, INDArray,
   * INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray value(INDArray hidden, INDArray weight, INDArray labels) {
    return value(hidden, weight, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss without bias and sample weights; see {@link #value(INDArray, INDArray,
   * INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static INDArray value(
      INDArray hidden, INDArray weight, INDArray labels, CrossEntropyOptions options) {
    return value(hidden, weight, null, labels, null, options);
  }

  /**
   * Returns the loss.
   *
   * @param hidden [N, D], the hidden states of N tokens, of any floating dtype
   * @param weight [V, D], of the dtype of the hidden states
   * @param bias [V], of the dtype of the hidden states; or null for none
   * @param labels [N] or [N, 1], integers of any integer or floating dtype
   * @param sampleWeights [N] or [N, 1], numbers or booleans: the weight of each token; or null for
   *     1 everywhere
   * @param options reduction, ignored label, smoothing, z-loss and class weights; the class axis is
   *     the last
   * @return the reduced loss as a scalar, or [N] losses for NONE; of the hidden states' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, the class axis is another, or the
   *     number of class weights is not that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(
      INDArray hidden,
      INDArray weight,
      @Nullable INDArray bias,
      INDArray labels,
      @Nullable INDArray sampleWeights,
      CrossEntropyOptions options) {
    return LinearCall.of(hidden, weight, bias, labels, sampleWeights, options).value();
  }

  /**
   * Returns the mean loss and its gradients without bias and sample weights; see {@link
   * #valueAndGradients(INDArray, INDArray, INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static LinearCrossEntropyGradients<INDArray> valueAndGradients(
      INDArray hidden, INDArray weight, INDArray labels) {
    return valueAndGradients(hidden, weight, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradients without bias and sample weights; see {@link
   * #valueAndGradients(INDArray, INDArray, INDArray, INDArray, INDArray, CrossEntropyOptions)}.
   */
  public static LinearCrossEntropyGradients<INDArray> valueAndGradients(
      INDArray hidden, INDArray weight, INDArray labels, CrossEntropyOptions options) {
    return valueAndGradients(hidden, weight, null, labels, null, options);
  }

  /**
   * Returns the loss and its gradients in one pass.
   *
   * @param hidden [N, D], the hidden states of N tokens, of any floating dtype
   * @param weight [V, D], of the dtype of the hidden states
   * @param bias [V], of the dtype of the hidden states; or null for none
   * @param labels [N] or [N, 1], integers of any integer or floating dtype
   * @param sampleWeights [N] or [N, 1], numbers or booleans: the weight of each token; or null for
   *     1 everywhere
   * @param options reduction, ignored label, smoothing, z-loss and class weights; the class axis is
   *     the last
   * @return the loss, and the gradients of its sum, of the hidden states' dtype; no gradient to the
   *     bias if there is none
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a sample weight is negative or
   *     not finite, a label is neither a class nor ignored, the class axis is another, or the
   *     number of class weights is not that of the classes
   * @throws IllegalStateException if an array is closed
   */
  public static LinearCrossEntropyGradients<INDArray> valueAndGradients(
      INDArray hidden,
      INDArray weight,
      @Nullable INDArray bias,
      INDArray labels,
      @Nullable INDArray sampleWeights,
      CrossEntropyOptions options) {
    return LinearCall.of(hidden, weight, bias, labels, sampleWeights, options).valueAndGradients();
  }

  /**
   * Returns the product of the Gauss–Newton matrix of the mean loss and a direction, without bias
   * and sample weights; see {@link #gaussNewtonProduct(INDArray, INDArray, INDArray, INDArray,
   * INDArray, LinearCrossEntropyDirection, CrossEntropyOptions)}.
   */
  public static LinearCrossEntropyDirection<INDArray> gaussNewtonProduct(
      INDArray hidden, INDArray weight, INDArray labels, LinearCrossEntropyDirection<INDArray> v) {
    return gaussNewtonProduct(hidden, weight, labels, v, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the product of the Gauss–Newton matrix and a direction, without bias and sample
   * weights; see {@link #gaussNewtonProduct(INDArray, INDArray, INDArray, INDArray, INDArray,
   * LinearCrossEntropyDirection, CrossEntropyOptions)}.
   */
  public static LinearCrossEntropyDirection<INDArray> gaussNewtonProduct(
      INDArray hidden,
      INDArray weight,
      INDArray labels,
      LinearCrossEntropyDirection<INDArray> v,
      CrossEntropyOptions options) {
    return gaussNewtonProduct(hidden, weight, null, labels, null, v, options);
  }

  /**
   * Returns JᵀHJ·v, the product of the Gauss–Newton matrix of the loss and a direction v = (ḣ, Ẇ,
   * ḃ): J is the derivative of the logits z by hidden states, weight and bias, and H the Hessian of
   * the loss by the logits.
   *
   * <pre>
   * ż = ḣ·Wᵀ + h·Ẇᵀ + ḃ,   Q = {@link SparseSoftmaxCrossEntropy}.hessianVectorProduct(z, …, ż),
   * to h: Q·W,   to W: Qᵀ·h,   to b: Σ_n Q_n.</pre>
   *
   * <p>The logits are linear in h alone, and in W and b alone: if nothing else moves, the parts to
   * these are the product of the Hessian itself. The matrix is positive semidefinite without
   * z-loss, and with one where lse ≥ 0.
   *
   * <p>By pieces, as gradients are, but with two arrays, z and ż, of which ż becomes Q. Each of the
   * five matrix products is made once, and none for a part of v that is null. The error is that of
   * the host's products and of the Hessian: of Q_c at most 14(D+1)(A+4)·ε·a·p_c·(W + 2ζω(1 +
   * |lse|))·S, where W is here the sum of the token's smoothed and weighted probabilities, and S =
   * max_c(Σ|ḣ·w_c| + Σ|h·ẇ_c| + |ḃ_c|).
   *
   * <p>Source: N. N. Schraudolph, Fast curvature matrix-vector products for second-order gradient
   * descent, Neural Computation 14 (2002).
   *
   * @param hidden [N, D], the hidden states of N tokens, of any floating dtype
   * @param weight [V, D], of the dtype of the hidden states
   * @param bias [V], of the dtype of the hidden states; or null for none
   * @param labels [N] or [N, 1], integers of any integer or floating dtype
   * @param sampleWeights [N] or [N, 1], numbers or booleans: the weight of each token; or null for
   *     1 everywhere
   * @param v the direction: arrays of the shapes and the dtype of hidden, weight and bias, each of
   *     which may be null for 0, and no part to a bias that is not there; parts of tokens that do
   *     not count are never read
   * @param options reduction, ignored label, smoothing, z-loss and class weights; the class axis is
   *     the last
   * @return the product to hidden, weight and bias, of the hidden states' dtype; its bias is null
   *     if there is none
   * @throws IllegalArgumentException if a dtype or a shape is wrong, v has a part to a bias that is
   *     not there, a sample weight is negative or not finite, a label is neither a class nor
   *     ignored, the class axis is another, or the number of class weights is not that of the
   *     classes
   * @throws IllegalStateException if an array is closed
   */
  public static LinearCrossEntropyDirection<INDArray> gaussNewtonProduct(
      INDArray hidden,
      INDArray weight,
      @Nullable INDArray bias,
      INDArray labels,
      @Nullable INDArray sampleWeights,
      LinearCrossEntropyDirection<INDArray> v,
      CrossEntropyOptions options) {
    return LinearCall.of(hidden, weight, bias, labels, sampleWeights, options)
        .gaussNewtonProduct(v);
  }

  /**
   * Adds the mean loss without bias and sample weights to a graph; see {@link #value(SDVariable,
   * SDVariable, SDVariable, SDVariable, SDVariable, CrossEntropyOptions)}.
   */
  public static SDVariable value(SDVariable hidden, SDVariable weight, SDVariable labels) {
    return value(hidden, weight, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Adds the loss without bias and sample weights to a graph; see {@link #value(SDVariable,
   * SDVariable, SDVariable, SDVariable, SDVariable, CrossEntropyOptions)}.
   */
  public static SDVariable value(
      SDVariable hidden, SDVariable weight, SDVariable labels, CrossEntropyOptions options) {
    return value(hidden, weight, null, labels, null, options);
  }

  /**
   * Adds the loss to a graph, with one gradient op for hidden states, weight and bias; what is a
   * constant costs no product. Labels and sample weights get no gradient.
   *
   * @param hidden any floating variable of shape [N, D]
   * @param weight [V, D], of the same dtype
   * @param bias [V], of the same dtype; or null for none
   * @param labels integer labels, of shapes as for arrays
   * @param sampleWeights the weight of each token, of shapes as for arrays; or null for 1
   *     everywhere
   * @param options as for arrays
   * @return the reduced loss as a scalar, or [N] losses for NONE
   * @throws IllegalArgumentException if an argument that must be there is null
   */
  public static SDVariable value(
      SDVariable hidden,
      SDVariable weight,
      @Nullable SDVariable bias,
      SDVariable labels,
      @Nullable SDVariable sampleWeights,
      CrossEntropyOptions options) {
    return new ValueOp().of(hidden, weight, bias, labels, sampleWeights, options);
  }

  /**
   * The loss in a graph: from hidden states, weight, perhaps a bias, labels and perhaps sample
   * weights.
   */
  public static final class ValueOp extends LinearValueOp {}
}

package org.stableops.op;

import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy by primitives, of rows of logits. Numbers of a row are columns.
 *
 * @param <A> the host's arrays
 */
public sealed interface CrossEntropyComposite<A> permits GeneralCrossEntropy, FiniteCrossEntropy {
  /**
   * Returns the loss of integer labels.
   *
   * @param <A> the host's arrays
   * @param softmax that of the logits
   * @param labels places in the rows
   * @param weights w at the label, as a column; or null for 1
   * @param options smoothing and z-loss
   * @return the loss
   */
  static <A> CrossEntropyComposite<A> sparse(
      SoftmaxComposite<A> softmax, A labels, A weights, CrossEntropyOptions options) {
    return GeneralCrossEntropy.sparse(softmax, labels, weights, options);
  }

  /**
   * Returns the loss of class probabilities.
   *
   * @param <A> the host's arrays
   * @param softmax that of the logits
   * @param q probabilities of float64 in the shape of the logits
   * @param options class weights, smoothing and z-loss
   * @return the loss
   */
  static <A> CrossEntropyComposite<A> dense(
      SoftmaxComposite<A> softmax, A q, CrossEntropyOptions options) {
    return GeneralCrossEntropy.dense(softmax, q, options);
  }

  /**
   * Returns ω of rows.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param q probabilities, of rows × classes
   * @param options the class weights
   * @return Σ w·q as a column
   */
  static <A> A weight(RowAlgebra<A> m, A q, CrossEntropyOptions options) {
    return GeneralCrossEntropy.weight(m, q, options);
  }

  /**
   * Returns the loss of integer labels of float32 rows whose largest elements are finite, without
   * smoothing. In float32 it takes half the time of the general one, and on a row where the label
   * is ahead of all others by a gap it is right to (4 + gap) ulp.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic, whose row sums of float32 keep its digits
   * @param rows rows × classes
   * @param maxima the largest element of each row
   * @param labels places in the rows
   * @param weights w at the label, as a column of float64; or null for 1
   * @param options the z-loss
   * @return the loss
   */
  static <A> CrossEntropyComposite<A> ofFinite(
      RowAlgebra<A> m, A rows, A maxima, A labels, A weights, CrossEntropyOptions options) {
    return new FiniteCrossEntropy<>(m, rows, maxima, labels, weights, options);
  }

  /** The loss of each row, with its z-loss. */
  A losses();

  /** Their part ζω·lse². */
  A zLosses();

  /** log Σ e^z. */
  A logSumExp();

  /**
   * Returns the gradients of the losses.
   *
   * @param scales what that of each row is multiplied by, as a column
   * @return rows × classes
   */
  A gradient(A scales);

  /** The second derivatives of the losses. */
  SoftmaxHessian<A> hessian();
}

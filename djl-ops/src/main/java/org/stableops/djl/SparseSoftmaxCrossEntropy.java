package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.CrossEntropyOptions;
import org.stableops.ValueAndGradient;

/**
 * Softmax cross-entropy of logits and integer labels, fused. With z the logits of a row and y its
 * label,
 *
 * <pre>loss = log Σ_c e^{z_c} − z_y,   ∂loss/∂z_c = p_c − [c = y],   p = softmax(z).</pre>
 *
 * <p>The reductions are one loss a row, their sum, or their mean over the weight of the rows that
 * count, which is 0 where none does. No probability is clipped: the loss of a confident row is
 * exact to the last digits (logits [20, 0, 0] and label 0 give 4.1223e-9), as is the gradient at
 * its label.
 *
 * <p>Logits of float16, float32 and float64, of any layout. Special rows: a row whose label is
 * ignored counts nothing and is never read; a logit of −inf is an absent class, and an infinite
 * loss where it has mass; one logit of +inf is a certain class; two of them, a NaN, or −inf
 * everywhere make the row NaN.
 *
 * <p>Error: 3 ulp of float32 and 16 of float64 for the loss, 4 and 16 for the gradient at the
 * label, 4ε and 8ε for the others.
 *
 * <p>The log-sum-exp: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the
 * log-sum-exp and softmax functions, IMA J. Numer. Anal. 41 (2021).
 *
 * @see SoftmaxCrossEntropy
 */
public final class SparseSoftmaxCrossEntropy {
  private SparseSoftmaxCrossEntropy() {}

  /**
   * Returns the loss with the default options: the mean over the rows, classes last.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @return the reduced loss as a scalar, or one loss a row for NONE; differentiable with respect
   *     to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a label is neither a class
   *     nor ignored
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray logits, NDArray labels) {
    return value(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param options class axis, reduction and ignored label
   * @return the reduced loss as a scalar, or one loss a row for NONE; differentiable with respect
   *     to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).value();
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param sampleWeights any floating array of the logits' shape without the class axis: the weight
   *     of each row; one of weight 0 counts nothing and is never read
   * @param options class axis, reduction and ignored label
   * @return the reduced loss as a scalar, or one loss a row for NONE; differentiable with respect
   *     to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(
      NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).withSampleWeights(sampleWeights).value();
  }

  /**
   * Returns the gradient of the loss with the default options: the mean over the rows, classes
   * last.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @return ∂(sum of the value)/∂logits, outside any graph, of the logits' shape, dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a label is neither a class
   *     nor ignored
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray logits, NDArray labels) {
    return gradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param options class axis, reduction and ignored label
   * @return ∂(sum of the value)/∂logits, outside any graph, of the logits' shape, dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).gradient();
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param sampleWeights any floating array of the logits' shape without the class axis: the weight
   *     of each row; one of weight 0 counts nothing and is never read
   * @param options class axis, reduction and ignored label
   * @return ∂(sum of the value)/∂logits, outside any graph, of the logits' shape, dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(
      NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).withSampleWeights(sampleWeights).gradient();
  }

  /**
   * Returns the loss and its gradient, in one pass with the default options: the mean over the
   * rows, classes last.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @return both, outside any graph, of the logits' dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a label is neither a class
   *     nor ignored
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(NDArray logits, NDArray labels) {
    return valueAndGradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param options class axis, reduction and ignored label
   * @return both, outside any graph, of the logits' dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).valueAndGradient();
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param sampleWeights any floating array of the logits' shape without the class axis: the weight
   *     of each row; one of weight 0 counts nothing and is never read
   * @param options class axis, reduction and ignored label
   * @return both, outside any graph, of the logits' dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Returns the loss with the default options as a block.
   *
   * @return a block from (logits, labels) to {@link #value(NDArray, NDArray, CrossEntropyOptions)}
   */
  public static Block block() {
    return block(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss as a block.
   *
   * @param options as of {@link #value(NDArray, NDArray, CrossEntropyOptions)}
   * @return a block from (logits, labels) to {@link #value(NDArray, NDArray, CrossEntropyOptions)}
   * @throws IllegalArgumentException if an option is not supported
   */
  public static Block block(CrossEntropyOptions options) {
    return CrossEntropy.block(
        "SparseSoftmaxCrossEntropy", options, (logits, labels) -> value(logits, labels, options));
  }

  /**
   * Returns the gradient of the loss with the default options as a block.
   *
   * @return a block from (logits, labels) to {@link #gradient(NDArray, NDArray,
   *     CrossEntropyOptions)}
   */
  public static Block gradientBlock() {
    return gradientBlock(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss as a block.
   *
   * @param options as of {@link #value(NDArray, NDArray, CrossEntropyOptions)}
   * @return a block from (logits, labels) to {@link #gradient(NDArray, NDArray,
   *     CrossEntropyOptions)}
   * @throws IllegalArgumentException if an option is not supported
   */
  public static Block gradientBlock(CrossEntropyOptions options) {
    return CrossEntropy.gradientBlock(
        "SparseSoftmaxCrossEntropy",
        options,
        (logits, labels) -> gradient(logits, labels, options));
  }
}

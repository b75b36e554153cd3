package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.CrossEntropyOptions;
import org.stableops.ValueAndGradient;

/**
 * Softmax cross-entropy of logits and class probabilities, fused. With z the logits of a row and q
 * its masses,
 *
 * <pre>loss = Σ_c q_c (log Σ_k e^{z_k} − z_c),   ∂loss/∂z_c = Σq·p_c − q_c,   p = softmax(z).</pre>
 *
 * <p>The reductions are one loss a row, their sum, or their mean over the weight of the rows that
 * count, which is 0 where none does. No probability is clipped: the loss of a confident row is
 * exact to the last digits (logits [20, 0, 0] and label 0 give 4.1223e-9), as is the gradient at
 * its label.
 *
 * <p>Logits of float16, float32 and float64, of any layout. Special rows: a logit of −inf is an
 * absent class, and an infinite loss where it has mass; one logit of +inf is a certain class; two
 * of them, a NaN, or −inf everywhere make the row NaN.
 *
 * <p>Error: 4ε·Σ|terms| of float32 and 16ε·Σ|terms| of float64 for the loss, 4ε·Σq and 8ε·Σq for
 * the gradient.
 *
 * <p>The log-sum-exp: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the
 * log-sum-exp and softmax functions, IMA J. Numer. Anal. 41 (2021).
 *
 * @see SparseSoftmaxCrossEntropy
 */
public final class SoftmaxCrossEntropy {
  private SoftmaxCrossEntropy() {}

  /**
   * Returns the loss with the default options: the mean over the rows, classes last.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @return the reduced loss as a scalar, or one loss a row for NONE; differentiable with respect
   *     to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a mass is negative or not
   *     finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray logits, NDArray labels) {
    return value(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @param options class axis and reduction
   * @return the reduced loss as a scalar, or one loss a row for NONE; differentiable with respect
   *     to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a mass is negative or not
   *     finite, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.dense(logits, labels, options).value();
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @param sampleWeights any floating array of the logits' shape without the class axis: the weight
   *     of each row; one of weight 0 counts nothing and is never read
   * @param options class axis and reduction
   * @return the reduced loss as a scalar, or one loss a row for NONE; differentiable with respect
   *     to the logits, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a mass is negative or not
   *     finite, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(
      NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.dense(logits, labels, options).withSampleWeights(sampleWeights).value();
  }

  /**
   * Returns the gradient of the loss with the default options: the mean over the rows, classes
   * last.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @return ∂(sum of the value)/∂logits, outside any graph, of the logits' shape, dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a mass is negative or not
   *     finite
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray logits, NDArray labels) {
    return gradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @param options class axis and reduction
   * @return ∂(sum of the value)/∂logits, outside any graph, of the logits' shape, dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a mass is negative or not
   *     finite, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.dense(logits, labels, options).gradient();
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @param sampleWeights any floating array of the logits' shape without the class axis: the weight
   *     of each row; one of weight 0 counts nothing and is never read
   * @param options class axis and reduction
   * @return ∂(sum of the value)/∂logits, outside any graph, of the logits' shape, dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a mass is negative or not
   *     finite, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(
      NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.dense(logits, labels, options).withSampleWeights(sampleWeights).gradient();
  }

  /**
   * Returns the loss and its gradient, in one pass with the default options: the mean over the
   * rows, classes last.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @return both, outside any graph, of the logits' dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a mass is negative or not
   *     finite
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(NDArray logits, NDArray labels) {
    return valueAndGradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @param options class axis and reduction
   * @return both, outside any graph, of the logits' dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a mass is negative or not
   *     finite, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return CrossEntropy.dense(logits, labels, options).valueAndGradient();
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels any floating array of the logits' shape: non-negative masses, of any sum
   * @param sampleWeights any floating array of the logits' shape without the class axis: the weight
   *     of each row; one of weight 0 counts nothing and is never read
   * @param options class axis and reduction
   * @return both, outside any graph, of the logits' dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a mass is negative or not
   *     finite, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<NDArray> valueAndGradient(
      NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.dense(logits, labels, options)
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
        "SoftmaxCrossEntropy", options, (logits, labels) -> value(logits, labels, options));
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
        "SoftmaxCrossEntropy", options, (logits, labels) -> gradient(logits, labels, options));
  }
}

package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.CrossEntropyKernel;

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
 * <p>Logits of half, bfloat16, float and double, of any layout. Special rows: a row whose label is
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
   * @return the reduced loss as a scalar, or one loss a row for NONE; of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a label is neither a class
   *     nor ignored
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray logits, INDArray labels) {
    return value(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param options class axis, reduction and ignored label
   * @return the reduced loss as a scalar, or one loss a row for NONE; of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray logits, INDArray labels, CrossEntropyOptions options) {
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
   * @return the reduced loss as a scalar, or one loss a row for NONE; of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).withSampleWeights(sampleWeights).value();
  }

  /**
   * Returns the gradient of the loss with the default options: the mean over the rows, classes
   * last.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @return ∂(sum of the value)/∂logits, of the logits' shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a label is neither a class
   *     nor ignored
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray logits, INDArray labels) {
    return gradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the gradient of the loss.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param options class axis, reduction and ignored label
   * @return ∂(sum of the value)/∂logits, of the logits' shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray logits, INDArray labels, CrossEntropyOptions options) {
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
   * @return ∂(sum of the value)/∂logits, of the logits' shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options).withSampleWeights(sampleWeights).gradient();
  }

  /**
   * Returns the loss and its gradient, in one pass with the default options: the mean over the
   * rows, classes last.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @return both, of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or a label is neither a class
   *     nor ignored
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(INDArray logits, INDArray labels) {
    return valueAndGradient(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Returns the loss and its gradient, in one pass.
   *
   * @param logits any floating array with a class axis
   * @param labels any integer array of the logits' shape without the class axis, or with 1 there
   * @param options class axis, reduction and ignored label
   * @return both, of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray logits, INDArray labels, CrossEntropyOptions options) {
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
   * @return both, of the logits' dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, a label is neither a class nor
   *     ignored, or an option is not supported
   * @throws IllegalStateException if an array is closed
   */
  public static ValueAndGradient<INDArray> valueAndGradient(
      INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    return CrossEntropy.sparse(logits, labels, options)
        .withSampleWeights(sampleWeights)
        .valueAndGradient();
  }

  /**
   * Adds the loss with the default options to a graph: the mean over the rows, classes last.
   *
   * @param logits any floating variable with a class axis
   * @param labels integer labels, of shapes as for arrays
   * @return the loss as a scalar
   */
  public static SDVariable value(SDVariable logits, SDVariable labels) {
    return value(logits, labels, CrossEntropyOptions.DEFAULT);
  }

  /**
   * Adds the loss to a graph, with its gradient op. The labels get no gradient.
   *
   * @param logits any floating variable with a class axis
   * @param labels integer labels, of shapes as for arrays
   * @param options as for arrays
   * @return the reduced loss as a scalar, or one loss a row for NONE
   * @throws IllegalArgumentException if an option is not supported
   */
  public static SDVariable value(
      SDVariable logits, SDVariable labels, CrossEntropyOptions options) {
    CrossEntropyKernel.requireSupported(options);
    return new ValueOp(logits, labels, options).outputVariable();
  }

  /** The loss in a graph: from logits and labels to the loss. */
  public static final class ValueOp extends CrossEntropyValueOp {
    /** For the registry. */
    public ValueOp() {
      super("stable_sparse_softmax_cross_entropy");
    }

    ValueOp(SDVariable logits, SDVariable labels, CrossEntropyOptions options) {
      super("stable_sparse_softmax_cross_entropy", logits, labels, options);
    }

    @Override
    CrossEntropy call(INDArray logits, INDArray labels, CrossEntropyOptions options) {
      return CrossEntropy.sparse(logits, labels, options);
    }

    @Override
    SDVariable gradient(SDVariable[] inputs, CrossEntropyOptions options) {
      return new GradientOp(inputs, options).outputVariable();
    }
  }

  /**
   * The gradient in a graph: from logits, labels and upstream to that with respect to the logits.
   */
  public static final class GradientOp extends CrossEntropyGradientOp {
    /** For the registry. */
    public GradientOp() {
      super("stable_sparse_softmax_cross_entropy_bp");
    }

    GradientOp(SDVariable[] inputs, CrossEntropyOptions options) {
      super("stable_sparse_softmax_cross_entropy_bp", inputs, options);
    }

    @Override
    CrossEntropy call(INDArray logits, INDArray labels, CrossEntropyOptions options) {
      return CrossEntropy.sparse(logits, labels, options);
    }
  }
}

package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.ValueAndGradient;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.internal.SoftmaxShape;

/** The two cross-entropies, each with labels to go with logits. */
enum CrossEntropyKind {
  SPARSE {
    @Override
    NDArray labels(NDManager manager, Shape logits, int axis) {
      SoftmaxShape shape = SoftmaxShape.of("logits", logits.getShape(), axis);
      long[] labels = new long[(int) shape.rows()];
      for (int row = 0; row < labels.length; row++) {
        labels[row] = (7L * row + 1) % shape.classes();
      }
      try (NDArray java = manager.create(labels, new Shape(shape.rowShape()))) {
        return java.duplicate();
      }
    }

    @Override
    NDArray value(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.value(logits, labels, options);
    }

    @Override
    NDArray gradient(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.gradient(logits, labels, options);
    }

    @Override
    ValueAndGradient<NDArray> both(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.valueAndGradient(logits, labels, options);
    }

    @Override
    CrossEntropyEvaluation<NDArray> evaluate(
        NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.evaluate(logits, labels, options);
    }

    @Override
    NDArray value(NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.value(logits, labels, weights, options);
    }

    @Override
    NDArray gradient(NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.gradient(logits, labels, weights, options);
    }

    @Override
    ValueAndGradient<NDArray> both(
        NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.valueAndGradient(logits, labels, weights, options);
    }

    @Override
    CrossEntropyEvaluation<NDArray> evaluate(
        NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.evaluate(logits, labels, weights, options);
    }

    @Override
    NDArray hessianVectorProduct(
        NDArray logits, NDArray labels, NDArray v, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.hessianVectorProduct(logits, labels, v, options);
    }

    @Override
    NDArray hessianDiagonal(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.hessianDiagonal(logits, labels, options);
    }

    @Override
    Block block(CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.block(options);
    }

    @Override
    Block gradientBlock(CrossEntropyOptions options) {
      return SparseSoftmaxCrossEntropy.gradientBlock(options);
    }
  },
  DENSE {
    /** Probabilities with zeros among them and with sums that are not 1. */
    @Override
    NDArray labels(NDManager manager, Shape logits, int axis) {
      double[] probabilities = new double[(int) logits.size()];
      for (int i = 0; i < probabilities.length; i++) {
        probabilities[i] = i * 5 % 7 / 4.0;
      }
      return Djl.array(manager, DataType.FLOAT32, logits, probabilities);
    }

    @Override
    NDArray value(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.value(logits, labels, options);
    }

    @Override
    NDArray gradient(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.gradient(logits, labels, options);
    }

    @Override
    ValueAndGradient<NDArray> both(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.valueAndGradient(logits, labels, options);
    }

    @Override
    CrossEntropyEvaluation<NDArray> evaluate(
        NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.evaluate(logits, labels, options);
    }

    @Override
    NDArray value(NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.value(logits, labels, weights, options);
    }

    @Override
    NDArray gradient(NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.gradient(logits, labels, weights, options);
    }

    @Override
    ValueAndGradient<NDArray> both(
        NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.valueAndGradient(logits, labels, weights, options);
    }

    @Override
    CrossEntropyEvaluation<NDArray> evaluate(
        NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.evaluate(logits, labels, weights, options);
    }

    @Override
    NDArray hessianVectorProduct(
        NDArray logits, NDArray labels, NDArray v, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.hessianVectorProduct(logits, labels, v, options);
    }

    @Override
    NDArray hessianDiagonal(NDArray logits, NDArray labels, CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.hessianDiagonal(logits, labels, options);
    }

    @Override
    Block block(CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.block(options);
    }

    @Override
    Block gradientBlock(CrossEntropyOptions options) {
      return SoftmaxCrossEntropy.gradientBlock(options);
    }
  };

  abstract NDArray labels(NDManager manager, Shape logits, int axis);

  abstract NDArray value(NDArray logits, NDArray labels, CrossEntropyOptions options);

  abstract NDArray gradient(NDArray logits, NDArray labels, CrossEntropyOptions options);

  abstract ValueAndGradient<NDArray> both(
      NDArray logits, NDArray labels, CrossEntropyOptions options);

  abstract CrossEntropyEvaluation<NDArray> evaluate(
      NDArray logits, NDArray labels, CrossEntropyOptions options);

  abstract NDArray value(
      NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options);

  abstract NDArray gradient(
      NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options);

  abstract ValueAndGradient<NDArray> both(
      NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options);

  abstract CrossEntropyEvaluation<NDArray> evaluate(
      NDArray logits, NDArray labels, NDArray weights, CrossEntropyOptions options);

  abstract NDArray hessianVectorProduct(
      NDArray logits, NDArray labels, NDArray v, CrossEntropyOptions options);

  abstract NDArray hessianDiagonal(NDArray logits, NDArray labels, CrossEntropyOptions options);

  /** Sample weights of 0, 1.5, 0.5 and so on, one a row. */
  static NDArray weights(NDManager manager, Shape logits, int axis) {
    SoftmaxShape shape = SoftmaxShape.of("logits", logits.getShape(), axis);
    double[] weights = new double[(int) shape.rows()];
    for (int row = 0; row < weights.length; row++) {
      weights[row] = row * 3 % 4 / 2.0;
    }
    return Djl.array(manager, DataType.FLOAT32, new Shape(shape.rowShape()), weights);
  }

  abstract Block block(CrossEntropyOptions options);

  abstract Block gradientBlock(CrossEntropyOptions options);
}

package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.function.UnaryOperator;

/**
 * A loss whose graph ends at a leaf, and what backward needs to go on from there. All arrays are
 * its own, of no manager and no scope, for the caller may close the logits and the loss before.
 */
final class PendingLoss implements AutoCloseable {
  /** Reaches the caller's logits. */
  private final NDArray logits;

  /** The explicit gradient, contiguous, in float32 for float16. */
  private final NDArray gradient;

  /** Receives the upstream. */
  private final NDArray leaf;

  /** Of the leaf's shape; backward through the loss reads it. */
  private final NDArray ones;

  /** The caller's, of the logits' manager. */
  private final NDArray loss;

  /** From the upstream's shape to one that broadcasts to the logits'. */
  private final UnaryOperator<NDArray> toLogits;

  /** What the leaf has received; or null. */
  private NDArray upstream;

  /** To be called in a scope, which closes everything if it fails. */
  PendingLoss(NDArray logits, NDArray value, NDArray gradient, UnaryOperator<NDArray> toLogits) {
    this.logits = logits.reshape(logits.getShape());
    this.gradient = gradient;
    this.toLogits = toLogits;
    leaf = value;
    ones = value.onesLike();
    leaf.setRequiresGradient(true);
    // A product, since a leaf or a view of it would refuse operations in place.
    loss = leaf.mul(ones);
    for (NDArray own : owned()) {
      NDScope.unregister(own);
      own.detach();
    }
  }

  private NDArray[] owned() {
    return new NDArray[] {logits, gradient, leaf, ones};
  }

  /** The loss for the caller. */
  NDArray array() {
    return loss;
  }

  NDArray logits() {
    return logits;
  }

  /** Whether a backward has come by; to be asked in a scope. */
  boolean isReached() {
    if (upstream == null) {
      upstream = JniUtils.getGradient((PtNDArray) leaf);
    }
    return upstream != null;
  }

  /**
   * The upstream times the gradient, in the gradient's memory and, for float16, beside it: to be
   * called once, if reached, in a scope.
   */
  NDArray seed() {
    if (!upstream.contentEquals(ones)) {
      gradient.muli(toLogits.apply(upstream));
    }
    return gradient.toType(logits.getDataType(), false);
  }

  /** A scalar in the logits' graph whose gradient to them is the seed. */
  NDArray product() {
    return logits.flatten().dot(seed().flatten());
  }

  @Override
  public void close() {
    // A second backward through the loss would end at the leaf, unnoticed. But libtorch refuses one
    // that needs an array which has been changed since.
    ones.muli(ones);
    for (NDArray own : owned()) {
      own.close();
    }
  }
}

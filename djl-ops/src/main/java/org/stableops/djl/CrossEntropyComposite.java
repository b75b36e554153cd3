package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Softmax cross-entropy by primitives, in float64, on rows of logits z with masses q:
 *
 * <pre>loss = Σ_c q_c (lse − z_c),   gradient = (Σq − q_c)·p_c − q_c·(1 − p_c),   p = softmax(z).
 * </pre>
 *
 * <p>The largest logit's own term, 1, is kept out of the sum of exponentials, so that log1p(rest)
 * and 1 − p = rest/(1 + rest) keep their digits on confident rows; e^d with a rounded difference d
 * is corrected by what the rounding lost.
 */
final class CrossEntropyComposite {
  private static final int[] CLASSES = {1};

  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final NDArray z;
  private final NDArray q;
  private final NDArray max;
  private final NDArray isMax;

  /** e^{z − max}, 0 at the maximum. */
  private final NDArray exps;

  private final NDArray rest;

  /** Takes rows × classes of float64. */
  CrossEntropyComposite(NDArray z, NDArray q) {
    this.z = z;
    this.q = q;
    max = z.max(CLASSES, true);
    NDArray argmax = z.argMax(1).reshape(-1, 1);
    isMax =
        argmax.eq(
            z.getManager()
                .arange(0, z.getShape().get(1), 1, DataType.INT64, z.getDevice())
                .reshape(1, -1));
    exps = exps();
    NDArray sum = exps.sum(CLASSES, true);
    // A row without a number to start from, or with −inf everywhere, is NaN.
    rest = NDArrays.where(max.gt(Double.NEGATIVE_INFINITY), sum, max.sub(max));
  }

  private NDArray exps() {
    NDArray d = z.sub(max);
    NDArray back = z.sub(d);
    NDArray lost = z.sub(d.add(back)).add(back.sub(max));
    NDArray t = d.exp();
    NDArray corrected = NDArrays.where(d.gt(UNDERFLOW), t.add(t.mul(lost)), t);
    return NDArrays.where(isMax, t.zerosLike(), corrected);
  }

  /** The losses of the rows as a column. */
  NDArray losses() {
    NDArray logSum = log1p(rest);
    NDArray gap = NDArrays.where(z.eq(max), z.zerosLike(), max.sub(z));
    NDArray terms = NDArrays.where(q.gt(0), q.mul(gap.add(logSum)), q.zerosLike());
    // A row that is NaN is so even where no mass is.
    return NDArrays.where(logSum.isNaN(), logSum, terms.sum(CLASSES, true));
  }

  /** The gradient of the sum of the losses. */
  NDArray gradient() {
    Shape shape = z.getShape();
    NDArray inverseSum = rest.onesLike().div(rest.add(1));
    NDArray p = NDArrays.where(isMax, exps.onesLike(), exps).mul(inverseSum);
    NDArray oneMinusPOfMax = rest.mul(inverseSum).broadcast(shape);
    NDArray oneMinusP = NDArrays.where(isMax, oneMinusPOfMax, p.neg().add(1));
    NDArray otherMass = q.sum(CLASSES, true).sub(q);
    return otherMass.mul(p).sub(q.mul(oneMinusP));
  }

  /** log(1 + r) = log v + (r − (v − 1))/v with v = 1 + r rounded: the host has no log1p. */
  private static NDArray log1p(NDArray r) {
    NDArray v = r.add(1);
    return v.log().add(r.sub(v.sub(1)).div(v));
  }
}

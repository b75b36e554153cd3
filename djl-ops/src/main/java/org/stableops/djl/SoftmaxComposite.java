package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;

/**
 * Softmax by primitives, in float64, of rows z.
 *
 * <p>The largest element's own term, 1, is kept out of the sum of exponentials, so that log1p(rest)
 * and 1 − p = rest/(1 + rest) keep their digits on confident rows; e^d with a rounded difference d
 * is corrected by what the rounding lost. Numbers of a row are columns.
 */
final class SoftmaxComposite {
  static final int[] CLASSES = {1};

  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final NDArray z;
  private final NDArray max;
  private final NDArray isMax;

  /** e^{z − max}, 0 at the maximum. */
  private final NDArray exps;

  private final NDArray rest;

  /** Takes rows × classes of float64. */
  SoftmaxComposite(NDArray z) {
    this.z = z;
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

  /** log Σ e^{z − max}. */
  NDArray logSum() {
    return log1p(rest);
  }

  /** log(1 + r) = log v + (r − (v − 1))/v with v = 1 + r rounded: the host has no log1p. */
  static NDArray log1p(NDArray r) {
    NDArray v = r.add(1);
    return v.log().add(r.sub(v.sub(1)).div(v));
  }

  NDArray logSumExp() {
    return NDArrays.where(max.isInfinite(), max, max.add(logSum()));
  }

  /** max − z, and 0 for the maximum even where it is infinite. */
  NDArray gap() {
    return NDArrays.where(z.eq(max), z.zerosLike(), max.sub(z));
  }

  NDArray logSoftmax() {
    return z.zerosLike().sub(gap().add(logSum()));
  }

  /** 1 where an element is more than −inf, else 0. */
  NDArray live() {
    return z.gt(Double.NEGATIVE_INFINITY).toType(DataType.FLOAT64, false);
  }

  NDArray p() {
    return NDArrays.where(isMax, exps.onesLike(), exps).mul(inverseSum());
  }

  NDArray oneMinusP() {
    NDArray oneMinusPOfMax = rest.mul(inverseSum()).broadcast(z.getShape());
    return NDArrays.where(isMax, oneMinusPOfMax, p().neg().add(1));
  }

  private NDArray inverseSum() {
    return rest.onesLike().div(rest.add(1));
  }
}

package org.stableops.djl;

import static org.stableops.djl.SoftmaxComposite.CLASSES;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy by primitives, in float64, on rows of logits with masses q. With v = w·q′
 * the smoothed and weighted masses, W = Σv and ω = Σ w·q,
 *
 * <pre>loss = Σ_c v_c (lse − z_c),   here without the z-loss,
 * gradient = (W − v_c)·p_c − v_c·(1 − p_c) + 2ζω·lse·p_c,   p = softmax(z).</pre>
 *
 * Numbers of a row are columns.
 */
final class CrossEntropyComposite {
  private final SoftmaxComposite softmax;
  private final NDArray q;
  private final CrossEntropyOptions options;

  /** w, or null for 1 everywhere. */
  private final NDArray classWeights;

  private final NDArray weight;
  private final NDArray v;

  CrossEntropyComposite(SoftmaxComposite softmax, NDArray q, CrossEntropyOptions options) {
    this.softmax = softmax;
    this.q = q;
    this.options = options;
    double[] weights = options.classWeights();
    classWeights =
        weights.length == 0
            ? null
            : q.getManager().create(weights).reshape(1, -1).toDevice(q.getDevice(), false);
    NDArray weighted = weighted(q);
    weight = weighted.sum(CLASSES, true);
    v = options.labelSmoothing() == 0 ? weighted : smoothed(weighted);
  }

  private NDArray weighted(NDArray masses) {
    return classWeights == null ? masses : masses.mul(classWeights);
  }

  private NDArray smoothed(NDArray weighted) {
    double smoothing = options.labelSmoothing();
    NDArray live = softmax.live();
    NDArray spread = q.sum(CLASSES, true).mul(smoothing).div(live.sum(CLASSES, true));
    return weighted.mul(1 - smoothing).add(weighted(live).mul(spread));
  }

  /** ω. */
  NDArray weight() {
    return weight;
  }

  NDArray losses() {
    NDArray logSum = softmax.logSum();
    NDArray terms = NDArrays.where(v.gt(0), v.mul(softmax.gap().add(logSum)), v.zerosLike());
    // A row that is NaN is so even where no mass is.
    return NDArrays.where(logSum.isNaN(), logSum, terms.sum(CLASSES, true));
  }

  /** The gradient of the sum of the losses, with the z-loss. */
  NDArray gradient() {
    NDArray p = softmax.p();
    NDArray otherMass = v.sum(CLASSES, true).sub(v);
    NDArray gradient = otherMass.mul(p).sub(v.mul(softmax.oneMinusP()));
    return options.zLoss() == 0 ? gradient : gradient.add(zGradient(p));
  }

  private NDArray zGradient(NDArray p) {
    NDArray zWeight = weight.mul(2 * options.zLoss());
    NDArray slope = NDArrays.where(zWeight.gt(0), zWeight.mul(softmax.logSumExp()), zWeight);
    // A p of 0 outweighs an infinite slope.
    return NDArrays.where(p.eq(0), p, p.mul(slope));
  }
}

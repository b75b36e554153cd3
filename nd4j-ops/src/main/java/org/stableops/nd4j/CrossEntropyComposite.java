package org.stableops.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy by primitives, in double, on rows of logits with masses q. With v = w·q′
 * the smoothed and weighted masses, W = Σv and ω = Σ w·q,
 *
 * <pre>loss = Σ_c v_c (lse − z_c),   here without the z-loss,
 * gradient = (W − v_c)·p_c − v_c·(1 − p_c) + 2ζω·lse·p_c,   p = softmax(z).</pre>
 *
 * Numbers of a row are columns.
 */
final class CrossEntropyComposite {
  private final SoftmaxComposite softmax;
  private final INDArray q;
  private final CrossEntropyOptions options;
  private final Temporaries temporaries;

  /** w, or null for 1 everywhere. */
  private final INDArray classWeights;

  private final INDArray weight;
  private final INDArray v;

  /** The intermediates become the temporaries'. */
  CrossEntropyComposite(
      SoftmaxComposite softmax, INDArray q, CrossEntropyOptions options, Temporaries temporaries) {
    this.softmax = softmax;
    this.q = q;
    this.options = options;
    this.temporaries = temporaries;
    double[] weights = options.classWeights();
    classWeights = weights.length == 0 ? null : temporaries.keep(Nd4j.createFromArray(weights));
    INDArray weighted = weighted(q);
    weight = Primitives.rowSums(weighted, temporaries);
    v = options.labelSmoothing() == 0 ? weighted : smoothed(weighted);
  }

  private INDArray weighted(INDArray masses) {
    return classWeights == null ? masses : temporaries.keep(masses.mulRowVector(classWeights));
  }

  private INDArray smoothed(INDArray weighted) {
    double smoothing = options.labelSmoothing();
    INDArray live = softmax.live();
    INDArray spread = temporaries.keep(Primitives.rowSums(q, temporaries).mul(smoothing));
    spread.divi(Primitives.rowSums(live, temporaries));
    INDArray uniform = temporaries.keep(weighted(live).mulColumnVector(spread));
    return uniform.addi(temporaries.keep(weighted.mul(1 - smoothing)));
  }

  /** ω. */
  INDArray weight() {
    return weight;
  }

  INDArray losses() {
    INDArray logSum = softmax.logSum();
    INDArray terms = temporaries.keep(softmax.gap().addColumnVector(logSum)).muli(v);
    INDArray zero = temporaries.keep(Nd4j.zeros(DataType.DOUBLE, v.shape()));
    INDArray ofMass = select(temporaries.keep(v.gt(0)), terms, zero);
    // A row that is NaN is so even where no mass is.
    return select(
        temporaries.keep(logSum.isNaN()), logSum, Primitives.rowSums(ofMass, temporaries));
  }

  /** The gradient of the sum of the losses, with the z-loss. */
  INDArray gradient() {
    INDArray p = softmax.p();
    INDArray total = Primitives.rowSums(v, temporaries);
    INDArray otherMass = temporaries.keep(v.neg()).addiColumnVector(total);
    INDArray gradient = temporaries.keep(otherMass.mul(p));
    gradient.subi(temporaries.keep(v.mul(softmax.oneMinusP())));
    if (options.zLoss() != 0) {
      gradient.addi(zGradient(p));
    }
    return softmax.rowsOfNan(gradient);
  }

  private INDArray zGradient(INDArray p) {
    INDArray zWeight = temporaries.keep(weight.mul(2 * options.zLoss()));
    INDArray slope = temporaries.keep(zWeight.mul(softmax.logSumExp()));
    INDArray ofWeight = select(temporaries.keep(zWeight.gt(0)), slope, zWeight);
    INDArray gradient = temporaries.keep(p.mulColumnVector(ofWeight));
    // A p of 0 outweighs an infinite slope.
    return select(temporaries.keep(p.eq(0)), p, gradient);
  }

  private INDArray select(INDArray condition, INDArray yes, INDArray no) {
    return temporaries.keep(Primitives.select(condition, yes, no));
  }
}

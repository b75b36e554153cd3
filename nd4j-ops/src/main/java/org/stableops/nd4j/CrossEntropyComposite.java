package org.stableops.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.OneHot;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Softmax cross-entropy by primitives, in double, on rows of logits z with masses q:
 *
 * <pre>loss = Σ_c q_c (lse − z_c),   gradient = (Σq − q_c)·p_c − q_c·(1 − p_c),   p = softmax(z).
 * </pre>
 *
 * <p>The largest logit's own term, 1, is kept out of the sum of exponentials, so that log1p(rest)
 * and 1 − p = rest/(1 + rest) keep their digits on confident rows; e^d with a rounded difference d
 * is corrected by what the rounding lost.
 */
final class CrossEntropyComposite {
  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final Temporaries temporaries;
  private final INDArray z;
  private final INDArray q;
  private final INDArray zero;
  private final INDArray isMax;

  /** The row's largest logit at each of its elements. */
  private final INDArray max;

  /** e^{z − max}, 0 at the maximum. */
  private final INDArray exps;

  /** Σ exps as a column. */
  private final INDArray rest;

  /** Takes rows × classes of double; the intermediates become the temporaries'. */
  CrossEntropyComposite(INDArray z, INDArray q, Temporaries temporaries) {
    this.temporaries = temporaries;
    this.z = z;
    this.q = q;
    zero = temporaries.keep(Nd4j.zeros(DataType.DOUBLE, z.shape()));
    isMax = isMax();
    INDArray column = Primitives.rowSums(select(isMax, z, zero), temporaries);
    max = temporaries.keep(Primitives.alongRows(column, z));
    exps = exps();
    rest = rest(column);
  }

  /** By argmax and not by max, which drops NaN. */
  private INDArray isMax() {
    INDArray argmax = temporaries.keep(z.argMax(1));
    INDArray oneHot = temporaries.keep(Nd4j.create(DataType.DOUBLE, z.shape()));
    Nd4j.exec(new OneHot(argmax, oneHot, (int) z.size(1)));
    return temporaries.keep(oneHot.gt(0));
  }

  private INDArray exps() {
    INDArray d = temporaries.keep(z.sub(max));
    INDArray back = temporaries.keep(z.sub(d));
    INDArray lost = temporaries.keep(z.sub(temporaries.keep(d.add(back))));
    lost.addi(temporaries.keep(back.sub(max)));
    INDArray t = temporaries.keep(Transforms.exp(d, true));
    INDArray corrected = temporaries.keep(t.mul(lost)).addi(t);
    INDArray keep = temporaries.keep(d.gt(UNDERFLOW));
    return select(isMax, zero, select(keep, corrected, t));
  }

  private INDArray rest(INDArray maxColumn) {
    INDArray sum = Primitives.rowSums(exps, temporaries);
    // A row without a number to start from, or with −inf everywhere, is NaN.
    INDArray valid = temporaries.keep(maxColumn.gt(Double.NEGATIVE_INFINITY));
    return select(valid, sum, temporaries.keep(Primitives.nanLike(sum)));
  }

  /** The losses of the rows as a column. */
  INDArray losses() {
    INDArray logSum = log1p(rest);
    INDArray difference = temporaries.keep(max.sub(z));
    INDArray gap = select(temporaries.keep(z.eq(max)), zero, difference);
    INDArray terms = temporaries.keep(gap.addColumnVector(logSum)).muli(q);
    INDArray hasMass = temporaries.keep(q.gt(0));
    INDArray losses = Primitives.rowSums(select(hasMass, terms, zero), temporaries);
    // A row that is NaN is so even where no mass is.
    return select(temporaries.keep(logSum.isNaN()), logSum, losses);
  }

  /** The gradient of the sum of the losses. */
  INDArray gradient() {
    INDArray inverseSum = temporaries.keep(rest.add(1)).rdivi(1);
    INDArray one = temporaries.keep(Nd4j.onesLike(z));
    INDArray p = select(isMax, one, exps).muliColumnVector(inverseSum);
    INDArray oneMinusPOfMax = temporaries.keep(rest.mul(inverseSum));
    INDArray oneMinusP =
        select(
            isMax,
            temporaries.keep(Primitives.alongRows(oneMinusPOfMax, z)),
            temporaries.keep(p.rsub(1)));
    INDArray mass = Primitives.rowSums(q, temporaries);
    INDArray otherMass = temporaries.keep(q.neg()).addiColumnVector(mass);
    INDArray gradient = temporaries.keep(otherMass.mul(p));
    gradient.subi(temporaries.keep(q.mul(oneMinusP)));
    INDArray isNan = temporaries.keep(temporaries.keep(rest.isNaN()).castTo(DataType.DOUBLE));
    INDArray rowIsNan = temporaries.keep(Primitives.alongRows(isNan, z));
    INDArray nan = temporaries.keep(Primitives.nanLike(z));
    return select(temporaries.keep(rowIsNan.gt(0)), nan, gradient);
  }

  /** log(1 + r) = log v + (r − (v − 1))/v with v = 1 + r rounded. */
  private INDArray log1p(INDArray r) {
    INDArray v = temporaries.keep(r.add(1));
    INDArray back = temporaries.keep(v.sub(1));
    INDArray lost = temporaries.keep(r.sub(back)).divi(v);
    return temporaries.keep(Transforms.log(v, true)).addi(lost);
  }

  private INDArray select(INDArray condition, INDArray yes, INDArray no) {
    return temporaries.keep(Primitives.select(condition, yes, no));
  }
}

package org.stableops.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.OneHot;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Softmax by primitives, in double, of rows z.
 *
 * <p>The largest element's own term, 1, is kept out of the sum of exponentials, so that log1p(rest)
 * and 1 − p = rest/(1 + rest) keep their digits on confident rows; e^d with a rounded difference d
 * is corrected by what the rounding lost. Numbers of a row are columns.
 */
final class SoftmaxComposite {
  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final Temporaries temporaries;
  private final INDArray z;
  private final INDArray zero;
  private final INDArray isMax;

  /** The row's largest element, and that at each of its elements. */
  private final INDArray maxColumn;

  private final INDArray max;

  /** e^{z − max}, 0 at the maximum. */
  private final INDArray exps;

  /** Σ exps as a column. */
  private final INDArray rest;

  /** Takes rows × classes of double; the intermediates become the temporaries'. */
  SoftmaxComposite(INDArray z, Temporaries temporaries) {
    this.temporaries = temporaries;
    this.z = z;
    zero = temporaries.keep(Nd4j.zeros(DataType.DOUBLE, z.shape()));
    isMax = isMax();
    maxColumn = Primitives.rowSums(select(isMax, z, zero), temporaries);
    max = temporaries.keep(Primitives.alongRows(maxColumn, z));
    exps = exps();
    rest = rest();
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

  private INDArray rest() {
    INDArray sum = Primitives.rowSums(exps, temporaries);
    // A row without a number to start from, or with −inf everywhere, is NaN.
    INDArray valid = temporaries.keep(maxColumn.gt(Double.NEGATIVE_INFINITY));
    return select(valid, sum, temporaries.keep(Primitives.nanLike(sum)));
  }

  /** log Σ e^{z − max} = log v + (r − (v − 1))/v with v = 1 + r rounded. */
  INDArray logSum() {
    INDArray v = temporaries.keep(rest.add(1));
    INDArray back = temporaries.keep(v.sub(1));
    INDArray lost = temporaries.keep(rest.sub(back)).divi(v);
    return temporaries.keep(Transforms.log(v, true)).addi(lost);
  }

  INDArray logSumExp() {
    INDArray finite = temporaries.keep(maxColumn.add(logSum()));
    INDArray value = select(temporaries.keep(maxColumn.isInfinite()), maxColumn, finite);
    // Of a NaN and +inf argmax may have taken the latter.
    INDArray isNan = temporaries.keep(temporaries.keep(z.isNaN()).castTo(DataType.DOUBLE));
    INDArray nans = Primitives.rowSums(isNan, temporaries);
    return select(temporaries.keep(nans.gt(0)), temporaries.keep(Primitives.nanLike(value)), value);
  }

  INDArray logSoftmax() {
    INDArray sum = temporaries.keep(gap().addColumnVector(logSum()));
    return rowsOfNan(temporaries.keep(zero.sub(sum)));
  }

  /** max − z, and 0 for the maximum even where it is infinite. */
  INDArray gap() {
    INDArray difference = temporaries.keep(max.sub(z));
    return select(temporaries.keep(z.eq(max)), zero, difference);
  }

  /** 1 where an element is more than −inf, else 0. */
  INDArray live() {
    INDArray isLive = temporaries.keep(z.gt(Double.NEGATIVE_INFINITY));
    return temporaries.keep(isLive.castTo(DataType.DOUBLE));
  }

  INDArray p() {
    INDArray one = temporaries.keep(Nd4j.onesLike(z));
    return rowsOfNan(select(isMax, one, exps).muliColumnVector(inverseSum()));
  }

  INDArray oneMinusP() {
    INDArray ofMax = temporaries.keep(rest.mul(inverseSum()));
    INDArray atMax = temporaries.keep(Primitives.alongRows(ofMax, z));
    return rowsOfNan(select(isMax, atMax, temporaries.keep(p().rsub(1))));
  }

  private INDArray inverseSum() {
    return temporaries.keep(rest.add(1)).rdivi(1);
  }

  /** NaN in the rows that are NaN: the arithmetic of a single row takes NaN for 1e-5. */
  INDArray rowsOfNan(INDArray rows) {
    return rowsOfNan(rest, rows);
  }

  /** NaN in the rows where a column is NaN. */
  INDArray rowsOfNan(INDArray column, INDArray rows) {
    INDArray isNan = temporaries.keep(temporaries.keep(column.isNaN()).castTo(DataType.DOUBLE));
    INDArray rowIsNan = temporaries.keep(Primitives.alongRows(isNan, z));
    INDArray nan = temporaries.keep(Primitives.nanLike(z));
    return select(temporaries.keep(rowIsNan.gt(0)), nan, rows);
  }

  private INDArray select(INDArray condition, INDArray yes, INDArray no) {
    return temporaries.keep(Primitives.select(condition, yes, no));
  }
}

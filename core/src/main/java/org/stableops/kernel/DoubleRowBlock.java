package org.stableops.kernel;

import java.util.Arrays;

/** A block of doubles; its exponentials are multiplied by 2^{@value DoubleTileMath#EXP_SHIFT}. */
final class DoubleRowBlock extends RowBlock {
  private static final double UNIT = Math.scalb(1.0, DoubleTileMath.EXP_SHIFT);

  private final Scratch scratch;
  private final double[] logits;
  private final double[] exps;
  private final double[] maxima;
  private final double[] results;

  DoubleRowBlock(Scratch scratch) {
    this.scratch = scratch;
    this.logits = scratch.in;
    this.exps = scratch.a;
    this.maxima = scratch.b;
    this.results = scratch.out;
  }

  @Override
  double logit(int i) {
    return logits[i];
  }

  @Override
  double exp(int i) {
    return exps[i] / UNIT;
  }

  @Override
  void setResult(int i, double result) {
    results[i] = result;
  }

  @Override
  void loadLogits(Elements elements, int at, int tileCount) {
    elements.load(at, tileCount, logits, scratch);
  }

  @Override
  void loadExps(Elements elements, int at, int tileCount) {
    elements.load(at, tileCount, exps, scratch);
  }

  @Override
  void storeExps(Elements elements, int at, int tileCount) {
    elements.store(exps, at, tileCount, scratch);
  }

  @Override
  void storeResults(Elements elements, int at, int tileCount) {
    elements.store(results, at, tileCount, scratch);
  }

  @Override
  void computeExps(int tileCount) {
    scratch.doubleMath.expOfDifference(logits, maxima, exps, tileCount);
  }

  @Override
  void computeBlockExps() {
    setMax();
    computeExps(count);
  }

  @Override
  double findMax() {
    return scratch.doubleMath.max(logits, from, count);
  }

  @Override
  void setMax() {
    Arrays.fill(maxima, from, from + count, isOrdinary() ? max : 0);
  }

  private boolean isOrdinary() {
    return Math.abs(max) <= DoubleTileMath.LARGEST_MAX;
  }

  @Override
  void repairExps() {
    if (!isOrdinary()) {
      boolean isMaxAhead = hasMax;
      for (int i = from; i < from + count; i++) {
        // Infinity minus itself is right only where it is the second of two. Other differences are
        // exact, or so large that nothing is left.
        boolean isMax = isMaxAhead && logits[i] == max;
        exps[i] = isMax ? UNIT : Math.exp(logits[i] - max) * UNIT;
        isMaxAhead &= !isMax;
      }
    }
  }

  @Override
  double sumOfOthers() {
    double[] terms = scratch.c;
    System.arraycopy(exps, from, terms, 0, count);
    for (int i = 0; hasMax && i < count; i++) {
      if (terms[i] == UNIT) {
        terms[i] = 0;
        break;
      }
    }
    return Sums.pairwise(terms, count, scratch.d) / UNIT;
  }

  @Override
  double[] logits(double[] out) {
    System.arraycopy(logits, from, out, 0, count);
    return out;
  }

  @Override
  double[] exps(double[] out) {
    for (int i = 0; i < count; i++) {
      out[i] = exps[from + i] / UNIT;
    }
    return out;
  }

  @Override
  void setResults(double[] wide) {
    System.arraycopy(wide, 0, results, from, count);
  }

  @Override
  void scaleExps(double factor) {
    double scale = factor / UNIT;
    if (Math.abs(scale) >= Double.MIN_NORMAL) {
      for (int i = from; i < from + count; i++) {
        results[i] = exps[i] * scale;
      }
    } else {
      for (int i = from; i < from + count; i++) {
        results[i] = exp(i) * factor;
      }
    }
  }

  @Override
  void setLogSoftmax() {
    double largest = max;
    double logSum = logSum();
    for (int i = from; i < from + count; i++) {
      // Both terms are positive: nothing cancels.
      results[i] = 0 - ((largest - logits[i]) + logSum);
    }
    for (int i = from; Double.isInfinite(max) && i < from + count; i++) {
      results[i] = 0 - (gap(logits[i]) + logSum);
    }
  }

  @Override
  void clearResults() {
    Arrays.fill(results, from, from + count, 0);
  }
}

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
  int findArgmax() {
    double largest = scratch.doubleMath.max(logits, from, count);
    int i = from;
    while (logits[i] != largest && !Double.isNaN(logits[i])) {
      i++;
    }
    return i;
  }

  @Override
  void setMaximum() {
    Arrays.fill(maxima, from, from + count, isOrdinary() ? max : 0);
  }

  private boolean isOrdinary() {
    return Math.abs(max) <= DoubleTileMath.LARGEST_MAX;
  }

  @Override
  void repairExps() {
    if (!isOrdinary()) {
      for (int i = from; i < from + count; i++) {
        double d = logits[i] - max;
        double back = logits[i] - d;
        double lost = (logits[i] - (d + back)) + (back - max);
        double exp = Math.exp(d) * UNIT;
        exps[i] = d > DoubleTileMath.EXP_UNDERFLOW ? Math.fma(exp, lost, exp) : exp;
      }
    }
  }

  @Override
  void setExpOfMaximum() {
    int i = indexOf(argmax);
    if (i >= 0) {
      exps[i] = UNIT;
    }
  }

  @Override
  double sumOfOthers() {
    int i = indexOf(argmax);
    if (i >= 0) {
      exps[i] = 0;
    }
    System.arraycopy(exps, from, scratch.c, 0, count);
    setExpOfMaximum();
    return Sums.pairwise(scratch.c, count, scratch.d) / UNIT;
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
    if (Math.abs(scale) >= Double.MIN_NORMAL && Math.abs(scale) <= Double.MAX_VALUE) {
      for (int i = from; i < from + count; i++) {
        results[i] = exps[i] * scale;
      }
    } else {
      for (int i = from; i < from + count; i++) {
        results[i] = (exp(i) * factor);
      }
    }
  }

  @Override
  void clearResults() {
    Arrays.fill(results, from, from + count, 0);
  }
}

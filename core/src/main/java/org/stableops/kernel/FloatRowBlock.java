package org.stableops.kernel;

import java.util.Arrays;

/** A block of floats; its exponentials are multiplied by 2^{@value FloatTileMath#EXP_SHIFT}. */
final class FloatRowBlock extends RowBlock {
  private static final float UNIT = (float) Math.scalb(1.0, FloatTileMath.EXP_SHIFT);

  private final Scratch scratch;
  private final float[] logits;
  private final float[] exps;
  private final float[] maxima;
  private final float[] results;

  /** Σ of a block's exponentials, if it was made along with them. */
  private double sumOfBlock;

  private boolean isSummed;

  FloatRowBlock(Scratch scratch) {
    this.scratch = scratch;
    this.logits = scratch.floatIn;
    this.exps = scratch.floatA;
    this.maxima = scratch.floatB;
    this.results = scratch.floatOut;
  }

  @Override
  double logit(int i) {
    return logits[i];
  }

  @Override
  double exp(int i) {
    return (double) exps[i] / UNIT;
  }

  @Override
  void setResult(int i, double result) {
    results[i] = (float) result;
  }

  @Override
  void loadLogits(Elements elements, int at, int tileCount) {
    elements.load(at, tileCount, logits);
  }

  @Override
  void loadExps(Elements elements, int at, int tileCount) {
    elements.load(at, tileCount, exps);
  }

  @Override
  void storeExps(Elements elements, int at, int tileCount) {
    elements.store(exps, at, tileCount);
  }

  @Override
  void storeResults(Elements elements, int at, int tileCount) {
    elements.store(results, at, tileCount);
  }

  @Override
  void computeExps(int tileCount) {
    scratch.floatMath.expOfDifference(logits, maxima, exps, tileCount);
    isSummed = false;
  }

  @Override
  void computeBlockExps() {
    isSummed = isOrdinary();
    if (isSummed) {
      sumOfBlock = scratch.floatMath.sumOfExps(logits, (float) max, exps, count);
    }
  }

  @Override
  double findMax() {
    return scratch.floatMath.max(logits, from, count);
  }

  @Override
  void setMax() {
    Arrays.fill(maxima, from, from + count, isOrdinary() ? (float) max : 0);
  }

  private boolean isOrdinary() {
    return Math.abs(max) <= FloatTileMath.LARGEST_MAX;
  }

  @Override
  void repairExps() {
    if (!isOrdinary()) {
      boolean isMaxAhead = hasMax;
      for (int i = from; i < from + count; i++) {
        // Infinity minus itself is right only where it is the second of two.
        boolean isMax = isMaxAhead && logits[i] == max;
        exps[i] = isMax ? UNIT : (float) (Math.exp(logits[i] - max) * UNIT);
        isMaxAhead &= !isMax;
      }
    }
  }

  @Override
  double sumOfOthers() {
    double all = (isSummed ? sumOfBlock : scratch.floatMath.sum(exps, from, count)) / UNIT;
    if (!hasMax) {
      return all;
    }
    // The difference is exact, and the sum good to 2^−45.
    return all - 1 > 0x1p-20 ? all - 1 : sumWithoutMax();
  }

  private double sumWithoutMax() {
    int max = from;
    while (max < from + count && exps[max] != UNIT) {
      max++;
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += i == max ? 0 : exps[i];
    }
    return sum / UNIT;
  }

  @Override
  double[] logits(double[] out) {
    scratch.floatMath.widen(logits, from, count, out);
    return out;
  }

  @Override
  double[] exps(double[] out) {
    scratch.floatMath.widen(exps, from, count, out);
    for (int i = 0; i < count; i++) {
      out[i] *= 1.0 / UNIT;
    }
    return out;
  }

  @Override
  void setResults(double[] wide) {
    for (int i = 0; i < count; i++) {
      results[from + i] = (float) wide[i];
    }
  }

  @Override
  void scaleExps(double factor) {
    float scale = (float) (factor / UNIT);
    if (Math.abs(scale) >= Float.MIN_NORMAL && Math.abs(scale) <= Float.MAX_VALUE) {
      for (int i = from; i < from + count; i++) {
        results[i] = exps[i] * scale;
      }
    } else {
      for (int i = from; i < from + count; i++) {
        results[i] = (float) (exp(i) * factor);
      }
    }
  }

  @Override
  void setLogSoftmax() {
    float largest = (float) max;
    float logSum = (float) logSum();
    for (int i = from; i < from + count; i++) {
      // Both terms are positive: nothing cancels.
      results[i] = 0 - ((largest - logits[i]) + logSum);
    }
    for (int i = from; Double.isInfinite(max) && i < from + count; i++) {
      results[i] = (float) (0 - (gap(logits[i]) + logSum));
    }
  }

  @Override
  void clearResults() {
    Arrays.fill(results, from, from + count, 0);
  }
}

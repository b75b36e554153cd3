package org.stableops.kernel;

/**
 * Consecutive classes of one row of logits, at places {@code from} to {@code from + count − 1} of a
 * thread's tiles, with what is known of the whole row. The largest logit's own term, 1, is kept out
 * of the sum of exponentials: log(1 + rest) and 1 − p = rest/(1 + rest) then keep their digits on a
 * row whose label is almost certain.
 *
 * <p>Logits, exponentials and results are floats or doubles, as the array is. Whoever needs more
 * than the bulk operations here takes them as doubles.
 */
abstract sealed class RowBlock permits FloatRowBlock, DoubleRowBlock {
  int row;
  int firstClass;
  int from;
  int count;

  /** The largest logit, NaN if one is, and Σ e^{z − max} over the other classes. */
  double max;

  double rest;

  /** Whether the largest logit, or the first of several, is in this block. */
  boolean hasMax;

  /** What a visitor has counted and added up on its survey of the row. */
  long live;

  double sum;

  /** What stands beside the row at its largest logit, and a sum of products with the rest. */
  double atLargest;

  double products;

  void setRow(int newRow) {
    row = newRow;
    live = 0;
    sum = 0;
    atLargest = 0;
    products = 0;
  }

  void setClasses(int newFirstClass, int newFrom, int newCount) {
    firstClass = newFirstClass;
    from = newFrom;
    count = newCount;
  }

  /** lse − max; NaN for a row without a number to start from, or with −inf everywhere. */
  double logSum() {
    return rest <= 1 ? DoubleTileMath.logOfOnePlus(rest) : Math.log(1 + rest);
  }

  double logSumExp() {
    return Double.isInfinite(max) ? max : max + logSum();
  }

  double inverseSum() {
    return 1 / (1 + rest);
  }

  /** max − z, and 0 for the maximum even where it is infinite. */
  double gap(int i) {
    return gap(logit(i));
  }

  double gap(double logit) {
    return logit == max ? 0 : max - logit;
  }

  double p(int i) {
    return exp(i) * inverseSum();
  }

  /** 1 − p of an element whose exponential is given, with all digits where p is almost 1. */
  double oneMinusP(double exp) {
    return (exp == 1 ? rest : 1 + rest - exp) * inverseSum();
  }

  /** The place of a class, or −1 if it is not in this block. */
  int indexOf(long label) {
    long offset = label - firstClass;
    return offset >= 0 && offset < count ? from + (int) offset : -1;
  }

  /** The class of the largest logit, the first of several, or −1 if it is not in this block. */
  int largestClass() {
    for (int i = from; i < from + count; i++) {
      if (logit(i) == max) {
        return firstClass + i - from;
      }
    }
    return -1;
  }

  // ---- one element

  abstract double logit(int i);

  /** e^{z − max}. */
  abstract double exp(int i);

  abstract void setResult(int i, double result);

  // ---- the whole tile

  abstract void loadLogits(Elements logits, int at, int tileCount);

  /** Reads exponentials that {@link #storeExps} wrote. */
  abstract void loadExps(Elements exps, int at, int tileCount);

  /** Parks exponentials in memory of the results. */
  abstract void storeExps(Elements exps, int at, int tileCount);

  abstract void storeResults(Elements out, int at, int tileCount);

  /** Computes e^{z − max} for many rows, whose maxima have been set. */
  abstract void computeExps(int tileCount);

  // ---- the block

  /** The largest logit; NaN if one is. */
  abstract double findMax();

  /** Sets the maximum that {@link #computeExps} subtracts on this block. */
  abstract void setMax();

  /** Computes the exponentials of a block that begins at the start of the tile. */
  abstract void computeBlockExps();

  /** Computes the exponentials again where the maximum is none that the fast way can subtract. */
  abstract void repairExps();

  /** Σ e^{z − max}, without the maximum's own term. */
  abstract double sumOfOthers();

  /** The logits as doubles, from the start of {@code out}. */
  abstract double[] logits(double[] out);

  /** The exponentials as doubles, from the start of {@code out}. */
  abstract double[] exps(double[] out);

  /** Results from the start of {@code results}. */
  abstract void setResults(double[] results);

  /** Makes every result its exponential times a factor. */
  abstract void scaleExps(double factor);

  /** Makes every result the logarithm of p: −((max − z) + logSum). */
  abstract void setLogSoftmax();

  abstract void clearResults();
}

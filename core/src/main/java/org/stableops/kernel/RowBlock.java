package org.stableops.kernel;

/**
 * Consecutive classes of one row of logits, at places {@code from} to {@code from + count − 1} of a
 * thread's tiles, with what is known of the whole row. The largest logit's own term, 1, is kept out
 * of the sum of exponentials: log(1 + rest) and 1 − p = rest/(1 + rest) then keep their digits on a
 * row whose label is almost certain.
 */
final class RowBlock {
  int row;
  int firstClass;
  int from;
  int count;

  /** The logits, and e^{z − max}, exactly 1 at the maximum. */
  final double[] logits;

  final double[] exps;

  /** The largest logit, NaN if one is, its class, and Σ e^{z − max} over the other classes. */
  double max;

  int argmax;
  double rest;

  /** What a visitor has counted and added up on its survey of the row. */
  long live;

  double sum;

  RowBlock(double[] logits, double[] exps) {
    this.logits = logits;
    this.exps = exps;
  }

  void setRow(int newRow) {
    row = newRow;
    live = 0;
    sum = 0;
  }

  void setClasses(int newFirstClass, int newFrom, int newCount) {
    firstClass = newFirstClass;
    from = newFrom;
    count = newCount;
  }

  /** lse − max; NaN for a row without a number to start from, or with −inf everywhere. */
  double logSum() {
    return Math.log1p(rest);
  }

  double logSumExp() {
    return Double.isInfinite(max) ? max : max + logSum();
  }

  double inverseSum() {
    return 1 / (1 + rest);
  }

  /** max − z, and 0 for the maximum even where it is infinite. */
  double gap(int i) {
    return logits[i] == max ? 0 : max - logits[i];
  }

  boolean isLive(int i) {
    return logits[i] > Double.NEGATIVE_INFINITY;
  }

  double p(int i) {
    return exps[i] * inverseSum();
  }

  double oneMinusP(int i) {
    return i == indexOf(argmax) ? rest * inverseSum() : 1 - p(i);
  }

  /** The place of a class, or −1 if it is not in this block. */
  int indexOf(long label) {
    long offset = label - firstClass;
    return offset >= 0 && offset < count ? from + (int) offset : -1;
  }
}

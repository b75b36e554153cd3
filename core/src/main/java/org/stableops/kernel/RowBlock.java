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

  /** The largest logit, its class, and Σ e^{z − max} over the other classes. */
  double max;

  int argmax;
  double rest;

  RowBlock(double[] logits, double[] exps) {
    this.logits = logits;
    this.exps = exps;
  }

  void set(int row, int firstClass, int from, int count) {
    this.row = row;
    this.firstClass = firstClass;
    this.from = from;
    this.count = count;
  }

  /** lse − max. */
  double logSum() {
    return Math.log1p(rest);
  }

  double inverseSum() {
    return 1 / (1 + rest);
  }

  /** max − z, and 0 for the maximum even where it is infinite. */
  double gap(int i) {
    return logits[i] == max ? 0 : max - logits[i];
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

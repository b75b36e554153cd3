package org.stableops.kernel;

/**
 * Consecutive classes of one row of s = z + g, at places {@code from} to {@code from + count − 1}
 * of a thread's tiles, with what is known of the whole row: the numbers of p = e^{(s − max)/τ}/(1 +
 * rest), where the largest element's own term, 1, is kept out of the sum.
 *
 * <p>s is kept as a pair of doubles, a rounded sum and what the rounding lost, and so are its
 * distance d from the maximum and d/τ: an exponential takes what is lost times 1/τ.
 */
final class GumbelBlock {
  /** Below, e^q is 0. */
  private static final double UNDERFLOW = -746;

  final Scratch scratch;
  final double temperature;

  /** 1/τ, finite also where τ is subnormal. */
  private final double inverse;

  /** s, and what its rounding lost; the latter's tile is later that of the results. */
  private final double[] high;

  private final double[] low;

  /** (s − max)/τ, cut off where nothing is left of its exponential, and what it lost. */
  final double[] quotients;

  private final double[] lost;

  /** e^{(s − max)/τ}. */
  final double[] exps;

  final double[] results;

  int row;
  int firstClass;
  int from;
  int count;

  /** The largest s, as a pair, and the first class that has it. */
  private double maxHigh;

  private double maxLow;
  int largest;

  /** Σ e^{(s − max)/τ} over the other classes; NaN for a row without a softmax. */
  double rest;

  /** What a visitor adds up, and what it has noted, of the row. */
  double sum;

  double noted;

  GumbelBlock(Scratch scratch, double temperature) {
    this.scratch = scratch;
    this.temperature = temperature;
    inverse = Math.min(1 / temperature, Double.MAX_VALUE);
    high = scratch.in;
    low = scratch.out;
    results = scratch.out;
    quotients = scratch.a;
    lost = scratch.b;
    exps = scratch.c;
  }

  void setRow(int newRow) {
    row = newRow;
    rest = 0;
    sum = 0;
  }

  void setClasses(int newFirstClass, int newFrom, int newCount) {
    firstClass = newFirstClass;
    from = newFrom;
    count = newCount;
  }

  /** Reads a tile: z + g by TwoSum. */
  void load(Elements logits, Elements gumbels, int at, int tileCount) {
    logits.load(at, tileCount, high, scratch);
    gumbels.load(at, tileCount, low, scratch);
    for (int i = 0; i < tileCount; i++) {
      double z = high[i];
      double g = low[i];
      double s = z + g;
      double back = s - z;
      high[i] = s;
      low[i] = Double.isInfinite(s) ? 0 : (z - (s - back)) + (g - back);
    }
  }

  void startMax() {
    maxHigh = Double.NEGATIVE_INFINITY;
    maxLow = Double.NEGATIVE_INFINITY;
    largest = 0;
  }

  /**
   * Takes the block's elements into account; rounded sums of the same value are told by the rest.
   */
  void findMax() {
    for (int i = from; i < from + count; i++) {
      if (high[i] > maxHigh || (high[i] == maxHigh && low[i] > maxLow)) {
        maxHigh = high[i];
        maxLow = low[i];
        largest = firstClass + i - from;
      }
    }
  }

  /** The place of the largest element in the tile, or −1 if it is not in this block. */
  private int placeOfLargest() {
    int offset = largest - firstClass;
    return offset >= 0 && offset < count ? from + offset : -1;
  }

  /** Sets (s − max)/τ of the block. */
  void setQuotients() {
    for (int i = from; i < from + count; i++) {
      setQuotient(i);
    }
    int place = placeOfLargest();
    if (place >= 0) {
      // A row of NaN, or of −inf, has no softmax.
      quotients[place] = maxHigh > Double.NEGATIVE_INFINITY ? 0 : Double.NaN;
      lost[place] = 0;
    }
  }

  private void setQuotient(int i) {
    double ofHigh = high[i] - maxHigh;
    double ofLow = low[i] - maxLow;
    double distance = ofHigh + ofLow;
    if (distance * inverse < UNDERFLOW) {
      quotients[i] = UNDERFLOW;
      lost[i] = 0;
      return;
    }
    // Where both differences cancel each other, they are exact.
    double left =
        lostBySum(ofHigh, ofLow, distance)
            + (lostByDifference(high[i], maxHigh, ofHigh)
                + lostByDifference(low[i], maxLow, ofLow));
    double d = distance + left;
    double lostByD = left - (d - distance);
    double q = d / temperature;
    quotients[i] = q;
    lost[i] = (Math.fma(-q, temperature, d) + lostByD) * inverse;
  }

  private static double lostBySum(double x, double y, double sum) {
    double back = sum - x;
    return (x - (sum - back)) + (y - back);
  }

  private static double lostByDifference(double x, double y, double difference) {
    double back = x - difference;
    return (x - (difference + back)) + (back - y);
  }

  /** Computes the exponentials of a tile. */
  void computeExps(int tileCount) {
    scratch.doubleMath.expOfMinus(quotients, exps, tileCount);
    for (int i = 0; i < tileCount; i++) {
      exps[i] = Math.fma(exps[i], lost[i], exps[i]);
    }
  }

  /** Adds the block's exponentials, but for the largest element's, to the rest. */
  void addRest() {
    double[] terms = scratch.e;
    System.arraycopy(exps, from, terms, 0, count);
    int place = placeOfLargest();
    if (place >= 0) {
      terms[place - from] -= 1;
    }
    rest += Sums.pairwise(terms, count, scratch.parameter);
  }

  /** Adds Σ e·weight of the block to the sum; the weights are from the start of the array. */
  void addToSum(double[] weights) {
    double[] terms = scratch.e;
    for (int i = 0; i < count; i++) {
      terms[i] = exps[from + i] * weights[i];
    }
    sum += Sums.pairwise(terms, count, scratch.parameter);
  }

  /** Reads elements of another array at the places of the block, to the start of a tile. */
  double[] load(Elements others, int classes) {
    others.load(row * classes + firstClass, count, scratch.d, scratch);
    return scratch.d;
  }

  /** The mean, with the probabilities for weights, of what has been summed. */
  double mean() {
    return sum / (1 + rest);
  }

  double p(int i) {
    return exps[i] / (1 + rest);
  }

  /** Sets the results of a one-hot row; NaN where there is no softmax. */
  void setOneHot() {
    double zero = rest * 0;
    for (int i = from; i < from + count; i++) {
      results[i] = zero;
    }
    int place = placeOfLargest();
    if (place >= 0) {
      results[place] = 1 + zero;
    }
  }
}

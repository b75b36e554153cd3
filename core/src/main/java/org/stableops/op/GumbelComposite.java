package org.stableops.op;

/**
 * softmax((z + g)/τ) by primitives, in float64. z + g is kept as a pair, a rounded sum and what the
 * rounding lost, so that nothing is lost where the largest is subtracted.
 *
 * <p>For float32 the rounded distance d of two pairs and the rounded d/τ have digits enough. For
 * float64 d stays a pair, and d/τ is split into a head of 26 bits, whose products with the two
 * halves of τ are exact, and the rest: e^{d/τ} = e^head·(1 + r + r²/2), where |r| &lt; 2^−16.
 *
 * @param <A> the host's arrays
 */
public final class GumbelComposite<A> {
  /** Below, e^q is 0. */
  private static final double UNDERFLOW = -746;

  /** 2^27 + 1, T. J. Dekker's factor: it splits a double into two halves. */
  private static final double SPLITTER = 0x1p27 + 1;

  private final RowAlgebra<A> m;
  private final double temperature;

  /** The rounded distance of each z + g to the largest; where that is infinite, it is NaN there. */
  private final A distance;

  private final A first;
  private final SoftmaxComposite<A> softmax;

  /**
   * Takes rows × classes.
   *
   * @param logits z, of float64 or of a narrower dtype
   * @param gumbels g, of float64
   * @param temperature τ, positive and finite
   */
  public GumbelComposite(RowAlgebra<A> m, A logits, A gumbels, double temperature) {
    this.m = m;
    this.temperature = temperature;
    A z = m.toDouble(logits);
    A high = m.add(z, gumbels);
    // NaN is lost where the sum is infinite.
    A low = m.nanToZero(Pairs.lostBySum(m, z, gumbels, high));
    if (z != logits) {
      m.free(z);
    }
    first = largest(high, low);
    A max = m.at(first, high);
    A maxLow = m.at(first, low);
    A ofHigh = m.subtract(high, max);
    A ofLow = m.subtract(low, maxLow);
    distance = m.add(ofHigh, ofLow);
    A exps =
        m.isDouble(logits)
            ? exps(left(high, max, ofHigh, low, maxLow, ofLow))
            : m.exp(m.divide(distance, temperature));
    m.free(ofHigh);
    m.free(ofLow);
    m.free(low);
    softmax = new SoftmaxComposite<>(m, high, first, max, exps);
  }

  /** What the distance has lost. Where both differences cancel each other, they are exact. */
  private A left(A high, A max, A ofHigh, A low, A maxLow, A ofLow) {
    A lost =
        Pairs.sum(
            m,
            Pairs.lostByDifference(m, high, max, ofHigh),
            Pairs.lostByDifference(m, low, maxLow, ofLow));
    return Pairs.sum(m, Pairs.lostBySum(m, ofHigh, ofLow, distance), lost);
  }

  /** The first place whose pair is largest: pairs of one rounded sum are told by what it lost. */
  private A largest(A high, A low) {
    A max = m.at(m.argMax(high), high);
    A candidates = m.select(m.isEqual(high, max), low, lowest(low));
    return m.argMax(candidates);
  }

  private A lowest(A like) {
    return m.constant(Double.NEGATIVE_INFINITY, like);
  }

  /** e^{(distance + left)/τ}. */
  private A exps(A left) {
    A d = m.add(distance, left);
    A lost = m.subtract(left, m.subtract(d, distance));
    m.free(left);
    A head = head(m.divide(d, temperature));
    double split = temperature * SPLITTER;
    double upper = split - (split - temperature);
    A ofUpper = m.subtract(d, m.multiply(head, upper));
    A ofLower = m.subtract(ofUpper, m.multiply(head, temperature - upper));
    m.free(d);
    m.free(ofUpper);
    A r = m.divide(Pairs.sum(m, ofLower, lost), temperature);
    A factor = m.add(m.multiply(r, m.add(m.multiply(r, 0.5), 1)), 1);
    A exps = m.multiply(m.exp(head), factor);
    // Further down, where parts of it may be infinite, nothing is left.
    A isNothing = m.isLess(m.divide(distance, temperature), UNDERFLOW);
    return m.select(isNothing, m.constant(0, exps), exps);
  }

  private A head(A q) {
    A split = m.multiply(q, SPLITTER);
    return m.subtract(split, m.subtract(split, q));
  }

  /** The probabilities. */
  public A p() {
    return softmax.p();
  }

  /** 1 at the largest and 0 elsewhere; NaN in rows without a softmax. */
  public A hard() {
    A one = m.add(m.multiply(softmax.rest(), 0), 1);
    return m.with(first, one, m.multiply(p(), 0));
  }

  /** p·(v − Σp·v)/τ with v = u − u_k for an upstream u, k the largest: the gradient of Σ u·p. */
  public A gradient(A u) {
    A v = beyondLargest(u);
    return m.multiply(p(), m.divide(m.subtract(v, mean(v)), temperature));
  }

  /** −p·(q − Σp·q)/τ, ∂p/∂τ, with q = (z + g − max)/τ. */
  public A byTemperature() {
    A cut = m.atLeast(m.divide(distance, temperature), UNDERFLOW);
    A q = m.with(first, 0, cut);
    return m.multiply(p(), m.divide(m.subtract(mean(q), q), temperature));
  }

  /** The terms of the gradient of Σ u·p by τ. */
  public A byTemperature(A u) {
    return m.multiply(byTemperature(), beyondLargest(u));
  }

  private A beyondLargest(A u) {
    return m.subtract(u, m.at(first, u));
  }

  /** Σp·x for an x that is 0 at the largest. */
  private A mean(A x) {
    return m.divide(m.rowSums(m.multiply(softmax.others(), x)), softmax.denominator());
  }
}

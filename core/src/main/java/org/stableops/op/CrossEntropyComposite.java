package org.stableops.op;

import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy by primitives, in float64, on rows of logits with probabilities q. With v =
 * w·q′ the smoothed and weighted probabilities, W = Σv and ω = Σ w·q,
 *
 * <pre>loss = Σ_c v_c (lse − z_c),   here without the z-loss,
 * gradient = (W − v_c)·p_c − v_c·(1 − p_c) + 2ζω·lse·p_c,   p = softmax(z).</pre>
 *
 * Numbers of a row are columns.
 *
 * @param <A> the host's arrays
 */
public final class CrossEntropyComposite<A> {
  private final RowAlgebra<A> m;
  private final SoftmaxComposite<A> softmax;
  private final A q;
  private final CrossEntropyOptions options;
  private final double[] classWeights;
  private final A weighted;
  private final A v;

  /** Takes probabilities in the shape of the softmax. */
  public CrossEntropyComposite(SoftmaxComposite<A> softmax, A q, CrossEntropyOptions options) {
    this.m = softmax.algebra();
    this.softmax = softmax;
    this.q = q;
    this.options = options;
    classWeights = options.classWeights();
    weighted = weighted(m, q, classWeights);
    v = options.labelSmoothing() == 0 ? weighted : smoothed();
  }

  /**
   * Returns ω of rows.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param q probabilities, of rows × classes
   * @param options the class weights
   * @return Σ w·q as a column
   */
  public static <A> A weight(RowAlgebra<A> m, A q, CrossEntropyOptions options) {
    return m.rowSums(weighted(m, q, options.classWeights()));
  }

  private static <A> A weighted(RowAlgebra<A> m, A probabilities, double[] classWeights) {
    return classWeights.length == 0
        ? probabilities
        : m.multiply(probabilities, m.alongClasses(classWeights, probabilities));
  }

  private A smoothed() {
    double smoothing = options.labelSmoothing();
    A live = softmax.live();
    A spread = m.divide(m.multiply(m.rowSums(q), smoothing), m.rowSums(live));
    A uniform = m.multiply(weighted(m, live, classWeights), m.alongRows(spread, q));
    return m.add(m.multiply(weighted, 1 - smoothing), uniform);
  }

  /** One a row. */
  public A losses() {
    A logSum = softmax.logSum();
    A terms = m.multiply(v, softmax.deficit());
    A counted = m.select(m.isMore(v, 0), terms, m.constant(0, v));
    // A row that is NaN is so even where no probability is.
    return m.select(m.isNaN(logSum), logSum, m.rowSums(counted));
  }

  /** The gradient of the sum of the losses, with the z-loss. */
  public A gradient() {
    A p = softmax.p();
    A others = m.subtract(m.alongRows(m.rowSums(v), v), v);
    A gradient = m.subtract(m.multiply(others, p), m.multiply(v, softmax.oneMinus(p)));
    return options.zLoss() == 0 ? gradient : m.add(gradient, zGradient(p));
  }

  private A zGradient(A p) {
    A zWeight = m.multiply(m.rowSums(weighted), 2 * options.zLoss());
    A slope = m.multiply(zWeight, softmax.logSumExp());
    A ofWeight = m.select(m.isMore(zWeight, 0), slope, zWeight);
    // A p of 0 outweighs an infinite slope.
    return m.select(m.isEqual(p, 0), p, m.multiply(p, m.alongRows(ofWeight, p)));
  }
}

package org.stableops.op;

import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy of any rows, with probabilities q. With v = w·q′ the smoothed and weighted
 * probabilities, W = Σv and ω = Σ w·q,
 *
 * <pre>loss = Σ_c v_c (max − z_c) + W·(lse − max) + ζω·lse²,
 * gradient = (W + 2ζω·lse)·p_c − v_c,   p = softmax(z).</pre>
 *
 * Where p is nearly 1, which it can be at the maximum only, W·p − v is (W − v)·p − v·(1 − p). An
 * integer label y has v = ω at y, and 0 elsewhere. Numbers of a row are columns.
 *
 * @param <A> the host's arrays
 */
abstract sealed class GeneralCrossEntropy<A> implements CrossEntropyComposite<A> {
  final RowAlgebra<A> m;
  final SoftmaxComposite<A> softmax;
  private final double zLoss;

  private GeneralCrossEntropy(SoftmaxComposite<A> softmax, CrossEntropyOptions options) {
    this.m = softmax.algebra();
    this.softmax = softmax;
    zLoss = options.zLoss();
  }

  /** The loss of integer labels; see {@link CrossEntropyComposite}. */
  static <A> CrossEntropyComposite<A> sparse(
      SoftmaxComposite<A> softmax, A labels, A weights, CrossEntropyOptions options) {
    if (options.labelSmoothing() == 0) {
      return new Sparse<>(softmax, labels, weights, options);
    }
    RowAlgebra<A> m = softmax.algebra();
    A zeros = m.multiply(softmax.others(), 0);
    return dense(softmax, m.with(labels, 1, zeros), options);
  }

  /** The loss of class probabilities; see {@link CrossEntropyComposite}. */
  static <A> CrossEntropyComposite<A> dense(
      SoftmaxComposite<A> softmax, A q, CrossEntropyOptions options) {
    return new Dense<>(softmax, q, options);
  }

  /** ω of rows; see {@link CrossEntropyComposite}. */
  static <A> A weight(RowAlgebra<A> m, A q, CrossEntropyOptions options) {
    return m.rowSums(weighted(m, q, options.classWeights()));
  }

  private static <A> A weighted(RowAlgebra<A> m, A probabilities, double[] classWeights) {
    return classWeights.length == 0
        ? probabilities
        : m.multiply(probabilities, m.alongClasses(classWeights, probabilities));
  }

  @Override
  public A losses() {
    return zLoss == 0 ? crossEntropies() : m.add(crossEntropies(), zLosses());
  }

  @Override
  public A logSumExp() {
    return softmax.logSumExp();
  }

  @Override
  public A zLosses() {
    A lse = softmax.logSumExp();
    A zLosses = m.multiply(m.multiply(lse, lse), zLoss);
    return weight() == null ? zLosses : m.whereCounted(weight(), m.multiply(weight(), zLosses));
  }

  @Override
  public A gradient(A scales) {
    A factor = m.divide(scales, softmax.denominator());
    A slope = zLoss == 0 ? null : m.multiply(zSlope(), factor);
    A ofP = times(total(), factor);
    A ofOthers = timesExps(softmax.others(), slope == null ? ofP : m.add(ofP, slope));
    return gradient(ofOthers, slope, factor, scales);
  }

  @Override
  public SoftmaxHessian<A> hessian() {
    return new SoftmaxHessian<>(softmax, total(), weight(), zLoss);
  }

  /** 2ζω·lse. */
  private A zSlope() {
    A lse = m.multiply(softmax.logSumExp(), 2 * zLoss);
    return weight() == null ? lse : m.whereCounted(weight(), m.multiply(weight(), lse));
  }

  /** The product with e^{z − max}, of which 0 outweighs an infinite slope of the z-loss. */
  A timesExps(A exps, A factor) {
    A product = m.multiply(exps, factor);
    if (zLoss == 0) {
      return product;
    }
    // 0, or NaN in a row that is NaN.
    A vanished = m.multiply(exps, softmax.denominator());
    return m.select(m.isEqual(exps, 0), vanished, product);
  }

  /** The product with weights, which may be null for 1. */
  A times(A weights, A x) {
    return weights == null ? x : m.multiply(weights, x);
  }

  /** Σ_c v_c (max − z_c) + W·(lse − max). */
  abstract A crossEntropies();

  /** W, or null for 1. */
  abstract A total();

  /** ω, or null for 1. */
  abstract A weight();

  /**
   * The gradient, given scales/(1 + rest) and, times that, 2ζω·lse, or null for 0, and its first
   * term for all but the maximum.
   */
  abstract A gradient(A ofOthers, A slope, A factor, A scales);

  private static final class Sparse<A> extends GeneralCrossEntropy<A> {
    private final A labels;
    private final A weights;
    private final Once<A> gap = new Once<>(this::newGap);

    Sparse(SoftmaxComposite<A> softmax, A labels, A weights, CrossEntropyOptions options) {
      super(softmax, options);
      this.labels = labels;
      this.weights = weights;
    }

    @Override
    A crossEntropies() {
      A counted = weights == null ? gap.get() : m.whereCounted(weights, gap.get());
      return times(weights, m.add(counted, softmax.logSum()));
    }

    /** max − z_y, 0 where they are the same even if infinite. */
    private A newGap() {
      A ofLabel = m.toDouble(m.at(labels, softmax.rows()));
      A max = softmax.max();
      A zero = m.constant(0, max);
      return m.select(m.isEqual(ofLabel, max), zero, m.subtract(max, ofLabel));
    }

    @Override
    A total() {
      return weights;
    }

    @Override
    A weight() {
      return weights;
    }

    @Override
    A gradient(A ofOthers, A slope, A factor, A scales) {
      A ofP = times(weights, factor);
      A ofMax = slope == null ? ofP : m.add(ofP, slope);
      A gradient = m.with(softmax.first(), ofMax, ofOthers);
      return m.with(labels, atLabel(slope, factor), gradient);
    }

    /** −ω(1 − p_y) + 2ζω·lse·p_y. */
    private A atLabel(A slope, A factor) {
      A exp = m.exp(m.negate(gap.get()));
      A others = m.add(softmax.rest(), m.add(m.negate(exp), 1));
      A ofLabel = m.multiply(times(weights, others), factor);
      A ofSlope = slope == null ? m.constant(0, ofLabel) : timesExps(exp, slope);
      return m.subtract(ofSlope, ofLabel);
    }
  }

  private static final class Dense<A> extends GeneralCrossEntropy<A> {
    private final A q;
    private final CrossEntropyOptions options;
    private final A weighted;
    private final A v;
    private final A total;
    private final Once<A> weight = new Once<>(this::newWeight);

    Dense(SoftmaxComposite<A> softmax, A q, CrossEntropyOptions options) {
      super(softmax, options);
      this.q = q;
      this.options = options;
      weighted = weighted(m, q, options.classWeights());
      v = options.labelSmoothing() == 0 ? weighted : smoothed();
      total = m.rowSums(v);
    }

    private A smoothed() {
      double smoothing = options.labelSmoothing();
      A live = m.toTypeOf(q, m.isMore(softmax.rows(), Double.NEGATIVE_INFINITY));
      A spread = m.divide(m.multiply(m.rowSums(q), smoothing), m.rowSums(live));
      A uniform = m.multiply(weighted(m, live, options.classWeights()), spread);
      return m.add(m.multiply(weighted, 1 - smoothing), uniform);
    }

    @Override
    A crossEntropies() {
      // v·(z − max) is NaN for v = 0 and z = −inf; a row with NaN is so by its log-sum.
      A terms = m.freeing(softmax.below(), below -> m.multiply(v, below));
      A gaps = m.rowSums(m.nanToZero(terms));
      return m.subtract(m.multiply(total, softmax.logSum()), gaps);
    }

    @Override
    A total() {
      return total;
    }

    @Override
    A weight() {
      return weight.get();
    }

    private A newWeight() {
      return m.rowSums(weighted);
    }

    @Override
    A gradient(A ofOthers, A slope, A factor, A scales) {
      A atMax = m.at(softmax.first(), v);
      A others = m.subtract(m.subtract(total, atMax), m.multiply(atMax, softmax.rest()));
      A ofMax = m.multiply(others, factor);
      A gradient = m.subtract(ofOthers, m.multiply(v, scales));
      // + 0, for a row that counts nothing has 0 and not −0.
      A sum = slope == null ? m.add(ofMax, 0) : m.add(ofMax, slope);
      return m.with(softmax.first(), sum, gradient);
    }
  }
}

package org.stableops.op;

import org.stableops.CrossEntropyOptions;

/**
 * Cross-entropy of integer labels, of rows of float32 whose largest element is finite. With d = z −
 * max, S = Σ e^d over all but the label y, and D = S + e^{d_y},
 *
 * <pre>loss = ω·log(1 + S·e^{−d_y}) + ζω·lse²,   lse = max + log D,
 * gradient = (ω + 2ζω·lse)·e^{d_c}/D, and at the label −ω·S/D + 2ζω·lse·e^{d_y}/D.</pre>
 *
 * <p>The label's own term is kept out of the sum, so that nothing cancels where it is nearly all.
 *
 * @param <A> the host's arrays
 */
final class FiniteCrossEntropy<A> implements CrossEntropyComposite<A> {
  private final RowAlgebra<A> m;
  private final A rows;
  private final A max;
  private final A labels;
  private final A weights;
  private final CrossEntropyOptions options;
  private final double zLoss;

  /** d at the label. */
  private final A ofLabel;

  /** e^d, and 0 at the label. */
  private final A others;

  /** S. */
  private final A rest;

  private final Once<A> labelExp = new Once<>(this::newLabelExp);
  private final Once<A> denominator = new Once<>(this::newDenominator);
  private final Once<A> logSumExp = new Once<>(this::newLogSumExp);

  FiniteCrossEntropy(
      RowAlgebra<A> m, A rows, A max, A labels, A weights, CrossEntropyOptions options) {
    this.m = m;
    this.rows = rows;
    this.max = max;
    this.labels = labels;
    this.weights = weights;
    this.options = options;
    zLoss = options.zLoss();
    A difference = m.subtract(rows, max);
    ofLabel = m.toDouble(m.at(labels, difference));
    A exps = m.freeing(difference, m::exp);
    A zeros = m.multiply(max, 0);
    others = m.freeing(exps, e -> m.with(labels, zeros, e));
    rest = m.toDouble(m.rowSums(others));
  }

  private A newLabelExp() {
    return m.exp(ofLabel);
  }

  private A newDenominator() {
    return m.add(rest, labelExp.get());
  }

  @Override
  public A logSumExp() {
    return logSumExp.get();
  }

  private A newLogSumExp() {
    return m.add(m.toDouble(max), m.log(denominator.get()));
  }

  @Override
  public A losses() {
    A losses = weighted(m.log1pExp(m.subtract(m.log(rest), ofLabel)));
    return zLoss == 0 ? losses : m.add(losses, zLosses());
  }

  @Override
  public A zLosses() {
    return weighted(m.multiply(m.multiply(logSumExp(), logSumExp()), zLoss));
  }

  /** The product with ω, of which 0 outweighs an infinite loss. */
  private A weighted(A ofRows) {
    return weights == null ? ofRows : m.multiply(weights, m.whereCounted(weights, ofRows));
  }

  @Override
  public A gradient(A scales) {
    A factor = m.divide(scales, denominator.get());
    A ofP = weights == null ? factor : m.multiply(weights, factor);
    // + 0, for a row that counts nothing has 0 and not −0.
    A atLabel = m.add(m.negate(m.multiply(rest, ofP)), 0);
    if (zLoss == 0) {
      return gradient(ofP, atLabel);
    }
    A slope = m.multiply(m.multiply(logSumExp(), 2 * zLoss), ofP);
    return gradient(m.add(ofP, slope), m.add(atLabel, m.multiply(slope, labelExp.get())));
  }

  /** By the formulas of any rows: relative to the label, v − v_y would cancel on some. */
  @Override
  public SoftmaxHessian<A> hessian() {
    SoftmaxComposite<A> softmax = new SoftmaxComposite<>(m, rows);
    return CrossEntropyComposite.sparse(softmax, labels, weights, options).hessian();
  }

  private A gradient(A ofOthers, A atLabel) {
    A gradient = m.multiply(others, ofOthers);
    return m.with(labels, m.toTypeOf(gradient, atLabel), gradient);
  }
}

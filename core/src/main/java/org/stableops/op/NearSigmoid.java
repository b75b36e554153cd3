package org.stableops.op;

import org.stableops.ValueAndGradient;

/**
 * The cross-entropy of yes or no without options, of logits from −16 to 16, as it stands in a
 * textbook: log(1 + e^x) − x·y and σ(x) − y. In float64 neither has lost what float32 needs: the
 * results are e^−16 or more, the terms 17 or less. In half of the passes of {@link NarrowSigmoid},
 * which is for arrays over which passes in float64 are slow.
 */
final class NearSigmoid implements ElementLoss.LossComposite {
  /** Where e^−x is 2^-23. */
  static final double NEAR = 16;

  private final NarrowSigmoid narrow;

  NearSigmoid(NarrowSigmoid narrow) {
    this.narrow = narrow;
  }

  @Override
  public <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A companion, A targets) {
    if (m.prefersFloat(x)) {
      return narrow.both(m, x, companion, targets);
    }
    A wide = m.toDouble(x);
    A product = m.multiply(wide, targets);
    ValueAndGradient<A> softplus = m.nearSoftplusOf(wide);
    A loss = m.freeing(product, each -> m.subtractFrom(softplus.value(), each));
    return new ValueAndGradient<>(loss, m.subtractFrom(softplus.gradient(), targets));
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A companion, A targets) {
    if (m.prefersFloat(x)) {
      return narrow.value(m, x, companion, targets);
    }
    A wide = m.toDouble(x);
    A log = m.nearLog1pExp(wide);
    return m.freeing(m.multiplyBy(wide, targets), product -> m.subtractFrom(log, product));
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A companion, A targets) {
    return m.prefersFloat(x)
        ? narrow.gradient(m, x, companion, targets)
        : m.subtractFrom(m.nearSigmoidOf(m.toDouble(x)), targets);
  }

  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A companion, A targets) {
    return narrow.secondDerivative(m, x, companion, targets);
  }
}

package org.stableops.op;

import org.stableops.ValueAndGradient;

/**
 * The cross-entropy of yes or no without options in float32, of logits whose exponentials are no
 * subnormal numbers. With s = sign(x) and d = (s + 1)/2 − y, which keeps the digits of y and of 1 −
 * y, the loss y·softplus(−x) + (1 − y)·softplus(x) is log(1 + e^{−|x|}) + x·d, of two terms that
 * are not negative, and the gradient σ(x) − y is d − s·σ(−|x|), at 0 too. A fifth of the time of
 * {@link SigmoidComposite}, which is right for all.
 */
final class NarrowSigmoid implements ElementLoss.LossComposite {
  /** e^{−x} is about to be a subnormal float32 number. */
  static final double FAR = 85;

  private final ElementLoss.LossComposite general;

  NarrowSigmoid(ElementLoss.LossComposite general) {
    this.general = general;
  }

  /** What value and gradient share. */
  private static final class Terms<A> {
    private final RowAlgebra<A> m;
    private final A x;
    private final A minusAbs;
    private final A sign;
    private final A difference;

    Terms(RowAlgebra<A> m, A x, A targets) {
      this.m = m;
      this.x = x;
      minusAbs = m.minusAbs(x);
      sign = m.sign(x);
      A step = m.multiplyBy(m.add(sign, 1), 0.5);
      difference = difference(step, targets);
    }

    /** d, to all digits of targets of another dtype: 1 − y is what is left of one near 1. */
    private A difference(A step, A targets) {
      if (m.hasTypeOf(x, targets)) {
        return m.subtractFrom(step, targets);
      }
      A wide = m.freeing(step, m::toDouble);
      return m.freeing(m.subtractFrom(wide, targets), each -> m.toTypeOf(x, each));
    }

    /** Uses up the signs. */
    A gradient() {
      A slope = m.multiplyBy(m.narrowSigmoid(minusAbs), sign);
      m.free(sign);
      return m.subtractedBy(difference, slope);
    }

    /** Uses up all others, and so comes last. */
    A value() {
      A log = m.log1pExpOf(minusAbs);
      A value = m.addTo(m.multiplyBy(difference, x), log);
      m.free(log);
      return value;
    }
  }

  @Override
  public <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A companion, A targets) {
    Terms<A> terms = new Terms<>(m, x, targets);
    A gradient = terms.gradient();
    return new ValueAndGradient<>(terms.value(), gradient);
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A companion, A targets) {
    Terms<A> terms = new Terms<>(m, x, targets);
    m.free(terms.sign);
    return terms.value();
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A companion, A targets) {
    Terms<A> terms = new Terms<>(m, x, targets);
    return terms.gradient();
  }

  /** Of four roundings: more than float32 may have. */
  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A companion, A targets) {
    return general.secondDerivative(m, x, companion, targets);
  }
}

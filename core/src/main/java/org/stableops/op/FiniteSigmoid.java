package org.stableops.op;

/**
 * The cross-entropy of yes or no without options, of finite logits of float32 and in float32: y·
 * softplus(−x) + (1 − y)·softplus(x), where no product is 0·inf. A quarter of the time of {@link
 * SigmoidComposite}, which is right for all.
 */
final class FiniteSigmoid implements ElementLoss.LossComposite {
  private final ElementLoss.LossComposite general;

  FiniteSigmoid(ElementLoss.LossComposite general) {
    this.general = general;
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A companion, A targets) {
    A y = m.toTypeOf(x, targets);
    A yes = m.toTypeOf(x, m.freeing(m.negate(x), m::log1pExp));
    A ofYes = m.multiplyBy(yes, y);
    A no = m.toTypeOf(x, m.log1pExp(x));
    A ofNo = m.multiplyBy(no, not(m, y));
    return m.addTo(ofYes, ofNo);
  }

  private static <A> A not(RowAlgebra<A> m, A y) {
    return m.addTo(m.negate(y), 1);
  }

  /**
   * (1 − y)·p − y·q with p = a/(1 + ab), q = b/(1 + ab) and a, b the exponentials of min(±x, 0):
   * the smaller of p and q is a number as long as its exponential is.
   */
  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A companion, A targets) {
    A y = m.toTypeOf(x, targets);
    A a = m.freeing(m.negate(x), minus -> expOfMinus(m, minus));
    A b = expOfMinus(m, x);
    A onePlusT = m.addTo(m.multiply(a, b), 1);
    A ofNo = m.multiplyBy(a, not(m, y));
    A ofYes = m.multiplyBy(b, y);
    A difference = m.freeing(ofNo, each -> m.subtract(each, ofYes));
    return m.freeing(difference, each -> m.divide(each, onePlusT));
  }

  /** e^{−max(x, 0)}. */
  private static <A> A expOfMinus(RowAlgebra<A> m, A x) {
    A positive = m.atLeast(x, 0);
    return m.freeing(m.freeing(positive, m::negate), m::exp);
  }

  /** Of four roundings: more than float32 may have. */
  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A companion, A targets) {
    return general.secondDerivative(m, x, companion, targets);
  }
}

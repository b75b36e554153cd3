package org.stableops.op;

import org.stableops.ValueAndGradient;

/**
 * A Poisson loss for calls without an exposure; others, and what is rarely asked for, are general.
 */
abstract class PoissonWithoutExposure implements ElementLoss.LossComposite {
  private final ElementLoss.LossComposite general;

  PoissonWithoutExposure(ElementLoss.LossComposite general) {
    this.general = general;
  }

  abstract <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A counts);

  abstract <A> A value(RowAlgebra<A> m, A x, A counts);

  abstract <A> A gradient(RowAlgebra<A> m, A x, A counts);

  @Override
  public final <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A exposure, A counts) {
    return exposure == null ? both(m, x, counts) : general.both(m, x, exposure, counts);
  }

  @Override
  public final <A> A value(RowAlgebra<A> m, A x, A exposure, A counts) {
    return exposure == null ? value(m, x, counts) : general.value(m, x, exposure, counts);
  }

  @Override
  public final <A> A gradient(RowAlgebra<A> m, A x, A exposure, A counts) {
    return exposure == null ? gradient(m, x, counts) : general.gradient(m, x, exposure, counts);
  }

  @Override
  public final <A> A secondDerivative(RowAlgebra<A> m, A x, A exposure, A counts) {
    return general.secondDerivative(m, x, exposure, counts);
  }

  @Override
  public final <A> A deviance(RowAlgebra<A> m, A x, A exposure, A counts) {
    return general.deviance(m, x, exposure, counts);
  }
}

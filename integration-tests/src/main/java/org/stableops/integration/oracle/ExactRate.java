package org.stableops.integration.oracle;

import static org.stableops.integration.oracle.BigFunctions.DIGITS;

import java.math.BigDecimal;
import org.stableops.PositiveTransform;

/**
 * The rate of counts at a raw value, and its derivatives, from its definition.
 *
 * @param value λ
 * @param slope λ′
 * @param curvature λ″
 */
record ExactRate(BigDecimal value, BigDecimal slope, BigDecimal curvature) {
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final BigDecimal FOUR = BigDecimal.valueOf(4);

  static ExactRate of(BigDecimal r, PositiveTransform transform) {
    if (transform == null) {
      return new ExactRate(r, BigDecimal.ONE, BigDecimal.ZERO);
    }
    BigDecimal parameter = new BigDecimal(transform.parameter());
    ExactRate unbounded =
        switch (transform.family()) {
          case EXP -> exp(r);
          case SOFTPLUS -> softplus(r, parameter);
          case SQUAREPLUS -> squareplus(r, parameter);
        };
    BigDecimal bound = new BigDecimal(transform.lowerBound());
    return new ExactRate(unbounded.value.add(bound), unbounded.slope, unbounded.curvature);
  }

  ExactRate times(BigDecimal factor) {
    return new ExactRate(
        value.multiply(factor), slope.multiply(factor), curvature.multiply(factor));
  }

  private static ExactRate exp(BigDecimal r) {
    BigDecimal exp = BigFunctions.exp(r);
    return new ExactRate(exp, exp, exp);
  }

  private static ExactRate softplus(BigDecimal r, BigDecimal beta) {
    BigDecimal p = beta.multiply(r);
    BigDecimal t = BigFunctions.exp(p.abs().negate());
    BigDecimal log = BigFunctions.log1p(t).add(p.max(BigDecimal.ZERO));
    BigDecimal onePlusT = BigDecimal.ONE.add(t);
    BigDecimal slope = BigFunctions.divide(p.signum() < 0 ? t : BigDecimal.ONE, onePlusT);
    BigDecimal curvature = BigFunctions.divide(t, onePlusT.multiply(onePlusT));
    return new ExactRate(BigFunctions.divide(log, beta), slope, beta.multiply(curvature));
  }

  private static ExactRate squareplus(BigDecimal r, BigDecimal b) {
    BigDecimal root = BigFunctions.sqrt(r.multiply(r).add(b));
    BigDecimal tail =
        BigFunctions.divide(BigFunctions.divide(b, FOUR), r.abs().add(root)).multiply(TWO);
    BigDecimal value = r.max(BigDecimal.ZERO).add(tail);
    BigDecimal cube = root.multiply(root, DIGITS).multiply(root, DIGITS);
    return new ExactRate(
        value, BigFunctions.divide(value, root), BigFunctions.divide(b, cube.multiply(TWO)));
  }
}

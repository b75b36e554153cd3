package org.stableops.integration.oracle;

import static java.math.BigDecimal.ONE;
import static java.math.BigDecimal.ZERO;
import static org.stableops.integration.oracle.BigFunctions.DIGITS;
import static org.stableops.integration.oracle.BigFunctions.divide;
import static org.stableops.integration.oracle.BigFunctions.exp;
import static org.stableops.integration.oracle.BigFunctions.log;
import static org.stableops.integration.oracle.BigFunctions.log1p;
import static org.stableops.integration.oracle.BigFunctions.sqrt;

import java.math.BigDecimal;
import org.stableops.PositiveTransform;

/**
 * A positive transform by definition, for finite raw values: f′ is 1/(1 + e^−v) of softplus and
 * squareplus, and with q = e^−|v| every quantity a sum of terms that do not cancel.
 *
 * @param transform which
 */
public record PositiveFunction(PositiveTransform transform) {
  /**
   * Returns the exact value, lowerBound + f(raw).
   *
   * @param raw any finite number
   * @return before any rounding up at the bound
   */
  public Exact value(double raw) {
    return Exact.of(f(new BigDecimal(raw)).add(new BigDecimal(transform.lowerBound())));
  }

  private BigDecimal f(BigDecimal r) {
    BigDecimal p = new BigDecimal(transform.parameter());
    return switch (transform.family()) {
      case SOFTPLUS -> r.max(ZERO).add(divide(log1p(q(r)), p));
      case SQUAREPLUS ->
          r.max(ZERO).add(divide(p, r.abs().add(root(r)).multiply(BigDecimal.valueOf(2))));
      case EXP -> exp(r);
    };
  }

  /**
   * Returns the exact derivative.
   *
   * @param raw any finite number
   * @return f′(raw)
   */
  public Exact gradient(double raw) {
    return Exact.of(derivative(new BigDecimal(raw)));
  }

  private BigDecimal derivative(BigDecimal r) {
    if (transform.family() == PositiveTransform.Family.EXP) {
      return exp(r);
    }
    BigDecimal q = q(r);
    return divide(r.signum() < 0 ? q : ONE, ONE.add(q));
  }

  /**
   * Returns the exact log-derivative.
   *
   * @param raw any finite number
   * @return log f′(raw)
   */
  public Exact logDerivative(double raw) {
    BigDecimal r = new BigDecimal(raw);
    BigDecimal b = new BigDecimal(transform.parameter());
    return Exact.of(
        switch (transform.family()) {
          case SOFTPLUS -> r.multiply(b).min(ZERO).subtract(log1p(q(r)));
          case SQUAREPLUS -> (r.signum() < 0 ? log(q(r)) : ZERO).subtract(log1p(q(r)));
          case EXP -> r;
        });
  }

  /**
   * Returns the exact derivative of the log-derivative.
   *
   * @param raw any finite number
   * @return f″(raw)/f′(raw) = v′·f′(−raw)
   */
  public Exact gradientOfLogDerivative(double raw) {
    BigDecimal r = new BigDecimal(raw);
    return Exact.of(
        switch (transform.family()) {
          case SOFTPLUS -> derivative(r.negate()).multiply(new BigDecimal(transform.parameter()));
          case SQUAREPLUS ->
              divide(derivative(r.negate()).multiply(BigDecimal.valueOf(2)), root(r));
          case EXP -> ONE;
        });
  }

  /** e^−|v|, v = βr or 2·asinh(r/√b). */
  private BigDecimal q(BigDecimal r) {
    BigDecimal p = new BigDecimal(transform.parameter());
    if (transform.family() == PositiveTransform.Family.SOFTPLUS) {
      return exp(r.multiply(p).abs().negate());
    }
    BigDecimal sum = r.abs().add(root(r), DIGITS);
    return divide(p, sum.multiply(sum));
  }

  private BigDecimal root(BigDecimal r) {
    return sqrt(r.multiply(r).add(new BigDecimal(transform.parameter())));
  }
}

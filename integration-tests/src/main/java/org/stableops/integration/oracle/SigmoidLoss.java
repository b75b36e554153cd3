package org.stableops.integration.oracle;

import static org.stableops.integration.oracle.BigFunctions.DIGITS;

import java.math.BigDecimal;
import org.stableops.BinaryCrossEntropyOptions;

/**
 * The cross-entropy of yes or no of one finite logit by exact arithmetic, from its definition.
 *
 * @param loss c₊·e^{−γN}·P + c₋·e^{−γP}·N, P = softplus(−x), N = softplus(x)
 * @param gradient its derivative
 * @param second its second derivative
 * @param gradientTerms Σ|terms| of the derivative
 * @param secondTerms Σ|terms| of the second derivative
 */
public record SigmoidLoss(
    Exact loss, Exact gradient, Exact second, double gradientTerms, double secondTerms) {

  /**
   * Computes the loss.
   *
   * @param x a logit
   * @param y its target
   * @param positiveWeight that of the element
   * @param options smoothing and focal loss
   * @return the loss and its derivatives
   */
  public static SigmoidLoss of(
      double x, double y, double positiveWeight, BinaryCrossEntropyOptions options) {
    BigDecimal s = new BigDecimal(options.labelSmoothing());
    BigDecimal half = s.divide(BigDecimal.valueOf(2), DIGITS);
    BigDecimal smoothed = BigDecimal.ONE.subtract(s).multiply(new BigDecimal(y)).add(half);
    BigDecimal alpha = new BigDecimal(options.focalAlpha().orElse(1));
    BigDecimal other =
        options.focalAlpha().isPresent() ? BigDecimal.ONE.subtract(alpha) : BigDecimal.ONE;
    BigDecimal gamma = new BigDecimal(options.focalGamma());
    BigDecimal big = new BigDecimal(x);
    Term yes =
        Term.of(big, new BigDecimal(positiveWeight).multiply(alpha).multiply(smoothed), gamma);
    Term no = Term.of(big.negate(), other.multiply(BigDecimal.ONE.subtract(smoothed)), gamma);
    return new SigmoidLoss(
        Exact.of(yes.value.add(no.value)),
        Exact.of(yes.first.subtract(no.first)),
        Exact.of(yes.second.add(no.second)),
        yes.first.abs().add(no.first.abs()).doubleValue(),
        yes.secondTerms.add(no.secondTerms).doubleValue());
  }

  /** F(x; c) = c·e^{−γ·softplus(x)}·softplus(−x) and its derivatives. */
  private record Term(
      BigDecimal value, BigDecimal first, BigDecimal second, BigDecimal secondTerms) {
    static Term of(BigDecimal x, BigDecimal c, BigDecimal gamma) {
      BigDecimal t = BigFunctions.exp(x.abs().negate());
      BigDecimal log = BigFunctions.log1p(t);
      BigDecimal onePlusT = BigDecimal.ONE.add(t);
      BigDecimal small = BigFunctions.divide(t, onePlusT);
      BigDecimal large = BigFunctions.divide(BigDecimal.ONE, onePlusT);
      boolean isNegative = x.signum() < 0;
      BigDecimal p = isNegative ? small : large;
      BigDecimal q = isNegative ? large : small;
      BigDecimal positive = (isNegative ? BigDecimal.ZERO : x).add(log);
      BigDecimal negative = (isNegative ? x.negate() : BigDecimal.ZERO).add(log);
      BigDecimal scale = c.multiply(BigFunctions.exp(gamma.multiply(positive).negate()), DIGITS);
      BigDecimal ofP = gamma.multiply(p).multiply(negative);
      BigDecimal a = q.multiply(BigDecimal.ONE.add(gamma).add(gamma));
      BigDecimal b = gamma.multiply(ofP);
      BigDecimal d = gamma.multiply(negative).multiply(q);
      BigDecimal ofScale = scale.multiply(p, DIGITS);
      return new Term(
          scale.multiply(negative, DIGITS),
          scale.multiply(q.add(ofP), DIGITS).negate(),
          ofScale.multiply(a.add(b).subtract(d), DIGITS),
          ofScale.multiply(a.add(b).add(d), DIGITS));
    }
  }
}

package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;

/** Log-sum-exp, softmax and log-softmax of one row, by definition; for finite numbers and −inf. */
public final class SoftmaxRow {
  private static final MathContext DIGITS = new MathContext(60);

  private final double[] x;
  private final BigDecimal max;
  private final BigDecimal[] exps;
  private final BigDecimal sum;
  private final BigDecimal logSum;

  /**
   * Takes a row.
   *
   * @param x the elements, not all of them −inf
   */
  public SoftmaxRow(double... x) {
    this.x = x;
    max = new BigDecimal(Arrays.stream(x).max().orElseThrow());
    exps = new BigDecimal[x.length];
    Arrays.setAll(
        exps,
        c ->
            Double.isFinite(x[c])
                ? BigFunctions.exp(new BigDecimal(x[c]).subtract(max))
                : BigDecimal.ZERO);
    sum = Arrays.stream(exps).reduce(BigDecimal.ZERO, BigDecimal::add);
    logSum = BigFunctions.log1p(sum.subtract(BigDecimal.ONE));
  }

  /**
   * Returns the log-sum-exp.
   *
   * @return log Σ e^x
   */
  public Exact logSumExp() {
    return Exact.of(max.add(logSum));
  }

  /**
   * Returns a softmax.
   *
   * @param c the place of an element
   * @return e^x_c / Σ e^x
   */
  public Exact softmax(int c) {
    return Exact.of(exps[c].divide(sum, DIGITS));
  }

  /**
   * Returns a log-softmax.
   *
   * @param c the place of a finite element
   * @return x_c − log Σ e^x
   */
  public Exact logSoftmax(int c) {
    return Exact.of(new BigDecimal(x[c]).subtract(max).subtract(logSum));
  }

  /**
   * Returns the gradient of Σ upstream·log-softmax.
   *
   * @param upstream one number an element
   * @return u_c − p_c·Σu for every c
   */
  public Exact[] gradient(double... upstream) {
    BigDecimal total =
        Arrays.stream(upstream).mapToObj(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
    Exact[] gradient = new Exact[x.length];
    Arrays.setAll(
        gradient,
        c -> {
          BigDecimal own = new BigDecimal(upstream[c]).multiply(sum);
          return Exact.of(own.subtract(total.multiply(exps[c])).divide(sum, DIGITS));
        });
    return gradient;
  }
}

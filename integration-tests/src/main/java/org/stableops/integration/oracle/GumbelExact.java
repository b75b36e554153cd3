package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The Gumbel-softmax of one row and its derivatives, by definition; for finite numbers and −inf.
 */
public final class GumbelExact {
  private static final MathContext DIGITS = new MathContext(60);

  private final BigDecimal tau;
  private final int largest;

  /** (z + g − max)/τ and its softmax; absent elements have 0 in both. */
  private final BigDecimal[] q;

  private final BigDecimal[] p;

  /** u − u_k of the upstream gradient. */
  private final BigDecimal[] v;

  /** By class: the results, each computed once. */
  private final Exact[] values;

  private final Exact[] gradients;
  private final double[] slopes;
  private final BigDecimal byTemperature;
  private final double temperatureTerms;

  /**
   * Takes a row.
   *
   * @param z logits, not all of them −inf
   * @param g noise
   * @param temperature τ
   * @param u an upstream gradient
   */
  public GumbelExact(double[] z, double[] g, double temperature, double[] u) {
    tau = new BigDecimal(temperature);
    values = new Exact[z.length];
    BigDecimal[] s = new BigDecimal[z.length];
    Arrays.setAll(
        s, c -> Double.isInfinite(z[c]) ? null : new BigDecimal(z[c]).add(new BigDecimal(g[c])));
    largest =
        IntStream.range(0, s.length)
            .filter(c -> s[c] != null)
            .reduce((best, c) -> s[c].compareTo(s[best]) > 0 ? c : best)
            .orElseThrow();
    q = each(c -> s[c] == null ? BigDecimal.ZERO : over(s[c].subtract(s[largest])));
    BigDecimal[] exps = each(c -> s[c] == null ? BigDecimal.ZERO : BigFunctions.exp(q[c]));
    BigDecimal sum = sum(exps);
    p = each(c -> exps[c].divide(sum, DIGITS));
    v = each(c -> new BigDecimal(u[c]).subtract(new BigDecimal(u[largest])));
    BigDecimal mean = mean(v);
    BigDecimal distance = mean(absolute(v));
    Arrays.setAll(values, c -> Exact.of(p[c]));
    gradients = new Exact[z.length];
    Arrays.setAll(gradients, c -> Exact.of(over(p[c].multiply(v[c].subtract(mean)))));
    slopes = new double[z.length];
    Arrays.setAll(slopes, c -> Exact.of(over(v[c].abs().add(distance))).nearest());
    BigDecimal meanOfQ = mean(q);
    byTemperature = over(sum(each(c -> p[c].multiply(v[c]).multiply(meanOfQ.subtract(q[c])))));
    BigDecimal[] distances = absolute(q);
    BigDecimal meanDistance = mean(distances);
    temperatureTerms =
        over(sum(each(c -> p[c].multiply(v[c].abs()).multiply(meanDistance.add(distances[c])))))
            .doubleValue();
  }

  private BigDecimal[] each(IntFunction<BigDecimal> element) {
    return IntStream.range(0, values.length).mapToObj(element).toArray(BigDecimal[]::new);
  }

  private BigDecimal over(BigDecimal numerator) {
    return numerator.divide(tau, DIGITS);
  }

  private static BigDecimal sum(BigDecimal... terms) {
    return Arrays.stream(terms).reduce(BigDecimal.ZERO, (x, y) -> x.add(y, DIGITS));
  }

  private static BigDecimal[] absolute(BigDecimal... x) {
    return Arrays.stream(x).map(BigDecimal::abs).toArray(BigDecimal[]::new);
  }

  private BigDecimal mean(BigDecimal... x) {
    return sum(each(c -> p[c].multiply(x[c])));
  }

  /**
   * Returns a probability.
   *
   * @param c the place of an element
   * @return p_c
   */
  public Exact p(int c) {
    return values[c];
  }

  /**
   * Returns the one-hot draw.
   *
   * @return the first of the largest
   */
  public int largest() {
    return largest;
  }

  /**
   * Returns a gradient by a logit.
   *
   * @param c the place of an element
   * @return p_c·(u_c − Σp·u)/τ
   */
  public Exact gradient(int c) {
    return gradients[c];
  }

  /**
   * Returns what a gradient is made of.
   *
   * @param c the place of an element
   * @return (|u_c − u_k| + Σ p·|u − u_k|)/τ, which p_c multiplies
   */
  public double slopes(int c) {
    return slopes[c];
  }

  /**
   * Returns the sum of what {@link #slopes} multiplies.
   *
   * @param c the place of an element
   * @return p_c times its slopes
   */
  public double terms(int c) {
    return values[c].nearest() * slopes[c];
  }

  /**
   * Returns the gradient of the row by the temperature.
   *
   * @return −Σ p·(u − u_k)·(q − Σp·q)/τ
   */
  public BigDecimal byTemperature() {
    return byTemperature;
  }

  /**
   * Returns what the gradient by the temperature is made of.
   *
   * @return Σ p·|u − u_k|·(|q| + Σp·|q|)/τ
   */
  public double temperatureTerms() {
    return temperatureTerms;
  }
}

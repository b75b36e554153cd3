package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The Gumbel-softmax of one row and its derivatives, by definition; for finite numbers and −inf. */
public final class GumbelExact {
  private static final MathContext DIGITS = new MathContext(60);

  private final double[] u;
  private final BigDecimal tau;
  private final int largest;

  /** (z + g − max)/τ and its softmax; absent elements have 0 in both. */
  private final BigDecimal[] q;

  private final BigDecimal[] p;

  /**
   * Takes a row.
   *
   * @param z logits, not all of them −inf
   * @param g noise
   * @param temperature τ
   * @param u an upstream gradient
   */
  public GumbelExact(double[] z, double[] g, double temperature, double[] u) {
    this.u = u;
    tau = new BigDecimal(temperature);
    BigDecimal[] s = new BigDecimal[z.length];
    Arrays.setAll(
        s, c -> Double.isInfinite(z[c]) ? null : new BigDecimal(z[c]).add(new BigDecimal(g[c])));
    largest =
        IntStream.range(0, s.length)
            .filter(c -> s[c] != null)
            .reduce((best, c) -> s[c].compareTo(s[best]) > 0 ? c : best)
            .orElseThrow();
    q = new BigDecimal[s.length];
    p = new BigDecimal[s.length];
    BigDecimal sum = BigDecimal.ZERO;
    for (int c = 0; c < s.length; c++) {
      q[c] = s[c] == null ? BigDecimal.ZERO : s[c].subtract(s[largest]).divide(tau, DIGITS);
      p[c] = s[c] == null ? BigDecimal.ZERO : BigFunctions.exp(q[c]);
      sum = sum.add(p[c]);
    }
    BigDecimal total = sum;
    Arrays.setAll(p, c -> p[c].divide(total, DIGITS));
  }

  /**
   * Returns a probability.
   *
   * @param c the place of an element
   * @return p_c
   */
  public Exact p(int c) {
    return Exact.of(p[c]);
  }

  /**
   * Returns the one-hot draw.
   *
   * @return the first of the largest
   */
  public int largest() {
    return largest;
  }

  private BigDecimal mean(BigDecimal[] x) {
    return IntStream.range(0, p.length)
        .mapToObj(c -> p[c].multiply(x[c], DIGITS))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  /** u − u_k. */
  private BigDecimal[] v() {
    BigDecimal[] v = new BigDecimal[u.length];
    Arrays.setAll(v, c -> new BigDecimal(u[c]).subtract(new BigDecimal(u[largest])));
    return v;
  }

  private static BigDecimal[] absolute(BigDecimal[] x) {
    return Arrays.stream(x).map(BigDecimal::abs).toArray(BigDecimal[]::new);
  }

  /**
   * Returns a gradient by a logit.
   *
   * @param c the place of an element
   * @return p_c·(u_c − Σp·u)/τ
   */
  public Exact gradient(int c) {
    BigDecimal[] v = v();
    return Exact.of(p[c].multiply(v[c].subtract(mean(v)), DIGITS).divide(tau, DIGITS));
  }

  /**
   * Returns what a gradient is made of.
   *
   * @param c the place of an element
   * @return (|u_c − u_k| + Σ p·|u − u_k|)/τ, which p_c multiplies
   */
  public double slopes(int c) {
    BigDecimal[] v = absolute(v());
    return v[c].add(mean(v)).divide(tau, DIGITS).doubleValue();
  }

  /**
   * Returns the sum of what {@link #slopes} multiplies.
   *
   * @param c the place of an element
   * @return p_c times its slopes
   */
  public double terms(int c) {
    return p[c].doubleValue() * slopes(c);
  }

  /**
   * Returns the gradient of the row by the temperature.
   *
   * @return −Σ p·(u − u_k)·(q − Σp·q)/τ
   */
  public BigDecimal byTemperature() {
    return temperature(v(), q, mean(q)).negate();
  }

  /**
   * Returns what the gradient by the temperature is made of.
   *
   * @return Σ p·|u − u_k|·(|q| + Σp·|q|)/τ
   */
  public double temperatureTerms() {
    BigDecimal[] distances = absolute(q);
    return temperature(absolute(v()), distances, mean(distances).negate()).doubleValue();
  }

  private BigDecimal temperature(BigDecimal[] v, BigDecimal[] distances, BigDecimal mean) {
    return IntStream.range(0, p.length)
        .mapToObj(c -> p[c].multiply(v[c], DIGITS).multiply(distances[c].subtract(mean), DIGITS))
        .reduce(BigDecimal.ZERO, BigDecimal::add)
        .divide(tau, DIGITS);
  }
}

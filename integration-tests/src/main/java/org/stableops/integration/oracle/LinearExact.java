package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.stableops.Reduction;

/**
 * The linear cross-entropy and its gradients by definition, with the error bars of NUMERICS.md §8;
 * for finite numbers, and −inf as the bias of classes that are nobody's label.
 */
public final class LinearExact {
  private final LinearCase problem;
  private final int dimension;
  private final int classes;
  private final BigDecimal[] hidden;
  private final BigDecimal[] weight;
  private final CrossEntropyRow[] rows;
  private final BigDecimal scale;

  /** A of each token: max_c(|h|·|w_c| + |b_c|), and ∂loss/∂z of it and every class. */
  private final double[] sizes;

  private final BigDecimal[][] slopes;

  /**
   * Numbers and their error bars.
   *
   * @param exact the numbers
   * @param bars how far each may be off, in ε of the dtype that is computed in
   */
  public record Numbers(Exact[] exact, double[] bars) {}

  /**
   * The gradients.
   *
   * @param hidden to the hidden states
   * @param weight to the weight
   * @param bias to the bias; also where there is none
   */
  public record Gradients(Numbers hidden, Numbers weight, Numbers bias) {}

  /**
   * Solves a problem.
   *
   * @param problem any
   */
  public LinearExact(LinearCase problem) {
    this.problem = problem;
    dimension = problem.dimension();
    classes = problem.classes();
    // Of a token that does not count, which may be NaN, nothing is read.
    hidden = new BigDecimal[problem.hidden().length];
    Arrays.setAll(
        hidden,
        i -> problem.counts(i / dimension) ? new BigDecimal(problem.hidden()[i]) : BigDecimal.ZERO);
    weight = Arrays.stream(problem.weight()).mapToObj(BigDecimal::new).toArray(BigDecimal[]::new);
    int tokens = problem.tokens();
    rows =
        IntStream.range(0, tokens).parallel().mapToObj(this::row).toArray(CrossEntropyRow[]::new);
    scale = CrossEntropyRow.scale(sum(tokens, n -> rows[n].weight), problem.options());
    sizes = IntStream.range(0, tokens).mapToDouble(this::size).toArray();
    slopes = new BigDecimal[tokens][classes];
    for (int n = 0; n < tokens; n++) {
      CrossEntropyRow row = rows[n];
      Arrays.setAll(slopes[n], c -> row.gradient(c).multiply(scale, BigFunctions.DIGITS));
    }
  }

  private CrossEntropyRow row(int token) {
    if (!problem.counts(token)) {
      return new CrossEntropyRow();
    }
    BigDecimal[] z = new BigDecimal[classes];
    Arrays.setAll(z, c -> logit(token, c));
    double[] q = new double[classes];
    q[(int) problem.labels()[token]] = 1;
    double a = problem.sampleWeights() == null ? 1 : problem.sampleWeights()[token];
    return new CrossEntropyRow(z, q, a, problem.options());
  }

  private BigDecimal logit(int token, int c) {
    BigDecimal bias =
        problem.bias() == null ? BigDecimal.ZERO : CrossEntropyRow.logit(problem.bias()[c]);
    return bias == null ? null : bias.add(sum(dimension, d -> h(token, d).multiply(w(c, d))));
  }

  private double size(int token) {
    return IntStream.range(0, classes).mapToDouble(c -> size(token, c)).max().orElseThrow();
  }

  private double size(int token, int c) {
    double bias = problem.bias() == null ? 0 : Math.abs(problem.bias()[c]);
    double product = 0;
    for (int d = 0; d < dimension; d++) {
      product += Math.abs(h(token, d).doubleValue() * w(c, d).doubleValue());
    }
    return Double.isInfinite(bias) ? 0 : product + bias;
  }

  private BigDecimal h(int token, int d) {
    return hidden[token * dimension + d];
  }

  private BigDecimal w(int c, int d) {
    return weight[c * dimension + d];
  }

  private static BigDecimal sum(int count, IntFunction<BigDecimal> term) {
    return IntStream.range(0, count).mapToObj(term).reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  /**
   * Returns the loss.
   *
   * @return the reduced loss, or one a token
   */
  public Numbers losses() {
    int tokens = problem.tokens();
    BigDecimal[] losses = new BigDecimal[tokens];
    double[] bars = new double[tokens];
    for (int n = 0; n < tokens; n++) {
      losses[n] = rows[n].loss.multiply(scale);
      double steepness = Arrays.stream(slopes[n]).mapToDouble(g -> g.abs().doubleValue()).sum();
      bars[n] = (dimension + 1) * sizes[n] * steepness + 4 * losses[n].doubleValue();
    }
    if (problem.options().reduction() == Reduction.NONE) {
      return new Numbers(Arrays.stream(losses).map(Exact::of).toArray(Exact[]::new), bars);
    }
    Exact sum = Exact.of(sum(tokens, n -> losses[n]));
    return new Numbers(new Exact[] {sum}, new double[] {Arrays.stream(bars).sum()});
  }

  /**
   * Returns the gradients of Σ upstream·loss.
   *
   * @param upstream one number an element of the loss
   * @return all of them
   */
  public Gradients gradients(double... upstream) {
    int tokens = problem.tokens();
    BigDecimal[][] g = new BigDecimal[tokens][classes];
    double[][] e = new double[tokens][classes];
    for (int n = 0; n < tokens; n++) {
      int token = n;
      double u = upstream[upstream.length == 1 ? 0 : n];
      Arrays.setAll(g[n], c -> slopes[token][c].multiply(new BigDecimal(u)));
      Arrays.setAll(e[n], c -> Math.abs(u) * error(token, c));
    }
    return products(g, e);
  }

  /** What is made of numbers of tokens and classes, and of their errors. */
  private Gradients products(BigDecimal[][] g, double[][] e) {
    int tokens = problem.tokens();
    return new Gradients(
        numbers(
            tokens * dimension,
            i -> sum(classes, c -> g[i / dimension][c].multiply(w(c, i % dimension))),
            i ->
                IntStream.range(0, classes)
                    .mapToDouble(c -> e[i / dimension][c] * absolute(w(c, i % dimension)))
                    .sum()),
        numbers(
            classes * dimension,
            i -> sum(tokens, n -> g[n][i / dimension].multiply(h(n, i % dimension))),
            i ->
                IntStream.range(0, tokens)
                    .mapToDouble(n -> e[n][i / dimension] * absolute(h(n, i % dimension)))
                    .sum()),
        numbers(
            classes,
            c -> sum(tokens, n -> g[n][c]),
            c -> IntStream.range(0, tokens).mapToDouble(n -> e[n][c]).sum()));
  }

  /**
   * Returns the product of the Gauss–Newton matrix and a direction, with bars made as those of the
   * gradients: Q for G, and for the error of G that of Q.
   *
   * @param v any; of tokens that do not count, and of absent classes, nothing is read
   * @return all parts
   */
  public Gradients gaussNewton(LinearCase.Direction v) {
    int tokens = problem.tokens();
    BigDecimal[][] q = new BigDecimal[tokens][classes];
    double[][] e = new double[tokens][classes];
    IntStream.range(0, tokens)
        .parallel()
        .filter(n -> rows[n].counts())
        .forEach(n -> new Moved(n, v).into(q[n], e[n]));
    for (int n = 0; n < tokens; n++) {
      if (!rows[n].counts()) {
        Arrays.fill(q[n], BigDecimal.ZERO);
      }
    }
    return products(q, e);
  }

  /** How the logits of a token that counts change along a direction; null for absent classes. */
  private final class Moved {
    private final int token;
    private final BigDecimal[] slopes = new BigDecimal[classes];

    /** S: max_c(Σ|ḣ·w_c| + Σ|h·ẇ_c| + |ḃ_c|). */
    private double size;

    Moved(int token, LinearCase.Direction v) {
      this.token = token;
      for (int c = 0; c < classes; c++) {
        if (rows[token].p(c).signum() > 0) {
          BigDecimal[] terms = terms(c, v);
          slopes[c] = sum(terms.length, i -> terms[i]);
          size = Math.max(size, Arrays.stream(terms).mapToDouble(LinearExact::absolute).sum());
        }
      }
    }

    private BigDecimal[] terms(int c, LinearCase.Direction v) {
      BigDecimal[] terms = new BigDecimal[2 * dimension + 1];
      for (int d = 0; d < dimension; d++) {
        terms[d] = w(c, d).multiply(number(v.hidden(), token * dimension + d));
        terms[dimension + d] = h(token, d).multiply(number(v.weight(), c * dimension + d));
      }
      terms[2 * dimension] = number(v.bias(), c);
      return terms;
    }

    private static BigDecimal number(double[] numbers, int i) {
      return numbers == null ? BigDecimal.ZERO : new BigDecimal(numbers[i]);
    }

    /** Writes Q of the token, and how far each may be off. */
    void into(BigDecimal[] q, double[] errors) {
      CrossEntropyRow row = rows[token];
      CrossEntropyRow.Curvature[] product = row.product(slopes);
      double[] p = new double[classes];
      double[] u = new double[classes];
      double mean = 0;
      double size = 0;
      for (int c = 0; c < classes; c++) {
        q[c] = product[c].value().multiply(scale, BigFunctions.DIGITS);
        if (slopes[c] != null) {
          p[c] = row.p(c).doubleValue();
          u[c] = slopes[c].subtract(slopes[row.largest]).doubleValue();
          mean += p[c] * u[c];
          size += p[c] * Math.abs(u[c]);
        }
      }
      double slope = row.slope.doubleValue();
      double zCurvature = 2 * row.zWeight.doubleValue();
      for (int c = 0; c < classes; c++) {
        double rest = row.oneMinusP(c).doubleValue();
        double ofSlopes = (2 * dimension + 2) * this.size * p[c] * (2 * slope * rest + zCurvature);
        // p, lse and the mean change with the logits.
        double change = zCurvature * Math.abs(u[c] - mean) + 2 * (slope + zCurvature) * size;
        double ofLogits =
            (dimension + 1)
                * sizes[token]
                * (2 * rest * absolute(product[c].value()) + p[c] * change);
        double ofHessian = 8 * product[c].terms().doubleValue();
        errors[c] =
            scale.doubleValue() * (ofSlopes + ofLogits + ofHessian)
                + (classes + problem.tokens()) * absolute(q[c]);
      }
    }
  }

  private static double absolute(BigDecimal x) {
    return Math.abs(x.doubleValue());
  }

  private static Numbers numbers(
      int count, IntFunction<BigDecimal> number, IntToDoubleFunction bar) {
    return new Numbers(
        IntStream.range(0, count).parallel().mapToObj(number).map(Exact::of).toArray(Exact[]::new),
        IntStream.range(0, count).mapToDouble(bar).toArray());
  }

  /** E of a token and a class. */
  private double error(int token, int c) {
    CrossEntropyRow row = rows[token];
    if (!row.counts()) {
      return 0;
    }
    double slope = row.slope.doubleValue();
    double p = row.p(c).doubleValue();
    double curvature = 2 * slope * row.oneMinusP(c).doubleValue() + 2 * row.zWeight.doubleValue();
    double terms =
        hasOptions() ? 4 * (slope * p + row.sampleWeight.multiply(row.v[c]).doubleValue()) : 0;
    double ofLogits = (dimension + 1) * sizes[token] * p * curvature;
    return scale.doubleValue() * (ofLogits + terms)
        + (classes + problem.tokens()) * absolute(slopes[token][c]);
  }

  private boolean hasOptions() {
    return problem.options().labelSmoothing() != 0
        || problem.options().zLoss() != 0
        || problem.options().classWeights().length > 0;
  }
}

package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Objects;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** One row: a·(Σ v_c (lse − z_c) + ζω·lse²), and a·(W·p_c − v_c + 2ζω·lse·p_c). */
final class CrossEntropyRow {
  private static final MathContext DIGITS = new MathContext(60);

  /** w_c q′_c. */
  final BigDecimal[] v;

  private final BigDecimal[] exps;
  private final BigDecimal sum;
  private final BigDecimal total;
  private final BigDecimal zSlope;

  /** 2ζω. */
  private final BigDecimal zCurvature;

  private final BigDecimal logSumExpSize;

  /** The place of the largest logit. */
  final int largest;

  /** ζω, times the sample weight. */
  final BigDecimal zWeight;

  final BigDecimal sampleWeight;

  /** ω, times the sample weight. */
  final BigDecimal weight;

  final BigDecimal logSumExp;
  final BigDecimal zLoss;
  final BigDecimal loss;

  /** W + 2ζω|lse|, times the sample weight. */
  final BigDecimal slope;

  /** A row that does not count. */
  CrossEntropyRow() {
    v = new BigDecimal[0];
    exps = v;
    sum = BigDecimal.ZERO;
    total = sum;
    zSlope = sum;
    zCurvature = sum;
    logSumExpSize = sum;
    largest = 0;
    zWeight = sum;
    sampleWeight = sum;
    weight = sum;
    logSumExp = sum;
    zLoss = sum;
    loss = sum;
    slope = sum;
  }

  /**
   * Takes a row.
   *
   * @param z the logits, null for −inf
   * @param q the target masses
   * @param a the sample weight
   * @param options all but axis and reduction
   */
  CrossEntropyRow(BigDecimal[] z, double[] q, double a, CrossEntropyOptions options) {
    BigDecimal[] w = classWeights(z.length, options);
    v = smoothed(z, q, w, new BigDecimal(options.labelSmoothing()));
    sampleWeight = new BigDecimal(a);
    BigDecimal max =
        Arrays.stream(z).filter(Objects::nonNull).max(BigDecimal::compareTo).orElseThrow();
    largest = Arrays.asList(z).indexOf(max);
    exps = new BigDecimal[z.length];
    Arrays.setAll(exps, c -> z[c] == null ? BigDecimal.ZERO : BigFunctions.exp(z[c].subtract(max)));
    sum = sum(exps);
    BigDecimal logSum = BigFunctions.log1p(sum.subtract(BigDecimal.ONE));
    logSumExp = max.add(logSum);
    total = sum(v);
    BigDecimal omega = BigDecimal.ZERO;
    for (int c = 0; c < q.length; c++) {
      omega = omega.add(w[c].multiply(new BigDecimal(q[c])));
    }
    BigDecimal zeta = new BigDecimal(options.zLoss()).multiply(omega);
    zSlope = zeta.multiply(logSumExp).multiply(BigDecimal.valueOf(2));
    zCurvature = zeta.multiply(BigDecimal.valueOf(2));
    logSumExpSize = logSumExp.abs().add(BigDecimal.ONE);
    zWeight = sampleWeight.multiply(zeta);
    weight = sampleWeight.multiply(omega);
    zLoss = sampleWeight.multiply(zeta).multiply(logSumExp.pow(2));
    loss = sampleWeight.multiply(crossEntropy(z, max, logSum)).add(zLoss);
    slope = sampleWeight.multiply(total.add(zSlope.abs()));
  }

  /** A finite number as a logit, and −inf as none. */
  static BigDecimal logit(double z) {
    return z == Double.NEGATIVE_INFINITY ? null : new BigDecimal(z);
  }

  /** What the losses of rows that weigh so much together are multiplied by. */
  static BigDecimal scale(BigDecimal weight, CrossEntropyOptions options) {
    if (options.reduction() != Reduction.MEAN) {
      return BigDecimal.ONE;
    }
    return weight.signum() == 0
        ? BigDecimal.ZERO
        : BigDecimal.ONE.divide(weight, BigFunctions.DIGITS);
  }

  private static BigDecimal[] classWeights(int classes, CrossEntropyOptions options) {
    double[] given = options.classWeights();
    BigDecimal[] weights = new BigDecimal[classes];
    Arrays.setAll(weights, c -> given.length == 0 ? BigDecimal.ONE : new BigDecimal(given[c]));
    return weights;
  }

  private static BigDecimal[] smoothed(
      BigDecimal[] z, double[] q, BigDecimal[] w, BigDecimal smoothing) {
    BigDecimal probability =
        Arrays.stream(q).mapToObj(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal live = BigDecimal.valueOf(Arrays.stream(z).filter(Objects::nonNull).count());
    BigDecimal spread = smoothing.multiply(probability).divide(live, DIGITS);
    BigDecimal kept = BigDecimal.ONE.subtract(smoothing);
    BigDecimal[] v = new BigDecimal[q.length];
    Arrays.setAll(
        v,
        c ->
            kept.multiply(new BigDecimal(q[c]))
                .add(z[c] == null ? BigDecimal.ZERO : spread)
                .multiply(w[c]));
    return v;
  }

  private static BigDecimal sum(BigDecimal[] numbers) {
    return Arrays.stream(numbers).reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  private BigDecimal crossEntropy(BigDecimal[] z, BigDecimal max, BigDecimal logSum) {
    BigDecimal result = BigDecimal.ZERO;
    for (int c = 0; c < z.length; c++) {
      if (v[c].signum() > 0) {
        BigDecimal gap = max.subtract(z[c]);
        result = result.add(gap.add(logSum).multiply(v[c]));
      }
    }
    return result;
  }

  boolean counts() {
    return sampleWeight.signum() != 0;
  }

  BigDecimal p(int c) {
    return exps[c].divide(sum, DIGITS);
  }

  /** 1 − p_c, with all digits where p_c is almost 1. */
  BigDecimal oneMinusP(int c) {
    return sum.subtract(exps[c]).divide(sum, DIGITS);
  }

  BigDecimal gradient(int c) {
    if (!counts()) {
      return BigDecimal.ZERO;
    }
    // Without a rounding before the subtraction: on a confident row all but the last digits
    // cancel.
    BigDecimal difference = total.add(zSlope).multiply(exps[c]).subtract(v[c].multiply(sum));
    return difference.divide(sum, DIGITS).multiply(sampleWeight);
  }

  /** A second derivative and Σ|terms|, both times the sample weight. */
  record Curvature(BigDecimal value, BigDecimal terms) {
    private static final Curvature NONE = new Curvature(BigDecimal.ZERO, BigDecimal.ZERO);

    Curvature plus(Curvature other) {
      return new Curvature(value.add(other.value), terms.add(other.terms));
    }

    Curvature times(BigDecimal factor) {
      return new Curvature(value.multiply(factor), terms.multiply(factor));
    }
  }

  /**
   * The product of the Hessian and a direction: p_c·((W + 2ζω·lse)(u_c − Σp·u) + 2ζω(d_k + Σp·u)),
   * u = d − d_k with k the largest logit.
   *
   * @param direction one number a class, anything where the class is absent
   */
  Curvature[] product(double... direction) {
    return product(
        Arrays.stream(direction)
            .mapToObj(v -> Double.isFinite(v) ? new BigDecimal(v) : null)
            .toArray(BigDecimal[]::new));
  }

  /** The same of any numbers, null where they are never read. */
  Curvature[] product(BigDecimal... direction) {
    Curvature[] product = new Curvature[direction.length];
    Arrays.fill(product, Curvature.NONE);
    if (!counts()) {
      return product;
    }
    BigDecimal atLargest = direction[largest];
    BigDecimal[] u = new BigDecimal[direction.length];
    BigDecimal mean = BigDecimal.ZERO;
    BigDecimal meanSize = BigDecimal.ZERO;
    for (int c = 0; c < u.length; c++) {
      if (exps[c].signum() > 0) {
        u[c] = direction[c].subtract(atLargest);
        mean = mean.add(p(c).multiply(u[c]));
        meanSize = meanSize.add(p(c).multiply(u[c].abs()));
      }
    }
    for (int c = 0; c < u.length; c++) {
      if (exps[c].signum() > 0) {
        BigDecimal slopes =
            total
                .add(zSlope)
                .multiply(u[c].subtract(mean))
                .add(zCurvature.multiply(atLargest.add(mean)));
        BigDecimal sizes =
            curvatureSize()
                .multiply(u[c].abs().add(meanSize))
                .add(zCurvature.multiply(atLargest.abs().add(meanSize)));
        product[c] = new Curvature(slopes, sizes).times(p(c)).times(sampleWeight);
      }
    }
    return product;
  }

  /** W + 2ζω(1 + |lse|). */
  private BigDecimal curvatureSize() {
    return total.add(zCurvature.multiply(logSumExpSize));
  }

  /** p_c·((W + 2ζω·lse)(1 − p_c) + 2ζω·p_c). */
  Curvature diagonal(int c) {
    if (!counts() || exps[c].signum() == 0) {
      return Curvature.NONE;
    }
    BigDecimal squares = zCurvature.multiply(p(c));
    BigDecimal value = total.add(zSlope).multiply(oneMinusP(c)).add(squares);
    BigDecimal size = curvatureSize().multiply(oneMinusP(c)).add(squares);
    return new Curvature(value, size).times(p(c)).times(sampleWeight);
  }
}

package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;

/**
 * Infinite logits, NaN, absent classes with probability and rows without any, under random
 * combinations of options, against the definition in plain doubles with 0·inf = 0: the exact oracle
 * has no infinities. Moderate numbers, so that plain doubles are right to 1e-12.
 */
@Tag("thorough")
class RandomSpecialRowsTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void shortRows(int seed) {
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int i = 0; i < Effort.of(30, 150); i++) {
      SplittableRandom random = seeds.split();
      check(new Problem(1 + random.nextInt(4), 1 + random.nextInt(6), random));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void rowsLongerThanATile(int seed) {
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int i = 0; i < Effort.of(3, 10); i++) {
      SplittableRandom random = seeds.split();
      check(new Problem(2, 1020 + random.nextInt(1100), random));
    }
  }

  private static void check(Problem problem) {
    Expected expected = new Expected(problem);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        CrossEntropyCase drawn = problem.asCase();
        Host.Loss actual = path.run(() -> host.crossEntropy(drawn, Format.FLOAT64));
        Host.Evaluation all = path.run(() -> host.evaluate(drawn, Format.FLOAT64));
        String where = host.name() + " " + path + " " + problem;
        assertClose(expected.reduced(), actual.loss(), where + " loss");
        assertClose(expected.gradient, actual.gradient(), where + " gradient");
        assertClose(expected.losses, all.rowLosses(), where + " rows");
        assertClose(expected.logSumExps, all.logSumExp(), where + " log-sum-exp");
        double[] weight = {all.weight()};
        assertClose(new double[] {expected.weight}, weight, where + " weight");
      }
    }
  }

  private static void assertClose(double[] expected, double[] actual, String where) {
    for (int i = 0; i < expected.length; i++) {
      boolean isSpecial = !Double.isFinite(expected[i]) || !Double.isFinite(actual[i]);
      boolean isSame =
          isSpecial
              ? Double.compare(expected[i], actual[i]) == 0
              : Math.abs(expected[i] - actual[i]) <= 1e-12 * (1 + Math.abs(expected[i]));
      int at = i;
      assertTrue(isSame, () -> where + " " + at + ": " + expected[at] + ", got " + actual[at]);
    }
  }

  /** Rows × classes, everything drawn. */
  private static final class Problem {
    final int rows;
    final int classes;
    final double[] z;
    final CrossEntropyOptions options;
    final long[] labels;
    final double[] probabilities;
    final double[] sampleWeights;
    private final SplittableRandom random;

    Problem(int rows, int classes, SplittableRandom random) {
      this.rows = rows;
      this.classes = classes;
      this.random = random;
      z = logits();
      boolean isSparse = random.nextBoolean();
      options = options(isSparse);
      labels = isSparse ? labels() : null;
      probabilities = isSparse ? null : weights(rows * classes);
      sampleWeights = random.nextBoolean() ? null : weights(rows);
    }

    private double[] logits() {
      double[] logits = random.doubles((long) rows * classes, -5, 5).toArray();
      double[] specials = {INF, NAN, -INF, -INF, -INF};
      for (int row = 0; row < rows; row++) {
        // A few a row whatever its length, or long ones would be NaN almost always.
        for (int n = random.nextInt(4); n > 0; n--) {
          int c = random.nextInt(classes);
          logits[row * classes + c] = specials[random.nextInt(specials.length)];
        }
        if (random.nextInt(10) == 0) {
          Arrays.fill(logits, row * classes, (row + 1) * classes, -INF);
        }
      }
      return logits;
    }

    private CrossEntropyOptions options(boolean isSparse) {
      CrossEntropyOptions drawn =
          CrossEntropyOptions.DEFAULT.withReduction(Reduction.values()[random.nextInt(3)]);
      if (random.nextBoolean()) {
        drawn = drawn.withLabelSmoothing(0.3);
      }
      if (random.nextBoolean()) {
        drawn = drawn.withZLoss(0.01);
      }
      if (random.nextBoolean()) {
        drawn = drawn.withClassWeights(weights(classes));
      }
      return isSparse && random.nextBoolean() ? drawn.withIgnoreIndex(0) : drawn;
    }

    private long[] labels() {
      return random.longs(rows, 0, classes).toArray();
    }

    private double[] weights(int count) {
      return random.doubles(count, 0, 2).map(w -> w < 0.7 ? 0 : w).toArray();
    }

    CrossEntropyCase asCase() {
      long[] shape = {rows, classes};
      return new CrossEntropyCase(z, shape, labels, probabilities, sampleWeights, options);
    }

    boolean counts(int row) {
      return sampleWeight(row) != 0 && (labels == null || !options.ignores(labels[row]));
    }

    double sampleWeight(int row) {
      return sampleWeights == null ? 1 : sampleWeights[row];
    }

    double classWeight(int c) {
      double[] weights = options.classWeights();
      return weights.length == 0 ? 1 : weights[c];
    }

    double probability(int row, int c) {
      return labels == null ? probabilities[row * classes + c] : labels[row] == c ? 1 : 0;
    }

    @Override
    public String toString() {
      String text = rows + " × " + classes + " " + options;
      return classes > 10
          ? text
          : text
              + (" z=" + Arrays.toString(z))
              + (" labels=" + Arrays.toString(labels))
              + (" probabilities=" + Arrays.toString(probabilities))
              + (" sampleWeights=" + Arrays.toString(sampleWeights));
    }
  }

  /** The definition, row by row. */
  private static final class Expected {
    private final Problem problem;
    final double[] losses;
    final double[] logSumExps;
    final double[] gradient;
    double weight;

    Expected(Problem problem) {
      this.problem = problem;
      losses = new double[problem.rows];
      logSumExps = new double[problem.rows];
      gradient = new double[problem.z.length];
      for (int row = 0; row < problem.rows; row++) {
        if (problem.counts(row)) {
          solve(row);
        }
      }
      if (problem.options.reduction() == Reduction.MEAN) {
        Arrays.setAll(gradient, i -> weight == 0 ? 0 : gradient[i] / weight);
      }
    }

    double[] reduced() {
      double sum = Arrays.stream(losses).sum();
      return switch (problem.options.reduction()) {
        case NONE -> losses;
        case SUM -> new double[] {sum};
        case MEAN -> new double[] {weight == 0 ? 0 : sum / weight};
      };
    }

    private void solve(int row) {
      int classes = problem.classes;
      double[] z = Arrays.copyOfRange(problem.z, row * classes, (row + 1) * classes);
      double a = problem.sampleWeight(row);
      double smoothing = problem.options.labelSmoothing();
      long live = Arrays.stream(z).filter(x -> x > -INF).count();
      double probability = 0;
      double omega = 0;
      for (int c = 0; c < classes; c++) {
        probability += problem.probability(row, c);
        omega += problem.classWeight(c) * problem.probability(row, c);
      }
      double[] v = new double[classes];
      double total = 0;
      for (int c = 0; c < classes; c++) {
        double spread = z[c] > -INF ? smoothing * probability / live : 0;
        v[c] = problem.classWeight(c) * ((1 - smoothing) * problem.probability(row, c) + spread);
        total += v[c];
      }
      weight += a * omega;
      double max = Arrays.stream(z).reduce(-INF, Math::max);
      long certain = Arrays.stream(z).filter(x -> x == INF).count();
      double lse = Double.isInfinite(max) ? max : logSumExp(z, max);
      logSumExps[row] = lse;
      boolean isNan = Double.isNaN(max) || certain > 1 || max == -INF;
      double zWeight = problem.options.zLoss() * omega;
      double loss = zWeight == 0 ? 0 : zWeight * lse * lse;
      for (int c = 0; c < classes; c++) {
        double gap = z[c] == max ? lse - max : lse - z[c];
        loss += v[c] == 0 ? 0 : v[c] * (certain == 1 ? (z[c] == INF ? 0 : INF) : gap);
        double p = certain == 1 ? (z[c] == INF ? 1 : 0) : Math.exp(z[c] - lse);
        double zPart = zWeight == 0 || p == 0 ? 0 : 2 * zWeight * lse * p;
        gradient[row * classes + c] = isNan ? NAN : a * (total * p - v[c] + zPart);
      }
      losses[row] = isNan ? NAN : a * loss;
    }

    private static double logSumExp(double[] z, double max) {
      return max + Math.log(Arrays.stream(z).map(x -> Math.exp(x - max)).sum());
    }
  }
}

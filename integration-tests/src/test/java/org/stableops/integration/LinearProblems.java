package org.stableops.integration;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.LinearCase;

/** Random problems of the linear cross-entropy, and how far results may be off. */
public final class LinearProblems {
  private static final double INF = Double.POSITIVE_INFINITY;

  private static final List<UnaryOperator<CrossEntropyOptions>> ALONE =
      List.of(
          options -> options,
          options -> options.withLabelSmoothing(0.1),
          options -> options.withLabelSmoothing(1),
          options -> options.withZLoss(1e-4),
          options -> options.withZLoss(0.5),
          options -> options.withIgnoreIndex(-100),
          options -> options.withIgnoreIndex(0));

  private LinearProblems() {}

  /** Logits from almost equal ones to confident rows; some biases, and some classes absent. */
  public static LinearCase draw(int number, SplittableRandom random, Format format) {
    int tokens = 1 + random.nextInt(8);
    int dimension = 1 + random.nextInt(6);
    int classes = 1 + random.nextInt(12);
    double ofHidden = Math.exp(4 * random.nextDouble() - 2);
    double ofWeight = Math.exp(6 * random.nextDouble() - 2) / ofHidden;
    double[] hidden =
        random.doubles(tokens * dimension, -ofHidden, ofHidden).map(format::round).toArray();
    double[] weight =
        random.doubles(classes * dimension, -ofWeight, ofWeight).map(format::round).toArray();
    CrossEntropyOptions options = options(number, random, classes);
    long[] labels = random.longs(tokens, 0, classes).toArray();
    if (random.nextBoolean()) {
      Arrays.setAll(labels, n -> largest(hidden, weight, dimension, n));
    }
    double[] bias = random.nextInt(3) == 0 ? null : bias(random, labels, classes, format);
    options
        .ignoreIndex()
        .ifPresent(
            ignored -> Arrays.setAll(labels, n -> random.nextInt(3) == 0 ? ignored : labels[n]));
    double[] sampleWeights = random.nextBoolean() ? null : weights(random, tokens);
    return new LinearCase(hidden, weight, bias, labels, sampleWeights, options);
  }

  private static CrossEntropyOptions options(int number, SplittableRandom random, int classes) {
    CrossEntropyOptions plain =
        CrossEntropyOptions.DEFAULT.withReduction(Reduction.values()[number % 3]);
    if (number < 3 * ALONE.size()) {
      return ALONE.get(number / 3).apply(plain);
    }
    if (number < 3 * ALONE.size() + 3) {
      return plain.withClassWeights(weights(random, classes));
    }
    CrossEntropyOptions options = plain.withAxis(random.nextBoolean() ? -1 : 1);
    if (random.nextBoolean()) {
      options = options.withLabelSmoothing(random.nextDouble());
    }
    if (random.nextBoolean()) {
      options = options.withZLoss(Math.pow(10, -4 * random.nextDouble()));
    }
    if (random.nextBoolean()) {
      options = options.withClassWeights(weights(random, classes));
    }
    return random.nextBoolean() ? options : options.withIgnoreIndex(random.nextInt(-2, classes));
  }

  private static double[] weights(SplittableRandom random, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> random.nextInt(5) == 0 ? 0 : Math.exp(6 * random.nextDouble() - 3))
        .toArray();
  }

  private static double[] bias(SplittableRandom random, long[] labels, int classes, Format format) {
    double[] bias = random.doubles(classes, -3, 3).map(format::round).toArray();
    boolean hasAbsent = random.nextInt(3) == 0;
    for (int c = 0; c < classes; c++) {
      int k = c;
      boolean isLabel = Arrays.stream(labels).anyMatch(label -> label == k);
      bias[c] = hasAbsent && !isLabel && random.nextInt(3) == 0 ? -INF : bias[c];
    }
    return bias;
  }

  private static int largest(double[] hidden, double[] weight, int dimension, int token) {
    return IntStream.range(0, weight.length / dimension)
        .reduce(
            0,
            (best, c) ->
                logit(hidden, weight, dimension, token, c)
                        > logit(hidden, weight, dimension, token, best)
                    ? c
                    : best);
  }

  private static double logit(double[] hidden, double[] weight, int dimension, int token, int c) {
    return IntStream.range(0, dimension)
        .mapToDouble(d -> hidden[token * dimension + d] * weight[c * dimension + d])
        .sum();
  }

  /** In a half type one rounding more; and what a product loses of numbers that are subnormal. */
  public static double bar(LinearCase problem, Format format, Exact exact, double epsilons) {
    boolean isNarrow = format == Format.FLOAT16 || format == Format.BFLOAT16;
    Format wide = isNarrow ? Format.FLOAT32 : format;
    // What does not count may be NaN.
    double largest =
        DoubleStream.concat(Arrays.stream(problem.hidden()), Arrays.stream(problem.weight()))
            .map(Math::abs)
            .filter(Double::isFinite)
            .max()
            .orElseThrow();
    double least = wide.min() * (1 + largest * (problem.tokens() + problem.classes()));
    double bar = epsilons * wide.epsilon() + least;
    double rounding = format.ulp(Math.abs(exact.nearest()) + bar) / 2;
    return isNarrow ? bar + rounding : bar;
  }

  /** All of it. */
  public static String text(LinearCase problem) {
    return "hidden %s, weight %s, bias %s, labels %s, sampleWeights %s, %s"
        .formatted(
            Arrays.toString(problem.hidden()),
            Arrays.toString(problem.weight()),
            Arrays.toString(problem.bias()),
            Arrays.toString(problem.labels()),
            Arrays.toString(problem.sampleWeights()),
            problem.options());
  }
}

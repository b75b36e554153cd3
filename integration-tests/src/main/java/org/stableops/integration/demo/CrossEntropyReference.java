package org.stableops.integration.demo;

import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/**
 * A cross-entropy, one loss a row.
 *
 * @param format the dtype
 * @param problem rows of ten logits, from nearly equal to very confident ones
 * @param solution exact
 */
record CrossEntropyReference(
    Format format, CrossEntropyCase problem, CrossEntropyCase.Solution solution)
    implements ErrorReference {
  private static final long SEED = 20261121;
  private static final int CLASSES = 10;
  private static final CrossEntropyOptions OPTIONS =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  /** With integer labels, half of them the most likely class. */
  static CrossEntropyReference sparse(Format format, int points) {
    RandomGenerator random = new SplittableRandom(SEED);
    double[] logits = logits(format, points, random);
    long[] labels = new long[logits.length / CLASSES];
    for (int row = 0; row < labels.length; row++) {
      labels[row] = row % 2 == 0 ? argmax(logits, row) : random.nextInt(CLASSES);
    }
    return of(format, CrossEntropyCase.sparse(logits, CLASSES, labels, OPTIONS));
  }

  /** With class probabilities. */
  static CrossEntropyReference dense(Format format, int points) {
    RandomGenerator random = new SplittableRandom(SEED);
    double[] logits = logits(format, points, random);
    double[] probabilities =
        random
            .doubles(logits.length)
            .map(probability -> format.round(2 * probability / CLASSES))
            .toArray();
    return of(format, CrossEntropyCase.dense(logits, CLASSES, probabilities, OPTIONS));
  }

  private static CrossEntropyReference of(Format format, CrossEntropyCase problem) {
    return new CrossEntropyReference(format, problem, problem.solve());
  }

  private static double[] logits(Format format, int points, RandomGenerator random) {
    double[] logits = new double[Math.max(1, points / CLASSES) * CLASSES];
    for (int row = 0; row < logits.length / CLASSES; row++) {
      double scale = Math.pow(10, 3.5 * random.nextDouble() - 2);
      for (int c = 0; c < CLASSES; c++) {
        logits[row * CLASSES + c] = format.round(scale * random.nextGaussian());
      }
    }
    return logits;
  }

  private static int argmax(double[] logits, int row) {
    return IntStream.range(0, CLASSES)
        .reduce((a, b) -> logits[row * CLASSES + a] < logits[row * CLASSES + b] ? b : a)
        .orElseThrow();
  }

  @Override
  public ErrorRow measure(Host host, Path path) {
    Host.Loss actual = path.run(() -> host.crossEntropy(problem, format));
    Measured[] cells =
        ErrorReference.isHalf(format)
            ? half(actual)
            : problem.labels() != null ? sparse(actual, slack(host, path)) : dense(actual);
    return new ErrorRow(
        problem.labels() != null ? "sparseSoftmaxCrossEntropy" : "softmaxCrossEntropy",
        host.name(),
        path.name().toLowerCase(Locale.ROOT),
        format.name().toLowerCase(Locale.ROOT),
        cells[0],
        cells[1],
        cells[2]);
  }

  private Measured[] half(Host.Loss actual) {
    return new Measured[] {
      new Measured(ulps(actual.loss(), solution.losses(), i -> true), "ulp", 1),
      new Measured(ulps(actual.gradient(), solution.gradient(), i -> true), "ulp", 1),
      null
    };
  }

  /** What DJL's composite of float32 may lose on the most confident row. */
  private double slack(Host host, Path path) {
    boolean isInFloat = path == Path.COMPOSITE && format == Format.FLOAT32;
    return isInFloat && host.name().equals("DJL")
        ? 1 + Arrays.stream(solution.gaps()).max().orElse(0)
        : 0;
  }

  private Measured[] sparse(Host.Loss actual, double slack) {
    boolean[] isLabel = solution.isLabel();
    double[] gradient = actual.gradient();
    return new Measured[] {
      new Measured(ulps(actual.loss(), solution.losses(), i -> true), "ulp", bar(3, 16) + slack),
      new Measured(ulps(gradient, solution.gradient(), i -> isLabel[i]), "ulp", bar(4, 16) + slack),
      new Measured(
          epsilons(gradient, solution.gradient(), solution.slope(), i -> !isLabel[i]),
          "ε",
          bar(4, 8))
    };
  }

  private Measured[] dense(Host.Loss actual) {
    double loss = epsilons(actual.loss(), solution.losses(), solution.terms(), i -> true);
    double gradient = epsilons(actual.gradient(), solution.gradient(), solution.slope(), i -> true);
    return new Measured[] {
      new Measured(loss, "ε", bar(4, 16)), new Measured(gradient, "ε", bar(4, 8)), null
    };
  }

  private double bar(double ofFloat, double ofDouble) {
    return format == Format.FLOAT64 ? ofDouble : ofFloat;
  }

  private double ulps(double[] actual, Exact[] exact, IntPredicate counts) {
    return IntStream.range(0, actual.length)
        .filter(counts)
        .mapToDouble(i -> format.ulps(actual[i], exact[i]))
        .max()
        .orElse(0);
  }

  private double epsilons(double[] actual, Exact[] exact, double[] size, IntPredicate counts) {
    return IntStream.range(0, actual.length)
        .filter(counts)
        .mapToDouble(i -> Math.abs(actual[i] - exact[i].nearest()) / (size[i] * format.epsilon()))
        .max()
        .orElse(0);
  }
}

package org.stableops.integration;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;
import org.stableops.internal.SoftmaxShape;

/** Draws cross-entropy problems whose numbers are those of a dtype. */
public final class RandomProblem {
  private static final int MAX_RANK = 7;
  private static final int MAX_SIZE = 4;
  private static final int MAX_ELEMENTS = 120;

  private final SplittableRandom random;
  private final Format format;

  public RandomProblem(long seed, Format format) {
    random = new SplittableRandom(seed);
    this.format = format;
  }

  /** Any rank, axis, labels, and combination of options. */
  public CrossEntropyCase next() {
    long[] shape = shape();
    int axis = random.nextInt(-shape.length, shape.length);
    boolean isSparse = random.nextBoolean();
    SoftmaxShape rows = SoftmaxShape.of("logits", shape, axis);
    CrossEntropyOptions options = options((int) rows.classes(), isSparse).withAxis(axis);
    double[] logits = logits(shape, rows.axis());
    CrossEntropyCase problem =
        isSparse ? sparse(logits, shape, options) : dense(logits, shape, options);
    return random.nextBoolean() ? problem : problem.withSampleWeights(weights((int) rows.rows()));
  }

  private long[] shape() {
    long[] shape = new long[1 + random.nextInt(MAX_RANK)];
    do {
      Arrays.setAll(shape, i -> 1 + random.nextInt(MAX_SIZE));
    } while (Arrays.stream(shape).reduce(1, (a, b) -> a * b) > MAX_ELEMENTS);
    return shape;
  }

  private CrossEntropyOptions options(int classes, boolean isSparse) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withReduction(Reduction.values()[random.nextInt(3)]);
    if (random.nextBoolean()) {
      double smoothing = random.nextDouble();
      options = options.withLabelSmoothing(smoothing < 0.9 ? smoothing : 1);
    }
    if (random.nextBoolean()) {
      options = options.withZLoss(Math.pow(10, -4 * random.nextDouble()));
    }
    if (random.nextBoolean()) {
      options = options.withClassWeights(weights(classes));
    }
    if (isSparse && random.nextBoolean()) {
      options = options.withIgnoreIndex(random.nextInt(-2, classes));
    }
    return options;
  }

  /** Weights of several orders of magnitude, and some of 0. */
  double[] weights(int count) {
    double[] weights = new double[count];
    Arrays.setAll(weights, i -> random.nextInt(5) == 0 ? 0 : Math.exp(6 * random.nextDouble() - 3));
    return weights;
  }

  /** Spreads from almost nothing to confident rows, offsets, and absent classes. */
  double[] logits(long[] shape, int axis) {
    SoftmaxShape rows = SoftmaxShape.of("logits", shape, axis);
    double[] logits = new double[(int) (rows.rows() * rows.classes())];
    double offset = random.nextInt(3) == 0 ? 200 * random.nextDouble() - 100 : 0;
    double spread = Math.exp(5 * random.nextDouble() - 2);
    Arrays.setAll(logits, i -> format.round(offset + spread * (2 * random.nextDouble() - 1)));
    return logits;
  }

  /** Labels, among them the ignored one; some other classes of their rows become absent. */
  CrossEntropyCase sparse(double[] logits, long[] shape, CrossEntropyOptions options) {
    SoftmaxShape rows = SoftmaxShape.of(shape, options);
    long[] labels = random.longs(rows.rows(), 0, rows.classes()).toArray();
    if (options.ignoreIndex().isPresent()) {
      Arrays.setAll(
          labels, row -> random.nextInt(4) == 0 ? options.ignoreIndex().getAsLong() : labels[row]);
    }
    double[] thinned = logits.clone();
    if (random.nextInt(3) == 0) {
      forEachElement(
          rows,
          shape,
          (i, row, label) -> {
            if (label != labels[row] && random.nextInt(4) == 0) {
              thinned[i] = Double.NEGATIVE_INFINITY;
            }
          });
      keepOneOfEachRow(thinned, logits, rows, shape);
    }
    return new CrossEntropyCase(thinned, shape, labels, null, null, options);
  }

  /** Probabilities of any sum, many of them 0, where classes may be absent. */
  CrossEntropyCase dense(double[] logits, long[] shape, CrossEntropyOptions options) {
    SoftmaxShape rows = SoftmaxShape.of(shape, options);
    double[] thinned = logits.clone();
    double[] probabilities = new double[logits.length];
    boolean hasAbsent = random.nextInt(3) == 0;
    for (int i = 0; i < probabilities.length; i++) {
      boolean isZero = random.nextInt(3) == 0;
      probabilities[i] = isZero ? 0 : format.round(2 * random.nextDouble());
      if (isZero && hasAbsent) {
        thinned[i] = Double.NEGATIVE_INFINITY;
      }
    }
    keepOneOfEachRow(thinned, logits, rows, shape);
    return new CrossEntropyCase(thinned, shape, null, probabilities, null, options);
  }

  /** A row of nothing but absent classes is a special one. */
  private static void keepOneOfEachRow(
      double[] thinned, double[] logits, SoftmaxShape rows, long[] shape) {
    boolean[] hasLive = new boolean[(int) rows.rows()];
    forEachElement(rows, shape, (i, row, label) -> hasLive[row] |= Double.isFinite(thinned[i]));
    forEachElement(
        rows,
        shape,
        (i, row, label) -> {
          if (!hasLive[row] && label == 0) {
            thinned[i] = logits[i];
          }
        });
  }

  @FunctionalInterface
  private interface ElementConsumer {
    void accept(int index, int row, int label);
  }

  private static void forEachElement(SoftmaxShape rows, long[] shape, ElementConsumer consumer) {
    int inner = 1;
    for (int i = rows.axis() + 1; i < shape.length; i++) {
      inner *= (int) shape[i];
    }
    int classes = (int) rows.classes();
    for (int i = 0; i < rows.rows() * classes; i++) {
      int row = i / (inner * classes) * inner + i % inner;
      consumer.accept(i, row, i / inner % classes);
    }
  }
}

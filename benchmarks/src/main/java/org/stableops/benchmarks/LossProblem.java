package org.stableops.benchmarks;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Rows of logits with a label each.
 *
 * @param kind what is to be computed
 * @param size rows × classes
 * @param logits in row-major order
 * @param labels one a row
 */
record LossProblem(Kind kind, Size size, float[] logits, long[] labels) implements Problem {
  /** The losses, and what is done with them. */
  enum Kind implements Problem.Kind<LossProblem> {
    /** Softmax cross-entropy, the mean over the rows; in a step, of logits = x + bias. */
    CROSS_ENTROPY("crossEntropy"),
    /** The same in DL4J's convention, from one-hot labels: the gradient of the sum. */
    DL4J_ONE_HOT("dl4jLossOneHot"),
    /** That from integer labels. */
    DL4J_INTEGERS("dl4jLossIntegers");

    private final String name;

    Kind(String name) {
      this.name = name;
    }

    @Override
    public List<Size> sizes() {
      return Size.MATRICES;
    }

    @Override
    public LossProblem create(Size size, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] logits = new float[size.elements()];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) random.nextDouble(-4, 4);
      }
      long[] labels = random.longs(size.rows(), 0, size.columns()).toArray();
      return new LossProblem(this, size, logits, labels);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  @Override
  public Expected expected(Work work) {
    double[] logSumExp =
        IntStream.range(0, size.rows()).parallel().mapToDouble(this::logSumExp).toArray();
    double share = kind == Kind.CROSS_ENTROPY ? 1.0 / size.rows() : 1;
    if (work == Work.VALUE) {
      double loss =
          IntStream.range(0, size.rows())
              .mapToDouble(row -> logSumExp[row] - logit(row, (int) labels[row]))
              .average()
              .orElseThrow();
      return new Expected(1, i -> loss, 1);
    }
    if (work == Work.STEP && kind == Kind.CROSS_ENTROPY) {
      double[] ofBias = new double[size.columns()];
      IntStream.range(0, ofBias.length)
          .parallel()
          .forEach(
              c ->
                  ofBias[c] =
                      IntStream.range(0, size.rows())
                          .mapToDouble(row -> share * gradient(row, c, logSumExp))
                          .sum());
      // Of about this size are the sums of a column's probabilities, and of its labels.
      return new Expected(ofBias.length, c -> ofBias[c], 1.0 / size.columns());
    }
    return new Expected(
        logits.length,
        i -> share * gradient(i / size.columns(), i % size.columns(), logSumExp),
        share);
  }

  private float logit(int row, int column) {
    return logits[row * size.columns() + column];
  }

  /** The logits are small: nothing overflows. */
  private double logSumExp(int row) {
    double sum = 0;
    for (int c = 0; c < size.columns(); c++) {
      sum += Math.exp(logit(row, c));
    }
    return Math.log(sum);
  }

  private double gradient(int row, int column, double[] logSumExp) {
    double p = Math.exp(logit(row, column) - logSumExp[row]);
    return column == labels[row] ? p - 1 : p;
  }
}

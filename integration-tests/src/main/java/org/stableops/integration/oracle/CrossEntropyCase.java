package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.stableops.CrossEntropyOptions;
import org.stableops.CrossEntropyShape;
import org.stableops.Reduction;

/**
 * A cross-entropy problem and its exact solution by definition, for finite logits and for −inf at
 * classes without mass.
 *
 * @param logits the elements in row-major order
 * @param shape the logits' shape
 * @param labels one label a row; or null
 * @param masses one mass an element; or null
 * @param options the options
 */
public record CrossEntropyCase(
    double[] logits, long[] shape, long[] labels, double[] masses, CrossEntropyOptions options) {

  /**
   * Makes a problem with integer labels and classes last.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param labels one a row
   * @param options the options, of axis −1
   * @return the problem
   */
  public static CrossEntropyCase sparse(
      double[] logits, int classes, long[] labels, CrossEntropyOptions options) {
    return new CrossEntropyCase(logits, new long[] {labels.length, classes}, labels, null, options);
  }

  /**
   * Makes a problem with class masses and classes last.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param masses rows × classes elements
   * @param options the options, of axis −1
   * @return the problem
   */
  public static CrossEntropyCase dense(
      double[] logits, int classes, double[] masses, CrossEntropyOptions options) {
    return new CrossEntropyCase(
        logits, new long[] {logits.length / classes, classes}, null, masses, options);
  }

  /**
   * The exact solution, with the sizes that error bars refer to.
   *
   * @param losses one a row, or the reduced one
   * @param gradient one an element
   * @param terms Σ|terms| for each loss
   * @param weight W for each element: Σq of its row times the gradient's scale
   * @param isLabel whether an element is the label of its row
   */
  public record Solution(
      Exact[] losses, Exact[] gradient, double[] terms, double[] weight, boolean[] isLabel) {}

  /**
   * Returns the shape of the rows.
   *
   * @return the logits' shape without the class axis
   */
  public long[] rowShape() {
    return CrossEntropyShape.of(shape, options).rowShape();
  }

  /**
   * Solves the problem.
   *
   * @return the exact losses and gradient under the options' reduction
   */
  public Solution solve() {
    CrossEntropyShape rows = CrossEntropyShape.of(shape, options);
    int classes = (int) rows.classes();
    int count = (int) rows.rows();
    int inner = inner(rows.axis());
    Row[] solved =
        IntStream.range(0, count)
            .parallel()
            .mapToObj(r -> new Row(elements(r, classes, inner, logits), masses(r, classes, inner)))
            .toArray(Row[]::new);
    BigDecimal weight =
        Arrays.stream(solved).map(row -> row.mass).reduce(BigDecimal.ZERO, BigDecimal::add);
    boolean mean = options.reduction() == Reduction.MEAN;
    BigDecimal scale =
        !mean
            ? BigDecimal.ONE
            : weight.signum() == 0
                ? BigDecimal.ZERO
                : BigDecimal.ONE.divide(weight, BigFunctions.DIGITS);
    Exact[] gradient = new Exact[logits.length];
    double[] weights = new double[logits.length];
    boolean[] isLabel = new boolean[logits.length];
    IntStream.range(0, count * classes)
        .parallel()
        .forEach(
            element -> {
              int r = element / classes;
              int c = element % classes;
              int i = index(r, c, classes, inner);
              gradient[i] = Exact.of(solved[r].gradient(c).multiply(scale));
              weights[i] = solved[r].mass.multiply(scale).doubleValue();
              isLabel[i] = labels != null && labels[r] == c;
            });
    Exact[] losses = new Exact[options.reduction() == Reduction.NONE ? count : 1];
    double[] terms = new double[losses.length];
    if (options.reduction() == Reduction.NONE) {
      for (int r = 0; r < count; r++) {
        losses[r] = Exact.of(solved[r].loss);
        terms[r] = solved[r].loss.doubleValue();
      }
    } else {
      BigDecimal sum = BigDecimal.ZERO;
      for (Row row : solved) {
        sum = sum.add(row.loss);
      }
      losses[0] = Exact.of(sum.multiply(scale));
      terms[0] = losses[0].nearest();
    }
    return new Solution(losses, gradient, terms, weights, isLabel);
  }

  private int inner(int axis) {
    return (int) Arrays.stream(shape).skip(axis + 1L).reduce(1, (a, b) -> a * b);
  }

  private static int index(int row, int c, int classes, int inner) {
    return (row / inner * classes + c) * inner + row % inner;
  }

  private static double[] elements(int row, int classes, int inner, double[] all) {
    double[] elements = new double[classes];
    for (int c = 0; c < classes; c++) {
      elements[c] = all[index(row, c, classes, inner)];
    }
    return elements;
  }

  private double[] masses(int row, int classes, int inner) {
    if (labels == null) {
      return elements(row, classes, inner, masses);
    }
    double[] q = new double[classes];
    if (!options.ignores(labels[row])) {
      q[(int) labels[row]] = 1;
    }
    return q;
  }

  /** One row: Σ_c q_c (lse − z_c), and Σq·p_c − q_c. A row without mass is an ignored one. */
  private static final class Row {
    private final double[] q;
    private final BigDecimal[] exps;
    private final BigDecimal sum;
    final BigDecimal mass;
    final BigDecimal loss;

    Row(double[] z, double[] q) {
      this.q = q;
      mass = Arrays.stream(q).mapToObj(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
      BigDecimal max =
          mass.signum() == 0
              ? BigDecimal.ZERO
              : new BigDecimal(Arrays.stream(z).max().orElseThrow());
      exps = new BigDecimal[z.length];
      BigDecimal total = BigDecimal.ZERO;
      for (int c = 0; c < z.length; c++) {
        boolean absent = mass.signum() == 0 || z[c] == Double.NEGATIVE_INFINITY;
        exps[c] = absent ? BigDecimal.ZERO : BigFunctions.exp(new BigDecimal(z[c]).subtract(max));
        total = total.add(exps[c]);
      }
      sum = total;
      loss = mass.signum() == 0 ? BigDecimal.ZERO : loss(z, max);
    }

    private BigDecimal loss(double[] z, BigDecimal max) {
      BigDecimal logSum = BigFunctions.log1p(sum.subtract(BigDecimal.ONE));
      BigDecimal total = BigDecimal.ZERO;
      for (int c = 0; c < z.length; c++) {
        if (q[c] > 0) {
          BigDecimal gap = max.subtract(new BigDecimal(z[c]));
          total = total.add(gap.add(logSum).multiply(new BigDecimal(q[c])));
        }
      }
      return total;
    }

    BigDecimal gradient(int c) {
      if (mass.signum() == 0) {
        return BigDecimal.ZERO;
      }
      // Without a rounding before the subtraction: on a confident row all but the last digits
      // cancel.
      BigDecimal difference = mass.multiply(exps[c]).subtract(new BigDecimal(q[c]).multiply(sum));
      return difference.divide(sum, new MathContext(60));
    }
  }
}

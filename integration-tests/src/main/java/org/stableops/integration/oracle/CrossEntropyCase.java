package org.stableops.integration.oracle;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;

/**
 * A cross-entropy problem and its exact solution by definition, for finite logits and for −inf at
 * classes without probability.
 *
 * @param logits the elements in row-major order
 * @param shape the logits' shape
 * @param labels one label a row; or null
 * @param probabilities one probability an element; or null
 * @param sampleWeights one weight a row; or null for 1 everywhere
 * @param options the options
 */
public record CrossEntropyCase(
    double[] logits,
    long[] shape,
    long[] labels,
    double[] probabilities,
    double[] sampleWeights,
    CrossEntropyOptions options) {
  private static final MathContext DIGITS = new MathContext(60);

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
    return new CrossEntropyCase(
        logits, new long[] {labels.length, classes}, labels, null, null, options);
  }

  /**
   * Makes a problem with class probabilities and classes last.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param probabilities rows × classes elements
   * @param options the options, of axis −1
   * @return the problem
   */
  public static CrossEntropyCase dense(
      double[] logits, int classes, double[] probabilities, CrossEntropyOptions options) {
    return new CrossEntropyCase(
        logits, new long[] {logits.length / classes, classes}, null, probabilities, null, options);
  }

  /**
   * Makes the same problem with weights of the rows.
   *
   * @param newSampleWeights one a row
   * @return the problem
   */
  public CrossEntropyCase withSampleWeights(double... newSampleWeights) {
    return new CrossEntropyCase(logits, shape, labels, probabilities, newSampleWeights, options);
  }

  /**
   * The exact solution, with the sizes that error bars refer to.
   *
   * @param losses one a row, or the reduced one
   * @param gradient one an element
   * @param terms Σ|terms| for each loss
   * @param slope for each element the W + 2ζω|lse| of its row, times the gradient's scale
   * @param isLabel whether an element is the label of its row
   * @param gaps how far the largest logit of each row is ahead of the second, 0 if it is not finite
   * @param rowOf the row of each element
   * @param rowLosses one a row
   * @param logSumExp one a row, 0 where it does not count
   * @param zLosses as losses, their z-loss part
   * @param weight what MEAN divides by
   */
  public record Solution(
      Exact[] losses,
      Exact[] gradient,
      double[] terms,
      double[] slope,
      boolean[] isLabel,
      double[] gaps,
      int[] rowOf,
      Exact[] rowLosses,
      Exact[] logSumExp,
      Exact[] zLosses,
      double weight) {}

  /**
   * Returns the shape of the rows.
   *
   * @return the logits' shape without the class axis
   */
  public long[] rowShape() {
    return SoftmaxShape.of(shape, options).rowShape();
  }

  /**
   * Solves the problem.
   *
   * @return the exact losses and gradient under the options' reduction
   */
  public Solution solve() {
    SoftmaxShape rows = SoftmaxShape.of(shape, options);
    int classes = (int) rows.classes();
    int count = (int) rows.rows();
    int inner = inner(rows.axis());
    CrossEntropyRow[] solved =
        IntStream.range(0, count)
            .parallel()
            .mapToObj(r -> row(r, classes, inner))
            .toArray(CrossEntropyRow[]::new);
    BigDecimal weight =
        Arrays.stream(solved).map(row -> row.weight).reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal scale = CrossEntropyRow.scale(weight, options);
    Exact[] gradient = new Exact[logits.length];
    double[] slopes = new double[logits.length];
    boolean[] isLabel = new boolean[logits.length];
    int[] rowOf = new int[logits.length];
    IntStream.range(0, count * classes)
        .parallel()
        .forEach(
            element -> {
              int r = element / classes;
              int c = element % classes;
              int i = index(r, c, classes, inner);
              gradient[i] = Exact.of(solved[r].gradient(c).multiply(scale));
              slopes[i] = solved[r].slope.multiply(scale).doubleValue();
              isLabel[i] = labels != null && labels[r] == c;
              rowOf[i] = r;
            });
    Exact[] losses = reduced(solved, row -> row.loss, scale);
    return new Solution(
        losses,
        gradient,
        Arrays.stream(losses).mapToDouble(Exact::nearest).toArray(),
        slopes,
        isLabel,
        IntStream.range(0, count)
            .mapToDouble(r -> gap(elements(r, classes, inner, logits)))
            .toArray(),
        rowOf,
        ofRows(solved, row -> row.loss),
        ofRows(solved, row -> row.logSumExp),
        reduced(solved, row -> row.zLoss, scale),
        weight.doubleValue());
  }

  /**
   * Exact second derivatives, with the sizes that error bars refer to.
   *
   * @param product the Hessian times a direction, one number an element
   * @param productTerms Σ|terms| of each
   * @param diagonal of the Hessian, one number an element
   * @param diagonalTerms Σ|terms| of each
   * @param subnormal what the rounding of subnormal p may change in the row of each element
   */
  public record Curvature(
      Exact[] product,
      double[] productTerms,
      Exact[] diagonal,
      double[] diagonalTerms,
      double[] subnormal) {}

  /**
   * Computes the second derivatives.
   *
   * @param direction one number an element; where a row or a class does not count, it may be any
   * @return exact ones under the options' reduction
   */
  public Curvature curvature(double... direction) {
    SoftmaxShape rows = SoftmaxShape.of(shape, options);
    int classes = (int) rows.classes();
    int inner = inner(rows.axis());
    CrossEntropyRow[] solved = new CrossEntropyRow[(int) rows.rows()];
    Arrays.setAll(solved, r -> row(r, classes, inner));
    BigDecimal weight =
        Arrays.stream(solved).map(row -> row.weight).reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal scale = CrossEntropyRow.scale(weight, options);
    int size = logits.length;
    Curvature all =
        new Curvature(
            new Exact[size], new double[size], new Exact[size], new double[size], new double[size]);
    for (int r = 0; r < solved.length; r++) {
      CrossEntropyRow row = solved[r];
      CrossEntropyRow.Curvature[] product = row.product(elements(r, classes, inner, direction));
      double largest =
          IntStream.range(0, classes)
              .filter(c -> product[c].terms().signum() > 0)
              .mapToDouble(c -> perP(product[c].plus(row.diagonal(c)).times(scale), row.p(c)))
              .max()
              .orElse(0);
      for (int c = 0; c < classes; c++) {
        int i = index(r, c, classes, inner);
        all.product[i] = Exact.of(product[c].times(scale).value());
        all.productTerms[i] = product[c].times(scale).terms().doubleValue();
        CrossEntropyRow.Curvature diagonal = row.diagonal(c).times(scale);
        all.diagonal[i] = Exact.of(diagonal.value());
        all.diagonalTerms[i] = diagonal.terms().doubleValue();
        all.subnormal[i] = Double.MIN_VALUE * (1 + largest);
      }
    }
    return all;
  }

  private static double perP(CrossEntropyRow.Curvature curvature, BigDecimal p) {
    return curvature.terms().divide(p, DIGITS).doubleValue();
  }

  /** As a function of the row's elements. */
  private static double gap(double... row) {
    double[] sorted = Arrays.stream(row).filter(Double::isFinite).sorted().toArray();
    return sorted.length < 2 ? 0 : sorted[sorted.length - 1] - sorted[sorted.length - 2];
  }

  private static Exact[] ofRows(
      CrossEntropyRow[] rows, Function<CrossEntropyRow, BigDecimal> number) {
    return Arrays.stream(rows).map(number).map(Exact::of).toArray(Exact[]::new);
  }

  private Exact[] reduced(
      CrossEntropyRow[] rows, Function<CrossEntropyRow, BigDecimal> number, BigDecimal scale) {
    if (options.reduction() == Reduction.NONE) {
      return ofRows(rows, number);
    }
    BigDecimal sum = Arrays.stream(rows).map(number).reduce(BigDecimal.ZERO, BigDecimal::add);
    return new Exact[] {Exact.of(sum.multiply(scale))};
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

  private CrossEntropyRow row(int row, int classes, int inner) {
    double a = sampleWeights == null ? 1 : sampleWeights[row];
    if (a == 0 || (labels != null && options.ignores(labels[row]))) {
      return new CrossEntropyRow();
    }
    double[] q =
        labels == null ? elements(row, classes, inner, probabilities) : new double[classes];
    if (labels != null) {
      q[(int) labels[row]] = 1;
    }
    BigDecimal[] z =
        Arrays.stream(elements(row, classes, inner, logits))
            .mapToObj(CrossEntropyRow::logit)
            .toArray(BigDecimal[]::new);
    return new CrossEntropyRow(z, q, a, options);
  }
}

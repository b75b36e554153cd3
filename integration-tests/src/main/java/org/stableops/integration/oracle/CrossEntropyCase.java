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
    Row[] solved =
        IntStream.range(0, count)
            .parallel()
            .mapToObj(r -> row(r, classes, inner))
            .toArray(Row[]::new);
    BigDecimal weight =
        Arrays.stream(solved).map(row -> row.weight).reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal scale = scale(weight);
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

  /** As a function of the row's elements. */
  private static double gap(double... row) {
    double[] sorted = Arrays.stream(row).filter(Double::isFinite).sorted().toArray();
    return sorted.length < 2 ? 0 : sorted[sorted.length - 1] - sorted[sorted.length - 2];
  }

  private BigDecimal scale(BigDecimal weight) {
    if (options.reduction() != Reduction.MEAN) {
      return BigDecimal.ONE;
    }
    return weight.signum() == 0
        ? BigDecimal.ZERO
        : BigDecimal.ONE.divide(weight, BigFunctions.DIGITS);
  }

  private static Exact[] ofRows(Row[] rows, Function<Row, BigDecimal> number) {
    return Arrays.stream(rows).map(number).map(Exact::of).toArray(Exact[]::new);
  }

  private Exact[] reduced(Row[] rows, Function<Row, BigDecimal> number, BigDecimal scale) {
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

  private Row row(int row, int classes, int inner) {
    double a = sampleWeights == null ? 1 : sampleWeights[row];
    if (a == 0 || (labels != null && options.ignores(labels[row]))) {
      return new Row();
    }
    double[] q =
        labels == null ? elements(row, classes, inner, probabilities) : new double[classes];
    if (labels != null) {
      q[(int) labels[row]] = 1;
    }
    return new Row(elements(row, classes, inner, logits), q, a, options);
  }

  /** One row: a·(Σ v_c (lse − z_c) + ζω·lse²), and a·(W·p_c − v_c + 2ζω·lse·p_c). */
  private static final class Row {
    private static final MathContext DIGITS = new MathContext(60);

    private final BigDecimal[] v;
    private final BigDecimal[] exps;
    private final BigDecimal sum;
    private final BigDecimal total;
    private final BigDecimal zSlope;
    private final BigDecimal sampleWeight;
    final BigDecimal weight;
    final BigDecimal logSumExp;
    final BigDecimal zLoss;
    final BigDecimal loss;
    final BigDecimal slope;

    /** A row that does not count. */
    Row() {
      v = new BigDecimal[0];
      exps = v;
      sum = BigDecimal.ZERO;
      total = sum;
      zSlope = sum;
      sampleWeight = sum;
      weight = sum;
      logSumExp = sum;
      zLoss = sum;
      loss = sum;
      slope = sum;
    }

    Row(double[] z, double[] q, double a, CrossEntropyOptions options) {
      BigDecimal[] w = classWeights(z.length, options);
      v = smoothed(z, q, w, new BigDecimal(options.labelSmoothing()));
      sampleWeight = new BigDecimal(a);
      BigDecimal max = new BigDecimal(Arrays.stream(z).max().orElseThrow());
      exps = new BigDecimal[z.length];
      Arrays.setAll(
          exps,
          c ->
              isLive(z[c])
                  ? BigFunctions.exp(new BigDecimal(z[c]).subtract(max))
                  : BigDecimal.ZERO);
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
      weight = sampleWeight.multiply(omega);
      zLoss = sampleWeight.multiply(zeta).multiply(logSumExp.pow(2));
      loss = sampleWeight.multiply(crossEntropy(z, max, logSum)).add(zLoss);
      slope = sampleWeight.multiply(total.add(zSlope.abs()));
    }

    private static BigDecimal[] classWeights(int classes, CrossEntropyOptions options) {
      double[] given = options.classWeights();
      BigDecimal[] weights = new BigDecimal[classes];
      Arrays.setAll(weights, c -> given.length == 0 ? BigDecimal.ONE : new BigDecimal(given[c]));
      return weights;
    }

    private static BigDecimal[] smoothed(
        double[] z, double[] q, BigDecimal[] w, BigDecimal smoothing) {
      BigDecimal probability =
          Arrays.stream(q).mapToObj(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
      BigDecimal live = BigDecimal.valueOf(Arrays.stream(z).filter(Row::isLive).count());
      BigDecimal spread = smoothing.multiply(probability).divide(live, DIGITS);
      BigDecimal kept = BigDecimal.ONE.subtract(smoothing);
      BigDecimal[] v = new BigDecimal[q.length];
      Arrays.setAll(
          v,
          c ->
              kept.multiply(new BigDecimal(q[c]))
                  .add(isLive(z[c]) ? spread : BigDecimal.ZERO)
                  .multiply(w[c]));
      return v;
    }

    private static boolean isLive(double z) {
      return z > Double.NEGATIVE_INFINITY;
    }

    private static BigDecimal sum(BigDecimal[] numbers) {
      return Arrays.stream(numbers).reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private BigDecimal crossEntropy(double[] z, BigDecimal max, BigDecimal logSum) {
      BigDecimal result = BigDecimal.ZERO;
      for (int c = 0; c < z.length; c++) {
        if (v[c].signum() > 0) {
          BigDecimal gap = max.subtract(new BigDecimal(z[c]));
          result = result.add(gap.add(logSum).multiply(v[c]));
        }
      }
      return result;
    }

    BigDecimal gradient(int c) {
      if (sampleWeight.signum() == 0) {
        return BigDecimal.ZERO;
      }
      // Without a rounding before the subtraction: on a confident row all but the last digits
      // cancel.
      BigDecimal difference = total.add(zSlope).multiply(exps[c]).subtract(v[c].multiply(sum));
      return difference.divide(sum, DIGITS).multiply(sampleWeight);
    }
  }
}

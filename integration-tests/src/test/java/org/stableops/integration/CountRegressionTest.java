package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.data.Table;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/** Poisson regressions of real counts by Newton's method, in both hosts. */
class CountRegressionTest {
  private static final CountOptions LIKELIHOOD =
      CountOptions.DEFAULT.withReduction(Reduction.SUM).withFullLikelihood();

  private static final int MOST_STEPS = 60;

  static Stream<ElementLossHost> hosts() {
    return ElementLossHost.ALL.stream();
  }

  /**
   * Where Newton's method has come to.
   *
   * @param coefficients of the columns
   * @param errors their standard errors
   * @param loss the negative log-likelihood
   * @param steps that it took
   */
  private record Fit(double[] coefficients, double[] errors, double loss, int steps) {}

  /**
   * Fits raw = Xβ, whose Hessian is Xᵀ·diag(second)·X, until it no longer moves; half as far after
   * a step that was too long.
   */
  private static Fit fit(
      ElementLossHost host, double[][] x, double[] counts, double[] start, CountOptions options) {
    int columns = x[0].length;
    double[] beta = start.clone();
    double[] move = new double[columns];
    double loss = Double.POSITIVE_INFINITY;
    for (int step = 0; step < MOST_STEPS; step++) {
      double[] raw = product(x, beta);
      ElementLossHost.Derivatives at =
          Path.FUSED.run(
              () ->
                  host.compute(
                      new ElementLossHost.Problem(
                          "PoissonLoss", raw, counts, null, new long[] {raw.length}, options),
                      Format.FLOAT64));
      double[][] hessian = new double[columns][columns];
      double[] slope = new double[columns];
      for (int row = 0; row < x.length; row++) {
        for (int i = 0; i < columns; i++) {
          slope[i] += x[row][i] * at.gradient()[row];
          for (int j = 0; j < columns; j++) {
            hessian[i][j] += x[row][i] * x[row][j] * at.second()[row];
          }
        }
      }
      double[][] inverse = inverse(hessian);
      if (at.value()[0] > loss + 1e-9) {
        for (int i = 0; i < columns; i++) {
          move[i] /= 2;
          beta[i] += move[i];
        }
        continue;
      }
      loss = at.value()[0];
      move = product(inverse, slope);
      if (Arrays.stream(move).allMatch(m -> Math.abs(m) < 1e-10)) {
        double[] errors = new double[columns];
        Arrays.setAll(errors, i -> Math.sqrt(inverse[i][i]));
        return new Fit(beta, errors, loss, step);
      }
      for (int i = 0; i < columns; i++) {
        beta[i] -= move[i];
      }
    }
    throw new AssertionError("no minimum after " + MOST_STEPS + " steps: " + Arrays.toString(beta));
  }

  private static double[] product(double[][] matrix, double[] vector) {
    return Arrays.stream(matrix)
        .mapToDouble(
            row -> {
              double sum = 0;
              for (int i = 0; i < row.length; i++) {
                sum += row[i] * vector[i];
              }
              return sum;
            })
        .toArray();
  }

  /** By elimination, of a positive definite matrix. */
  private static double[][] inverse(double[][] matrix) {
    int n = matrix.length;
    double[][] wide = new double[n][2 * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(matrix[i], 0, wide[i], 0, n);
      wide[i][n + i] = 1;
    }
    for (int pivot = 0; pivot < n; pivot++) {
      double diagonal = wide[pivot][pivot];
      for (int j = 0; j < 2 * n; j++) {
        wide[pivot][j] /= diagonal;
      }
      for (int i = 0; i < n; i++) {
        double factor = wide[i][pivot];
        for (int j = 0; i != pivot && j < 2 * n; j++) {
          wide[i][j] -= factor * wide[pivot][j];
        }
      }
    }
    double[][] inverse = new double[n][];
    Arrays.setAll(inverse, i -> Arrays.copyOfRange(wide[i], n, 2 * n));
    return inverse;
  }

  /** The estimates that R's glm prints; the standard errors to all digits that are published. */
  @ParameterizedTest
  @MethodSource("hosts")
  void warpBreaksOnWoolAndTension(ElementLossHost host) {
    Table table = Table.warpBreaks();
    double[][] x = new double[table.rows()][];
    double[] wool = table.indicator("wool", "B");
    double[] medium = table.indicator("tension", "M");
    double[] high = table.indicator("tension", "H");
    Arrays.setAll(x, row -> new double[] {1, wool[row], medium[row], high[row]});
    Fit fit = fit(host, x, table.numbers("breaks"), new double[] {3, 0, 0, 0}, LIKELIHOOD);
    assertArrayEquals(new double[] {3.69196, -0.20599, -0.32132, -0.51849}, fit.coefficients, 5e-6);
    assertArrayEquals(new double[] {0.0454108, 0.0515712, 0.0602659, 0.0639595}, fit.errors, 5e-8);
    assertTrue(fit.steps <= 7, () -> fit.steps + " steps");
  }

  /**
   * One rate a spray, whether e^r or softplus makes it: the mean of its counts. Of squareplus the
   * loss is not convex for negative raw values, and Newton's method may go astray.
   */
  @ParameterizedTest
  @MethodSource("hosts")
  void insectsBySprayHaveTheirMeans(ElementLossHost host) {
    Table table = Table.insectSprays();
    double[] counts = table.numbers("count");
    double[][] x = new double[counts.length][6];
    double[] means = new double[6];
    for (int spray = 0; spray < 6; spray++) {
      double[] isSprayed = table.indicator("spray", "ABCDEF".substring(spray, spray + 1));
      for (int row = 0; row < counts.length; row++) {
        x[row][spray] = isSprayed[row];
        means[spray] += isSprayed[row] * counts[row] / 12;
      }
    }
    double expected = Double.NaN;
    for (PositiveTransform rate :
        new PositiveTransform[] {PositiveTransform.exp(), PositiveTransform.softplus()}) {
      double[] start = new double[6];
      Arrays.fill(start, rate.inverse(9.5));
      Fit fit = fit(host, x, counts, start, LIKELIHOOD.withRate(rate));
      for (int spray = 0; spray < 6; spray++) {
        assertEquals(means[spray], rate.value(fit.coefficients[spray]), 1e-6);
      }
      expected = Double.isNaN(expected) ? fit.loss : expected;
      assertEquals(expected, fit.loss, 1e-9);
    }
  }
}

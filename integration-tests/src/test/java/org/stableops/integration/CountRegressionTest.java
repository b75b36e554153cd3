package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.data.Sprays;
import org.stableops.integration.data.Table;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/** Regressions of real counts by Newton's method, in both hosts. */
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
    return fit(
        x,
        start,
        raw ->
            host.compute(
                new ElementLossHost.Problem(
                    "PoissonLoss", raw, counts, null, new long[] {raw.length}, options),
                Format.FLOAT64));
  }

  private static Fit fit(
      double[][] x, double[] start, Function<double[], ElementLossHost.Derivatives> losses) {
    int columns = x[0].length;
    double[] beta = start.clone();
    double[] move = new double[columns];
    double loss = Double.POSITIVE_INFINITY;
    for (int step = 0; step < MOST_STEPS; step++) {
      double[] raw = product(x, beta);
      ElementLossHost.Derivatives at = Path.FUSED.run(() -> losses.apply(raw));
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

  /** A constant, and the indicators of wool and tension. */
  private static double[][] woolAndTension(Table table) {
    double[][] x = new double[table.rows()][];
    double[] wool = table.indicator("wool", "B");
    double[] medium = table.indicator("tension", "M");
    double[] high = table.indicator("tension", "H");
    Arrays.setAll(x, row -> new double[] {1, wool[row], medium[row], high[row]});
    return x;
  }

  /** The estimates that R's glm prints; the standard errors to all digits that are published. */
  @ParameterizedTest
  @MethodSource("hosts")
  void warpBreaksOnWoolAndTension(ElementLossHost host) {
    Table table = Table.warpBreaks();
    double[][] x = woolAndTension(table);
    Fit fit = fit(host, x, table.numbers("breaks"), new double[] {3, 0, 0, 0}, LIKELIHOOD);
    assertArrayEquals(new double[] {3.69196, -0.20599, -0.32132, -0.51849}, fit.coefficients, 5e-6);
    assertArrayEquals(new double[] {0.0454108, 0.0515712, 0.0602659, 0.0639595}, fit.errors, 5e-8);
    assertTrue(fit.steps <= 7, () -> fit.steps + " steps");
  }

  /**
   * A negative binomial fit.
   *
   * @param regression the coefficients for the best θ
   * @param theta where the likelihood's derivative by it is 0
   */
  private record Dispersed(Fit regression, double theta) {}

  /**
   * Coefficients and θ together: Newton's method for the coefficients of a θ, and the secant method
   * for the log θ at which the gradient by θ is 0.
   */
  private static Dispersed fitDispersed(
      ElementLossHost host, double[][] x, double[] counts, double[] start) {
    double[] logs = {Math.log(5), Math.log(20)};
    double[] slopes = new double[2];
    Fit fit = fitOf(host, x, counts, start, Math.exp(logs[0]));
    slopes[0] = byTheta(host, x, counts, fit, Math.exp(logs[0]));
    for (int step = 0; step < MOST_STEPS; step++) {
      double theta = Math.exp(logs[1]);
      fit = fitOf(host, x, counts, fit.coefficients, theta);
      slopes[1] = byTheta(host, x, counts, fit, theta);
      double move = slopes[1] * (logs[1] - logs[0]) / (slopes[1] - slopes[0]);
      if (Math.abs(move) < 1e-11) {
        return new Dispersed(fit, theta);
      }
      logs[0] = logs[1];
      slopes[0] = slopes[1];
      logs[1] -= move;
    }
    throw new AssertionError("no θ after " + MOST_STEPS + " steps");
  }

  private static Fit fitOf(
      ElementLossHost host, double[][] x, double[] counts, double[] start, double theta) {
    return fit(x, start, raw -> dispersed(host, raw, counts, theta));
  }

  private static double byTheta(
      ElementLossHost host, double[][] x, double[] counts, Fit fit, double theta) {
    double[] raw = product(x, fit.coefficients);
    return theta * Path.FUSED.run(() -> dispersed(host, raw, counts, theta)).parameter()[0];
  }

  private static ElementLossHost.Derivatives dispersed(
      ElementLossHost host, double[] raw, double[] counts, double theta) {
    return host.compute(
        new ElementLossHost.Problem(
                "NegativeBinomialLoss", raw, counts, null, new long[] {raw.length}, LIKELIHOOD)
            .withCompanion(new double[] {theta}, 1),
        Format.FLOAT64);
  }

  /**
   * Coefficients and θ by one Newton's method, of the whole Hessian: that of the coefficients, the
   * mixed derivatives, and the second derivative by θ.
   */
  private static Dispersed fitJointly(
      ElementLossHost host, double[][] x, double[] counts, double[] start, double startTheta) {
    int columns = x[0].length;
    double[] beta = start.clone();
    double theta = startTheta;
    for (int step = 0; step < MOST_STEPS; step++) {
      double[] raw = product(x, beta);
      double at = theta;
      ElementLossHost.Derivatives d = Path.FUSED.run(() -> dispersed(host, raw, counts, at));
      double[][] hessian = new double[columns + 1][columns + 1];
      double[] slope = new double[columns + 1];
      slope[columns] = d.parameter()[0];
      hessian[columns][columns] = d.parameterSecond()[0];
      for (int row = 0; row < x.length; row++) {
        for (int i = 0; i < columns; i++) {
          slope[i] += x[row][i] * d.gradient()[row];
          hessian[i][columns] += x[row][i] * d.mixed()[row];
          hessian[columns][i] = hessian[i][columns];
          for (int j = 0; j < columns; j++) {
            hessian[i][j] += x[row][i] * x[row][j] * d.second()[row];
          }
        }
      }
      double[][] inverse = inverse(hessian);
      double[] move = product(inverse, slope);
      if (Arrays.stream(move).allMatch(m -> Math.abs(m) < 1e-10)) {
        double[] errors = new double[columns];
        Arrays.setAll(errors, i -> Math.sqrt(inverse[i][i]));
        return new Dispersed(new Fit(beta, errors, d.value()[0], step), theta);
      }
      for (int i = 0; i < columns; i++) {
        beta[i] -= move[i];
      }
      theta -= move[columns];
    }
    throw new AssertionError("no minimum after " + MOST_STEPS + " steps");
  }

  /** From the Poisson fit; the standard errors to all digits that are published. */
  @ParameterizedTest
  @MethodSource("hosts")
  void newtonsMethodFindsTheDispersionToo(ElementLossHost host) {
    Table table = Table.warpBreaks();
    double[][] x = woolAndTension(table);
    double[] start = {3.69, -0.206, -0.321, -0.518};
    Dispersed fit = fitJointly(host, x, table.numbers("breaks"), start, 8);
    double[] coefficients = {3.67335457, -0.186211052, -0.299227239, -0.511395515};
    assertArrayEquals(coefficients, fit.regression.coefficients, 6e-9);
    assertEquals(9.94438544, fit.theta, 6e-9);
    double[] errors = {0.0953732, 0.10147, 0.12235, 0.123698};
    assertArrayEquals(errors, fit.regression.errors, 6e-7);
    assertTrue(fit.regression.steps <= 6, () -> fit.regression.steps + " steps");
  }

  /** The estimates of maximum likelihood in arithmetic of 30 digits. */
  @ParameterizedTest
  @MethodSource("hosts")
  void warpBreaksAreOverdispersed(ElementLossHost host) {
    Table table = Table.warpBreaks();
    double[][] x = woolAndTension(table);
    Dispersed fit = fitDispersed(host, x, table.numbers("breaks"), new double[] {3, 0, 0, 0});
    double[] coefficients = {3.67335457, -0.186211052, -0.299227239, -0.511395515};
    assertArrayEquals(coefficients, fit.regression.coefficients, 6e-9);
    assertEquals(9.94438544, fit.theta, 6e-9);
    assertEquals(199.381904, fit.regression.loss, 6e-7);
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void insectsBySprayWithOneDispersion(ElementLossHost host) {
    Sprays sprays = Sprays.read();
    double[] start = new double[6];
    Arrays.fill(start, Math.log(9.5));
    Dispersed fit = fitDispersed(host, sprays.oneHot(), sprays.counts(), start);
    for (int spray = 0; spray < 6; spray++) {
      double mean = Math.exp(fit.regression.coefficients[spray]);
      assertEquals(sprays.means()[spray], mean, 1e-8);
    }
    assertEquals(28.0995071, fit.theta, 6e-8);
    assertEquals(180.108942, fit.regression.loss, 6e-7);
  }

  /**
   * One rate a spray, whether e^r or softplus makes it: the mean of its counts. Of squareplus the
   * loss is not convex for negative raw values, and Newton's method may go astray.
   */
  @ParameterizedTest
  @MethodSource("hosts")
  void insectsBySprayHaveTheirMeans(ElementLossHost host) {
    Sprays sprays = Sprays.read();
    double expected = Double.NaN;
    for (PositiveTransform rate :
        new PositiveTransform[] {PositiveTransform.exp(), PositiveTransform.softplus()}) {
      double[] start = new double[6];
      Arrays.fill(start, rate.inverse(9.5));
      Fit fit = fit(host, sprays.oneHot(), sprays.counts(), start, LIKELIHOOD.withRate(rate));
      for (int spray = 0; spray < 6; spray++) {
        assertEquals(sprays.means()[spray], rate.value(fit.coefficients[spray]), 1e-6);
      }
      expected = Double.isNaN(expected) ? fit.loss : expected;
      assertEquals(expected, fit.loss, 1e-9);
    }
  }
}

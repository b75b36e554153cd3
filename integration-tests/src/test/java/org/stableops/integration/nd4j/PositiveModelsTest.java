package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.stableops.PositiveTransform;
import org.stableops.integration.data.Table;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.samediff.PositiveVariable;

/**
 * Statistical models with positive parameters, fitted by SameDiff to data whose answer is known.
 */
final class PositiveModelsTest {
  private static final double LOG_2_PI = Math.log(2 * Math.PI);

  static Stream<PositiveTransform> transforms() {
    return Stream.of(
        PositiveTransform.softplus(), PositiveTransform.squareplus(), PositiveTransform.exp());
  }

  // ---- Poisson regression

  @ParameterizedTest
  @MethodSource("transforms")
  void ratesOfInsectsAreTheMeansOfTheirGroups(PositiveTransform transform) {
    Table table = Table.insectSprays();
    SameDiff graph = graph(6);
    PositiveVariable rate =
        PositiveVariable.create(graph, "rate", transform, 5, DataType.DOUBLE, 6, 1);
    SDVariable expected = graph.getVariable("x").mmul(rate.value());
    minimize(poisson(graph, expected));
    DataSet data = data(columns(table, "spray", "A", "B", "C", "D", "E", "F"), table, "count");
    // The likelihood is that much more curved where steps are relative.
    boolean isRelative = transform.family() == PositiveTransform.Family.EXP;
    fit(graph, data, new Nesterovs(isRelative ? 0.005 : 0.25, 0.5), 100);
    double[] rates = Elements.of(rate.get());
    System.out.printf("insects, %s: rates %s%n", transform, Arrays.toString(rates));
    double[] means = {174 / 12.0, 184 / 12.0, 25 / 12.0, 59 / 12.0, 42 / 12.0, 200 / 12.0};
    assertArrayEquals(means, rates, 1e-9);
  }

  @Test
  void breaksOfWarpDependOnWoolAndTension() {
    Table table = Table.warpBreaks();
    SameDiff graph = graph(4);
    SDVariable coefficients = graph.var("coefficients", Nd4j.zeros(DataType.DOUBLE, 4, 1));
    SDVariable logRate = graph.getVariable("x").mmul(coefficients);
    SDVariable rate = PositiveTransforms.value(logRate, PositiveTransform.exp());
    SDVariable loss = poisson(graph, rate);
    minimize(loss);
    double[] ones = DoubleStream.generate(() -> 1).limit(table.rows()).toArray();
    INDArray x =
        matrix(
            ones,
            table.indicator("wool", "B"),
            table.indicator("tension", "M"),
            table.indicator("tension", "H"));
    DataSet data = data(x, table, "breaks");
    fit(graph, data, new Nesterovs(4e-4, 0.8), 150);
    double[] fitted = Elements.of(coefficients.getArr());
    double logFactorials =
        Arrays.stream(table.numbers("breaks")).map(PositiveModelsTest::logFactorial).sum();
    double logLikelihood = -loss(graph, data) - logFactorials;
    System.out.printf(
        "warp breaks: coefficients %s, log-likelihood %.5f%n",
        Arrays.toString(fitted), logLikelihood);
    assertArrayEquals(new double[] {3.69196, -0.20599, -0.32132, -0.51849}, fitted, 1e-5);
    assertEquals(-242.528, logLikelihood, 1e-3);
  }

  private static double logFactorial(double k) {
    return IntStream.rangeClosed(1, (int) k).mapToDouble(Math::log).sum();
  }

  /** The negative log-likelihood but for the factorials, which do not depend on the rate. */
  private static SDVariable poisson(SameDiff graph, SDVariable rate) {
    SDVariable count = graph.getVariable("y");
    return rate.sub(count.mul(graph.math.log(rate))).sum();
  }

  // ---- a network with two heads

  @Test
  void standardDeviationOfTheWaitForOldFaithfulDependsOnTheEruption() {
    Table table = Table.faithful();
    DataSet data = data(matrix(standardized(table.numbers("eruptions"))), table, "waiting");
    double linear = linearFit(table.numbers("eruptions"), table.numbers("waiting"));
    assertEquals(868.3797, linear, 1e-3);
    double constant = networkFit(data, false);
    double twoHeads = networkFit(data, true);
    System.out.printf(
        "Old Faithful: negative log-likelihood of a linear fit %.4f, of a network with constant"
            + " deviation %.4f, of one with two heads %.4f, %.5f a row%n",
        linear, constant, twoHeads, twoHeads / table.rows());
    // In as many steps: in twice as many the network with a constant deviation comes within 2.
    assertTrue(twoHeads < linear && twoHeads < constant, "the deviation is of use");
  }

  private static double networkFit(DataSet data, boolean twoHeads) {
    PositiveTransform transform = PositiveTransform.softplus().withLowerBound(0.1);
    Nd4j.getRandom().setSeed(7);
    SameDiff graph = graph(1);
    SDVariable hidden = graph.math.tanh(layer(graph, "hidden", graph.getVariable("x"), 1, 8));
    SDVariable mean = layer(graph, "mean", hidden, 8, 1).mul(14).add(71);
    SDVariable deviation =
        twoHeads
            ? PositiveTransforms.value(layer(graph, "deviation", hidden, 8, 1).add(6), transform)
            : PositiveVariable.create(graph, "deviation", transform, 6, DataType.DOUBLE).value();
    SDVariable z = graph.getVariable("y").sub(mean).div(deviation);
    minimize(graph.math.log(deviation).add(z.mul(z).mul(0.5)).add(LOG_2_PI / 2).sum());
    fit(graph, data, new Adam(0.05), 200);
    return loss(graph, data);
  }

  private static SDVariable layer(SameDiff graph, String name, SDVariable x, int in, int out) {
    INDArray weight = Nd4j.randn(DataType.DOUBLE, in, out).divi(Math.sqrt(in));
    SDVariable bias = graph.var(name + "_bias", Nd4j.zeros(DataType.DOUBLE, 1, out));
    return x.mmul(graph.var(name + "_weight", weight)).add(bias);
  }

  /** The negative log-likelihood of the best line with Gaussian errors of one variance. */
  private static double linearFit(double[] x, double[] y) {
    double[] u = standardized(x);
    double[] v = standardized(y);
    double r = IntStream.range(0, u.length).mapToDouble(i -> u[i] * v[i]).average().orElseThrow();
    double variance = Math.pow(deviation(y), 2) * (1 - r * r);
    return u.length * (LOG_2_PI + Math.log(variance) + 1) / 2;
  }

  private static double[] standardized(double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double deviation = deviation(x);
    return Arrays.stream(x).map(element -> (element - mean) / deviation).toArray();
  }

  private static double deviation(double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    return Math.sqrt(Arrays.stream(x).map(e -> (e - mean) * (e - mean)).average().orElseThrow());
  }

  // ---- a prior

  /** Insects under spray C, 25 on 12 plots, and a Gamma(2, 1) prior: density ∝ rate·e^-rate. */
  @ParameterizedTest
  @MethodSource("transforms")
  void theMostProbableRateUnderAPrior(PositiveTransform transform) {
    SameDiff graph = graph(1);
    PositiveVariable rate = PositiveVariable.create(graph, "rate", transform, 1, DataType.DOUBLE);
    SDVariable logPrior =
        graph
            .math
            .log(rate.value())
            .sub(rate.value())
            .add(PositiveTransforms.logDerivative(rate.raw(), transform));
    minimize(poisson(graph, rate.value()).sub(logPrior));
    fit(graph, countsUnderSprayC(), new Nesterovs(0.03, 0.5), 100);
    double actual = rate.get().getDouble(0);
    double expected = transform.value(argMax(-5, 10, raw -> logPosterior(transform, raw)));
    System.out.printf("prior, %s: rate %.8f, by search %.8f%n", transform, actual, expected);
    assertEquals(expected, actual, 1e-6);
    if (transform.family() == PositiveTransform.Family.EXP) {
      // The density of log(rate) is ∝ rate^27·e^(-13·rate); that of the rate is largest at 26/13.
      assertEquals(27 / 13.0, actual, 1e-9);
    }
  }

  private static DataSet countsUnderSprayC() {
    Table table = Table.insectSprays();
    double[] counts = table.numbers("count");
    double[] isC = table.indicator("spray", "C");
    double[] some =
        IntStream.range(0, counts.length)
            .filter(i -> isC[i] == 1)
            .mapToDouble(i -> counts[i])
            .toArray();
    return new DataSet(matrix(some), matrix(some));
  }

  private static double logPosterior(PositiveTransform transform, double raw) {
    double rate = transform.value(raw);
    return 26 * Math.log(rate) - 13 * rate + transform.logDerivative(raw);
  }

  /** Where a function of one maximum has it, by thirds. */
  private static double argMax(double from, double to, DoubleUnaryOperator f) {
    double low = from;
    double high = to;
    while (high - low > 1e-9) {
      double third = (high - low) / 3;
      if (f.applyAsDouble(low + third) < f.applyAsDouble(high - third)) {
        low += third;
      } else {
        high -= third;
      }
    }
    return (low + high) / 2;
  }

  // ---- what the models share

  private static SameDiff graph(int features) {
    SameDiff graph = SameDiff.create();
    graph.placeHolder("x", DataType.DOUBLE, -1, features);
    graph.placeHolder("y", DataType.DOUBLE, -1, 1);
    return graph;
  }

  private static void minimize(SDVariable loss) {
    loss.rename("loss");
    loss.markAsLoss();
  }

  /** All rows in every step. */
  private static void fit(SameDiff graph, DataSet data, IUpdater updater, int steps) {
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(updater)
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("y")
            .build());
    graph.fit(new SingletonDataSetIterator(data), steps);
  }

  private static double loss(SameDiff graph, DataSet data) {
    return graph
        .output(Map.of("x", data.getFeatures(), "y", data.getLabels()), "loss")
        .get("loss")
        .getDouble(0);
  }

  private static DataSet data(INDArray x, Table table, String y) {
    return new DataSet(x, matrix(table.numbers(y)));
  }

  private static INDArray columns(Table table, String column, String... values) {
    return matrix(
        Arrays.stream(values)
            .map(value -> table.indicator(column, value))
            .toArray(double[][]::new));
  }

  private static INDArray matrix(double[]... columns) {
    return Nd4j.createFromArray(columns).transpose().dup('c');
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.nd4j.linalg.indexing.NDArrayIndex.all;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;
import static org.stableops.integration.Refusals.assertRefusedWith;

import org.apache.commons.lang3.SerializationUtils;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.scorecalc.base.BaseIEvaluationScoreCalculator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.evaluation.DevianceEvaluation;
import org.stableops.nd4j.lossfunctions.CountLossFunction;
import org.stableops.nd4j.lossfunctions.LossFusedNegativeBinomial;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;

/** Deviances as an evaluation of DL4J's networks and SameDiff's graphs. */
class DevianceEvaluationTest {
  private static final double THETA = 28.0995071;

  /** Of the means of the sprays, by the definitions. */
  private static final double OF_POISSON = 98.32866302080193;

  private static final double OF_NEGATIVE_BINOMIAL = 74.14496826191704;

  private final Dl4jSprays insects = Dl4jSprays.read();

  /** The plots, twelve a batch. */
  private DataSetIterator batches() {
    return new ListDataSetIterator<>(new DataSet(insects.oneHot(), insects.counts()).asList(), 12);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theSpraysDevianceIsThatOfTheRegression(boolean isPoisson) {
    CountLossFunction loss =
        isPoisson
            ? new LossFusedPoisson()
            : new LossFusedNegativeBinomial(CountOptions.DEFAULT, THETA);
    MultiLayerNetwork network = Dl4jSprays.network(loss, new ActivationIdentity());
    insects.fit(network, 900);
    DevianceEvaluation evaluation = new DevianceEvaluation(loss);
    network.doEvaluation(batches(), evaluation);
    assertEquals(72, evaluation.count());
    assertEquals(isPoisson ? OF_POISSON : OF_NEGATIVE_BINOMIAL, evaluation.deviance(), 1e-6);
    assertEquals(evaluation.deviance() / 72, evaluation.meanDeviance());
    Score score = new Score(batches(), evaluation);
    assertEquals(evaluation.meanDeviance(), score.calculateScore(network));
    assertTrue(score.minimizeScore());
  }

  /** As early stopping asks. */
  private static final class Score
      extends BaseIEvaluationScoreCalculator<MultiLayerNetwork, DevianceEvaluation> {
    private static final long serialVersionUID = 1;

    private final DevianceEvaluation evaluation;

    Score(DataSetIterator data, DevianceEvaluation evaluation) {
      super(data);
      this.evaluation = evaluation;
    }

    @Override
    protected DevianceEvaluation newEval() {
      return evaluation.newInstance();
    }

    @Override
    protected double finalScore(DevianceEvaluation result) {
      return result.getValue(DevianceEvaluation.Metric.MEAN_DEVIANCE);
    }

    @Override
    public boolean minimizeScore() {
      return DevianceEvaluation.Metric.MEAN_DEVIANCE.minimize();
    }
  }

  @Test
  void outputsMayBeRatesMeansWithDispersionsOrOfExposures() {
    INDArray raw = Nd4j.createFromArray(new double[][] {{0.5, 0.25}, {-1, 3}, {2, 1}});
    INDArray counts = Nd4j.createFromArray(new int[][] {{3}, {0}, {12}});
    LossFusedNegativeBinomial both =
        new LossFusedNegativeBinomial(CountOptions.DEFAULT, PositiveTransform.exp());
    CountEvaluation<INDArray> expected =
        NegativeBinomialLoss.evaluate(
            raw.getColumn(0, true), Transforms.exp(raw.getColumn(1, true)), counts);
    assertDeviance(expected, both, counts, raw);

    INDArray hours = Nd4j.createFromArray(new int[][] {{1}, {4}, {2}});
    CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus(2));
    INDArray one = raw.getColumn(0, true);
    assertDeviance(
        PoissonLoss.evaluateWithExposure(one, hours.castTo(one.dataType()), counts, softplus),
        new LossFusedPoisson(softplus).withExposure(),
        Nd4j.concat(1, counts, hours),
        one);

    INDArray rates = PositiveTransforms.value(one, PositiveTransform.squareplus());
    CountOptions squareplus = CountOptions.DEFAULT.withRate(PositiveTransform.squareplus());
    assertDeviance(
        PoissonLoss.evaluate(one, counts, squareplus),
        new LossFusedPoisson(squareplus).ofRates(),
        counts,
        rates);
  }

  /** As of a network whose activation makes the rates. */
  @Test
  void lossesOfRatesKeepEverythingElse() {
    CountOptions full = CountOptions.DEFAULT.withFullLikelihood();
    CountOptions fullOfRates = CountOptions.RATE.withFullLikelihood();
    assertEquals(
        new LossFusedPoisson(fullOfRates).withExposure(),
        new LossFusedPoisson(full).withExposure().ofRates());
    assertEquals(
        new LossFusedNegativeBinomial(fullOfRates, 1.5, 2),
        new LossFusedNegativeBinomial(full, 1.5, 2).ofRates());
    PositiveTransform exp = PositiveTransform.exp();
    assertEquals(
        new LossFusedNegativeBinomial(CountOptions.RATE, exp),
        new LossFusedNegativeBinomial(CountOptions.DEFAULT, exp).ofRates());
  }

  private static void assertDeviance(
      CountEvaluation<INDArray> expected,
      CountLossFunction loss,
      INDArray labels,
      INDArray output) {
    DevianceEvaluation evaluation = new DevianceEvaluation(loss);
    evaluation.eval(labels, output);
    assertTrue(expected.deviance() > 1);
    assertEquals(expected.deviance(), evaluation.deviance(), 1e-13);
    assertEquals(3, evaluation.count());
  }

  /** Steps behind the end of a series are left out, whatever is there. */
  @Test
  void timeSeriesAndMasks() {
    LossFusedPoisson loss = new LossFusedPoisson();
    MultiLayerNetwork network = recurrent(loss);
    INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 3, 4);
    INDArray counts = Nd4j.arange(16).castTo(DataType.DOUBLE).reshape(2, 2, 4);
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 1, 0, 0}, {1, 1, 1, 0}});
    INDArray raw = network.output(x);
    double expected = 0;
    for (int series = 0; series < 2; series++) {
      for (int step = 0; step < 2 + series; step++) {
        for (int output = 0; output < 2; output++) {
          double y = counts.getDouble(series, output, step);
          double r = raw.getDouble(series, output, step);
          expected += 2 * ((y == 0 ? 0 : y * (Math.log(y) - r)) - (y - Math.exp(r)));
        }
      }
    }
    counts.putScalar(new int[] {0, 1, 3}, -7);
    DevianceEvaluation ofSteps = new DevianceEvaluation(loss);
    DataSet data = new DataSet(x, counts, null, mask);
    network.doEvaluation(new SingletonDataSetIterator(data), ofSteps);
    assertEquals(expected, ofSteps.deviance(), 1e-12);
    assertEquals(10, ofSteps.count());

    // The second output counts at all of its steps.
    counts.putScalar(new int[] {0, 1, 3}, 0);
    INDArray ofOutputs = Nd4j.stack(1, mask, Nd4j.onesLike(mask));
    DevianceEvaluation one = new DevianceEvaluation(loss);
    one.eval(counts, raw, ofOutputs);
    DevianceEvaluation two = new DevianceEvaluation(loss);
    two.eval(column(counts, 0), column(raw, 0), mask);
    two.eval(column(counts, 1), column(raw, 1));
    assertEquals(two.deviance(), one.deviance(), 1e-12);
    assertEquals(13, one.count());
  }

  /** Three inputs, two outputs. */
  private static MultiLayerNetwork recurrent(CountLossFunction loss) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Adam(0.05))
                .dataType(DataType.DOUBLE)
                .list()
                .layer(new LSTM.Builder().nIn(3).nOut(4).build())
                .layer(
                    new RnnOutputLayer.Builder(loss)
                        .nIn(4)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static INDArray column(INDArray series, int column) {
    return series.get(all(), interval(column, column + 1), all());
  }

  /** As the loss is half the deviance but for what depends on the counts alone. */
  @Test
  void recurrentNetworksLearnRatesOfExposures() {
    LossFusedPoisson loss = new LossFusedPoisson().withExposure();
    MultiLayerNetwork network = recurrent(loss);
    INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 3, 4);
    INDArray counts = Nd4j.arange(16).castTo(DataType.DOUBLE).reshape(2, 2, 4);
    INDArray labels = Nd4j.concat(1, counts, Nd4j.onesLike(counts).muli(3));
    DataSet data = new DataSet(x, labels);
    double[] scores = new double[2];
    double[] deviances = new double[2];
    for (int time = 0; time < 2; time++) {
      DevianceEvaluation evaluation = new DevianceEvaluation(loss);
      network.doEvaluation(new SingletonDataSetIterator(data), evaluation);
      scores[time] = network.score(data) * 2;
      deviances[time] = evaluation.deviance();
      for (int step = 0; step < 100; step++) {
        network.fit(data);
      }
    }
    assertEquals(deviances[0] - deviances[1], 2 * (scores[0] - scores[1]), 1e-9);
    assertTrue(deviances[1] < deviances[0] / 3, deviances[0] + " to " + deviances[1]);
  }

  @Test
  void masksOfRowsMayBeVectors() {
    INDArray counts = Nd4j.createFromArray(new int[][] {{1, 4}, {2, 0}});
    INDArray raw = Nd4j.createFromArray(new double[][] {{5, -5}, {0.5, 1}});
    LossFusedPoisson loss = new LossFusedPoisson();
    DevianceEvaluation second = new DevianceEvaluation(loss);
    second.eval(counts.getRow(1, true), raw.getRow(1, true));
    for (INDArray mask :
        new INDArray[] {
          Nd4j.createFromArray(0.0, 1),
          Nd4j.createFromArray(new int[][] {{0}, {1}}),
          Nd4j.createFromArray(new float[][] {{0, 0}, {1, 1}})
        }) {
      DevianceEvaluation evaluation = new DevianceEvaluation(loss);
      evaluation.eval(counts, raw, mask);
      assertEquals(second, evaluation);
    }
  }

  /** With exposures, labels have more columns than there are outputs. */
  @Test
  void seriesOfExposures() {
    INDArray raw = Nd4j.rand(DataType.DOUBLE, 2, 1, 3);
    INDArray counts = Nd4j.arange(6).castTo(DataType.DOUBLE).reshape(2, 1, 3);
    INDArray hours = counts.mul(0.5).addi(1);
    DevianceEvaluation evaluation = new DevianceEvaluation(new LossFusedPoisson().withExposure());
    evaluation.eval(Nd4j.concat(1, counts, hours), raw);
    CountEvaluation<INDArray> expected =
        PoissonLoss.evaluateWithExposure(raw, hours, counts, CountOptions.DEFAULT);
    assertEquals(expected.deviance(), evaluation.deviance(), 1e-13);
    assertEquals(6, evaluation.count());
    assertEquals(evaluation, DevianceEvaluation.fromJson(evaluation.toJson()));
  }

  @Test
  void aGraphsOutputIsEvaluated() {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.placeHolder("x", DataType.DOUBLE, -1, 6);
    SDVariable y = graph.placeHolder("y", DataType.DOUBLE, -1, 1);
    SDVariable w = graph.var("w", Nd4j.createFromArray(insects.means()).reshape(6, 1));
    SDVariable raw = x.mmul("raw", graph.math.log(w));
    PoissonLoss.value(raw, y).rename("loss");
    graph.setLossVariables("loss");
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Sgd(0.1))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("y")
            .build());
    DevianceEvaluation evaluation = new DevianceEvaluation(new LossFusedPoisson());
    graph.evaluate(batches(), "raw", evaluation);
    assertEquals(OF_POISSON, evaluation.deviance(), 1e-11);
  }

  @Test
  void itIsMergedWrittenAndReadLikeOthers() throws Exception {
    CountLossFunction loss = new LossFusedNegativeBinomial(CountOptions.DEFAULT, 2, 3);
    DevianceEvaluation empty = new DevianceEvaluation(loss);
    assertEquals(Double.NaN, empty.meanDeviance());
    DevianceEvaluation one = empty.newInstance();
    one.eval(Nd4j.createFromArray(new int[][] {{3, 1}}), Nd4j.zeros(DataType.FLOAT, 1, 2));
    DevianceEvaluation two = empty.newInstance();
    two.eval(Nd4j.createFromArray(new int[][] {{8, 0}}), Nd4j.ones(DataType.FLOAT, 1, 2));
    double sum = one.deviance() + two.deviance();
    two.merge(one);
    assertEquals(sum, two.deviance());
    assertEquals(4, two.count());
    DevianceEvaluation read = DevianceEvaluation.fromJson(two.toJson());
    assertEquals(two, read);
    assertEquals(two.hashCode(), read.hashCode());
    assertEquals("Mean deviance: %.6f (%.6f of 4 counts)".formatted(sum / 4, sum), read.stats());
    read.eval(Nd4j.createFromArray(new int[][] {{3, 1}}), Nd4j.zeros(DataType.FLOAT, 1, 2));
    assertEquals(6, read.count());
    assertEquals(two, SerializationUtils.clone(two));
    DevianceEvaluation diverged = new DevianceEvaluation(new LossFusedPoisson());
    diverged.eval(Nd4j.ones(DataType.DOUBLE, 1, 1), Nd4j.valueArrayOf(1, 1, Double.NaN));
    assertEquals(Double.NaN, diverged.deviance());
    assertEquals(diverged, SerializationUtils.clone(diverged));
    two.reset();
    assertEquals(empty, two);
  }

  @Test
  void whatIsRefused() {
    DevianceEvaluation evaluation = new DevianceEvaluation(new LossFusedPoisson());
    INDArray four = Nd4j.ones(2, 2, 2, 2);
    assertRefusedWith(
        "labels must have shape [rows, columns] or [rows, columns, steps], got (2, 2, 2, 2)",
        () -> evaluation.eval(four, four));
    INDArray row = Nd4j.ones(1, 2);
    assertRefusedWith("counts shape (1, 2)", () -> evaluation.eval(row, Nd4j.ones(1, 3)));
    assertRefusedWith(
        "counts[0] must be finite and >= 0, got -1.0", () -> evaluation.eval(row.neg(), row));
    INDArray series = Nd4j.ones(2, 2, 4);
    assertRefusedWith(
        "labels must have the rows and steps of predictions, (2, 2, 4), got (4, 2, 2)",
        () -> evaluation.eval(Nd4j.ones(4, 2, 2), series));
    assertRefusedWith(
        "labels must have the rows and steps of predictions, (2, 2, 4), got (8, 2)",
        () -> evaluation.eval(Nd4j.ones(8, 2), series));
    assertRefusedWith(
        "mask must have shape [rows, steps] or that of the counts, for predictions (2, 2, 4), got"
            + " (4, 2)",
        () -> evaluation.eval(series, series, Nd4j.ones(4, 2)));
    assertRefusedWith("mask must", () -> evaluation.eval(series, series, Nd4j.ones(4, 2, 2)));
    assertRefusedWith(
        "other must be an evaluation by LossFusedPoisson(",
        () -> evaluation.merge(new DevianceEvaluation(new LossFusedNegativeBinomial())));
    assertRefusedWith(
        "metric must be one of DevianceEvaluation's, got MSE",
        () -> evaluation.getValue(RegressionEvaluation.Metric.MSE));
    assertRefusedWith("loss must be given, got null", () -> new DevianceEvaluation(null));
    assertEquals(0, evaluation.count());
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefusedWith;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.serde.json.JsonMappers;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.lossfunctions.LossFusedNegativeBinomial;

/** The negative binomial loss as that of DL4J's layers: insects by spray. */
class Dl4jNegativeBinomialLossTest {
  private static final int STEPS = 900;
  private static final IActivation IDENTITY = new ActivationIdentity();
  private static final CountOptions FULL = CountOptions.DEFAULT.withFullLikelihood();

  /** By maximum likelihood, in 30 digits. */
  private static final double THETA = 28.0995071;

  private static final double LOG_LIKELIHOOD = -180.108942;

  /** θ of all insects, whatever the spray. */
  private static final double OF_ALL = 1.73602118;

  private final Dl4jSprays insects = Dl4jSprays.read();

  /** With one mean for each spray, whatever θ is, they are those of the sprays. */
  @Test
  void withKnownDispersionTheLikelihoodIsThatOfTheRegression() {
    MultiLayerNetwork network =
        Dl4jSprays.network(new LossFusedNegativeBinomial(FULL, THETA), IDENTITY);
    insects.fit(network, STEPS);
    LossFusedNegativeBinomial loss = new LossFusedNegativeBinomial(FULL, THETA);
    INDArray six = Dl4jSprays.ofEachSpray(network);
    assertArrayEquals(insects.means(), Nd4jHost.doubles(loss.means(six)), 1e-3);
    double score = network.score(new DataSet(insects.oneHot(), insects.counts()));
    assertEquals(LOG_LIKELIHOOD, -score * insects.counts().length(), 1e-5);
  }

  /** Of all insects as one sample both derivatives vanish, by the operator itself. */
  @ParameterizedTest
  @MethodSource("dispersions")
  void aNetworkFindsTheDispersionToo(PositiveTransform dispersion) {
    LossFusedNegativeBinomial loss = new LossFusedNegativeBinomial(FULL, dispersion);
    MultiLayerNetwork network = Dl4jSprays.network(loss, IDENTITY, 1, 2);
    INDArray counts = insects.counts();
    INDArray ones = Nd4j.ones(DataType.DOUBLE, counts.length(), 1);
    for (int step = 0; step < STEPS; step++) {
      network.fit(ones, counts);
    }
    INDArray output = network.output(Nd4j.ones(DataType.DOUBLE, 1, 1));
    assertEquals(counts.meanNumber().doubleValue(), loss.means(output).getDouble(0), 1e-3);
    INDArray theta = loss.inverseDispersions(output);
    INDArray raw = output.getColumn(0, true).dup();
    INDArray same = Nd4j.ones(DataType.DOUBLE, counts.length(), 1).muli(raw.getDouble(0));
    CountOptions sum = FULL.withReduction(Reduction.SUM);
    INDArray scalar = Nd4j.scalar(theta.getDouble(0));
    double slope = NegativeBinomialLoss.parameterGradient(same, scalar, counts, sum).getDouble(0);
    assertEquals(0, slope, 1e-9);
    assertEquals(OF_ALL, theta.getDouble(0), 1e-8);
  }

  static Stream<PositiveTransform> dispersions() {
    return Stream.of(
        PositiveTransform.exp(),
        PositiveTransform.softplus(2).withLowerBound(0.1),
        PositiveTransform.squareplus());
  }

  @ParameterizedTest
  @MethodSource("dispersions")
  void gradientsAreThoseOfTheScore(PositiveTransform dispersion) {
    double[] fused = Path.FUSED.run(() -> gradients(dispersion));
    double[] composite = Path.COMPOSITE.run(() -> gradients(dispersion));
    assertArrayEquals(fused, composite, 1e-13);
  }

  /** After they have been compared with differences. */
  private static double[] gradients(PositiveTransform dispersion) {
    CountOptions options = FULL.withRate(PositiveTransform.softplus());
    LossFusedNegativeBinomial loss = new LossFusedNegativeBinomial(options, dispersion);
    INDArray raw =
        Nd4j.createFromArray(
            new double[][] {{0.3, -1, 2, -0.5}, {4, 0.1, 1.5, -3}, {-2, 2, 0.2, 0.7}});
    INDArray labels = Nd4j.createFromArray(new int[][] {{3, 0}, {7, 2}, {0, 25}});
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 1}, {1, 0}, {0, 1}});
    Pair<Double, INDArray> both = loss.computeGradientAndScore(labels, raw, IDENTITY, mask, true);
    double score = loss.computeScore(labels, raw, IDENTITY, mask, true);
    assertEquals(score, both.getFirst(), 1e-14);
    double[] gradient = Nd4jHost.doubles(loss.computeGradient(labels, raw, IDENTITY, mask));
    assertArrayEquals(gradient, Nd4jHost.doubles(both.getSecond()));
    double step = 1e-5;
    for (int i = 0; i < raw.length(); i++) {
      INDArray more = raw.dup().putScalar(i, raw.getDouble(i) + step);
      INDArray less = raw.dup().putScalar(i, raw.getDouble(i) - step);
      double rise = loss.computeScore(labels, more, IDENTITY, mask, false);
      double fall = loss.computeScore(labels, less, IDENTITY, mask, false);
      assertEquals((rise - fall) / (2 * step), gradient[i], 1e-8, "at " + i);
    }
    double[] ofRows = Nd4jHost.doubles(loss.computeScoreArray(labels, raw, IDENTITY, mask));
    assertEquals(3 * score, Arrays.stream(ofRows).sum(), 1e-13);
    return gradient;
  }

  @Test
  void theOutputMayBeTheMean() {
    CountOptions options = CountOptions.DEFAULT.withRate(PositiveTransform.squareplus());
    Supplier<ILossFunction> loss = () -> new LossFusedNegativeBinomial(options, 3);
    MultiLayerNetwork raw = Dl4jSprays.network(loss.get(), IDENTITY);
    MultiLayerNetwork positive = Dl4jSprays.network(loss.get(), new ActivationSquareplus());
    insects.fit(raw, 20);
    insects.fit(positive, 20);
    assertEquals(raw.params(), positive.params());
    INDArray ofRaw = new LossFusedNegativeBinomial(options, 3).means(raw.output(insects.oneHot()));
    assertArrayEquals(
        Nd4jHost.doubles(ofRaw), Nd4jHost.doubles(positive.output(insects.oneHot())), 1e-12);
  }

  @Test
  void aNetworkIsWhatItWasAfterAFile(@TempDir java.nio.file.Path directory) throws IOException {
    PositiveTransform rate = PositiveTransform.softplus(2).withLowerBound(0.5);
    for (LossFusedNegativeBinomial loss :
        new LossFusedNegativeBinomial[] {
          new LossFusedNegativeBinomial(),
          new LossFusedNegativeBinomial(CountOptions.RATE.withFullLikelihood(), 7),
          new LossFusedNegativeBinomial(FULL, 1.5, Double.POSITIVE_INFINITY),
          new LossFusedNegativeBinomial(CountOptions.DEFAULT.withRate(rate), rate)
        }) {
      MultiLayerNetwork network = Dl4jSprays.network(loss, IDENTITY, 6, 2);
      ILossFunction restored = Dl4jSprays.fromFile(network, directory);
      assertEquals(loss, restored);
      assertEquals(loss.toString(), restored.name());
    }
    String json = "{\"@class\":\"" + LossFusedNegativeBinomial.class.getName() + "\"}";
    assertEquals(
        new LossFusedNegativeBinomial(),
        JsonMappers.getMapper().readValue(json, ILossFunction.class));
  }

  /** What is masked is never read, and what θ = inf makes of it has no gradient. */
  @Test
  void masksAndEnds() {
    double nan = Double.NaN;
    INDArray raw = Nd4j.createFromArray(new double[][] {{0, nan, 1, nan}, {1, 2, 800, 0}});
    INDArray labels = Nd4j.createFromArray(new double[][] {{3, -1}, {2, 5}});
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 0}, {1, 1}});
    LossFusedNegativeBinomial loss = new LossFusedNegativeBinomial(FULL, PositiveTransform.exp());
    double[] gradient = Nd4jHost.doubles(loss.computeGradient(labels, raw, IDENTITY, mask));
    assertEquals(0, gradient[1]);
    assertEquals(0, gradient[3]);
    assertEquals(Math.exp(1) - 2, gradient[4], 1e-14);
    assertEquals(0, gradient[6]);
    assertTrue(Arrays.stream(gradient).allMatch(Double::isFinite));
    INDArray one = Nd4j.createFromArray(new double[][] {{nan, nan}});
    INDArray ofNaN = loss.computeGradient(Nd4j.ones(DataType.DOUBLE, 1, 1), one, IDENTITY, null);
    assertArrayEquals(new double[] {nan, nan}, Nd4jHost.doubles(ofNaN));
  }

  @Test
  void whatIsRefused() {
    LossFusedNegativeBinomial loss = new LossFusedNegativeBinomial();
    INDArray odd = Nd4j.ones(DataType.DOUBLE, 2, 3);
    INDArray four = Nd4j.ones(DataType.DOUBLE, 2, 4);
    assertRefusedWith(
        "output must have shape [rows, 2k] for labels [rows, k], got (2, 3)",
        () -> loss.computeScore(four, odd, IDENTITY, null, false));
    assertRefusedWith(
        "counts shape (2, 4) must equal raw shape (2, 2)",
        () -> loss.computeGradient(four, four, IDENTITY, null));
    assertRefusedWith(
        "activation must be identity",
        () -> loss.computeScore(odd, four, new ActivationSoftPlus(), null, false));
    CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus());
    assertRefusedWith(
        "activation must be identity where",
        () ->
            new LossFusedNegativeBinomial(softplus)
                .computeScore(Nd4j.ones(2, 2), four, new ActivationSoftPlus(), null, false));
    assertRefusedWith(
        "mask must have shape [rows, 1] where a layer has two outputs for each label, got (2, 4)",
        () -> loss.computeScore(Nd4j.ones(2, 2), four, IDENTITY, four, false));
    LossFusedNegativeBinomial three = new LossFusedNegativeBinomial(FULL, 1, 2, 3);
    assertRefusedWith(
        "inverseDispersion", () -> three.computeScore(four, four, IDENTITY, null, true));
    assertRefusedWith(
        "inverseDispersion must be one or more numbers > 0, got [1.0, 0.0]",
        () -> new LossFusedNegativeBinomial(FULL, 1, 0));
    assertRefusedWith(
        "inverseDispersion must be one or more numbers > 0, got []",
        () -> new LossFusedNegativeBinomial(FULL, new double[0]));
    assertRefusedWith(
        "reduction must be MEAN",
        () -> new LossFusedNegativeBinomial(FULL.withReduction(Reduction.SUM)));
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.IOException;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.serde.json.JsonMappers;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;

/** The Poisson loss as that of DL4J's layers: insects by spray. */
class Dl4jPoissonLossTest {
  private static final int STEPS = 900;
  private static final IActivation IDENTITY = new ActivationIdentity();

  private final Dl4jSprays insects = Dl4jSprays.read();

  static Stream<PositiveTransform> rates() {
    return Stream.of(
        PositiveTransform.exp(), PositiveTransform.softplus(0.5), PositiveTransform.squareplus());
  }

  @ParameterizedTest
  @MethodSource("rates")
  void ratesBecomeTheMeans(PositiveTransform rate) {
    LossFusedPoisson loss = new LossFusedPoisson(CountOptions.DEFAULT.withRate(rate));
    MultiLayerNetwork network = Dl4jSprays.network(loss, IDENTITY);
    insects.fit(network, STEPS);
    double[] raw = Nd4jHost.doubles(Dl4jSprays.ofEachSpray(network));
    for (int spray = 0; spray < 6; spray++) {
      assertEquals(insects.means()[spray], rate.value(raw[spray]), 0.02);
    }
  }

  @Test
  void withTheActivationOfTheRateTheOutputIsTheRate() {
    PositiveTransform rate = PositiveTransform.squareplus();
    LossFusedPoisson loss = new LossFusedPoisson(CountOptions.DEFAULT.withRate(rate));
    MultiLayerNetwork raw = Dl4jSprays.network(loss, IDENTITY);
    MultiLayerNetwork positive = Dl4jSprays.network(loss, new ActivationSquareplus());
    insects.fit(raw, 20);
    insects.fit(positive, 20);
    assertEquals(raw.params(), positive.params());
    double[] ofRaw = Nd4jHost.doubles(raw.output(insects.oneHot()));
    double[] rates = Nd4jHost.doubles(positive.output(insects.oneHot()));
    for (int row = 0; row < rates.length; row++) {
      assertEquals(rate.value(ofRaw[row]), rates[row], 1e-12);
    }
    assertArrayEquals(rates, Nd4jHost.doubles(loss.rates(raw.output(insects.oneHot()))), 1e-12);
  }

  @Test
  void aNetworkIsWhatItWasAfterAFile(@TempDir java.nio.file.Path directory) throws IOException {
    PositiveTransform rate = PositiveTransform.softplus(2).withLowerBound(0.5);
    for (CountOptions options :
        new CountOptions[] {
          CountOptions.DEFAULT,
          CountOptions.RATE.withFullLikelihood(),
          CountOptions.DEFAULT.withRate(rate)
        }) {
      LossFusedPoisson plain = new LossFusedPoisson(options);
      for (LossFusedPoisson loss : new LossFusedPoisson[] {plain, plain.withExposure()}) {
        ILossFunction restored = Dl4jSprays.fromFile(Dl4jSprays.network(loss, IDENTITY), directory);
        assertEquals(loss, restored);
        assertEquals(loss.toString(), restored.name());
      }
    }
    String json = "{\"@class\":\"" + LossFusedPoisson.class.getName() + "\"}";
    assertEquals(
        new LossFusedPoisson(), JsonMappers.getMapper().readValue(json, ILossFunction.class));
  }

  /** One rate for all is the sum of the counts over the sum of the exposures. */
  @ParameterizedTest
  @MethodSource("rates")
  void exposuresAreLabels(PositiveTransform rate) {
    CountOptions options = CountOptions.DEFAULT.withRate(rate);
    LossFusedPoisson loss = new LossFusedPoisson(options).withExposure();
    MultiLayerNetwork network = Dl4jSprays.network(loss, IDENTITY, 1, 1);
    INDArray ones = Nd4j.ones(DataType.DOUBLE, 4, 1);
    INDArray labels = Nd4j.createFromArray(new float[][] {{1, 1}, {3, 2}, {4, 8}, {12, 5}});
    for (int step = 0; step < STEPS; step++) {
      network.fit(ones, labels);
    }
    double raw = network.output(ones).getDouble(0);
    assertEquals(20 / 16.0, rate.value(raw), 1e-6);
    INDArray raws = Nd4j.ones(DataType.DOUBLE, 4, 1).muli(raw);
    INDArray counts = labels.getColumn(0, true);
    INDArray hours = labels.getColumn(1, true).castTo(DataType.DOUBLE);
    for (Reduction reduction : new Reduction[] {Reduction.SUM, Reduction.MEAN}) {
      CountOptions reduced = options.withReduction(reduction);
      assertEquals(
          PoissonLoss.valueWithExposure(raws, hours, counts, reduced).getDouble(0),
          loss.computeScore(labels, raws, IDENTITY, null, reduction == Reduction.MEAN),
          1e-14);
    }
  }

  /** Each output has exposures of its own, and what is masked is never read. */
  @Test
  void exposuresOfEachOutput() {
    double nan = Double.NaN;
    INDArray raw = Nd4j.createFromArray(new double[][] {{0, nan, 1}, {2, -1, 0.5}});
    INDArray counts = Nd4j.createFromArray(new double[][] {{3, -1, 0}, {7, 2, 1}});
    INDArray hours = Nd4j.createFromArray(new double[][] {{2, -8, 0.5}, {1, 4, 3}});
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 0, 1}, {1, 1, 1}});
    INDArray labels = Nd4j.concat(1, counts, hours);
    LossFusedPoisson loss = new LossFusedPoisson().withExposure();
    CountOptions sum = CountOptions.DEFAULT.withReduction(Reduction.SUM);
    for (Path path : Path.values()) {
      path.run(
          () -> {
            assertArrayEquals(
                Nd4jHost.doubles(PoissonLoss.gradientWithExposure(raw, hours, counts, mask, sum)),
                Nd4jHost.doubles(loss.computeGradient(labels, raw, IDENTITY, mask)));
            return null;
          });
    }
    assertRefused(
        "labels must have shape [rows, 2k], counts and then exposures, for outputs [rows, k], got"
            + " (2, 3) for (2, 3)",
        () -> loss.computeScore(counts, raw, IDENTITY, mask, false));
    assertRefused(
        "labels must have the shape of the outputs, (2, 3), got (2, 6); if the second half are"
            + " exposures, call withExposure()",
        () -> new LossFusedPoisson().computeScore(labels, raw, IDENTITY, mask, false));
  }

  @Test
  void scoresMasksAndWhatIsRefused() {
    INDArray raw = Nd4j.createFromArray(new double[][] {{0, Double.NaN}, {1, 2}});
    INDArray labels = Nd4j.createFromArray(new double[][] {{3, -1}, {0, 5}});
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 0}, {1, 1}});
    LossFusedPoisson loss = new LossFusedPoisson();
    double second = Math.exp(1) + Math.exp(2) - 10;
    assertEquals(1 + second, loss.computeScore(labels, raw, IDENTITY, mask, false), 1e-12);
    assertArrayEquals(
        new double[] {1, second},
        Nd4jHost.doubles(loss.computeScoreArray(labels, raw, IDENTITY, mask)),
        1e-12);
    assertArrayEquals(
        new double[] {-2, 0, Math.exp(1), Math.exp(2) - 5},
        Nd4jHost.doubles(loss.computeGradient(labels, raw, IDENTITY, mask)),
        1e-12);
    assertRefused(
        "mask must have one element per row, 2, or the shape of raw, (2, 2), got shape (1, 2, 2)",
        () -> loss.computeScore(labels, raw, IDENTITY, mask.reshape(1, 2, 2), false));
    assertRefused(
        "mask must be 0 or 1, for DL4J multiplies the outputs by it, got 0.5 at row 0",
        () -> loss.computeScore(labels, raw, IDENTITY, mask.div(2), false));
    assertThrows(
        IllegalArgumentException.class,
        () -> loss.computeScore(labels, raw, IDENTITY, null, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new LossFusedPoisson(CountOptions.DEFAULT.withReduction(Reduction.SUM)));
  }

  /** The message says which activation there is beside the identity, or why none. */
  @Test
  void activationsThatDoNotMakeTheRateAreRefused() {
    CountOptions options = CountOptions.DEFAULT;
    PositiveTransform softplus = PositiveTransform.softplus(2);
    IActivation ofHost = new ActivationSoftPlus();
    assertActivation(" or new ActivationStableSoftplus(2.0)", options.withRate(softplus), ofHost);
    assertActivation(
        " or new ActivationStableSoftplus(2.0)",
        options.withRate(softplus),
        new ActivationStableSoftplus());
    assertActivation(
        " or new ActivationSquareplus(4.0)",
        options.withRate(PositiveTransform.squareplus()),
        new ActivationStableSoftplus());
    assertActivation(", for the loss makes the rates, " + PositiveTransform.exp(), options, ofHost);
    PositiveTransform bounded = softplus.withLowerBound(0.5);
    assertActivation(
        ", for the loss makes the rates, " + bounded,
        options.withRate(bounded),
        new ActivationStableSoftplus(2));
    assertActivation(", for the raw values are the rates", CountOptions.RATE, ofHost);
    assertActivation(", for the raw values are the rates", CountOptions.RATE, null);
  }

  private static void assertActivation(
      String expected, CountOptions options, IActivation activation) {
    INDArray ones = Nd4j.ones(2, 1);
    assertRefused(
        "activation must be identity%s, got %s".formatted(expected, activation),
        () -> new LossFusedPoisson(options).computeScore(ones, ones, activation, null, false));
  }
}

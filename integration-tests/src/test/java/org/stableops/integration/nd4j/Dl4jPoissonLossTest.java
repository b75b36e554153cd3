package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.serde.json.JsonMappers;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.host.Nd4jHost;
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
  }

  @Test
  void aNetworkIsWhatItWasAfterAFile(@TempDir Path directory) throws IOException {
    PositiveTransform rate = PositiveTransform.softplus(2).withLowerBound(0.5);
    for (CountOptions options :
        new CountOptions[] {
          CountOptions.DEFAULT,
          CountOptions.RATE.withFullLikelihood(),
          CountOptions.DEFAULT.withRate(rate)
        }) {
      LossFusedPoisson loss = new LossFusedPoisson(options);
      assertEquals(loss, Dl4jSprays.fromFile(Dl4jSprays.network(loss, IDENTITY), directory));
    }
    String json = "{\"@class\":\"" + LossFusedPoisson.class.getName() + "\"}";
    assertEquals(
        new LossFusedPoisson(), JsonMappers.getMapper().readValue(json, ILossFunction.class));
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
    for (IActivation activation :
        new IActivation[] {new ActivationSoftPlus(), new ActivationStableSoftplus()}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> loss.computeScore(labels, raw, activation, mask, false));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> loss.computeScore(labels, raw, IDENTITY, null, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new LossFusedPoisson(CountOptions.DEFAULT.withReduction(Reduction.SUM)));
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
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
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.serde.json.JsonMappers;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.data.Sprays;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;

/** The Poisson loss as that of DL4J's layers: insects by spray. */
class Dl4jPoissonLossTest {
  private static final int STEPS = 900;
  private static final IActivation IDENTITY = new ActivationIdentity();

  private final INDArray sprays;
  private final INDArray counts;
  private final double[] means;

  Dl4jPoissonLossTest() {
    Sprays insects = Sprays.read();
    means = insects.means();
    sprays = Nd4j.createFromArray(insects.oneHot());
    counts = Nd4j.createFromArray(insects.counts()).reshape(insects.counts().length, 1);
  }

  private static MultiLayerNetwork network(ILossFunction loss, IActivation activation) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Adam(0.2))
                .list()
                .layer(
                    new OutputLayer.Builder(loss)
                        .nIn(6)
                        .nOut(1)
                        .hasBias(false)
                        .activation(activation)
                        .build())
                .build());
    network.init();
    return network;
  }

  static Stream<PositiveTransform> rates() {
    return Stream.of(
        PositiveTransform.exp(), PositiveTransform.softplus(0.5), PositiveTransform.squareplus());
  }

  @ParameterizedTest
  @MethodSource("rates")
  void ratesBecomeTheMeans(PositiveTransform rate) {
    LossFusedPoisson loss = new LossFusedPoisson(CountOptions.DEFAULT.withRate(rate));
    MultiLayerNetwork network = network(loss, IDENTITY);
    for (int step = 0; step < STEPS; step++) {
      network.fit(sprays, counts);
    }
    double[] raw = Nd4jHost.doubles(network.output(Nd4j.eye(6).castTo(DataType.DOUBLE)));
    for (int spray = 0; spray < 6; spray++) {
      assertEquals(means[spray], rate.value(raw[spray]), 0.02);
    }
  }

  @Test
  void withTheActivationOfTheRateTheOutputIsTheRate() {
    PositiveTransform rate = PositiveTransform.squareplus();
    LossFusedPoisson loss = new LossFusedPoisson(CountOptions.DEFAULT.withRate(rate));
    MultiLayerNetwork raw = network(loss, IDENTITY);
    MultiLayerNetwork positive = network(loss, new ActivationSquareplus());
    for (int step = 0; step < 20; step++) {
      raw.fit(sprays, counts);
      positive.fit(sprays, counts);
    }
    assertEquals(raw.params(), positive.params());
    double[] ofRaw = Nd4jHost.doubles(raw.output(sprays));
    double[] rates = Nd4jHost.doubles(positive.output(sprays));
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
      MultiLayerNetwork network = network(new LossFusedPoisson(options), IDENTITY);
      File file = directory.resolve("network.zip").toFile();
      ModelSerializer.writeModel(network, file, true);
      MultiLayerNetwork restored = ModelSerializer.restoreMultiLayerNetwork(file);
      assertEquals(network.getLayerWiseConfigurations(), restored.getLayerWiseConfigurations());
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

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.nd4j.LinearCrossEntropy;
import org.stableops.nd4j.layers.LinearCrossEntropyOutputLayer;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/** The linear cross-entropy in graphs of SameDiff and networks of DL4J. */
class LinearCrossEntropyGraphTest {
  private static final int ROWS = 200;
  private static final CrossEntropyOptions OPTIONS =
      CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withIgnoreIndex(3).withZLoss(1e-3);

  private final INDArray hidden = random(1, 6, 3);
  private final INDArray weight = random(2, 5, 3);
  private final INDArray bias = random(3, 5);
  private final INDArray labels = Nd4j.createFromArray(0L, 3, 4, 1, 2, 4);
  private final INDArray weights = Nd4j.createFromArray(1.0, 5, 0, 0.5, 2, 1);

  private static INDArray random(int seed, long... shape) {
    double[] numbers =
        new SplittableRandom(seed)
            .doubles(Arrays.stream(shape).reduce(1, (a, b) -> a * b), -2, 2)
            .toArray();
    return Nd4j.createFromArray(numbers).reshape(shape);
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void gradientsAreThoseOfTheOperator(Reduction reduction) {
    CrossEntropyOptions options = OPTIONS.withReduction(reduction);
    LinearCrossEntropyGradients<INDArray> expected =
        LinearCrossEntropy.valueAndGradients(hidden, weight, bias, labels, weights, options);
    SameDiff graph = SameDiff.create();
    SDVariable loss = loss(graph, options);
    loss.markAsLoss();
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "h", "w", "b");
    assertEquals(expected.loss(), loss.eval());
    assertEquals(expected.hidden(), gradients.get("h"));
    assertEquals(expected.weight(), gradients.get("w"));
    assertEquals(expected.bias(), gradients.get("b"));
  }

  private SDVariable loss(SameDiff graph, CrossEntropyOptions options) {
    return LinearCrossEntropy.value(
        graph.var("h", hidden),
        graph.var("w", weight),
        graph.var("b", bias),
        graph.constant("y", labels),
        graph.constant("a", weights),
        options);
  }

  /** Each token's loss has an upstream gradient of its own: a weight of its own, squared here. */
  @Test
  void everyTokenHasAnUpstreamOfItsOwn() {
    CrossEntropyOptions none = OPTIONS.withReduction(Reduction.NONE);
    SameDiff graph = SameDiff.create();
    SDVariable losses = loss(graph, none);
    losses.mul(losses).sum().markAsLoss();
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "h", "w", "b");
    INDArray upstream =
        LinearCrossEntropy.value(hidden, weight, bias, labels, weights, none).mul(2);
    LinearCrossEntropyGradients<INDArray> expected =
        LinearCrossEntropy.valueAndGradients(
            hidden,
            weight,
            bias,
            labels,
            weights.mul(upstream),
            OPTIONS.withReduction(Reduction.SUM));
    assertArrayEquals(doubles(expected.hidden()), doubles(gradients.get("h")), 1e-14);
    assertArrayEquals(doubles(expected.weight()), doubles(gradients.get("w")), 1e-14);
    assertArrayEquals(doubles(expected.bias()), doubles(gradients.get("b")), 1e-14);
  }

  private static double[] doubles(INDArray array) {
    return array.dup('c').data().asDouble();
  }

  /** A diverged upstream is seen in the gradients. */
  @Test
  void anInfiniteUpstreamGivesNan() {
    SameDiff graph = SameDiff.create();
    SDVariable loss =
        LinearCrossEntropy.value(
            graph.var("h", hidden), graph.var("w", weight), graph.constant("y", labels));
    loss.mul(Double.POSITIVE_INFINITY).markAsLoss();
    INDArray gradient = graph.calculateGradients(Map.of(), "w").get("w");
    assertTrue(Double.isNaN(gradient.getDouble(0)), gradient::toString);
  }

  @Test
  void whatIsConstantHasNoGradient() {
    SameDiff graph = SameDiff.create();
    SDVariable loss =
        LinearCrossEntropy.value(
            graph.constant("h", hidden), graph.var("w", weight), graph.constant("y", labels));
    loss.markAsLoss();
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "w");
    assertEquals(
        LinearCrossEntropy.valueAndGradients(hidden, weight, labels).weight(), gradients.get("w"));
    assertFalse(gradients.containsKey("h"));
  }

  @Test
  void aGraphIsWhatItWasAfterAFile(@TempDir Path directory) {
    SameDiff graph = SameDiff.create();
    loss(graph, OPTIONS.withClassWeights(1, 2, 1, 1, 0.5)).rename("loss").markAsLoss();
    Map<String, INDArray> before = graph.calculateGradients(Map.of(), "h", "w", "b");
    INDArray value = graph.getVariable("loss").eval();
    File file = directory.resolve("graph.fb").toFile();
    graph.save(file, true);
    SameDiff loaded = SameDiff.load(file, true);
    assertEquals(value, loaded.getVariable("loss").eval());
    assertEquals(before, loaded.calculateGradients(Map.of(), "h", "w", "b"));
  }

  @Test
  void halfTypesAreAddedUpInFloat() {
    for (DataType type : new DataType[] {DataType.FLOAT16, DataType.BFLOAT16}) {
      INDArray h = hidden.castTo(type);
      INDArray w = weight.castTo(type);
      SameDiff graph = SameDiff.create();
      LinearCrossEntropy.value(graph.var("h", h), graph.var("w", w), graph.constant("y", labels))
          .markAsLoss();
      INDArray ofWeight = graph.calculateGradients(Map.of(), "w").get("w");
      LinearCrossEntropyGradients<INDArray> wide =
          LinearCrossEntropy.valueAndGradients(
              h.castTo(DataType.FLOAT), w.castTo(DataType.FLOAT), labels);
      assertEquals(wide.weight().castTo(type), ofWeight);
    }
  }

  // ---- DL4J

  private static MultiLayerNetwork network(Layer last) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Adam(0.01))
                .l2(1e-3)
                .list()
                .layer(
                    new DenseLayer.Builder().nIn(64).nOut(16).activation(Activation.TANH).build())
                .layer(last)
                .build());
    network.init();
    return network;
  }

  private static Layer byPieces() {
    return new LinearCrossEntropyOutputLayer.Builder(OPTIONS).nIn(16).nOut(10).build();
  }

  private static Layer whole() {
    return new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy(OPTIONS))
        .nIn(16)
        .nOut(10)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static DataSet digits() {
    Digits digits = Digits.few(DataType.DOUBLE, ROWS);
    return new DataSet(digits.pixels(), digits.labels().reshape(ROWS, 1));
  }

  @Test
  void anOutputLayerTrainsAsTheStockOneDoes() {
    DataSet digits = digits();
    INDArray mask = Nd4j.ones(DataType.DOUBLE, ROWS, 1);
    mask.putScalar(5, 0);
    digits.setLabelsMaskArray(mask);
    MultiLayerNetwork pieces = network(byPieces());
    MultiLayerNetwork whole = network(whole());
    double first = pieces.score(digits);
    for (int step = 0; step < 60; step++) {
      pieces.fit(digits);
      whole.fit(digits);
      assertEquals(whole.score(), pieces.score(), 1e-10 * whole.score());
    }
    assertTrue(pieces.score(digits) < first / 2, () -> "from " + first + " to " + pieces.score());
    assertEquals(whole.score(digits), pieces.score(digits), 1e-10);
    assertArrayEquals(doubles(whole.params()), doubles(pieces.params()), 1e-9);
    assertArrayEquals(
        doubles(whole.scoreExamples(digits, true)),
        doubles(pieces.scoreExamples(digits, true)),
        1e-10);
    assertEquals(
        doubles(whole.output(digits.getFeatures()))[7],
        doubles(pieces.output(digits.getFeatures()))[7],
        1e-9);
  }

  @Test
  void aMaskIsOfZerosAndOnes() {
    MultiLayerNetwork network = network(byPieces());
    DataSet digits = digits();
    digits.setLabelsMaskArray(Nd4j.valueArrayOf(new long[] {ROWS, 1}, 0.5));
    assertRefused(
        "mask must be 0 or 1, for DL4J multiplies the outputs by it, got 0.5 at row 0",
        () -> network.fit(digits));
  }

  @Test
  void aNetworkIsWhatItWasAfterAFile(@TempDir Path directory) throws Exception {
    MultiLayerNetwork network = network(byPieces());
    DataSet digits = digits();
    network.fit(digits);
    File file = directory.resolve("network.zip").toFile();
    ModelSerializer.writeModel(network, file, true);
    MultiLayerNetwork restored = ModelSerializer.restoreMultiLayerNetwork(file);
    assertEquals(network.getLayerWiseConfigurations(), restored.getLayerWiseConfigurations());
    network.fit(digits);
    restored.fit(digits);
    assertEquals(network.score(), restored.score());
    assertEquals(network.params(), restored.params());
  }

  /** DL4J makes one row of each time step: labels are [N·T, 1]. */
  @Test
  void behindARecurrentLayer() {
    MultiLayerNetwork pieces = recurrent(byPieces());
    MultiLayerNetwork whole = recurrent(whole());
    INDArray series = random(5, 4, 6, 3);
    INDArray next = Nd4j.createFromArray(0, 1, 2, 4, 5, 6, 7, 8, 9, 0, 1, 2).reshape(12, 1);
    for (int step = 0; step < 10; step++) {
      pieces.fit(series, next);
      whole.fit(series, next);
      assertEquals(whole.score(), pieces.score(), 1e-10);
    }
  }

  private static MultiLayerNetwork recurrent(Layer last) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Adam(0.01))
                .list()
                .layer(new LSTM.Builder().nOut(16).activation(Activation.TANH).build())
                .layer(last)
                .setInputType(InputType.recurrent(6))
                .build());
    network.init();
    return network;
  }

  @Test
  void saysWhatIsWrong() {
    assertRefused(
        "activation must be softmax or identity, got tanh",
        () ->
            new LinearCrossEntropyOutputLayer.Builder()
                .nIn(2)
                .nOut(3)
                .activation(Activation.TANH)
                .build());
    MultiLayerNetwork network = network(byPieces());
    DataSet digits = digits();
    digits.setLabels(Nd4j.zeros(ROWS, 10));
    assertRefused(
        "labels must be integers of shape (200, 1), got shape (200, 10) (layer name: layer1,"
            + " layer index: 1, layer type: Computation)",
        () -> network.fit(digits));
  }
}

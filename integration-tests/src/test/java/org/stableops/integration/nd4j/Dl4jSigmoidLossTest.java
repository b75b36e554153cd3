package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.nd4j.serde.json.JsonMappers;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.nd4j.SigmoidCrossEntropy;
import org.stableops.nd4j.lossfunctions.LossFusedSigmoidCrossEntropy;

/** The cross-entropy of yes or no in DL4J and SameDiff: is the digit even, ink in a corner? */
class Dl4jSigmoidLossTest {
  private static final int ROWS = 600;
  private static final int STEPS = 150;
  private static final int[] CORNER = {6, 7, 14, 15};
  private static final IActivation IDENTITY = new ActivationIdentity();

  private static INDArray answers(Digits digits) {
    float[][] answers = new float[ROWS][2];
    for (int row = 0; row < ROWS; row++) {
      answers[row][0] = digits.labels().getLong(row) % 2 == 0 ? 1 : 0;
      for (int pixel : CORNER) {
        answers[row][1] = digits.pixels().getDouble(row, pixel) > 0 ? 1 : answers[row][1];
      }
    }
    return Nd4j.createFromArray(answers);
  }

  private static MultiLayerNetwork network(ILossFunction loss, Activation activation) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Adam(0.01))
                .list()
                .layer(
                    new DenseLayer.Builder().nIn(64).nOut(24).activation(Activation.TANH).build())
                .layer(new OutputLayer.Builder(loss).nIn(24).nOut(2).activation(activation).build())
                .build());
    network.init();
    return network;
  }

  private static MultiLayerNetwork trained(ILossFunction loss, Activation activation) {
    Digits digits = Digits.few(DataType.FLOAT, ROWS);
    INDArray answers = answers(digits);
    MultiLayerNetwork network = network(loss, activation);
    for (int step = 0; step < STEPS; step++) {
      network.fit(digits.pixels(), answers);
    }
    return network;
  }

  @Test
  void twoQuestionsAreLearntAsByTheStockLoss() {
    Digits digits = Digits.few(DataType.FLOAT, ROWS);
    INDArray answers = answers(digits);
    MultiLayerNetwork ours = trained(new LossFusedSigmoidCrossEntropy(), Activation.SIGMOID);
    MultiLayerNetwork logits = trained(new LossFusedSigmoidCrossEntropy(), Activation.IDENTITY);
    MultiLayerNetwork stock = trained(new LossBinaryXENT(), Activation.SIGMOID);
    EvaluationBinary evaluation = new EvaluationBinary();
    evaluation.eval(answers, ours.output(digits.pixels()));
    assertTrue(evaluation.accuracy(0) > 0.95, evaluation.stats());
    assertTrue(evaluation.accuracy(1) > 0.95, evaluation.stats());
    assertEquals(ours.score(), logits.score(), 1e-6);
    EvaluationBinary ofLogits = new EvaluationBinary(Nd4j.zeros(1, 2));
    ofLogits.eval(answers, logits.output(digits.pixels()));
    for (int output = 0; output < 2; output++) {
      assertEquals(evaluation.accuracy(output), ofLogits.accuracy(output));
      assertEquals(evaluation.f1(output), ofLogits.f1(output));
    }
    assertEquals(stock.score(), ours.score(), 1e-4);
  }

  @Test
  void aNetworkIsWhatItWasAfterAFile(@TempDir Path directory) throws IOException {
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT
            .withFocalGamma(2)
            .withFocalAlpha(0.25)
            .withLabelSmoothing(0.1)
            .withPositiveWeights(1, 3);
    MultiLayerNetwork network =
        trained(new LossFusedSigmoidCrossEntropy(options), Activation.SIGMOID);
    File file = directory.resolve("network.zip").toFile();
    ModelSerializer.writeModel(network, file, true);
    MultiLayerNetwork restored = ModelSerializer.restoreMultiLayerNetwork(file);
    assertEquals(network.getLayerWiseConfigurations(), restored.getLayerWiseConfigurations());
    Digits digits = Digits.few(DataType.FLOAT, ROWS);
    INDArray answers = answers(digits);
    network.fit(digits.pixels(), answers);
    restored.fit(digits.pixels(), answers);
    assertEquals(network.score(), restored.score());
    assertEquals(network.params(), restored.params());
  }

  @Test
  void inJsonWhatIsMissingHasItsDefault() throws IOException {
    String json = "{\"@class\":\"" + LossFusedSigmoidCrossEntropy.class.getName() + "\"}";
    ILossFunction loss = JsonMappers.getMapper().readValue(json, ILossFunction.class);
    assertEquals(new LossFusedSigmoidCrossEntropy(), loss);
  }

  @Test
  void aConfidentlyWrongOutputHasTheGradientOne() {
    INDArray logits = Nd4j.createFromArray(new float[][] {{40, -40}});
    INDArray labels = Nd4j.createFromArray(new float[][] {{0, 1}});
    INDArray ours =
        new LossFusedSigmoidCrossEntropy()
            .computeGradient(labels, logits, new ActivationSigmoid(), null);
    assertArrayEquals(new double[] {1, -1}, Nd4jHost.doubles(ours));
    INDArray stock =
        new LossBinaryXENT().computeGradient(labels, logits.dup(), new ActivationSigmoid(), null);
    assertTrue(Math.abs(stock.getDouble(0)) < 1e-3, "LossBinaryXENT is right now: " + stock);
  }

  @Test
  void masksOfRowsAndOfElements() {
    INDArray logits = Nd4j.createFromArray(new double[][] {{1, Double.NaN}, {2, -1}, {0, 3}});
    INDArray labels = Nd4j.createFromArray(new double[][] {{1, 5}, {0, 1}, {1, 1}});
    INDArray ofRows = Nd4j.createFromArray(new double[] {0, 1, 1}).reshape(3, 1);
    INDArray ofElements = Nd4j.createFromArray(new double[][] {{1, 0}, {1, 1}, {0, 1}});
    LossFusedSigmoidCrossEntropy loss = new LossFusedSigmoidCrossEntropy();
    double l2 = Math.log1p(Math.exp(2)) + Math.log1p(Math.exp(1));
    double l3 = Math.log(2) + Math.log1p(Math.exp(-3));
    assertEquals(l2 + l3, loss.computeScore(labels, logits, IDENTITY, ofRows, false), 1e-12);
    assertEquals((l2 + l3) / 3, loss.computeScore(labels, logits, IDENTITY, ofRows, true), 1e-12);
    double elements = Math.log1p(Math.exp(-1)) + l2 + Math.log1p(Math.exp(-3));
    assertEquals(elements, loss.computeScore(labels, logits, IDENTITY, ofElements, false), 1e-12);
    assertArrayEquals(
        new double[] {0, l2, l3},
        Nd4jHost.doubles(loss.computeScoreArray(labels, logits, IDENTITY, ofRows)),
        1e-12);
    INDArray gradient = loss.computeGradient(labels, logits, IDENTITY, ofRows);
    assertEquals(0, gradient.getDouble(0, 1));
    INDArray half = ofRows.mul(0.5);
    assertThrows(
        IllegalArgumentException.class,
        () -> loss.computeScore(labels, logits, IDENTITY, half, false));
  }

  @Test
  void whatIsWrongIsRefused() {
    INDArray logits = Nd4j.createFromArray(new double[][] {{1, 2}});
    LossFusedSigmoidCrossEntropy loss = new LossFusedSigmoidCrossEntropy();
    assertThrows(
        IllegalArgumentException.class,
        () -> loss.computeScore(logits, logits, new ActivationTanH(), null, true));
    assertThrows(
        IllegalArgumentException.class,
        () -> loss.computeScore(logits, logits, IDENTITY, null, true));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new LossFusedSigmoidCrossEntropy(
                BinaryCrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM)));
  }

  @Test
  void aGraphLearnsIsSavedAndLearnsOn(@TempDir Path directory) {
    Digits digits = Digits.few(DataType.FLOAT, ROWS);
    DataSet data = new DataSet(digits.pixels(), answers(digits));
    SameDiff graph = graph();
    SingletonDataSetIterator batches = new SingletonDataSetIterator(data);
    graph.fit(batches, STEPS);
    File file = directory.resolve("graph.fb").toFile();
    graph.save(file, true);
    SameDiff loaded = SameDiff.load(file, true);
    double here = graph.fit(batches, 1).lossCurve().lastMeanLoss("loss");
    double there = loaded.fit(batches, 1).lossCurve().lastMeanLoss("loss");
    assertEquals(here, there);
    INDArray logits =
        graph.output(Map.of("x", digits.pixels(), "y", answers(digits)), "logits").get("logits");
    EvaluationBinary evaluation = new EvaluationBinary();
    evaluation.eval(answers(digits), Transforms.sigmoid(logits));
    assertTrue(evaluation.accuracy(0) > 0.9, evaluation.stats());
    assertTrue(evaluation.accuracy(1) > 0.9, evaluation.stats());
  }

  private static SameDiff graph() {
    Nd4j.getRandom().setSeed(3);
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 64);
    SDVariable y = graph.placeHolder("y", DataType.FLOAT, -1, 2);
    SDVariable w1 = graph.var("w1", Nd4j.randn(DataType.FLOAT, 64, 24).muli(0.2));
    SDVariable w2 = graph.var("w2", Nd4j.randn(DataType.FLOAT, 24, 2).muli(0.2));
    SDVariable b = graph.var("b", Nd4j.zeros(DataType.FLOAT, 1, 2));
    SDVariable logits = graph.math.tanh(x.mmul(w1)).mmul(w2).add("logits", b);
    SigmoidCrossEntropy.value(
            logits,
            y,
            BinaryCrossEntropyOptions.DEFAULT.withFocalGamma(0.5).withPositiveWeights(1, 2))
        .rename("loss");
    graph.setLossVariables("loss");
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Adam(0.02))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("y")
            .build());
    return graph;
  }
}

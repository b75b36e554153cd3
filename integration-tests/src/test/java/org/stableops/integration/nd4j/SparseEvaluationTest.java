package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.CrossEntropyOptions;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.evaluation.SparseEvaluation;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/** Integer labels evaluated as DL4J evaluates one-hot ones. */
class SparseEvaluationTest {
  private static final long CLASSES = 4;

  private static INDArray oneHot(long... labels) {
    INDArray oneHot = Nd4j.zeros(DataType.FLOAT, labels.length, CLASSES);
    for (int row = 0; row < labels.length; row++) {
      oneHot.putScalar(row, labels[row], 1);
    }
    return oneHot;
  }

  private static INDArray predictions(long rows) {
    Nd4j.getRandom().setSeed(7);
    return Nd4j.rand(DataType.FLOAT, rows, CLASSES);
  }

  private static void assertSame(Evaluation expected, Evaluation actual) {
    assertEquals(expected.accuracy(), actual.accuracy());
    assertEquals(expected.f1(), actual.f1());
    assertEquals(expected.getConfusionMatrix(), actual.getConfusionMatrix());
    assertEquals(expected.getNumRowCounter(), actual.getNumRowCounter());
    assertEquals(expected.stats(), actual.stats());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE", "INT", "LONG", "BYTE", "UBYTE"})
  void integersAreEvaluatedAsOneHotLabels(DataType type) {
    long[] labels = {0, 1, 2, 3, 3, 2, 1, 0, 1, 1};
    INDArray predictions = predictions(labels.length);
    Evaluation expected = new Evaluation();
    expected.eval(oneHot(labels), predictions);
    INDArray integers = Nd4j.createFromArray(labels).castTo(type);
    for (INDArray shaped : List.of(integers, integers.reshape(labels.length, 1))) {
      SparseEvaluation actual = new SparseEvaluation();
      actual.eval(shaped, predictions);
      assertSame(expected, actual);
      // As DL4J does, batch by batch and merged.
      SparseEvaluation merged = new SparseEvaluation();
      merged.merge(actual);
      assertSame(expected, merged);
    }
    SparseEvaluation ofOneHot = new SparseEvaluation();
    ofOneHot.eval(oneHot(labels), predictions);
    assertSame(expected, ofOneHot);
  }

  @Test
  void ignoredAndMaskedRowsAreLeftOut() {
    INDArray predictions = predictions(6);
    Evaluation expected = new Evaluation();
    expected.eval(
        oneHot(1, 3, 0),
        Nd4j.vstack(predictions.getRow(0), predictions.getRow(3), predictions.getRow(5)));
    SparseEvaluation actual =
        new SparseEvaluation(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-100)).newInstance();
    INDArray labels = Nd4j.createFromArray(1, -100, 77, 3, -100, 0).reshape(6, 1);
    actual.eval(labels, predictions, Nd4j.createFromArray(1f, 1, 0, 1, 1, 1).reshape(6, 1));
    assertSame(expected, actual);
    // A batch without a row that counts adds nothing.
    actual.eval(Nd4j.createFromArray(-100, -100), predictions(2));
    assertSame(expected, actual);
  }

  @Test
  void timeSeriesAndImagesHaveTheirClassesAtAxisOne() {
    INDArray series = Nd4j.rand(DataType.FLOAT, 2, CLASSES, 3);
    INDArray labels = Nd4j.createFromArray(0, 1, 2, 3, 1, 0).reshape(2, 3);
    INDArray mask = Nd4j.createFromArray(1f, 1, 0, 1, 1, 1).reshape(2, 3);
    INDArray hot = Nd4j.zeros(DataType.FLOAT, 2, CLASSES, 3);
    for (int n = 0; n < 2; n++) {
      for (int t = 0; t < 3; t++) {
        hot.putScalar(new int[] {n, labels.getInt(n, t), t}, 1);
      }
    }
    Evaluation expected = new Evaluation();
    expected.eval(hot, series, mask);
    for (INDArray shaped : List.of(labels, labels.reshape(2, 1, 3))) {
      SparseEvaluation actual = new SparseEvaluation();
      actual.eval(shaped, series, mask);
      assertSame(expected, actual);
    }
  }

  @Test
  void aBadLabelIsNamed() {
    SparseEvaluation evaluation = new SparseEvaluation();
    assertEquals(
        "labels must be in [0, 4), got 4 at row 1",
        assertThrows(
                IllegalArgumentException.class,
                () -> evaluation.eval(Nd4j.createFromArray(0, 4), predictions(2)))
            .getMessage());
    assertEquals(
        "labels must be integers, got 0.5 at row 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> evaluation.eval(Nd4j.createFromArray(0.5, 1), predictions(2)))
            .getMessage());
  }

  @Test
  void aNetworkIsEvaluatedByIt() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.05))
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(16).activation(Activation.TANH).build())
                .layer(
                    new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                        .nIn(16)
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    INDArray features = Nd4j.rand(DataType.FLOAT, 60, 4);
    INDArray labels = features.argMax(1).castTo(DataType.INT32).reshape(60, 1);
    DataSet data = new DataSet(features, labels);
    for (int step = 0; step < 200; step++) {
      network.fit(data);
    }
    ListDataSetIterator<DataSet> batches = new ListDataSetIterator<>(List.of(data), 16);
    SparseEvaluation evaluation = network.doEvaluation(batches, new SparseEvaluation())[0];
    Evaluation expected = new Evaluation();
    long[] classes = Arrays.stream(labels.toIntVector()).asLongStream().toArray();
    expected.eval(oneHot(classes), network.output(features));
    assertSame(expected, evaluation);
  }

  @Test
  void aGraphIsEvaluatedByIt() {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, CLASSES);
    SDVariable y = graph.placeHolder("y", DataType.FLOAT, -1, 1);
    SDVariable logits = x.mul("logits", graph.var("w", Nd4j.scalar(2f)));
    SparseSoftmaxCrossEntropy.value(logits, y).rename("loss").markAsLoss();
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Adam(0.1))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("y")
            .build());
    INDArray features = predictions(12);
    INDArray labels = features.argMax(1).castTo(DataType.FLOAT).reshape(12, 1);
    labels.putScalar(0, 0, (labels.getInt(0, 0) + 1) % CLASSES);
    ListDataSetIterator<DataSet> data =
        new ListDataSetIterator<>(List.of(new DataSet(features, labels)), 5);
    graph.fit(data, 1); // FLOAT labels, as data sets deliver them
    SparseEvaluation evaluation = new SparseEvaluation();
    graph.evaluate(data, "logits", evaluation);
    assertEquals(11.0 / 12, evaluation.accuracy(), 1e-12);
    assertEquals(12, graph.output(Map.of("x", features), "logits").get("logits").size(0));
  }
}

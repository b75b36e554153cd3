package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.stableops.CrossEntropyOptions;
import org.stableops.integration.Effort;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/**
 * An LSTM reads the handwritten digits row by row, eight steps of eight pixels, and names the digit
 * at every step. The first steps, at which nobody could know, are masked; some images break off.
 */
@Tag("thorough")
final class Dl4jRecurrentTest {
  private static final int SIDE = 8;
  private static final int CLASSES = 10;
  private static final int BATCH = 64;

  /** Steps of the training; 40 of them halve the score. */
  private static final int STEPS = Effort.of(20, 50);

  /** Steps at which nothing is asked. */
  private static final int SILENT = 3;

  @Test
  void anLstmLearnsTheDigitsWithMasksAndClassWeights() {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT
            .withClassWeights(1, 2, 1, 0.5, 1, 1, 1, 1.5, 2, 1)
            .withLabelSmoothing(0.05)
            .withZLoss(1e-4)
            .withIgnoreIndex(-1);
    MultiLayerNetwork net =
        network(DataType.FLOAT, new LossFusedSoftmaxCrossEntropy(options), Activation.SOFTMAX);
    Digits train = Digits.train(DataType.FLOAT);
    for (int step = 0; step < Effort.of(4, 15) * 22; step++) {
      net.fit(series(train.batch(step, BATCH), true));
    }
    DataSet heldOut = series(Digits.heldOut(DataType.FLOAT), false);
    double atTheEnd = accuracyAtTheEnd(net, heldOut);
    Evaluation evaluation = net.evaluate(new SingletonDataSetIterator(heldOut));
    System.out.printf(
        "DL4J LSTM: held-out accuracy %.4f at the last step, %.4f at all steps asked%n",
        atTheEnd, evaluation.accuracy());
    // Chance is 0.1; LossMCXENT without weights reaches 0.87 in 15 epochs.
    assertTrue(atTheEnd >= Effort.of(35, 75) / 100.0, "reaches " + atTheEnd);
    assertEquals(
        heldOut.getLabelsMaskArray().sumNumber().intValue(), evaluation.getNumRowCounter());
  }

  @Test
  void withoutOptionsItIsTheStockLossStepByStep() {
    MultiLayerNetwork ours =
        network(DataType.DOUBLE, new LossFusedSoftmaxCrossEntropy(), Activation.SOFTMAX);
    MultiLayerNetwork stock = network(DataType.DOUBLE, new LossMCXENT(), Activation.SOFTMAX);
    Elements.assertSame(stock.params(), ours.params(), "the same seed");
    Digits train = Digits.train(DataType.DOUBLE);
    double first = 0;
    double apart = 0;
    for (int step = 0; step < STEPS; step++) {
      DataSet data = series(train.batch(step, BATCH), false);
      ours.fit(data);
      stock.fit(data);
      double score = stock.score();
      first = step == 0 ? score : first;
      apart = Math.max(apart, Math.abs(ours.score() - score) / score);
    }
    System.out.printf(
        "DL4J LSTM: score %.4f -> %.4f, %.1e apart from LossMCXENT in %d steps%n",
        first, ours.score(), apart, STEPS);
    assertTrue(apart < 1e-12, apart + " apart");
    double share = Effort.of(80, 50) / 100.0;
    assertTrue(ours.score() < share * first, "it has learned: " + first + " -> " + ours.score());
  }

  private static MultiLayerNetwork network(
      DataType type, ILossFunction loss, Activation activation) {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(type)
                .updater(new Adam(1e-2))
                .weightInit(WeightInit.XAVIER)
                .list()
                .layer(new LSTM.Builder().nIn(SIDE).nOut(32).activation(Activation.TANH).build())
                .layer(
                    new RnnOutputLayer.Builder(loss)
                        .nIn(32)
                        .nOut(CLASSES)
                        .activation(activation)
                        .build())
                .build());
    net.init();
    return net;
  }

  /** Series [images, pixels, steps], labels [images, 10 or 1, steps], masks [images, steps]. */
  private static DataSet series(Digits digits, boolean integers) {
    int images = (int) digits.pixels().size(0);
    DataType type = digits.pixels().dataType();
    INDArray pixels = digits.pixels().dup().reshape(images, SIDE, SIDE).permute(0, 2, 1);
    INDArray ofImages = integers ? digits.labels() : digits.oneHot();
    INDArray labels =
        ofImages
            .dup()
            .reshape(images, ofImages.size(1), 1)
            .broadcast(images, ofImages.size(1), SIDE)
            .dup();
    INDArray given = Nd4j.ones(type, images, SIDE);
    INDArray asked = Nd4j.ones(type, images, SIDE);
    for (int image = 0; image < images; image++) {
      for (int step = 0; step < SIDE; step++) {
        if (step >= length(image)) {
          given.putScalar(image, step, 0);
        }
        if (step < SILENT || step >= length(image)) {
          asked.putScalar(image, step, 0);
          if (integers) {
            // Ignored where it is not masked anyway.
            labels.putScalar(new int[] {image, 0, step}, step == 0 ? -1 : 99);
          }
        }
      }
    }
    if (integers) {
      // The first step is left to ignoreIndex.
      asked.getColumn(0).assign(1);
    }
    return new DataSet(pixels, labels, given, asked);
  }

  /** Every fourth image lacks its last row. */
  private static int length(int image) {
    return image % 4 == 3 ? SIDE - 1 : SIDE;
  }

  private static double accuracyAtTheEnd(MultiLayerNetwork net, DataSet data) {
    INDArray output = net.output(data.getFeatures(), false, data.getFeaturesMaskArray(), null);
    int images = (int) output.size(0);
    int right = 0;
    for (int image = 0; image < images; image++) {
      int best = 0;
      int label = 0;
      for (int c = 1; c < CLASSES; c++) {
        int end = length(image) - 1;
        best = output.getDouble(image, c, end) > output.getDouble(image, best, end) ? c : best;
        label = data.getLabels().getDouble(image, c, end) == 1 ? c : label;
      }
      right += best == label ? 1 : 0;
    }
    return (double) right / images;
  }
}

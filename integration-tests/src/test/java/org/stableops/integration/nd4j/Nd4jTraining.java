package org.stableops.integration.nd4j;

import java.util.function.IntToDoubleFunction;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.layers.LearnableSquareplusLayer;
import org.stableops.nd4j.layers.PositiveScaleLayer;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.nd4j.weights.PositiveWeights;

/** Networks of ours that learn the digits, always from the same weights. */
public final class Nd4jTraining {
  private static final int ROWS = 512;
  private static final int BATCH = 64;

  private Nd4jTraining() {}

  /**
   * Trains by DL4J.
   *
   * @return from the number of a step, which is taken, to the loss of its batch
   */
  public static IntToDoubleFunction dl4j() {
    MultiLayerNetwork network = network(WorkspaceMode.ENABLED, CacheMode.NONE);
    Digits digits = Digits.few(DataType.FLOAT, ROWS);
    return step -> {
      Digits batch = digits.batch(step, BATCH);
      network.fit(batch.pixels(), batch.labels());
      return network.score();
    };
  }

  /**
   * Makes a network with everything of ours in it.
   *
   * @param mode of its workspaces
   * @param cache what they keep
   * @return from 64 pixels to 10 probabilities
   */
  public static MultiLayerNetwork network(WorkspaceMode mode, CacheMode cache) {
    PositiveWeights positive = PositiveWeights.by(PositiveTransform.softplus());
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .trainingWorkspaceMode(mode)
                .inferenceWorkspaceMode(mode)
                .cacheMode(cache)
                .updater(new Adam(0.005))
                .list()
                .layer(
                    new DenseLayer.Builder()
                        .nIn(64)
                        .nOut(32)
                        .activation(new ActivationSquareplus())
                        .build())
                .layer(positive.on(new DenseLayer.Builder().nIn(32).nOut(16).build()))
                .layer(new LearnableSquareplusLayer.Builder().nIn(16).build())
                .layer(new PositiveScaleLayer.Builder().nIn(16).build())
                .layer(
                    new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                        .nIn(16)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  /**
   * Trains by SameDiff.
   *
   * @return from the number of a step, which is taken, to the loss of its batch
   */
  public static IntToDoubleFunction sameDiff() {
    SameDiff graph = SameDiffTest.digitsGraph();
    Digits digits = Digits.few(DataType.FLOAT, ROWS);
    return step -> {
      Digits batch = digits.batch(step, BATCH);
      INDArray labels = batch.labels().castTo(DataType.INT32);
      DataSet data = new DataSet(batch.pixels(), labels);
      return graph.fit(new SingletonDataSetIterator(data), 1).lossCurve().lastMeanLoss("loss");
    };
  }

  /**
   * Makes a graph that maps pixels, "x", to "logits".
   *
   * @return the graph, not trained
   */
  public static SameDiff graph() {
    return SameDiffTest.digitsGraph();
  }

  /**
   * Returns rows of pixels.
   *
   * @param index of the batch
   * @return 64 rows
   */
  public static INDArray pixels(int index) {
    return Digits.few(DataType.FLOAT, ROWS).batch(index, BATCH).pixels().dup();
  }
}

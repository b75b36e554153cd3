package org.stableops.integration.examples;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

final class Dl4jExample {
  private Dl4jExample() {}

  public static void main(String[] args) {
    // README: DL4J
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.02))
                .activation(new ActivationSquareplus())
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(16).build())
                .layer(
                    new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                        .nIn(16)
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();

    INDArray features = Nd4j.rand(DataType.FLOAT, 100, 4);
    INDArray labels = features.argMax(1).castTo(DataType.INT32).reshape(100, 1); // or one-hot
    for (int step = 0; step < 300; step++) {
      network.fit(features, labels);
    }
    System.out.println(network.score(new DataSet(features, labels)));
    // end
  }
}

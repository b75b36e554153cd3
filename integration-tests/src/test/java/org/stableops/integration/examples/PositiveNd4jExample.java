package org.stableops.integration.examples;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.samediff.PositiveVariable;
import org.stableops.nd4j.weights.PositiveWeights;

final class PositiveNd4jExample {
  private PositiveNd4jExample() {}

  static INDArray weights() {
    // README: positive parameters in DL4J
    PositiveWeights positive = PositiveWeights.by(PositiveTransform.softplus());
    MultiLayerNetwork increasing =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .updater(new Adam(0.01))
                .activation(new ActivationSquareplus())
                .list()
                .layer(positive.on(new DenseLayer.Builder().nIn(3).nOut(16).build()))
                .layer(
                    positive.on(
                        new OutputLayer.Builder(new LossMSE())
                            .nIn(16)
                            .nOut(1)
                            .activation(Activation.IDENTITY)
                            .build()))
                .build());
    increasing.init();
    INDArray weights = PositiveWeights.get(increasing.getLayer(0), "W"); // all above 0
    // end
    return weights;
  }

  static INDArray deviation(SameDiff graph) {
    // README: positive variables in SameDiff
    PositiveVariable deviation =
        PositiveVariable.create(graph, "deviation", PositiveTransform.exp(), 0.5);
    SDVariable sigma = deviation.value(); // positive, for the rest of the graph
    // end
    return sigma.eval();
  }
}

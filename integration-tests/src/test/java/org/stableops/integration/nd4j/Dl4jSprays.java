package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.stableops.integration.data.Sprays;

/**
 * Insects by spray, and networks of one layer that learn from them.
 *
 * @param oneHot the spray of each plot
 * @param counts of the insects of each plot, a column
 * @param means of each spray
 */
record Dl4jSprays(INDArray oneHot, INDArray counts, double[] means) {
  static Dl4jSprays read() {
    Sprays insects = Sprays.read();
    return new Dl4jSprays(
        Nd4j.createFromArray(insects.oneHot()),
        Nd4j.createFromArray(insects.counts()).reshape(insects.counts().length, 1),
        insects.means());
  }

  /** A network of one layer, with a weight for each input and output, and no bias. */
  static MultiLayerNetwork network(
      ILossFunction loss, IActivation activation, int inputs, int outputs) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Adam(0.2))
                .list()
                .layer(
                    new OutputLayer.Builder(loss)
                        .nIn(inputs)
                        .nOut(outputs)
                        .hasBias(false)
                        .activation(activation)
                        .build())
                .build());
    network.init();
    return network;
  }

  /** A network that learns one mean for each spray. */
  static MultiLayerNetwork network(ILossFunction loss, IActivation activation) {
    return network(loss, activation, 6, 1);
  }

  void fit(MultiLayerNetwork network, int steps) {
    for (int step = 0; step < steps; step++) {
      network.fit(oneHot, counts);
    }
  }

  /** The network's output for each spray. */
  static INDArray ofEachSpray(MultiLayerNetwork network) {
    return network.output(Nd4j.eye(6).castTo(DataType.DOUBLE));
  }

  /** The loss of a network that has been saved and loaded. */
  static ILossFunction fromFile(MultiLayerNetwork network, Path directory) throws IOException {
    File file = directory.resolve("network.zip").toFile();
    ModelSerializer.writeModel(network, file, true);
    MultiLayerNetwork restored = ModelSerializer.restoreMultiLayerNetwork(file);
    assertEquals(network.getLayerWiseConfigurations(), restored.getLayerWiseConfigurations());
    return ((OutputLayer) restored.getLayer(0).conf().getLayer()).getLossFn();
  }
}

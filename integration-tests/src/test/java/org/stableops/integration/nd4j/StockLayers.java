package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Map;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * Networks as they were saved when positive weights were three hooks of DL4J's own layers: the same
 * JSON, but for the names of classes.
 */
final class StockLayers {
  private static final String OURS = "org.stableops.nd4j.weights.PositiveLayers$";

  static final Map<String, Class<? extends Layer>> NAMES =
      Map.of(
          "Dense", DenseLayer.class,
          "Output", OutputLayer.class,
          "RnnOutput", RnnOutputLayer.class,
          "Conv2D", ConvolutionLayer.class,
          "Deconv2D", Deconvolution2D.class,
          "Conv3D", Convolution3D.class,
          "Deconv3D", Deconvolution3D.class,
          "Rnn", SimpleRnn.class,
          "Lstm", LSTM.class);

  private StockLayers() {}

  static MultiLayerNetwork with(MultiLayerNetwork net) {
    MultiLayerNetwork old =
        new MultiLayerNetwork(
            MultiLayerConfiguration.fromJson(in(net.getLayerWiseConfigurations().toJson())));
    old.init(net.params(), true);
    return old;
  }

  static String in(String json) {
    String old = json;
    for (Map.Entry<String, Class<? extends Layer>> name : NAMES.entrySet()) {
      old = old.replace('"' + OURS + name.getKey() + '"', '"' + name.getValue().getName() + '"');
    }
    assertNotEquals(json, old);
    return old;
  }
}

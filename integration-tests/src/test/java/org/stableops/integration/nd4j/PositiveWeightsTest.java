package org.stableops.integration.nd4j;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.weights.PositiveWeights;

/** Positive weights of DL4J's own layers. */
final class PositiveWeightsTest {
  private static final PositiveTransform SOFTPLUS = PositiveTransform.softplus();
  private static final PositiveTransform BOUNDED =
      PositiveTransform.squareplus(0.7).withLowerBound(0.01);

  // ---- gradients

  static Stream<Arguments> layers() {
    InputType image = InputType.convolutional(4, 4, 2);
    InputType volume = InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 3, 3, 3, 2);
    InputType series = InputType.recurrent(2, 4);
    return Stream.of(
        Arguments.of(InputType.feedForward(3), new DenseLayer.Builder().nOut(4).build()),
        Arguments.of(
            InputType.feedForward(3), new DenseLayer.Builder().nOut(4).hasBias(false).build()),
        Arguments.of(image, new ConvolutionLayer.Builder(2, 2).nOut(3).build()),
        Arguments.of(image, new Deconvolution2D.Builder(2, 2).nOut(3).build()),
        Arguments.of(
            image, new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(2).nOut(4).build()),
        Arguments.of(
            image, new SeparableConvolution2D.Builder(2, 2).depthMultiplier(2).nOut(3).build()),
        Arguments.of(volume, new Convolution3D.Builder(2, 2, 2).nOut(2).build()),
        Arguments.of(volume, new Deconvolution3D.Builder().kernelSize(2, 2, 2).nOut(2).build()),
        Arguments.of(series, new SimpleRnn.Builder().nOut(3).build()),
        Arguments.of(series, new LSTM.Builder().nOut(3).build()));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layers")
  void stepsAreThoseOfFiniteDifferences(InputType type, BaseLayer layer) {
    for (PositiveTransform transform : List.of(SOFTPLUS, BOUNDED, PositiveTransform.exp())) {
      MultiLayerNetwork net = network(type, PositiveWeights.by(transform).on(layer));
      Dl4jSteps.assertRight(net, data(net, type));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layers")
  void stock(InputType type, BaseLayer layer) {
    for (int m = 1; m < 3; m++) {
      MultiLayerNetwork net = network(type, layer);
      INDArray before =
          net.getLayer(0).getParam("W") == null ? null : net.getLayer(0).getParam("W").dup();
      System.out.println("STOCK " + layer.getClass() + " " + net.getLayer(0).paramTable().keySet());
      Dl4jSteps.assertRight(net, data(net, type));
    }
  }

  // ---- networks

  private static MultiLayerNetwork network(InputType type, Layer layer) {
    boolean isSeries = type.getType() == InputType.Type.RNN;
    BaseLayer output =
        isSeries
            ? new RnnOutputLayer.Builder(new LossMSE()).nOut(2).activation(Activation.TANH).build()
            : new OutputLayer.Builder(new LossMSE()).nOut(2).activation(Activation.TANH).build();
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .activation(Activation.TANH)
                .updater(new Sgd(1))
                .list()
                .layer(layer)
                .layer(PositiveWeights.by(SOFTPLUS).on(output))
                .setInputType(type)
                .build());
    net.init();
    return net;
  }

  private static DataSet data(MultiLayerNetwork net, InputType type) {
    INDArray x = waves(shape(type));
    INDArray labels = waves(net.output(x).shape()).muli(0.5);
    return new DataSet(x, labels);
  }

  private static long[] shape(InputType type) {
    long[] shape = type.getShape(true).clone();
    shape[0] = 3;
    return shape;
  }

  private static INDArray waves(long... shape) {
    int length = 1;
    for (long size : shape) {
      length *= (int) size;
    }
    double[] numbers = new double[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = Math.sin(1 + 3 * i);
    }
    return Nd4j.createFromArray(numbers).reshape('c', shape);
  }
}

package org.stableops.integration.nd4j;

import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
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
import org.stableops.nd4j.layers.LearnableSquareplusLayer;
import org.stableops.nd4j.layers.PositiveScaleLayer;

/** The layers with positive parameters in DL4J's networks. */
final class PositiveLayersTest {
  private static final PositiveTransform BOUNDED =
      PositiveTransform.squareplus(0.7).withLowerBound(0.01);

  static Stream<Layer> layers() {
    return Stream.of(
        new PositiveScaleLayer.Builder().initial(0.7).build(),
        new PositiveScaleLayer.Builder().transform(BOUNDED).l2(0.3).build(),
        new LearnableSquareplusLayer.Builder().build(),
        new LearnableSquareplusLayer.Builder()
            .perChannel(true)
            .transform(PositiveTransform.exp())
            .initial(0.6)
            .build(),
        new LearnableSquareplusLayer.Builder().perChannel(true).transform(BOUNDED).l1(0.2).build());
  }

  private static Stream<InputType> inputs() {
    return Stream.of(
        InputType.feedForward(3), InputType.recurrent(2, 4), InputType.convolutional(3, 3, 2));
  }

  static Stream<Arguments> layersAndInputs() {
    return layers().flatMap(layer -> inputs().map(input -> Arguments.of(layer, input)));
  }

  // ---- gradients

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layersAndInputs")
  void gradientsAndStepsAreThoseOfFiniteDifferences(Layer layer, InputType type) {
    MultiLayerNetwork net = network(configuration(layer, type));
    DataSet data = data(net, type);
    Dl4jSteps.assertRight(net, data);
    // The parameters no longer are equal.
    Dl4jSteps.assertRight(net, data);
  }

  // ---- networks

  /** Something to learn below the layer, the layer, and an output. */
  private static MultiLayerConfiguration configuration(Layer layer, InputType type) {
    return settings()
        .list()
        .layer(below(type))
        .layer(layer.clone())
        .layer(output(type))
        .setInputType(type)
        .build();
  }

  private static NeuralNetConfiguration.Builder settings() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .activation(Activation.TANH)
        .updater(new Sgd(1));
  }

  private static BaseLayer below(InputType type) {
    return switch (type.getType()) {
      case RNN -> new SimpleRnn.Builder().nOut(3).build();
      case CNN -> new ConvolutionLayer.Builder(2, 2).nOut(3).build();
      default -> new DenseLayer.Builder().nOut(4).build();
    };
  }

  private static BaseLayer output(InputType type) {
    return type.getType() == InputType.Type.RNN
        ? new RnnOutputLayer.Builder(new LossMSE()).nOut(2).build()
        : new OutputLayer.Builder(new LossMSE()).nOut(2).build();
  }

  private static MultiLayerNetwork network(MultiLayerConfiguration configuration) {
    MultiLayerNetwork net = new MultiLayerNetwork(configuration);
    net.init();
    return net;
  }

  private static DataSet data(MultiLayerNetwork net, InputType type) {
    long[] shape = type.getShape(true).clone();
    shape[0] = 3;
    INDArray x = waves(shape);
    return new DataSet(x, waves(net.output(x).shape()).muli(0.5));
  }

  private static INDArray waves(long... shape) {
    double[] numbers = new double[(int) Nd4j.zeros(DataType.DOUBLE, shape).length()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Math.sin(1 + 3 * i);
    }
    return Nd4j.createFromArray(numbers).reshape('c', shape);
  }
}

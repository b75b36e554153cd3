package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.layers.LearnableSquareplusLayer;
import org.stableops.nd4j.layers.PositiveScaleLayer;

/** The layers with positive parameters in DL4J's networks. */
@Tag("thorough")
final class PositiveLayersTest {
  private static final PositiveTransform BOUNDED =
      PositiveTransform.squareplus(0.7).withLowerBound(0.01);

  private static final InputType FEATURES = InputType.feedForward(3);
  private static final InputType IMAGES = InputType.convolutional(3, 3, 2);

  static Stream<Layer> layers() {
    return Stream.of(
        new PositiveScaleLayer.Builder().initial(0.7).build(),
        new PositiveScaleLayer.Builder().transform(BOUNDED).l2(0.3).build(),
        new LearnableSquareplusLayer.Builder().build(),
        new LearnableSquareplusLayer.Builder()
            .perChannel()
            .transform(PositiveTransform.exp())
            .initial(0.6)
            .build(),
        new LearnableSquareplusLayer.Builder().perChannel().transform(BOUNDED).l1(0.2).build());
  }

  private static Stream<InputType> inputs() {
    return Stream.of(FEATURES, InputType.recurrent(2, 4), IMAGES);
  }

  static Stream<Arguments> layersAndInputs() {
    return layers().flatMap(layer -> inputs().map(input -> Arguments.of(layer, input)));
  }

  // ---- gradients

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layersAndInputs")
  void gradientsAndStepsAreThoseOfFiniteDifferences(Layer layer, InputType type) {
    MultiLayerNetwork net = network(configuration(layer, type));
    // Parameters that differ.
    INDArray raw = net.getLayer(1).getParam("W");
    raw.addi(waves(raw.shape()));
    Dl4jSteps.assertRight(net, data(net, type));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layers")
  void stepsUnderMasksAreThoseOfFiniteDifferences(Layer layer) {
    InputType series = InputType.recurrent(2, 4);
    MultiLayerNetwork net = network(configuration(layer, series));
    DataSet data = data(net, series);
    INDArray mask = Nd4j.ones(DataType.DOUBLE, 3, 4);
    mask.putScalar(0, 3, 0);
    mask.putScalar(2, 2, 0);
    mask.putScalar(2, 3, 0);
    data.setFeaturesMaskArray(mask);
    data.setLabelsMaskArray(mask);
    Dl4jSteps.assertRight(net, data);
    assertSame(mask, net.getLayer(1).feedForwardMaskArray(mask, MaskState.Active, 3).getFirst());
  }

  /** As DL4J's dense layers do it. */
  @Test
  void aMaskedRowIsZero() {
    MultiLayerNetwork net =
        network(configuration(new LearnableSquareplusLayer.Builder().build(), FEATURES));
    net.setLayerMaskArrays(Nd4j.createFromArray(1.0, 0, 1).reshape(3, 1), null);
    INDArray out = net.feedForward(waves(3, 3), false).get(2);
    assertEquals(0, out.getRow(1).amaxNumber().doubleValue());
    assertTrue(out.getRow(2).minNumber().doubleValue() > 0);
  }

  // ---- values

  @Test
  void scalesMultiplyChannels() {
    MultiLayerNetwork net =
        network(configuration(new PositiveScaleLayer.Builder().initial(0.7).build(), IMAGES));
    INDArray raw = net.getLayer(1).getParam("W");
    raw.addi(waves(raw.shape()));
    INDArray scales = PositiveScaleLayer.scales(net.getLayer(1));
    PositiveScaleLayer.setScales(net.getLayer(1), scales.mul(2));
    assertArrayEquals(
        Elements.of(scales.mul(2)), Elements.of(PositiveScaleLayer.scales(net.getLayer(1))), 1e-12);
    assertThrows(
        IllegalArgumentException.class,
        () -> PositiveScaleLayer.setScales(net.getLayer(1), scales.mul(0)));
    PositiveScaleLayer.setScales(net.getLayer(1), scales);
    List<INDArray> activations = net.feedForward(waves(2, 2, 3, 3), false);
    for (int channel = 0; channel < 3; channel++) {
      INDArray x = channel(activations.get(1), channel);
      assertEquals(x.mul(scales.getDouble(channel)), channel(activations.get(2), channel));
    }
  }

  @Test
  void everyChannelHasItsB() {
    MultiLayerNetwork net =
        network(configuration(new LearnableSquareplusLayer.Builder().perChannel().build(), IMAGES));
    INDArray raw = net.getLayer(1).getParam("W");
    raw.addi(waves(raw.shape()));
    INDArray b = LearnableSquareplusLayer.b(net.getLayer(1));
    List<INDArray> activations = net.feedForward(waves(2, 2, 3, 3), false);
    for (int channel = 0; channel < 3; channel++) {
      INDArray x = channel(activations.get(1), channel).dup();
      Elements.assertSame(
          Squareplus.value(x, b.getDouble(channel)),
          channel(activations.get(2), channel).dup(),
          "channel " + channel);
    }
  }

  private static INDArray channel(INDArray array, int channel) {
    return array.get(
        NDArrayIndex.all(), NDArrayIndex.point(channel), NDArrayIndex.all(), NDArrayIndex.all());
  }

  @Test
  void parametersStartAsTheyAreTold() {
    MultiLayerNetwork scale =
        network(configuration(new PositiveScaleLayer.Builder().initial(0.7).build(), FEATURES));
    double[] scales = Elements.of(PositiveScaleLayer.scales(scale.getLayer(1)));
    assertArrayEquals(new double[] {0.7, 0.7, 0.7, 0.7}, scales, 1e-15);
    MultiLayerNetwork squareplus =
        network(configuration(new LearnableSquareplusLayer.Builder().build(), FEATURES));
    double[] b = Elements.of(LearnableSquareplusLayer.b(squareplus.getLayer(1)));
    assertArrayEquals(new double[] {4}, b, 1e-15);
  }

  @Test
  void oneChannelOfNanStaysNan() {
    // The host takes an array of one element for a number, and NaN as a number for 1e-5.
    MultiLayerNetwork net =
        network(
            settings()
                .list()
                .layer(new PositiveScaleLayer.Builder().nIn(1).build())
                .layer(new LearnableSquareplusLayer.Builder().nIn(1).build())
                .layer(new OutputLayer.Builder(new LossMSE()).nIn(1).nOut(2).build())
                .build());
    net.getLayer(0).getParam("W").assign(Nd4j.createFromArray(Double.NaN));
    INDArray out = net.feedForward(Nd4j.createFromArray(1.0, 2).reshape(2, 1), false).get(1);
    assertArrayEquals(new double[] {Double.NaN, Double.NaN}, Elements.of(out));
  }

  @Test
  void dropoutReachesTheInputOnlyInTraining() {
    PositiveScaleLayer layer = new PositiveScaleLayer.Builder().nIn(3).dropOut(0.5).build();
    MultiLayerNetwork net = network(configuration(layer, FEATURES));
    INDArray x = waves(40, 3);
    List<INDArray> trained = net.feedForward(x, true);
    long zeros = trained.get(2).eq(0).castTo(DataType.INT64).sumNumber().longValue();
    assertTrue(zeros > 40 && zeros < 120, zeros + " of 160");
    List<INDArray> tested = net.feedForward(x, false);
    assertEquals(tested.get(1), tested.get(2), "scales of 1");
  }

  // ---- refusals

  @Test
  void badSettingsAreRefused() {
    assertRefused(
        "initial must be finite and > 0.0, got 0.0",
        () -> new PositiveScaleLayer.Builder().initial(0).build());
    assertRefused(
        "initial must be finite and > 5.0, got 4.0",
        () ->
            new LearnableSquareplusLayer.Builder()
                .transform(PositiveTransform.exp().withLowerBound(5))
                .build());
    assertRefused(
        "transform must be given, got null",
        () -> new PositiveScaleLayer.Builder().transform(null).build());
    assertRefused(
        "nOut must be nIn, 3, or not set, got 4",
        () -> new PositiveScaleLayer.Builder().nIn(3).nOut(4).build());
    assertRefused(
        "activation must not be set, for the layer has none, got tanh",
        () -> new PositiveScaleLayer.Builder().activation(Activation.TANH).build());
  }

  static Stream<InputType> otherInputs() {
    return Stream.of(
        InputType.convolutional(3, 3, 2, CNN2DFormat.NHWC),
        InputType.recurrent(2, 4, RNNFormat.NWC),
        InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 2, 2, 2, 2));
  }

  @ParameterizedTest
  @MethodSource("otherInputs")
  void otherInputsAreRefusedAtConfiguration(InputType type) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                settings()
                    .list()
                    .layer(new PositiveScaleLayer.Builder().build())
                    .setInputType(type)
                    .build());
    assertTrue(
        e.getMessage()
            .startsWith(
                "input type must be feed-forward, recurrent in format NCW or convolutional in"
                    + " format NCHW, got "),
        e.getMessage());
  }

  @Test
  void otherShapesAreRefused() {
    MultiLayerNetwork net =
        network(configuration(new PositiveScaleLayer.Builder().build(), FEATURES));
    org.deeplearning4j.nn.api.Layer layer = net.getLayer(1);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> layer.activate(waves(3, 5), false, LayerWorkspaceMgr.noWorkspaces()));
    assertTrue(
        e.getMessage()
            .startsWith("input must have shape (N, 4), (N, 4, T) or (N, 4, H, W), got (3, 5) ("),
        e.getMessage());
    assertRefused(
        "layer must be a LearnableSquareplusLayer, got PositiveScaleLayer",
        () -> LearnableSquareplusLayer.b(layer));
  }

  @Test
  void withoutItsSizeTheLayerIsRefused() {
    MultiLayerConfiguration configuration =
        settings()
            .list()
            .layer(new PositiveScaleLayer.Builder().build())
            .layer(new OutputLayer.Builder(new LossMSE()).nIn(1).nOut(2).build())
            .build();
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> network(configuration));
    assertEquals("nIn of layer 0 must be set or told by an input type, got 0", e.getMessage());
  }

  @Test
  void theMemoryReportCountsTheParameters() {
    PositiveScaleLayer layer = new PositiveScaleLayer.Builder().nIn(4).build();
    layer.setIUpdater(new Adam());
    LayerMemoryReport report = layer.getMemoryReport(InputType.feedForward(4));
    assertEquals(4, report.getParameterSize());
    assertEquals(8, report.getUpdaterStateSize());
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

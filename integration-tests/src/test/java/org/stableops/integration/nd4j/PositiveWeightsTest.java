package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
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
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.weights.PositiveConstraint;
import org.stableops.nd4j.weights.PositiveWeights;

/** Positive weights of DL4J's own layers. */
@Tag("thorough")
final class PositiveWeightsTest {
  private static final PositiveTransform SOFTPLUS = PositiveTransform.softplus();
  private static final PositiveTransform BOUNDED =
      PositiveTransform.squareplus(0.7).withLowerBound(0.01);

  private static final InputType FEATURES = InputType.feedForward(3);

  // ---- gradients

  static Stream<Arguments> layers() {
    InputType image = InputType.convolutional(4, 4, 2);
    InputType volume = InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 3, 3, 3, 2);
    InputType series = InputType.recurrent(2, 4);
    return Stream.of(
        Arguments.of(FEATURES, dense().build()),
        Arguments.of(FEATURES, dense().hasBias(false).build()),
        Arguments.of(image, new ConvolutionLayer.Builder(2, 2).nOut(3).build()),
        Arguments.of(image, new Deconvolution2D.Builder(2, 2).nOut(3).build()),
        Arguments.of(volume, new Convolution3D.Builder(2, 2, 2).nOut(2).build()),
        Arguments.of(volume, new Deconvolution3D.Builder().kernelSize(2, 2, 2).nOut(2).build()),
        Arguments.of(series, new SimpleRnn.Builder().nOut(3).build()),
        Arguments.of(series, new LSTM.Builder().nOut(3).build()));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layers")
  void stepsAreThoseOfFiniteDifferences(InputType type, BaseLayer layer) {
    MultiLayerNetwork net = network(type, PositiveWeights.by(BOUNDED).on(layer));
    Dl4jSteps.assertRight(net, data(net, type));
  }

  /** Every hook is replaced. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layers")
  void stepsOfFineTunedLayersAreThoseOfFiniteDifferences(InputType type, BaseLayer layer) {
    MultiLayerNetwork net = network(type, PositiveWeights.by(BOUNDED).on(layer));
    FineTuneConfiguration tuning =
        new FineTuneConfiguration.Builder()
            .l2(0.3)
            .weightNoise(new DropConnect(0.5))
            .weightInit(WeightInit.XAVIER)
            .build();
    MultiLayerNetwork tuned =
        new TransferLearning.Builder(net).fineTuneConfiguration(tuning).build();
    INDArray x = data(net, type).getFeatures();
    Elements.assertSame(net.output(x), tuned.output(x), "output");
    Dl4jSteps.assertRight(tuned, data(tuned, type));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("layers")
  void layersOfAnotherSizeStartAsNewOnes(InputType type, BaseLayer layer) {
    MultiLayerNetwork net = network(type, PositiveWeights.by(BOUNDED).startingAt(0.3).on(layer));
    MultiLayerNetwork replaced =
        new TransferLearning.Builder(net).nOutReplace(0, 5, WeightInit.XAVIER).build();
    for (String key : layer.initializer().weightKeys(layer)) {
      INDArray weights = PositiveWeights.get(replaced.getLayer(0), key);
      assertEquals(0, weights.sub(0.3).amaxNumber().doubleValue(), 1e-15, key);
    }
  }

  static Stream<PositiveTransform> transforms() {
    return Stream.of(SOFTPLUS, PositiveTransform.softplus(2.5), BOUNDED, PositiveTransform.exp());
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void stepsByEveryTransformAreThoseOfFiniteDifferences(PositiveTransform transform) {
    MultiLayerNetwork net = network(FEATURES, PositiveWeights.by(transform).on(dense().build()));
    Dl4jSteps.assertRight(net, data(net, FEATURES));
  }

  @Test
  void stepsOfWrappedLayersAreThoseOfFiniteDifferences() {
    InputType series = InputType.recurrent(2, 4);
    SimpleRnn rnn = PositiveWeights.by(SOFTPLUS).on(new SimpleRnn.Builder().nOut(3).build());
    MultiLayerNetwork net = network(series, new Bidirectional(rnn));
    Dl4jSteps.assertRight(net, data(net, series));
    MultiLayerNetwork last = network(series, new LastTimeStep(rnn));
    Dl4jSteps.assertRight(last, data(last, series));
  }

  @Test
  void penaltiesActOnRawWeightsAfterTheDerivative() {
    DenseLayer layer = dense().l1(0.2).l2(0.3).l2Bias(0.4).build();
    MultiLayerNetwork net = network(FEATURES, PositiveWeights.by(SOFTPLUS).on(layer));
    net.getLayer(0).getParam("b").assign(0.5);
    Dl4jSteps.assertRight(net, data(net, FEATURES));
  }

  /** It is no part of the score, so that finite differences do not see it. */
  @Test
  void weightDecayTakesItsShareOfRawWeights() {
    PositiveWeights positive = PositiveWeights.by(SOFTPLUS);
    MultiLayerNetwork without = network(FEATURES, positive.on(dense().build()));
    DenseLayer.Builder decaying = dense();
    decaying.weightDecay(0.25);
    MultiLayerNetwork with = network(FEATURES, positive.on(decaying.build()));
    INDArray decay = with.getLayer(0).getParam("W").mul(0.25);
    without.fit(data(without, FEATURES));
    with.fit(data(with, FEATURES));
    INDArray difference = without.getLayer(0).getParam("W").sub(with.getLayer(0).getParam("W"));
    assertTrue(difference.sub(decay).amaxNumber().doubleValue() < 1e-14);
    assertEquals(without.getLayer(0).getParam("b"), with.getLayer(0).getParam("b"));
  }

  /** As documented: what is clipped is the gradient to the values. */
  @Test
  void clippingComesBeforeTheDerivative() {
    DenseLayer layer =
        dense()
            .gradientNormalization(GradientNormalization.ClipElementWiseAbsoluteValue)
            .gradientNormalizationThreshold(1e-9)
            .build();
    MultiLayerNetwork net = network(FEATURES, PositiveWeights.by(SOFTPLUS).on(layer));
    INDArray raw = net.getLayer(0).getParam("W").dup();
    net.fit(data(net, FEATURES));
    INDArray taken = Transforms.abs(raw.sub(net.getLayer(0).getParam("W")), false);
    INDArray expected = PositiveTransforms.gradient(raw, SOFTPLUS).muli(1e-9);
    assertTrue(taken.sub(expected).amaxNumber().doubleValue() < 1e-15);
  }

  @Test
  void penaltiesOfTheNetworkAreAdded() {
    DenseLayer layer = PositiveWeights.by(SOFTPLUS).on(dense().build());
    MultiLayerNetwork net = network(FEATURES, settings().l1(0.2).l2(0.3), layer);
    assertEquals(3, layer(net).getRegularization().size());
    Dl4jSteps.assertRight(net, data(net, FEATURES));
  }

  private static BaseLayer layer(MultiLayerNetwork net) {
    return (BaseLayer) net.getLayerWiseConfigurations().getConf(0).getLayer();
  }

  // ---- values

  @Test
  void weightsStartBetweenTheBoundAndTwiceTheirMean() {
    for (PositiveTransform transform : List.of(SOFTPLUS, BOUNDED)) {
      DenseLayer layer = new DenseLayer.Builder().nIn(50).nOut(40).build();
      MultiLayerNetwork net =
          network(InputType.feedForward(50), PositiveWeights.by(transform).on(layer));
      INDArray weights = PositiveWeights.get(net.getLayer(0), "W");
      double bound = transform.lowerBound();
      assertTrue(weights.minNumber().doubleValue() > bound);
      assertTrue(weights.maxNumber().doubleValue() < bound + 2.0 / 50);
      // Six standard errors: 0.02·√(1/3)/√2000.
      assertEquals(bound + 0.02, weights.meanNumber().doubleValue(), 1.6e-3);
      assertEquals(0, net.getLayer(0).getParam("b").amaxNumber().doubleValue());
    }
  }

  @Test
  void weightsStartAsTheyAreTold() {
    PositiveWeights positive = PositiveWeights.by(BOUNDED);
    MultiLayerNetwork net = network(FEATURES, positive.startingAt(0.3).on(dense().build()));
    INDArray weights = PositiveWeights.get(net.getLayer(0), "W");
    assertTrue(weights.sub(0.3).amaxNumber().doubleValue() < 1e-15);
    PositiveWeights bad = positive.startingWith(new WeightInitConstant(0.01));
    assertMessage(
        "the start of positive weights, ",
        "made a bad one: value[0] must be finite and > 0.01, got 0.01",
        () -> network(FEATURES, bad.on(dense().build())));
    assertMessage(
        "value must be finite and > 0.01, got NaN", "", () -> positive.startingAt(Double.NaN));
    assertMessage("values must be given, got null", "", () -> positive.startingWith(null));
    assertMessage("transform must be given, got null", "", () -> PositiveWeights.by(null));
  }

  @Test
  void weightsCanBeReadAndSet() {
    MultiLayerNetwork net =
        network(FEATURES, PositiveWeights.by(BOUNDED).on(dense().hasBias(false).build()));
    INDArray x = waves(2, 3);
    INDArray wanted = waves(3, 4).addi(1.25);
    // In training the values are kept until the next backward pass; set must reach these as well.
    net.feedForward(x, true);
    PositiveWeights.set(net.getLayer(0), "W", wanted);
    INDArray weights = PositiveWeights.get(net.getLayer(0), "W");
    assertTrue(weights.sub(wanted).amaxNumber().doubleValue() < 1e-14);
    for (boolean training : new boolean[] {true, false}) {
      INDArray hidden = net.feedForward(x, training).get(1);
      INDArray expected = Transforms.tanh(x.mmul(weights), true);
      assertTrue(hidden.sub(expected).amaxNumber().doubleValue() < 1e-14);
    }
  }

  @Test
  void badWeightsAreRefusedAndChangeNothing() {
    MultiLayerNetwork net = network(FEATURES, PositiveWeights.by(BOUNDED).on(dense().build()));
    org.deeplearning4j.nn.api.Layer layer = net.getLayer(0);
    INDArray before = layer.getParam("W").dup();
    INDArray bad = waves(3, 4).addi(1.25);
    bad.putScalar(1, 2, 0.01);
    assertMessage(
        "value[6] must be finite and > 0.01, got 0.01",
        "",
        () -> PositiveWeights.set(layer, "W", bad));
    assertMessage(
        "values must have shape (3, 4), got (4, 3)",
        "",
        () -> PositiveWeights.set(layer, "W", bad.transpose()));
    assertMessage(
        "layer must have positive weights b, got DenseLayer with [W, b]",
        "",
        () -> PositiveWeights.get(layer, "b"));
    assertMessage(
        "layer must have positive weights RW, got DenseLayer with [W, b]",
        "",
        () -> PositiveWeights.set(layer, "RW", bad));
    MultiLayerNetwork plain = network(FEATURES, dense().build());
    assertMessage(
        "layer must have positive weights W, got DenseLayer with [W, b]",
        "",
        () -> PositiveWeights.get(plain.getLayer(0), "W"));
    assertEquals(before, layer.getParam("W"));
  }

  // ---- refusals

  @Test
  void theLayerIsCopied() {
    DenseLayer layer = dense().l2(0.1).build();
    DenseLayer before = (DenseLayer) layer.clone();
    DenseLayer positive = PositiveWeights.by(SOFTPLUS).on(layer);
    assertEquals(before, layer);
    assertEquals(2, positive.getRegularization().size());
  }

  static Stream<Arguments> refusals() {
    String raw = "it does not read its weights by DL4J's weight noise";
    String misplaced =
        "DL4J applies its regularization of weights to other parameters, the biases among them";
    String start =
        "it has a weightInit of its own, which startingWith of positive weights replaces";
    String gain = "with layer normalisation DL4J counts the gain among the weights";
    return Stream.of(
        Arguments.of(new EmbeddingLayer.Builder().build(), raw),
        Arguments.of(new EmbeddingSequenceLayer.Builder().build(), raw),
        Arguments.of(new PReLULayer.Builder().build(), raw),
        Arguments.of(new ElementWiseMultiplicationLayer.Builder().build(), raw),
        Arguments.of(new BatchNormalization.Builder().build(), raw),
        Arguments.of(new DepthwiseConvolution2D.Builder(2, 2).build(), misplaced),
        Arguments.of(new SeparableConvolution2D.Builder(2, 2).build(), misplaced),
        Arguments.of(
            new Convolution1DLayer.Builder().kernelSize(2).build(),
            "its backward pass reads its weights without weight noise"),
        Arguments.of(new AutoEncoder.Builder().build(), "it is not one of those that were checked"),
        Arguments.of(dense().hasLayerNorm(true).build(), gain),
        Arguments.of(new SimpleRnn.Builder().hasLayerNorm(true).build(), gain),
        Arguments.of(dense().weightInit(WeightInit.XAVIER).build(), start),
        Arguments.of(new LSTM.Builder().weightInitRecurrent(WeightInit.XAVIER).build(), start),
        Arguments.of(
            PositiveWeights.by(SOFTPLUS).on(dense().build()),
            "it has room for one weight noise, and has PositiveValues(softplus(beta = 1.0) above"
                + " 0.0) already"));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("refusals")
  void layersThatCannotAreRefused(BaseLayer layer, String reason) {
    String name = layer.getClass().getSimpleName();
    assertMessage(
        "weights of " + name + " cannot be made positive: " + reason,
        "",
        () -> PositiveWeights.by(SOFTPLUS).on(layer));
  }

  /** Of a network saved when positive weights were hooks of DL4J's own layers. */
  @Test
  void aLayerThatLostItsDerivativeIsRefused() {
    MultiLayerNetwork net = network(FEATURES, PositiveWeights.by(SOFTPLUS).on(dense().build()));
    MultiLayerNetwork old = StockLayers.with(net);
    layer(old).setRegularization(List.of());
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> old.output(waves(2, 3)));
    assertEquals(
        "regularization of layer layer0 must begin with that of its positive weights, got []",
        e.getMessage());
  }

  private static void assertMessage(String start, String end, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    boolean isWhole = end.isEmpty() && message.equals(start);
    boolean hasParts = !end.isEmpty() && message.startsWith(start) && message.endsWith(end);
    assertTrue(isWhole || hasParts, message);
  }

  // ---- the constraint

  @Test
  void theConstraintProjectsWeightsAndLeavesBiases() {
    DenseLayer layer = dense().constrainWeights(new PositiveConstraint(0.125)).build();
    MultiLayerNetwork net = network(FEATURES, layer);
    net.fit(data(net, FEATURES));
    assertEquals(0.125, net.getLayer(0).getParam("W").minNumber().doubleValue());
    assertTrue(net.getLayer(0).getParam("W").maxNumber().doubleValue() > 0.125);
    assertTrue(net.getLayer(0).getParam("b").minNumber().doubleValue() < 0.125);
  }

  @Test
  void theConstraintKeepsNan() {
    INDArray weights = Nd4j.createFromArray(Double.NaN, -1, 0, 0.125, 3, Double.POSITIVE_INFINITY);
    INDArray expected =
        Nd4j.createFromArray(Double.NaN, 0.125, 0.125, 0.125, 3, Double.POSITIVE_INFINITY);
    new PositiveConstraint(0.125).apply(weights);
    Elements.assertSame(expected, weights, "projected");
    INDArray one = Nd4j.createFromArray(new double[] {Double.NaN});
    new PositiveConstraint(0.125).apply(one);
    assertEquals(Double.NaN, one.getDouble(0));
  }

  /** 0.1f is above 0.1, 0.7f below 0.7: the minimum is the nearest of the dtype. */
  @Test
  void theMinimumIsRoundedToTheDtype() {
    for (double minimum : new double[] {0.1, 0.7, 1e-3}) {
      INDArray weights = Nd4j.createFromArray(-1f, (float) minimum, 1f);
      new PositiveConstraint(minimum).apply(weights);
      Elements.assertSame(
          Nd4j.createFromArray((float) minimum, (float) minimum, 1f), weights, "projected");
    }
  }

  @Test
  void badMinimaAreRefused() {
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertMessage(
          "minimum must be finite and > 0, got " + bad, "", () -> new PositiveConstraint(bad));
    }
    assertEquals(new PositiveConstraint(0.5), new PositiveConstraint(0.5).clone());
    assertNotEquals(new PositiveConstraint(0.5), new PositiveConstraint(0.25));
  }

  // ---- networks

  private static DenseLayer.Builder dense() {
    return new DenseLayer.Builder().nIn(3).nOut(4);
  }

  private static MultiLayerNetwork network(InputType type, Layer layer) {
    return network(type, settings(), layer);
  }

  private static NeuralNetConfiguration.Builder settings() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .activation(Activation.TANH)
        .updater(new Sgd(1));
  }

  private static MultiLayerNetwork network(
      InputType type, NeuralNetConfiguration.Builder settings, Layer layer) {
    boolean isSeries = type.getType() == InputType.Type.RNN && !(layer instanceof LastTimeStep);
    BaseLayer output =
        isSeries
            ? new RnnOutputLayer.Builder(new LossMSE()).nOut(2).activation(Activation.TANH).build()
            : new OutputLayer.Builder(new LossMSE()).nOut(2).activation(Activation.TANH).build();
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            settings
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

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.NewJvm;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.activations.ActivationSoftplusInverse;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/** The activations and the loss inside DL4J's networks. */
@Tag("thorough")
final class Dl4jTest {
  private static final ILossFunction LOSS = new LossFusedSoftmaxCrossEntropy();
  private static final IActivation IDENTITY = new ActivationIdentity();
  private static final IActivation SOFTMAX = new ActivationSoftmax();

  static Stream<IActivation> activations() {
    return Stream.of(
        new ActivationStableSoftplus(),
        new ActivationStableSoftplus(1.7),
        new ActivationSoftplusInverse(),
        new ActivationSoftplusInverse(1.7),
        new ActivationSquareplus(),
        new ActivationSquareplus(0.3));
  }

  // ---- activations

  @Test
  void activationsAreTheOperators() {
    INDArray x = Nd4j.createFromArray(-40.0, -1, 0, 0.3, 1, 50).reshape(2, 3);
    Elements.assertSame(
        Softplus.value(x, 1.7),
        new ActivationStableSoftplus(1.7).getActivation(x.dup(), true),
        "softplus");
    Elements.assertSame(
        SoftplusInverse.value(x, 1.7),
        new ActivationSoftplusInverse(1.7).getActivation(x.dup(), true),
        "softplusInverse");
    Elements.assertSame(
        Squareplus.value(x, 0.3),
        new ActivationSquareplus(0.3).getActivation(x.dup(), false),
        "squareplus");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("activations")
  void activationOverwritesItsArgumentAndReturnsIt(IActivation activation) {
    INDArray x = Nd4j.createFromArray(0.5, 1, 2, 3).reshape(2, 2);
    INDArray before = x.dup();
    INDArray result = activation.getActivation(x, true);
    assertTrue(result == x, "DL4J wants the same array back");
    assertTrue(!before.equals(x), "and its elements overwritten");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("activations")
  void backpropKeepsItsArgumentsAndHasNoParameterGradient(IActivation activation) {
    INDArray x = Nd4j.createFromArray(0.5, 1, 2, 3).reshape(2, 2);
    INDArray epsilon = Nd4j.createFromArray(1.0, -2, 0.5, 7).reshape(2, 2);
    Pair<INDArray, INDArray> result = activation.backprop(x, epsilon);
    assertNull(result.getSecond());
    Elements.assertSame(Nd4j.createFromArray(0.5, 1, 2, 3).reshape(2, 2), x, "x");
    Elements.assertSame(Nd4j.createFromArray(1.0, -2, 0.5, 7).reshape(2, 2), epsilon, "epsilon");
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("activations")
  void backpropTakesAnyLayoutOfEpsilon(IActivation activation) {
    INDArray x = Nd4j.createFromArray(0.5, 1, 2, 3, 4, 5).reshape(2, 3);
    INDArray epsilon = Nd4j.createFromArray(1.0, -2, 0.5, 7, 8, 9).reshape(3, 2).transpose();
    Elements.assertSame(
        activation.backprop(x, Elements.plain(epsilon)).getFirst(),
        activation.backprop(x.dup('f'), epsilon).getFirst(),
        "f order, transposed epsilon");
  }

  // ---- gradients

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("activations")
  void gradientsOfAMultiLayerNetworkAreThoseOfFiniteDifferences(IActivation activation) {
    MultiLayerNetwork net = network(small(activation, LOSS, Activation.IDENTITY));
    INDArray x = smallFeatures();
    Dl4jGradients.assertRight(net, x, probabilities(), null);
    Dl4jGradients.assertRight(net, x, smallLabels(), null);
  }

  @Test
  void gradientsUnderSoftmaxAndAMaskAreThoseOfFiniteDifferences() {
    MultiLayerNetwork net = network(small(new ActivationSquareplus(), LOSS, Activation.SOFTMAX));
    INDArray mask = Nd4j.createFromArray(1.0, 0, 1, 1, 0, 1, 1).reshape(7, 1);
    INDArray x = smallFeatures();
    Dl4jGradients.assertRight(net, x, smallLabels(), mask);
    Dl4jGradients.assertRight(net, x, probabilities(), mask);
  }

  @Test
  void gradientsWithIgnoredLabelsAreThoseOfFiniteDifferences() {
    ILossFunction loss =
        new LossFusedSoftmaxCrossEntropy(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1));
    MultiLayerNetwork net =
        network(small(new ActivationStableSoftplus(), loss, Activation.SOFTMAX));
    INDArray labels = smallLabels();
    labels.putScalar(2, 0, -1);
    Dl4jGradients.assertRight(net, smallFeatures(), labels, null);
  }

  @Test
  void gradientsOfAComputationGraphAreThoseOfFiniteDifferences() {
    ComputationGraph graph = new ComputationGraph(smallGraph());
    graph.init();
    Dl4jGradients.assertRight(graph, smallFeatures(), smallLabels());
  }

  @Test
  void gradientsOfARecurrentNetworkUnderAMaskAreThoseOfFiniteDifferences() {
    // Labels [N, C, T], which the layer turns into [N·T, C], with a mask of [N·T, 1].
    MultiLayerNetwork net =
        network(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new NoOp())
                .list()
                .layer(
                    new SimpleRnn.Builder()
                        .nIn(2)
                        .nOut(3)
                        .activation(new ActivationSquareplus())
                        .build())
                .layer(
                    new RnnOutputLayer.Builder(LOSS)
                        .nIn(3)
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    INDArray x = Nd4j.linspace(DataType.DOUBLE, -1, 0.17, 12).reshape(2, 2, 3);
    INDArray labels = Nd4j.zeros(DataType.DOUBLE, 2, 4, 3);
    for (int example = 0; example < 2; example++) {
      for (int time = 0; time < 3; time++) {
        labels.putScalar(new int[] {example, (example + 2 * time) % 4, time}, 1);
      }
    }
    INDArray mask = Nd4j.createFromArray(1.0, 1, 0, 1, 1, 1).reshape(2, 3);
    Dl4jGradients.assertRight(net, x, labels, mask);
  }

  // ---- training

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("hiddenActivations")
  void aNetworkLearnsTheDigits(IActivation activation, boolean integerLabels) {
    Digits train = Digits.train(DataType.FLOAT);
    Digits heldOut = Digits.heldOut(DataType.FLOAT);
    MultiLayerNetwork net = network(large(activation, Activation.IDENTITY));
    for (int step = 0; step < 20 * 22; step++) {
      Digits batch = train.batch(step, 64);
      net.fit(batch.pixels(), integerLabels ? batch.labels() : batch.oneHot());
    }
    double accuracy = heldOut.accuracy(net.output(heldOut.pixels()));
    System.out.printf("DL4J, %s: held-out accuracy %.4f%n", activation, accuracy);
    assertTrue(accuracy >= 0.95, activation + " reaches " + accuracy);
  }

  static Stream<Arguments> hiddenActivations() {
    return Stream.of(
        Arguments.of(new ActivationSquareplus(), true),
        Arguments.of(new ActivationStableSoftplus(), false));
  }

  @Test
  void aGraphWithSoftplusAndItsInverseLearnsTheDigits() {
    // The inverse undoes softplus, so that the network is linear, if both are right.
    ComputationGraph graph = new ComputationGraph(linearGraph());
    graph.init();
    Digits train = Digits.train(DataType.FLOAT);
    for (int step = 0; step < 20 * 22; step++) {
      Digits batch = train.batch(step, 64);
      graph.fit(new DataSet(batch.pixels(), batch.labels()));
    }
    Digits heldOut = Digits.heldOut(DataType.FLOAT);
    INDArray hidden = graph.feedForward(heldOut.pixels(), false).get("inverse");
    INDArray linear =
        heldOut.pixels().mmul(graph.getParam("dense_W")).addiRowVector(graph.getParam("dense_b"));
    assertTrue(linear.sub(hidden).amaxNumber().doubleValue() < 1e-5);
    double accuracy = heldOut.accuracy(graph.outputSingle(heldOut.pixels()));
    System.out.printf("DL4J, softplus and its inverse: held-out accuracy %.4f%n", accuracy);
    // What a linear model reaches here.
    assertTrue(accuracy >= 0.95, "reaches " + accuracy);
  }

  @Test
  void oneHotAndIntegerLabelsTrainTheSameNetwork() {
    MultiLayerNetwork first = network(large(new ActivationSquareplus(), Activation.SOFTMAX));
    MultiLayerNetwork second = network(large(new ActivationSquareplus(), Activation.IDENTITY));
    second.setParams(first.params().dup());
    Digits train = Digits.train(DataType.FLOAT);
    for (int step = 0; step < 10; step++) {
      Digits batch = train.batch(step, 64);
      first.fit(batch.pixels(), batch.oneHot());
      second.fit(batch.pixels(), batch.labels());
    }
    assertTrue(first.params().sub(second.params()).amaxNumber().doubleValue() < 1e-4);
  }

  @Test
  void integerLabelsOfIntegerDtypesAreTakenToo() {
    MultiLayerNetwork net = network(large(new ActivationSquareplus(), Activation.IDENTITY));
    Digits digits = Digits.few(DataType.FLOAT, 32);
    double expected = net.score(new DataSet(digits.pixels(), digits.labels()));
    for (DataType type : List.of(DataType.INT32, DataType.INT64, DataType.UINT8)) {
      INDArray labels = digits.labels().castTo(type);
      assertEquals(expected, net.score(new DataSet(digits.pixels(), labels)), type.toString());
    }
  }

  @Test
  void evaluationSeesTheOutputs() {
    MultiLayerNetwork net = network(large(new ActivationSquareplus(), Activation.SOFTMAX));
    Digits train = Digits.train(DataType.FLOAT);
    for (int step = 0; step < 60; step++) {
      Digits batch = train.batch(step, 64);
      net.fit(batch.pixels(), batch.oneHot());
    }
    Digits heldOut = Digits.heldOut(DataType.FLOAT);
    DataSet data = new DataSet(heldOut.pixels(), heldOut.oneHot());
    Evaluation evaluation = net.evaluate(new SingletonDataSetIterator(data));
    INDArray output = net.output(heldOut.pixels());
    assertEquals(heldOut.accuracy(output), evaluation.accuracy(), 1e-12);
    assertEquals(1, output.sum(1).meanNumber().doubleValue(), 1e-6, "probabilities");
  }

  // ---- the loss

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("labelsAndMasks")
  void scoreArrayScoreAndGradientAreConsistent(INDArray labels, INDArray mask) {
    INDArray logits = smallLogits();
    double rows = logits.size(0);
    for (IActivation activation : List.of(IDENTITY, SOFTMAX)) {
      INDArray array = LOSS.computeScoreArray(labels, logits, activation, mask);
      double sum = LOSS.computeScore(labels, logits, activation, mask, false);
      INDArray gradient = LOSS.computeGradient(labels, logits, activation, mask);
      Pair<Double, INDArray> both =
          LOSS.computeGradientAndScore(labels, logits, activation, mask, false);
      assertEquals(array.sumNumber().doubleValue(), sum, 1e-12 * sum);
      assertEquals(sum, both.getFirst());
      assertEquals(sum / rows, LOSS.computeScore(labels, logits, activation, mask, true));
      assertEquals(
          sum / rows,
          LOSS.computeGradientAndScore(labels, logits, activation, mask, true).getFirst());
      Elements.assertSame(gradient, both.getSecond(), "gradient");
      Elements.assertSame(smallLogits(), logits, "logits are left alone");
      assertGradientOfLoss(labels, logits, activation, mask, gradient);
    }
  }

  static Stream<Arguments> labelsAndMasks() {
    INDArray mask = Nd4j.createFromArray(1.0, 0, 1, 1, 0, 1, 1).reshape(7, 1);
    return Stream.of(smallLabels(), probabilities(), oneHot())
        .flatMap(labels -> Stream.of(Arguments.of(labels, null), Arguments.of(labels, mask)));
  }

  @Test
  void scoreArrayIsAColumn() {
    INDArray array = LOSS.computeScoreArray(smallLabels(), smallLogits(), IDENTITY, null);
    assertEquals(List.of(7L, 1L), List.of(array.size(0), array.size(1)));
  }

  @Test
  void maskedRowsAreNeverRead() {
    INDArray mask = Nd4j.createFromArray(1.0, 0, 1, 1, 0, 1, 1).reshape(7, 1);
    INDArray spoiledLogits = smallLogits();
    spoiledLogits.getRow(1).assign(Double.NaN);
    spoiledLogits.getRow(4).assign(Double.POSITIVE_INFINITY);
    for (INDArray labels : List.of(smallLabels(), probabilities())) {
      INDArray spoiledLabels = labels.dup();
      spoiledLabels.getRow(1).assign(Double.NaN);
      spoiledLabels.getRow(4).assign(-7);
      Pair<Double, INDArray> expected =
          LOSS.computeGradientAndScore(labels, smallLogits(), IDENTITY, mask, false);
      Pair<Double, INDArray> actual =
          LOSS.computeGradientAndScore(spoiledLabels, spoiledLogits, IDENTITY, mask, false);
      assertEquals(expected.getFirst(), actual.getFirst());
      Elements.assertSame(expected.getSecond(), actual.getSecond(), "gradient");
      Elements.assertSame(
          LOSS.computeScoreArray(labels, smallLogits(), IDENTITY, mask),
          LOSS.computeScoreArray(spoiledLabels, spoiledLogits, IDENTITY, mask),
          "score array");
    }
  }

  @Test
  void ignoredRowsCountNothing() {
    ILossFunction loss =
        new LossFusedSoftmaxCrossEntropy(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1));
    INDArray labels = smallLabels();
    labels.putScalar(3, 0, -1);
    INDArray mask = Nd4j.createFromArray(1.0, 1, 1, 0, 1, 1, 1).reshape(7, 1);
    Pair<Double, INDArray> ignored =
        loss.computeGradientAndScore(labels, smallLogits(), IDENTITY, null, false);
    Pair<Double, INDArray> masked =
        LOSS.computeGradientAndScore(smallLabels(), smallLogits(), IDENTITY, mask, false);
    assertEquals(masked.getFirst(), ignored.getFirst());
    Elements.assertSame(masked.getSecond(), ignored.getSecond(), "gradient");
  }

  @Test
  void equalsMcxentWhereThatIsRight() {
    INDArray logits = smallLogits();
    ILossFunction peer = new LossMCXENT();
    assertEquals(
        peer.computeScore(oneHot(), logits.dup(), SOFTMAX, null, false),
        LOSS.computeScore(oneHot(), logits, SOFTMAX, null, false),
        1e-9);
    INDArray gradient = LOSS.computeGradient(oneHot(), logits, SOFTMAX, null);
    INDArray peers = peer.computeGradient(oneHot(), logits.dup(), SOFTMAX, null);
    assertTrue(gradient.sub(peers).amaxNumber().doubleValue() < 1e-14);
  }

  @Test
  void goesOnWhereMcxentStops() {
    INDArray logits = Nd4j.createFromArray(new double[][] {{100, 0, 0}});
    INDArray label = Nd4j.createFromArray(new double[][] {{0, 1, 0}});
    assertEquals(100, LOSS.computeScore(label, logits, SOFTMAX, null, false));
    assertEquals(
        -Math.log(1e-10),
        new LossMCXENT().computeScore(label, logits.dup(), SOFTMAX, null, false),
        1e-9,
        "23.03, its clip");
  }

  @Test
  void anotherActivationIsRefused() {
    String message =
        "activation must be identity or softmax, for the loss works on logits, got tanh";
    IllegalArgumentException atTheLoss =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LOSS.computeScore(smallLabels(), smallLogits(), new ActivationTanH(), null, false));
    assertEquals(message, atTheLoss.getMessage());
    MultiLayerNetwork net = network(small(new ActivationSquareplus(), LOSS, Activation.TANH));
    IllegalArgumentException inFit =
        assertThrows(IllegalArgumentException.class, () -> net.fit(smallFeatures(), smallLabels()));
    assertEquals(message, inFit.getMessage());
  }

  @Test
  void badLabelsAndMasksAreRefused() {
    INDArray fraction = smallLabels().addi(0.5);
    assertRefused(
        "labels must be integers, got 1.5 at row 0",
        () -> LOSS.computeScore(fraction, smallLogits(), IDENTITY, null, false));
    INDArray outside = smallLabels();
    outside.putScalar(5, 0, 3);
    assertRefused(
        "labels must be in [0, 3), got 3 at row 5",
        () -> LOSS.computeGradient(outside, smallLogits(), IDENTITY, null));
    INDArray nan = smallLabels();
    nan.putScalar(6, 0, Double.NaN);
    assertRefused(
        "labels must be integers, got NaN at row 6",
        () -> LOSS.computeScoreArray(nan, smallLogits(), IDENTITY, null));
    INDArray negative = probabilities();
    negative.putScalar(2, 1, -0.5);
    assertRefused(
        "labels must be finite and >= 0, got -0.5 at row 2, class 1",
        () -> LOSS.computeGradientAndScore(negative, smallLogits(), IDENTITY, null, true));
    assertRefused(
        "labels must be an array, got null",
        () -> LOSS.computeGradientAndScore(null, smallLogits(), IDENTITY, null, true));
    assertRefused(
        "mask must have one element per row, 7, got shape (7, 3)",
        () ->
            LOSS.computeScore(
                probabilities(), smallLogits(), IDENTITY, Nd4j.ones(DataType.DOUBLE, 7, 3), false));
    assertRefused(
        "mask must be 0 or 1, for DL4J multiplies the outputs by it, got 0.5 at row 1",
        () ->
            LOSS.computeScore(
                Nd4j.ones(DataType.DOUBLE, 2, 3),
                Nd4j.ones(DataType.DOUBLE, 2, 3),
                IDENTITY,
                Nd4j.createFromArray(1.0, 0.5).reshape(2, 1),
                false));
    assertRefused(
        "labels must have shape (7, classes) or (7, 1), got (3, 1)",
        () ->
            LOSS.computeGradient(
                Nd4j.ones(DataType.DOUBLE, 3, 1),
                smallLogits(),
                IDENTITY,
                Nd4j.ones(DataType.DOUBLE, 7, 1)));
    assertRefused(
        "labels shape (7, 2) must equal logits shape (7, 3)",
        () ->
            LOSS.computeScore(
                Nd4j.ones(DataType.DOUBLE, 7, 2), smallLogits(), IDENTITY, null, false));
  }

  @Test
  void optionsThatDl4jHasNoPlaceForAreRefused() {
    assertRefused(
        "axis must be -1 and reduction MEAN, for DL4J itself divides by the minibatch, got"
            + " CrossEntropyOptions(axis=1, reduction=MEAN)",
        () -> new LossFusedSoftmaxCrossEntropy(CrossEntropyOptions.DEFAULT.withAxis(1)));
    assertRefused(
        "axis must be -1 and reduction MEAN, for DL4J itself divides by the minibatch, got"
            + " CrossEntropyOptions(axis=-1, reduction=SUM)",
        () ->
            new LossFusedSoftmaxCrossEntropy(
                CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM)));
  }

  // ---- to disk and back

  @Test
  void configurationsSurviveJson() {
    ILossFunction loss =
        new LossFusedSoftmaxCrossEntropy(CrossEntropyOptions.DEFAULT.withIgnoreIndex(-100));
    activations()
        .forEach(
            activation -> {
              MultiLayerConfiguration before = small(activation, loss, Activation.SOFTMAX);
              MultiLayerConfiguration after = MultiLayerConfiguration.fromJson(before.toJson());
              assertEquals(before, after);
              assertEquals(
                  activation, ((DenseLayer) after.getConf(0).getLayer()).getActivationFn());
              assertEquals(loss, ((OutputLayer) after.getConf(1).getLayer()).getLossFn());
              assertEquals(before, MultiLayerConfiguration.fromYaml(before.toYaml()));
            });
    ComputationGraphConfiguration graph = linearGraph();
    assertEquals(graph, ComputationGraphConfiguration.fromJson(graph.toJson()));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("activations")
  void activationsSurviveJavaSerialization(IActivation activation) throws Exception {
    assertEquals(activation, copy(activation));
    assertEquals(activation.toString(), copy(activation).toString());
    assertEquals(activation.hashCode(), copy(activation).hashCode());
  }

  @Test
  void lossSurvivesJavaSerialization() throws Exception {
    ILossFunction loss =
        new LossFusedSoftmaxCrossEntropy(CrossEntropyOptions.DEFAULT.withIgnoreIndex(7));
    assertEquals(loss, copy(loss));
    assertEquals(LOSS, copy(LOSS));
    assertTrue(!LOSS.equals(loss));
    assertEquals(
        "LossFusedSoftmaxCrossEntropy(axis=-1, reduction=MEAN, ignoreIndex=7)", loss.name());
  }

  @Test
  void networksSurviveClone() {
    MultiLayerNetwork net = network(small(new ActivationSquareplus(), LOSS, Activation.SOFTMAX));
    Elements.assertSame(net.output(smallFeatures()), net.clone().output(smallFeatures()), "clone");
  }

  @Test
  void savedModelsGiveTheSameBitsHereAndInANewJvm(@TempDir Path folder) throws Exception {
    MultiLayerNetwork net = network(large(new ActivationSquareplus(1.5), Activation.SOFTMAX));
    Digits digits = Digits.few(DataType.FLOAT, 64);
    net.fit(digits.pixels(), digits.labels());
    File netFile = folder.resolve("net.zip").toFile();
    ModelSerializer.writeModel(net, netFile, true);
    ComputationGraph graph = new ComputationGraph(linearGraph());
    graph.init();
    File graphFile = folder.resolve("graph.zip").toFile();
    ModelSerializer.writeModel(graph, graphFile, true);
    // One more step, so that the updater's state and the gradient are compared as well.
    String expected = stepAndOutput(net) + " " + stepAndOutput(graph);
    assertEquals(expected, restored(netFile, graphFile));
    assertEquals(expected, NewJvm.lastLine(Restored.class, List.of(), netFile, graphFile));
  }

  /** The other JVM's program: restores models before it touches anything else of ours. */
  static final class Restored {
    private Restored() {}

    public static void main(String[] arguments) throws IOException {
      System.out.println(restored(new File(arguments[0]), new File(arguments[1])));
    }
  }

  private static String restored(File net, File graph) throws IOException {
    return stepAndOutput(ModelSerializer.restoreMultiLayerNetwork(net))
        + " "
        + stepAndOutput(ModelSerializer.restoreComputationGraph(graph));
  }

  private static String stepAndOutput(MultiLayerNetwork net) {
    Digits digits = Digits.few(DataType.FLOAT, 8);
    net.fit(digits.pixels(), digits.labels());
    return Elements.hex(net.output(digits.pixels()));
  }

  private static String stepAndOutput(ComputationGraph graph) {
    Digits digits = Digits.few(DataType.FLOAT, 8);
    graph.fit(new DataSet(digits.pixels(), digits.labels()));
    return Elements.hex(graph.outputSingle(digits.pixels()));
  }

  // ---- networks

  /** Four inputs, five hidden units, three classes; biases so that the inverse sees x > 0. */
  private static MultiLayerConfiguration small(
      IActivation activation, ILossFunction loss, Activation output) {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new NoOp())
        .list()
        .layer(hidden(activation))
        .layer(new OutputLayer.Builder(loss).nIn(5).nOut(3).activation(output).build())
        .build();
  }

  private static DenseLayer hidden(IActivation activation) {
    boolean positive = activation instanceof ActivationSoftplusInverse;
    return new DenseLayer.Builder()
        .nIn(4)
        .nOut(5)
        .biasInit(positive ? 3 : 0.1)
        .weightInit(WeightInit.XAVIER)
        .activation(activation)
        .build();
  }

  private static ComputationGraphConfiguration smallGraph() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new NoOp())
        .graphBuilder()
        .addInputs("in")
        .addLayer("hidden", hidden(new ActivationSoftplusInverse(1.7)), "in")
        .addLayer("other", hidden(new ActivationStableSoftplus(0.5)), "in")
        .addLayer(
            "out",
            new OutputLayer.Builder(LOSS).nIn(10).nOut(3).activation(Activation.IDENTITY).build(),
            "hidden",
            "other")
        .setOutputs("out")
        .build();
  }

  private static MultiLayerConfiguration large(IActivation activation, Activation output) {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .updater(new Adam(4e-3))
        .weightInit(WeightInit.XAVIER)
        .list()
        .layer(new DenseLayer.Builder().nIn(64).nOut(64).activation(activation).build())
        .layer(new OutputLayer.Builder(LOSS).nIn(64).nOut(10).activation(output).build())
        .build();
  }

  private static ComputationGraphConfiguration linearGraph() {
    IUpdater updater = new Adam(1e-2);
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .updater(updater)
        .graphBuilder()
        .addInputs("in")
        .addLayer(
            "dense",
            new DenseLayer.Builder().nIn(64).nOut(32).activation(Activation.IDENTITY).build(),
            "in")
        .addLayer("softplus", new ActivationLayer(new ActivationStableSoftplus(0.5)), "dense")
        .addLayer("inverse", new ActivationLayer(new ActivationSoftplusInverse(0.5)), "softplus")
        .addLayer(
            "out",
            new OutputLayer.Builder(LOSS).nIn(32).nOut(10).activation(Activation.IDENTITY).build(),
            "inverse")
        .setOutputs("out")
        .build();
  }

  private static MultiLayerNetwork network(MultiLayerConfiguration configuration) {
    MultiLayerNetwork net = new MultiLayerNetwork(configuration);
    net.init();
    return net;
  }

  private static INDArray smallFeatures() {
    double[] numbers = new double[28];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Math.sin(1 + 3 * i);
    }
    return Nd4j.createFromArray(numbers).reshape(7, 4);
  }

  private static INDArray smallLogits() {
    double[] numbers = new double[21];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 3 * Math.sin(2 + 5 * i);
    }
    return Nd4j.createFromArray(numbers).reshape(7, 3);
  }

  private static INDArray smallLabels() {
    return Nd4j.createFromArray(1.0, 0, 2, 2, 0, 1, 0).reshape(7, 1);
  }

  private static INDArray oneHot() {
    INDArray labels = smallLabels();
    INDArray oneHot = Nd4j.zeros(DataType.DOUBLE, 7, 3);
    for (int row = 0; row < 7; row++) {
      oneHot.putScalar(row, labels.getLong(row), 1);
    }
    return oneHot;
  }

  /** Probabilities that do not sum to 1, which the gradient must know. */
  private static INDArray probabilities() {
    double[] numbers = new double[21];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Math.abs(Math.cos(i));
    }
    return Nd4j.createFromArray(numbers).reshape(7, 3);
  }

  // ---- helpers

  private static void assertGradientOfLoss(
      INDArray labels, INDArray logits, IActivation activation, INDArray mask, INDArray gradient) {
    for (int row = 0; row < logits.size(0); row++) {
      for (int column = 0; column < logits.size(1); column++) {
        double old = logits.getDouble(row, column);
        logits.putScalar(row, column, old + Dl4jGradients.STEP);
        double above = LOSS.computeScore(labels, logits, activation, mask, false);
        logits.putScalar(row, column, old - Dl4jGradients.STEP);
        double below = LOSS.computeScore(labels, logits, activation, mask, false);
        logits.putScalar(row, column, old);
        double numeric = (above - below) / (2 * Dl4jGradients.STEP);
        double actual = gradient.getDouble(row, column);
        assertEquals(numeric, actual, 1e-6 * Math.abs(numeric) + 1e-9);
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static <T> T copy(T object) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (T) in.readObject();
    }
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.serde.json.JsonMappers;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/** The loss with all its options, in every layer of DL4J that can hold it. */
@Tag("thorough")
final class Dl4jLossTest {
  private static final CrossEntropyOptions PLAIN = CrossEntropyOptions.DEFAULT;
  private static final CrossEntropyOptions WEIGHTED = PLAIN.withClassWeights(0.5, 0, 2);
  private static final CrossEntropyOptions SMOOTHED = PLAIN.withLabelSmoothing(0.2);
  private static final CrossEntropyOptions Z = PLAIN.withZLoss(0.3);
  private static final CrossEntropyOptions ALL =
      PLAIN.withClassWeights(0.5, 1.5, 2).withLabelSmoothing(0.1).withZLoss(0.05);

  private static final int ROWS = 12;
  private static final int CLASSES = 3;

  /** Where the loss is, with how the rows of labels are laid out there. */
  private enum Place {
    OUTPUT(12, 4) {
      @Override
      MultiLayerConfiguration configuration(ILossFunction loss, Activation activation) {
        return list(
            dense(5, Activation.TANH),
            new OutputLayer.Builder(loss).nIn(5).nOut(CLASSES).activation(activation).build());
      }

      @Override
      INDArray shaped(INDArray rows) {
        return rows;
      }

      @Override
      INDArray mask(INDArray ofRows) {
        return ofRows.reshape(ROWS, 1);
      }
    },
    LOSS_LAYER(12, 4) {
      @Override
      MultiLayerConfiguration configuration(ILossFunction loss, Activation activation) {
        return list(
            dense(CLASSES, Activation.IDENTITY),
            new LossLayer.Builder(loss).activation(activation).build());
      }

      @Override
      INDArray shaped(INDArray rows) {
        return rows;
      }

      @Override
      INDArray mask(INDArray ofRows) {
        return ofRows.reshape(ROWS, 1);
      }
    },
    RECURRENT(3, 2, 4) {
      @Override
      MultiLayerConfiguration configuration(ILossFunction loss, Activation activation) {
        return list(
            new SimpleRnn.Builder().nIn(2).nOut(4).activation(Activation.TANH).build(),
            new RnnOutputLayer.Builder(loss).nIn(4).nOut(CLASSES).activation(activation).build());
      }

      @Override
      INDArray shaped(INDArray rows) {
        return rows.reshape(3, 4, rows.size(1)).permute(0, 2, 1);
      }

      @Override
      INDArray mask(INDArray ofRows) {
        return ofRows.reshape(3, 4);
      }
    },
    CONVOLUTIONAL(2, 2, 2, 3) {
      @Override
      MultiLayerConfiguration configuration(ILossFunction loss, Activation activation) {
        return list(
            new ConvolutionLayer.Builder(1, 1)
                .nIn(2)
                .nOut(CLASSES)
                .activation(Activation.IDENTITY)
                .build(),
            new CnnLossLayer.Builder(loss).activation(activation).build());
      }

      @Override
      INDArray shaped(INDArray rows) {
        return rows.reshape(2, 2, 3, rows.size(1)).permute(0, 3, 1, 2);
      }

      @Override
      INDArray mask(INDArray ofRows) {
        return ofRows.reshape(2, 1, 2, 3);
      }
    };

    final long[] features;

    Place(long... features) {
      this.features = features;
    }

    abstract MultiLayerConfiguration configuration(ILossFunction loss, Activation activation);

    /** Labels or logits, given row by row. */
    abstract INDArray shaped(INDArray rows);

    abstract INDArray mask(INDArray ofRows);

    long minibatch() {
      return features[0];
    }

    INDArray features() {
      return sines((int) Arrays.stream(features).reduce(1, (a, b) -> a * b)).reshape(features);
    }

    MultiLayerNetwork network(CrossEntropyOptions options, Activation activation) {
      MultiLayerNetwork net =
          new MultiLayerNetwork(
              configuration(new LossFusedSoftmaxCrossEntropy(options), activation));
      net.init();
      return net;
    }

    private static DenseLayer dense(int out, Activation activation) {
      return new DenseLayer.Builder().nIn(4).nOut(out).activation(activation).build();
    }

    private static MultiLayerConfiguration list(Layer first, Layer last) {
      return new NeuralNetConfiguration.Builder()
          .seed(5)
          .dataType(DataType.DOUBLE)
          .updater(new NoOp())
          .list()
          .layer(first)
          .layer(last)
          .build();
    }
  }

  static Stream<Arguments> placesAndOptions() {
    return Stream.of(Place.values())
        .flatMap(
            place ->
                Stream.of(PLAIN, WEIGHTED, SMOOTHED, Z, ALL)
                    .map(options -> Arguments.of(place, options)));
  }

  static Stream<Arguments> placesOfIntegersAndOptions() {
    // CnnLossLayer wants labels of the logits' shape.
    return placesAndOptions().filter(arguments -> arguments.get()[0] != Place.CONVOLUTIONAL);
  }

  // ---- gradients

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("placesAndOptions")
  void gradientsOfProbabilitiesAreThoseOfFiniteDifferences(
      Place place, CrossEntropyOptions options) {
    INDArray labels = place.shaped(probabilities());
    MultiLayerNetwork logits = place.network(options, Activation.IDENTITY);
    Dl4jGradients.assertRight(logits, place.features(), labels, null);
    MultiLayerNetwork softmax = place.network(options, Activation.SOFTMAX);
    Dl4jGradients.assertRight(softmax, place.features(), labels, place.mask(mask()));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("placesOfIntegersAndOptions")
  void gradientsOfIntegersAreThoseOfFiniteDifferences(Place place, CrossEntropyOptions options) {
    INDArray labels = place.shaped(ignoredIntegers());
    MultiLayerNetwork logits = place.network(options.withIgnoreIndex(-1), Activation.IDENTITY);
    Dl4jGradients.assertRight(logits, place.features(), labels, null);
    // The label 0 is a class as well.
    MultiLayerNetwork probabilities = place.network(options.withIgnoreIndex(0), Activation.SOFTMAX);
    INDArray classes = place.shaped(integers());
    Dl4jGradients.assertRight(probabilities, place.features(), classes, place.mask(mask()));
  }

  @Test
  void gradientsOfTwoHeadsWithTheirOwnOptionsAreThoseOfFiniteDifferences() {
    for (Activation activation : List.of(Activation.IDENTITY, Activation.SOFTMAX)) {
      ComputationGraph graph = heads(activation);
      Dl4jGradients.assertRight(graph, headFeatures(), probabilities(), ignoredIntegers());
    }
  }

  // ---- scores

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("placesAndOptions")
  void scoresAreSumsOfRowsDividedByTheMinibatch(Place place, CrossEntropyOptions options) {
    MultiLayerNetwork net = place.network(options, Activation.IDENTITY);
    for (INDArray mask : Arrays.asList(null, mask())) {
      assertScores(
          place, net, probabilities(), mask, rowLosses(place, net, probabilities(), mask, options));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("placesOfIntegersAndOptions")
  void scoresOfIntegersAreSumsOfRowsDividedByTheMinibatch(
      Place place, CrossEntropyOptions options) {
    CrossEntropyOptions ignoring = options.withIgnoreIndex(-1);
    MultiLayerNetwork net = place.network(ignoring, Activation.IDENTITY);
    for (INDArray mask : Arrays.asList(null, mask())) {
      INDArray labels = ignoredIntegers();
      assertScores(place, net, labels, mask, rowLosses(place, net, labels, mask, ignoring));
    }
  }

  /** The eager operator's, of the network's own logits. */
  private static double[] rowLosses(
      Place place, MultiLayerNetwork net, INDArray labels, INDArray mask, CrossEntropyOptions o) {
    INDArray output = net.output(place.features());
    INDArray logits =
        switch (place) {
          case OUTPUT, LOSS_LAYER -> output;
          case RECURRENT -> output.permute(0, 2, 1).dup('c').reshape(ROWS, CLASSES);
          case CONVOLUTIONAL -> output.permute(0, 2, 3, 1).dup('c').reshape(ROWS, CLASSES);
        };
    INDArray weights = mask == null ? Nd4j.ones(DataType.DOUBLE, ROWS) : mask;
    CrossEntropyOptions none = o.withReduction(Reduction.NONE);
    return Elements.of(
        labels.size(1) == 1
            ? SparseSoftmaxCrossEntropy.value(logits, labels.castTo(DataType.INT64), weights, none)
            : SoftmaxCrossEntropy.value(logits, labels, weights, none));
  }

  private static void assertScores(
      Place place, MultiLayerNetwork net, INDArray labels, INDArray mask, double[] rows) {
    DataSet data =
        new DataSet(
            place.features(), place.shaped(labels), null, mask == null ? null : place.mask(mask));
    double score = Arrays.stream(rows).sum() / place.minibatch();
    assertEquals(score, net.score(data), 1e-14 * score, "score");
    double[] ofExamples = new double[(int) place.minibatch()];
    for (int row = 0; row < ROWS; row++) {
      ofExamples[row * ofExamples.length / ROWS] += rows[row];
    }
    assertArrayEquals(
        ofExamples, Elements.of(net.scoreExamples(data, false)), 1e-14 * ROWS, "of the examples");
    net.fit(data);
    assertEquals(score, net.score(), 1e-14 * score, "score in training");
  }

  @Test
  void scoresOfTwoHeadsAddUp() {
    ComputationGraph graph = heads(Activation.IDENTITY);
    INDArray[] logits = graph.output(headFeatures());
    INDArray first =
        SoftmaxCrossEntropy.value(logits[0], probabilities(), FIRST.withReduction(Reduction.NONE));
    INDArray second =
        SparseSoftmaxCrossEntropy.value(
            logits[1],
            ignoredIntegers().castTo(DataType.INT32),
            SECOND.withReduction(Reduction.NONE));
    MultiDataSet data =
        new MultiDataSet(
            new INDArray[] {headFeatures()}, new INDArray[] {probabilities(), ignoredIntegers()});
    double[] sums = Elements.of(first.add(second));
    assertArrayEquals(sums, Elements.of(graph.scoreExamples(data, false)), 1e-13);
    assertEquals(Arrays.stream(sums).sum() / ROWS, graph.score(data), 1e-13);
  }

  // ---- masks

  @ParameterizedTest
  @EnumSource
  void labelsUnderTheMaskAreNeverRead(Place place) {
    MultiLayerNetwork net = place.network(ALL, Activation.SOFTMAX);
    INDArray spoiled = probabilities();
    for (int row = 0; row < ROWS; row++) {
      if (mask().getDouble(row) == 0) {
        spoiled.getRow(row).assign(row % 2 == 0 ? Double.NaN : -1);
      }
    }
    assertEquals(
        scoreAndGradient(place, net, place.features(), probabilities()),
        scoreAndGradient(place, net, place.features(), spoiled));
  }

  @Test
  void logitsUnderTheMaskAreNeverRead() {
    // NaN in a feature makes its logits NaN, and DL4J multiplies them by 0, which leaves them NaN.
    // Its own gradients of the weights are then 0·NaN; the score has no place for them.
    INDArray spoiled = Place.OUTPUT.features();
    MultiLayerNetwork net = Place.OUTPUT.network(ALL, Activation.SOFTMAX);
    spoiled.getRow(1).assign(Double.NaN);
    INDArray mask = Place.OUTPUT.mask(mask());
    assertEquals(0, mask.getDouble(1));
    double expected = net.score(new DataSet(Place.OUTPUT.features(), probabilities(), null, mask));
    assertEquals(expected, net.score(new DataSet(spoiled, probabilities(), null, mask)));

    INDArray last = Place.RECURRENT.features();
    MultiLayerNetwork recurrent = Place.RECURRENT.network(ALL, Activation.IDENTITY);
    INDArray steps = Nd4j.createFromArray(1.0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0).reshape(3, 4);
    INDArray labels = Place.RECURRENT.shaped(probabilities());
    double before = recurrent.score(new DataSet(last.dup(), labels, null, steps));
    for (int example = 0; example < 3; example++) {
      last.putScalar(new int[] {example, 0, 3}, Double.NaN);
    }
    assertEquals(before, recurrent.score(new DataSet(last, labels, null, steps)));
    assertTrue(Double.isNaN(recurrent.score(new DataSet(last, labels))), "without a mask");
  }

  @Test
  void everythingMaskedOrIgnoredScoresZeroAndMovesNothing() {
    INDArray ignored = Nd4j.zeros(DataType.DOUBLE, 3, 1, 4).subi(1);
    INDArray labels = Place.RECURRENT.shaped(probabilities());
    INDArray nothing = Nd4j.zeros(DataType.DOUBLE, 3, 4);
    assertNothingMoves(ALL.withIgnoreIndex(-1), ignored, null);
    assertNothingMoves(ALL, labels, nothing);
  }

  private static void assertNothingMoves(
      CrossEntropyOptions options, INDArray labels, INDArray mask) {
    MultiLayerNetwork net = Place.RECURRENT.network(options, Activation.SOFTMAX);
    INDArray before = net.params().dup();
    net.fit(new DataSet(Place.RECURRENT.features(), labels, null, mask));
    assertEquals(0, net.score());
    Elements.assertSame(before, net.params(), "parameters");
  }

  private static String scoreAndGradient(
      Place place, MultiLayerNetwork net, INDArray x, INDArray labels) {
    net.setInput(x);
    net.setLabels(place.shaped(labels));
    net.setLayerMaskArrays(null, place.mask(mask()));
    net.computeGradientAndScore();
    assertTrue(net.score() > 0);
    return net.score() + " " + Elements.hex(net.gradient().gradient());
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("options")
  void theLossItselfIsConsistentAndNeverReadsMaskedRows(CrossEntropyOptions options) {
    LossFusedSoftmaxCrossEntropy loss = new LossFusedSoftmaxCrossEntropy(options);
    INDArray labels = options.ignoreIndex().isPresent() ? integers() : probabilities();
    INDArray logits = sines(ROWS * CLASSES).mul(4).reshape(ROWS, CLASSES);
    INDArray mask = mask().reshape(ROWS, 1);
    for (IActivation activation : List.of(new ActivationIdentity(), new ActivationSoftmax())) {
      INDArray array = loss.computeScoreArray(labels, logits, activation, mask);
      double sum = loss.computeScore(labels, logits, activation, mask, false);
      assertEquals(array.sumNumber().doubleValue(), sum, 1e-14 * sum);
      assertEquals(sum / ROWS, loss.computeScore(labels, logits, activation, mask, true));
      Pair<Double, INDArray> both =
          loss.computeGradientAndScore(labels, logits, activation, mask, false);
      assertEquals(sum, both.getFirst());
      Elements.assertSame(
          loss.computeGradient(labels, logits, activation, mask), both.getSecond(), "gradient");

      INDArray spoiledLogits = logits.dup();
      INDArray spoiledLabels = labels.dup();
      for (int row = 0; row < ROWS; row++) {
        if (mask.getDouble(row) == 0) {
          spoiledLogits.getRow(row).assign(Double.NaN);
          spoiledLabels.getRow(row).assign(Double.NaN);
        }
      }
      Pair<Double, INDArray> spoiled =
          loss.computeGradientAndScore(spoiledLabels, spoiledLogits, activation, mask, false);
      assertEquals(sum, spoiled.getFirst());
      Elements.assertSame(both.getSecond(), spoiled.getSecond(), "gradient");
      Elements.assertSame(
          array,
          loss.computeScoreArray(spoiledLabels, spoiledLogits, activation, mask),
          "score array");
    }
  }

  // ---- the host's surroundings

  @ParameterizedTest
  @EnumSource
  void anotherActivationIsRefused(Place place) {
    for (Activation activation : List.of(Activation.SIGMOID, Activation.CUBE)) {
      MultiLayerNetwork net = place.network(ALL, activation);
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> net.fit(place.features(), place.shaped(probabilities())));
      assertEquals(
          "activation must be identity or softmax, for the loss works on logits, got "
              + activation.getActivationFunction(),
          refused.getMessage());
    }
  }

  @Test
  void classWeightsOfAnotherNumberAreRefused() {
    MultiLayerNetwork net = Place.OUTPUT.network(PLAIN.withClassWeights(1, 2), Activation.IDENTITY);
    assertEquals(
        "classWeights must have one weight for each of 3 classes, got 2",
        assertThrows(
                IllegalArgumentException.class,
                () -> net.fit(Place.OUTPUT.features(), probabilities()))
            .getMessage());
  }

  @Test
  void evaluationIsTheSameOfLogitsAndOfProbabilities() {
    MultiLayerNetwork logits = Place.RECURRENT.network(ALL, Activation.IDENTITY);
    MultiLayerNetwork probabilities = Place.RECURRENT.network(ALL, Activation.SOFTMAX);
    probabilities.setParams(logits.params());
    // Else the host refuses to evaluate what it does not know to be probabilities.
    logits.getLayerWiseConfigurations().setValidateOutputLayerConfig(false);
    DataSet data =
        new DataSet(
            Place.RECURRENT.features(),
            Place.RECURRENT.shaped(oneHot()),
            null,
            Place.RECURRENT.mask(mask()));
    Evaluation ofLogits = logits.evaluate(new SingletonDataSetIterator(data));
    Evaluation ofProbabilities = probabilities.evaluate(new SingletonDataSetIterator(data));
    assertEquals(ofLogits.getConfusion(), ofProbabilities.getConfusion());
    assertEquals(
        mask().sumNumber().intValue(), ofLogits.getNumRowCounter(), "only what is not masked");
    ROCMultiClass roc = probabilities.evaluateROCMultiClass(new SingletonDataSetIterator(data), 0);
    assertTrue(roc.calculateAverageAUC() > 0 && roc.calculateAverageAUC() < 1);
  }

  @Test
  void scoresOfHalfNetworksDoNotOverflow() {
    // The only narrow type that DL4J lets a network have.
    DataType type = DataType.FLOAT16;
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .dataType(type)
                .updater(new Sgd(1))
                .list()
                .layer(
                    new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                        .nIn(1)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    net.init();
    net.setParams(Nd4j.createFromArray(0.0, 0, 0, 100).castTo(type).reshape(1, 4));
    // 1024 losses of 100: more than half's 65504.
    INDArray x = Nd4j.ones(type, 1024, 1);
    INDArray labels = Nd4j.zeros(type, 1024, 1);
    assertEquals(100, net.score(new DataSet(x, labels)));
    net.fit(x, labels);
    assertEquals(100, net.score());
    // One step of 1 along a mean gradient of (−1, 1).
    assertArrayEquals(new double[] {1, -1, 1, 99}, Elements.of(net.params()));
  }

  // ---- to disk and back

  static Stream<CrossEntropyOptions> options() {
    return Stream.of(PLAIN, WEIGHTED, SMOOTHED, Z, ALL, ALL.withIgnoreIndex(Long.MIN_VALUE + 1));
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("options")
  void optionsSurviveJson(CrossEntropyOptions options) {
    LossFusedSoftmaxCrossEntropy loss = new LossFusedSoftmaxCrossEntropy(options);
    MultiLayerConfiguration net = Place.OUTPUT.configuration(loss, Activation.SOFTMAX);
    MultiLayerConfiguration copy = MultiLayerConfiguration.fromJson(net.toJson());
    assertEquals(loss, lossOf(copy));
    assertEquals(loss.toString(), lossOf(copy).toString());
    assertEquals(net, copy);
    assertEquals(net, MultiLayerConfiguration.fromYaml(net.toYaml()));
    ComputationGraphConfiguration graph = headsConfiguration(loss, loss, Activation.SOFTMAX);
    assertEquals(graph, ComputationGraphConfiguration.fromJson(graph.toJson()));
  }

  @Test
  void differentOptionsAreDifferentLosses() {
    List<LossFusedSoftmaxCrossEntropy> losses =
        options().map(LossFusedSoftmaxCrossEntropy::new).toList();
    assertEquals(losses.size(), losses.stream().distinct().count());
  }

  /** ND4J's mapper writes fields where DL4J's writes properties. */
  @ParameterizedTest
  @MethodSource("options")
  void optionsSurviveTheMapperOfNd4j(CrossEntropyOptions options) throws Exception {
    ILossFunction loss = new LossFusedSoftmaxCrossEntropy(options);
    String json = JsonMappers.getMapper().writeValueAsString(loss);
    assertEquals(loss, JsonMappers.getMapper().readValue(json, ILossFunction.class));
  }

  @Test
  void jsonOfTheFirstVersionHasTheDefaults() {
    LossFusedSoftmaxCrossEntropy loss =
        new LossFusedSoftmaxCrossEntropy(PLAIN.withIgnoreIndex(-100));
    MultiLayerConfiguration net = Place.OUTPUT.configuration(loss, Activation.SOFTMAX);
    // It knew the ignored label only.
    String json =
        net.toJson().replaceAll(",\\s*\"(labelSmoothing|zLoss|classWeights)\" : [^,}]*", "");
    assertTrue(json.length() < net.toJson().length() && !json.contains("zLoss"), json);
    assertEquals(loss, lossOf(MultiLayerConfiguration.fromJson(json)));
  }

  private static ILossFunction lossOf(MultiLayerConfiguration configuration) {
    return ((BaseOutputLayer) configuration.getConf(1).getLayer()).getLossFn();
  }

  @ParameterizedTest
  @EnumSource
  void aSavedNetworkTrainsOnToTheSameBits(Place place, @TempDir Path folder) throws Exception {
    MultiLayerNetwork net = place.network(ALL, Activation.SOFTMAX);
    File file = folder.resolve("net.zip").toFile();
    ModelSerializer.writeModel(net, file, true);
    MultiLayerNetwork restored = ModelSerializer.restoreMultiLayerNetwork(file);
    assertEquals(
        scoreAndGradient(place, net, place.features(), probabilities()),
        scoreAndGradient(place, restored, place.features(), probabilities()));
  }

  @Test
  void aSavedGraphScoresTheSame(@TempDir Path folder) throws Exception {
    ComputationGraph graph = heads(Activation.SOFTMAX);
    File file = folder.resolve("graph.zip").toFile();
    ModelSerializer.writeModel(graph, file, true);
    MultiDataSet data =
        new MultiDataSet(
            new INDArray[] {headFeatures()}, new INDArray[] {probabilities(), ignoredIntegers()});
    assertEquals(graph.score(data), ModelSerializer.restoreComputationGraph(file).score(data));
  }

  // ---- two heads

  private static final CrossEntropyOptions FIRST = WEIGHTED.withLabelSmoothing(0.1);
  private static final CrossEntropyOptions SECOND = Z.withIgnoreIndex(-1);

  private static ComputationGraph heads(Activation activation) {
    ComputationGraph graph =
        new ComputationGraph(
            headsConfiguration(
                new LossFusedSoftmaxCrossEntropy(FIRST),
                new LossFusedSoftmaxCrossEntropy(SECOND),
                activation));
    graph.init();
    return graph;
  }

  private static ComputationGraphConfiguration headsConfiguration(
      ILossFunction first, ILossFunction second, Activation activation) {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new NoOp())
        .graphBuilder()
        .addInputs("in")
        .addLayer("hidden", Place.dense(5, Activation.TANH), "in")
        .addLayer("first", head(first, activation), "hidden")
        .addLayer("second", head(second, activation), "hidden")
        .setOutputs("first", "second")
        .build();
  }

  private static OutputLayer head(ILossFunction loss, Activation activation) {
    return new OutputLayer.Builder(loss).nIn(5).nOut(CLASSES).activation(activation).build();
  }

  private static INDArray headFeatures() {
    return Place.OUTPUT.features();
  }

  // ---- data

  private static INDArray sines(int count) {
    double[] numbers = new double[count];
    Arrays.setAll(numbers, i -> Math.sin(1 + 3 * i));
    return Nd4j.createFromArray(numbers);
  }

  /** Probabilities that do not sum to 1, which the gradient must know. */
  private static INDArray probabilities() {
    return sines(ROWS * CLASSES).mul(1.5).muli(sines(ROWS * CLASSES)).reshape(ROWS, CLASSES);
  }

  private static INDArray integers() {
    return Nd4j.createFromArray(1.0, 0, 2, 2, 0, 1, 0, 2, 1, 1, 0, 2).reshape(ROWS, 1);
  }

  private static INDArray ignoredIntegers() {
    INDArray labels = integers();
    labels.putScalar(4, 0, -1);
    labels.putScalar(9, 0, -1);
    return labels;
  }

  private static INDArray oneHot() {
    INDArray labels = integers();
    INDArray oneHot = Nd4j.zeros(DataType.DOUBLE, ROWS, CLASSES);
    for (int row = 0; row < ROWS; row++) {
      oneHot.putScalar(row, labels.getLong(row), 1);
    }
    return oneHot;
  }

  private static INDArray mask() {
    return Nd4j.createFromArray(1.0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0);
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.transferlearning.TransferLearningHelper;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.nn.weights.WeightInitXavier;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.weights.PositiveWeights;

/** Transfer learning keeps weights positive, whatever it replaces in a layer's configuration. */
@Tag("thorough")
final class PositiveTransferTest {
  private static final PositiveWeights POSITIVE = PositiveWeights.by(PositiveTransform.softplus());

  private static final Map<String, UnaryOperator<FineTuneConfiguration.Builder>> TUNINGS =
      new TreeMap<>(
          Map.of(
              "l1", t -> t.l1(0.01),
              "l2", t -> t.l2(0.01),
              "weight decay", t -> t.weightDecay(0.01),
              "noise", t -> t.weightNoise(new DropConnect(0.5)),
              "no noise", t -> t.weightNoise(null),
              "start", t -> t.weightInit(WeightInit.XAVIER),
              "noise and l2", t -> t.weightNoise(new DropConnect(0.5)).l2(0.01),
              "no noise and weight decay", t -> t.weightNoise(null).weightDecay(0.01),
              "everything", PositiveTransferTest::everything));

  private static FineTuneConfiguration.Builder everything(FineTuneConfiguration.Builder tuning) {
    return tuning
        .l1(0.01)
        .l2(0.01)
        .l2Bias(0.01)
        .weightNoise(new DropConnect(0.5))
        .weightInit(new NormalDistribution(0, 1))
        .dropout(null)
        .constraints(null);
  }

  static Stream<Arguments> tunings() {
    return Stream.of(new Net(), new Graph())
        .flatMap(network -> TUNINGS.keySet().stream().map(name -> Arguments.of(network, name)));
  }

  static Stream<Network> networks() {
    return Stream.of(new Net(), new Graph());
  }

  // ---- fine tuning

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tunings")
  void fineTuningStartsWhereTheNetworkIs(Network network, String tuning) {
    Network tuned = network.tuned(tuning(tuning, 0.05));
    Elements.assertSame(network.output(x()), tuned.output(x()), "output");
    assertEquals(network.score(), tuned.score() - tuned.penalty(), 1e-14);
  }

  /** The labels fall where the inputs rise: free weights would become negative. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tunings")
  void fineTunedWeightsStayPositive(Network network, String tuning) {
    Network tuned = network.tuned(tuning(tuning, 0.05));
    double before = tuned.score();
    tuned.fit(30);
    assertTrue(tuned.score() < before, () -> before + " → " + tuned.score());
    INDArray rise = tuned.output(x().add(0.1)).sub(tuned.output(x()));
    assertTrue(rise.minNumber().doubleValue() > 0, () -> "falls by " + rise);
    for (int layer = 0; layer < 3; layer++) {
      INDArray weights = PositiveWeights.get(tuned.layer(layer), "W");
      assertTrue(weights.minNumber().doubleValue() > 0, () -> "not positive: " + weights);
    }
  }

  /** Weight decay is no part of the score, so that finite differences do not see it. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tunings")
  void fineTuningStepsAreThoseOfFiniteDifferences(Network network, String tuning) {
    if (!tuning.contains("weight decay")) {
      network.tuned(tuning(tuning, 1)).assertStepsRight();
    }
  }

  private static FineTuneConfiguration tuning(String name, double rate) {
    return TUNINGS
        .get(name)
        .apply(new FineTuneConfiguration.Builder())
        .updater(new Sgd(rate))
        .build();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void weightDecayTakesItsShareOfRawWeightsOnce(Network network) {
    FineTuneConfiguration.Builder plain = new FineTuneConfiguration.Builder().updater(new Sgd(0.5));
    Network without = network.tuned(plain.build());
    Network with = network.tuned(plain.weightDecay(0.25).build());
    INDArray expected = network.layer(1).getParam("W").mul(0.5 * 0.25);
    without.fit(1);
    with.fit(1);
    INDArray taken = without.layer(1).getParam("W").sub(with.layer(1).getParam("W"));
    assertTrue(taken.sub(expected).amaxNumber().doubleValue() < 1e-15);
    assertEquals(without.layer(1).getParam("b"), with.layer(1).getParam("b"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void penaltiesCanBeTakenAway(Network network) {
    Network penalised = network.tuned(new FineTuneConfiguration.Builder().l2(0.1).build());
    assertTrue(penalised.penalty() > 0.1);
    Network free =
        penalised.tuned(
            new FineTuneConfiguration.Builder().l2(0).l1(0).updater(new Sgd(1)).build());
    assertEquals(0, free.penalty());
    free.assertStepsRight();
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("tunings")
  void fineTunedNetworksSurviveSaving(Network network, String tuning, @TempDir Path folder)
      throws IOException {
    Network tuned = network.tuned(tuning(tuning, 0.05));
    tuned.fit(2);
    Network loaded = tuned.reloaded(folder.resolve("network.zip").toFile());
    assertEquals(tuned.score(), loaded.score());
    tuned.fit(2);
    loaded.fit(2);
    Elements.assertSame(tuned.output(x()), loaded.output(x()), "output");
  }

  // ---- other sizes

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void replacedLayersStartAsNewOnes(Network network) {
    Network replaced = network.withHidden(800);
    assertStart(replaced.layer(0), 1.0 / 3);
    assertStart(replaced.layer(1), 1.0 / 800);
    INDArray difference = network.layer(2).getParam("W").sub(replaced.layer(2).getParam("W"));
    // A graph rounds to floats.
    assertEquals(0, difference.amaxNumber().doubleValue(), 1e-6);
    assertTrue(replaced.output(x()).minNumber().doubleValue() > 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void layersWithOtherInputsStartAsNewOnes(Network network) {
    assertStart(network.withInputs(700).layer(0), 1.0 / 700);
  }

  /** Uniform between 0 and twice the mean: within six standard errors of the mean. */
  private static void assertStart(Layer layer, double mean) {
    INDArray weights = PositiveWeights.get(layer, "W");
    double error = mean / Math.sqrt(3 * weights.length());
    assertEquals(mean, weights.meanNumber().doubleValue(), 6 * error);
    assertTrue(weights.minNumber().doubleValue() > 0);
    assertTrue(weights.maxNumber().doubleValue() < 2 * mean);
  }

  /** Each overload ends in the same initialisers. */
  @Test
  void noInitialiserOfTransferLearningReachesRawWeights() {
    MultiLayerNetwork net = new Net().model;
    NormalDistribution normal = new NormalDistribution(0, 1);
    List<TransferLearning.Builder> builders =
        List.of(
            builder(net).nOutReplace(0, 800, WeightInit.RELU),
            builder(net).nOutReplace(0, 800, WeightInit.ZERO, WeightInit.ONES),
            builder(net).nOutReplace(0, 800, normal),
            builder(net).nOutReplace(0, 800, normal, WeightInit.XAVIER),
            builder(net).nOutReplace(0, 800, new WeightInitXavier(), new WeightInitXavier()),
            builder(net)
                .fineTuneConfiguration(tuning("everything", 0.05))
                .nOutReplace(0, 800, normal, normal));
    for (TransferLearning.Builder builder : builders) {
      MultiLayerNetwork replaced = builder.build();
      assertStart(replaced.getLayer(0), 1.0 / 3);
      assertStart(replaced.getLayer(1), 1.0 / 800);
    }
  }

  private static TransferLearning.Builder builder(MultiLayerNetwork net) {
    return new TransferLearning.Builder(net);
  }

  @Test
  void addedLayersGetThePenaltiesOfTheTuning() {
    MultiLayerNetwork tuned =
        builder(new Net().model)
            .fineTuneConfiguration(tuning("noise and l2", 1))
            .removeOutputLayer()
            .addLayer(last())
            .build();
    assertStart(tuned.getLayer(2), 1.0 / 4);
    Dl4jSteps.assertRight(tuned, data());
  }

  // ---- frozen layers

  @Test
  void frozenLayersKeepTheirWeights() {
    MultiLayerNetwork net = new Net().model;
    MultiLayerNetwork tuned =
        builder(net)
            .fineTuneConfiguration(tuning("noise and l2", 0.05))
            .setFeatureExtractor(0)
            .build();
    Elements.assertSame(net.output(x()), tuned.output(x()), "output");
    tuned.fit(data());
    Elements.assertSame(
        PositiveWeights.get(net.getLayer(0), "W"),
        PositiveWeights.get(tuned.getLayer(0), "W"),
        "frozen");
  }

  @Test
  void featurizedTrainingIsTrainingWithFrozenLayers() {
    MultiLayerNetwork net = new Net().model;
    MultiLayerNetwork frozen =
        builder(net).fineTuneConfiguration(tuning("l2", 0.05)).setFeatureExtractor(0).build();
    MultiLayerNetwork featurized = frozen.clone();
    TransferLearningHelper helper = new TransferLearningHelper(featurized);
    helper.fitFeaturized(helper.featurize(data()));
    frozen.fit(data());
    Elements.assertSame(frozen.output(x()), featurized.output(x()), "output");
  }

  // ---- configurations

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void settersOfALayerInUseHaveNoHold(Network network) {
    Network other = network.tuned(sgd());
    BaseLayer layer = (BaseLayer) other.layer(1).conf().getLayer();
    layer.setWeightNoise(null);
    layer.setRegularization(null);
    layer.setWeightInitFn(new WeightInitXavier());
    Elements.assertSame(network.output(x()), other.output(x()), "output");
    other.assertStepsRight();
    layer.setWeightNoise(new DropConnect(0.5));
    other.assertStepsRight();
  }

  private static FineTuneConfiguration sgd() {
    return new FineTuneConfiguration.Builder().updater(new Sgd(1)).build();
  }

  @Test
  void jsonIsReadWithItsHooksOrRefused() {
    MultiLayerNetwork net = new Net().model;
    String json = net.getLayerWiseConfigurations().toJson();
    String without = edited(edited(json, "weightNoise", "null"), "regularization", "[]");
    MultiLayerNetwork loaded = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(without));
    loaded.init(net.params(), true);
    Elements.assertSame(net.output(x()), loaded.output(x()), "output");
    Dl4jSteps.assertRight(builder(loaded).fineTuneConfiguration(sgd()).build(), data());
    String xavier = "{\"@class\" : \"org.deeplearning4j.nn.weights.WeightInitXavier\"}";
    for (String start : List.of("null", xavier)) {
      String wrong = edited(json, "weightInitFn", start);
      Exception e =
          assertThrows(Exception.class, () -> MultiLayerConfiguration.fromJson(wrong), start);
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      assertTrue(trace.toString().contains("weightInitFn"), trace::toString);
    }
  }

  /** With another value for every property of a name. */
  private static String edited(String json, String property, String value) {
    StringBuilder edited = new StringBuilder();
    String key = '"' + property + "\" : ";
    int from = 0;
    for (int at = json.indexOf(key); at >= 0; at = json.indexOf(key, from)) {
      edited.append(json, from, at + key.length()).append(value);
      from = end(json, at + key.length());
    }
    assertTrue(from > 0, json);
    return edited.append(json.substring(from)).toString();
  }

  /** Where the object or array that starts at an index ends. */
  private static int end(String json, int start) {
    int depth = 0;
    for (int i = start; ; i++) {
      char c = json.charAt(i);
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      if (depth == 0) {
        return i + 1;
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("layers")
  void theCopyHasEverySettingOfItsLayer(BaseLayer layer) throws IOException {
    String json = NeuralNetConfiguration.mapper().writeValueAsString(POSITIVE.on(layer));
    BaseLayer back =
        (BaseLayer)
            NeuralNetConfiguration.mapper()
                .readValue(StockLayers.in(json), org.deeplearning4j.nn.conf.layers.Layer.class);
    back.setWeightNoise(null);
    back.setWeightInitFn(null);
    back.getRegularization().remove(0);
    if (back instanceof org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer recurrent) {
      recurrent.setWeightInitFnRecurrent(null);
    }
    assertEquals(layer, back);
  }

  static Stream<BaseLayer> layers() {
    return PositiveWeightsTest.layers().map(arguments -> (BaseLayer) arguments.get()[1]);
  }

  @Test
  void networksSavedWithStockLayersComputeTheSame() {
    MultiLayerNetwork net = new Net().model;
    MultiLayerNetwork old = StockLayers.with(net);
    assertEquals(DenseLayer.class, old.getLayer(0).conf().getLayer().getClass());
    net.fit(data());
    old.fit(data());
    Elements.assertSame(net.output(x()), old.output(x()), "output");
    assertEquals(
        PositiveWeights.get(net.getLayer(0), "W"), PositiveWeights.get(old.getLayer(0), "W"));
  }

  // ---- networks

  /** A network of either kind, and what transfer learning makes of it. */
  interface Network {
    Network tuned(FineTuneConfiguration tuning);

    Network withHidden(int size);

    Network withInputs(int size);

    Network reloaded(File file) throws IOException;

    INDArray output(INDArray x);

    double score();

    double penalty();

    void fit(int steps);

    void assertStepsRight();

    Layer layer(int index);
  }

  private static final class Net implements Network {
    private final MultiLayerNetwork model;

    private Net(MultiLayerNetwork model) {
      this.model = model;
    }

    Net() {
      this(
          new MultiLayerNetwork(
              settings().list().layer(hidden(3, 5)).layer(hidden(5, 4)).layer(last()).build()));
      model.init();
      fit(5);
    }

    @Override
    public Network tuned(FineTuneConfiguration tuning) {
      return new Net(builder(model).fineTuneConfiguration(tuning).build());
    }

    @Override
    public Network withHidden(int size) {
      return new Net(builder(model).nOutReplace(0, size, WeightInit.XAVIER).build());
    }

    @Override
    public Network withInputs(int size) {
      return new Net(builder(model).nInReplace(0, size, WeightInit.XAVIER).build());
    }

    @Override
    public Network reloaded(File file) throws IOException {
      ModelSerializer.writeModel(model, file, true);
      return new Net(ModelSerializer.restoreMultiLayerNetwork(file));
    }

    @Override
    public INDArray output(INDArray x) {
      return model.output(x);
    }

    @Override
    public double score() {
      return model.score(data(), false);
    }

    @Override
    public double penalty() {
      return model.calcRegularizationScore(true);
    }

    @Override
    public void fit(int steps) {
      for (int step = 0; step < steps; step++) {
        model.fit(data());
      }
    }

    @Override
    public void assertStepsRight() {
      Dl4jSteps.assertRight(model, data());
    }

    @Override
    public Layer layer(int index) {
      return model.getLayer(index);
    }

    @Override
    public String toString() {
      return "network";
    }
  }

  private static final class Graph implements Network {
    private final ComputationGraph model;

    private Graph(ComputationGraph model) {
      this.model = model;
    }

    Graph() {
      this(
          new ComputationGraph(
              settings()
                  .graphBuilder()
                  .addInputs("in")
                  .addLayer("0", hidden(3, 5), "in")
                  .addLayer("1", hidden(5, 4), "0")
                  .addLayer("2", last(), "1")
                  .setOutputs("2")
                  .build()));
      model.init();
      fit(5);
    }

    private TransferLearning.GraphBuilder builder() {
      return new TransferLearning.GraphBuilder(model);
    }

    /** DL4J forgets the data type of a graph; its parameters were rounded on the way. */
    private static Graph inDouble(TransferLearning.GraphBuilder builder) {
      return new Graph(builder.build().convertDataType(DataType.DOUBLE));
    }

    @Override
    public Network tuned(FineTuneConfiguration tuning) {
      Graph tuned = inDouble(builder().fineTuneConfiguration(tuning));
      tuned.model.setParams(model.params());
      return tuned;
    }

    @Override
    public Network withHidden(int size) {
      return inDouble(builder().nOutReplace("0", size, WeightInit.XAVIER));
    }

    @Override
    public Network withInputs(int size) {
      return inDouble(builder().nInReplace("0", size, WeightInit.XAVIER));
    }

    @Override
    public Network reloaded(File file) throws IOException {
      ModelSerializer.writeModel(model, file, true);
      return new Graph(ModelSerializer.restoreComputationGraph(file));
    }

    @Override
    public INDArray output(INDArray x) {
      return model.outputSingle(x);
    }

    @Override
    public double score() {
      return model.score(data(), false);
    }

    @Override
    public double penalty() {
      return model.calcRegularizationScore(true);
    }

    @Override
    public void fit(int steps) {
      for (int step = 0; step < steps; step++) {
        model.fit(data());
      }
    }

    @Override
    public void assertStepsRight() {
      Dl4jSteps.assertRight(model, data());
    }

    @Override
    public Layer layer(int index) {
      return model.getLayer(String.valueOf(index));
    }

    @Override
    public String toString() {
      return "graph";
    }
  }

  private static NeuralNetConfiguration.Builder settings() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .activation(new ActivationSquareplus())
        .updater(new Sgd(0.05));
  }

  private static DenseLayer hidden(int inputs, int outputs) {
    return POSITIVE.on(new DenseLayer.Builder().nIn(inputs).nOut(outputs).build());
  }

  private static OutputLayer last() {
    return POSITIVE.on(
        new OutputLayer.Builder(new LossMSE())
            .nIn(4)
            .nOut(2)
            .activation(Activation.IDENTITY)
            .build());
  }

  private static INDArray x() {
    double[] x = new double[12];
    Arrays.setAll(x, i -> Math.sin(1 + 3 * i));
    return Nd4j.createFromArray(x).reshape(4, 3);
  }

  private static DataSet data() {
    INDArray falling = x().sum(true, 1).muli(-0.5);
    return new DataSet(x(), Nd4j.hstack(falling, falling.mul(2)));
  }
}

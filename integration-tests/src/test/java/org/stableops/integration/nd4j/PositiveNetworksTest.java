package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossPoisson;
import org.stableops.PositiveTransform;
import org.stableops.integration.NewJvm;
import org.stableops.integration.data.Table;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.layers.LearnableSquareplusLayer;
import org.stableops.nd4j.layers.PositiveScaleLayer;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.nd4j.weights.PositiveConstraint;
import org.stableops.nd4j.weights.PositiveWeights;

/** Whole networks of DL4J with positive parameters: training, saving, loading, copying. */
@Tag("thorough")
final class PositiveNetworksTest {
  private static final PositiveWeights POSITIVE = PositiveWeights.by(PositiveTransform.softplus());

  // ---- graphs and workspaces

  @Test
  void stepsOfAGraphAreThoseOfFiniteDifferences() {
    ComputationGraph graph = new ComputationGraph(graph(DataType.DOUBLE, WorkspaceMode.ENABLED));
    graph.init();
    Dl4jSteps.assertRight(graph, data(DataType.DOUBLE));
  }

  @Test
  void workspacesChangeNothing() {
    String expected = null;
    for (WorkspaceMode mode : List.of(WorkspaceMode.NONE, WorkspaceMode.ENABLED)) {
      MultiLayerNetwork net = net(mode);
      String bits = stepAndOutput(net) + stepAndOutput(net);
      assertTrue(expected == null || expected.equals(bits));
      expected = bits;
    }
  }

  // ---- copies

  @Test
  void configurationsSurviveJson() {
    MultiLayerConfiguration net = configuration(WorkspaceMode.ENABLED);
    MultiLayerConfiguration copy = MultiLayerConfiguration.fromJson(net.toJson());
    assertEquals(net, copy);
    assertEquals(net.hashCode(), copy.hashCode());
    assertEquals(net, MultiLayerConfiguration.fromYaml(net.toYaml()));
    assertEquals(net, net.clone());
    ComputationGraphConfiguration graph = graph(DataType.FLOAT, WorkspaceMode.ENABLED);
    assertEquals(graph, ComputationGraphConfiguration.fromJson(graph.toJson()));
    assertEquals(graph, graph.clone());
  }

  @Test
  void configurationsDifferByEachPart() {
    Layer dense = dense().build();
    List<Layer> layers =
        List.of(
            dense,
            POSITIVE.on(dense().build()),
            POSITIVE.startingAt(0.5).on(dense().build()),
            POSITIVE.startingWith(new WeightInitConstant(0.25)).on(dense().build()),
            PositiveWeights.by(PositiveTransform.softplus(2)).on(dense().build()),
            PositiveWeights.by(PositiveTransform.exp()).on(dense().build()),
            dense().constrainWeights(new PositiveConstraint(0.1)).build(),
            dense().constrainWeights(new PositiveConstraint(0.2)).build(),
            new PositiveScaleLayer.Builder().nIn(6).build(),
            new PositiveScaleLayer.Builder().nIn(6).initial(2).build(),
            new PositiveScaleLayer.Builder().nIn(6).transform(PositiveTransform.exp()).build(),
            new LearnableSquareplusLayer.Builder().nIn(6).initial(1).build(),
            new LearnableSquareplusLayer.Builder().nIn(6).initial(1).perChannel().build());
    for (Layer layer : layers) {
      assertEquals(1, layers.stream().filter(layer::equals).count(), layer.toString());
      assertEquals(layer, layer.clone());
      assertEquals(layer.hashCode(), layer.clone().hashCode());
    }
  }

  private static DenseLayer.Builder dense() {
    return new DenseLayer.Builder().nIn(6).nOut(8);
  }

  @Test
  void networksSurviveClone() {
    MultiLayerNetwork net = net(WorkspaceMode.ENABLED);
    stepAndOutput(net);
    MultiLayerNetwork clone = net.clone();
    assertEquals(stepAndOutput(net), stepAndOutput(clone));
    ComputationGraph graph = new ComputationGraph(graph(DataType.FLOAT, WorkspaceMode.ENABLED));
    graph.init();
    ComputationGraph copy = graph.clone();
    assertEquals(stepAndOutput(graph), stepAndOutput(copy));
  }

  @Test
  void savedNetworksGiveTheSameBitsHereAndInANewJvm(@TempDir Path folder) throws Exception {
    MultiLayerNetwork net = net(WorkspaceMode.ENABLED);
    net.fit(data(DataType.FLOAT));
    File netFile = folder.resolve("net.zip").toFile();
    ModelSerializer.writeModel(net, netFile, true);
    ComputationGraph graph = new ComputationGraph(graph(DataType.FLOAT, WorkspaceMode.ENABLED));
    graph.init();
    File graphFile = folder.resolve("graph.zip").toFile();
    ModelSerializer.writeModel(graph, graphFile, true);
    String inNewJvm = NewJvm.lastLine(Restored.class, List.of(), netFile, graphFile);
    String here = restored(netFile, graphFile);
    assertEquals(stepAndOutput(net) + stepAndOutput(graph), here);
    assertEquals(here, inNewJvm);
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
        + stepAndOutput(ModelSerializer.restoreComputationGraph(graph));
  }

  @Test
  void configurationsSurviveJavaSerialization() throws Exception {
    MultiLayerConfiguration net = configuration(WorkspaceMode.ENABLED);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(net);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertEquals(net, in.readObject());
    }
  }

  @Test
  void fineTuningFreezesAndTrainsPositiveWeights() {
    MultiLayerNetwork net = net(WorkspaceMode.ENABLED);
    INDArray x = data(DataType.FLOAT).getFeatures();
    MultiLayerNetwork tuned =
        fineTuned(net, new FineTuneConfiguration.Builder().updater(new Sgd(0.1)).build());
    Elements.assertSame(net.output(x), tuned.output(x), "transferred");
    INDArray frozen = PositiveWeights.get(net.getLayer(0), "W");
    stepAndOutput(tuned);
    Elements.assertSame(frozen, PositiveWeights.get(tuned.getLayer(0), "W"), "frozen");
    assertNotEquals(
        PositiveWeights.get(net.getLayer(4), "W"), PositiveWeights.get(tuned.getLayer(4), "W"));
  }

  private static MultiLayerNetwork fineTuned(MultiLayerNetwork net, FineTuneConfiguration tuning) {
    return new TransferLearning.Builder(net)
        .fineTuneConfiguration(tuning)
        .setFeatureExtractor(1)
        .build();
  }

  /** DL4J has no networks of bfloat16. */
  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "HALF"})
  void stepsOfLessPrecisionAreThoseOfDoubleRounded(DataType type) {
    ComputationGraph wide = new ComputationGraph(graph(DataType.DOUBLE, WorkspaceMode.ENABLED));
    wide.init();
    ComputationGraph graph = new ComputationGraph(graph(type, WorkspaceMode.ENABLED));
    graph.init();
    graph.setParams(wide.params().castTo(type));
    wide.fit(data(DataType.DOUBLE));
    graph.fit(data(type));
    INDArray difference = graph.params().castTo(DataType.DOUBLE).sub(wide.params());
    // A few ulp of parameters and gradients of about 4.
    double ulp = type == DataType.FLOAT16 ? 0x1p-9 : 0x1p-22;
    assertEquals(0, difference.amaxNumber().doubleValue(), 4 * ulp);
  }

  /** DL4J keeps what weight noise gave it until a backward pass, which an exception prevents. */
  @Test
  void aStepThatFailsLeavesNothingForTheNext() {
    MultiLayerNetwork net = network(classifier());
    MultiLayerNetwork twin = network(classifier());
    INDArray x = data(DataType.FLOAT).getFeatures();
    INDArray labels = Nd4j.zeros(DataType.INT32, x.size(0), 1);
    INDArray wrong = labels.add(99);
    for (int step = 0; step < 3; step++) {
      assertThrows(IllegalArgumentException.class, () -> net.fit(x, wrong));
      net.fit(x, labels);
      twin.fit(x, labels);
    }
    assertEquals(twin.params(), net.params());
  }

  private static MultiLayerConfiguration classifier() {
    long features = data(DataType.FLOAT).getFeatures().size(1);
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .updater(new Sgd(0.1))
        .activation(new ActivationSquareplus())
        .list()
        .layer(POSITIVE.on(new DenseLayer.Builder().nIn(features).nOut(7).build()))
        .layer(POSITIVE.on(new DenseLayer.Builder().nIn(7).nOut(5).build()))
        .layer(
            new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                .nIn(5)
                .nOut(3)
                .activation(Activation.IDENTITY)
                .build())
        .build();
  }

  /** Of a network saved when positive weights were hooks of DL4J's own layers. */
  @Test
  void weightsThatAreNoLongerReadAsValuesAreNotTrained() {
    MultiLayerNetwork old = StockLayers.with(net(WorkspaceMode.ENABLED));
    ((BaseLayer) old.getLayer(0).conf().getLayer()).setWeightNoise(null);
    assertThrows(IllegalStateException.class, () -> old.fit(data(DataType.FLOAT)));
  }

  // ---- what it is for

  @Test
  void aMonotoneNetworkStaysMonotone() {
    MultiLayerNetwork net = network(monotone());
    Random random = new Random(3);
    INDArray x = uniform(random, 64, 3);
    DataSet data = new DataSet(x, wavy(x));
    double before = net.score(data);
    for (int step = 1; step <= 600; step++) {
      net.fit(data);
      if (step % 200 == 0) {
        assertWeightsPositive(net);
        assertMonotone(net, random);
      }
    }
    double after = net.score(data);
    System.out.printf("a monotone network: error %.4f at first, %.4f trained%n", before, after);
    // The target's falling parts cannot be learnt.
    assertTrue(after < 0.5 * before, before + " → " + after);
  }

  private static MultiLayerConfiguration monotone() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new Adam(1e-2))
        .activation(new ActivationSquareplus())
        .list()
        .layer(POSITIVE.on(new DenseLayer.Builder().nIn(3).nOut(16).build()))
        .layer(POSITIVE.on(new DenseLayer.Builder().nIn(16).nOut(16).build()))
        .layer(
            POSITIVE.on(
                new OutputLayer.Builder(new LossMSE())
                    .nIn(16)
                    .nOut(1)
                    .activation(Activation.IDENTITY)
                    .build()))
        .build();
  }

  private static INDArray uniform(Random random, int rows, int columns) {
    double[] numbers = random.doubles((long) rows * columns, -2, 2).toArray();
    return Nd4j.createFromArray(numbers).reshape(rows, columns);
  }

  private static INDArray wavy(INDArray x) {
    double[] y = new double[(int) x.size(0)];
    Arrays.setAll(y, i -> x.getDouble(i, 0) + Math.sin(3 * x.getDouble(i, 1)));
    return Nd4j.createFromArray(y).reshape(y.length, 1);
  }

  private static void assertWeightsPositive(MultiLayerNetwork net) {
    for (int layer = 0; layer < 3; layer++) {
      INDArray weights = PositiveWeights.get(net.getLayer(layer), "W");
      assertTrue(weights.minNumber().doubleValue() > 0, () -> "not positive: " + weights);
    }
  }

  private static void assertMonotone(MultiLayerNetwork net, Random random) {
    INDArray lower = uniform(random, 1000, 3).muli(3);
    INDArray upper = lower.add(uniform(random, 1000, 3).addi(2));
    INDArray rise = net.output(upper).sub(net.output(lower));
    // Rounding of outputs of about 10.
    assertTrue(rise.minNumber().doubleValue() > -1e-13, () -> "falls by " + rise.minNumber());
  }

  /** The rate of each spray, to which the likelihood of Poisson gives the mean of its counts. */
  @Test
  void ratesOfInsectsAreTheMeansOfTheirCounts() {
    Table table = Table.insectSprays();
    INDArray sprays = Nd4j.create(DataType.DOUBLE, table.rows(), 6);
    for (int spray = 0; spray < 6; spray++) {
      String name = String.valueOf((char) ('A' + spray));
      sprays.putColumn(spray, Nd4j.createFromArray(table.indicator("spray", name)));
    }
    INDArray counts = Nd4j.createFromArray(table.numbers("count")).reshape(table.rows(), 1);
    MultiLayerNetwork net = network(poisson());
    for (int step = 0; step < 1000; step++) {
      net.fit(sprays, counts);
    }
    double[] rates = Elements.of(PositiveWeights.get(net.getLayer(0), "W"));
    System.out.println("rates of insects by DL4J: " + Arrays.toString(rates));
    double[] means = {14.5, 15.3333, 2.0833, 4.9167, 3.5, 16.6667};
    for (int spray = 0; spray < 6; spray++) {
      assertEquals(means[spray], rates[spray], 1e-4);
    }
  }

  private static MultiLayerConfiguration poisson() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new Sgd(5))
        .list()
        .layer(
            POSITIVE.on(
                new OutputLayer.Builder(new LossPoisson())
                    .nIn(6)
                    .nOut(1)
                    .hasBias(false)
                    .activation(Activation.IDENTITY)
                    .build()))
        .build();
  }

  // ---- networks

  private static NeuralNetConfiguration.Builder settings(DataType type, WorkspaceMode mode) {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(type)
        .trainingWorkspaceMode(mode)
        .inferenceWorkspaceMode(mode)
        .activation(new ActivationSquareplus());
  }

  private static OutputLayer output() {
    return POSITIVE.on(
        new OutputLayer.Builder(new LossMSE()).nOut(2).activation(Activation.TANH).build());
  }

  /** Everything there is, one after the other. */
  private static MultiLayerConfiguration configuration(WorkspaceMode mode) {
    return settings(DataType.FLOAT, mode)
        .updater(new Adam(1e-2))
        .list()
        .layer(POSITIVE.startingAt(0.2).on(new DenseLayer.Builder().nOut(8).l2(0.1).build()))
        .layer(new PositiveScaleLayer.Builder().initial(0.5).build())
        .layer(
            new DenseLayer.Builder()
                .nOut(4)
                .activation(Activation.IDENTITY)
                .constrainWeights(new PositiveConstraint(0.125))
                .build())
        .layer(new LearnableSquareplusLayer.Builder().perChannel().build())
        .layer(output())
        .setInputType(InputType.feedForward(6))
        .build();
  }

  private static ComputationGraphConfiguration graph(DataType type, WorkspaceMode mode) {
    return settings(type, mode)
        .updater(new Sgd(1))
        .graphBuilder()
        .addInputs("in")
        .addLayer(
            "dense", POSITIVE.on(new DenseLayer.Builder().nOut(4).l2(0.1).l1(0.05).build()), "in")
        .addLayer("scale", new PositiveScaleLayer.Builder().initial(0.5).build(), "in")
        .addLayer("squareplus", new LearnableSquareplusLayer.Builder().build(), "dense", "scale")
        .addLayer("out", output(), "squareplus")
        .setOutputs("out")
        .setInputTypes(InputType.feedForward(6))
        .build();
  }

  private static MultiLayerNetwork net(WorkspaceMode mode) {
    return network(configuration(mode));
  }

  private static MultiLayerNetwork network(MultiLayerConfiguration configuration) {
    MultiLayerNetwork net = new MultiLayerNetwork(configuration);
    net.init();
    return net;
  }

  private static DataSet data(DataType type) {
    double[] x = new double[18];
    Arrays.setAll(x, i -> Math.sin(1 + 3 * i));
    double[] y = new double[6];
    Arrays.setAll(y, i -> 0.5 * Math.cos(i));
    return new DataSet(
        Nd4j.createFromArray(x).reshape(3, 6).castTo(type),
        Nd4j.createFromArray(y).reshape(3, 2).castTo(type));
  }

  private static String stepAndOutput(MultiLayerNetwork net) {
    net.fit(data(DataType.FLOAT));
    String bits = Elements.hex(net.output(data(DataType.FLOAT).getFeatures()));
    assertNotEquals("", bits);
    return bits;
  }

  private static String stepAndOutput(ComputationGraph graph) {
    graph.fit(data(DataType.FLOAT));
    return Elements.hex(graph.outputSingle(data(DataType.FLOAT).getFeatures()));
  }
}

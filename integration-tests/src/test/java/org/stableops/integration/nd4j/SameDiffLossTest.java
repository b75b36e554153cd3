package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.listeners.records.History;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.adapter.SingletonMultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.Effort;
import org.stableops.integration.NewJvm;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/** Losses with all options and sample weights, log-sum-exp and log-softmax in SameDiff's graphs. */
@Tag("thorough")
final class SameDiffLossTest {
  /** Classes along axis 1 of logits [2, 3, 4]. */
  private static final CrossEntropyOptions ALL =
      CrossEntropyOptions.DEFAULT
          .withAxis(1)
          .withClassWeights(0.5, 1.75, 2)
          .withLabelSmoothing(0.1)
          .withZLoss(0.05);

  // ---- cross-entropies

  @ParameterizedTest
  @EnumSource
  void lossesAndGradientsHaveTheBitsOfTheArrays(Reduction reduction) {
    CrossEntropyOptions options = ALL.withReduction(reduction);
    CrossEntropyOptions ignoring = options.withIgnoreIndex(-1);
    for (DataType type :
        List.of(DataType.DOUBLE, DataType.FLOAT, DataType.INT32, DataType.UINT8, DataType.BOOL)) {
      INDArray weights = weights().castTo(type);
      SameDiff graph = SameDiff.create();
      SDVariable z = graph.var("z", logits());
      SDVariable w = graph.constant("w", weights);
      SparseSoftmaxCrossEntropy.value(z, graph.constant("y", labels()), w, ignoring)
          .rename("sparse");
      SoftmaxCrossEntropy.value(z, graph.constant("q", probabilities()), w, options)
          .rename("dense");
      assertLoss(
          graph,
          "sparse",
          SparseSoftmaxCrossEntropy.value(logits(), labels(), weights, ignoring),
          SparseSoftmaxCrossEntropy.gradient(logits(), labels(), weights, ignoring));
      assertLoss(
          graph,
          "dense",
          SoftmaxCrossEntropy.value(logits(), probabilities(), weights, options),
          SoftmaxCrossEntropy.gradient(logits(), probabilities(), weights, options));
    }
  }

  private static void assertLoss(SameDiff graph, String name, INDArray loss, INDArray gradient) {
    graph.setLossVariables(name);
    Elements.assertSame(loss, graph.output(Map.of(), name).get(name), name);
    Elements.assertSame(gradient, graph.calculateGradients(Map.of(), "z").get("z"), name);
    assertTrue(gradient.amaxNumber().doubleValue() > 1e-3);
  }

  @Test
  void labelsAndSampleWeightsGetZeroGradients() {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", logits());
    SDVariable w = graph.var("w", weights());
    SDVariable q = graph.var("q", probabilities());
    SoftmaxCrossEntropy.value(z, q, w, ALL)
        .add(SparseSoftmaxCrossEntropy.value(z, graph.constant("y", labels()), w, IGNORING))
        .rename("loss");
    graph.setLossVariables("loss");
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "z", "q", "w");
    Elements.assertSame(Nd4j.zeros(DataType.DOUBLE, 2, 3, 4), gradients.get("q"), "labels");
    Elements.assertSame(Nd4j.zeros(DataType.DOUBLE, 2, 4), gradients.get("w"), "weights");
  }

  @Test
  void gradientsUnderAnyUpstreamAreThoseOfFiniteDifferences() {
    SameDiff graph = allLosses();
    assertGradients(graph, data(), "z");
  }

  @Test
  void labelsAndWeightsMayHaveOneAtTheClassAxis() {
    INDArray y = labels().reshape(2, 1, 4);
    INDArray weights = weights().reshape(2, 1, 4);
    CrossEntropyOptions none = IGNORING.withReduction(Reduction.NONE);
    SameDiff graph = SameDiff.create();
    SDVariable loss =
        SparseSoftmaxCrossEntropy.value(
            graph.var("z", logits()), graph.constant("y", y), graph.constant("w", weights), none);
    loss.mul(graph.constant("u", upstream())).rename("loss");
    graph.setLossVariables("loss");
    INDArray gradient = SparseSoftmaxCrossEntropy.gradient(logits(), y, weights, none);
    Elements.assertSame(
        gradient.mul(upstream().reshape(2, 1, 4).broadcast(2, 3, 4)),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "gradient");
  }

  @Test
  void rowsOfWeightZeroAreNeverRead() {
    INDArray spoiled = logits();
    INDArray y = labels();
    for (int c = 0; c < 3; c++) {
      spoiled.putScalar(new int[] {0, c, 1}, Double.NaN);
    }
    assertEquals(0, weights().getDouble(0, 1));
    y.putScalar(0, 1, 99);
    SameDiff graph = allLosses();
    Map<String, INDArray> data = data();
    Map<String, INDArray> spoiledData = new TreeMap<>(data);
    spoiledData.put("y", y);
    String expected = lossAndGradient(graph, data);
    // The log-softmax of such a row is NaN, and right to be.
    graph.getVariable("z").setArray(spoiled);
    INDArray gradient = graph.calculateGradients(spoiledData, "z").get("z");
    INDArray loss = graph.output(spoiledData, "losses").get("losses");
    assertTrue(!Double.isNaN(loss.getDouble(0)), "losses");
    graph.getVariable("z").setArray(logits());
    assertEquals(expected, lossAndGradient(graph, spoiledData), "labels are not read either");
    assertTrue(!Double.isNaN(gradient.getDouble(1, 0, 0)), "other rows");
  }

  @Test
  void badSampleWeightsAreReported() {
    SameDiff graph = SameDiff.create();
    SDVariable w = graph.placeHolder("w", DataType.DOUBLE, -1, 4);
    SoftmaxCrossEntropy.value(
            graph.var("z", logits()), graph.constant("q", probabilities()), w, ALL)
        .rename("loss");
    INDArray bad = weights();
    bad.putScalar(1, 2, -0.5);
    assertEquals(
        "sampleWeights must be finite and >= 0, got -0.5 at row 6; for signed weights, such as"
            + " advantages, multiply the losses of Reduction.NONE by them",
        assertThrows(IllegalArgumentException.class, () -> graph.output(Map.of("w", bad), "loss"))
            .getMessage());
    Elements.assertSame(
        SoftmaxCrossEntropy.value(logits(), probabilities(), weights(), ALL),
        graph.output(Map.of("w", weights()), "loss").get("loss"),
        "after the error");
  }

  // ---- training

  @Test
  void fitTakesSampleWeightsAsAPlaceholder() {
    CrossEntropyOptions options = ALL.withAxis(-1);
    INDArray x = sines(5, 4);
    INDArray y = Nd4j.createFromArray(0, 2, 99, 1, 2);
    INDArray weights = Nd4j.createFromArray(1f, 0.5f, 0, 2, 0.25f);
    INDArray before = sines(4, 3);
    SameDiff graph = SameDiff.create();
    SDVariable features = graph.placeHolder("x", DataType.DOUBLE, -1, 4);
    SDVariable labels = graph.placeHolder("y", DataType.INT32, -1);
    SDVariable sampleWeights = graph.placeHolder("weights", DataType.FLOAT, -1);
    SDVariable v = graph.var("v", before.dup());
    SparseSoftmaxCrossEntropy.value(features.mmul(v), labels, sampleWeights, options)
        .rename("loss");
    graph.setLossVariables("loss");
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Sgd(0.25))
            .dataSetFeatureMapping("x", "weights")
            .dataSetLabelMapping("y")
            .build());
    MultiDataSet data = new MultiDataSet(new INDArray[] {x, weights}, new INDArray[] {y});
    History history = graph.fit(new SingletonMultiDataSetIterator(data), 1);
    INDArray logits = x.mmul(before);
    INDArray gradient = SparseSoftmaxCrossEntropy.gradient(logits, y, weights, options);
    INDArray expected = before.sub(x.transpose().mmul(gradient).mul(0.25));
    assertArrayEquals(Elements.of(expected), Elements.of(v.getArr()), 1e-15);
    double loss = SparseSoftmaxCrossEntropy.value(logits, y, weights, options).getDouble(0);
    assertEquals(
        loss, history.getLossCurve().meanLoss(0).totalLoss(), 1e-6 * loss, "as listeners see it");
    graph.fit(new SingletonMultiDataSetIterator(data), 20);
    assertTrue(
        SparseSoftmaxCrossEntropy.value(x.mmul(v.getArr()), y, weights, options).getDouble(0)
            < 0.8 * loss);
  }

  // ---- copies

  @Test
  void aLoadedGraphComputesTheSameBitsHereAndInANewJvm(@TempDir Path folder) throws Exception {
    SameDiff graph = allLosses();
    File bare = folder.resolve("bare.sd").toFile();
    graph.save(bare, false);
    String expected = lossAndGradient(graph, data());
    assertEquals(expected, lossAndGradient(graph.dup(), data()), "a copy");
    // By now the graph has gradient ops as well, which are saved with it or made again.
    File differentiated = folder.resolve("differentiated.sd").toFile();
    graph.save(differentiated, false);
    List<File> files = List.of(bare, differentiated);
    for (File file : files) {
      assertEquals(expected, lossAndGradient(SameDiff.load(file, false), data()), file.getName());
    }
    // By default one new JVM loads both, one after the other.
    int ofJvm = Effort.of(files.size(), 1);
    for (int i = 0; i < files.size(); i += ofJvm) {
      Object[] own = files.subList(i, i + ofJvm).toArray();
      String all = String.join(";", Collections.nCopies(ofJvm, expected));
      assertEquals(all, NewJvm.lastLine(Loaded.class, List.of(), own), "in a new JVM");
    }
  }

  /** The other JVM's program: loads first of all, and never names one of our operators. */
  static final class Loaded {
    private Loaded() {}

    public static void main(String[] arguments) {
      System.out.println(
          Arrays.stream(arguments)
              .map(file -> lossAndGradient(SameDiff.load(new File(file), false), data()))
              .collect(Collectors.joining(";")));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyOptionSurvivesSaveAndLoad(Reduction reduction, @TempDir Path folder) {
    CrossEntropyOptions options = IGNORING.withReduction(reduction);
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", logits());
    SDVariable w = graph.constant("w", weights());
    SDVariable y = graph.constant("y", labels());
    SparseSoftmaxCrossEntropy.value(z, y, w, options).rename("sparse");
    File file = folder.resolve("graph.sd").toFile();
    graph.save(file, false);
    assertLoss(
        SameDiff.load(file, false),
        "sparse",
        SparseSoftmaxCrossEntropy.value(logits(), labels(), weights(), options),
        SparseSoftmaxCrossEntropy.gradient(logits(), labels(), weights(), options));
  }

  private static String lossAndGradient(SameDiff graph, Map<String, INDArray> data) {
    Map<String, INDArray> outputs = graph.output(data, "loss", "losses");
    return Elements.hex(outputs.get("loss"))
        + ' '
        + Elements.hex(outputs.get("losses"))
        + ' '
        + Elements.hex(graph.calculateGradients(data, "z").get("z"));
  }

  // ---- log-sum-exp and log-softmax

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, -1, -2, -3})
  void valuesAndGradientsAreThoseOfTheArrays(int axis) {
    INDArray x = logits();
    INDArray logSumExp = LogSumExp.value(x, axis);
    INDArray ofRows = sines(logSumExp.shape());
    INDArray ofElements = sines(x.shape());
    SameDiff graph = SameDiff.create();
    SDVariable variable = graph.var("z", x);
    SDVariable lse = LogSumExp.value(variable, axis).rename("lse");
    lse.mul(graph.constant("u", ofRows)).rename("lseLoss");
    SDVariable logSoftmax = LogSoftmax.value(variable, axis).rename("logSoftmax");
    logSoftmax.mul(graph.constant("v", ofElements)).rename("logSoftmaxLoss");
    Elements.assertSame(logSumExp, lse.eval(), "lse");
    Elements.assertSame(LogSoftmax.value(x, axis), logSoftmax.eval(), "logSoftmax");

    graph.setLossVariables("lseLoss");
    long[] withOne = x.shape().clone();
    withOne[axis < 0 ? axis + 3 : axis] = 1;
    Elements.assertSame(
        LogSumExp.gradient(x, axis).mul(ofRows.reshape(withOne).broadcast(x.shape())),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "softmax × upstream");
    assertGradients(graph, Map.of(), "z");
    graph.setLossVariables("logSoftmaxLoss");
    Elements.assertSame(
        LogSoftmax.gradient(x, axis, ofElements),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "gradient of log-softmax");
    assertGradients(graph, Map.of(), "z");
  }

  @Test
  void theyMayBeTheLossOfTheGraph() {
    // SameDiff starts with an upstream gradient of one scalar, whatever the loss variable's shape.
    INDArray x = logits();
    SameDiff graph = SameDiff.create();
    SDVariable variable = graph.var("z", x);
    LogSumExp.value(variable, 1).rename("lse");
    LogSoftmax.value(variable, 1).rename("logSoftmax");
    graph.setLossVariables("lse");
    Elements.assertSame(
        LogSumExp.gradient(x, 1), graph.calculateGradients(Map.of(), "z").get("z"), "lse");
    graph.setLossVariables("logSoftmax");
    Elements.assertSame(
        LogSoftmax.gradient(x, 1, Nd4j.ones(DataType.DOUBLE, 2, 3, 4)),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "logSoftmax");
  }

  @Test
  void vectorsHaveOneLogSumExp() {
    INDArray x = sines(5);
    SameDiff graph = SameDiff.create();
    SDVariable lse = LogSumExp.value(graph.var("z", x), 0);
    lse.mul(lse).rename("loss");
    graph.setLossVariables("loss");
    double value = LogSumExp.value(x, 0).getDouble(0);
    Elements.assertSame(
        LogSumExp.gradient(x, 0).mul(2 * value),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "chain rule");
  }

  @Test
  void dtypesAreKept() {
    for (DataType type :
        List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE)) {
      INDArray x = logits().castTo(type);
      SameDiff graph = SameDiff.create();
      SDVariable variable = graph.var("z", x);
      SDVariable lse = LogSumExp.value(variable, 1);
      SDVariable logSoftmax = LogSoftmax.value(variable, 1);
      SDVariable loss =
          SoftmaxCrossEntropy.value(
              variable,
              graph.constant("q", probabilities().castTo(type)),
              graph.constant("w", weights()),
              ALL);
      for (SDVariable value : List.of(lse, logSoftmax, loss)) {
        assertEquals(type, value.dataType());
      }
      Elements.assertSame(LogSumExp.value(x, 1), lse.eval(), "lse");
      Elements.assertSame(LogSoftmax.value(x, 1), logSoftmax.eval(), "logSoftmax");
      Elements.assertSame(
          SoftmaxCrossEntropy.value(x, probabilities().castTo(type), weights(), ALL),
          loss.eval(),
          "loss");
    }
  }

  // ---- the graph

  private static final CrossEntropyOptions IGNORING = ALL.withIgnoreIndex(-1);

  /** Every op here inside arithmetic of the host's, so that no upstream gradient is 1. */
  private static SameDiff allLosses() {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", logits());
    SDVariable y = graph.placeHolder("y", DataType.INT64, -1, 4);
    SDVariable q = graph.placeHolder("q", DataType.DOUBLE, -1, 3, 4);
    SDVariable w = graph.placeHolder("w", DataType.DOUBLE, -1, 4);
    SDVariable u = graph.placeHolder("u", DataType.DOUBLE, -1, 4);
    CrossEntropyOptions none = IGNORING.withReduction(Reduction.NONE);
    SDVariable sparse = SparseSoftmaxCrossEntropy.value(z, y, w, none).mul(u).sum();
    SDVariable dense = SoftmaxCrossEntropy.value(z, q, w, ALL);
    SDVariable losses = sparse.add(dense.mul(dense)).rename("losses");
    SDVariable lse = LogSumExp.value(z, 1).mul(u);
    SDVariable logSoftmax = LogSoftmax.value(z, -1).mul(q);
    losses.add(lse.mul(lse).sum()).add(logSoftmax.sum().mul(0.3)).rename("loss");
    graph.setLossVariables("loss");
    return graph;
  }

  private static Map<String, INDArray> data() {
    return Map.of("y", labels(), "q", probabilities(), "w", weights(), "u", upstream());
  }

  private static INDArray logits() {
    return sines(2, 3, 4).mul(3);
  }

  private static INDArray labels() {
    return Nd4j.createFromArray(0L, 1, -1, 2, 1, 0, 2, -1).reshape(2, 4);
  }

  private static INDArray probabilities() {
    return sines(2, 3, 4).muli(sines(2, 3, 4));
  }

  /** Small integers, so that other dtypes hold them; 1 and 0 as booleans. */
  private static INDArray weights() {
    return Nd4j.createFromArray(1.0, 0, 1, 2, 3, 1, 0, 1).reshape(2, 4);
  }

  private static INDArray upstream() {
    return sines(2, 4);
  }

  private static INDArray sines(long... shape) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(numbers, i -> Math.sin(1 + 2.5 * i));
    return Nd4j.createFromArray(numbers).reshape(shape);
  }

  /** Finite differences of the sum of the loss variable. */
  private static void assertGradients(SameDiff graph, Map<String, INDArray> data, String variable) {
    INDArray original = graph.getVariable(variable).getArr().dup();
    double[] gradient = Elements.of(graph.calculateGradients(data, variable).get(variable));
    double step = 1e-5;
    double largest = 0;
    for (int i = 0; i < gradient.length; i++) {
      double above = lossAt(graph, data, variable, original, i, step);
      double below = lossAt(graph, data, variable, original, i, -step);
      double numeric = (above - below) / (2 * step);
      assertEquals(numeric, gradient[i], 1e-6 * Math.abs(numeric) + 1e-9, "element " + i);
      largest = Math.max(largest, Math.abs(numeric));
    }
    graph.getVariable(variable).setArray(original);
    assertTrue(largest > 0.1, "a gradient of zeros would prove nothing");
  }

  private static double lossAt(
      SameDiff graph,
      Map<String, INDArray> data,
      String variable,
      INDArray original,
      int element,
      double step) {
    double[] moved = Elements.of(original);
    moved[element] += step;
    graph
        .getVariable(variable)
        .setArray(Nd4j.createFromArray(moved).reshape('c', original.shape()));
    String loss = graph.getLossVariables().get(0);
    return Arrays.stream(Elements.of(graph.output(data, loss).get(loss))).sum();
  }
}

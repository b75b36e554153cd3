package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.listeners.records.History;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.Effort;
import org.stableops.integration.NewJvm;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;
import org.stableops.nd4j.StableOps;
import org.stableops.op.SoftmaxLoss;

/** The operators as registered ops of SameDiff. */
@Tag("thorough")
final class SameDiffTest {
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  // ---- gradients

  @Test
  void gradientsOfAGraphOfAllOpsAreThoseOfFiniteDifferences() {
    SameDiff graph = allOps();
    Map<String, INDArray> gradients = graph.calculateGradients(data(), "w", "v");
    double step = 1e-6;
    double largest = 0;
    for (String name : List.of("w", "v")) {
      INDArray variable = graph.getVariable(name).getArr();
      for (int row = 0; row < variable.size(0); row++) {
        for (int column = 0; column < variable.size(1); column++) {
          double old = variable.getDouble(row, column);
          double above = lossWith(graph, name, row, column, old + step);
          double below = lossWith(graph, name, row, column, old - step);
          lossWith(graph, name, row, column, old);
          double numeric = (above - below) / (2 * step);
          double actual = gradients.get(name).getDouble(row, column);
          assertEquals(numeric, actual, 1e-6 * Math.abs(numeric) + 1e-8, name);
          largest = Math.max(largest, Math.abs(actual));
        }
      }
    }
    assertTrue(largest > 0.1, "a gradient of zeros would prove nothing");
  }

  private static double lossWith(SameDiff graph, String name, int row, int column, double value) {
    INDArray array = graph.getVariable(name).getArr().dup();
    array.putScalar(row, column, value);
    graph.getVariable(name).setArray(array);
    return graph.output(data(), "loss").get("loss").getDouble(0);
  }

  @Test
  void upstreamOfEveryRowReachesItsClasses() {
    // Rows along axis 1: the upstream gradient has the losses' shape, which lacks that axis.
    INDArray z = numbers(2, 3, 4);
    INDArray y = Nd4j.createFromArray(0, 1, 2, 2, 1, 0, 0, 1).reshape(2, 4);
    INDArray upstream = numbers(2, 4);
    SameDiff graph = SameDiff.create();
    SDVariable loss =
        SparseSoftmaxCrossEntropy.value(
            graph.var("z", z), graph.constant("y", y), NONE.withAxis(1));
    loss.mul(graph.constant("upstream", upstream)).sum().rename("loss");
    graph.setLossVariables("loss");
    INDArray actual = graph.calculateGradients(Map.of(), "z").get("z");
    INDArray expected = SparseSoftmaxCrossEntropy.gradient(z, y, NONE.withAxis(1));
    for (int i = 0; i < 2; i++) {
      for (int k = 0; k < 3; k++) {
        for (int j = 0; j < 4; j++) {
          assertEquals(
              expected.getDouble(i, k, j) * upstream.getDouble(i, j), actual.getDouble(i, k, j));
        }
      }
    }
  }

  @Test
  void unreducedLossesMayBeTheLossOfTheGraph() {
    // SameDiff starts with an upstream gradient of one scalar, whatever the loss variable's shape.
    INDArray z = numbers(2, 3);
    INDArray y = Nd4j.createFromArray(0, 2);
    SameDiff graph = SameDiff.create();
    SparseSoftmaxCrossEntropy.value(graph.var("z", z), graph.constant("y", y), NONE).rename("loss");
    graph.setLossVariables("loss");
    Elements.assertSame(
        SparseSoftmaxCrossEntropy.gradient(z, y, NONE),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "gradient of the sum");
  }

  @Test
  void theSameVariableUsedTwiceAddsItsGradients() {
    INDArray x = numbers(5);
    SameDiff graph = SameDiff.create();
    SDVariable variable = graph.var("x", x);
    Squareplus.value(variable).add(Squareplus.value(variable, 1)).sum().rename("loss");
    graph.setLossVariables("loss");
    Elements.assertSame(
        Squareplus.gradient(x).add(Squareplus.gradient(x, 1)),
        graph.calculateGradients(Map.of(), "x").get("x"),
        "sum");
  }

  @Test
  void dtypesAreKept() {
    for (DataType type :
        List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE)) {
      INDArray x = numbers(2, 3).castTo(type);
      SameDiff graph = SameDiff.create();
      SDVariable value = Softplus.value(graph.var("x", x), 1.7);
      assertEquals(type, value.dataType());
      Elements.assertSame(Softplus.value(x, 1.7), value.eval(), type.toString());
    }
  }

  // ---- training

  @Test
  void fitLearnsTheDigits() {
    SameDiff graph = digitsGraph();
    Digits train = Digits.train(DataType.FLOAT);
    DataSet data = new DataSet(train.pixels(), train.labels().castTo(DataType.INT32));
    double before = loss(graph, train);
    History history = graph.fit(new SingletonDataSetIterator(data), 60);
    double after = loss(graph, train);
    assertNotNull(history);
    Digits heldOut = Digits.heldOut(DataType.FLOAT);
    INDArray logits = graph.output(Map.of("x", heldOut.pixels()), "logits").get("logits");
    double accuracy = heldOut.accuracy(logits);
    System.out.printf(
        "SameDiff: loss %.4f -> %.4f, held-out accuracy %.4f%n", before, after, accuracy);
    assertTrue(after < before / 10, before + " -> " + after);
    assertTrue(accuracy >= 0.95, "reaches " + accuracy);
  }

  @Test
  void trainingGoesOnAfterSaveAndLoad(@TempDir Path folder) {
    SameDiff graph = digitsGraph();
    Digits train = Digits.few(DataType.FLOAT, 64);
    DataSet data = new DataSet(train.pixels(), train.labels().castTo(DataType.INT32));
    graph.fit(new SingletonDataSetIterator(data), 3);
    File file = folder.resolve("graph.sd").toFile();
    graph.save(file, true);
    SameDiff loaded = SameDiff.load(file, true);
    graph.fit(new SingletonDataSetIterator(data), 3);
    loaded.fit(new SingletonDataSetIterator(data), 3);
    for (String name : List.of("w", "v")) {
      Elements.assertSame(
          graph.getVariable(name).getArr(), loaded.getVariable(name).getArr(), name);
    }
  }

  private static double loss(SameDiff graph, Digits digits) {
    Map<String, INDArray> placeholders =
        Map.of("x", digits.pixels(), "labels", digits.labels().castTo(DataType.INT32));
    return graph.output(placeholders, "loss").get("loss").getDouble(0);
  }

  static SameDiff digitsGraph() {
    Nd4j.getRandom().setSeed(11);
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 64);
    SDVariable labels = graph.placeHolder("labels", DataType.INT32, -1, 1);
    SDVariable w = graph.var("w", Nd4j.randn(DataType.FLOAT, 64, 32).muli(0.15));
    SDVariable v = graph.var("v", Nd4j.randn(DataType.FLOAT, 32, 10).muli(0.15));
    SDVariable logits = Squareplus.value(x.mmul(w)).mmul(v).rename("logits");
    SparseSoftmaxCrossEntropy.value(logits, labels).rename("loss");
    graph.setLossVariables("loss");
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Adam(2e-2))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("labels")
            .build());
    return graph;
  }

  // ---- copies

  @Test
  void aCopyComputesTheSameBits() {
    SameDiff graph = allOps();
    String expected = lossAndGradients(graph);
    assertEquals(expected, lossAndGradients(graph.dup()));
    assertEquals(expected, lossAndGradients(graph.dup().dup()), "a copy of a copy");
  }

  @Test
  void aLoadedGraphComputesTheSameBitsHereAndInANewJvm(@TempDir Path folder) throws Exception {
    SameDiff graph = allOps();
    File bare = folder.resolve("bare.sd").toFile();
    graph.save(bare, false);
    String expected = lossAndGradients(graph);
    // By now the graph has gradient ops as well, which are saved with it or made again.
    File differentiated = folder.resolve("differentiated.sd").toFile();
    graph.save(differentiated, false);
    List<File> files = List.of(bare, differentiated);
    for (File file : files) {
      assertEquals(expected, lossAndGradients(SameDiff.load(file, false)), file.getName());
    }
    // By default one new JVM loads both, one after the other.
    int ofJvm = Effort.of(files.size(), 1);
    for (int i = 0; i < files.size(); i += ofJvm) {
      Object[] own = files.subList(i, i + ofJvm).toArray();
      String all = String.join(";", Collections.nCopies(ofJvm, expected));
      assertEquals(all, NewJvm.lastLine(Loaded.class, List.of(), own), "in a new JVM");
    }
  }

  /** The other JVM's program: loads first of all, and never names one of our classes. */
  static final class Loaded {
    private Loaded() {}

    public static void main(String[] arguments) {
      System.out.println(
          Arrays.stream(arguments)
              .map(file -> lossAndGradients(SameDiff.load(new File(file), false)))
              .collect(Collectors.joining(";")));
    }
  }

  private static String lossAndGradients(SameDiff graph) {
    StringBuilder text = new StringBuilder();
    text.append(Elements.hex(graph.output(data(), "loss").get("loss")));
    new TreeMap<>(graph.calculateGradients(data(), "w", "v"))
        .forEach((name, gradient) -> text.append(' ').append(Elements.hex(gradient)));
    return text.toString();
  }

  @Test
  void optionsSurviveSaveAndLoad(@TempDir Path folder) {
    INDArray z = numbers(2, 3, 4);
    INDArray y = Nd4j.createFromArray(0L, 1, -5, 2, 1, 0, -5, 1).reshape(2, 4);
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT
              .withAxis(1)
              .withReduction(reduction)
              .withIgnoreIndex(-5)
              .withLabelSmoothing(0.1)
              .withZLoss(1e-4)
              .withClassWeights(1, 0.3, 2);
      SameDiff graph = SameDiff.create();
      SparseSoftmaxCrossEntropy.value(graph.var("z", z), graph.constant("y", y), options)
          .rename("loss")
          .sum()
          .rename("sum");
      graph.setLossVariables("sum");
      File file = folder.resolve(reduction + ".sd").toFile();
      graph.save(file, false);
      SameDiff loaded = SameDiff.load(file, false);
      assertArrayEquals(
          SoftmaxLoss.numbers(options),
          ((DynamicCustomOp) loaded.getVariableOutputOp("loss")).tArgs());
      Elements.assertSame(
          SparseSoftmaxCrossEntropy.value(z, y, options),
          loaded.output(Map.of(), "loss").get("loss"),
          "value, " + reduction);
      Elements.assertSame(
          SparseSoftmaxCrossEntropy.gradient(z, y, options),
          loaded.calculateGradients(Map.of(), "z").get("z"),
          "gradient, " + reduction);
    }
  }

  @Test
  void largeIgnoreIndexAndOddParametersSurviveACopy() {
    INDArray z = numbers(2, 3);
    INDArray y = Nd4j.createFromArray(1L, Long.MIN_VALUE + 1);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withIgnoreIndex(Long.MIN_VALUE + 1);
    SameDiff graph = SameDiff.create();
    SDVariable variable = graph.var("z", z);
    SparseSoftmaxCrossEntropy.value(variable, graph.constant("y", y), options).rename("loss");
    Softplus.value(variable, Math.PI * 1e-7).rename("softplus");
    SameDiff copy = graph.dup();
    Map<String, INDArray> outputs = copy.output(Map.of(), "loss", "softplus");
    Elements.assertSame(
        SparseSoftmaxCrossEntropy.value(z, y, options), outputs.get("loss"), "ignoreIndex");
    Elements.assertSame(Softplus.value(z, Math.PI * 1e-7), outputs.get("softplus"), "beta");
  }

  // ---- registration and execution

  @Test
  void registrationIsIdempotentAndKeepsWhatIsThere() {
    Map<String, Object> before = new HashMap<>(ImportClassMapping.getOpNameMapping());
    StableOps.register();
    StableOps.register();
    Map<String, ? extends Object> after = ImportClassMapping.getOpNameMapping();
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, op) -> assertSame(op, after.get(name), name));
    assertEquals(
        42,
        after.keySet().stream().filter(name -> name != null && name.startsWith("stable_")).count());
  }

  @Test
  void copiesOfAGraphRunInSeveralThreads() throws Exception {
    SameDiff graph = allOps();
    String expected = lossAndGradients(graph);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<String>> tasks = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        SameDiff copy = graph.dup();
        tasks.add(
            () -> {
              for (int round = 0; round < 20; round++) {
                assertEquals(expected, lossAndGradients(copy));
              }
              return lossAndGradients(copy);
            });
      }
      for (Future<String> result : threads.invokeAll(tasks)) {
        assertEquals(expected, result.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void opsRunOnArraysThroughNd4jExec() {
    INDArray x = numbers(2, 3);
    Softplus.ValueOp op = new Softplus.ValueOp();
    op.addInputArgument(x);
    op.addTArgument(1.7);
    Elements.assertSame(Softplus.value(x, 1.7), Nd4j.exec(op)[0], "output allocated");

    Squareplus.GradientOp gradient = new Squareplus.GradientOp();
    INDArray out = Nd4j.create(DataType.DOUBLE, 2, 3);
    INDArray upstream = numbers(2, 3).addi(1);
    gradient.addInputArgument(x, upstream);
    gradient.addOutputArgument(out);
    gradient.addTArgument(0.3);
    Nd4j.exec(gradient);
    Elements.assertSame(Squareplus.gradient(x, 0.3).mul(upstream), out, "output given");
  }

  @Test
  void badLabelsAreReportedAndTheGraphGoesOn() {
    SameDiff graph = SameDiff.create();
    SDVariable labels = graph.placeHolder("y", DataType.INT32, -1);
    SparseSoftmaxCrossEntropy.value(graph.var("z", numbers(2, 3)), labels).rename("loss");
    graph.setLossVariables("loss");
    INDArray bad = Nd4j.createFromArray(0, 3);
    assertRefused(
        "labels must be in [0, 3), got 3 at row 1", () -> graph.output(Map.of("y", bad), "loss"));
    assertRefused(
        "labels must be in [0, 3), got 3 at row 1",
        () -> graph.calculateGradients(Map.of("y", bad), "z"));
    assertRefused(
        "labels shape (3) must equal logits shape (2, 3) without axis 1",
        () -> graph.output(Map.of("y", Nd4j.createFromArray(0, 1, 2)), "loss"));
    INDArray good = Nd4j.createFromArray(0, 2);
    Elements.assertSame(
        SparseSoftmaxCrossEntropy.value(numbers(2, 3), good),
        graph.output(Map.of("y", good), "loss").get("loss"),
        "after the errors");
  }

  @Test
  void badParametersAreReportedWhenTheGraphIsBuilt() {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", numbers(2, 3));
    assertRefused("beta must be finite and > 0, got -1.0", () -> Softplus.value(x, -1));
    assertRefused("beta must be finite and > 0, got 0.0", () -> SoftplusInverse.value(x, 0));
    assertRefused("b must be finite and >= 0, got NaN", () -> Squareplus.value(x, Double.NaN));
    assertRefused("b must be finite and >= 0, got -2.0", () -> SquareplusInverse.value(x, -2));
    assertEquals(0, graph.getOps().size(), "nothing was added");
  }

  /**
   * The gradient ops of elementwise operators can be differentiated once more; most of SameDiff's
   * own, such as that of a sum, cannot, and so no whole graph.
   */
  @Test
  void theGradientOfAnElementwiseOpHasAGradient() {
    INDArray x = numbers(3);
    SameDiff graph = SameDiff.create();
    Softplus.value(graph.var("x", x), 0.5).sum().rename("loss");
    SameDiff gradients = gradients(graph);
    INDArray v = Nd4j.createFromArray(1.0, -2, 3);
    List<SDVariable> twice =
        op(gradients, "stable_softplus_bp").doDiff(List.of(gradients.constant("v", v)));
    assertEquals(Softplus.secondDerivative(x, 0.5).mul(v), twice.get(0).eval());
    assertEquals(Softplus.gradient(x, 0.5).mul(v), twice.get(1).eval());
  }

  @Test
  void theGradientOfALossHasNoneAndSaysSo() {
    SameDiff graph = SameDiff.create();
    LogSoftmax.value(graph.var("x", numbers(2, 3)), 1).sum().rename("loss");
    DynamicCustomOp op = op(gradients(graph), "stable_log_softmax_bp");
    assertEquals(
        "stable_log_softmax_bp has no second derivative",
        assertThrows(
                UnsupportedOperationException.class, () -> op.doDiff(List.of(op.outputVariable())))
            .getMessage());
  }

  private static SameDiff gradients(SameDiff graph) {
    graph.setLossVariables("loss");
    graph.calculateGradients(Map.of(), "x");
    return graph.getFunction("grad");
  }

  private static DynamicCustomOp op(SameDiff graph, String name) {
    return (DynamicCustomOp)
        Arrays.stream(graph.ops()).filter(o -> o.opName().equals(name)).findFirst().orElseThrow();
  }

  // ---- the graph

  /** Every op inside arithmetic of the host's, so that no upstream gradient is 1. */
  private static SameDiff allOps() {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.placeHolder("x", DataType.DOUBLE, -1, 3);
    SDVariable y = graph.placeHolder("y", DataType.INT64, -1);
    SDVariable q = graph.placeHolder("q", DataType.DOUBLE, -1, 4);
    SDVariable weights = graph.placeHolder("weights", DataType.DOUBLE, -1);
    SDVariable w = graph.var("w", numbers(3, 5));
    SDVariable v = graph.var("v", numbers(5, 4).muli(2));
    SDVariable hidden = Softplus.value(Squareplus.value(x.mmul(w), 0.3), 1.7);
    SDVariable positive = hidden.add(0.1);
    SDVariable sum =
        SoftplusInverse.value(positive, 0.7).mul(3).add(SquareplusInverse.value(positive, 2));
    SDVariable logits = graph.math.sin(sum).mmul(v);
    SDVariable sparse =
        SparseSoftmaxCrossEntropy.value(logits, y, NONE.withIgnoreIndex(-1)).mul(weights).sum();
    SDVariable dense = SoftmaxCrossEntropy.value(logits, q);
    sparse.add(dense.mul(dense)).rename("loss");
    graph.setLossVariables("loss");
    return graph;
  }

  private static Map<String, INDArray> data() {
    return Map.of(
        "x",
        numbers(4, 3).muli(2),
        "y",
        Nd4j.createFromArray(3L, 0, -1, 2),
        "q",
        numbers(4, 4).muli(numbers(4, 4)),
        "weights",
        Nd4j.createFromArray(0.5, 2, 7, -1));
  }

  private static INDArray numbers(long... shape) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Math.sin(1 + 2.5 * i);
    }
    return Nd4j.createFromArray(numbers).reshape(shape);
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.loss.Loss;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.SecondOrder;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.Softplus;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.nn.PositiveLinear;

/** Hessians of whole networks, beside central differences of DJL's own gradients. */
class SecondOrderNetworksTest extends OnBothPaths {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-7;
  private static final Loss LOSS =
      new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1));

  /** A network with its loss on a batch of the digits. */
  private static final class Problem {
    private final Block block;
    private final NDList data;
    private final NDList labels;
    private final NDManager manager;

    Problem(NDManager manager, int rows, Block... layers) throws IOException {
      Digits digits = Digits.load(rows);
      this.manager = manager;
      SequentialBlock network = new SequentialBlock();
      Stream.of(layers).forEach(network::add);
      Shape shape = new Shape(rows, Digits.PIXELS);
      Engine.getInstance().setRandomSeed(7);
      network.initialize(manager, DataType.FLOAT64, shape);
      block = network;
      data = new NDList(Djl.array(manager, DataType.FLOAT64, shape, digits.pixels()));
      labels = new NDList(manager.create(digits.labels()).duplicate());
    }

    NDArray loss() {
      NDList out = block.forward(new ParameterStore(manager, false), data, true);
      return LOSS.evaluate(labels, out);
    }

    NDList parameters() {
      NDList arrays = new NDList();
      block.getParameters().forEach(parameter -> arrays.add(parameter.getValue().getArray()));
      return arrays;
    }

    NDList vectors(int seed) {
      NDList vectors = new NDList();
      for (NDArray array : parameters()) {
        vectors.add(Djl.waves(manager, DataType.FLOAT64, array.getShape(), seed + vectors.size()));
      }
      return vectors;
    }

    NDList product(NDList vectors) {
      return SecondOrder.hessianVectorProducts(this::loss, parameters(), vectors);
    }

    void gradients() {
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        collector.zeroGradients();
        collector.backward(loss());
      }
    }

    /** The gradients where all parameters have moved. */
    List<double[]> gradientsAt(NDList vectors, double step) {
      move(vectors, step);
      gradients();
      move(vectors, -step);
      return parameters().stream().map(array -> Djl.doubles(array.getGradient())).toList();
    }

    private void move(NDList vectors, double step) {
      NDList arrays = parameters();
      for (int i = 0; i < arrays.size(); i++) {
        NDArray alias = arrays.get(i).stopGradient();
        alias.set(new NDIndex("..."), alias.add(vectors.get(i).mul(step)));
      }
    }
  }

  static Stream<Supplier<Block[]>> networks() {
    return Stream.of(
        () -> new Block[] {units(8), Softplus.block(2), units(10)},
        () -> new Block[] {units(8), Squareplus.block(), units(10)},
        () -> new Block[] {units(8), Activation.tanhBlock(), units(10)},
        () -> new Block[] {units(6), Activation.tanhBlock(), units(6), Softplus.block(), units(10)},
        () ->
            new Block[] {
              units(5), Squareplus.block(0.5), PositiveLinear.builder().setUnits(10).build()
            });
  }

  private static Block units(int units) {
    return Linear.builder().setUnits(units).build();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void productsAgreeWithDifferencesOfGradients(Supplier<Block[]> layers) throws IOException {
    Problem problem = new Problem(manager, 20, layers.get());
    NDList vectors = problem.vectors(1);
    List<double[]> above = problem.gradientsAt(vectors, STEP);
    List<double[]> below = problem.gradientsAt(vectors, -STEP);
    NDList product = problem.product(vectors);
    double largest = 0;
    for (NDArray part : product) {
      largest = Math.max(largest, part.abs().max().getDouble());
    }
    for (int part = 0; part < product.size(); part++) {
      double[] actual = Djl.doubles(product.get(part));
      for (int i = 0; i < actual.length; i++) {
        double expected = (above.get(part)[i] - below.get(part)[i]) / (2 * STEP);
        assertEquals(expected, actual[i], TOLERANCE * largest, "parameter " + part + " at " + i);
      }
    }
  }

  @Test
  void theHessianIsSymmetric() throws IOException {
    Problem problem = new Problem(manager, 50, networks().findFirst().orElseThrow().get());
    NDList u = problem.vectors(1);
    NDList v = problem.vectors(50);
    double first = dot(u, problem.product(v));
    double second = dot(v, problem.product(u));
    assertEquals(first, second, 1e-13 * norms(u, problem.product(v)));
    assertTrue(first != 0);
  }

  private static double dot(NDList u, NDList v) {
    double sum = 0;
    for (int i = 0; i < u.size(); i++) {
      sum += u.get(i).mul(v.get(i)).sum().getDouble();
    }
    return sum;
  }

  private static double norms(NDList u, NDList v) {
    return Math.sqrt(dot(u, u) * dot(v, v));
  }

  @Test
  void theGradientsOfTheParametersStayAsTheyAre() throws IOException {
    Problem problem = new Problem(manager, 20, networks().findFirst().orElseThrow().get());
    problem.gradients();
    List<double[]> before = gradients(problem);
    NDList vectors = problem.vectors(1);
    List<double[]> first = doubles(problem.product(vectors));
    List<double[]> second = doubles(problem.product(vectors));
    assertSame(first, second);
    assertSame(before, gradients(problem));
    // And a step of training after it is as one before.
    problem.gradients();
    assertSame(before, gradients(problem));
  }

  private static List<double[]> gradients(Problem problem) {
    return problem.parameters().stream().map(array -> Djl.doubles(array.getGradient())).toList();
  }

  private static List<double[]> doubles(NDList arrays) {
    return arrays.stream().map(Djl::doubles).toList();
  }

  private static void assertSame(List<double[]> expected, List<double[]> actual) {
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }

  static Stream<Supplier<GradientCollector>> collectors() {
    return Stream.of(
        Engine.getInstance()::newGradientCollector, SeededLosses::newGradientCollector);
  }

  /** Two products in one graph. */
  @ParameterizedTest
  @MethodSource("collectors")
  void aGraphServesManyVectorsBesideACollector(Supplier<GradientCollector> open)
      throws IOException {
    Problem problem = new Problem(manager, 20, networks().findFirst().orElseThrow().get());
    NDList u = problem.vectors(1);
    NDList v = problem.vectors(50);
    List<double[]> ofU = doubles(problem.product(u));
    List<double[]> ofV = doubles(problem.product(v));
    problem.gradients();
    List<double[]> gradients = gradients(problem);
    try (GradientCollector collector = open.get();
        SecondOrder scope = SecondOrder.open()) {
      collector.zeroGradients();
      NDArray loss = problem.loss();
      assertSame(ofU, doubles(scope.hessianVectorProducts(loss, problem.parameters(), u)));
      assertSame(ofV, doubles(scope.hessianVectorProducts(loss, problem.parameters(), v)));
      collector.backward(loss);
    }
    List<double[]> after = gradients(problem);
    for (int i = 0; i < after.size(); i++) {
      assertArrayEquals(gradients.get(i), after.get(i), 1e-15);
    }
  }

  @Test
  void nothingIsLeftWithTheManagerOfTheParameters() throws IOException {
    Problem problem = new Problem(manager, 20, networks().findFirst().orElseThrow().get());
    NDList vectors = problem.vectors(1);
    problem.product(vectors).close();
    int before = manager.getManagedArrays().size();
    problem.product(vectors).close();
    assertEquals(before, manager.getManagedArrays().size());
  }

  @Test
  void threadsShareTheParameters() throws Exception {
    Problem problem = new Problem(manager, 20, networks().findFirst().orElseThrow().get());
    NDList vectors = problem.vectors(1);
    List<double[]> expected = doubles(problem.product(vectors));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<double[]>>> results = new ArrayList<>();
      Callable<List<double[]>> call = () -> doubles(problem.product(vectors));
      for (int i = 0; i < 40; i++) {
        results.add(threads.submit(call));
      }
      for (Future<List<double[]>> result : results) {
        assertSame(expected, result.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }
}

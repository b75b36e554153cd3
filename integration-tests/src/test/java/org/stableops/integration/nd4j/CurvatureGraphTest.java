package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.demo.Digits;
import org.stableops.integration.demo.Examples;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.SigmoidCrossEntropy;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;

/** Gradients as values of a graph, which SameDiff differentiates once more. */
class CurvatureGraphTest {
  private static final CrossEntropyOptions OPTIONS =
      CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withZLoss(0.01).withClassWeights(1, 2, 3);

  private static INDArray numbers(long seed, long... shape) {
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    double[] numbers = new SplittableRandom(seed).doubles(size, -1, 1).toArray();
    return Nd4j.create(numbers, shape, DataType.DOUBLE);
  }

  /** The gradient of Σ v·variable by another variable. */
  private static INDArray differentiated(SDVariable variable, INDArray v, String by) {
    SameDiff graph = variable.getSameDiff();
    variable.mul(graph.constant(v)).sum().rename("product");
    graph.setLossVariables("product");
    return graph.calculateGradients(Map.of(), by).get(by);
  }

  // ---- operators

  private record Twice(
      Function<SDVariable, SDVariable> gradient, Function<INDArray, INDArray> second) {}

  static Stream<Twice> elementwise() {
    return Stream.of(
        new Twice(x -> Softplus.gradient(x, 0.5), x -> Softplus.secondDerivative(x, 0.5)),
        new Twice(Softplus::gradient, Softplus::secondDerivative),
        new Twice(SoftplusInverse::gradient, SoftplusInverse::secondDerivative),
        new Twice(Squareplus::gradient, Squareplus::secondDerivative),
        new Twice(x -> Squareplus.gradient(x, 2), x -> Squareplus.secondDerivative(x, 2)),
        new Twice(SquareplusInverse::gradient, SquareplusInverse::secondDerivative));
  }

  @ParameterizedTest
  @MethodSource("elementwise")
  void theGradientOfAnOperatorIsDifferentiated(Twice operator) {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray x = numbers(1, 2, 3).addi(1.5).castTo(type);
      INDArray v = numbers(2, 2, 3).castTo(type);
      SDVariable gradient = operator.gradient.apply(SameDiff.create().var("x", x));
      INDArray expected = operator.second.apply(x).mul(v);
      Elements.assertSame(expected, differentiated(gradient, v, "x"), "f''");
    }
  }

  static Stream<Arguments> losses() {
    return Stream.of(Reduction.values())
        .flatMap(
            reduction ->
                Stream.of(true, false)
                    .map(weighted -> Arguments.of(OPTIONS.withReduction(reduction), weighted)));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void theGradientOfALossIsDifferentiated(CrossEntropyOptions options, boolean isWeighted) {
    INDArray z = numbers(1, 4, 3);
    INDArray v = numbers(2, 4, 3);
    INDArray labels = Nd4j.createFromArray(0L, 2, 1, 1);
    INDArray q = numbers(3, 4, 3).addi(1);
    INDArray weights = Nd4j.createFromArray(1.0, 0, 2, 0.5);
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.var("z", z);
    SDVariable a = graph.constant("a", weights);
    SDVariable y = graph.constant("y", labels);
    SDVariable sparse =
        isWeighted
            ? SparseSoftmaxCrossEntropy.gradient(logits, y, a, options)
            : SparseSoftmaxCrossEntropy.gradient(logits, y, options);
    INDArray expected =
        isWeighted
            ? SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, weights, v, options)
            : SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, v, options);
    Elements.assertSame(expected, differentiated(sparse, v, "z"), "sparse");

    SameDiff other = SameDiff.create();
    SDVariable x = other.var("z", z);
    SDVariable probabilities = other.constant("q", q);
    SDVariable dense =
        isWeighted
            ? SoftmaxCrossEntropy.gradient(x, probabilities, other.constant("a", weights), options)
            : SoftmaxCrossEntropy.gradient(x, probabilities, options);
    INDArray expectedOfQ =
        isWeighted
            ? SoftmaxCrossEntropy.hessianVectorProduct(z, q, weights, v, options)
            : SoftmaxCrossEntropy.hessianVectorProduct(z, q, v, options);
    Elements.assertSame(expectedOfQ, differentiated(dense, v, "z"), "dense");
  }

  /** SameDiff gives a loss variable an upstream of one number, which counts for all elements. */
  @ParameterizedTest
  @EnumSource(Reduction.class)
  void theGradientOfALossIsALossVariable(Reduction reduction) {
    CrossEntropyOptions options = OPTIONS.withReduction(reduction);
    INDArray z = numbers(1, 4, 3);
    INDArray labels = Nd4j.createFromArray(0L, 2, 1, 1);
    SameDiff graph = SameDiff.create();
    SDVariable gradient =
        SparseSoftmaxCrossEntropy.gradient(graph.var("z", z), graph.constant(labels), options);
    graph.setLossVariables(gradient.name());
    INDArray ones = Nd4j.ones(DataType.DOUBLE, 4, 3);
    Elements.assertSame(
        SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, ones, options),
        graph.calculateGradients(Map.of(), "z").get("z"),
        "product");
  }

  static Stream<UnaryOperator<SDVariable>> ofNothing() {
    return Stream.of(
        Softplus::value,
        Softplus::gradient,
        Squareplus::value,
        x -> LogSumExp.value(x, 1),
        LogSoftmax::value,
        q -> SoftmaxCrossEntropy.value(q, q),
        q -> SoftmaxCrossEntropy.gradient(q, q),
        y -> PoissonLoss.value(y, y),
        y -> PoissonLoss.gradient(y, y));
  }

  @ParameterizedTest
  @MethodSource("ofNothing")
  void gradientsToNothingAreEmpty(UnaryOperator<SDVariable> operator) {
    SameDiff graph = SameDiff.create();
    SDVariable given = graph.placeHolder("given", DataType.FLOAT, -1, 3);
    SDVariable x = given.mul("x", graph.var("scale", Nd4j.scalar(2f)));
    graph.setLossVariables(operator.apply(x).name());
    Map<String, INDArray> data = Map.of("given", Nd4j.create(DataType.FLOAT, 0, 3));
    INDArray gradient = graph.calculateGradients(data, "x").get("x");
    assertArrayEquals(new long[] {0, 3}, gradient.shape());
  }

  @Test
  void defaultsAreThoseOfArrays() {
    INDArray z = numbers(1, 4, 3);
    INDArray labels = Nd4j.createFromArray(0, 2, 1, 1);
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.var("z", z);
    Elements.assertSame(
        SparseSoftmaxCrossEntropy.gradient(z, labels),
        SparseSoftmaxCrossEntropy.gradient(logits, graph.constant("y", labels)).eval(),
        "sparse");
    INDArray q = numbers(3, 4, 3).addi(1);
    Elements.assertSame(
        SoftmaxCrossEntropy.gradient(z, q),
        SoftmaxCrossEntropy.gradient(logits, graph.constant("q", q)).eval(),
        "dense");
    Elements.assertSame(
        SigmoidCrossEntropy.gradient(z, q.div(2)),
        SigmoidCrossEntropy.gradient(logits, graph.constant("halves", q.div(2))).eval(),
        "sigmoid");
    Elements.assertSame(
        PoissonLoss.gradient(z, q),
        PoissonLoss.gradient(logits, graph.getVariable("q")).eval(),
        "Poisson");
  }

  /** What a gradient op gives to the upstream that it is multiplied by. */
  @Test
  void theUpstreamOfALossHasAGradientToo() {
    INDArray z = numbers(1, 4, 3);
    INDArray v = numbers(2, 4, 3);
    INDArray labels = Nd4j.createFromArray(0L, 2, 1, 1);
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = OPTIONS.withReduction(reduction);
      SameDiff graph = SameDiff.create();
      SDVariable y = graph.constant("y", labels);
      SparseSoftmaxCrossEntropy.value(graph.var("z", z), y, options).mul(2).sum().rename("loss");
      graph.setLossVariables("loss");
      graph.calculateGradients(Map.of(), "z");
      SameDiff gradients = graph.getFunction("grad");
      DynamicCustomOp op =
          (DynamicCustomOp)
              Arrays.stream(gradients.ops())
                  .filter(each -> each.opName().equals("stable_sparse_softmax_cross_entropy_bp"))
                  .findFirst()
                  .orElseThrow();
      List<SDVariable> twice = op.doDiff(List.of(gradients.constant("v", v)));
      INDArray terms = SparseSoftmaxCrossEntropy.gradient(z, labels, options).mul(v);
      INDArray expected = reduction == Reduction.NONE ? terms.sum(1) : terms.sum();
      Elements.assertSame(
          SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, v, options).mul(2),
          twice.get(0).eval(),
          "product");
      Elements.assertSame(expected, twice.get(2).eval(), "upstream");
    }
  }

  @Test
  void badArgumentsAreReportedWhenTheGraphIsBuilt() {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", numbers(1, 4, 3));
    SDVariable y = graph.constant("y", Nd4j.createFromArray(0L, 2, 1, 1));
    assertRefused("beta must be finite and > 0, got -1.0", () -> Softplus.gradient(z, -1));
    assertRefused(
        "classWeights must have one weight for each of 3 classes, got 2",
        () ->
            SparseSoftmaxCrossEntropy.gradient(
                z, y, CrossEntropyOptions.DEFAULT.withClassWeights(1, 2)));
    assertRefused(
        "sampleWeights must be given, got null",
        () -> SparseSoftmaxCrossEntropy.gradient(z, y, null, CrossEntropyOptions.DEFAULT));
    assertRefused(
        "options must be given, got null", () -> SparseSoftmaxCrossEntropy.gradient(z, y, null));
    assertRefused("options must be given, got null", () -> PoissonLoss.gradient(z, z, null));
    assertEquals(0, graph.getOps().size(), "nothing was added");
    assertEquals(2, graph.variables().size(), "nor a constant");
  }

  // ---- a network

  private static final int HIDDEN = 12;
  private static final int BATCH = 100;
  private static final Examples DIGITS = Digits.load().training();

  /**
   * A network of two layers on some digits, whose gradients by its weights are values of the graph,
   * written out, and the product of its Hessian and a direction, which SameDiff makes of them.
   */
  private static final class Network {
    final SameDiff graph = SameDiff.create();

    Network(INDArray first, INDArray second) {
      int[] labels = Arrays.copyOf(DIGITS.labels(), BATCH);
      double[] pixels = Arrays.copyOf(DIGITS.pixels(), BATCH * Digits.PIXELS);
      SDVariable x =
          graph.constant("x", Nd4j.createFromArray(pixels).reshape(BATCH, Digits.PIXELS));
      SDVariable y = graph.constant("y", Nd4j.createFromArray(labels));
      SDVariable w1 = graph.var("w1", first);
      SDVariable w2 = graph.var("w2", second);
      SDVariable inner = x.mmul(w1);
      SDVariable hidden = Softplus.value(inner);
      SDVariable ofLogits = SparseSoftmaxCrossEntropy.gradient(hidden.mmul(w2), y);
      SDVariable ofInner = ofLogits.mmul(graph.transpose(w2)).mul(Softplus.gradient(inner));
      SDVariable g1 = graph.transpose(x).mmul(ofInner).rename("g1");
      SDVariable g2 = graph.transpose(hidden).mmul(ofLogits).rename("g2");
      SDVariable v1 = graph.placeHolder("v1", DataType.DOUBLE, first.shape());
      SDVariable v2 = graph.placeHolder("v2", DataType.DOUBLE, second.shape());
      g1.mul(v1).sum().add(g2.mul(v2).sum()).rename("slope");
      graph.setLossVariables("slope");
    }

    static INDArray[] gradients(SameDiff graph) {
      Map<String, INDArray> all = graph.output(Map.of(), "g1", "g2");
      return new INDArray[] {all.get("g1").dup(), all.get("g2").dup()};
    }

    static INDArray[] product(SameDiff graph, INDArray... v) {
      Map<String, INDArray> all =
          graph.calculateGradients(Map.of("v1", v[0], "v2", v[1]), "w1", "w2");
      return new INDArray[] {all.get("w1").dup(), all.get("w2").dup()};
    }
  }

  @Test
  void theHessianOfANetworkTimesADirectionIsTheDerivativeOfItsGradient(@TempDir Path folder) {
    INDArray[] w = {numbers(1, Digits.PIXELS, HIDDEN).muli(0.3), numbers(2, HIDDEN, 10)};
    INDArray[] u = {numbers(3, Digits.PIXELS, HIDDEN), numbers(4, HIDDEN, 10)};
    INDArray[] v = {numbers(5, Digits.PIXELS, HIDDEN), numbers(6, HIDDEN, 10)};
    SameDiff graph = new Network(w[0], w[1]).graph;
    INDArray[] product = Network.product(graph, v);

    double step = 1e-5;
    INDArray[] ahead = gradientsAt(w, v, step);
    INDArray[] behind = gradientsAt(w, v, -step);
    for (int layer = 0; layer < 2; layer++) {
      INDArray expected = ahead[layer].sub(behind[layer]).div(2 * step);
      double size = expected.norm2Number().doubleValue();
      double distance = expected.sub(product[layer]).norm2Number().doubleValue();
      assertTrue(distance < 1e-8 * size, () -> distance + " of " + size);
    }
    assertEquals(dot(u, product), dot(v, Network.product(graph, u)), 1e-12);

    File file = folder.resolve("network.fb").toFile();
    graph.save(file, true);
    INDArray[] loaded = Network.product(SameDiff.load(file, true), v);
    Elements.assertSame(product[0], loaded[0], "w1");
    Elements.assertSame(product[1], loaded[1], "w2");
  }

  private static INDArray[] gradientsAt(INDArray[] w, INDArray[] v, double step) {
    INDArray first = w[0].add(v[0].mul(step));
    INDArray second = w[1].add(v[1].mul(step));
    return Network.gradients(new Network(first, second).graph);
  }

  private static double dot(INDArray[] u, INDArray[] v) {
    return u[0].mul(v[0]).sumNumber().doubleValue() + u[1].mul(v[1]).sumNumber().doubleValue();
  }
}

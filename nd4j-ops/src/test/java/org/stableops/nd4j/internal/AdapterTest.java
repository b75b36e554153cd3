package org.stableops.nd4j.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.Squareplus;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;
import org.stableops.op.SoftmaxLoss;

/**
 * What this host does with operators: it hands arrays of any layout to the right kernel or formula,
 * and registers ops whose gradients SameDiff finds. The kernels are tested in core, and the
 * accuracy of both paths in integration-tests.
 */
class AdapterTest {
  private static final double P = 1.7;
  private static final double[] X = {
    0.5, 0.02, 2, 30, 0.7, 1.1, 5, 1e4, 0.25, 90, 3, 0.01,
  };

  static Stream<Arguments> operators() {
    return Operators.ALL.stream()
        .flatMap(
            operator -> Stream.of(true, false).map(isFused -> Arguments.of(operator, isFused)));
  }

  /** With the kernels switched on or off. */
  private static <T> T by(boolean isFused, Supplier<T> computation) {
    String before = System.getProperty(FusedPath.PROPERTY);
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(isFused));
    try {
      return computation.get();
    } finally {
      if (before == null) {
        System.clearProperty(FusedPath.PROPERTY);
      } else {
        System.setProperty(FusedPath.PROPERTY, before);
      }
    }
  }

  private static INDArray array(DataType type, long[] shape, double... numbers) {
    return Nd4j.createFromArray(numbers).reshape('c', shape).castTo(type);
  }

  private static double[] doubles(INDArray array) {
    return array.dup('c').castTo(DataType.DOUBLE).data().asDouble();
  }

  private static Elements elements(double... numbers) {
    return Elements.of(DoubleBuffer.wrap(numbers));
  }

  private static double[] swept(BiConsumer<Elements, Elements> kernel) {
    double[] out = new double[X.length];
    kernel.accept(elements(X), elements(out));
    return out;
  }

  private static void assertNear(double[] expected, double[] actual, double tolerance) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(actual[i] - expected[i]);
      int place = i;
      assertTrue(
          error <= tolerance * Math.max(1, Math.abs(expected[i])),
          () -> actual[place] + " at " + place);
    }
  }

  @ParameterizedTest
  @MethodSource("operators")
  void anyLayoutAndDtypeReachesTheOperator(Elementwise operator, boolean isFused) {
    ElementwiseOp op = new ParametricOp(operator).of(P);
    double[] value = swept(op.kernel()::value);
    double[] gradient = swept(op.kernel()::gradient);
    for (DataType type :
        new DataType[] {DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE}) {
      double tolerance =
          switch (type) {
            case DOUBLE -> 1e-14;
            case FLOAT -> 1e-6;
            default -> 2e-2;
          };
      INDArray x = array(type, new long[] {4, 3}, X);
      for (INDArray input : new INDArray[] {x, x.dup('f'), x.transpose().dup('c').transpose()}) {
        assertNear(value, doubles(by(isFused, () -> op.value(input))), tolerance);
        assertNear(gradient, doubles(by(isFused, () -> op.gradient(input))), tolerance * 10);
        INDArray upstream = input.mul(0).addi(2);
        INDArray product = by(isFused, () -> op.backprop(input, upstream));
        assertNear(
            Arrays.stream(gradient).map(g -> 2 * g).toArray(), doubles(product), tolerance * 20);
        by(
            isFused,
            () -> {
              op.valueInto(input, input);
              return null;
            });
        assertNear(value, doubles(input), tolerance);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operators")
  void anArrayForParameterBroadcasts(Elementwise operator, boolean isFused) {
    ParametricOp op = new ParametricOp(operator);
    INDArray x = array(DataType.DOUBLE, new long[] {4, 3}, X);
    INDArray row = array(DataType.DOUBLE, new long[] {3}, 1, P, 3);
    INDArray value = by(isFused, () -> op.value(x, row));
    for (int column = 0; column < 3; column++) {
      double[] expected = swept(op.of(row.getDouble(column)).kernel()::value);
      for (int r = 0; r < 4; r++) {
        int i = 3 * r + column;
        assertEquals(expected[i], value.getDouble(r, column), 1e-14 * Math.max(1, expected[i]));
      }
    }
    assertArrayEquals(new long[] {3}, by(isFused, () -> op.parameterGradient(x, row)).shape());
  }

  @Test
  void aGraphFindsEveryOpAndItsGradient() {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", array(DataType.DOUBLE, new long[] {4, 3}, X));
    SDVariable b = graph.var("b", array(DataType.DOUBLE, new long[] {3}, 1, P, 3));
    Squareplus.value(x, b).sum("loss");
    graph.setLossVariables("loss");
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "x", "b");
    ParametricOp op = new ParametricOp(Operators.SQUAREPLUS);
    assertArrayEquals(doubles(op.gradient(x.getArr(), b.getArr())), doubles(gradients.get("x")));
    assertNear(
        doubles(op.parameterGradient(x.getArr(), b.getArr())), doubles(gradients.get("b")), 1e-14);
    for (Elementwise operator : Operators.ALL) {
      for (String name :
          new String[] {
            operator.graphName(),
            operator.gradientGraphName(),
            operator.parameterGradientGraphName()
          }) {
        assertTrue(ImportClassMapping.getOpNameMapping().get(name) instanceof JavaOp, name);
      }
    }
    for (SoftmaxLoss loss : SoftmaxLoss.values()) {
      assertTrue(ImportClassMapping.getOpNameMapping().containsKey(loss.graphName()));
      assertTrue(ImportClassMapping.getOpNameMapping().containsKey(loss.gradientGraphName()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyFormOfALossIsTheKernels(SoftmaxLoss loss) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withZLoss(1e-3);
    double[] weights = {1, 0.5, 0, 2};
    double[] gradient = new double[X.length];
    long[] classes = {2, 0, 1, 1};
    double[] probabilities = new double[X.length];
    Arrays.setAll(probabilities, i -> i % 4 / 4.0);
    RowLosses rows =
        loss == SoftmaxLoss.SPARSE
            ? CrossEntropyKernel.sparse(
                elements(X), 3, classes, weights, options, elements(gradient))
            : CrossEntropyKernel.dense(
                elements(X), 3, elements(probabilities), 4, weights, options, elements(gradient));
    double expected = rows.reduced(rows.losses(), Reduction.MEAN);
    INDArray logits = array(DataType.DOUBLE, new long[] {4, 3}, X).dup('f');
    INDArray labels =
        loss == SoftmaxLoss.SPARSE
            ? Nd4j.createFromArray(classes).castTo(DataType.FLOAT)
            : array(DataType.DOUBLE, new long[] {4, 3}, probabilities);
    for (boolean isFused : new boolean[] {true, false}) {
      CrossEntropy call =
          CrossEntropy.of(loss, logits, labels, options)
              .withSampleWeights(array(DataType.FLOAT, new long[] {4}, weights));
      ValueAndGradient<INDArray> both = by(isFused, call::valueAndGradient);
      assertEquals(expected, both.value().getDouble(0), 1e-12 * Math.abs(expected));
      assertNear(gradient, doubles(both.gradient()), 1e-14);
      CrossEntropy.Result result = by(isFused, call::rowLossesAndGradient);
      assertNear(rows.losses(), result.rows().losses(), 1e-12);
      assertEquals(rows.weight(), result.rows().weight(), 1e-15);
    }
  }

  /** Shapes of x, and of parameters that broadcast, of more elements than a block has. */
  static Stream<Arguments> large() {
    return Stream.of(
        Arguments.of(DataType.FLOAT, new long[] {150, 1000}, new long[] {1000}),
        Arguments.of(DataType.FLOAT, new long[] {150, 1000}, new long[] {150, 1}),
        Arguments.of(DataType.FLOAT, new long[] {150, 1000}, new long[] {150, 1000}),
        Arguments.of(DataType.DOUBLE, new long[] {1, 150_000}, new long[] {150_000}),
        Arguments.of(DataType.FLOAT, new long[] {2, 1, 75_000}, new long[] {2, 1, 1}));
  }

  private static INDArray uniform(double least, double most, DataType type, long[] shape) {
    INDArray floats = Nd4j.rand(DataType.FLOAT, shape);
    return floats.muli(most - least).addi(least).castTo(type);
  }

  @ParameterizedTest
  @MethodSource("large")
  void blocksWithAnArrayForParameterGiveWhatTheKernelsGive(DataType type, long[] ofX, long[] ofP) {
    ParametricOp op = new ParametricOp(Operators.SOFTPLUS);
    INDArray x = uniform(-2, 2, type, ofX);
    INDArray p = uniform(0.5, 2, type, ofP);
    double tolerance = 2e-6;
    assertNear(
        doubles(by(true, () -> op.value(x, p))),
        doubles(by(false, () -> op.value(x, p))),
        tolerance);
    assertNear(
        doubles(by(true, () -> op.gradient(x, p))),
        doubles(by(false, () -> op.gradient(x, p))),
        tolerance);
    double[] sums = doubles(by(true, () -> op.parameterGradient(x, p)));
    assertNear(sums, doubles(by(false, () -> op.parameterGradient(x, p))), tolerance);
    INDArray same = x.dup();
    by(
        false,
        () -> {
          op.valueInto(same, p, same);
          return same;
        });
    assertArrayEquals(doubles(by(false, () -> op.value(x, p))), doubles(same));
  }

  @ParameterizedTest
  @EnumSource
  void blocksOfALossGiveWhatTheKernelsGive(SoftmaxLoss loss) {
    CrossEntropyOptions options =
        loss == SoftmaxLoss.SPARSE
            ? CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1)
            : CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withZLoss(1e-3);
    INDArray z = uniform(-2, 2, DataType.FLOAT, new long[] {150, 1031});
    Labels labels = labels(loss, 150);
    z.getRow(5).assign(Nd4j.scalar(Float.NaN));
    Supplier<ValueAndGradient<INDArray>> call = () -> labels.call(z, options).valueAndGradient();
    ValueAndGradient<INDArray> kernels = by(true, call);
    ValueAndGradient<INDArray> composites = by(false, call);
    assertNear(doubles(kernels.value()), doubles(composites.value()), 1e-7);
    assertNear(doubles(kernels.gradient()), doubles(composites.gradient()), 2e-9);
    assertArrayEquals(new double[1031], doubles(composites.gradient().getRow(5)));
  }

  /** Labels of a loss, and weights of which each fifth row has 0. */
  private record Labels(SoftmaxLoss loss, INDArray labels, INDArray weights) {
    CrossEntropy call(INDArray logits, CrossEntropyOptions options) {
      return CrossEntropy.of(loss, logits, labels, options).withSampleWeights(weights);
    }
  }

  private static Labels labels(SoftmaxLoss loss, int rows) {
    long[] classes = new long[rows];
    Arrays.setAll(classes, row -> row % 7 == 0 ? -1 : row % 1031);
    INDArray labels =
        loss == SoftmaxLoss.SPARSE
            ? Nd4j.createFromArray(classes)
            : uniform(0, 1e-3, DataType.FLOAT, new long[] {rows, 1031});
    double[] weights = new double[rows];
    Arrays.setAll(weights, row -> row % 5);
    return new Labels(loss, labels, Nd4j.createFromArray(weights));
  }

  @Test
  void anInvalidProbabilityInALaterBlockIsNamedByItsRow() {
    INDArray logits = Nd4j.zeros(DataType.FLOAT16, 1100, 1031);
    INDArray labels = Nd4j.ones(DataType.FLOAT, 1100, 1031);
    labels.putScalar(1099, 3, -1f);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    assertRefused(
        "labels must be finite and >= 0, got -1.0 at row 1099, class 3",
        () -> CrossEntropy.of(SoftmaxLoss.DENSE, logits, labels, options).value());
  }

  @Test
  void blocksOfHalvesGiveWhatTheirNumbersGiveAsFloats() {
    INDArray half = uniform(-2, 2, DataType.FLOAT16, new long[] {1100, 1031});
    INDArray wide = half.castTo(DataType.FLOAT);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1);
    Labels labels = labels(SoftmaxLoss.SPARSE, 1100);
    ParametricOp op = new ParametricOp(Operators.SQUAREPLUS);
    INDArray b = uniform(1, 2, DataType.FLOAT16, new long[] {1031});
    for (UnaryOperator<INDArray> call :
        List.<UnaryOperator<INDArray>>of(
            x -> op.of(P).value(x),
            x -> op.value(x, b.castTo(x.dataType())),
            LogSumExp::value,
            x -> labels.call(x, options).gradient(),
            x -> labels.call(x, options.withReduction(Reduction.NONE)).value())) {
      INDArray expected = call.apply(wide).castTo(DataType.FLOAT16);
      assertArrayEquals(doubles(expected), doubles(call.apply(half)));
    }
  }

  @ParameterizedTest
  @MethodSource("operators")
  void whatIsWrongIsRefusedByName(Elementwise operator, boolean isFused) {
    ParametricOp op = new ParametricOp(operator);
    INDArray x = array(DataType.FLOAT, new long[] {2}, 1, 2);
    INDArray three = array(DataType.FLOAT, new long[] {3}, 1, 2, 3);
    assertRefused("x dtype must be", () -> op.of(P).value(Nd4j.createFromArray(1, 2)));
    assertRefused("x must be an array, got null", () -> op.of(P).gradient(null));
    assertRefused("out must be like x", () -> op.of(P).valueInto(x, three));
    assertRefused(operator.parameter().name(), () -> op.of(-1));
    assertRefused(operator.parameter().name(), () -> op.value(x, three));
    x.close();
    assertThrows(IllegalStateException.class, () -> op.of(P).value(x));
  }

  private static void assertRefused(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start), message);
  }
}

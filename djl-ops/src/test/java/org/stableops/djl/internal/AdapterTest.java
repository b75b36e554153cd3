package org.stableops.djl.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.LogSumExpKernel;
import org.stableops.kernel.RowLosses;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;
import org.stableops.op.SoftmaxComposite;
import org.stableops.op.SoftmaxLoss;

/**
 * What this host does with operators: it hands arrays of any layout to the right kernel or formula,
 * attaches gradients, and leaves nothing behind. The kernels are tested in core, and the accuracy
 * of both paths in integration-tests.
 */
class AdapterTest {
  private static final double P = 1.7;
  private static final Shape SHAPE = new Shape(4, 3);
  private static final double[] X = {
    0.5, 0.02, 2, 30, 0.7, 1.1, 5, 1e4, 0.25, 90, 3, 0.01,
  };
  private static final double[] UPSTREAM = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

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

  /** In memory of libtorch's own, for autograd may keep it. */
  private NDArray array(DataType type, Shape shape, double... numbers) {
    try (NDArray java = manager.create(numbers, shape)) {
      return type == DataType.FLOAT64 ? java.duplicate() : java.toType(type, true);
    }
  }

  private static double[] doubles(NDArray array) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return array.toType(DataType.FLOAT64, true).toDoubleArray();
    }
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
    for (DataType type : new DataType[] {DataType.FLOAT16, DataType.FLOAT32, DataType.FLOAT64}) {
      double tolerance = type == DataType.FLOAT64 ? 1e-14 : type == DataType.FLOAT32 ? 1e-6 : 1e-2;
      NDArray x = array(type, SHAPE, X);
      NDArray view = x.transpose().flatten().reshape(3, 4).transpose();
      int before = manager.getManagedArrays().size();
      for (NDArray input : new NDArray[] {x, view}) {
        NDArray out = input.duplicate();
        assertNear(value, doubles(by(isFused, () -> op.value(input))), tolerance);
        assertNear(gradient, doubles(by(isFused, () -> op.gradient(input))), tolerance * 10);
        by(
            isFused,
            () -> {
              op.valueInto(input, out);
              return null;
            });
        assertNear(value, doubles(out), tolerance);
        out.close();
      }
      // The results of value and gradient belong to the manager, and nothing else does.
      assertEquals(before + 4, manager.getManagedArrays().size());
    }
  }

  @ParameterizedTest
  @MethodSource("operators")
  void trainingSeesTheExplicitGradient(Elementwise operator, boolean isFused) {
    ElementwiseOp op = new ParametricOp(operator).of(P);
    NDArray x = array(DataType.FLOAT64, SHAPE, X);
    NDArray upstream = array(DataType.FLOAT64, SHAPE, UPSTREAM);
    double[] expected = doubles(by(isFused, () -> op.gradient(x)).mul(upstream));
    x.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray value = by(isFused, () -> op.value(x));
      assertArrayEquals(doubles(by(isFused, () -> op.value(x.stopGradient()))), doubles(value));
      collector.backward(value.mul(upstream).sum());
    }
    assertArrayEquals(expected, doubles(x.getGradient()));
  }

  @ParameterizedTest
  @MethodSource("operators")
  void anArrayForParameterBroadcastsAndIsTrained(Elementwise operator, boolean isFused) {
    ParametricOp op = new ParametricOp(operator);
    NDArray x = array(DataType.FLOAT64, SHAPE, X);
    NDArray row = array(DataType.FLOAT64, new Shape(3), 1, P, 3);
    NDArray value = by(isFused, () -> op.value(x, row));
    for (int column = 0; column < 3; column++) {
      double p = row.getDouble(column);
      double[] expected = swept(op.of(p).kernel()::value);
      for (int r = 0; r < 4; r++) {
        int i = 3 * r + column;
        assertEquals(expected[i], value.getDouble(r, column), 1e-14 * Math.max(1, expected[i]));
      }
    }
    double[] gradient = doubles(by(isFused, () -> op.parameterGradient(x, row)));
    row.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(by(isFused, () -> op.value(x, row)).sum());
    }
    assertNear(gradient, doubles(row.getGradient()), 1e-13);
  }

  @ParameterizedTest
  @EnumSource
  void everyFormOfALossIsTheKernels(SoftmaxLoss loss) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withZLoss(1e-3).withAxis(0);
    double[] byRows = transposed(X, 4, 3);
    double[] weights = {1, 0.5, 0};
    double[] gradient = new double[X.length];
    long[] classes = {3, 0, 2};
    double[] probabilities = new double[X.length];
    Arrays.setAll(probabilities, i -> i % 4 / 4.0);
    RowLosses rows =
        loss == SoftmaxLoss.SPARSE
            ? CrossEntropyKernel.sparse(
                elements(byRows), 4, classes, weights, options, elements(gradient))
            : CrossEntropyKernel.dense(
                elements(byRows),
                4,
                elements(probabilities),
                3,
                weights,
                options,
                elements(gradient));
    double expected = rows.reduced(rows.losses(), Reduction.MEAN);
    NDArray logits = array(DataType.FLOAT64, SHAPE, X);
    NDArray labels =
        loss == SoftmaxLoss.SPARSE
            ? manager.create(classes)
            : array(DataType.FLOAT64, SHAPE, transposed(probabilities, 3, 4));
    NDArray sampleWeights = array(DataType.FLOAT32, new Shape(3), weights);
    for (boolean isFused : new boolean[] {true, false}) {
      Supplier<CrossEntropy> call =
          () -> CrossEntropy.of(loss, logits, labels, options).withSampleWeights(sampleWeights);
      ValueAndGradient<NDArray> both = by(isFused, () -> call.get().valueAndGradient());
      assertEquals(expected, both.value().getDouble(), 1e-12 * Math.abs(expected));
      assertNear(transposed(gradient, 3, 4), doubles(both.gradient()), 1e-14);
      CrossEntropy.Weighted weighted = by(isFused, () -> call.get().weighted());
      assertEquals(both.value().getDouble(), weighted.value().getDouble());
      assertEquals(rows.weight(), weighted.weight(), 1e-15);
      NDArray leaf = logits.duplicate();
      leaf.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        collector.backward(
            by(
                isFused,
                () ->
                    CrossEntropy.of(loss, leaf, labels, options)
                        .withSampleWeights(sampleWeights)
                        .value()));
      }
      assertArrayEquals(doubles(both.gradient()), doubles(leaf.getGradient()));
    }
  }

  /** Shapes of x, and of parameters that broadcast, of more elements than a block has. */
  static Stream<Arguments> large() {
    return Stream.of(
        Arguments.of(DataType.FLOAT32, new Shape(300, 1000), new Shape(1000)),
        Arguments.of(DataType.FLOAT32, new Shape(300, 1000), new Shape(300, 1)),
        Arguments.of(DataType.FLOAT32, new Shape(300, 1000), new Shape(300, 1000)),
        Arguments.of(DataType.FLOAT64, new Shape(1, 300_000), new Shape(300_000)),
        Arguments.of(DataType.FLOAT32, new Shape(2, 1, 150_000), new Shape(2, 1, 1)));
  }

  @ParameterizedTest
  @MethodSource("large")
  void blocksWithAnArrayForParameterGiveWhatTheKernelsGive(DataType type, Shape ofX, Shape ofP) {
    ParametricOp op = new ParametricOp(Operators.SOFTPLUS);
    NDArray x = manager.randomUniform(-2, 2, ofX).toType(type, false);
    NDArray p = manager.randomUniform(0.5f, 2, ofP).toType(type, false);
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
  }

  @ParameterizedTest
  @EnumSource
  void blocksOfALossGiveWhatTheKernelsGive(SoftmaxLoss loss) {
    CrossEntropyOptions options =
        loss == SoftmaxLoss.SPARSE
            ? CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1)
            : CrossEntropyOptions.DEFAULT.withLabelSmoothing(0.1).withZLoss(1e-3);
    Shape shape = new Shape(300, 1031);
    NDArray z = manager.randomNormal(shape);
    Labels labels = labels(loss, z);
    z.set(new NDIndex("5"), Float.NaN);
    Supplier<ValueAndGradient<NDArray>> call = () -> labels.call(z, options).valueAndGradient();
    ValueAndGradient<NDArray> kernels = by(true, call);
    ValueAndGradient<NDArray> composites = by(false, call);
    assertNear(doubles(kernels.value()), doubles(composites.value()), 1e-7);
    assertNear(doubles(kernels.gradient()), doubles(composites.gradient()), 2e-9);
    assertEquals(0, composites.gradient().get(5).abs().sum().getFloat());
  }

  /** Labels of a loss, and weights of which each fifth row has 0. */
  private record Labels(SoftmaxLoss loss, NDArray labels, NDArray weights) {
    CrossEntropy call(NDArray logits, CrossEntropyOptions options) {
      return CrossEntropy.of(loss, logits, labels, options).withSampleWeights(weights);
    }
  }

  private Labels labels(SoftmaxLoss loss, NDArray z) {
    long[] classes = new long[(int) z.getShape().get(0)];
    Arrays.setAll(classes, row -> row % 7 == 0 ? -1 : row % 1031);
    NDArray labels = loss == SoftmaxLoss.SPARSE ? manager.create(classes) : z.softmax(1);
    NDArray weights = manager.arange(classes.length).mod(5).toType(DataType.FLOAT32, false);
    return new Labels(loss, labels, weights);
  }

  @Test
  void probabilitiesBesideHalfLogitsKeepTheirDigits() {
    NDArray logits = manager.zeros(new Shape(1100, 1031), DataType.FLOAT16);
    NDArray labels = manager.zeros(new Shape(1100, 1031));
    labels.set(new NDIndex("1099, 3"), 70_000f);
    CrossEntropyOptions sum = CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);
    for (boolean isFused : new boolean[] {true, false}) {
      double weight =
          by(isFused, () -> CrossEntropy.of(SoftmaxLoss.DENSE, logits, labels, sum).weighted())
              .weight();
      assertEquals(70_000, weight);
      labels.set(new NDIndex("1099, 3"), -1f);
      assertRefused(
          "labels must be finite and >= 0, got -1.0 at row 1099, class 3",
          () -> by(isFused, () -> CrossEntropy.of(SoftmaxLoss.DENSE, logits, labels, sum).value()));
      labels.set(new NDIndex("1099, 3"), 70_000f);
    }
  }

  @Test
  void blocksOfHalvesGiveWhatTheirNumbersGiveAsFloats() {
    NDArray half = manager.randomNormal(new Shape(1100, 1031)).toType(DataType.FLOAT16, false);
    NDArray wide = half.toType(DataType.FLOAT32, false);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1);
    Labels labels = labels(SoftmaxLoss.SPARSE, wide);
    ParametricOp op = new ParametricOp(Operators.SQUAREPLUS);
    NDArray b = manager.arange(1, 1032, 1, DataType.FLOAT16);
    for (UnaryOperator<NDArray> call :
        List.<UnaryOperator<NDArray>>of(
            x -> op.of(P).value(x),
            x -> op.value(x, b.toType(x.getDataType(), false)),
            x -> new AlongAxis(x, 1).perRow(LogSumExpKernel::value, SoftmaxComposite::logSumExp),
            x -> labels.call(x, options).gradient(),
            x -> labels.call(x, options.withReduction(Reduction.NONE)).value())) {
      NDArray expected = call.apply(wide).toType(DataType.FLOAT16, false);
      assertArrayEquals(doubles(expected), doubles(call.apply(half)));
    }
  }

  private static double[] transposed(double[] matrix, int rows, int columns) {
    double[] result = new double[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      result[i % columns * rows + i / columns] = matrix[i];
    }
    return result;
  }

  @ParameterizedTest
  @MethodSource("operators")
  void whatIsWrongIsRefusedByName(Elementwise operator, boolean isFused) {
    ParametricOp op = new ParametricOp(operator);
    NDArray integers = manager.create(new int[] {1, 2});
    NDArray x = array(DataType.FLOAT32, new Shape(2), 1, 2);
    NDArray three = array(DataType.FLOAT32, new Shape(3), 1, 2, 3);
    assertRefused("x dtype must be", () -> op.of(P).value(integers));
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

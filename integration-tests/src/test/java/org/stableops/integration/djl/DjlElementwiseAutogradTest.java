package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.FusedPath;

/**
 * {@code value} carries {@code gradient} into autograd. How good the gradient is, the oracle tells;
 * here the two have the same bits.
 */
class DjlElementwiseAutogradTest extends OnBothPaths {
  private static final Shape MATRIX = new Shape(4, 6);

  static Stream<Arguments> opsAndTypes() {
    return Elementwise.all().stream()
        .flatMap(op -> Djl.FLOATS.stream().map(type -> Arguments.of(op, type)));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void aLeafReceivesTheExplicitGradient(Elementwise op, DataType type) {
    NDArray x = specialAndPlainNumbers(type);
    assertArrayEquals(doubles(op.gradient(x)), Djl.gradient(x, op::value));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void theValueHasTheSameBitsInAGraphAndOutside(Elementwise op, DataType type) {
    NDArray x = specialAndPlainNumbers(type);
    double[] outside = doubles(op.value(x));
    Djl.gradient(
        x,
        leaf -> {
          NDArray inside = op.value(leaf);
          assertArrayEquals(outside, doubles(inside));
          return inside;
        });
  }

  /** With infinite and NaN values and local gradients: 0, inf, −inf and NaN all occur. */
  private NDArray specialAndPlainNumbers(DataType type) {
    double inf = Double.POSITIVE_INFINITY;
    double[] x = {-inf, -1000, -20, -1, -0.0, 0, 0x1p-14, 0.5, 3, 20, 1000, inf, Double.NaN};
    return array(manager, type, new Shape(x.length), x);
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void theUpstreamGradientIsAFactor(Elementwise op, DataType type) {
    NDArray x = waves(manager, type, MATRIX, 1);
    NDArray upstream = waves(manager, type, MATRIX, 2);
    double[] expected = doubles(Djl.product(x, upstream, op::gradient));
    assertArrayEquals(expected, Djl.gradient(x, leaf -> op.value(leaf).mul(upstream)));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void aComputedArgumentPassesTheGradientOn(Elementwise op, DataType type) {
    NDArray w = waves(manager, type, MATRIX, 1);
    // d(w²) = 2w, and a doubling is exact.
    double[] expected = doubles(op.gradient(w.mul(w)).mul(w).mul(2));
    assertArrayEquals(expected, Djl.gradient(w, leaf -> op.value(leaf.mul(leaf))));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void anOperatorOfItselfMultipliesBothGradients(Elementwise op, DataType type) {
    NDArray x = array(manager, type, new Shape(3), 2.5, 3, 8);
    double[] expected = doubles(Djl.product(x, op.gradient(op.value(x)), op::gradient));
    assertArrayEquals(expected, Djl.gradient(x, leaf -> op.value(op.value(leaf))));
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void theResultMayBeUsedMoreThanOnceAndBesideItsArgument(Elementwise op) {
    NDArray x = array(manager, DataType.FLOAT64, new Shape(3), 0.5, 1, 4);
    double[] actual =
        Djl.gradient(
            x,
            leaf -> {
              NDArray y = op.value(leaf);
              return y.mul(y).mul(leaf);
            });
    double[] points = doubles(x);
    double[] f = doubles(op.value(x));
    double[] g = doubles(op.gradient(x));
    for (int i = 0; i < points.length; i++) {
      double expected = 2 * f[i] * g[i] * points[i] + f[i] * f[i];
      assertEquals(expected, actual[i], 4 * Math.ulp(Math.abs(2 * f[i] * g[i] * points[i])));
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void allFourInAChain(Elementwise last) {
    NDArray x = array(manager, DataType.FLOAT64, new Shape(3), 1.5, 2, 4);
    double[] expected = {1, 1, 1};
    NDArray y = x;
    for (Elementwise op : Elementwise.all()) {
      expected =
          doubles(array(manager, x.getDataType(), x.getShape(), expected).mul(op.gradient(y)));
      y = op.value(y);
      if (op.equals(last)) {
        break;
      }
    }
    double[] actual =
        Djl.gradient(
            x,
            leaf -> {
              NDArray z = leaf;
              for (Elementwise op : Elementwise.all()) {
                z = op.value(z);
                if (op.equals(last)) {
                  break;
                }
              }
              return z;
            });
    for (int i = 0; i < 3; i++) {
      // Three roundings in another order.
      assertEquals(expected[i], actual[i], 3 * Math.ulp(expected[i]));
    }
  }

  static Stream<Arguments> opsAndViews() {
    Map<String, UnaryOperator<NDArray>> views = new TreeMap<>();
    views.put("transposed", NDArray::transpose);
    views.put("every second column", x -> x.get(new NDIndex(":, ::2")));
    views.put("inner rows and columns", x -> x.get(new NDIndex("1:3, 2:5")));
    views.put("one row", x -> x.get(1));
    views.put("one element", x -> x.get(2, 3));
    views.put("flipped", x -> x.flip(1));
    views.put("broadcast", x -> x.broadcast(new Shape(3, 4, 6)));
    views.put("column broadcast", x -> x.get(new NDIndex(":, 1:2")).broadcast(MATRIX));
    views.put("reshaped", x -> x.reshape(2, 2, 6));
    return Elementwise.all().stream()
        .flatMap(
            op -> views.entrySet().stream().map(v -> Arguments.of(op, v.getKey(), v.getValue())));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("opsAndViews")
  void theGradientOfAViewReachesTheLeaf(Elementwise op, String name, UnaryOperator<NDArray> view) {
    NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
    NDArray detached = view.apply(x);
    NDArray upstream = waves(manager, DataType.FLOAT32, detached.getShape(), 2);
    NDArray local = op.gradient(detached).mul(upstream);
    // The host knows how to differentiate the view and a product.
    double[] expected = Djl.gradient(x, leaf -> view.apply(leaf).mul(local));
    NDArray same = waves(manager, DataType.FLOAT32, MATRIX, 1);
    assertArrayEquals(
        expected, Djl.gradient(same, leaf -> op.value(view.apply(leaf)).mul(upstream)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("opsAndViews")
  void aViewHasTheValueAndGradientOfItsCopy(
      Elementwise op, String name, UnaryOperator<NDArray> view) {
    NDArray x = view.apply(waves(manager, DataType.FLOAT32, MATRIX, 1));
    NDArray copy = array(manager, DataType.FLOAT32, x.getShape(), doubles(x));
    assertSameElements(doubles(op.value(copy)), doubles(op.value(x)));
    assertSameElements(doubles(op.gradient(copy)), doubles(op.gradient(x)));
    assertEquals(x.getShape(), op.value(x).getShape());
    assertEquals(x.getShape(), op.gradient(x).getShape());
  }

  /**
   * To the bit where a kernel computes. libtorch's sinh rounds an element in its vectorised loop
   * otherwise than one in the tail behind it, and which is where depends on the layout.
   */
  private static void assertSameElements(double[] expected, double[] actual) {
    if (FusedPath.isEnabled()) {
      assertArrayEquals(expected, actual);
      return;
    }
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(expected[i] - actual[i]) / Math.ulp((float) expected[i]);
      boolean isSame = Double.compare(expected[i], actual[i]) == 0;
      assertTrue(isSame || error <= 4, "at " + i + ": " + expected[i] + ", " + actual[i]);
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aLeafMayItselfBeNonContiguous(Elementwise op) {
    NDArray leaf = waves(manager, DataType.FLOAT32, MATRIX, 1).transpose();
    NDArray upstream = waves(manager, DataType.FLOAT32, leaf.getShape(), 2);
    double[] expected = doubles(op.gradient(leaf).mul(upstream));
    assertArrayEquals(expected, Djl.gradient(leaf, x -> op.value(x).mul(upstream)));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void everyRankFromZeroToEight(Elementwise op, DataType type) {
    long[] sizes = {2, 1, 3, 1, 2, 1, 2, 2};
    for (int rank = 0; rank <= 8; rank++) {
      Shape shape = new Shape(Arrays.copyOf(sizes, rank));
      NDArray x = waves(manager, type, shape, 1);
      NDArray flat = x.reshape(shape.size());
      double[] value = doubles(op.value(flat));
      double[] gradient = doubles(op.gradient(flat));
      assertResult(x, value, op.value(x));
      assertResult(x, gradient, op.gradient(x));
      assertResult(x, gradient, Djl.gradientArray(x, op::value));
    }
  }

  private static void assertResult(NDArray x, double[] expected, NDArray actual) {
    assertEquals(x.getShape(), actual.getShape());
    assertEquals(x.getDataType(), actual.getDataType());
    assertEquals(x.getDevice(), actual.getDevice());
    assertArrayEquals(expected, doubles(actual));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void emptyArraysGiveEmptyArrays(Elementwise op, DataType type) {
    for (Shape shape : new Shape[] {new Shape(0), new Shape(3, 0), new Shape(0, 2, 0)}) {
      NDArray x = manager.create(shape, type);
      assertResult(x, new double[0], op.value(x));
      assertResult(x, new double[0], op.gradient(x));
      assertArrayEquals(new double[0], Djl.gradient(x, leaf -> op.value(leaf).sum()));
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void theResultBelongsToTheManagerOfX(Elementwise op) {
    try (NDManager parameters = manager.newSubManager();
        NDManager batch = manager.newSubManager()) {
      NDArray w = waves(parameters, DataType.FLOAT32, MATRIX, 1);
      NDArray x = waves(batch, DataType.FLOAT32, MATRIX, 2);
      Djl.gradient(
          w,
          leaf -> {
            NDArray y = op.value(x.mul(leaf));
            assertSame(batch, y.getManager());
            return y;
          });
      assertSame(batch, op.value(x).getManager());
      assertSame(batch, op.gradient(x).getManager());
      assertSame(parameters, op.value(w).getManager());
    }
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void theArgumentIsNotModified(Elementwise op, DataType type) {
    NDArray x = specialAndPlainNumbers(type);
    double[] before = doubles(x);
    op.value(x);
    op.gradient(x);
    Djl.gradient(x, op::value);
    assertArrayEquals(before, doubles(x));
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void noGraphIsBuiltWhereNoGradientIsWanted(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
    Graphs.recording(
        () -> {
          Graphs.assertOutside(op.value(x));
          Graphs.assertOutside(op.value(x.mul(x)));
        });
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void noGraphIsBuiltWhereGradientsAreOff(Elementwise op) {
    NDArray leaf = waves(manager, DataType.FLOAT32, MATRIX, 1);
    leaf.setRequiresGradient(true);
    Graphs.recording(
        () -> {
          NDArray computed = leaf.mul(leaf);
          JniUtils.setGradMode(false);
          Graphs.assertOutside(op.value(leaf));
          Graphs.assertOutside(op.value(computed));
          JniUtils.setGradMode(true);
          Graphs.assertInside(op.value(leaf));
          Graphs.assertInside(op.value(computed));
        });
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void theExplicitGradientIsOutsideAnyGraph(Elementwise op) {
    NDArray leaf = waves(manager, DataType.FLOAT32, MATRIX, 1);
    leaf.setRequiresGradient(true);
    Graphs.recording(
        () -> {
          Graphs.assertOutside(op.gradient(leaf));
          Graphs.assertOutside(op.gradient(leaf.mul(leaf)));
        });
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void askingWhetherAGradientIsWantedLeavesTheFlagAlone(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
    op.value(x);
    assertFalse(x.hasGradient());
    x.setRequiresGradient(true);
    op.value(x);
    assertTrue(x.hasGradient());
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SquareplusInverse;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveScale;

/**
 * Backward passes of float16 arrays: what the exact gradient has, they have to half an ulp of
 * float16, whatever overflows or underflows on the way in float16.
 */
class DjlHalfGradientsTest extends OnBothPaths {
  private static final DataType HALF = DataType.FLOAT16;

  /** Half an ulp of the result's rounding, and what float32 lost before of the terms. */
  private static void assertRounded(double expected, double actual, double terms, String what) {
    double bar = 0.51 * ulpOfHalf(expected) + 0x1p-21 * terms;
    assertEquals(expected, actual, bar, what);
  }

  private static double ulpOfHalf(double x) {
    return Math.max(0x1p-24, Math.scalb(1.0, Math.getExponent(Math.abs(x)) - 10));
  }

  private NDArray half(double... values) {
    return array(manager, HALF, new Shape(values.length), values);
  }

  @Test
  void logSoftmaxSumsItsUpstreamWider() {
    NDArray x = half(0, 0);
    NDArray upstream = half(40000, 40000);
    assertArrayEquals(new double[2], Djl.gradient(x, z -> LogSoftmax.value(z, -1).mul(upstream)));
    NDArray many = manager.zeros(new Shape(70_000), HALF);
    for (double gradient : Djl.gradient(many, z -> LogSoftmax.value(z, -1).sum())) {
      assertRounded(0, gradient, 2, "of many");
    }
  }

  @Test
  void logSoftmaxHasTheDigitsOfTheExplicitGradient() {
    Shape shape = new Shape(5, 40);
    NDArray x = waves(manager, HALF, shape, 1).mul(4);
    NDArray upstream = waves(manager, HALF, shape, 2).mul(9000).abs();
    for (int axis : new int[] {0, 1}) {
      double[] expected =
          doubles(
              LogSoftmax.gradient(
                  x.toType(DataType.FLOAT64, false),
                  axis,
                  upstream.toType(DataType.FLOAT64, true)));
      double[] actual = Djl.gradient(x, z -> LogSoftmax.value(z, axis).mul(upstream));
      for (int i = 0; i < expected.length; i++) {
        if (Math.abs(expected[i]) < 65000) {
          assertRounded(expected[i], actual[i], 40 * 27000, "axis " + axis + " at " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aLocalGradientBeyondTheRangeMeetsASmallUpstream(Elementwise op) {
    double[] numbers = {-60, -16, -9, -1e-3, -1e-6, 1e-7, 3e-6, 1e-4, 2e-3, 0.1, 1, 7, 300, 65504};
    for (double scale : new double[] {1e-4, 1, 4096}) {
      NDArray x = half(numbers);
      NDArray upstream = half(scale).broadcast(x.getShape());
      double[] local = doubles(op.gradient(x.toType(DataType.FLOAT64, false)));
      double[] actual = Djl.gradient(x, z -> op.value(z).mul(upstream));
      Block block = op.gradientBlock();
      double[] ofBlock =
          doubles(
              block
                  .forward(new ParameterStore(manager, false), new NDList(x, upstream), false)
                  .singletonOrThrow());
      assertProducts(op.publicName(), local, doubles(upstream)[0], actual);
      assertProducts(op.publicName() + " gradientBlock", local, doubles(upstream)[0], ofBlock);
    }
  }

  private static void assertProducts(String what, double[] local, double scale, double[] actual) {
    for (int i = 0; i < local.length; i++) {
      double expected = local[i] * scale;
      if (Double.isNaN(expected) || Math.abs(expected) >= 65520) {
        assertEquals(Double.isNaN(expected) ? expected : Double.POSITIVE_INFINITY, actual[i], what);
      } else {
        assertRounded(expected, actual[i], Math.abs(expected), what + " at " + i);
      }
    }
  }

  @Test
  void examplesByHand() {
    // 1/(1 − e^−x) ≈ 1/x = 1/1.0014e-5, ten thousand times 1e-3.
    NDArray small = half(1e-3);
    double[] ofInverse = Djl.gradient(half(1e-5), z -> SoftplusInverse.value(z).mul(small));
    assertEquals(1e-3 / 1.00136e-5, ofInverse[0], 0.1);
    double[] ofSquare = Djl.gradient(half(0.002), z -> SquareplusInverse.value(z).mul(small));
    assertEquals(250, ofSquare[0], 1);
    PositiveTransform exp = PositiveTransform.exp();
    double[] ofExp = Djl.gradient(half(11.5), z -> PositiveTransforms.value(z, exp).mul(small));
    assertEquals(Math.exp(11.5) * 1e-3, ofExp[0], 0.1);
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aBroadcastParameterSumsItsProductsWider(Elementwise op) {
    Shape shape = new Shape(4, 600);
    NDArray x = waves(manager, HALF, shape, 1).abs().add(0.5).toType(HALF, false);
    NDArray p = array(manager, HALF, new Shape(4, 1), 0.5, 1, 2, 3);
    // Upstreams that add up to more than float16 holds, and back.
    double[] signs = new double[2400];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = i % 600 < 300 ? 30000 : -30000;
    }
    NDArray upstream = array(manager, HALF, shape, signs);
    NDArray wideX = x.toType(DataType.FLOAT64, true);
    NDArray wideP = p.toType(DataType.FLOAT64, true);
    double[] expected =
        Djl.gradient(wideP, q -> op.value(wideX, q).mul(upstream.toType(DataType.FLOAT64, true)));
    double[] actual = Djl.gradient(p, q -> op.value(x, q).mul(upstream));
    for (int i = 0; i < expected.length; i++) {
      if (Math.abs(expected[i]) < 65000) {
        assertRounded(expected[i], actual[i], 600 * 30000, op + " at " + i);
      }
    }
    assertTrue(Arrays.stream(expected).anyMatch(g -> Math.abs(g) < 65000), op + " tells nothing");
  }

  @Test
  void rowsWhoseGradientsUnderflowAreScaledBack() {
    // A mean over many rows: p/N is subnormal in float16, and 1,024 times that is not.
    Shape shape = new Shape(100_000, 2);
    NDArray x = manager.zeros(shape, HALF);
    NDArray upstream = array(manager, HALF, new Shape(), 1024);
    for (CrossEntropyKind kind : CrossEntropyKind.values()) {
      NDArray labels =
          kind == CrossEntropyKind.SPARSE
              ? manager.zeros(new Shape(100_000), DataType.INT32)
              : x.add(0.5).toType(DataType.FLOAT32, false);
      for (Reduction reduction : Reduction.values()) {
        CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
        NDArray factor = reduction == Reduction.SUM ? half(0.1).reshape(new Shape()) : upstream;
        UnaryOperator<NDArray> loss =
            z -> {
              NDArray scaled = kind.value(z, labels, options).mul(factor);
              return reduction == Reduction.NONE ? scaled.mean() : scaled;
            };
        double n = reduction == Reduction.SUM ? 1 : 100_000;
        double[] stock = Djl.gradient(x, loss);
        double expected = kind == CrossEntropyKind.DENSE ? 0 : -0.5 / n * doubles(factor)[0];
        String what = kind + " " + reduction;
        if (reduction != Reduction.NONE) { // A mean of the host's rounds 1/N itself.
          assertRounded(expected, stock[0], Math.abs(expected), what);
        }
        assertArrayEquals(
            stock, doubles(Djl.gradientArray(SeededLosses::newGradientCollector, x, loss)), what);
      }
    }
  }

  @Test
  void logSumExpOfSmallProbabilitiesIsScaledBack() {
    NDArray x = half(0, -17);
    NDArray upstream = array(manager, HALF, new Shape(), 2048);
    double p = Math.exp(-17) / (1 + Math.exp(-17));
    double[] gradient = Djl.gradient(x, z -> LogSumExp.value(z, -1).mul(upstream));
    assertRounded(2048 * p, gradient[1], 1e-4, "p");
    Block block = LogSumExp.gradientBlock(-1);
    NDArray ofBlock =
        block
            .forward(new ParameterStore(manager, false), new NDList(x, upstream), false)
            .singletonOrThrow();
    assertRounded(2048 * p, doubles(ofBlock)[1], 1e-4, "p of the block");
  }

  @Test
  void blocksSumTheGradientsOfTheirParametersWider() {
    assertEquals(150.0, parameterGradient(PositiveScale.builder().optAxis(1).build(), 150), 0.2);
    // Half of the products cancel: of squareplus ∂f/∂b is the same at ±x.
    double b = parameterGradient(LearnableSquareplus.builder().build(), 0);
    assertEquals(0, b, 1e-3);
  }

  /**
   * The gradient to the raw parameter of a block whose value is 1 and whose derivative is known.
   */
  private double parameterGradient(Block block, double rest) {
    NDArray x = array(manager, HALF, new Shape(3, 1), 300, 300, 0.5);
    NDArray upstream = array(manager, HALF, new Shape(3, 1), 300, -300, rest);
    block.setInitializer(Initializer.ONES, parameter -> true);
    block.initialize(manager, HALF, x.getShape());
    ParameterStore store = new ParameterStore(manager, false);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray y = block.forward(store, new NDList(x), true).singletonOrThrow();
      collector.backward(y.mul(upstream).sum());
    }
    NDArray raw = block.getParameters().valueAt(0).getArray();
    double slope = doubles(PositiveTransforms.gradient(raw, PositiveTransform.softplus()))[0];
    double gradient = doubles(raw.getGradient())[0] / slope;
    return rest == 0 ? gradient : gradient * 2;
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.Refusals.assertRefused;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.internal.ParameterShape;

/** What the kernels with an array for their parameter promise beyond their formulas. */
@Tag("thorough")
class ParametricKernelTest {
  /** Large enough for more than one thread, and no multiple of a tile. */
  private static final int LARGE = 100_003;

  private static final List<ParametricKernel> KERNELS =
      List.of(
          SoftplusKernel.parametric(),
          SoftplusInverseKernel.parametric(),
          SquareplusKernel.parametric(),
          SquareplusInverseKernel.parametric());

  private static final double[] X = new SplittableRandom(3).doubles(LARGE, -40, 40).toArray();
  private static final double[] P = new SplittableRandom(4).doubles(LARGE, 0.1, 4).toArray();

  private static Elements elements(double... x) {
    return Elements.of(DoubleBuffer.wrap(x));
  }

  /** Value, derivative by x, derivative by the parameter. */
  private static double[][] all(ParametricKernel kernel, double[] x, double[] p) {
    double[][] results = new double[3][x.length];
    kernel.value(elements(x), elements(p), elements(results[0]));
    kernel.gradient(elements(x), elements(p), elements(results[1]));
    kernel.parameterGradient(elements(x), elements(p), elements(results[2]));
    return results;
  }

  @Test
  @Tag("sweep")
  void anElementDoesNotDependOnItsNeighboursNorOnTheThreads() {
    for (ParametricKernel kernel : KERNELS) {
      double[][] whole = all(kernel, X, P);
      for (int from : new int[] {0, 777, 50_000, LARGE - 5}) {
        double[][] part =
            all(
                kernel,
                Arrays.copyOfRange(X, from, from + 5),
                Arrays.copyOfRange(P, from, from + 5));
        for (int i = 0; i < 3; i++) {
          assertArrayEquals(Arrays.copyOfRange(whole[i], from, from + 5), part[i]);
        }
      }
    }
  }

  @Test
  @Tag("sweep")
  void oneSweepForAllIsOneForEach() {
    for (ParametricKernel kernel : KERNELS) {
      double[][] each = all(kernel, X, P);
      double[][] together = new double[3][LARGE];
      kernel.valueAndGradients(
          elements(X),
          elements(P),
          elements(together[0]),
          elements(together[1]),
          elements(together[2]));
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(each[i], together[i]);
      }
    }
  }

  /** The scalar kernels in double have the same formulas, and the same bits. */
  @Test
  @Tag("sweep")
  void aConstantParameterIsThatParameter() {
    for (double p : new double[] {0.3, 1.7, 4, 1e-300, 1e300}) {
      double[] constant = new double[LARGE];
      Arrays.fill(constant, p);
      List<ElementwiseKernel> scalars =
          List.of(
              SoftplusKernel.of(p),
              SoftplusInverseKernel.of(p),
              SquareplusKernel.of(p),
              SquareplusInverseKernel.of(p));
      for (int k = 0; k < KERNELS.size(); k++) {
        double[][] actual = all(KERNELS.get(k), X, constant);
        double[] expected = new double[LARGE];
        scalars.get(k).value(elements(X), elements(expected));
        assertClose(expected, actual[0]);
        scalars.get(k).gradient(elements(X), elements(expected));
        assertClose(expected, actual[1]);
      }
    }
  }

  private static void assertClose(double[] expected, double[] actual) {
    for (int i = 0; i < expected.length; i++) {
      double bar = Double.isNaN(expected[i]) ? 1 : 3 * Math.ulp(expected[i]);
      assertEquals(expected[i], actual[i], bar);
    }
  }

  @Test
  @Tag("sweep")
  void floatsAreDoublesRoundedOnce() {
    for (ParametricKernel kernel : KERNELS) {
      double[] x = Arrays.stream(X).map(v -> (float) v).toArray();
      double[] p = Arrays.stream(P).map(v -> (float) v).toArray();
      double[][] wide = all(kernel, x, p);
      float[] out = new float[LARGE];
      kernel.parameterGradient(floats(x), floats(p), Elements.of(FloatBuffer.wrap(out)));
      for (int i = 0; i < LARGE; i++) {
        assertEquals((float) wide[2][i], out[i]);
      }
    }
  }

  private static Elements floats(double[] x) {
    float[] narrow = new float[x.length];
    IntStream.range(0, x.length).forEach(i -> narrow[i] = (float) x[i]);
    return Elements.of(FloatBuffer.wrap(narrow));
  }

  /** Groups shorter and longer than a tile, with one column and with many. */
  private static final long[][][] SHAPES = {
    {{}, {}},
    {{}, {7}},
    {{7}, {7}},
    {{5}, {20_000, 5}},
    {{20_000, 1}, {20_000, 5}},
    {{5, 1}, {5, 20_000}},
    {{1, 300}, {300, 300}},
    {{1, 67, 1}, {40, 67, 30}},
    {{30, 1, 4}, {30, 50, 4}},
    {{3, 1, 5, 1}, {3, 700, 5, 9}},
    {{1, 128}, {780, 128}},
    {{1, 1}, {300, 330}},
    {{2, 1, 1}, {2, 0, 3}},
    {{0, 1}, {0, 3}},
  };

  @Test
  @Tag("sweep")
  void sumsAreThoseOfTheTermsWhatEverTheShape() {
    for (long[][] shapes : SHAPES) {
      ParameterShape shape = ParameterShape.of("b", shapes[0], shapes[1]);
      double[] x = Arrays.copyOf(X, size(shapes[1]));
      double[] p = Arrays.copyOf(P, size(shapes[0]));
      double[] upstream = new SplittableRandom(5).doubles(x.length, -1, 1).toArray();
      for (ParametricKernel kernel : KERNELS.subList(0, 3)) {
        double[] plain = sums(kernel, shape, x, p, null);
        double[] weighted = sums(kernel, shape, x, p, upstream);
        double[] repeated = repeated(shape, p);
        // Positive for the inverses: NaN would compare with nothing.
        double[] terms = all(kernel, positive(x), repeated)[2];
        assertSums(shape, terms, plain, null);
        assertSums(shape, terms, weighted, upstream);
      }
    }
  }

  private static double[] positive(double[] x) {
    return Arrays.stream(x).map(Math::abs).toArray();
  }

  private static double[] sums(
      ParametricKernel kernel, ParameterShape shape, double[] x, double[] p, double[] upstream) {
    ParameterGroups groups = ParameterGroups.of(shape);
    long[] strides = contiguous(shape.x());
    double[] out = new double[p.length];
    Arrays.fill(out, Double.NaN);
    kernel.parameterGradient(
        grouped(positive(x), strides, groups),
        grouped(p, repeating(shape), groups),
        upstream == null ? null : grouped(upstream, strides, groups),
        groups,
        elements(out));
    return out;
  }

  private static Elements grouped(double[] x, long[] strides, ParameterGroups groups) {
    return Elements.of(DoubleBuffer.wrap(x), 0, groups.shape(), groups.strides(strides));
  }

  private static long[] repeating(ParameterShape shape) {
    // As if the parameter had x's rank: the strides of leading ones are not asked for.
    ParameterShape aligned = ParameterShape.of("p", shape.aligned(), shape.x());
    return aligned.strides(contiguous(shape.aligned()));
  }

  private static double[] repeated(ParameterShape shape, double[] p) {
    return Elements.of(DoubleBuffer.wrap(p), 0, shape.x(), repeating(shape)).toDoubles();
  }

  private static void assertSums(
      ParameterShape shape, double[] terms, double[] actual, double[] upstream) {
    double[] expected = new double[actual.length];
    double[] lost = new double[actual.length];
    double[] absolute = new double[actual.length];
    double[] indices = IntStream.range(0, actual.length).asDoubleStream().toArray();
    double[] index = repeated(shape, indices);
    for (int i = 0; i < terms.length; i++) {
      double term = terms[i] * (upstream == null ? 1 : upstream[i]);
      int element = (int) index[i];
      double sum = expected[element] + term;
      double back = sum - expected[element];
      lost[element] += (expected[element] - (sum - back)) + (term - back);
      expected[element] = sum;
      absolute[element] += Math.abs(term);
    }
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected[i] + lost[i], actual[i], 1e-15 * absolute[i]);
    }
  }

  private static int size(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  private static long[] contiguous(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int d = shape.length - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= shape[d];
    }
    return strides;
  }

  @Test
  @Tag("sweep")
  void aLongSumKeepsItsDigits() {
    // 0.25/√(0² + b) is 0.1 to the last bit.
    double[] x = new double[1 << 20];
    ParameterShape shape = ParameterShape.of("b", new long[] {1}, new long[] {x.length});
    double[] sums = sums(SquareplusKernel.parametric(), shape, x, new double[] {6.25}, null);
    assertEquals(0.1 * x.length, sums[0]);
  }

  @Test
  void theSumsHaveTheSameBitsAtAnyNumberOfThreads() {
    ParameterShape shape = ParameterShape.of("b", new long[] {1, 128}, new long[] {700, 128});
    double[] x = Arrays.copyOf(X, 700 * 128);
    double[] p = Arrays.copyOf(P, 128);
    System.setProperty(Threads.PROPERTY, "1");
    double[] expected = sums(SoftplusKernel.parametric(), shape, x, p, null);
    System.clearProperty(Threads.PROPERTY);
    Tiles.clock = TilesTest.slowClock();
    try {
      assertArrayEquals(expected, sums(SoftplusKernel.parametric(), shape, x, p, null));
    } finally {
      Tiles.clock = System::nanoTime;
    }
  }

  @Test
  void parametersThatAreNotValidAreNamed() {
    ParameterShape shape = ParameterShape.of("p", new long[] {3, 1}, new long[] {3, 4});
    assertRefused(
        "beta must be finite and > 0, got -1.0 at (2, 0)",
        () -> SoftplusKernel.parametric().requireValid(elements(1, 2, -1), shape));
    assertRefused(
        "beta must be finite and > 0, got 0.0 at (0, 0)",
        () -> SoftplusInverseKernel.parametric().requireValid(elements(0, 2, -1), shape));
    assertRefused(
        "b must be finite and >= 0, got NaN at (1, 0)",
        () -> SquareplusKernel.parametric().requireValid(elements(0, Double.NaN, 1), shape));
    ParameterShape scalar = ParameterShape.of("p", new long[0], new long[] {3});
    assertRefused(
        "b must be finite and >= 0, got Infinity",
        () ->
            SquareplusInverseKernel.parametric()
                .requireValid(elements(Double.POSITIVE_INFINITY), scalar));
    double[] large = new double[5000];
    large[4321] = -3;
    assertRefused(
        "b must be finite and >= 0, got -3.0 at (4321)",
        () ->
            SquareplusKernel.parametric()
                .requireValid(
                    elements(large), ParameterShape.of("b", new long[] {5000}, new long[] {5000})));
  }

  @Test
  void lengthsMustFit() {
    ParametricKernel kernel = SoftplusKernel.parametric();
    Elements three = elements(1, 2, 3);
    Elements two = elements(1, 2);
    assertRefused("parameter must have 3 elements, got 2", () -> kernel.value(three, two, three));
    assertRefused("out must have 3 elements, got 2", () -> kernel.gradient(three, three, two));
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** What the kernels promise beyond their formulas, which integration-tests hold to the oracle. */
class KernelsTest {
  /** Large enough for more than one thread, and no multiple of a tile. */
  private static final int LARGE = 100_003;

  private interface Kernel {
    void apply(Elements x, Elements out);
  }

  private static final List<Kernel> KERNELS =
      List.of(
          (x, out) -> SoftplusKernel.value(x, 1.7, out),
          (x, out) -> SoftplusKernel.gradient(x, 1.7, out),
          (x, out) -> SoftplusInverseKernel.value(x, 1.7, out),
          (x, out) -> SoftplusInverseKernel.gradient(x, 1.7, out),
          (x, out) -> SquareplusKernel.value(x, 3, out),
          (x, out) -> SquareplusKernel.gradient(x, 3, out),
          (x, out) -> SquareplusKernel.value(x, 0, out),
          (x, out) -> SquareplusKernel.gradient(x, 0, out),
          (x, out) -> SquareplusInverseKernel.value(x, 3, out),
          (x, out) -> SquareplusInverseKernel.gradient(x, 3, out),
          (x, out) -> SquareplusInverseKernel.value(x, 0, out),
          (x, out) -> SquareplusInverseKernel.gradient(x, 0, out));

  private static double[] drawn() {
    return new SplittableRandom(3).doubles(LARGE, -40, 40).toArray();
  }

  private static double[] apply(Kernel kernel, double[] x) {
    double[] out = new double[x.length];
    kernel.apply(Elements.of(DoubleBuffer.wrap(x)), Elements.of(DoubleBuffer.wrap(out)));
    return out;
  }

  @Test
  void anElementDoesNotDependOnItsNeighboursNorOnTheThreads() {
    double[] x = drawn();
    for (Kernel kernel : KERNELS) {
      double[] whole = apply(kernel, x);
      for (int from : new int[] {0, 777, 50_000, LARGE - 5}) {
        double[] part = Arrays.copyOfRange(x, from, from + 5);
        assertArrayEquals(Arrays.copyOfRange(whole, from, from + 5), apply(kernel, part));
      }
    }
  }

  @Test
  void outMayBeX() {
    double[] x = drawn();
    for (Kernel kernel : KERNELS) {
      double[] inPlace = x.clone();
      Elements elements = Elements.of(DoubleBuffer.wrap(inPlace));
      kernel.apply(elements, elements);
      assertArrayEquals(apply(kernel, x), inPlace);
    }
  }

  @Test
  void floatsAreDoublesRoundedOnce() {
    double[] x = Arrays.stream(drawn()).map(v -> (float) v).toArray();
    float[] narrow = new float[LARGE];
    IntStream.range(0, LARGE).forEach(i -> narrow[i] = (float) x[i]);
    for (Kernel kernel : KERNELS) {
      float[] out = new float[LARGE];
      kernel.apply(Elements.of(FloatBuffer.wrap(narrow)), Elements.of(FloatBuffer.wrap(out)));
      double[] expected = apply(kernel, x);
      for (int i = 0; i < LARGE; i++) {
        assertEquals((float) expected[i], out[i]);
      }
    }
  }

  @Test
  void emptyIsEmpty() {
    for (Kernel kernel : KERNELS) {
      assertEquals(0, apply(kernel, new double[0]).length);
    }
  }

  @Test
  void outMustBeAsLongAsX() {
    Elements x = Elements.of(DoubleBuffer.allocate(3));
    Elements out = Elements.of(DoubleBuffer.allocate(2));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> SoftplusKernel.value(x, 1, out));
    assertEquals("out must have 3 elements, got 2", refused.getMessage());
  }

  @Test
  void anExceptionInAWorkerReachesTheCaller() {
    assertThrows(
        ArithmeticException.class,
        () ->
            Tiles.forEach(
                1000,
                1 << 20,
                (index, scratch) -> {
                  if (index == 999) {
                    throw new ArithmeticException();
                  }
                }));
  }

  @Test
  void everyTaskRunsOnce() {
    int[] runs = new int[1001];
    Tiles.forEach(runs.length, 1 << 20, (index, scratch) -> runs[index]++);
    assertTrue(Arrays.stream(runs).allMatch(count -> count == 1));
  }

  @Test
  void aRowDoesNotDependOnTheOthersNorOnTheThreads() {
    CrossEntropyOptions none = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
    for (int classes : new int[] {1, 10, 1000, 1024, 1025, 5000}) {
      int rows = Math.max(3, LARGE / classes);
      double[] z = new SplittableRandom(7).doubles((long) rows * classes, -9, 9).toArray();
      long[] labels = IntStream.range(0, rows).mapToLong(row -> row % classes).toArray();
      double[] gradient = new double[z.length];
      RowLosses whole =
          CrossEntropyKernel.sparse(
              Elements.of(DoubleBuffer.wrap(z)),
              classes,
              labels,
              null,
              none,
              Elements.of(DoubleBuffer.wrap(gradient)));
      for (int row : new int[] {0, rows / 2, rows - 1}) {
        double[] one = Arrays.copyOfRange(z, row * classes, (row + 1) * classes);
        double[] oneGradient = new double[classes];
        RowLosses alone =
            CrossEntropyKernel.sparse(
                Elements.of(DoubleBuffer.wrap(one)),
                classes,
                new long[] {labels[row]},
                null,
                none,
                Elements.of(DoubleBuffer.wrap(oneGradient)));
        assertEquals(alone.losses()[0], whole.losses()[row]);
        assertArrayEquals(
            oneGradient, Arrays.copyOfRange(gradient, row * classes, (row + 1) * classes));
      }
    }
  }

  @Test
  void aPairwiseSumKeepsItsDigits() {
    double[] tenths = new double[1 << 20];
    Arrays.fill(tenths, 0.1);
    double sum = Sums.pairwise(tenths, 0, tenths.length, new double[tenths.length]);
    assertEquals(0.1 * tenths.length, sum);
    assertEquals(0, Sums.pairwise(tenths, 5, 0, new double[0]));
    assertEquals(0.1, Sums.pairwise(tenths, 5, 1, new double[1]));
  }

  @Test
  void scalingOfBIsExactWhateverBIs() {
    for (double b : new double[] {4.9e-324, 1e-310, 1e-300, 1e-6, 1, 3.9, 4, 1e300, 1.7e308}) {
      ScaledB scaled = new ScaledB(b);
      assertTrue(scaled.b >= 1 && scaled.b < 4, "b = " + b);
      assertEquals(1, scaled.scale * scaled.unscale);
      assertEquals(b, scaled.b * scaled.unscale * scaled.unscale);
    }
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.Reduction;

/** What the kernels promise beyond their formulas, which integration-tests hold to the oracle. */
@Tag("thorough")
class KernelsTest {
  /** Large enough for more than one thread, and no multiple of a tile. */
  private static final int LARGE = 100_003;

  private interface Kernel {
    void apply(Elements x, Elements out);
  }

  private static final List<Kernel> KERNELS =
      List.of(
          (x, out) -> SoftplusKernel.of(1).value(x, out),
          (x, out) -> SoftplusKernel.of(1).gradient(x, out),
          (x, out) -> SoftplusInverseKernel.of(1).value(x, out),
          (x, out) -> SoftplusInverseKernel.of(1).gradient(x, out),
          (x, out) -> SoftplusKernel.of(1.7).value(x, out),
          (x, out) -> SoftplusKernel.of(1.7).gradient(x, out),
          (x, out) -> SoftplusInverseKernel.of(1.7).value(x, out),
          (x, out) -> SoftplusInverseKernel.of(1.7).gradient(x, out),
          (x, out) -> SquareplusKernel.of(3).value(x, out),
          (x, out) -> SquareplusKernel.of(3).gradient(x, out),
          (x, out) -> SquareplusKernel.of(0).value(x, out),
          (x, out) -> SquareplusKernel.of(0).gradient(x, out),
          (x, out) -> SquareplusInverseKernel.of(3).value(x, out),
          (x, out) -> SquareplusInverseKernel.of(3).gradient(x, out),
          (x, out) -> SquareplusInverseKernel.of(0).value(x, out),
          (x, out) -> SquareplusInverseKernel.of(0).gradient(x, out));

  private static double[] drawn() {
    return new SplittableRandom(3).doubles(LARGE, -40, 40).toArray();
  }

  private static double[] apply(Kernel kernel, double[] x) {
    double[] out = new double[x.length];
    kernel.apply(Elements.of(DoubleBuffer.wrap(x)), Elements.of(DoubleBuffer.wrap(out)));
    return out;
  }

  @Test
  @Tag("sweep")
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
  @Tag("sweep")
  void outMayBeX() {
    double[] x = drawn();
    for (Kernel kernel : KERNELS) {
      double[] inPlace = x.clone();
      Elements elements = Elements.of(DoubleBuffer.wrap(inPlace));
      kernel.apply(elements, elements);
      assertArrayEquals(apply(kernel, x), inPlace);
    }
  }

  /** The doubles are held to the oracle by integration-tests, as are the floats, on other data. */
  @Test
  @Tag("sweep")
  void floatsAgreeWithDoubles() {
    double[] x = Arrays.stream(drawn()).map(v -> (float) v).toArray();
    float[] narrow = narrow(x);
    for (Kernel kernel : KERNELS) {
      float[] out = new float[LARGE];
      kernel.apply(Elements.of(FloatBuffer.wrap(narrow)), Elements.of(FloatBuffer.wrap(out)));
      double[] expected = apply(kernel, x);
      for (int i = 0; i < LARGE; i++) {
        boolean isNaN = Double.isNaN(expected[i]);
        double bar = isNaN ? 1 : 4 * Math.ulp((float) expected[i]);
        double at = x[i];
        assertEquals(expected[i], out[i], bar, () -> "at " + at);
      }
    }
  }

  @Test
  @Tag("sweep")
  void aSweepForBothIsOneForEach() {
    for (double parameter : new double[] {1, 1.7}) {
      for (ElementwiseKernel kernel :
          List.of(
              SoftplusKernel.of(parameter),
              SoftplusInverseKernel.of(parameter),
              SquareplusKernel.of(parameter),
              SquareplusInverseKernel.of(parameter))) {
        float[] x = narrow(drawn());
        float[] value = new float[LARGE];
        float[] gradient = new float[LARGE];
        kernel.valueAndGradient(floats(x), floats(value), floats(gradient));
        float[] alone = new float[LARGE];
        kernel.value(floats(x), floats(alone));
        assertArrayEquals(alone, value);
        kernel.gradient(floats(x), floats(alone));
        assertArrayEquals(alone, gradient);
      }
    }
  }

  private static Elements floats(float[] x) {
    return Elements.of(FloatBuffer.wrap(x));
  }

  private static float[] narrow(double[] x) {
    float[] narrow = new float[x.length];
    IntStream.range(0, x.length).forEach(i -> narrow[i] = (float) x[i]);
    return narrow;
  }

  @Test
  void emptyIsEmpty() {
    for (Kernel kernel : KERNELS) {
      assertEquals(0, apply(kernel, new double[0]).length);
    }
  }

  @BeforeEach
  void shareAllWork() {
    Tiles.clock = TilesTest.slowClock();
  }

  @AfterEach
  void forgetTheClock() {
    Tiles.clock = System::nanoTime;
  }

  @Test
  void outMustBeAsLongAsX() {
    Elements x = Elements.of(DoubleBuffer.allocate(3));
    Elements out = Elements.of(DoubleBuffer.allocate(2));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> SoftplusKernel.of(1).value(x, out));
    assertEquals("out must have 3 elements, got 2", refused.getMessage());
  }

  @Test
  void anExceptionInAWorkerReachesTheCaller() {
    assertThrows(
        ArithmeticException.class,
        () ->
            Tiles.forEach(
                1000,
                (index, scratch) -> {
                  if (index == 999) {
                    throw new ArithmeticException();
                  }
                }));
  }

  @Test
  void thePropertyLimitsTheThreads() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    System.setProperty(Threads.PROPERTY, "1");
    try {
      Tiles.forEach(1000, (index, scratch) -> threads.add(Thread.currentThread()));
      assertEquals(Set.of(Thread.currentThread()), threads);
      assertTrue(FusedPath.describe().endsWith("1 thread"), FusedPath.describe());
    } finally {
      System.clearProperty(Threads.PROPERTY);
    }
  }

  @Test
  void noThreadIsLeftBehind() {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    Tiles.forEach(1000, (index, scratch) -> {});
    Set<Thread> after = new HashSet<>(Thread.getAllStackTraces().keySet());
    after.removeAll(before);
    // Those of the common pool are the JVM's, and end by themselves.
    after.removeIf(thread -> thread.getName().startsWith("ForkJoinPool.commonPool"));
    assertEquals(Set.of(), after);
  }

  @Test
  @Tag("sweep")
  void tilesAreLentAgain() {
    for (int call = 0; call < 1000; call++) {
      Tiles.forEach(100, (index, scratch) -> {});
      assertThrows(
          ArithmeticException.class,
          () ->
              Tiles.forEach(
                  100,
                  (index, scratch) -> {
                    throw new ArithmeticException();
                  }));
    }
    assertTrue(Scratch.FREE.size() <= 2 * Threads.count() + 8, "free: " + Scratch.FREE.size());
  }

  @Test
  @Tag("sweep")
  void theKernelsAllocateNothingButHandles() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] x = narrow(Arrays.copyOf(drawn(), 10_000));
    Elements elements = floats(x);
    Elements out = floats(x.clone());
    ElementwiseKernel kernel = SoftplusKernel.of(1);
    long[] labels = new long[1000];
    long[] few = new long[10];
    Runnable calls =
        () -> {
          kernel.valueAndGradient(elements, elements, out);
          CrossEntropyKernel.sparse(elements, 10, labels, null, CrossEntropyOptions.DEFAULT, null);
        };
    long least = Long.MAX_VALUE;
    // Until C2 has compiled them: before, the Vector API makes objects.
    for (int call = 0; call < 20_000 && least > 4000; call++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      calls.run();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    // Not one array of a number a row, which would be 8,000 bytes.
    assertTrue(least <= 4000, least + " bytes");
  }

  @Test
  void everyTaskRunsOnce() {
    int[] runs = new int[1001];
    Tiles.forEach(runs.length, (index, scratch) -> runs[index]++);
    assertTrue(Arrays.stream(runs).allMatch(count -> count == 1));
  }

  private static final int[] ROW_LENGTHS = {1, 10, 1000, 1024, 1025, 5000};

  /** Everything that smoothing, weights and z-loss need of a whole row is in this. */
  private static CrossEntropyOptions all(int classes) {
    return CrossEntropyOptions.DEFAULT
        .withReduction(Reduction.NONE)
        .withLabelSmoothing(0.1)
        .withZLoss(0.01)
        .withClassWeights(new SplittableRandom(3).doubles(classes).toArray());
  }

  private static Elements elements(double[] x) {
    return Elements.of(DoubleBuffer.wrap(x));
  }

  private static double[] draw(int rows, int classes) {
    return new SplittableRandom(7).doubles((long) rows * classes, -9, 9).toArray();
  }

  /** Losses, then gradients, of rows with these probabilities. */
  private static double[][] dense(double[] z, double[] q, int classes) {
    double[] gradient = new double[z.length];
    RowLosses losses =
        CrossEntropyKernel.dense(
            elements(z),
            classes,
            elements(q),
            z.length / classes,
            null,
            all(classes),
            elements(gradient));
    return new double[][] {losses.losses().clone(), gradient};
  }

  /** Losses, then gradients, of rows with these labels. */
  private static double[][] sparse(
      double[] z, long[] labels, int classes, CrossEntropyOptions options) {
    double[] gradient = new double[z.length];
    RowLosses losses =
        CrossEntropyKernel.sparse(elements(z), classes, labels, null, options, elements(gradient));
    return new double[][] {losses.losses().clone(), gradient};
  }

  @Test
  @Tag("sweep")
  void aRowDoesNotDependOnTheOthersNorOnTheThreads() {
    CrossEntropyOptions none = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
    for (int classes : ROW_LENGTHS) {
      int rows = Math.max(3, LARGE / classes);
      double[] z = draw(rows, classes);
      long[] labels = IntStream.range(0, rows).mapToLong(row -> row % classes).toArray();
      double[] q = Arrays.stream(z).map(Math::abs).toArray();
      for (CrossEntropyOptions options : List.of(none, all(classes))) {
        double[][] whole = sparse(z, labels, classes, options);
        for (int row : new int[] {0, rows / 2, rows - 1}) {
          long[] label = {labels[row]};
          assertRow(whole, row, sparse(row(z, row, classes), label, classes, options));
        }
      }
      double[][] whole = dense(z, q, classes);
      for (int row : new int[] {0, rows / 2, rows - 1}) {
        assertRow(whole, row, dense(row(z, row, classes), row(q, row, classes), classes));
      }
    }
  }

  private static double[] row(double[] x, int row, int classes) {
    return Arrays.copyOfRange(x, row * classes, (row + 1) * classes);
  }

  private static void assertRow(double[][] whole, int row, double[][] alone) {
    assertEquals(alone[0][0], whole[0][row]);
    assertArrayEquals(alone[1], row(whole[1], row, alone[1].length));
  }

  @Test
  void oneHotProbabilitiesAreLabelsToTheBit() {
    for (int classes : ROW_LENGTHS) {
      double[] z = draw(2, classes);
      long[] labels = {0, classes - 1};
      double[] q = new double[z.length];
      q[0] = 1;
      q[q.length - 1] = 1;
      double[][] ofLabels = sparse(z, labels, classes, all(classes));
      double[][] ofProbabilities = dense(z, q, classes);
      assertArrayEquals(ofLabels[0], ofProbabilities[0]);
      assertArrayEquals(ofLabels[1], ofProbabilities[1]);
    }
  }

  @Test
  void rowsThatDoNotCountLeaveZerosAndNothingElse() {
    for (int classes : ROW_LENGTHS) {
      double[] z = draw(3, classes);
      Arrays.fill(z, classes, 2 * classes, Double.NaN);
      double[] gradient = new double[z.length];
      Arrays.fill(gradient, 5);
      RowLosses losses =
          CrossEntropyKernel.sparse(
              elements(z),
              classes,
              new long[] {0, 99_999, 0},
              new double[] {1, 0, 1},
              all(classes),
              elements(gradient));
      assertEquals(0, losses.losses()[1]);
      assertEquals(0, losses.logSumExps()[1]);
      assertEquals(0, losses.zLosses()[1]);
      assertArrayEquals(new double[classes], row(gradient, 1, classes));
      assertTrue(losses.losses()[0] > 0 && losses.losses()[2] > 0 || classes == 1);
    }
  }

  @Test
  void logSumExpAndLogSoftmaxAreThoseOfTheCrossEntropy() {
    CrossEntropyOptions none = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
    for (int classes : ROW_LENGTHS) {
      double[] z = draw(3, classes);
      long[] labels = {0, classes / 2, classes - 1};
      RowLosses losses = CrossEntropyKernel.sparse(elements(z), classes, labels, null, none, null);
      assertArrayEquals(losses.logSumExps(), LogSumExpKernel.value(elements(z), 3, classes));
      double[] logSoftmax = new double[z.length];
      LogSoftmaxKernel.value(elements(z), 3, classes, elements(logSoftmax));
      double[] softmax = new double[z.length];
      LogSumExpKernel.gradient(elements(z), 3, classes, elements(softmax));
      double[] complement = new double[z.length];
      LogSoftmaxKernel.complement(elements(z), 3, classes, elements(complement));
      for (int row = 0; row < 3; row++) {
        int label = row * classes + (int) labels[row];
        assertEquals(losses.losses()[row], 0 - logSoftmax[label]);
        assertEquals(1, softmax[label] + complement[label], 1e-15);
        assertEquals(1, Arrays.stream(row(softmax, row, classes)).sum(), 1e-12);
      }
    }
  }

  @Test
  @Tag("sweep")
  void theGradientOfLogSoftmaxAddsUpItsUpstream() {
    for (int classes : ROW_LENGTHS) {
      double[] z = draw(2, classes);
      double[] u = new SplittableRandom(5).doubles(z.length, -1, 1).toArray();
      double[] softmax = new double[z.length];
      LogSumExpKernel.gradient(elements(z), 2, classes, elements(softmax));
      double[] gradient = new double[z.length];
      LogSoftmaxKernel.gradient(elements(z), 2, classes, elements(u), elements(gradient));
      for (int i = 0; i < z.length; i++) {
        double total = Arrays.stream(row(u, i / classes, classes)).sum();
        assertEquals(u[i] - softmax[i] * total, gradient[i], 1e-12);
      }
    }
  }

  @Test
  @Tag("sweep")
  void aPairwiseSumKeepsItsDigits() {
    double[] tenths = new double[1 << 20];
    Arrays.fill(tenths, 0.1);
    double sum = Sums.pairwise(tenths.clone(), tenths.length, new double[tenths.length / 2]);
    assertEquals(0.1 * tenths.length, sum);
    assertEquals(0, Sums.pairwise(tenths, 0, new double[0]));
    assertEquals(0.1, Sums.pairwise(tenths, 1, new double[0]));
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

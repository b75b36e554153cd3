package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.kernel.Pointwise.elements;
import static org.stableops.kernel.Pointwise.floats;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;

/** Log-softmax, its complement and gradient, and log-sum-exp with its own, by their definitions. */
@Tag("thorough")
class LogSoftmaxKernelTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @BeforeEach
  void spoilTiles() {
    Pointwise.spoilTiles();
  }

  private static double[] draw(int seed, int size) {
    double[] numbers = new double[size];
    SplittableRandom random = new SplittableRandom(seed);
    Arrays.setAll(numbers, i -> (float) random.nextDouble(-5, 5));
    return numbers;
  }

  private static RowReference reference(double[] x, int row, int classes) {
    double[] logits = Arrays.copyOfRange(x, row * classes, (row + 1) * classes);
    return RowReference.of(logits, new double[classes], 1, CrossEntropyOptions.DEFAULT);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 127, 128, 2048, 2049, 4096})
  void everythingIsItsDefinition(int classes) {
    int rows = Math.max(2, Math.min(2 * Tiles.SIZE / classes + 1, 700));
    double[] x = draw(1, rows * classes);
    double[] u = draw(2, x.length);
    for (boolean areFloats : new boolean[] {true, false}) {
      Elements in = areFloats ? elements(floats(x)) : elements(x);
      Elements[] out = new Elements[4];
      Arrays.setAll(out, i -> areFloats ? elements(floats(u)) : elements(u.clone()));
      LogSoftmaxKernel.value(in, rows, classes, out[0]);
      LogSoftmaxKernel.complement(in, rows, classes, out[1]);
      LogSoftmaxKernel.gradient(in, rows, classes, elements(u), out[2]);
      LogSumExpKernel.gradient(in, rows, classes, out[3]);
      double[] logSumExps = LogSumExpKernel.value(in, rows, classes);
      double bar = areFloats ? 2e-7 : 1e-14;
      for (int row = 0; row < rows; row++) {
        RowReference expected = reference(x, row, classes);
        assertEquals(expected.logSumExp(), logSumExps[row], 2 * bar * 10);
        double sum = Arrays.stream(u, row * classes, (row + 1) * classes).sum();
        for (int c = 0; c < classes; c++) {
          int i = row * classes + c;
          double p = expected.softmax()[c];
          double log = x[i] - expected.logSumExp();
          assertEquals(log, out[0].get(i), bar * (1 - log) * 2);
          assertEquals(1 - p, out[1].get(i), bar);
          double terms = Math.abs(u[i]) + p * (Math.abs(sum) + classes);
          assertEquals(u[i] - p * sum, out[2].get(i), bar * terms);
          assertEquals(p, out[3].get(i), 4 * bar * p);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 130, 2050})
  void aRowThatIsAlmostOneKeepsItsDigits(int classes) {
    double[] x = new double[classes];
    x[1] = 50;
    double rest = (classes - 1) * Math.exp(-50);
    double[] out = new double[classes];
    LogSoftmaxKernel.value(elements(x), 1, classes, elements(out));
    assertEquals(-rest, out[1], 1e-14 * rest);
    LogSoftmaxKernel.complement(elements(x), 1, classes, elements(out));
    assertEquals(rest, out[1], 1e-14 * rest);
    double[] upstream = RowReference.oneHot(classes, 1);
    LogSoftmaxKernel.gradient(elements(x), 1, classes, elements(upstream), elements(out));
    assertEquals(rest, out[1], 1e-14 * rest);
    assertEquals(-Math.exp(-50), out[0], 1e-14 * Math.exp(-50));
    float[] narrow = new float[classes];
    LogSoftmaxKernel.value(elements(floats(x)), 1, classes, elements(narrow));
    assertEquals(-rest, narrow[1], 2e-7 * rest);
    LogSoftmaxKernel.complement(elements(floats(x)), 1, classes, elements(narrow));
    assertEquals(rest, narrow[1], 2e-7 * rest);
  }

  private static final double[] NAN = {Double.NaN, Double.NaN};
  private static final double[] LOGISTIC = {0.7310585786300049, 0.2689414213699951};
  private static final double[] LOG_LOGISTIC = {-0.31326168751822286, -1.3132616875182228};

  /** Two elements of a row, its log-sum-exp, and their log-softmax and softmax. */
  private record Special(double[] x, double logSumExp, double[] logSoftmax, double[] softmax) {
    /** A row in which their distance is this, perhaps that of other blocks. */
    double[] row(int distance) {
      double[] row = new double[distance + 1];
      Arrays.fill(row, -INFINITY);
      row[0] = x[0];
      row[distance] = x[1];
      return row;
    }
  }

  private static Special special(
      double first, double second, double logSumExp, double[] logSoftmax, double... softmax) {
    return new Special(new double[] {first, second}, logSumExp, logSoftmax, softmax);
  }

  private static double[] pair(double first, double second) {
    return new double[] {first, second};
  }

  private static Stream<Special> specials() {
    double half = -Math.log(2);
    return Stream.of(
        special(INFINITY, 0, INFINITY, pair(0, -INFINITY), 1, 0),
        special(0, INFINITY, INFINITY, pair(-INFINITY, 0), 0, 1),
        special(-INFINITY, 0, 0, pair(-INFINITY, 0), 0, 1),
        special(-INFINITY, -INFINITY, -INFINITY, NAN, NAN),
        special(INFINITY, INFINITY, INFINITY, NAN, NAN),
        special(Double.NaN, 0, Double.NaN, NAN, NAN),
        special(0, Double.NaN, Double.NaN, NAN, NAN),
        special(0x1p100, -0x1p100, 0x1p100, pair(0, -0x1p101), 1, 0),
        special(0x1p70, 0x1p70, 0x1p70, pair(half, half), 0.5, 0.5),
        // Above what the fast way can subtract, where a unit still counts.
        special(0x1p21, 0x1p21 - 1, 0x1p21 + 0.31326168751822286, LOG_LOGISTIC, LOGISTIC));
  }

  @ParameterizedTest
  @MethodSource("specials")
  void specialElementsHaveTheLimits(Special special) {
    for (int distance : new int[] {1, 150, 2060}) {
      double[] x = special.row(distance);
      double[] out = new double[x.length];
      assertEquals(special.logSumExp, LogSumExpKernel.value(elements(x), 1, x.length)[0]);
      LogSoftmaxKernel.value(elements(x), 1, x.length, elements(out));
      assertEnds(special.logSoftmax, out, 1e-15);
      LogSumExpKernel.gradient(elements(x), 1, x.length, elements(out));
      assertEnds(special.softmax, out, 1e-15);
    }
  }

  @ParameterizedTest
  @MethodSource("specials")
  void specialFloatsHaveTheLimitsToo(Special special) {
    for (int distance : new int[] {1, 150, 2060}) {
      Elements x = elements(floats(special.row(distance)));
      Elements out = elements(new float[x.size()]);
      LogSoftmaxKernel.value(x, 1, x.size(), out);
      assertEnds(special.logSoftmax, out.toDoubles(), 1e-7);
      LogSumExpKernel.gradient(x, 1, x.size(), out);
      assertEnds(special.softmax, out.toDoubles(), 1e-7);
    }
  }

  @Test
  void aDoubleIsSubtractedToTheLastBitHoweverLarge() {
    double[] x = {0x1p41, 0x1p41 - 1};
    double[] out = new double[2];
    LogSoftmaxKernel.value(elements(x), 1, 2, elements(out));
    assertEnds(LOG_LOGISTIC, out, 1e-15);
    LogSumExpKernel.gradient(elements(x), 1, 2, elements(out));
    assertEnds(LOGISTIC, out, 1e-15);
  }

  private static void assertEnds(double[] expected, double[] actual, double relative) {
    assertNear(expected[0], actual[0], relative);
    assertNear(expected[1], actual[actual.length - 1], relative);
  }

  private static void assertNear(double expected, double actual, double relative) {
    double bar = Double.isFinite(expected) ? relative * Math.abs(expected) : 0;
    // An infinity or NaN is near itself alone; the sign of 0 is not promised.
    assertEquals(expected + 0.0, actual + 0.0, Math.max(bar, Double.MIN_VALUE));
  }

  @Test
  void aClassAloneIsCertainUnlessItCannotBe() {
    double[] out = new double[3];
    LogSoftmaxKernel.value(elements(5.0, INFINITY, -INFINITY), 3, 1, elements(out));
    assertArrayEquals(new double[] {0, 0, Double.NaN}, out);
    LogSumExpKernel.gradient(elements(5.0, INFINITY, -INFINITY), 3, 1, elements(out));
    assertArrayEquals(new double[] {1, 1, Double.NaN}, out);
  }

  @Test
  void logSumExpWantsNoBlocks() {
    double[] x = draw(3, 3 * 2050);
    double[] unchanged = x.clone();
    LogSumExpKernel.value(elements(x), 3, 2050);
    assertArrayEquals(unchanged, x);
  }
}

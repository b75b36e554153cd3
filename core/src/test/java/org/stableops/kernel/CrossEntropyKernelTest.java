package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.kernel.Pointwise.elements;
import static org.stableops.kernel.Pointwise.floats;

import java.math.BigDecimal;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** Rows of every length, by their definition, with every option alone and all together. */
@Tag("thorough")
class CrossEntropyKernelTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final int IGNORED = 77_777;

  /** Rows from this length on are swept one at a time. */
  private static final int ROW = 128;

  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  @BeforeEach
  void spoilTiles() {
    Pointwise.spoilTiles();
  }

  /** Enough for two tiles of short rows, and an odd one out. */
  private static int rows(int classes) {
    return Math.max(3, Math.min(2 * Tiles.SIZE / classes + 1, 700));
  }

  private static List<CrossEntropyOptions> options(int classes) {
    double[] weights = new SplittableRandom(3).doubles(classes, 0.1, 2).toArray();
    return List.of(
        NONE,
        NONE.withLabelSmoothing(0.1),
        NONE.withZLoss(0.01),
        NONE.withClassWeights(weights),
        NONE.withLabelSmoothing(0.2).withZLoss(0.02).withClassWeights(weights));
  }

  /** Rows of numbers that are floats, with what is asked of them. */
  private record Rows(
      double[] logits, double[] probabilities, double[] sampleWeights, int classes) {
    static Rows draw(int rows, int classes) {
      SplittableRandom random = new SplittableRandom(7);
      double[] logits = new double[rows * classes];
      Arrays.setAll(logits, i -> (float) random.nextDouble(-9, 9));
      double[] probabilities = new double[rows * classes];
      Arrays.setAll(probabilities, i -> (float) random.nextDouble(0, 2.0 / classes));
      double[] sampleWeights = random.doubles(rows, 0.5, 2).toArray();
      sampleWeights[1] = 0;
      return new Rows(logits, probabilities, sampleWeights, classes);
    }

    int count() {
      return sampleWeights.length;
    }

    double[] row(double[] of, int row) {
      return Arrays.copyOfRange(of, row * classes, (row + 1) * classes);
    }

    long[] labels() {
      long[] labels = new long[count()];
      Arrays.setAll(labels, row -> (row * 31L + classes - 1) % classes);
      return labels;
    }
  }

  /** On both sides of a vector, of the length from where rows are swept alone, and of a tile. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 17, 127, 128, 129, 2047, 2048, 2049, 4096, 4100})
  void labelsAreProbabilitiesAtOneClass(int classes) {
    Rows rows = Rows.draw(rows(classes), classes);
    long[] labels = rows.labels();
    for (CrossEntropyOptions options : options(classes)) {
      double[] gradient = new double[rows.logits.length];
      RowLosses losses =
          CrossEntropyKernel.sparse(
              elements(rows.logits), classes, labels, null, options, elements(gradient));
      for (int row = 0; row < rows.count(); row++) {
        double[] probabilities = RowReference.oneHot(classes, (int) labels[row]);
        RowReference expected =
            RowReference.of(rows.row(rows.logits, row), probabilities, 1, options);
        assertRow(expected, losses, rows.row(gradient, row), row, 1e-13);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 128, 2048, 2049, 4096})
  void probabilitiesAreSharedOut(int classes) {
    Rows rows = Rows.draw(rows(classes), classes);
    for (CrossEntropyOptions options : options(classes)) {
      double[] gradient = new double[rows.logits.length];
      RowLosses losses =
          CrossEntropyKernel.dense(
              elements(rows.logits),
              classes,
              elements(rows.probabilities),
              rows.count(),
              rows.sampleWeights,
              options,
              elements(gradient));
      double weight = assertRows(rows, losses, gradient, options, 1e-13);
      assertEquals(weight, losses.weight(), 1e-13 * weight);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 128, 2048, 2049, 4096})
  void floatsAreRoundedOnce(int classes) {
    Rows rows = Rows.draw(rows(classes), classes);
    for (CrossEntropyOptions options : options(classes)) {
      float[] gradient = new float[rows.logits.length];
      RowLosses losses =
          CrossEntropyKernel.dense(
              elements(floats(rows.logits)),
              classes,
              elements(floats(rows.probabilities)),
              rows.count(),
              rows.sampleWeights,
              options,
              elements(gradient));
      assertRows(rows, losses, elements(gradient).toDoubles(), options, 5e-7);
    }
  }

  private static double assertRows(
      Rows rows, RowLosses losses, double[] gradient, CrossEntropyOptions options, double bar) {
    double weight = 0;
    for (int row = 0; row < rows.count(); row++) {
      double[] logits = rows.row(rows.logits, row);
      double[] probabilities = rows.row(rows.probabilities, row);
      double a = rows.sampleWeights[row];
      RowReference expected = RowReference.of(logits, probabilities, a, options);
      if (a == 0) {
        assertEquals(0, losses.logSumExps()[row]);
        assertArrayEquals(new double[rows.classes], rows.row(gradient, row));
      } else {
        assertRow(expected, losses, rows.row(gradient, row), row, bar);
      }
      weight += expected.weight();
    }
    return weight;
  }

  /** Relative to what the numbers are made of. */
  private static void assertRow(
      RowReference expected, RowLosses losses, double[] gradient, int row, double bar) {
    String where = "row " + row;
    double size = Math.abs(expected.loss()) + 1;
    assertEquals(expected.loss(), losses.losses()[row], bar * size, where);
    assertEquals(expected.zLoss(), losses.zLosses()[row], bar * size, where);
    assertEquals(expected.logSumExp(), losses.logSumExps()[row], bar * 10, where);
    for (int c = 0; c < gradient.length; c++) {
      double step = bar * (Math.abs(expected.gradient()[c]) + expected.softmax()[c]);
      assertEquals(expected.gradient()[c], gradient[c], 4 * step + 1e-300, where + " class " + c);
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void rowsThatAreNotReadMayHoldAnything(int classes, boolean areFloats) {
    Rows rows = Rows.draw(3, classes);
    Arrays.fill(rows.logits, classes, 2 * classes, Double.NaN);
    Arrays.fill(rows.probabilities, classes, 2 * classes, -1);
    double[] gradient = new double[rows.logits.length];
    Arrays.fill(gradient, 5);
    Elements out = areFloats ? elements(floats(gradient)) : elements(gradient);
    Elements logits = areFloats ? elements(floats(rows.logits)) : elements(rows.logits);
    double[] weights = {1, 0, 1};
    RowLosses dense =
        CrossEntropyKernel.dense(
            logits, classes, elements(rows.probabilities), 3, weights, NONE, out);
    assertEquals(0, dense.losses()[1]);
    assertArrayEquals(new double[classes], rows.row(out.toDoubles(), 1));
    long[] labels = {0, IGNORED, 0};
    CrossEntropyOptions ignoring = NONE.withIgnoreIndex(IGNORED);
    CrossEntropyKernel.sparse(logits, classes, labels, null, ignoring.withLabelSmoothing(0.1), out);
    assertArrayEquals(new double[classes], rows.row(out.toDoubles(), 1));
    Arrays.fill(gradient, 5);
    out = areFloats ? elements(floats(gradient)) : elements(gradient);
    RowLosses sparse = CrossEntropyKernel.sparse(logits, classes, labels, null, ignoring, out);
    assertEquals(0, sparse.losses()[1]);
    assertEquals(0, sparse.logSumExps()[1]);
    assertEquals(2, sparse.weight());
    assertArrayEquals(new double[classes], rows.row(out.toDoubles(), 1));
    double first = sparse.losses()[0];
    RowLosses ofBoth =
        CrossEntropyKernel.sparse(
            logits, classes, labels, new double[] {0.5, 3, 0}, ignoring, null);
    assertEquals(0.5, ofBoth.weight());
    assertEquals(0.5 * first, ofBoth.losses()[0], 1e-15);
    assertEquals(0, ofBoth.losses()[2]);
  }

  /** Rows of every kind, one of infinities in the first block, and in the last. */
  private static Rows specialRows(int classes) {
    Rows rows = Rows.draw(classes < ROW ? Math.max(12, rows(classes)) : 12, classes);
    double[] z = rows.logits;
    int last = classes - 1;
    z[2 * classes] = INFINITY;
    z[3 * classes + last] = INFINITY;
    z[4 * classes] = INFINITY;
    z[4 * classes + last] = INFINITY;
    Arrays.fill(z, 5 * classes, 6 * classes, -INFINITY);
    z[6 * classes + last] = Double.NaN;
    z[7 * classes] = Double.NaN;
    z[8 * classes] = -INFINITY;
    z[9 * classes + last] = -INFINITY;
    z[10 * classes + last / 2] = 300;
    Arrays.fill(z, 11 * classes, 11 * classes + last, -INFINITY);
    return rows;
  }

  /** As where it is written elsewhere, bit for bit. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 127, 128, 129, 2048, 2049, 4100})
  void theGradientMayOverwriteTheLogits(int classes) {
    Rows rows = specialRows(classes);
    long[] labels = rows.labels();
    labels[0] = IGNORED;
    CrossEntropyOptions all = options(classes).get(4).withReduction(Reduction.MEAN);
    for (CrossEntropyOptions options : List.of(NONE, all)) {
      CrossEntropyOptions ignoring = options.withIgnoreIndex(IGNORED);
      assertSameInPlace(
          elements(rows.logits),
          elements(rows.logits.clone()),
          elements(new double[rows.logits.length]),
          rows,
          labels,
          ignoring);
      assertSameInPlace(
          elements(floats(rows.logits)),
          elements(floats(rows.logits)),
          elements(new float[rows.logits.length]),
          rows,
          labels,
          ignoring);
    }
  }

  private static void assertSameInPlace(
      Elements logits,
      Elements same,
      Elements out,
      Rows rows,
      long[] labels,
      CrossEntropyOptions options) {
    double[] weights = rows.sampleWeights;
    int classes = rows.classes;
    RowLosses expected =
        CrossEntropyKernel.sparse(logits, classes, labels, weights, options, out).copy();
    RowLosses actual = CrossEntropyKernel.sparse(same, classes, labels, weights, options, same);
    assertArrayEquals(expected.losses(), actual.losses(), options::toString);
    assertArrayEquals(expected.zLosses(), actual.zLosses(), options::toString);
    assertArrayEquals(expected.logSumExps(), actual.logSumExps(), options::toString);
    assertArrayEquals(out.toDoubles(), same.toDoubles(), options::toString);
  }

  private static Stream<Object[]> layouts() {
    return Stream.of(5, 200, 2100)
        .flatMap(n -> Stream.of(new Object[] {n, true}, new Object[] {n, false}));
  }

  @Test
  void theMeanDividesByTheWeight() {
    double[] z = {1, 2, 0.5, -1, 0, 3};
    long[] labels = {1, 2};
    CrossEntropyOptions mean = CrossEntropyOptions.DEFAULT.withClassWeights(1, 2, 4);
    double[] scaled = new double[6];
    RowLosses losses =
        CrossEntropyKernel.sparse(elements(z), 3, labels, null, mean, elements(scaled));
    assertEquals(6, losses.weight());
    double[] alone = new double[6];
    CrossEntropyOptions sum = mean.withReduction(Reduction.SUM);
    CrossEntropyKernel.sparse(elements(z), 3, labels, null, sum, elements(alone));
    assertArrayEquals(Arrays.stream(alone).map(g -> g / 6).toArray(), scaled, 1e-16);
  }

  @Test
  void theMeanOfNothingIsNothing() {
    double[] gradient = {9, 9};
    RowLosses losses =
        CrossEntropyKernel.sparse(
            elements(1.0, 2),
            2,
            new long[] {0},
            null,
            CrossEntropyOptions.DEFAULT.withClassWeights(0, 1),
            elements(gradient));
    assertEquals(0, losses.weight());
    assertEquals(0, losses.reduced(losses.losses(), Reduction.MEAN));
    assertArrayEquals(new double[2], gradient);
  }

  /** Where the label is almost certain, every digit of loss and gradient is that of e^{−gap}. */
  @ParameterizedTest
  @ValueSource(ints = {2, 130, 2050})
  void aCertainRowKeepsItsDigits(int classes) {
    double[] z = new double[classes];
    z[classes - 1] = 50;
    double rest = (classes - 1) * Math.exp(-50);
    double[] gradient = new double[classes];
    long[] label = {classes - 1};
    RowLosses losses =
        CrossEntropyKernel.sparse(elements(z), classes, label, null, NONE, elements(gradient));
    assertEquals(rest, losses.losses()[0], 1e-14 * rest);
    assertEquals(-rest, gradient[classes - 1], 1e-14 * rest);
    assertEquals(Math.exp(-50), gradient[0], 1e-14 * Math.exp(-50));
    float[] narrow = new float[classes];
    losses =
        CrossEntropyKernel.sparse(
            elements(floats(z)), classes, label, null, NONE, elements(narrow));
    assertEquals(rest, losses.losses()[0], 2e-7 * rest);
    assertEquals(-rest, narrow[classes - 1], 2e-7 * rest);
    assertEquals(Math.exp(-50), narrow[0], 2e-7 * Math.exp(-50));
  }

  /** As with probabilities, which take the formula of all options. */
  @ParameterizedTest
  @ValueSource(ints = {3, 130, 2050})
  void aCertainRowOfProbabilitiesKeepsItsDigitsToo(int classes) {
    double[] z = new double[classes];
    z[0] = 50;
    double[] q = new double[classes];
    q[0] = 0.5;
    double rest = (classes - 1) * Math.exp(-50);
    double[] gradient = new double[classes];
    RowLosses losses =
        CrossEntropyKernel.dense(
            elements(z), classes, elements(q), 1, null, NONE, elements(gradient));
    assertEquals(0.5 * rest, losses.losses()[0], 1e-14 * rest);
    assertEquals(-0.5 * rest, gradient[0], 1e-14 * rest);
    assertEquals(0.5 * Math.exp(-50), gradient[1], 1e-14 * Math.exp(-50));
  }

  /** log(1 + r) on both sides of r = 1, against exact arithmetic. */
  @Test
  void theLogSumOfFewIsExact() {
    for (double[] z : List.of(new double[] {0, -1}, new double[] {0, 0, -0.5}, new double[3])) {
      double[] loss = new double[1];
      loss[0] =
          CrossEntropyKernel.sparse(elements(z), z.length, new long[1], null, NONE, null)
              .losses()[0];
      BigDecimal sum = BigDecimal.ZERO;
      for (double logit : z) {
        sum = sum.add(Exact.exp(new BigDecimal(logit)));
      }
      Exact.assertWithin(3, Exact.log(sum), loss[0], () -> Arrays.toString(z));
    }
  }

  /** z, then the loss at class 0 and the gradient. */
  private static final double[][][] SPECIAL = {
    {{INFINITY, 0}, {0}, {0, 0}},
    {{0, INFINITY}, {INFINITY}, {-1, 1}},
    {{INFINITY, INFINITY}, {Double.NaN}, {Double.NaN, Double.NaN}},
    {{-INFINITY, 0}, {INFINITY}, {-1, 1}},
    {{0, -INFINITY}, {0}, {0, 0}},
    {{-INFINITY, -INFINITY}, {Double.NaN}, {Double.NaN, Double.NaN}},
    {{Double.NaN, 0}, {Double.NaN}, {Double.NaN, Double.NaN}},
    {{0, Double.NaN}, {Double.NaN}, {Double.NaN, Double.NaN}},
    {{1e300, -1e300}, {0}, {0, 0}},
    {{-1e30, 1e30}, {2e30}, {-1, 1}},
    {{3e20, 3e20}, {Math.log(2)}, {-0.5, 0.5}},
  };

  @Test
  void specialLogitsHaveTheLimits() {
    for (double[][] row : SPECIAL) {
      // The second of two classes may be in another block.
      for (int distance : new int[] {1, 150, 2060}) {
        double[] z = new double[distance + 1];
        Arrays.fill(z, -INFINITY);
        z[0] = row[0][0];
        z[distance] = row[0][1];
        double[] gradient = new double[z.length];
        double[] losses =
            CrossEntropyKernel.sparse(
                    elements(z), z.length, new long[1], null, NONE, elements(gradient))
                .losses();
        String where = Arrays.toString(row[0]) + " " + distance;
        double bar = Double.isFinite(row[1][0]) ? 1e-15 * row[1][0] + 1e-300 : 1;
        assertEquals(row[1][0], losses[0], bar, where);
        assertEquals(row[2][0], gradient[0] + 0.0, 1e-15, where);
        assertEquals(row[2][1], gradient[distance] + 0.0, 1e-15, where);
      }
    }
  }

  /** An infinite logit has an infinite lse², which pulls at it alone. */
  @ParameterizedTest
  @ValueSource(ints = {1, 150, 2060})
  void theZLossPullsAtAnInfiniteLogit(int distance) {
    CrossEntropyOptions options = NONE.withZLoss(0.1);
    double[] z = new double[distance + 1];
    z[distance] = INFINITY;
    double[] gradient = new double[z.length];
    long[] label = {distance};
    RowLosses losses =
        CrossEntropyKernel.sparse(elements(z), z.length, label, null, options, elements(gradient));
    assertEquals(INFINITY, losses.losses()[0]);
    double[] expected = new double[z.length];
    expected[distance] = INFINITY;
    assertArrayEquals(expected, gradient);
    z[0] = INFINITY;
    CrossEntropyKernel.sparse(elements(z), z.length, label, null, options, elements(gradient));
    Arrays.fill(expected, Double.NaN);
    assertArrayEquals(expected, gradient);
  }

  /** Where a scale in the exponentials' own unit would be subnormal or infinite. */
  @Test
  void gradientsKeepTheirDigitsWhateverTheirScale() {
    double[] z = {1, 0, -60};
    RowReference expected = RowReference.of(z, RowReference.oneHot(3, 0), 1, NONE);
    for (double a : new double[] {0x1.8p-1000, 0x1.8p-90, 1, 0x1.8p180, 0x1.8p1000}) {
      double[] gradient = new double[3];
      float[] narrow = new float[3];
      double[] weight = {a};
      CrossEntropyKernel.sparse(elements(z), 3, new long[1], weight, NONE, elements(gradient));
      CrossEntropyKernel.sparse(
          elements(floats(z)), 3, new long[1], weight, NONE, elements(narrow));
      for (int c = 0; c < 3; c++) {
        double exact = a * expected.gradient()[c];
        assertEquals(exact, gradient[c], 1e-14 * Math.abs(exact));
        float rounded = (float) exact;
        float bar = Float.isInfinite(rounded) ? 1 : 3 * Math.ulp(rounded);
        assertEquals(rounded, narrow[c], bar, c + " times " + a);
      }
    }
  }

  @Test
  void invalidProbabilitiesAreNamed() {
    for (int classes : new int[] {3, 2060}) {
      double[] z = new double[3 * classes];
      double[] q = new double[z.length];
      Arrays.fill(q, 0.25);
      q[2 * classes - 1] = -0.5;
      q[2 * classes] = Double.NaN;
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  CrossEntropyKernel.dense(elements(z), classes, elements(q), 3, null, NONE, null));
      assertEquals(
          "labels must be finite and >= 0, got -0.5 at row 1, class " + (classes - 1),
          refused.getMessage());
    }
  }

  /** A class that cannot be takes no part in the smoothing. */
  @Test
  void smoothingIsSpreadOverLiveClasses() {
    double[] z = {1, -INFINITY, 0.5, -INFINITY};
    CrossEntropyOptions smooth = NONE.withLabelSmoothing(0.3).withClassWeights(1, 2, 3, 4);
    double[] gradient = new double[4];
    RowLosses losses =
        CrossEntropyKernel.sparse(elements(z), 4, new long[1], null, smooth, elements(gradient));
    RowReference expected = RowReference.of(z, RowReference.oneHot(4, 0), 1, smooth);
    assertEquals(expected.loss(), losses.losses()[0], 1e-15);
    assertArrayEquals(expected.gradient(), gradient, 1e-15);
  }

  @Test
  void noRowsAreNoLosses() {
    Elements none = Elements.of(DoubleBuffer.allocate(0));
    RowLosses losses = CrossEntropyKernel.sparse(none, 0, new long[0], null, NONE, none);
    assertEquals(0, losses.losses().length);
    assertEquals(0, losses.weight());
    assertEquals(0, CrossEntropyKernel.dense(none, 3, none, 0, null, NONE, none).losses().length);
  }

  @Test
  void labelsAreLentByTheThread() {
    long[] labels = CrossEntropyKernel.labels(5);
    assertEquals(5, labels.length);
    assertEquals(labels, CrossEntropyKernel.labels(5));
    assertEquals(6, CrossEntropyKernel.labels(6).length);
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.kernel.Pointwise.elements;
import static org.stableops.kernel.Pointwise.floats;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** Rows of every length by the definition of the Hessian, with every option. */
class HessianKernelTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final int IGNORED = -5;
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE).withIgnoreIndex(IGNORED);

  @BeforeEach
  void spoilTiles() {
    Pointwise.spoilTiles();
  }

  private static List<CrossEntropyOptions> options(int classes) {
    double[] weights = new SplittableRandom(3).doubles(classes, 0.1, 2).toArray();
    return List.of(
        NONE,
        NONE.withLabelSmoothing(0.1),
        NONE.withZLoss(0.01),
        NONE.withClassWeights(weights),
        NONE.withLabelSmoothing(0.2).withZLoss(0.02).withClassWeights(weights),
        NONE.withLabelSmoothing(0.2).withClassWeights(weights).withReduction(Reduction.MEAN));
  }

  /** Logits that are floats, directions, labels of which one is ignored, and weights, one of 0. */
  private record Rows(double[] z, double[] v, long[] labels, double[] weights, int classes) {
    static Rows draw(int classes) {
      int rows = Math.max(4, Math.min(2 * Tiles.SIZE / classes + 1, 200));
      SplittableRandom random = new SplittableRandom(classes);
      double[] z = new double[rows * classes];
      Arrays.setAll(z, i -> (float) random.nextDouble(-9, 9));
      double[] v = new double[rows * classes];
      Arrays.setAll(v, i -> (float) random.nextDouble(-2, 2));
      long[] labels = random.longs(rows, 0, classes).toArray();
      double[] weights = random.doubles(rows, 0.5, 2).toArray();
      labels[2] = IGNORED;
      weights[1] = 0;
      Arrays.fill(v, classes, 3 * classes, NAN);
      return new Rows(z, v, labels, weights, classes);
    }

    double scale(CrossEntropyOptions options) {
      double weight = 0;
      for (int row = 0; row < labels.length; row++) {
        weight += counts(row) ? weights[row] * omega(row, options) : 0;
      }
      return options.reduction() == Reduction.MEAN ? 1 / weight : 1;
    }

    boolean counts(int row) {
      return weights[row] != 0 && labels[row] != IGNORED;
    }

    double omega(int row, CrossEntropyOptions options) {
      double[] classWeights = options.classWeights();
      return classWeights.length == 0 ? 1 : classWeights[(int) labels[row]];
    }

    /** The Hessian of a row times a direction, or its diagonal. */
    double[] expected(int row, CrossEntropyOptions options, boolean isDiagonal, double scale) {
      double[] expected = new double[classes];
      if (!counts(row)) {
        return expected;
      }
      double[] logits = Arrays.copyOfRange(z, row * classes, (row + 1) * classes);
      double sum = Arrays.stream(logits).map(Math::exp).sum();
      double[] p = Arrays.stream(logits).map(each -> Math.exp(each) / sum).toArray();
      double omega = omega(row, options);
      double s = options.labelSmoothing();
      double[] classWeights = options.classWeights();
      double mean = classWeights.length == 0 ? 1 : Arrays.stream(classWeights).average().orElse(0);
      double zSlope = 2 * options.zLoss() * omega;
      double curvature = (1 - s) * omega + s * mean + zSlope * Math.log(sum);
      double average = 0;
      for (int c = 0; c < classes; c++) {
        average += p[c] * v[row * classes + c];
      }
      for (int c = 0; c < classes; c++) {
        double u = v[row * classes + c];
        double slope =
            isDiagonal
                ? curvature * (1 - p[c]) + zSlope * p[c]
                : curvature * (u - average) + zSlope * average;
        expected[c] = weights[row] * p[c] * slope * scale;
      }
      return expected;
    }

    void assertNear(
        Elements actual, CrossEntropyOptions options, boolean isDiagonal, double tolerance) {
      double[] all = actual.toDoubles();
      double scale = scale(options);
      for (int row = 0; row < labels.length; row++) {
        double[] ofRow = Arrays.copyOfRange(all, row * classes, (row + 1) * classes);
        assertArrayEquals(
            expected(row, options, isDiagonal, scale), ofRow, tolerance, options + ", row " + row);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 17, 127, 128, 129, 1024, 1025, 2048, 2049, 4100})
  void productsAndDiagonalsAreAsDefined(int classes) {
    Rows rows = Rows.draw(classes);
    for (CrossEntropyOptions options : options(classes)) {
      for (boolean isDiagonal : new boolean[] {false, true}) {
        Elements out = elements(new double[rows.z.length]);
        Elements v = isDiagonal ? null : elements(rows.v);
        RowLosses losses =
            HessianKernel.sparse(
                elements(rows.z), classes, rows.labels, rows.weights, options, v, out);
        rows.assertNear(out, options, isDiagonal, 1e-13);
        double scale = rows.scale(options.withReduction(Reduction.MEAN));
        assertEquals(1, losses.weight() * scale, 1e-13);
      }
    }
  }

  /** Float logits have exponentials of double: a result is rounded once. */
  @ParameterizedTest
  @ValueSource(ints = {3, 128, 2049})
  void floatsAreRoundedOnce(int classes) {
    Rows rows = Rows.draw(classes);
    for (CrossEntropyOptions options : options(classes)) {
      Elements wide = elements(new double[rows.z.length]);
      Elements out = elements(new float[rows.z.length]);
      HessianKernel.sparse(
          elements(rows.z), classes, rows.labels, rows.weights, options, elements(rows.v), wide);
      HessianKernel.sparse(
          elements(floats(rows.z)),
          classes,
          rows.labels,
          rows.weights,
          options,
          elements(floats(rows.v)),
          out);
      double[] rounded = Arrays.stream(wide.toDoubles()).map(each -> (float) each).toArray();
      assertArrayEquals(rounded, out.toDoubles(), options::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 128, 2049})
  void theProductMayOverwriteTheDirection(int classes) {
    Rows rows = Rows.draw(classes);
    for (CrossEntropyOptions options : options(classes)) {
      Elements out = elements(new float[rows.z.length]);
      Elements v = elements(floats(rows.v));
      Elements z = elements(floats(rows.z));
      HessianKernel.sparse(z, classes, rows.labels, rows.weights, options, v, out);
      HessianKernel.sparse(z, classes, rows.labels, rows.weights, options, v, v);
      assertArrayEquals(out.toDoubles(), v.toDoubles(), options::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 129, 2049})
  void probabilitiesCountByTheirSum(int classes) {
    Rows rows = Rows.draw(classes);
    int count = rows.labels.length;
    double[] q = new double[rows.z.length];
    double[] halved = rows.weights.clone();
    for (int row = 0; row < count; row++) {
      q[row * classes] = 0.25;
      q[row * classes + classes - 1] += 0.25;
      halved[row] = rows.labels[row] == IGNORED ? 0 : rows.weights[row] / 2;
    }
    long[] first = new long[count];
    for (CrossEntropyOptions options : List.of(NONE, NONE.withLabelSmoothing(0.3).withZLoss(0.1))) {
      double[] weights = Arrays.stream(halved).map(a -> 2 * a).toArray();
      Elements expected = elements(new double[rows.z.length]);
      Elements actual = elements(new double[rows.z.length]);
      Elements z = elements(rows.z);
      Elements v = elements(rows.v);
      HessianKernel.sparse(z, classes, first, halved, options, v, expected);
      HessianKernel.dense(z, classes, elements(q), count, 0, weights, options, v, actual);
      assertArrayEquals(expected.toDoubles(), actual.toDoubles(), 1e-14, options::toString);
    }
  }

  @Test
  void aBadProbabilityIsNamedByItsRow() {
    Elements z = elements(new double[4]);
    Elements q = elements(new double[] {1, 0, 0.5, -1});
    assertEquals(
        "labels must be finite and >= 0, got -1.0 at row 8, class 1",
        assertThrows(
                IllegalArgumentException.class,
                () -> HessianKernel.dense(z, 2, q, 2, 7, null, NONE, null, z))
            .getMessage());
  }

  /** On a confident row p·(1 − p) has all digits, and so has the product. */
  @Test
  void nothingCancelsOnConfidentRows() {
    double[] z = {0, -40};
    Elements out = elements(new double[2]);
    double p = Math.exp(-40);
    HessianKernel.sparse(elements(z), 2, new long[1], null, NONE, null, out);
    assertArrayEquals(new double[] {p, p}, out.toDoubles(), 4e-16 * p);
    HessianKernel.sparse(
        elements(z), 2, new long[1], null, NONE, elements(new double[] {3, 1}), out);
    assertArrayEquals(new double[] {2 * p, -2 * p}, out.toDoubles(), 8e-16 * p);
  }

  @Test
  void specialRowsAreSpecial() {
    CrossEntropyOptions options = NONE.withZLoss(0.25);
    double[] v = {5, -2, NAN};
    assertProduct(new double[] {0, 0, 0}, new double[] {1, INFINITY, -INFINITY}, v, NONE);
    assertProduct(new double[] {0, -1, 0}, new double[] {1, INFINITY, -INFINITY}, v, options);
    double[] nan = {NAN, NAN, NAN};
    double[] finite = {1, 2, 3};
    assertProduct(nan, new double[] {INFINITY, INFINITY, 0}, finite, options);
    assertProduct(nan, new double[] {-INFINITY, -INFINITY, -INFINITY}, finite, options);
    assertProduct(nan, new double[] {0, NAN, 0}, finite, NONE);
    assertProduct(nan, new double[] {0, NAN, 0}, null, NONE);
    assertProduct(new double[] {0, 0.5, 0}, new double[] {1, INFINITY, 0}, null, options);
  }

  private static void assertProduct(
      double[] expected, double[] z, double[] v, CrossEntropyOptions options) {
    Elements out = elements(new double[3]);
    Elements direction = v == null ? null : elements(v);
    HessianKernel.sparse(elements(z), 3, new long[1], null, options, direction, out);
    // No −0 either.
    assertArrayEquals(expected, out.toDoubles());
  }
}

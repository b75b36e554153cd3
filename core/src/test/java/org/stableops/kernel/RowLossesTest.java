package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.kernel.Pointwise.elements;
import static org.stableops.kernel.Pointwise.floats;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

@Tag("thorough")
class RowLossesTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @Test
  void rowsAreWeighedAndPulledTowardsZero() {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withZLoss(0.5);
    RowLosses rows =
        RowLosses.weighted(
            new double[] {1, 2, Double.NaN},
            new double[] {3, -1, Double.NaN},
            new double[] {2, 0.25, Double.NaN},
            new double[] {1, 4, 0},
            options);
    assertEquals(3, rows.weight());
    assertArrayEquals(new double[] {3, -1, 0}, rows.logSumExps());
    assertArrayEquals(new double[] {9, 0.5, 0}, rows.zLosses());
    assertArrayEquals(new double[] {1, 8, 0}, rows.losses());
    assertEquals(9, rows.reduced(rows.losses(), Reduction.SUM));
    assertEquals(3, rows.reduced(rows.losses(), Reduction.MEAN));
    assertEquals(9.5, rows.reduced(rows.zLosses(), Reduction.SUM));
  }

  @Test
  void scalesAreSharesOfTheMeanOnly() {
    double[] weights = {1, 3, 0};
    RowLosses rows = new RowLosses(weights);
    assertArrayEquals(new double[] {0.25, 0.75, 0}, RowLosses.scales(weights, 4, Reduction.MEAN));
    assertArrayEquals(new double[3], RowLosses.scales(weights, 0, Reduction.MEAN));
    assertArrayEquals(weights, RowLosses.scales(weights, 4, Reduction.SUM));
    assertArrayEquals(weights, RowLosses.scales(weights, 4, Reduction.NONE));
    assertEquals(14, RowLosses.weight(new double[] {2, 4, Double.NaN}, new double[] {1, 3, 0}));
    assertEquals(0.5, rows.scale(2, Reduction.MEAN));
    assertEquals(2, rows.scale(2, Reduction.SUM));
  }

  @Test
  void theMeanOfRowsThatWeighNothingIsZero() {
    RowLosses rows = new RowLosses(new double[2]);
    assertEquals(0, rows.scale(5, Reduction.MEAN));
    assertEquals(5, rows.scale(5, Reduction.SUM));
    assertEquals(0, rows.reduced(new double[] {7, 8}, Reduction.MEAN));
    assertEquals(15, rows.reduced(new double[] {7, 8}, Reduction.SUM));
    assertEquals(0, rows.reduced(new double[0], Reduction.SUM));
  }

  @Test
  void weightsMustNotAddUpToInfinity() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> new RowLosses(new double[] {1e308, 1e308}));
    assertEquals(
        "sample weights × class weights × probabilities must add up to a finite number, got Infinity",
        refused.getMessage());
    assertEquals(1e308, new RowLosses(new double[] {1e308}).weight());
  }

  @Test
  void aZLossWithoutWeightIsZeroWhateverTheRow() {
    assertEquals(0, RowLosses.zLoss(0, INFINITY));
    assertEquals(18, RowLosses.zLoss(2, -3));
    assertEquals(INFINITY, RowLosses.zLoss(2, INFINITY));
  }

  // ---- rows of which each is one-hot

  private static long[] labels(double[] probabilities, int classes, double... sampleWeights) {
    double[] weights = sampleWeights.length == 0 ? null : sampleWeights;
    int rows = probabilities.length / classes;
    long[] ofDoubles = OneHot.labels(elements(probabilities), classes, rows, weights);
    ofDoubles = ofDoubles == null ? null : ofDoubles.clone();
    assertArrayEquals(
        ofDoubles, OneHot.labels(elements(floats(probabilities)), classes, rows, weights));
    return ofDoubles;
  }

  @Test
  void rowsWithOneOneAreLabels() {
    double[] probabilities = {0, 1, 0, 1, 0, 0, 0, 0, 1};
    assertArrayEquals(new long[] {1, 0, 2}, labels(probabilities, 3));
    assertArrayEquals(new long[] {0, 0}, labels(new double[] {1, 1}, 1));
    assertArrayEquals(new long[0], labels(new double[0], 3));
  }

  @Test
  void allOthersAreNot() {
    assertNull(labels(new double[] {0, 1, 0, 0}, 2));
    assertNull(labels(new double[] {0, 1, 1, 1}, 2));
    assertNull(labels(new double[] {0, 1, 0.5, 0}, 2));
    assertNull(labels(new double[] {0, 1, 1, -1}, 2));
    assertNull(labels(new double[] {0, 1, 1, Double.NaN}, 2));
    assertNull(labels(new double[] {Double.NaN, 1, 1, 0}, 2));
    assertNull(labels(new double[] {1, 0.5}, 2));
    assertNull(labels(new double[] {0.5, 1}, 2));
    assertNull(labels(new double[] {1, 1, 1}, 3));
  }

  @Test
  void rowsWithoutWeightAreNotRead() {
    assertArrayEquals(new long[] {1, -1}, labels(new double[] {0, 1, 0.5, 7}, 2, 1, 0));
    assertNull(labels(new double[] {0, 1, 0.5, 7}, 2, 0, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 2047, 2048, 2060, 4095, 4096, 4100})
  void theOneMayBeInAnyTile(int label) {
    int classes = 4101;
    double[] probabilities = new double[2 * classes];
    probabilities[label] = 1;
    probabilities[classes + 4100 - label] = 1;
    assertArrayEquals(new long[] {label, 4100 - label}, labels(probabilities, classes));
    probabilities[classes + 4100 - label] = 0.5;
    assertNull(labels(probabilities, classes));
    probabilities[classes + 4100 - label] = 1;
    probabilities[(label + 2048) % classes] = 1;
    assertNull(labels(probabilities, classes));
  }

  @Test
  void manyRowsAreReadToTheLast() {
    int rows = 1500;
    double[] probabilities = new double[rows * 3];
    long[] expected = new long[rows];
    for (int row = 0; row < rows; row++) {
      expected[row] = row % 3;
      probabilities[row * 3 + row % 3] = 1;
    }
    assertArrayEquals(expected, labels(probabilities, 3));
    probabilities[rows * 3 - 1] = 0.5;
    assertNull(labels(probabilities, 3));
  }
}

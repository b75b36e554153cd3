package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;

class LinearPiecesTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  /** What a piece was asked for. */
  private record Asked(int from, int to, long[] labels, double[] scales) {}

  private static LinearPieces pieces(
      long classes, long[] labels, double[] sampleWeights, CrossEntropyOptions options) {
    SoftmaxShape shape = SoftmaxShape.of(new long[] {labels.length, classes}, options);
    return LinearPieces.of(shape, labels, sampleWeights, options);
  }

  /** Runs through the pieces with the labels for losses. */
  private static double[] losses(LinearPieces pieces, List<Asked> asked) {
    return pieces.losses(
        Double.BYTES,
        (from, to, labels, scales) -> {
          asked.add(new Asked(from, to, labels, scales));
          return Arrays.stream(labels).asDoubleStream().toArray();
        });
  }

  @Test
  void tokensThatDoNotCountAreInNoPiece() {
    long[] labels = {5, -1, 7, 99, 2};
    double[] sampleWeights = {1, 2, 0.5, 0, 3};
    LinearPieces pieces = pieces(10, labels, sampleWeights, NONE.withIgnoreIndex(-1));
    List<Asked> asked = new ArrayList<>();
    assertArrayEquals(new double[] {5, 0, 7, 0, 2}, losses(pieces, asked));
    assertEquals(1, asked.size());
    assertEquals(0, asked.get(0).from);
    assertEquals(3, asked.get(0).to);
    assertArrayEquals(new long[] {5, 7, 2}, asked.get(0).labels);
    assertArrayEquals(new double[] {1, 0.5, 3}, asked.get(0).scales);
    assertEquals(3, pieces.count());
    assertEquals(3, pieces.most(Double.BYTES));
    assertFalse(pieces.isWhole());
    assertArrayEquals(new int[] {0, 2, 4}, pieces.places(0, 3));
    assertArrayEquals(new int[] {2}, pieces.places(1, 2));
    assertArrayEquals(new int[] {0, 3, 1, 3, 2}, pieces.positions());
    assertEquals(4.5, pieces.weight());
  }

  @Test
  void withoutWeightsEveryTokenCountsOnce() {
    LinearPieces pieces = pieces(10, new long[] {5, 1}, null, NONE);
    List<Asked> asked = new ArrayList<>();
    assertArrayEquals(new double[] {5, 1}, losses(pieces, asked));
    assertArrayEquals(new double[] {1, 1}, asked.get(0).scales);
    assertTrue(pieces.isWhole());
    assertEquals(2, pieces.weight());
    assertArrayEquals(new int[] {0, 1}, pieces.positions());
  }

  @Test
  void theMeanIsASumOfShares() {
    double[] sampleWeights = {1, 0, 0.5};
    CrossEntropyOptions weighted = CrossEntropyOptions.DEFAULT.withClassWeights(3, 2, 1);
    LinearPieces pieces = pieces(3, new long[] {0, 1, 1}, sampleWeights, weighted);
    List<Asked> asked = new ArrayList<>();
    losses(pieces, asked);
    assertEquals(4, pieces.weight());
    assertArrayEquals(new double[] {0.25, 0.125}, asked.get(0).scales);
    CrossEntropyOptions sum = weighted.withReduction(Reduction.SUM);
    LinearPieces ofSum = pieces(3, new long[] {0, 1, 1}, sampleWeights, sum);
    losses(ofSum, asked);
    assertEquals(4, ofSum.weight());
    assertArrayEquals(new double[] {1, 0.5}, asked.get(1).scales);
  }

  /** A mean over nothing is 0, so that nothing is computed. */
  @Test
  void nothingIsAskedForWhereNothingCounts() {
    CrossEntropyOptions weighted = CrossEntropyOptions.DEFAULT.withClassWeights(0, 2);
    for (LinearPieces pieces :
        List.of(
            pieces(2, new long[] {0, 0}, null, weighted),
            pieces(2, new long[] {0, 1}, new double[2], NONE),
            pieces(2, new long[] {-3, -3}, null, NONE.withIgnoreIndex(-3)))) {
      List<Asked> asked = new ArrayList<>();
      assertArrayEquals(new double[2], losses(pieces, asked));
      assertEquals(List.of(), asked);
      assertEquals(0, pieces.most(Double.BYTES));
      assertEquals(0, pieces.count());
      assertEquals(0, pieces.weight());
      assertArrayEquals(new int[2], pieces.positions());
      assertFalse(pieces.isWhole());
    }
    assertTrue(pieces(2, new long[0], null, NONE).isWhole());
  }

  @Test
  void weightsThatAddUpToInfinityAreRefused() {
    double[] huge = {Double.MAX_VALUE, Double.MAX_VALUE};
    assertThrows(IllegalArgumentException.class, () -> pieces(2, new long[2], huge, NONE));
  }

  /** 128 tokens, or more if their logits take 31 MB, and never more than a buffer holds. */
  @ParameterizedTest
  @CsvSource({
    "1, 4, 8126464",
    "1, 8, 4063232",
    "63488, 4, 8126464",
    "63489, 4, 8126592",
    "32000, 8, 4096000",
    "2097151, 4, 268435328",
    "2097152, 4, 268435455",
    "4000000000, 8, 268435455"
  })
  void aPieceHasEnoughTokensAndIsSmall(long classes, int bytes, long elements) {
    assertEquals(elements, LinearPieces.elements(classes, bytes));
  }

  @Test
  void piecesFollowOneAnother() {
    int tokens = 300;
    long[] labels = new long[tokens];
    Arrays.setAll(labels, i -> i);
    double[] sampleWeights = new double[tokens];
    Arrays.setAll(sampleWeights, i -> i == 7 ? 0 : i + 1);
    LinearPieces pieces = pieces(40_000, labels, sampleWeights, NONE);
    List<Asked> asked = new ArrayList<>();
    double[] losses = losses(pieces, asked);
    int[] starts = asked.stream().mapToInt(Asked::from).toArray();
    int[] ends = asked.stream().mapToInt(Asked::to).toArray();
    assertArrayEquals(new int[] {0, 100, 200}, starts);
    assertArrayEquals(new int[] {100, 200, 299}, ends);
    assertEquals(100, pieces.most(Double.BYTES));
    for (int i = 0; i < tokens; i++) {
      assertEquals(i == 7 ? 0 : i, losses[i]);
    }
    assertEquals(101, asked.get(1).labels[0]);
    assertEquals(102, asked.get(1).scales[0]);
    assertEquals(100, asked.get(1).labels.length);
    assertEquals(99, asked.get(2).scales.length);
    assertArrayEquals(new int[] {101, 102}, pieces.places(100, 102));
  }

  @Test
  void anInfiniteProductIsNotANumber() {
    List<Asked> asked = new ArrayList<>();
    losses(pieces(10, new long[] {5, 1}, null, NONE).times(new double[] {INFINITY, 2}), asked);
    assertArrayEquals(new double[] {Double.NaN, 2}, asked.get(0).scales);
  }

  /** An upstream gradient, one of each token or the one of a reduced loss. */
  @Test
  void lossesMayBeMultiplied() {
    double[] sampleWeights = {1, 0, 0.5};
    LinearPieces pieces = pieces(10, new long[] {5, 1, 7}, sampleWeights, NONE);
    List<Asked> asked = new ArrayList<>();
    LinearPieces each = pieces.times(new double[] {3, 9, -2});
    assertArrayEquals(new double[] {5, 0, 7}, losses(each, asked));
    assertArrayEquals(new double[] {3, -1}, asked.get(0).scales);
    assertArrayEquals(new long[] {5, 7}, asked.get(0).labels);
    losses(pieces.times(new double[] {4}), asked);
    assertArrayEquals(new double[] {4, 2}, asked.get(1).scales);
    assertEquals(pieces.weight(), each.weight());
    assertArrayEquals(new int[] {0, 2, 1}, each.positions());
    losses(pieces, asked);
    assertArrayEquals(new double[] {1, 0.5}, asked.get(2).scales);
  }

  @Test
  void countsAreWhatTokensWeigh() {
    CrossEntropyOptions weighted = NONE.withIgnoreIndex(-1).withClassWeights(2, 3);
    double[] sampleWeights = {1, 7, 0, 0.5};
    LinearPieces pieces = pieces(2, new long[] {0, -1, 1, 1}, sampleWeights, weighted);
    assertArrayEquals(new double[] {1, 0, 0, 0.5}, pieces.counts());
    assertArrayEquals(pieces.counts(), pieces.times(new double[] {4}).counts());
  }

  @Test
  void lossesAreAddedUp() {
    double[] losses = {1, 0.5, 4};
    assertSame(losses, LinearPieces.reduced(losses, Reduction.NONE));
    assertArrayEquals(new double[] {5.5}, LinearPieces.reduced(losses, Reduction.SUM));
    assertArrayEquals(new double[] {5.5}, LinearPieces.reduced(losses, Reduction.MEAN));
    assertArrayEquals(new double[] {0}, LinearPieces.reduced(new double[0], Reduction.MEAN));
  }
}

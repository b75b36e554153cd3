package org.stableops.integration.language;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WordVectorsTest {
  private static final int VOCABULARY = 41;
  private static final int SIZE = 2;

  /**
   * Of the words 1 to 40, even ones between odd ones: two kinds of words, each in the other's
   * company.
   */
  private static List<int[]> glosses() {
    Random random = new Random(3);
    List<int[]> glosses = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      int[] gloss = new int[9];
      for (int j = 0; j < 8; j++) {
        gloss[j] = 1 + (j + i) % 2 + 2 * random.nextInt(20);
      }
      glosses.add(gloss);
    }
    return glosses;
  }

  private final float[] vectors = WordVectors.of(glosses(), VOCABULARY, SIZE, 2, 0.3);

  private double product(int v, int w) {
    double product = 0;
    for (int i = 0; i < SIZE; i++) {
      product += vectors[SIZE * v + i] * vectors[SIZE * w + i];
    }
    return product;
  }

  @Test
  void wordsOfOneKindPointTheSameWay() {
    for (int v = 1; v < VOCABULARY; v++) {
      for (int w = 1; w < VOCABULARY; w++) {
        double cosine = product(v, w) / Math.sqrt(product(v, v) * product(w, w));
        String pair = v + ", " + w + ": " + cosine;
        assertTrue((v - w) % 2 == 0 ? cosine > 0.7 : cosine < 0, pair);
      }
    }
  }

  @Test
  void lengthsAreEqual() {
    long equal =
        IntStream.range(0, VOCABULARY)
            .filter(v -> Math.abs(product(v, v) - SIZE * 0.3 * 0.3) < 1e-5)
            .count();
    assertTrue(equal >= 0.9 * VOCABULARY, () -> "of the same length: " + equal);
  }

  @Test
  void twoComputationsAreEqual() {
    assertArrayEquals(vectors, WordVectors.of(glosses(), VOCABULARY, SIZE, 2, 0.3));
    assertEquals(VOCABULARY * SIZE, vectors.length);
  }
}

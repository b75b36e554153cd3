package org.stableops.integration.language;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Models of two glosses of the words 2 and 3, of a vocabulary of five, computed by hand. */
class BaselinesTest {
  private static final int VOCABULARY = 5;

  /** 2 2 3 . and 2 3 . */
  private static final List<int[]> GLOSSES = List.of(new int[] {2, 2, 3, 0}, new int[] {2, 3, 0});

  private static final double TOLERANCE = 1e-15;

  private final LanguageModel unigrams = new Unigrams(GLOSSES, VOCABULARY);

  private final Bigrams bigrams = new Bigrams(GLOSSES, VOCABULARY);

  @Test
  void unigramsAddOne() {
    // Counts 2, 0, 3, 2, 0 of 7.
    double[] expected = {3 / 12.0, 1 / 12.0, 4 / 12.0, 3 / 12.0, 1 / 12.0};
    for (int word = 0; word < VOCABULARY; word++) {
      assertEquals(expected[word], unigrams.probability(3, word), TOLERANCE);
      assertEquals((float) Math.log(expected[word]), ((Unigrams) unigrams).logarithms()[word]);
    }
  }

  @Test
  void bigramsShareOutWhatTheyDiscount() {
    // Twice 0-2, 2-3 and 3-0, once 2-2: D = 1/(1 + 2·3). Word 2 comes after two others, 0 and 3
    // after one.
    double d = 1 / 7.0;
    assertEquals(d, bigrams.discount(), TOLERANCE);
    double[] continuation = {1.5 / 6.5, 0.5 / 6.5, 2.5 / 6.5, 1.5 / 6.5, 0.5 / 6.5};
    for (int word = 0; word < VOCABULARY; word++) {
      double shared = continuation[word];
      assertEquals(shared, bigrams.probability(4, word), TOLERANCE);
      double afterEnd = (word == 2 ? 2 - d : 0) + d * shared;
      assertEquals(afterEnd / 2, bigrams.probability(0, word), TOLERANCE);
      double afterTwo = (word == 2 ? 1 - d : word == 3 ? 2 - d : 0) + 2 * d * shared;
      assertEquals(afterTwo / 3, bigrams.probability(2, word), TOLERANCE);
    }
  }

  @Test
  void probabilitiesSumToOne() {
    for (LanguageModel model : List.of(unigrams, bigrams)) {
      for (int previous = 0; previous < VOCABULARY; previous++) {
        int before = previous;
        double sum =
            IntStream.range(0, VOCABULARY).mapToDouble(w -> model.probability(before, w)).sum();
        assertEquals(1, sum, TOLERANCE);
      }
    }
  }

  @Test
  void perplexityIsTheGeometricMeanOfTheInverse() {
    // 3 . and 2 .: unigrams give 1/4, 1/4, 1/3, 1/4.
    double expected = Math.pow(4 * 4 * 3 * 4, 0.25);
    assertEquals(expected, unigrams.perplexity(List.of(new int[] {3, 0}, new int[] {2, 0})), 1e-14);
    double product =
        bigrams.probability(0, 3) * bigrams.probability(3, 1) * bigrams.probability(1, 0);
    assertEquals(
        Math.pow(product, -1 / 3.0), bigrams.perplexity(List.of(new int[] {3, 1, 0})), 1e-13);
  }

  @Test
  void windowsGoBackward() {
    Windows windows = Windows.of(GLOSSES, 2);
    assertArrayEquals(new long[] {2, 2, 3, 0, 2, 3, 0}, windows.words());
    assertArrayEquals(new long[] {0, 0, 2, 0, 2, 2, 3, 2, 0, 0, 2, 0, 3, 2}, windows.contexts());
    Windows some = windows.select(3, 0);
    assertArrayEquals(new long[] {0, 2}, some.words());
    assertArrayEquals(new long[] {3, 2, 0, 0}, some.contexts());
    assertArrayEquals(new long[] {3, 2}, windows.slice(3, 4).contexts());
    long[] drawn = windows.draw(7, 5).words();
    Arrays.sort(drawn);
    assertArrayEquals(new long[] {0, 0, 2, 2, 2, 3, 3}, drawn);
  }
}

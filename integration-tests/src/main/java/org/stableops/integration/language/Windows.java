package org.stableops.integration.language;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.stableops.integration.data.Glosses;

/**
 * Words with those before them.
 *
 * @param width how many words before
 * @param contexts width words for each word, the nearest first
 * @param words the words themselves
 */
public record Windows(int width, long[] contexts, long[] words) {
  /**
   * Takes glosses apart.
   *
   * @param glosses in their order
   * @param width how many words before each, which are ends where the gloss has none
   * @return a window for each word and each end
   */
  public static Windows of(List<int[]> glosses, int width) {
    int size = glosses.stream().mapToInt(gloss -> gloss.length).sum();
    long[] words = new long[size];
    long[] contexts = new long[size * width];
    Arrays.fill(contexts, Glosses.END);
    int row = 0;
    for (int[] gloss : glosses) {
      for (int i = 0; i < gloss.length; i++) {
        words[row] = gloss[i];
        for (int back = 1; back <= Math.min(width, i); back++) {
          contexts[row * width + back - 1] = gloss[i - back];
        }
        row++;
      }
    }
    return new Windows(width, contexts, words);
  }

  /**
   * Returns the number of windows.
   *
   * @return the number of words
   */
  public int size() {
    return words.length;
  }

  /**
   * Returns some of them.
   *
   * @param rows which ones
   * @return as many windows
   */
  public Windows select(int... rows) {
    long[] picked = new long[rows.length];
    long[] before = new long[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      picked[i] = words[rows[i]];
      System.arraycopy(contexts, rows[i] * width, before, i * width, width);
    }
    return new Windows(width, before, picked);
  }

  /**
   * Returns a part.
   *
   * @param from the first window
   * @param to the one after the last
   * @return to − from windows
   */
  public Windows slice(int from, int to) {
    return new Windows(
        width,
        Arrays.copyOfRange(contexts, from * width, to * width),
        Arrays.copyOfRange(words, from, to));
  }

  /**
   * Draws some of them, each at most once.
   *
   * @param count how many
   * @param seed of the draw
   * @return windows in random order
   */
  public Windows draw(int count, long seed) {
    Random random = new Random(seed);
    int[] rows = new int[size()];
    Arrays.setAll(rows, i -> i);
    for (int i = 0; i < count; i++) {
      int j = i + random.nextInt(rows.length - i);
      int drawn = rows[j];
      rows[j] = rows[i];
      rows[i] = drawn;
    }
    return select(Arrays.copyOf(rows, count));
  }
}

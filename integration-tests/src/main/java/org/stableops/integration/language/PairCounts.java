package org.stableops.integration.language;

import java.util.Arrays;
import java.util.List;
import org.stableops.integration.data.Glosses;

/** How often a word comes some words before another: a sparse matrix, row by row. */
final class PairCounts {
  private final int[] rows;
  private final int[] columns;
  private final int[] counts;

  /** Takes a pair. */
  @FunctionalInterface
  interface Visitor {
    void pair(int first, int second, int count);
  }

  private PairCounts(int vocabulary, long... sorted) {
    rows = new int[vocabulary + 1];
    columns = new int[sorted.length];
    counts = new int[sorted.length];
    int size = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[i - 1]) {
        columns[size] = (int) (sorted[i] % vocabulary);
        size++;
        rows[(int) (sorted[i] / vocabulary) + 1] = size;
      }
      counts[size - 1]++;
    }
    for (int row = 0; row < vocabulary; row++) {
      rows[row + 1] = Math.max(rows[row + 1], rows[row]);
    }
  }

  /** Counts pairs at a distance; before a gloss there are as many ends as it takes. */
  static PairCounts of(List<int[]> glosses, int vocabulary, int distance) {
    long[] keys = new long[glosses.stream().mapToInt(gloss -> gloss.length).sum()];
    int size = 0;
    for (int[] gloss : glosses) {
      for (int i = 0; i < gloss.length; i++) {
        long first = i < distance ? Glosses.END : gloss[i - distance];
        keys[size] = first * vocabulary + gloss[i];
        size++;
      }
    }
    Arrays.sort(keys);
    return new PairCounts(vocabulary, keys);
  }

  /** The number of different pairs. */
  int size() {
    return rows[rows.length - 1];
  }

  int count(int first, int second) {
    int place = Arrays.binarySearch(columns, rows[first], rows[first + 1], second);
    return place < 0 ? 0 : counts[place];
  }

  void forEach(Visitor visitor) {
    for (int row = 0; row < rows.length - 1; row++) {
      for (int i = rows[row]; i < rows[row + 1]; i++) {
        visitor.pair(row, columns[i], counts[i]);
      }
    }
  }
}

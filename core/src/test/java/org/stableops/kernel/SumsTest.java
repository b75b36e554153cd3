package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.kernel.Pointwise.elements;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("thorough")
class SumsTest {
  private static double[] counting(int count) {
    return IntStream.rangeClosed(1, count).asDoubleStream().toArray();
  }

  @Test
  void sumsOfEveryLengthAreExactWhereTheyCanBe() {
    for (int count = 0; count <= 70; count++) {
      // Behind the terms is what must not be added.
      double[] x = Arrays.copyOf(counting(count), count + 3);
      Arrays.fill(x, count, count + 3, 1e9);
      assertEquals(count * (count + 1) / 2.0, Sums.pairwise(x, count, new double[count / 2]));
    }
  }

  /** Folded: (0 + 2) + (1 + 3) for four, and the middle of an odd number stays. */
  @Test
  void theOrderIsThatOfFoldedHalves() {
    double[] large = {1e100, 1, -1e100, 1};
    assertEquals(2, Sums.pairwise(large, 4, new double[2]));
    double[] odd = {1e100, 1, 1, -1e100};
    assertEquals(0, Sums.pairwise(odd.clone(), 4, new double[2]));
    double[] ten = {1e100, 1, 2, 3, 4, -1e100, 5, 6, 7, 8};
    assertEquals(36, Sums.pairwise(ten, 10, new double[5]));
  }

  @Test
  void sumsAreExactToTheLogarithmOfTheLength() {
    double[] tenths = new double[4096];
    Arrays.fill(tenths, 0.1);
    assertEquals(0.1 * 4096, Sums.pairwise(tenths, 4096, new double[2048]));
  }

  @Test
  void rowsAreSummedIntoTheFirst() {
    for (int rows = 1; rows < 12; rows++) {
      double[] x = new double[2 + 3 * rows + 2];
      Arrays.fill(x, 1e9);
      for (int i = 0; i < 3 * rows; i++) {
        x[2 + i] = i;
      }
      Sums.rows(x, 2, rows, 3, new double[3 * ((rows + 1) / 2)]);
      double ofRows = 3 * rows * (rows - 1) / 2.0;
      assertArrayEquals(
          new double[] {1e9, 1e9, ofRows, ofRows + rows, ofRows + 2 * rows}, Arrays.copyOf(x, 5));
      assertEquals(1e9, x[2 + 3 * rows]);
    }
  }

  /** Of i = 0, 1, … the sums of each column of each group. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "7, 1, 1",
    "5, 3, 1",
    "5, 3, 2",
    "700, 3, 2",
    "2, 32, 64",
    "3, 33, 64",
    "1, 2048, 1",
    "2, 2049, 1",
    "1, 4096, 1",
    "3, 5000, 3",
    "2, 70, 64"
  })
  void groupsAreSummedByColumn(int groups, int length, int columns) {
    double[] sums = new double[groups * columns];
    GroupSums.Terms terms =
        (from, count, scratch) -> {
          for (int i = 0; i < count; i++) {
            scratch.out[i] = from + i;
          }
        };
    new GroupSums(groups * length * columns, length, columns, terms).write(elements(sums));
    for (int g = 0; g < groups; g++) {
      for (int c = 0; c < columns; c++) {
        double first = (double) g * length * columns + c;
        double expected = length * first + columns * (length * (length - 1) / 2.0);
        assertEquals(expected, sums[g * columns + c], "group " + g + ", column " + c);
      }
    }
  }
}

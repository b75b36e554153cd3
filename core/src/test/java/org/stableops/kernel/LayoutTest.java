package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.Pointwise.elements;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Arrays in strides: a few of every kind, from every first element to every last one. */
@Tag("thorough")
class LayoutTest {
  private record Case(String name, int offset, long[] shape, long[] strides) {
    Layout layout(int capacity) {
      return Layout.of(capacity, offset, shape, strides);
    }

    int size() {
      return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** By the definition of strides. */
    int placeOf(int index) {
      int place = offset;
      int rest = index;
      for (int d = shape.length - 1; d >= 0; d--) {
        place += (int) (rest % shape[d] * strides[d]);
        rest /= (int) shape[d];
      }
      return place;
    }

    int capacity() {
      int last = 0;
      for (int i = 0; i < size(); i++) {
        last = Math.max(last, placeOf(i));
      }
      return last + 1;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static long[] of(long... numbers) {
    return numbers;
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("scalar", 3, of(), of()),
        new Case("one element", 3, of(1, 1), of(7, 9)),
        new Case("run", 2, of(30), of(1)),
        new Case("contiguous", 2, of(2, 3, 5), of(15, 5, 1)),
        new Case("ones between", 2, of(1, 4, 1, 5, 1), of(99, 5, 99, 1, 99)),
        new Case("every second", 1, of(30), of(2)),
        new Case("backwards", 29, of(30), of(-1)),
        new Case("repeated", 1, of(30), of(0)),
        new Case("rows with gaps", 1, of(6, 5), of(7, 1)),
        new Case("transposed, few rows", 0, of(3, 20), of(1, 3)),
        new Case("transposed, some rows", 0, of(30, 20), of(1, 30)),
        new Case("transposed, odd columns", 0, of(5, 19), of(1, 5)),
        new Case("transposed, many rows", 0, of(70, 10), of(1, 70)),
        new Case("transposed, exactly 64 rows", 0, of(64, 9), of(1, 64)),
        new Case("transposed backwards", 69, of(70, 10), of(-1, 70)),
        new Case("narrow rows with gaps", 0, of(40, 3), of(4, 1)),
        new Case("as many columns as rows", 0, of(7, 7), of(9, 1)),
        new Case("repeated rows", 1, of(9, 5), of(0, 1)),
        new Case("repeated columns", 1, of(9, 5), of(1, 0)),
        new Case("three dimensions", 1, of(3, 4, 5), of(1, 15, 3)),
        new Case("three, by step two", 0, of(3, 4, 5), of(50, 11, 2)),
        new Case("four dimensions", 0, of(2, 3, 4, 5), of(1, 2, 30, 6)),
        new Case("five, permuted", 0, of(2, 3, 2, 3, 2), of(1, 24, 2, 4, 12)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyElementHasItsPlace(Case c) {
    Layout layout = c.layout(c.capacity());
    assertEquals(c.size(), layout.size());
    assertEquals(c.offset, layout.offset());
    for (int i = 0; i < c.size(); i++) {
      assertEquals(c.placeOf(i), layout.placeOf(i));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyPartIsMovedToItsPlaceAndNothingBeside(Case c) {
    FloatBuffer floats = FloatBuffer.allocate(c.capacity());
    DoubleBuffer doubles = DoubleBuffer.allocate(c.capacity());
    for (int place = 0; place < c.capacity(); place++) {
      floats.put(place, place);
      doubles.put(place, place);
    }
    Elements ofFloats = Elements.of(floats, c.offset, c.shape, c.strides);
    Elements ofDoubles = Elements.of(doubles, c.offset, c.shape, c.strides);
    for (int from = 0; from < c.size(); from += 1 + c.size() / 7) {
      for (int to = from; to <= c.size(); to += 1 + c.size() / 9) {
        assertLoads(c, ofFloats, from, to - from);
        assertLoads(c, ofDoubles, from, to - from);
      }
    }
    assertEquals(c.size(), ofFloats.size());
    assertEquals(c.size(), ofDoubles.size());
    assertEquals(c.placeOf(c.size() - 1), ofFloats.get(c.size() - 1));
    assertEquals(c.placeOf(c.size() - 1), ofDoubles.get(c.size() - 1));
  }

  private static void assertLoads(Case c, Elements elements, int from, int count) {
    double[] tile = new double[Tiles.SIZE];
    Arrays.fill(tile, -1);
    float[] narrow = new float[Tiles.SIZE];
    Arrays.fill(narrow, -1);
    try (Scratch scratch = Scratch.borrow()) {
      Arrays.fill(scratch.floatB, -1);
      elements.load(from, count, tile, scratch);
    }
    if (elements.areFloats()) {
      elements.load(from, count, narrow);
    }
    for (int i = 0; i < count; i++) {
      assertEquals(c.placeOf(from + i), tile[i]);
      assertEquals(elements.areFloats() ? tile[i] : -1, narrow[i]);
    }
    assertEquals(-1, tile[count]);
    assertEquals(-1, narrow[count]);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyPartIsWrittenToItsPlaceAndNothingBeside(Case c) {
    if (c.name.startsWith("repeated")) {
      return;
    }
    for (int from = 0; from < c.size(); from += 1 + c.size() / 7) {
      for (int to = from; to <= c.size(); to += 1 + c.size() / 9) {
        double[] tile = new double[Tiles.SIZE];
        Arrays.setAll(tile, i -> 1 + i);
        double[] expected = new double[c.capacity()];
        for (int i = from; i < to; i++) {
          expected[c.placeOf(i)] = 1 + i - from;
        }
        double[] doubles = new double[c.capacity()];
        float[] floats = new float[c.capacity()];
        store(
            Elements.of(DoubleBuffer.wrap(doubles), c.offset, c.shape, c.strides), tile, from, to);
        store(Elements.of(FloatBuffer.wrap(floats), c.offset, c.shape, c.strides), tile, from, to);
        assertArrayEquals(expected, doubles);
        assertArrayEquals(Pointwise.floats(expected), floats);
      }
    }
  }

  private static void store(Elements elements, double[] tile, int from, int to) {
    try (Scratch scratch = Scratch.borrow()) {
      elements.store(tile, from, to - from, scratch);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aRunIsNoLongerStrided(Case c) {
    boolean isRun =
        Stream.of("scalar", "one element", "run", "contiguous", "ones between")
            .anyMatch(c.name::equals);
    assertEquals(isRun, c.layout(c.capacity()).isContiguous());
    assertEquals(
        isRun,
        Elements.of(FloatBuffer.allocate(c.capacity()), c.offset, c.shape, c.strides)
            .isContiguous());
    assertEquals(
        isRun,
        Elements.of(DoubleBuffer.allocate(c.capacity()), c.offset, c.shape, c.strides)
            .isContiguous());
  }

  /** The number of moves, and the longest, that a table of rows and columns takes. */
  @ParameterizedTest
  @CsvSource({
    // By row.
    "9, 9, 10, 1, 9, 9",
    "7, 7, 9, 1, 7, 7",
    "20, 8, 9, 1, 20, 8",
    "9, 9, 3, 3, 9, 9",
    "30, 9, 0, 1, 30, 9",
    // By column, for there are few.
    "20, 7, 9, 1, 7, 20",
    // By column, for memory runs down them.
    "3, 20, 1, 3, 20, 3",
    "64, 9, 1, 64, 9, 64",
    "64, 9, -1, 64, 9, 64",
    "70, 10, 1, 70, 10, 70",
    // By eight columns, for a cache holds no more.
    "4, 20, 1, 4, 12, 8",
    "63, 9, 1, 63, 126, 8",
    "30, 16, 1, 30, 60, 8"
  })
  void tablesAreMovedAlongMemory(
      int rows, int columns, int rowStride, int stride, int moves, int longest) {
    Layout layout =
        Layout.of(10_000, rowStride < 0 ? 100 : 0, of(rows, columns), of(rowStride, stride));
    int[] counts = new int[2];
    layout.move(
        0,
        rows * columns,
        counts,
        (tile, at, step, offset, memoryStride, count) -> {
          tile[0]++;
          tile[1] = Math.max(tile[1], count);
        });
    assertArrayEquals(new int[] {moves, longest}, counts);
  }

  @Test
  void onlyFloatsHaveTilesOfFloats() {
    assertTrue(elements(1f).areFloats());
    assertFalse(elements(1.0).areFloats());
  }

  @Test
  void theWholeBufferAndNoMoreMayBeUsed() {
    assertEquals(6, Layout.of(6, 0, of(2, 3), of(3, 1)).size());
    assertRefused(5, 0, of(2, 3), of(3, 1), "[2, 3] with strides [3, 1] from 0");
    assertRefused(6, 1, of(2, 3), of(3, 1), "[2, 3] with strides [3, 1] from 1");
    assertEquals(3, Layout.of(3, 2, of(3), of(-1)).size());
    assertRefused(3, 1, of(3), of(-1), "[3] with strides [-1] from 1");
    assertRefused(3, 3, of(), of(), "[] with strides [] from 3");
    assertEquals(0, Layout.of(0, 9, of(0, 2), of(1, 1)).size());
  }

  private static void assertRefused(
      int capacity, long offset, long[] shape, long[] strides, String what) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> Layout.of(capacity, offset, shape, strides));
    assertEquals(
        "elements must lie within a buffer of " + capacity + ", got shape " + what,
        refused.getMessage());
  }

  @Test
  void indicesAreInts() {
    long most = Integer.MAX_VALUE;
    assertEquals(Integer.MAX_VALUE, Layout.of(1, 0, of(most), of(0)).size());
    for (long[] shape : new long[][] {{most + 1}, {1 << 20, 1 << 20}, {-3}}) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class, () -> Layout.of(1, 0, shape, new long[shape.length]));
      assertEquals(
          "shape must have no more than 2^31 - 1 elements, got " + Arrays.toString(shape),
          refused.getMessage());
    }
  }

  @Test
  void noElementsAreNowhere() {
    Layout layout = Layout.of(4, 3, of(3, 0), of(1, 1));
    assertEquals(0, layout.size());
    assertEquals(0, layout.offset());
    assertEquals(0, Elements.of(FloatBuffer.allocate(4), 3, of(0), of(1)).size());
    assertEquals(0, Elements.of(DoubleBuffer.allocate(4), 3, of(0), of(1)).size());
  }

  /** Longer than a tile, in which the whole is copied piece by piece. */
  @Test
  void wholeArraysAreCopiedAndSet() {
    double[] numbers = new double[2 * Tiles.SIZE + 5];
    Arrays.setAll(numbers, i -> i);
    double[] doubles = new double[numbers.length];
    elements(doubles).setAll(numbers);
    assertArrayEquals(numbers, doubles);
    assertArrayEquals(numbers, elements(doubles).toDoubles());
    float[] floats = new float[numbers.length];
    elements(floats).setAll(numbers);
    assertArrayEquals(numbers, elements(floats).toDoubles());
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> elements(1.0, 2).setAll(new double[3]));
    assertEquals("doubles must have 2 elements, got 3", refused.getMessage());
  }

  @Test
  void doublesHaveNoTilesOfFloats() {
    Elements doubles = elements(1.0);
    float[] tile = new float[Tiles.SIZE];
    assertThrows(UnsupportedOperationException.class, () -> doubles.load(0, 1, tile));
    assertThrows(UnsupportedOperationException.class, () -> doubles.store(tile, 0, 1));
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;

/** Arrays in strides, element by element against the definition of strides. */
@Tag("thorough")
class ElementsTest {
  private static final int TIMES = 300;

  /** An array whose elements are their own places, in a buffer no longer than it takes. */
  private record Strided(int offset, long[] shape, long[] strides) {
    int size() {
      return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    int capacity() {
      int end = offset + 1;
      for (int d = 0; d < shape.length; d++) {
        end += (int) Math.max(0, (shape[d] - 1) * strides[d]);
      }
      return end;
    }

    /** The places of the elements, the last index running fastest. */
    int[] places() {
      int[] places = new int[size()];
      long[] index = new long[shape.length];
      for (int i = 0; i < places.length; i++) {
        places[i] = offset;
        for (int d = 0; d < shape.length; d++) {
          places[i] += (int) (index[d] * strides[d]);
        }
        for (int d = shape.length - 1; d >= 0 && ++index[d] == shape[d]; d--) {
          index[d] = 0;
        }
      }
      return places;
    }

    Elements floats(FloatBuffer buffer) {
      return Elements.of(buffer, offset, shape, strides);
    }

    Elements doubles(DoubleBuffer buffer) {
      return Elements.of(buffer, offset, shape, strides);
    }

    @Override
    public String toString() {
      return "%s strides %s from %d"
          .formatted(Arrays.toString(shape), Arrays.toString(strides), offset);
    }
  }

  /**
   * Permuted, with gaps, an offset, dimensions that run backwards and, if allowed, broadcast ones.
   */
  private static Strided draw(Random random, boolean mayRepeat) {
    int rank = random.nextInt(9);
    int largest = rank < 3 ? 4000 / (1 + rank * rank * 15) : rank < 5 ? 9 : 4;
    long[] shape = random.longs(rank, 1, largest + 1).toArray();
    List<Integer> order = new ArrayList<>();
    for (int d = 0; d < rank; d++) {
      order.add(d);
    }
    if (random.nextBoolean()) {
      Collections.shuffle(order, random);
    }
    long[] strides = new long[rank];
    long stride = random.nextInt(3) == 0 ? 2 : 1;
    int offset = random.nextInt(5);
    for (int i = rank - 1; i >= 0; i--) {
      int d = order.get(i);
      strides[d] = stride;
      stride = stride * shape[d] + (random.nextInt(3) == 0 ? random.nextInt(4) : 0);
      if (mayRepeat && random.nextInt(6) == 0) {
        strides[d] = 0;
      } else if (random.nextInt(6) == 0) {
        offset += (int) ((shape[d] - 1) * strides[d]);
        strides[d] = -strides[d];
      }
    }
    return new Strided(offset, shape, strides);
  }

  /** Some on the heap and some direct. */
  private static FloatBuffer floats(int capacity) {
    return capacity % 2 == 0
        ? FloatBuffer.allocate(capacity)
        : bytes(capacity * Float.BYTES).asFloatBuffer();
  }

  private static DoubleBuffer doubles(int capacity) {
    return capacity % 2 == 0
        ? DoubleBuffer.allocate(capacity)
        : bytes(capacity * Double.BYTES).asDoubleBuffer();
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }

  @Test
  @Tag("sweep")
  void readsAnyPartOfAnyLayout() {
    Random random = new Random(1);
    for (int i = 0; i < TIMES; i++) {
      Strided strided = draw(random, true);
      FloatBuffer floats = floats(strided.capacity());
      DoubleBuffer doubles = doubles(strided.capacity());
      for (int place = 0; place < strided.capacity(); place++) {
        floats.put(place, place);
        doubles.put(place, place);
      }
      double[] expected = Arrays.stream(strided.places()).asDoubleStream().toArray();
      for (Elements elements : List.of(strided.floats(floats), strided.doubles(doubles))) {
        assertEquals(expected.length, elements.size(), strided::toString);
        assertArrayEquals(expected, elements.toDoubles(), strided::toString);
        int from = random.nextInt(expected.length);
        assertEquals(expected[from], elements.get(from), strided::toString);
        int count = random.nextInt(Math.min(Tiles.SIZE, expected.length - from) + 1);
        double[] tile = new double[Tiles.SIZE];
        elements.load(from, count, tile, Scratch.borrow());
        assertArrayEquals(
            Arrays.copyOfRange(expected, from, from + count),
            Arrays.copyOf(tile, count),
            strided::toString);
        assertEquals(0, tile[Tiles.SIZE - 1] * (count < Tiles.SIZE ? 1 : 0), "no more than that");
      }
    }
  }

  @Test
  @Tag("sweep")
  void writesAnyPartOfAnyLayoutAndNothingBeside() {
    Random random = new Random(2);
    for (int i = 0; i < TIMES; i++) {
      Strided strided = draw(random, false);
      int[] places = strided.places();
      int from = random.nextInt(places.length);
      int count = random.nextInt(Math.min(Tiles.SIZE, places.length - from) + 1);
      double[] tile = random.doubles(Tiles.SIZE, 1, 2).map(v -> (float) v).toArray();
      double[] expected = new double[strided.capacity()];
      for (int k = 0; k < count; k++) {
        expected[places[from + k]] = tile[k];
      }
      FloatBuffer floats = floats(strided.capacity());
      strided.floats(floats).store(tile.clone(), from, count, Scratch.borrow());
      DoubleBuffer doubles = doubles(strided.capacity());
      strided.doubles(doubles).store(tile.clone(), from, count, Scratch.borrow());
      for (int place = 0; place < expected.length; place++) {
        assertEquals(expected[place], floats.get(place), strided::toString);
        assertEquals(expected[place], doubles.get(place), strided::toString);
      }
    }
  }

  @Test
  @Tag("sweep")
  void setsAllElements() {
    Random random = new Random(3);
    for (int i = 0; i < TIMES; i++) {
      Strided strided = draw(random, false);
      double[] numbers = random.doubles(strided.size()).toArray();
      Elements elements = strided.doubles(doubles(strided.capacity()));
      elements.setAll(numbers);
      assertArrayEquals(numbers, elements.toDoubles());
    }
    Elements two = Elements.of(FloatBuffer.allocate(2));
    assertThrows(IllegalArgumentException.class, () -> two.setAll(new double[3]));
  }

  /** Longer than a tile in every direction, and large enough for more than one thread. */
  @Test
  @Tag("sweep")
  void kernelsMayReadAndWriteOtherLayouts() {
    long[] shape = {5, 61, 127};
    Strided plain = new Strided(0, shape, new long[] {61 * 127, 127, 1});
    Strided x = new Strided(3, shape, new long[] {1, 6, 6 * 61});
    Strided out = new Strided(1, shape, new long[] {127, 127 * 5, 1});
    FloatBuffer contiguous = floats(plain.capacity());
    FloatBuffer strided = floats(x.capacity());
    Random random = new Random(4);
    int[] places = x.places();
    for (int i = 0; i < plain.size(); i++) {
      float element = 20 * random.nextFloat() - 10;
      contiguous.put(i, element);
      strided.put(places[i], element);
    }
    Elements expected = plain.floats(floats(plain.capacity()));
    Elements actual = out.floats(floats(out.capacity()));
    SquareplusKernel.of(3).value(plain.floats(contiguous), expected);
    SquareplusKernel.of(3).value(x.floats(strided), actual);
    assertArrayEquals(expected.toDoubles(), actual.toDoubles());

    long[] labels = random.longs(5 * 61, 0, 127).toArray();
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    CrossEntropyKernel.sparse(plain.floats(contiguous), 127, labels, null, options, expected);
    CrossEntropyKernel.sparse(x.floats(strided), 127, labels, null, options, actual);
    assertArrayEquals(expected.toDoubles(), actual.toDoubles());
  }

  @Test
  void emptyArraysHaveNoElements() {
    Elements none = Elements.of(FloatBuffer.allocate(0), 7, new long[] {3, 0, 2}, new long[3]);
    assertEquals(0, none.size());
    assertArrayEquals(new double[0], none.toDoubles());
  }

  @Test
  void elementsOutsideOfTheBufferAreRefused() {
    for (Strided strided :
        List.of(
            new Strided(6, new long[] {5, 2}, new long[] {2, 1}),
            new Strided(3, new long[] {5}, new long[] {-1}),
            new Strided(-1, new long[0], new long[0]),
            new Strided(0, new long[] {1 << 20, 1 << 20}, new long[2]))) {
      assertThrows(IllegalArgumentException.class, () -> strided.floats(FloatBuffer.allocate(15)));
      assertThrows(
          IllegalArgumentException.class, () -> strided.doubles(DoubleBuffer.allocate(15)));
    }
  }

  @Test
  @Tag("sweep")
  void aTileAllocatesNothing() {
    Strided strided = new Strided(0, new long[] {30, 40, 50}, new long[] {1, 1600, 30});
    Elements x = strided.floats(floats(strided.capacity()));
    float[] tile = new float[Tiles.SIZE];
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 5; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        x.load(17 * i, Tiles.SIZE, tile);
        x.store(tile, 17 * i, Tiles.SIZE);
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, least / 1000);
  }
}

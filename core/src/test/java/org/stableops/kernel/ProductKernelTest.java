package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class ProductKernelTest {
  /** More than a tile, and no multiple of one. */
  private static final int SIZE = 2 * Tiles.SIZE + 3;

  private final SplittableRandom random = new SplittableRandom(5);

  @Test
  void floatsAreRoundedOnce() {
    float[] a = floats();
    float[] b = floats();
    float[] expected = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      expected[i] = a[i] * b[i];
    }
    ProductKernel.multiply(Elements.of(FloatBuffer.wrap(a)), Elements.of(FloatBuffer.wrap(b)));
    assertArrayEquals(expected, a);
  }

  @Test
  void doublesAreRoundedOnce() {
    double[] a = doubles();
    double[] b = doubles();
    double[] expected = new double[SIZE];
    for (int i = 0; i < SIZE; i++) {
      expected[i] = a[i] * b[i];
    }
    ProductKernel.multiply(Elements.of(DoubleBuffer.wrap(a)), Elements.of(DoubleBuffer.wrap(b)));
    assertArrayEquals(expected, a);
  }

  /** The product of a float and a double has up to 77 bits, of which a float keeps 24. */
  @Test
  void floatsTimesDoublesAreMultipliedInDouble() {
    float[] a = floats();
    double[] b = doubles();
    float[] expected = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      expected[i] = (float) (a[i] * b[i]);
    }
    ProductKernel.multiply(Elements.of(FloatBuffer.wrap(a)), Elements.of(DoubleBuffer.wrap(b)));
    assertArrayEquals(expected, a);
  }

  @Test
  void oneNumberIsRepeatedByStridesOfZero() {
    float[] a = {1, -2, Float.POSITIVE_INFINITY, 0, Float.NaN, 3};
    long[] shape = {2, 3};
    ProductKernel.multiply(
        Elements.of(FloatBuffer.wrap(a), 0, shape, new long[] {3, 1}),
        Elements.of(FloatBuffer.wrap(new float[] {-2}), 0, shape, new long[2]));
    assertArrayEquals(new float[] {-2, 4, Float.NEGATIVE_INFINITY, -0f, Float.NaN, -6}, a);
  }

  @Test
  void aFactorOfAnotherLengthIsRefused() {
    Elements three = Elements.of(FloatBuffer.allocate(3));
    Elements two = Elements.of(FloatBuffer.allocate(2));
    assertEquals(
        "factor must have 3 elements, got 2",
        assertThrows(IllegalArgumentException.class, () -> ProductKernel.multiply(three, two))
            .getMessage());
  }

  private float[] floats() {
    float[] floats = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      floats[i] = (float) random.nextDouble(-3, 3);
    }
    return floats;
  }

  private double[] doubles() {
    return random.doubles(SIZE, -3, 3).toArray();
  }
}

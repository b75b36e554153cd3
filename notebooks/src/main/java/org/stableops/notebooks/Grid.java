package org.stableops.notebooks;

import java.util.stream.IntStream;

/** Evenly spaced arguments, and arrays between float and double. */
public final class Grid {
  private Grid() {}

  /**
   * Returns numbers at equal distances.
   *
   * @param from the first
   * @param to the last
   * @param count how many
   * @return from, …, to
   */
  public static double[] linear(double from, double to, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> from + (to - from) * i / (count - 1.0))
        .toArray();
  }

  /**
   * Returns numbers in equal ratios.
   *
   * @param from the first, positive
   * @param to the last, positive
   * @param count how many
   * @return from, …, to
   */
  public static double[] logarithmic(double from, double to, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> from * Math.pow(to / from, i / (count - 1.0)))
        .toArray();
  }

  /**
   * Narrows an array.
   *
   * @param x doubles
   * @return the nearest floats
   */
  public static float[] floats(double... x) {
    float[] narrow = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      narrow[i] = (float) x[i];
    }
    return narrow;
  }

  /**
   * Widens an array.
   *
   * @param x floats
   * @return the same numbers
   */
  public static double[] doubles(float... x) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
  }
}

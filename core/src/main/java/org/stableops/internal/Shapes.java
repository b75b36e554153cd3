package org.stableops.internal;

import java.util.Arrays;

/** Shapes as messages show them, and how many elements they have. */
public final class Shapes {
  private Shapes() {}

  /** (2, 3). */
  public static String text(long[] shape) {
    return Arrays.toString(shape).replace('[', '(').replace(']', ')');
  }

  /** The number of elements. */
  public static long size(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}

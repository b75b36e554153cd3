package org.stableops.internal;

import java.util.Arrays;

/** Shapes as messages show them. */
public final class Shapes {
  private Shapes() {}

  /** (2, 3). */
  public static String text(long[] shape) {
    return Arrays.toString(shape).replace('[', '(').replace(']', ')');
  }
}

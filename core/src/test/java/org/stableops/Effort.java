package org.stableops;

/**
 * How much the tests do: by default what a person waits for, and under {@code
 * -Dstableops.thorough=true}, as in the profile reliability, what they do for CI.
 */
public final class Effort {
  private static final boolean IS_THOROUGH = Boolean.getBoolean("stableops.thorough");

  private Effort() {}

  /** The number of points, cases or steps. */
  public static int of(int byDefault, int thorough) {
    return IS_THOROUGH ? thorough : byDefault;
  }
}

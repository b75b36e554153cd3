package org.stableops.integration;

/**
 * How much the tests do: by default what a person waits for, and under {@code
 * -Dstableops.thorough=true}, as in the profile reliability, what they do for CI.
 */
public final class Effort {
  private static final boolean IS_THOROUGH = Boolean.getBoolean("stableops.thorough");

  private Effort() {}

  /** Whether it is what they do for CI. */
  public static boolean isThorough() {
    return IS_THOROUGH;
  }

  /** The number of points, cases or steps. */
  public static int of(int byDefault, int thorough) {
    return IS_THOROUGH ? thorough : byDefault;
  }
}

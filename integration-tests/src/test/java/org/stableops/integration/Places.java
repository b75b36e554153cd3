package org.stableops.integration;

/** At which allocations of a call a test lets it fail. */
public final class Places {
  /** All of them; by default all of the first and fewer and fewer of the others. */
  private static final boolean ALL = "all".equals(System.getProperty("stableops.failures"));

  private Places() {}

  /** The place after this one. */
  public static int next(int place) {
    return ALL ? place + 1 : place + 1 + place / 2;
  }
}

package org.stableops.benchmarks;

/**
 * What can be measured: a contestant in a size.
 *
 * @param contestant its id
 * @param size of the inputs
 */
record Task(String contestant, Size size) {
  /** What toString gives. */
  static Task parse(String text) {
    int slash = text.lastIndexOf('/');
    return new Task(text.substring(0, slash), Size.parse(text.substring(slash + 1)));
  }

  /** Whether somebody has registered. */
  boolean isKnown() {
    return Contestants.ALL.stream().anyMatch(entry -> entry.id().equals(contestant));
  }

  Entry<?> entry() {
    return Contestants.of(contestant);
  }

  @Override
  public String toString() {
    return contestant + "/" + size;
  }
}

package org.stableops.notebooks;

import java.util.Arrays;

/** Times of whole calls. For more than a notebook's first look there are the JMH benchmarks. */
public final class Stopwatch {
  private static final long WARM_UP = 600_000_000L;
  private static final long MEASURED = 700_000_000L;
  private static final int FEWEST = 15;
  private static final double MILLISECOND = 1e6;

  private Stopwatch() {}

  /**
   * Calls something for half a second to warm up, and for a little longer to measure it.
   *
   * @param call what to do
   * @return the median time of a call in milliseconds
   */
  public static double milliseconds(Runnable call) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < WARM_UP) {
      call.run();
    }
    long[] times = new long[FEWEST];
    int count = 0;
    start = System.nanoTime();
    while (count < FEWEST || System.nanoTime() - start < MEASURED) {
      if (count == times.length) {
        times = Arrays.copyOf(times, 2 * count);
      }
      long before = System.nanoTime();
      call.run();
      times[count] = System.nanoTime() - before;
      count++;
    }
    Arrays.sort(times, 0, count);
    return times[count / 2] / MILLISECOND;
  }
}

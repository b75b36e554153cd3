package org.stableops.benchmarks;

import java.util.Locale;
import java.util.Scanner;

/**
 * What a call costs; NaN where that was not measured.
 *
 * @param nanoseconds the median of the calls, which other users of the machine disturb less than
 *     the mean
 * @param error half the width of the middle half of the calls, in nanoseconds
 * @param heapBytes allocated in Java's heap
 * @param nativePeak what the process takes more at the height of the call, in arrays of the logits
 */
record Cost(double nanoseconds, double error, double heapBytes, double nativePeak) {
  /** A cost in memory alone. */
  static Cost ofMemory(double nativePeak) {
    return new Cost(Double.NaN, Double.NaN, Double.NaN, nativePeak);
  }

  /** What toString gives. */
  static Cost parse(String text) {
    try (Scanner numbers = new Scanner(text).useLocale(Locale.ROOT)) {
      return new Cost(
          Double.parseDouble(numbers.next()),
          Double.parseDouble(numbers.next()),
          Double.parseDouble(numbers.next()),
          Double.parseDouble(numbers.next()));
    }
  }

  @Override
  public String toString() {
    return nanoseconds + " " + error + " " + heapBytes + " " + nativePeak;
  }
}

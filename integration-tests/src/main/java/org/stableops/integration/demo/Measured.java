package org.stableops.integration.demo;

import java.util.Locale;

/**
 * The largest error of some results.
 *
 * @param error in units; infinite for a NaN or a wrong infinity
 * @param unit "ulp", of the exact result; or "ε", of the dtype, times the size of what is summed
 * @param bar what this project promises
 */
record Measured(double error, String unit, double bar) {
  boolean isMissed() {
    return !(error <= bar);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%.2f %s %s %.0f", error, unit, isMissed() ? "ABOVE" : "of", bar);
  }
}

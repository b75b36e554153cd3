package org.stableops.benchmarks;

/**
 * Under which something is measured.
 *
 * @param mode of the JVM
 * @param threads that each contestant may use, ours and the hosts' alike
 */
record Conditions(JvmMode mode, int threads) {
  @Override
  public String toString() {
    return "%s JVM, %d thread%s".formatted(mode, threads, threads == 1 ? "" : "s");
  }
}

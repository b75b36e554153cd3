package org.stableops.benchmarks;

/**
 * How long is measured.
 *
 * @param forks JVMs a measurement; 0 to share that of the session
 * @param warmups iterations that do not count
 * @param warmupMilliseconds of each
 * @param iterations whose calls count
 * @param milliseconds of each
 */
record Timing(int forks, int warmups, int warmupMilliseconds, int iterations, int milliseconds) {
  /** For a table in minutes. */
  static final Timing SHORT = new Timing(0, 2, 250, 5, 160);

  /** For everything in little more than an hour. */
  static final Timing LONG = new Timing(0, 3, 250, 5, 160);

  Timing withForks(int number) {
    return new Timing(number, warmups, warmupMilliseconds, iterations, milliseconds);
  }
}

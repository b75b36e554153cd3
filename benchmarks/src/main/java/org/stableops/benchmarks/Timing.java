package org.stableops.benchmarks;

/**
 * How long is measured.
 *
 * @param forks JVMs a measurement; 0 to share that of the session
 * @param warmups iterations that do not count
 * @param warmupMilliseconds of each
 * @param iterations whose calls count
 * @param milliseconds of each
 * @param races by what the time of races is multiplied
 */
record Timing(
    int forks, int warmups, int warmupMilliseconds, int iterations, int milliseconds, int races) {
  /** For a table in minutes. */
  static final Timing SHORT = new Timing(0, 1, 250, 4, 100, 1);

  /** For everything in little more than an hour. */
  static final Timing LONG = new Timing(0, 3, 250, 5, 160, 3);

  Timing withForks(int number) {
    return new Timing(number, warmups, warmupMilliseconds, iterations, milliseconds, races);
  }
}

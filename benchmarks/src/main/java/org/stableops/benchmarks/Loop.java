package org.stableops.benchmarks;

/** A loop of one of several contestants that take turns. */
interface Loop extends AutoCloseable {
  /** Does one step, between {@link Laps#begin()} and {@link Laps#end()}. */
  void step(Laps laps);

  @Override
  void close();
}

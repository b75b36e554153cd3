package org.stableops.benchmarks;

/** Somebody who does a piece of work, with the inputs that it needs. */
interface Contestant extends AutoCloseable {
  /**
   * One whole call, as a user makes it: the result is allocated and closed.
   *
   * @return something that depends on the result, for the benchmark to consume
   */
  Object run();

  /** The numbers of another such call, for they are checked before any time is taken. */
  float[] numbers();

  @Override
  void close();
}

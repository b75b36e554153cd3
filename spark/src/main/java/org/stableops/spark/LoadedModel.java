package org.stableops.spark;

/** A model in memory, which all threads of a JVM share. */
interface LoadedModel extends AutoCloseable {
  /** For one thread; to be closed before the model is. */
  Scorer newScorer();

  @Override
  void close();
}

package org.stableops.spark;

/** A model's predictions for one thread. */
interface Scorer extends AutoCloseable {
  /**
   * Predicts.
   *
   * @param rows of features
   * @return the model's outputs for each row
   */
  float[][] score(float[][] rows);

  @Override
  void close();
}

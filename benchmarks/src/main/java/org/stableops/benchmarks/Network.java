package org.stableops.benchmarks;

/** A network in training, on one batch. */
interface Network extends Loop {
  /** The mean loss with the parameters as they are now. */
  double loss();
}

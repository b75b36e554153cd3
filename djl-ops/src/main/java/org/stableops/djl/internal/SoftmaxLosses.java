package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;

/** What the rows of logits lose, and more that is known of them. */
interface SoftmaxLosses extends Losses {
  /** One per row. */
  NDArray logSumExps();

  /** Reduced as the losses are. */
  NDArray zLoss();
}

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;

/** What the rows of a call lose, as arrays beside the logits and of their dtype. */
interface Losses {
  /** One per row if the reduction is NONE, else their sum or mean. */
  NDArray reduced();

  /** Writes their sum or mean past the graph of a scalar. */
  void reduceInto(NDArray scalar);

  /** One per row. */
  NDArray losses();

  /** One per row. */
  NDArray logSumExps();

  /** Reduced as the losses are. */
  NDArray zLoss();

  /** Σ a·w_y, which MEAN divides by. */
  double weight();
}

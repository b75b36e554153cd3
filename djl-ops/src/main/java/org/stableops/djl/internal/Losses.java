package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;

/** What a call loses, as arrays beside the logits and of their dtype. */
interface Losses {
  /** One per row, or per element, if the reduction is NONE, else their sum or mean. */
  NDArray reduced();

  /** Writes their sum or mean past the graph of a scalar. */
  void reduceInto(NDArray scalar);

  /** One per row or per element. */
  NDArray losses();

  /** What MEAN divides by. */
  double weight();
}

package org.stableops.djl.internal;

/** One call of a loss with valid arguments. */
public interface WeightedCall {
  /** The value, which needs not be read back for the weight. */
  LossCall.Weighted weighted();
}

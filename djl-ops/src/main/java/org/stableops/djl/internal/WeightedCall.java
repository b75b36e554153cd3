package org.stableops.djl.internal;

/** One call of a loss with valid arguments. */
public interface WeightedCall {
  /** The value, and the weight beside it, so that nothing need be read back. */
  LossCall.Weighted weighted();
}

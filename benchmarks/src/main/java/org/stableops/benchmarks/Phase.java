package org.stableops.benchmarks;

import java.util.Locale;

/** A part of a training step, in the order in which they come. */
enum Phase {
  FORWARD,
  LOSS,
  BACKWARD,
  STEP,
  /** What the batch's arrays cost when they are closed. */
  RELEASE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

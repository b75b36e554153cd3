package org.stableops.benchmarks;

import java.util.Locale;

/** What is done in a call. */
enum Work {
  /** The operator alone. */
  VALUE,
  /** Its gradient, without a value where the contestant can. */
  GRADIENT,
  /** Value and gradient as a training step has them, by the host's own differentiation. */
  STEP;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package org.stableops.op;

import java.util.function.Supplier;

/**
 * What is computed when it is first asked for, and once.
 *
 * @param <T> what it is
 */
final class Once<T> {
  private final Supplier<T> computation;
  private T result;

  Once(Supplier<T> computation) {
    this.computation = computation;
  }

  T get() {
    if (result == null) {
      result = computation.get();
    }
    return result;
  }
}

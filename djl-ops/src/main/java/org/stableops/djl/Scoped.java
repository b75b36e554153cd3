package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.function.Supplier;
import org.stableops.ValueAndGradient;

/** Computes in a scope that closes every array made on the way, on the error path too. */
final class Scoped {
  private Scoped() {}

  /** Returns the supplier's array, which belongs to its own manager and to the outer scope. */
  static NDArray compute(Supplier<NDArray> supplier) {
    NDArray result;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      result = supplier.get();
      NDScope.unregister(result);
    }
    NDScope.register(result);
    return result;
  }

  /** Returns the supplier's two arrays, which belong to their own managers and the outer scope. */
  static ValueAndGradient<NDArray> computeBoth(Supplier<ValueAndGradient<NDArray>> supplier) {
    ValueAndGradient<NDArray> result;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      result = supplier.get();
      NDScope.unregister(result.value(), result.gradient());
    }
    NDScope.register(result.value());
    NDScope.register(result.gradient());
    return result;
  }
}

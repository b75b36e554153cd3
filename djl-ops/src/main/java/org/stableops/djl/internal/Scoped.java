package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.function.Function;
import java.util.function.Supplier;
import org.stableops.ValueAndGradient;

/** Computes in a scope that closes every array made on the way, on the error path too. */
public final class Scoped {
  private Scoped() {}

  /** Returns the supplier's array, which belongs to its own manager and to the outer scope. */
  public static NDArray compute(Supplier<NDArray> supplier) {
    return compute(supplier, array -> new NDArray[] {array});
  }

  /** Lets an array, which may be one of a constant, belong to the manager of another. */
  static NDArray beside(NDArray x, NDArray array) {
    if (array.getManager() != x.getManager()) {
      array.attach(x.getManager());
    }
    return array;
  }

  /** Returns the supplier's two arrays, which belong to their own managers and the outer scope. */
  static ValueAndGradient<NDArray> computeBoth(Supplier<ValueAndGradient<NDArray>> supplier) {
    return compute(supplier, both -> new NDArray[] {both.value(), both.gradient()});
  }

  /** Returns the supplier's result, whose arrays belong to their own managers and outer scope. */
  public static <T> T compute(Supplier<T> supplier, Function<T, NDArray[]> arrays) {
    T result;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      result = supplier.get();
      NDScope.unregister(arrays.apply(result));
    }
    for (NDArray array : arrays.apply(result)) {
      NDScope.register(array);
    }
    return result;
  }
}

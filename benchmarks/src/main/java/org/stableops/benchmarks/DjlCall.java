package org.stableops.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A call on arrays of DJL.
 *
 * @param manager of the inputs
 * @param call gives the result
 */
record DjlCall(NDManager manager, Supplier<NDArray> call) implements Contestant {
  static final String HOST = "DJL";

  /** Allocates inputs in a manager of their own. */
  static Contestant of(Function<NDManager, Supplier<NDArray>> inputs) {
    NDManager manager = NDManager.newBaseManager();
    return new DjlCall(manager, inputs.apply(manager));
  }

  static Contestant ofElements(ElementwiseProblem problem, UnaryOperator<NDArray> function) {
    return of(
        manager -> {
          NDArray x = manager.create(problem.x(), new Shape(problem.size().shape()));
          return () -> function.apply(x);
        });
  }

  /** Computes in a scope that closes everything but the result. */
  static NDArray scoped(Supplier<NDArray> computation) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray result = computation.get();
      NDScope.unregister(result);
      return result;
    }
  }

  /** The gradient of the sum by the engine's own collector, as a stock Trainer has it. */
  static NDArray gradient(NDArray x, UnaryOperator<NDArray> function) {
    return gradient(x, function, Engine.getInstance()::newGradientCollector);
  }

  static NDArray gradient(
      NDArray x, UnaryOperator<NDArray> function, Supplier<GradientCollector> collectors) {
    return scoped(
        () -> {
          // An alias: gradients of former calls would be added up.
          NDArray leaf = x.stopGradient();
          leaf.setRequiresGradient(true);
          try (GradientCollector collector = collectors.get()) {
            collector.backward(function.apply(leaf));
          }
          return leaf.getGradient();
        });
  }

  @Override
  public Object run() {
    try (NDArray result = call.get()) {
      return result;
    }
  }

  @Override
  public float[] numbers() {
    try (NDArray result = call.get()) {
      return result.toFloatArray();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}

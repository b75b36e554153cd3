package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.Supplier;

/** Compares what backward computes with central differences, in float64. */
final class FiniteDifferences {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-8;

  private FiniteDifferences() {}

  /** For a leaf that wants a gradient, and a scalar that depends on its elements. */
  static void assertAgrees(NDArray leaf, Supplier<NDArray> scalar) {
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      collector.backward(scalar.get());
    }
    double[] gradient = Djl.doubles(leaf.getGradient());
    double[] elements = Djl.doubles(leaf);
    for (int i = 0; i < elements.length; i++) {
      double above = at(leaf, elements, i, STEP, scalar);
      double below = at(leaf, elements, i, -STEP, scalar);
      double expected = (above - below) / (2 * STEP);
      assertEquals(expected, gradient[i], TOLERANCE * Math.max(1, Math.abs(expected)));
    }
    set(leaf, elements);
  }

  private static double at(
      NDArray leaf, double[] elements, int i, double step, Supplier<NDArray> scalar) {
    double[] moved = elements.clone();
    moved[i] += step;
    set(leaf, moved);
    return scalar.get().getDouble();
  }

  private static void set(NDArray leaf, double[] elements) {
    Shape shape = leaf.getShape();
    leaf.stopGradient().set(new NDIndex("..."), leaf.getManager().create(elements, shape));
  }
}

package org.stableops.kernel;

import static org.stableops.kernel.Pointwise.elements;

import java.util.List;
import org.stableops.kernel.ElementLossKernel.Batch;
import org.stableops.kernel.ElementLossKernel.Derivative;

/** Kernels of losses at one point. */
final class Losses {
  private Losses() {}

  /** The loss in double. */
  static double value(ElementLossKernel kernel, double x, double companion, double y) {
    double[] out = {Double.NaN};
    kernel.run(batch(x, companion, y), elements(out), null, 1);
    return out[0];
  }

  /** The loss in double of an element without a companion. */
  static double withoutCompanion(ElementLossKernel kernel, double x, double y) {
    spoilFirst();
    return kernel.run(new Batch(elements(x), null, elements(y), null), null, null, 1);
  }

  /** A derivative in double. */
  static double derivative(
      Derivative derivative, ElementLossKernel kernel, double x, double companion, double y) {
    double[] out = {Double.NaN};
    kernel.derivative(derivative, batch(x, companion, y), elements(out), 1);
    return out[0];
  }

  static double gradient(ElementLossKernel kernel, double x, double companion, double y) {
    return derivative(Derivative.GRADIENT, kernel, x, companion, y);
  }

  static double second(ElementLossKernel kernel, double x, double companion, double y) {
    return derivative(Derivative.SECOND, kernel, x, companion, y);
  }

  static double deviance(ElementLossKernel kernel, double x, double companion, double y) {
    return derivative(Derivative.DEVIANCE, kernel, x, companion, y);
  }

  static double byCompanion(ElementLossKernel kernel, double x, double companion, double y) {
    return derivative(Derivative.BY_COMPANION, kernel, x, companion, y);
  }

  static double byCompanionTwice(ElementLossKernel kernel, double x, double companion, double y) {
    return derivative(Derivative.BY_COMPANION_TWICE, kernel, x, companion, y);
  }

  static double mixed(ElementLossKernel kernel, double x, double companion, double y) {
    return derivative(Derivative.MIXED, kernel, x, companion, y);
  }

  private static Batch batch(double x, double companion, double y) {
    spoilFirst();
    return new Batch(elements(x), elements(companion), elements(y), null);
  }

  /** Borrowed tiles may hold anything. */
  private static void spoilFirst() {
    for (Scratch s : Scratch.FREE) {
      for (double[] tile : List.of(s.in, s.out, s.a, s.b, s.c, s.d, s.e, s.companion)) {
        tile[0] = Double.NaN;
      }
    }
  }
}

package org.stableops.integration.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.PoissonLoss;

final class CountsExample {
  private CountsExample() {}

  static void poisson() {
    // README: exposures
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray raw = manager.zeros(new Shape(3), DataType.FLOAT64);
      NDArray hours = manager.create(new double[] {1, 2, 8}); // counted for so long
      NDArray counts = manager.create(new int[] {1, 3, 4});
      try (CountEvaluation<NDArray> fit =
          PoissonLoss.evaluateWithExposure(raw, hours, counts, CountOptions.DEFAULT)) {
        System.out.println(Arrays.toString(fit.deviances().toDoubleArray())); // 0, 0.43..., 2.45...
        System.out.println(fit.meanDeviance()); // 0.9625...
      }
    }
    // end
  }

  static void negativeBinomial() {
    // README: negative binomial
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray raw = manager.create(new double[] {0.5, -1, 2});
      NDArray theta = manager.create(1.5); // one for all, or an array that broadcasts
      NDArray counts = manager.create(new int[] {3, 0, 25});
      CountOptions full = CountOptions.DEFAULT.withFullLikelihood();
      NDArray loss = NegativeBinomialLoss.value(raw, theta, counts, full);
      NDArray byTheta = NegativeBinomialLoss.parameterGradient(raw, theta, counts, full);
      System.out.println(loss.getDouble() + " " + byTheta.getDouble()); // 2.7146... 0.1265...
    }
    // end
  }
}

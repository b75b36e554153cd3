package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.djl.SparseSoftmaxCrossEntropy;

/**
 * What others make of the curvature of a confident row, logits [g, 0, 0], by its first logit: p(1 −
 * p) of libtorch's softmax, and p·(v − Σp·v) for v = (1, 0, 0), by libtorch's autograd of softmax.
 */
class OtherHessiansTest {
  private interface Curvature {
    NDArray along(NDArray z, NDArray v);
  }

  /** p₀(1 − p₀) = 2e^{−g}/(1 + 2e^{−g})². */
  private static double exact(double gap) {
    double others = 2 * Math.exp(-gap);
    return others / (1 + others) / (1 + others);
  }

  private static double relativeError(Curvature curvature, DataType type, double gap) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray z = row(manager, type, gap);
      NDArray found = curvature.along(z, row(manager, type, 1)).toType(DataType.FLOAT64, true);
      return Math.abs(found.getDouble(0, 0) / exact(gap) - 1);
    }
  }

  private static NDArray row(NDManager manager, DataType type, double first) {
    return manager.create(new double[] {first, 0, 0}).reshape(1, 3).toType(type, true);
  }

  private static NDArray textbook(NDArray z, NDArray v) {
    NDArray p = z.softmax(1);
    return p.mul(p.onesLike().sub(p)).mul(v);
  }

  private static NDArray autograd(NDArray z, NDArray v) {
    z.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(z.softmax(1).mul(v).sum());
    }
    return z.getGradient();
  }

  private static NDArray product(NDArray z, NDArray v) {
    return SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels(z), v);
  }

  private static NDArray diagonal(NDArray z, NDArray v) {
    return SparseSoftmaxCrossEntropy.hessianDiagonal(z, labels(z)).mul(v);
  }

  private static NDArray labels(NDArray z) {
    return z.getManager().create(new long[] {0});
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 5, 10, 15, 20, 30, 40, 80})
  void oursHasAllDigits(double gap) {
    for (Curvature ours :
        List.<Curvature>of(OtherHessiansTest::product, OtherHessiansTest::diagonal)) {
      assertEquals(0, relativeError(ours, DataType.FLOAT32, gap), 0x1p-23);
      assertEquals(0, relativeError(ours, DataType.FLOAT64, gap), 0x1p-50);
    }
  }

  /** What remains of a difference from 1. */
  @Test
  void theirsLosesThem() {
    for (Curvature theirs :
        List.<Curvature>of(OtherHessiansTest::textbook, OtherHessiansTest::autograd)) {
      assertEquals(5e-4, relativeError(theirs, DataType.FLOAT32, 10), 1e-4);
      assertEquals(0.17, relativeError(theirs, DataType.FLOAT32, 15), 0.01);
      assertEquals(1, relativeError(theirs, DataType.FLOAT32, 20));
      assertEquals(3.8e-8, relativeError(theirs, DataType.FLOAT64, 20), 1e-9);
      assertEquals(1.0e-3, relativeError(theirs, DataType.FLOAT64, 30), 1e-4);
      assertEquals(1, relativeError(theirs, DataType.FLOAT64, 40));
    }
  }
}

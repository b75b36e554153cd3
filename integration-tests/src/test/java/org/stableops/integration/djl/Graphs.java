package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;

/** Tells whether autograd has recorded how an array was computed. */
final class Graphs {
  private Graphs() {}

  /**
   * Runs something while autograd records. Outside a collector, whether it does depends on what ran
   * in the thread before.
   */
  static void recording(Runnable work) {
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      work.run();
    } finally {
      JniUtils.setGradMode(false);
    }
  }

  /** libtorch refuses to change the flag of what was computed in a graph: see the canaries. */
  static void assertInside(NDArray array) {
    assertThrows(EngineException.class, () -> JniUtils.attachGradient((PtNDArray) array, false));
  }

  static void assertOutside(NDArray array) {
    assertFalse(array.hasGradient());
    assertDoesNotThrow(() -> JniUtils.attachGradient((PtNDArray) array, false));
  }
}

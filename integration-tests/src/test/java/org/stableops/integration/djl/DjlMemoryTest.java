package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.training.loss.Loss;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.nn.PositiveParameter;
import org.stableops.integration.Effort;
import org.stableops.integration.NewJvm;

/** Nothing is freed too early, and nothing stays. */
@Tag("thorough")
class DjlMemoryTest {
  private static final int STEPS = Effort.of(300, 4000);
  private static final int REPEATS = Effort.of(200, 250);

  /**
   * A step: less than the smallest array that may be lost in every second one, 32 kB, and twice
   * what the process grows by at first, 3 MB.
   */
  private static final long KILOBYTES = 24;

  @Test
  void everyGradientOfALongTrainingInASmallHeapIsRight() throws Exception {
    NewJvm.Result result = ForkedJvm.run(GradientMarathon.class, "ours", Integer.toString(STEPS));
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("all " + STEPS + " steps right"), result.output());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theProcessDoesNotGrow() throws IOException, InterruptedException {
    assertFlat(true);
  }

  @Test
  @Tag("endurance")
  @EnabledOnOs(OS.LINUX)
  void theProcessDoesNotGrowByComposites() throws IOException, InterruptedException {
    assertFlat(false);
  }

  private void assertFlat(boolean fused) throws IOException, InterruptedException {
    NewJvm.Result result =
        ForkedJvm.run(MemoryGrowth.class, Boolean.toString(fused), Integer.toString(REPEATS));
    assertEquals(0, result.exitCode(), result.output());
    Matcher growth = Pattern.compile("grown by kB: (-?\\d+)").matcher(result.output());
    assertTrue(growth.find(), result.output());
    System.out.println("fused " + fused + ", " + growth.group());
    assertTrue(Long.parseLong(growth.group(1)) < KILOBYTES * REPEATS, growth.group());
  }

  @Test
  void theResultLivesUntilItsManagerIsClosed() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray result;
      try (NDManager batch = manager.newSubManager()) {
        result = Softplus.value(waves(batch, DataType.FLOAT32, new Shape(3), 1));
        assertEquals(2, batch.getManagedArrays().size());
      }
      assertTrue(((PtNDArray) result).isReleased());
    }
  }

  @Test
  void aScopeOfTheCallerClosesTheResultAndLeavesTheArguments() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
      NDArray result;
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        result = Softplus.value(x);
      }
      assertTrue(((PtNDArray) result).isReleased());
      assertEquals(1, manager.getManagedArrays().size());
      assertEquals(6, Djl.doubles(x).length);
    }
  }

  /** A scope that an error leaves open would close the arrays of whoever comes next. */
  @Test
  void anErrorLeavesNoScopeOpen() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 2), 1);
      NDArray bad = array(manager, DataType.FLOAT32, new Shape(2, 2), 0, 1, 1, -1);
      NDArray later;
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        assertThrows(
            IllegalArgumentException.class,
            () -> SoftmaxCrossEntropy.value(logits, bad, CrossEntropyOptions.DEFAULT));
        later = logits.add(logits);
      }
      assertTrue(((PtNDArray) later).isReleased());
      assertEquals(2, manager.getManagedArrays().size());
    }
  }

  /** Of what is not contiguous the host makes a copy when Java reads it, and leaves it behind. */
  @Test
  void nothingStaysOfReadingArgumentsOfAnyLayout() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Shape shape = new Shape(3, 2);
      NDArray logits = waves(manager, DataType.FLOAT32, new Shape(3, 2, 4), 1);
      NDArray view = manager.ones(new Shape(2, 3)).transpose();
      NDArray labels = manager.zeros(new Shape(2, 3), DataType.INT32).transpose();
      NDArray floating = manager.zeros(new Shape(2, 3)).transpose();
      PositiveParameter parameter = PositiveParameter.builder().optShape(shape).optValue(2).build();
      parameter.initialize(manager, DataType.FLOAT32, shape);
      Loss loss = new FusedSoftmaxCrossEntropyLoss().withSampleWeights();
      int arrays = manager.getManagedArrays().size();
      PositiveTransforms.inverse(view, PositiveTransform.exp()).close();
      assertEquals(arrays, manager.getManagedArrays().size(), "inverse");
      CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
      CrossEntropyKind.SPARSE.value(logits, labels, view, options).close();
      assertEquals(arrays, manager.getManagedArrays().size(), "labels and sample weights");
      loss.evaluate(new NDList(floating, view), new NDList(logits)).close();
      assertEquals(arrays, manager.getManagedArrays().size(), "floating labels of a Loss");
      parameter.set(view);
      assertEquals(arrays, manager.getManagedArrays().size(), "values of a parameter");
    }
  }
}

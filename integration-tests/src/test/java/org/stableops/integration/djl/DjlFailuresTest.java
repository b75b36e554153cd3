package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.Squareplus;
import org.stableops.integration.Call;
import org.stableops.integration.Places;
import org.stableops.integration.oracle.Format;

/** An operator that fails in its middle, wherever that is, leaves everything as it was. */
class DjlFailuresTest extends OnBothPaths {

  /**
   * The first allocation fails, then the second, and so on until there is none left to fail; of
   * many, some.
   */
  @Test
  void anyAllocationMayFail() throws ReflectiveOperationException {
    try (DjlCalls calls = new DjlCalls(Format.FLOAT32, 3, 5)) {
      ScarceMemory scarce = ScarceMemory.in(calls.manager());
      List<Call> all = new ArrayList<>(calls.all());
      all.add(new Call("seeded backward", () -> seeded(calls.manager())));
      int failures = 0;
      for (Call call : all) {
        failures += failEverywhere(call, calls, scarce);
      }
      System.out.println(path + ": " + failures + " failures of " + all.size() + " calls");
      assertTrue(failures > 2 * all.size(), "every call allocates");
    }
  }

  private static int failEverywhere(Call call, DjlCalls calls, ScarceMemory scarce)
      throws ReflectiveOperationException {
    double[] expected = call.numbers().get();
    boolean gradMode = JniUtils.isGradMode();
    int failures = 0;
    int allocation = 0;
    while (!succeeds(call, expected, scarce, allocation)) {
      String what = call + ", allocation " + allocation;
      assertEquals(0, calls.leftBehind(), what);
      assertEquals(0, openScopes(), what);
      assertEquals(gradMode, JniUtils.isGradMode(), what);
      failures++;
      allocation = Places.next(allocation);
    }
    assertArrayEquals(expected, call.numbers().get(), call.name());
    return failures;
  }

  private static boolean succeeds(
      Call call, double[] expected, ScarceMemory scarce, int allocations) {
    scarce.allow(allocations);
    try {
      assertArrayEquals(expected, call.numbers().get(), call.name());
      return true;
    } catch (EngineException e) {
      assertTrue(e.getMessage().startsWith("no memory is left"), e.toString());
      return false;
    } finally {
      scarce.allow(Integer.MAX_VALUE);
    }
  }

  /** Backward through a loss of a collector of ours. */
  private static double[] seeded(NDManager manager) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray logits = Djl.waves(manager, DataType.FLOAT32, new Shape(3, 5), 1);
      logits.setRequiresGradient(true);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, logits.getShape(), -1);
      try (GradientCollector collector = SeededLosses.newGradientCollector()) {
        NDArray loss = CrossEntropyKind.SPARSE.value(logits, labels, CrossEntropyOptions.DEFAULT);
        collector.backward(loss.mul(loss));
      }
      return Djl.doubles(logits.getGradient());
    }
  }

  private static int openScopes() throws ReflectiveOperationException {
    Field stack = NDScope.class.getDeclaredField("SCOPE_STACK");
    stack.setAccessible(true);
    return ((Collection<?>) ((ThreadLocal<?>) stack.get(null)).get()).size();
  }

  /** A view of one element, whose results would not fit into any memory. */
  @Test
  void anAbsurdSizeIsRefusedAndNothingStays() {
    NDArray one = manager.ones(new Shape(1, 1));
    NDArray absurd = one.broadcast(new Shape(1L << 23, 1L << 23));
    int arrays = manager.getManagedArrays().size();
    assertThrows(EngineException.class, () -> Squareplus.value(absurd));
    assertThrows(EngineException.class, () -> Squareplus.gradient(absurd));
    assertThrows(EngineException.class, () -> LogSoftmax.value(absurd, 0));
    assertEquals(arrays, manager.getManagedArrays().size());
    assertEquals(1, one.getFloat());
  }

  @Test
  void aClosedArrayInAnyPlaceIsRefusedAndNothingStays() {
    NDArray x = Djl.waves(manager, DataType.FLOAT32, new Shape(3, 5), 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, x.getShape(), -1);
    NDArray closed = x.duplicate();
    closed.close();
    int arrays = manager.getManagedArrays().size();
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    assertClosed("x", () -> Squareplus.value(closed));
    assertClosed("b", () -> Squareplus.value(x, closed));
    assertClosed("b", () -> Squareplus.parameterGradient(x, closed));
    assertClosed("out", () -> Squareplus.valueInto(x, closed));
    assertClosed("upstream", () -> LogSoftmax.gradient(x, 1, closed));
    assertClosed("labels", () -> CrossEntropyKind.SPARSE.value(x, closed, options));
    assertClosed("labels", () -> CrossEntropyKind.DENSE.both(x, closed, options));
    assertClosed(
        "sampleWeights", () -> CrossEntropyKind.SPARSE.evaluate(x, labels, closed, options));
    assertEquals(arrays, manager.getManagedArrays().size());
  }

  private static void assertClosed(String name, Runnable call) {
    IllegalStateException e = assertThrows(IllegalStateException.class, call::run);
    assertEquals(name + " must be open, but has been closed", e.getMessage());
  }

  /** The host's constructor switches recording on for the thread that it refuses. */
  @Test
  void aSecondCollectorIsRefusedAndItsThreadStaysAsItWas() throws Exception {
    try (GradientCollector first = SeededLosses.newGradientCollector()) {
      first.zeroGradients();
      FutureTask<Void> second =
          new FutureTask<>(
              () -> {
                JniUtils.setGradMode(false);
                assertThrows(IllegalStateException.class, SeededLosses::newGradientCollector);
                assertFalse(JniUtils.isGradMode());
              },
              null);
      new Thread(second).start();
      second.get();
    }
  }
}

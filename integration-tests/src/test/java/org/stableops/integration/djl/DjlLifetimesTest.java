package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.stableops.integration.oracle.Format;

/** Results have memory of their own: they outlive all that they were computed from and in. */
class DjlLifetimesTest extends OnBothPaths {
  private static final int ROWS = 5;
  private static final int CLASSES = 7;

  /** Takes the memory that has just been freed, and fills it. */
  private void churn() {
    for (int i = 0; i < 200; i++) {
      manager.full(new Shape(ROWS, CLASSES), -777f);
    }
    System.gc();
  }

  private static Map<String, double[]> numbers(Map<String, NDArray> results) {
    Map<String, double[]> numbers = new LinkedHashMap<>();
    results.forEach((name, result) -> numbers.put(name, Djl.doubles(result)));
    return numbers;
  }

  private void assertStill(Map<String, double[]> expected, Map<String, NDArray> results) {
    churn();
    results.forEach(
        (name, result) -> assertArrayEquals(expected.get(name), Djl.doubles(result), name));
  }

  @Test
  void aResultOutlivesTheManagerOfItsArgumentsIfItIsAttachedElsewhere() {
    Map<String, NDArray> results = new LinkedHashMap<>();
    Map<String, double[]> expected;
    try (DjlCalls calls = new DjlCalls(Format.FLOAT32, ROWS, CLASSES)) {
      calls.results().forEach((name, call) -> results.put(name, call.get()));
      expected = numbers(results);
      results.values().forEach(result -> result.attach(manager));
      assertEquals(0, calls.leftBehind());
    }
    results.forEach((name, result) -> assertSame(manager, result.getManager(), name));
    assertStill(expected, results);
  }

  @Test
  void aResultOutlivesItsScopeIfItIsUnregistered() {
    try (DjlCalls calls = new DjlCalls(Format.FLOAT64, ROWS, CLASSES)) {
      Map<String, NDArray> results = new LinkedHashMap<>();
      Map<String, double[]> expected;
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        calls.results().forEach((name, call) -> results.put(name, call.get()));
        expected = numbers(results);
        results.values().forEach(NDScope::unregister);
      }
      assertEquals(results.size(), calls.leftBehind());
      assertStill(expected, results);
    }
  }

  /** As of a batch of a Trainer. */
  @Test
  void nothingButTheResultLeavesASubManager() {
    try (NDManager batch = manager.newSubManager();
        DjlCalls calls = new DjlCalls(Format.FLOAT32, ROWS, CLASSES)) {
      int arrays = calls.leftBehind();
      calls
          .results()
          .forEach(
              (name, call) -> {
                NDArray result = call.get();
                result.attach(batch);
                assertEquals(arrays, calls.leftBehind(), name);
                assertEquals(1, batch.getManagedArrays().size(), name);
                result.close();
              });
    }
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.exception.ND4JIllegalStateException;
import org.stableops.integration.Call;
import org.stableops.integration.Places;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/** An operator that fails in its middle, wherever that is, leaves everything as it was. */
class Nd4jFailuresTest {
  /**
   * The first allocation fails, then the second, and so on until there is none left to fail; of
   * many, some.
   */
  @ParameterizedTest
  @EnumSource(Path.class)
  void anyAllocationMayFail(Path path) {
    // A graph allocates for itself, and leaves what it has to the collector.
    List<Call> calls =
        new Nd4jCalls(Format.FLOAT32, 3, 5)
            .all().stream().filter(call -> !call.name().contains("in a graph")).toList();
    int failures = path.run(() -> calls.stream().mapToInt(c -> failEverywhere(path, c)).sum());
    System.out.println(path + ": " + failures + " failures of " + calls.size() + " calls");
    assertTrue(failures >= calls.size(), "every call allocates");
  }

  private static int failEverywhere(Path path, Call call) {
    double[] expected = call.numbers().get();
    int failures = 0;
    int allocation = 0;
    try (Allocations allocations = new Allocations()) {
      while (!succeeds(call, expected, allocations, allocation)) {
        // A primitive that fails leaves what it has made itself to the collector.
        List<String> open = path == Path.FUSED ? allocations.open() : allocations.openFromBefore();
        assertEquals(List.of(), open, call + ", allocation " + allocation);
        failures++;
        allocation = Places.next(allocation);
      }
      assertEquals(List.of(), allocations.open(), call.name());
    }
    assertArrayEquals(expected, call.numbers().get(), call.name());
    return failures;
  }

  /** The host may wrap what is thrown, but does not go on. */
  private static boolean succeeds(
      Call call, double[] expected, Allocations allocations, int buffers) {
    allocations.allow(buffers);
    try {
      assertArrayEquals(expected, call.numbers().get(), call.name());
      assertFalse(allocations.hasFailed(), call.name());
      return true;
    } catch (Allocations.NoMemory | ND4JIllegalStateException e) {
      assertTrue(allocations.hasFailed(), e.toString());
      return false;
    }
  }
}

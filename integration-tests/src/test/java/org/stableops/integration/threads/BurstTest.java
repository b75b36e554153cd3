package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.integration.Call;
import org.stableops.integration.Effort;
import org.stableops.integration.djl.DjlCalls;
import org.stableops.integration.nd4j.Nd4jCalls;
import org.stableops.integration.oracle.Format;

/** As many small calls as threads can make: of both hosts, every result is looked at. */
@Tag("thorough")
class BurstTest {
  private static final int THREADS = 8;
  private static final int CALLS = Effort.of(12_000, 100_000);

  @Test
  void manySmallCallsFromEightThreads() throws Exception {
    try (DjlCalls djl = new DjlCalls(Format.FLOAT32, 3, 5)) {
      List<Call> calls = new ArrayList<>(djl.all());
      calls.addAll(new Nd4jCalls(Format.FLOAT32, 3, 5).all());
      // The small calls; others take ten to a hundred times as long, most of it in the host.
      calls.removeIf(call -> !call.name().matches(".* (value|gradient)( along 1)?"));
      Bits bits = Bits.alone(calls);
      Together.run(
          THREADS,
          thread -> {
            for (int i = 0; i < CALLS / THREADS; i++) {
              bits.check((7 * i + thread) % calls.size());
            }
          });
      assertEquals(0, djl.leftBehind());
    }
  }
}

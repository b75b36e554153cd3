package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import org.stableops.integration.Call;

/** Calls and the bits that each of them returns when nobody else computes. */
record Bits(List<Call> calls, List<double[]> expected) {
  /** Computes them in a new thread, as all others will be. */
  static Bits alone(List<Call> calls) throws Exception {
    List<double[]> expected = new ArrayList<>();
    Together.run(1, thread -> calls.forEach(call -> expected.add(call.numbers().get())));
    return new Bits(calls, expected);
  }

  /** Makes every call, beginning with another one in each thread. */
  void check(int thread, int threads) {
    int size = calls.size();
    for (int i = 0; i < size; i++) {
      check((i + thread * size / threads) % size);
    }
  }

  /** Makes one call. */
  void check(int index) {
    Call call = calls.get(index);
    // All NaNs are one, and −0 is not 0.
    assertArrayEquals(expected.get(index), call.numbers().get(), call.name());
  }
}

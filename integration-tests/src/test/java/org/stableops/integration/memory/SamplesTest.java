package org.stableops.integration.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The criterion sees a small leak in much noise, and nothing where there is none. */
class SamplesTest {
  private static final int COUNT = 100;
  private static final int CALLS = 1000;
  private static final double MEGABYTE = 1 << 20;

  private static double growth(IntToDoubleFunction bytes) {
    double[] done = new double[COUNT];
    double[] samples = new double[COUNT];
    Arrays.setAll(done, i -> (i + 1) * CALLS);
    Arrays.setAll(samples, bytes);
    return Samples.growth(done, samples);
  }

  private static IntToDoubleFunction noise(double bytes) {
    Random random = new Random(1);
    return i -> 300 * MEGABYTE + bytes * random.nextGaussian();
  }

  @Test
  void aConstantDoesNotGrow() {
    assertEquals(0, growth(i -> 7 * MEGABYTE));
  }

  @Test
  void aLeakIsMeasured() {
    assertEquals(100, growth(i -> 100.0 * CALLS * i), 1e-9);
  }

  @Test
  void aLeakOfAHundredBytesIsSeenInNoiseOfAMegabyte() {
    IntToDoubleFunction noise = noise(MEGABYTE);
    double growth = growth(i -> noise.applyAsDouble(i) + 100.0 * CALLS * i);
    assertTrue(growth > MemoryMarathonTest.BYTES, "got " + growth);
    assertEquals(100, growth, 25);
  }

  @Test
  void noiseOfAMegabyteIsNoLeak() {
    double growth = growth(noise(MEGABYTE));
    assertTrue(Math.abs(growth) < MemoryMarathonTest.BYTES, "got " + growth);
  }

  @Test
  void whatHappensOnceIsNoLeak() {
    assertEquals(0, growth(i -> i < 25 ? i * MEGABYTE : i < 80 ? 25 * MEGABYTE : 30 * MEGABYTE));
    assertEquals(0, growth(i -> i == 50 ? 100 * MEGABYTE : MEGABYTE));
  }
}

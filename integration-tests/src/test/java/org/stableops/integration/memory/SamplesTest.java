package org.stableops.integration.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The criterion sees a small leak in noise, and nothing where there is none. */
class SamplesTest {
  private static final int COUNT = 100;

  /** Between two samples, as in the shortest marathons. */
  private static final int CALLS = 100;

  private static final int SEEDS = 50;

  /** Ten times what the marathons of 10,000 steps show. */
  private static final double NOISE = 1 << 15;

  private static final double MEGABYTE = 1 << 20;

  private static double growth(IntToDoubleFunction bytes) {
    double[] done = new double[COUNT];
    double[] samples = new double[COUNT];
    Arrays.setAll(done, i -> (i + 1) * CALLS);
    Arrays.setAll(samples, bytes);
    return Samples.growth(done, samples);
  }

  private static IntToDoubleFunction noise(int seed) {
    Random random = new Random(seed);
    return i -> 300 * MEGABYTE + NOISE * random.nextGaussian();
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
  void aLeakOfAHundredBytesIsSeenInNoise() {
    for (int seed = 1; seed <= SEEDS; seed++) {
      IntToDoubleFunction noise = noise(seed);
      double growth = growth(i -> noise.applyAsDouble(i) + 100.0 * CALLS * i);
      assertEquals(100, growth, MemoryMarathonTest.BYTES, "seed " + seed);
    }
  }

  @Test
  void noiseIsNoLeak() {
    for (int seed = 1; seed <= SEEDS; seed++) {
      assertEquals(0, growth(noise(seed)), MemoryMarathonTest.BYTES, "seed " + seed);
    }
  }

  @Test
  void whatHappensOnceIsNoLeak() {
    assertEquals(0, growth(i -> i < 25 ? i * MEGABYTE : i < 80 ? 25 * MEGABYTE : 30 * MEGABYTE));
    assertEquals(0, growth(i -> i == 50 ? 100 * MEGABYTE : MEGABYTE));
  }
}

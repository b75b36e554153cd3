package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.Pointwise.elements;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.Effort;

/** The noise to its last digits, and that it is the same whoever draws it. */
@Tag("thorough")
class GumbelNoiseTest {
  private static final long LARGEST = (1L << 52) - 1;

  private static double[] draw(long seed, long from, int count) {
    double[] out = new double[count];
    GumbelNoise.draw(seed, from, elements(out));
    return out;
  }

  private static void assertAccurate(long k) {
    BigDecimal u = new BigDecimal(k).add(new BigDecimal("0.5")).divide(new BigDecimal(1L << 52));
    BigDecimal exact = Exact.log(Exact.log(u).negate()).negate();
    double actual = GumbelNoise.gumbel(k << 12);
    double error = exact.subtract(new BigDecimal(actual)).abs().doubleValue();
    assertTrue(error <= 2 * 0x1p-52 * Math.max(1, Math.abs(actual)), () -> k + ": " + error);
  }

  /** Everywhere, at both ends, and where g, log u or a power of 2 of u is crossed. */
  @Test
  void isWithinTwoUnitsOfRounding() {
    SplittableRandom random = new SplittableRandom(1);
    int count = Effort.of(300, 5_000);
    LongStream anywhere = random.longs(count, 0, LARGEST + 1);
    LongStream small = random.longs(count).map(bits -> bits >>> 12 >>> (bits & 63));
    LongStream large =
        random.longs(count).map(bits -> LARGEST - (bits >>> 12 >>> (bits & 63) % 52));
    LongStream.of(0, 1, 2, LARGEST, LARGEST - 1, (1L << 51) - 1, 1L << 51, 1L << 50)
        .forEach(GumbelNoiseTest::assertAccurate);
    long atZero = Math.round(Math.exp(-1) * 0x1p52);
    LongStream.range(atZero - 20, atZero + 20).forEach(GumbelNoiseTest::assertAccurate);
    LongStream.concat(anywhere, LongStream.concat(small, large))
        .forEach(GumbelNoiseTest::assertAccurate);
  }

  @Test
  void bothEndsAreFinite() {
    assertEquals(-3.6037786, GumbelNoise.gumbel(0), 1e-6);
    assertEquals(36.7368006, GumbelNoise.gumbel(-1), 1e-6);
  }

  /** Forever: who has noted a seed gets his noise again. */
  @Test
  void aSeedHasItsNoise() {
    // The second is an ulp from what exact arithmetic gives, the others are right to the last bit.
    assertArrayEquals(
        new double[] {0.6591029530419995, -0.604480103586589, -0.584098732781985}, draw(42, 0, 3));
  }

  @Test
  void aSequenceMayBeDrawnInParts() {
    double[] whole = draw(7, 0, 10_000);
    assertArrayEquals(Arrays.copyOfRange(whole, 3_000, 10_000), draw(7, 3_000, 7_000));
    assertArrayEquals(Arrays.copyOfRange(whole, 2_047, 2_050), draw(7, 2_047, 3));
    assertEquals(draw(7, 1L << 40, 1)[0], draw(7, (1L << 40) - 1, 2)[1]);
  }

  /** Nor has one seed a part of another's noise. */
  @Test
  void seedsHaveNothingInCommon() {
    Set<Double> seen = new HashSet<>();
    int count = 0;
    for (long seed : new long[] {0, 1, 2, 3, -1, 0x9e3779b97f4a7c15L, Long.MIN_VALUE}) {
      for (double g : draw(seed, 0, 5_000)) {
        seen.add(g);
        count++;
      }
    }
    assertEquals(count, seen.size());
  }
}

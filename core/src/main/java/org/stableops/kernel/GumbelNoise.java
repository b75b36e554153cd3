package org.stableops.kernel;

/**
 * Standard Gumbel noise: g = −log(−log u) with u = (k + ½)·2^−52, k the upper 52 bits of the n-th
 * number of a SplitMix64 generator (G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom
 * number generators, OOPSLA 2014).
 *
 * <p>u is exact and inside (0, 1), so that g is finite: from −3.6038 to 36.7369, which half types
 * hold as well. With one bit more the last u would round to 1, and g be infinite; with the 24 bits
 * of a float the upper tail would end at 16.6.
 *
 * <p>The n-th number is a function of seed and n alone, and the logarithm is computed from sums,
 * products, quotients and fma: the same bits on every JVM and processor, by any number of threads.
 */
public final class GumbelNoise {
  /** The odd number nearest to 2^64 over the golden ratio. */
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private static final int UNUSED_BITS = 64 - 52;

  private GumbelNoise() {}

  /**
   * Draws noise.
   *
   * @param seed any
   * @param from how many numbers of the seed's sequence come before
   * @param out where to write the next ones, each rounded once
   */
  public static void draw(long seed, long from, Elements out) {
    // Mixed, so that neighbouring seeds begin far from each other in the generator's one cycle.
    long start = mix(seed);
    Tiles.forEachTile(
        out.size(),
        (at, count, scratch) -> {
          for (int i = 0; i < count; i++) {
            scratch.out[i] = gumbel(mix(start + (from + at + i + 1) * GOLDEN_GAMMA));
          }
          out.store(scratch.out, at, count, scratch);
        });
  }

  private static long mix(long bits) {
    long mixed = (bits ^ (bits >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }

  /** The noise that 64 random bits make. */
  static double gumbel(long bits) {
    double u = ((bits >>> UNUSED_BITS) + 0.5) * 0x1p-52;
    return 0 - log(0 - log(u));
  }

  /** log x of a normal number: x = 2^k·m with m from √½ to √2. */
  private static double log(double x) {
    long bits = Double.doubleToRawLongBits(x);
    long k = (bits - DoubleTileMath.SQRT_HALF_BITS) >> DoubleTileMath.FRACTION_BITS;
    double m = Double.longBitsToDouble(bits - (k << DoubleTileMath.FRACTION_BITS));
    double log = DoubleTileMath.logOfOnePlus(m - 1);
    return Math.fma(k, DoubleTileMath.LN2_HIGH, Math.fma(k, DoubleTileMath.LN2_MIDDLE, log));
  }
}

package org.stableops.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.LongBuffer;

/**
 * Plain Java, in loops that C2 vectorises. As it does not vectorise what looks at the bits of a
 * double, nor choices and conversions, bits are copied into longs through a buffer, a tile at a
 * time.
 */
final class JavaDoubleTileMath implements DoubleTileMath {
  /** Elements of which the maximum is found one after the other. */
  private static final int FEW = 16;

  private final DoubleBuffer asDoubles;
  private final LongBuffer asLongs;
  private final long[] bits = new long[Tiles.SIZE];
  private final long[] exponents = new long[Tiles.SIZE];

  /** Negative where a formula does not hold. */
  private final long[] outside = new long[Tiles.SIZE];

  private final double[] power = new double[Tiles.SIZE];
  private final double[] fraction = new double[Tiles.SIZE];
  private final double[] rest = new double[Tiles.SIZE];
  private final double[] low = new double[Tiles.SIZE];

  JavaDoubleTileMath() {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Tiles.SIZE * Double.BYTES).order(ByteOrder.nativeOrder());
    asDoubles = bytes.asDoubleBuffer();
    asLongs = bytes.asLongBuffer();
  }

  @Override
  public void exp(double[] x, double[] out, int count) {
    reduce(x, count);
    boolean isAnyOutside = toPowersOfTwo(0, 1, count);
    for (int i = 0; i < count; i++) {
      out[i] = (1 + fraction[i]) * power[i];
    }
    if (isAnyOutside) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::exp);
    }
  }

  @Override
  public void expm1(double[] x, double[] out, int count) {
    reduce(x, count);
    boolean isAnyOutside = toPowersOfTwo(0, LOWEST_EXPONENT, count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i] - 1);
    }
    if (isAnyOutside) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::expm1);
    }
  }

  @Override
  public void expOfDifference(double[] z, double[] max, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      double m = max[i];
      double x = Math.max(z[i], m + EXP_UNDERFLOW);
      double d = x - m;
      double back = x - d;
      double lost = (x - (d + back)) + (back - m);
      double rounded = Math.fma(d, LOG2_E, EXP_ROUNDER);
      power[i] = rounded;
      fraction[i] = DoubleTileMath.q(remainder(d, rounded - EXP_ROUNDER) + lost);
    }
    toBits(power, count);
    for (int i = 0; i < count; i++) {
      bits[i] <<= FRACTION_BITS;
    }
    fromBits(bits, power, count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i]);
    }
  }

  /** Leaves k in the lowest bits of {@code power} and q in {@code fraction}. */
  private void reduce(double[] x, int count) {
    for (int i = 0; i < count; i++) {
      double rounded = Math.fma(x[i], LOG2_E, ROUNDER);
      power[i] = rounded;
      fraction[i] = DoubleTileMath.q(remainder(x[i], rounded - ROUNDER));
    }
  }

  private void toBits(double[] from, int count) {
    asDoubles.put(0, from, 0, count);
    asLongs.get(0, bits, 0, count);
  }

  private void fromBits(long[] from, double[] to, int count) {
    asLongs.put(0, from, 0, count);
    asDoubles.get(0, to, 0, count);
  }

  private static double remainder(double x, double k) {
    return Math.fma(k, -LN2_MIDDLE, Math.fma(k, -LN2_HIGH, x));
  }

  /**
   * Makes {@code power} 2^{k + shift}, or 0 if it is below all normal numbers. Marks, and tells of,
   * exponents below a lowest one and above the largest.
   */
  private boolean toPowersOfTwo(int shift, long lowest, int count) {
    toBits(power, count);
    long isAnyOutside = 0;
    for (int i = 0; i < count; i++) {
      long exponent = bits[i] - (ROUNDER_BITS - BIAS - shift);
      outside[i] = (exponent - lowest) | (LARGEST_EXPONENT - exponent);
      isAnyOutside |= outside[i];
      // max(exponent, 0), which C2 does not vectorise.
      bits[i] = (exponent & ((exponent >>> SIGN_BIT) - 1)) << FRACTION_BITS;
    }
    fromBits(bits, power, count);
    return isAnyOutside < 0;
  }

  @Override
  public void log1p(double[] t, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = DoubleTileMath.logOfOnePlus(t[i]);
    }
  }

  @Override
  public void logExpm1(double[] x, double[] lost, double[] out, int count) {
    reduceNegative(x, lost, count);
    toPowersOfTwo(1, LOWEST_EXPONENT, count);
    addTwice(count);
    boolean isAnyOutside = toPowersAndFractions(count);
    addLogarithms(x, out, count);
    if (isAnyOutside) {
      DoubleTileMath.replaceMarked(outside, x, out, count, v -> v < 1 ? Math.log(v) : v);
    }
  }

  /** Leaves k in the lowest bits of {@code power}, r in {@code rest}, q in {@code fraction}. */
  private void reduceNegative(double[] x, double[] lost, int count) {
    for (int i = 0; i < count; i++) {
      double y = -x[i];
      double rounded = Math.fma(y, LOG2_E, ROUNDER);
      double k = rounded - ROUNDER;
      double r = Math.fma(k, -LN2_LOW, remainder(y, k)) - lost[i];
      power[i] = rounded;
      rest[i] = r;
      fraction[i] = DoubleTileMath.q(r);
    }
  }

  /** Leaves 2w in {@code fraction}, and what it misses, relative to it, in {@code low}. */
  private void addTwice(int count) {
    for (int i = 0; i < count; i++) {
      double high = 2 - power[i];
      double product = -power[i] * fraction[i];
      double sum = high + product;
      low[i] = (product - (sum - high)) / sum;
      fraction[i] = sum;
    }
  }

  private void addLogarithms(double[] x, double[] out, int count) {
    // Two loops: C2 does not vectorise one of this size.
    for (int i = 0; i < count; i++) {
      fraction[i] = DoubleTileMath.logOfOnePlus(fraction[i] - 1);
    }
    for (int i = 0; i < count; i++) {
      double k = Math.fma(-x[i], LOG2_E, ROUNDER) - ROUNDER;
      double n = (power[i] - ROUNDER) - (k + 1);
      double small = Math.fma(n, LN2_MIDDLE, low[i]) - rest[i];
      out[i] = Math.fma(n, LN2_HIGH, fraction[i] + small);
    }
  }

  /**
   * Splits {@code fraction} into 2^j·m, √½ ≤ m < √2, leaves m there and j in the lowest bits of
   * {@code power}. Marks, and tells of, what is not between the normal numbers and 4.
   */
  private boolean toPowersAndFractions(int count) {
    toBits(fraction, count);
    long isAnyOutside = 0;
    for (int i = 0; i < count; i++) {
      long exponent = (bits[i] - (SQRT_HALF_BITS - (BIAS << FRACTION_BITS))) >>> FRACTION_BITS;
      outside[i] |= (exponent - 2) | (BIAS + 2 - exponent);
      isAnyOutside |= outside[i];
      exponents[i] = ROUNDER_BITS - BIAS + exponent;
      bits[i] -= (exponent - BIAS) << FRACTION_BITS;
    }
    fromBits(bits, fraction, count);
    fromBits(exponents, power, count);
    return isAnyOutside < 0;
  }

  /** Folds one half onto the other, for C2 vectorises no running maximum. */
  @Override
  public double max(double[] x, int from, int count) {
    if (count <= FEW) {
      return running(x, from, count);
    }
    double[] folded = power;
    double[] other = fraction;
    System.arraycopy(x, from, folded, 0, count);
    int n = count;
    while (n > FEW) {
      int half = (n + 1) / 2;
      // Copied, for C2 vectorises no loop over an array and the same array from elsewhere on.
      System.arraycopy(folded, n - half, other, 0, half);
      for (int i = 0; i < half; i++) {
        folded[i] = Math.max(folded[i], other[i]);
      }
      n = half;
    }
    return running(folded, 0, n);
  }

  private static double running(double[] x, int from, int count) {
    double max = x[from];
    for (int i = from + 1; i < from + count; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }
}

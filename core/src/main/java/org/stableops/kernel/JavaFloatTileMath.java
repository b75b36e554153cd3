package org.stableops.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Plain Java, in loops that C2 vectorises. As it does not vectorise what looks at the bits of a
 * float, nor choices and conversions, bits are copied into ints through a buffer, a tile at a time.
 */
final class JavaFloatTileMath implements FloatTileMath {
  /** Elements of which the maximum is found one after the other. */
  private static final int FEW = 16;

  private final FloatBuffer asFloats;
  private final IntBuffer asInts;
  private final int[] bits = new int[Tiles.SIZE];
  private final int[] exponents = new int[Tiles.SIZE];

  /** Negative where a formula does not hold. */
  private final int[] outside = new int[Tiles.SIZE];

  private final float[] power = new float[Tiles.SIZE];
  private final float[] fraction = new float[Tiles.SIZE];
  private final float[] rest = new float[Tiles.SIZE];
  private final float[] low = new float[Tiles.SIZE];

  JavaFloatTileMath() {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Tiles.SIZE * Float.BYTES).order(ByteOrder.nativeOrder());
    asFloats = bytes.asFloatBuffer();
    asInts = bytes.asIntBuffer();
  }

  @Override
  public void exp(float[] x, float[] out, int count) {
    reduce(x, count);
    boolean isAnyOutside = toPowersOfTwo(0, 1, count);
    for (int i = 0; i < count; i++) {
      out[i] = (1 + fraction[i]) * power[i];
    }
    if (isAnyOutside) {
      FloatTileMath.replaceMarked(outside, x, out, count, Math::exp);
    }
  }

  @Override
  public void expm1(float[] x, float[] out, int count) {
    reduce(x, count);
    boolean isAnyOutside = toPowersOfTwo(0, LOWEST_EXPONENT, count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i] - 1);
    }
    if (isAnyOutside) {
      FloatTileMath.replaceMarked(outside, x, out, count, Math::expm1);
    }
  }

  @Override
  public void expOfDifference(float[] z, float[] max, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      float m = max[i];
      float x = Math.max(z[i], m + EXP_UNDERFLOW);
      float d = x - m;
      float back = x - d;
      float lost = (x - (d + back)) + (back - m);
      float rounded = Math.fma(d, LOG2_E, EXP_ROUNDER);
      power[i] = rounded;
      fraction[i] = FloatTileMath.q(remainder(d, rounded - EXP_ROUNDER) + lost);
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
  private void reduce(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      float rounded = Math.fma(x[i], LOG2_E, ROUNDER);
      power[i] = rounded;
      fraction[i] = FloatTileMath.q(remainder(x[i], rounded - ROUNDER));
    }
  }

  private void toBits(float[] from, int count) {
    asFloats.put(0, from, 0, count);
    asInts.get(0, bits, 0, count);
  }

  private void fromBits(int[] from, float[] to, int count) {
    asInts.put(0, from, 0, count);
    asFloats.get(0, to, 0, count);
  }

  private static float remainder(float x, float k) {
    return Math.fma(k, -LN2_MIDDLE, Math.fma(k, -LN2_HIGH, x));
  }

  /**
   * Makes {@code power} 2^{k + shift}, or 0 if it is below all normal numbers. Marks, and tells of,
   * exponents below a lowest one and above the largest.
   */
  private boolean toPowersOfTwo(int shift, int lowest, int count) {
    toBits(power, count);
    int isAnyOutside = 0;
    for (int i = 0; i < count; i++) {
      int exponent = bits[i] - (ROUNDER_BITS - BIAS - shift);
      outside[i] = (exponent - lowest) | (LARGEST_EXPONENT - exponent);
      isAnyOutside |= outside[i];
      // max(exponent, 0), which C2 does not vectorise.
      bits[i] = (exponent & ((exponent >>> SIGN_BIT) - 1)) << FRACTION_BITS;
    }
    fromBits(bits, power, count);
    return isAnyOutside < 0;
  }

  @Override
  public void log1p(float[] t, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = FloatTileMath.logOfOnePlus(t[i]);
    }
  }

  @Override
  public void logExpm1(float[] x, float[] lost, float[] out, int count) {
    reduceNegative(x, lost, count);
    toPowersOfTwo(1, LOWEST_EXPONENT, count);
    addTwice(count);
    boolean isAnyOutside = toPowersAndFractions(count);
    addLogarithms(x, out, count);
    if (isAnyOutside) {
      FloatTileMath.replaceMarked(outside, x, out, count, v -> v < 1 ? Math.log(v) : v);
    }
  }

  /** Leaves k in the lowest bits of {@code power}, r in {@code rest}, q in {@code fraction}. */
  private void reduceNegative(float[] x, float[] lost, int count) {
    for (int i = 0; i < count; i++) {
      float y = -x[i];
      float rounded = Math.fma(y, LOG2_E, ROUNDER);
      float k = rounded - ROUNDER;
      float r = Math.fma(k, -LN2_LOW, remainder(y, k)) - lost[i];
      power[i] = rounded;
      rest[i] = r;
      fraction[i] = FloatTileMath.q(r);
    }
  }

  /** Leaves 2w in {@code fraction}, and what it misses, relative to it, in {@code low}. */
  private void addTwice(int count) {
    for (int i = 0; i < count; i++) {
      float high = 2 - power[i];
      float product = -power[i] * fraction[i];
      float sum = high + product;
      low[i] = (product - (sum - high)) / sum;
      fraction[i] = sum;
    }
  }

  private void addLogarithms(float[] x, float[] out, int count) {
    // Two loops: C2 does not vectorise one of this size.
    for (int i = 0; i < count; i++) {
      fraction[i] = FloatTileMath.logOfOnePlus(fraction[i] - 1);
    }
    for (int i = 0; i < count; i++) {
      float k = Math.fma(-x[i], LOG2_E, ROUNDER) - ROUNDER;
      float n = (power[i] - ROUNDER) - (k + 1);
      float small = Math.fma(n, LN2_MIDDLE, low[i]) - rest[i];
      out[i] = Math.fma(n, LN2_HIGH, fraction[i] + small);
    }
  }

  /**
   * Splits {@code fraction} into 2^j·m, √½ ≤ m < √2, leaves m there and j in the lowest bits of
   * {@code power}. Marks, and tells of, what is not between the normal numbers and 4.
   */
  private boolean toPowersAndFractions(int count) {
    toBits(fraction, count);
    int isAnyOutside = 0;
    for (int i = 0; i < count; i++) {
      int exponent = (bits[i] - (SQRT_HALF_BITS - (BIAS << FRACTION_BITS))) >>> FRACTION_BITS;
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
  public float max(float[] x, int from, int count) {
    if (count <= FEW) {
      return running(x, from, count);
    }
    float[] folded = power;
    float[] other = fraction;
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

  private static float running(float[] x, int from, int count) {
    float max = x[from];
    for (int i = from + 1; i < from + count; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }

  @Override
  public void widen(float[] x, int from, int count, double[] out) {
    for (int i = 0; i < count; i++) {
      out[i] = x[from + i];
    }
  }

  @Override
  public void narrow(double[] x, int count, float[] out) {
    for (int i = 0; i < count; i++) {
      out[i] = (float) x[i];
    }
  }
}

package org.stableops.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Plain Java, in loops that C2 vectorises. It does not vectorise what looks at the bits of a float,
 * nor choices and conversions; but it does vectorise reading and writing bytes as ints. So floats
 * are copied into bytes and back, a tile at a time, and their bits are changed there.
 */
final class JavaFloatTileMath implements FloatTileMath {
  /** Elements of which the maximum is found one after the other. */
  private static final int FEW = 16;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());

  /** What {@link #outside} is where all formulas hold. */
  private static final int[] INSIDE = new int[Tiles.SIZE];

  private final byte[] bits = new byte[Tiles.SIZE * Float.BYTES];
  private final byte[] exponents = new byte[Tiles.SIZE * Float.BYTES];
  private final FloatBuffer bitsAsFloats = asFloats(bits);
  private final FloatBuffer exponentsAsFloats = asFloats(exponents);

  /** Negative where a formula does not hold, else 0. */
  private final int[] outside = new int[Tiles.SIZE];

  private final float[] power = new float[Tiles.SIZE];
  private final float[] fraction = new float[Tiles.SIZE];
  private final float[] rest = new float[Tiles.SIZE];
  private final float[] low = new float[Tiles.SIZE];

  private static FloatBuffer asFloats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  @Override
  public void exp(float[] x, float[] out, int count) {
    reduce(x, count);
    toPowersOfTwo(0, 1, count);
    for (int i = 0; i < count; i++) {
      out[i] = (1 + fraction[i]) * power[i];
    }
    if (isAnyOutside(count)) {
      FloatTileMath.replaceMarked(outside, x, out, count, Math::exp);
    }
  }

  @Override
  public void expm1(float[] x, float[] out, int count) {
    reduce(x, count);
    toPowersOfTwo(0, LOWEST_EXPONENT, count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i] - 1);
    }
    if (isAnyOutside(count)) {
      FloatTileMath.replaceMarked(outside, x, out, count, Math::expm1);
    }
  }

  @Override
  public void expOfMinus(float[] x, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      float d = Math.max(-Math.abs(x[i]), EXP_UNDERFLOW);
      float rounded = Math.fma(d, LOG2_E, EXP_ROUNDER);
      power[i] = rounded;
      fraction[i] = FloatTileMath.q(remainder(d, rounded - EXP_ROUNDER));
    }
    shiftToExponents(count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i]) * EXP_UNSCALE;
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
    toExponentials(out, count);
  }

  private void toExponentials(float[] out, int count) {
    shiftToExponents(count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i]);
    }
  }

  /** Makes {@code power} the numbers whose exponents are its lowest bits. */
  private void shiftToExponents(int count) {
    bitsAsFloats.put(0, power, 0, count);
    for (int i = 0; i < count; i++) {
      setInt(bits, i, intAt(bits, i) << FRACTION_BITS);
    }
    bitsAsFloats.get(0, power, 0, count);
  }

  private static int intAt(byte[] bytes, int i) {
    return (int) INTS.get(bytes, i * Float.BYTES);
  }

  private static void setInt(byte[] bytes, int i, int value) {
    INTS.set(bytes, i * Float.BYTES, value);
  }

  /** Leaves k in the lowest bits of {@code power} and q in {@code fraction}. */
  private void reduce(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      float rounded = Math.fma(x[i], LOG2_E, ROUNDER);
      power[i] = rounded;
      fraction[i] = FloatTileMath.q(remainder(x[i], rounded - ROUNDER));
    }
  }

  private static float remainder(float x, float k) {
    return Math.fma(k, -LN2_MIDDLE, Math.fma(k, -LN2_HIGH, x));
  }

  /**
   * Makes {@code power} 2^{k + shift}, or 0 if it is below all normal numbers. Marks exponents
   * below a lowest one and above the largest.
   */
  private void toPowersOfTwo(int shift, int lowest, int count) {
    bitsAsFloats.put(0, power, 0, count);
    for (int i = 0; i < count; i++) {
      int exponent = intAt(bits, i) - (ROUNDER_BITS - BIAS - shift);
      outside[i] = ((exponent - lowest) | (LARGEST_EXPONENT - exponent)) & Integer.MIN_VALUE;
      // max(exponent, 0), which C2 does not vectorise.
      setInt(bits, i, (exponent & ((exponent >>> SIGN_BIT) - 1)) << FRACTION_BITS);
    }
    bitsAsFloats.get(0, power, 0, count);
  }

  /** By an intrinsic, for C2 vectorises no running disjunction. */
  private boolean isAnyOutside(int count) {
    return Arrays.mismatch(outside, 0, count, INSIDE, 0, count) >= 0;
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
    toPowersAndFractions(2, BIAS + 2, count);
    addLogarithms(x, out, count);
    if (isAnyOutside(count)) {
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
   * {@code power}. Marks biased exponents below a lowest one and above the largest.
   */
  private void toPowersAndFractions(int lowest, int largest, int count) {
    bitsAsFloats.put(0, fraction, 0, count);
    for (int i = 0; i < count; i++) {
      int number = intAt(bits, i);
      int exponent = (number - (SQRT_HALF_BITS - (BIAS << FRACTION_BITS))) >>> FRACTION_BITS;
      outside[i] |= ((exponent - lowest) | (largest - exponent)) & Integer.MIN_VALUE;
      setInt(exponents, i, ROUNDER_BITS - BIAS + exponent);
      setInt(bits, i, number - ((exponent - BIAS) << FRACTION_BITS));
    }
    bitsAsFloats.get(0, fraction, 0, count);
    exponentsAsFloats.get(0, power, 0, count);
  }

  /** Folds one half onto the other, for C2 vectorises no running maximum. */
  @Override
  public float max(float[] x, int from, int count) {
    if (count <= FEW) {
      return running(x, from, count);
    }
    float[] folded = power;
    float[] other = fraction;
    int n = (count + 1) / 2;
    // Copied, for C2 vectorises no loop over an array and the same array from elsewhere on.
    System.arraycopy(x, from, folded, 0, n);
    System.arraycopy(x, from + count - n, other, 0, n);
    keepLarger(folded, other, n);
    while (n > FEW) {
      int half = (n + 1) / 2;
      System.arraycopy(folded, n - half, other, 0, half);
      keepLarger(folded, other, half);
      n = half;
    }
    return running(folded, 0, n);
  }

  private static void keepLarger(float[] x, float[] other, int count) {
    for (int i = 0; i < count; i++) {
      x[i] = Math.max(x[i], other[i]);
    }
  }

  private static float running(float[] x, int from, int count) {
    float max = x[from];
    for (int i = from + 1; i < from + count; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }

  /** The loops of {@link #expOfDifference}, the first with one maximum. */
  @Override
  public double sumOfExps(float[] z, float max, float[] out, int count) {
    float underflow = max + EXP_UNDERFLOW;
    for (int i = 0; i < count; i++) {
      float x = Math.max(z[i], underflow);
      float d = x - max;
      float back = x - d;
      float lost = (x - (d + back)) + (back - max);
      float rounded = Math.fma(d, LOG2_E, EXP_ROUNDER);
      power[i] = rounded;
      fraction[i] = FloatTileMath.q(remainder(d, rounded - EXP_ROUNDER) + lost);
    }
    toExponentials(out, count);
    return sum(out, 0, count);
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

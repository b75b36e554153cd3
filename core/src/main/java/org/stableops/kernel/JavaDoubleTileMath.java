package org.stableops.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.Arrays;

/**
 * Plain Java, in loops that C2 vectorises. It does not vectorise what looks at the bits of a
 * double, nor choices and conversions; but it does vectorise reading and writing bytes as longs. So
 * doubles are copied into bytes and back, a tile at a time, and their bits are changed there.
 */
final class JavaDoubleTileMath implements DoubleTileMath {
  /** Elements of which the maximum is found one after the other. */
  private static final int FEW = 16;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /** What {@link #outside} is where all formulas hold. */
  private static final long[] INSIDE = new long[Tiles.SIZE];

  private final byte[] bits = new byte[Tiles.SIZE * Double.BYTES];
  private final byte[] exponents = new byte[Tiles.SIZE * Double.BYTES];
  private final DoubleBuffer bitsAsDoubles = asDoubles(bits);
  private final DoubleBuffer exponentsAsDoubles = asDoubles(exponents);

  /** Negative where a formula does not hold, else 0. */
  private final long[] outside = new long[Tiles.SIZE];

  private final double[] power = new double[Tiles.SIZE];
  private final double[] fraction = new double[Tiles.SIZE];
  private final double[] rest = new double[Tiles.SIZE];
  private final double[] low = new double[Tiles.SIZE];

  private static DoubleBuffer asDoubles(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asDoubleBuffer();
  }

  @Override
  public void exp(double[] x, double[] out, int count) {
    reduce(x, count);
    toPowersOfTwo(0, 1, count);
    for (int i = 0; i < count; i++) {
      out[i] = (1 + fraction[i]) * power[i];
    }
    if (isAnyOutside(count)) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::exp);
    }
  }

  @Override
  public void expm1(double[] x, double[] out, int count) {
    reduce(x, count);
    toPowersOfTwo(0, LOWEST_EXPONENT, count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i] - 1);
    }
    if (isAnyOutside(count)) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::expm1);
    }
  }

  @Override
  public void expOfMinus(double[] x, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      double d = Math.max(-Math.abs(x[i]), EXP_UNDERFLOW);
      double rounded = Math.fma(d, LOG2_E, EXP_ROUNDER);
      power[i] = rounded;
      fraction[i] = DoubleTileMath.q(remainder(d, rounded - EXP_ROUNDER));
    }
    shiftToExponents(count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i]) * EXP_UNSCALE;
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
    toExponentials(out, count);
  }

  private void toExponentials(double[] out, int count) {
    shiftToExponents(count);
    for (int i = 0; i < count; i++) {
      out[i] = Math.fma(power[i], fraction[i], power[i]);
    }
  }

  /** Makes {@code power} the numbers whose exponents are its lowest bits. */
  private void shiftToExponents(int count) {
    bitsAsDoubles.put(0, power, 0, count);
    for (int i = 0; i < count; i++) {
      setLong(bits, i, longAt(bits, i) << FRACTION_BITS);
    }
    bitsAsDoubles.get(0, power, 0, count);
  }

  private static long longAt(byte[] bytes, int i) {
    return (long) LONGS.get(bytes, i * Double.BYTES);
  }

  private static void setLong(byte[] bytes, int i, long value) {
    LONGS.set(bytes, i * Double.BYTES, value);
  }

  /** Leaves k in the lowest bits of {@code power} and q in {@code fraction}. */
  private void reduce(double[] x, int count) {
    for (int i = 0; i < count; i++) {
      double rounded = Math.fma(x[i], LOG2_E, ROUNDER);
      power[i] = rounded;
      fraction[i] = DoubleTileMath.q(remainder(x[i], rounded - ROUNDER));
    }
  }

  private static double remainder(double x, double k) {
    return Math.fma(k, -LN2_MIDDLE, Math.fma(k, -LN2_HIGH, x));
  }

  /**
   * Makes {@code power} 2^{k + shift}, or 0 if it is below all normal numbers. Marks exponents
   * below a lowest one and above the largest.
   */
  private void toPowersOfTwo(int shift, long lowest, int count) {
    bitsAsDoubles.put(0, power, 0, count);
    for (int i = 0; i < count; i++) {
      long exponent = longAt(bits, i) - (ROUNDER_BITS - BIAS - shift);
      outside[i] = ((exponent - lowest) | (LARGEST_EXPONENT - exponent)) & Long.MIN_VALUE;
      // max(exponent, 0), which C2 does not vectorise.
      setLong(bits, i, (exponent & ((exponent >>> SIGN_BIT) - 1)) << FRACTION_BITS);
    }
    bitsAsDoubles.get(0, power, 0, count);
  }

  /** By an intrinsic, for C2 vectorises no running disjunction. */
  private boolean isAnyOutside(int count) {
    return Arrays.mismatch(outside, 0, count, INSIDE, 0, count) >= 0;
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
    toPowersAndFractions(2, BIAS + 2, count);
    addLogarithms(x, out, count);
    if (isAnyOutside(count)) {
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
   * {@code power}. Marks biased exponents below a lowest one and above the largest.
   */
  private void toPowersAndFractions(long lowest, long largest, int count) {
    bitsAsDoubles.put(0, fraction, 0, count);
    for (int i = 0; i < count; i++) {
      long number = longAt(bits, i);
      long exponent = (number - (SQRT_HALF_BITS - (BIAS << FRACTION_BITS))) >>> FRACTION_BITS;
      outside[i] |= ((exponent - lowest) | (largest - exponent)) & Long.MIN_VALUE;
      setLong(exponents, i, ROUNDER_BITS - BIAS + exponent);
      setLong(bits, i, number - ((exponent - BIAS) << FRACTION_BITS));
    }
    bitsAsDoubles.get(0, fraction, 0, count);
    exponentsAsDoubles.get(0, power, 0, count);
  }

  /** Folds one half onto the other, for C2 vectorises no running maximum. */
  @Override
  public double max(double[] x, int from, int count) {
    if (count <= FEW) {
      return running(x, from, count);
    }
    double[] folded = power;
    double[] other = fraction;
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

  private static void keepLarger(double[] x, double[] other, int count) {
    for (int i = 0; i < count; i++) {
      x[i] = Math.max(x[i], other[i]);
    }
  }

  private static double running(double[] x, int from, int count) {
    double max = x[from];
    for (int i = from + 1; i < from + count; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }

  @Override
  public void log(double[] x, double[] out, int count) {
    System.arraycopy(x, 0, fraction, 0, count);
    Arrays.fill(outside, 0, count, 0);
    toPowersAndFractions(1, LARGEST_EXPONENT, count);
    for (int i = 0; i < count; i++) {
      fraction[i] = DoubleTileMath.logOfOnePlus(fraction[i] - 1);
    }
    for (int i = 0; i < count; i++) {
      double k = power[i] - ROUNDER;
      out[i] = Math.fma(k, LN2_HIGH, Math.fma(k, LN2_MIDDLE, fraction[i]));
    }
    if (isAnyOutside(count)) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::log);
    }
  }
}

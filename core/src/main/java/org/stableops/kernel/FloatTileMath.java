package org.stableops.kernel;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * What a kernel needs of a tile of floats beyond loops that C2 vectorises by itself: the seam at
 * which plain Java and SIMD are exchanged. Both compute the same formulas in the same order, so
 * that a result has the same bits with either.
 *
 * <p>With k = round(x/ln 2) and r = x − k·ln 2, e^x = 2^k(1 + q), q = r + r²·P(r). With s = f/(2 +
 * f), log(1 + f) = f − s·(f − s²·Q(s²)). P and Q are minimax polynomials. An element for which a
 * formula does not hold, where that is named below, takes {@link Math}'s function instead.
 *
 * <p>Functions write {@code out[i]} for {@code i < count}, and may overwrite what is behind; {@code
 * out} must be another array than the first argument. Special values are those of {@link Math}, but
 * for the sign of 0. The double counterpart is {@link DoubleTileMath}.
 */
interface FloatTileMath {
  float LOG2_E = 0x1.715476p0f;

  /** Added to a small number, it leaves the nearest integer in the lowest bits of the sum. */
  float ROUNDER = 0x1.8p23f;

  /** ln 2 in three parts; multiples of the first by k are exact. */
  float LN2_HIGH = 0x1.62e4p-1f;

  float LN2_MIDDLE = 0x1.7f7d1cp-20f;
  float LN2_LOW = 0x1.ef357ap-45f;

  /** P from degree 0 upwards: the error is 2^−28 of e^r for |r| ≤ ln 2/2. */
  float P0 = 0x1.fffffcp-2f;

  float P1 = 0x1.55549p-3f;
  float P2 = 0x1.5558f8p-5f;
  float P3 = 0x1.123b02p-7f;
  float P4 = 0x1.6a2288p-10f;

  /** Q from degree 0 upwards: the error is 2^−27 of log(1 + f) for −0.5 ≤ f ≤ 1. */
  float Q0 = 0x1.5555p-1f;

  float Q1 = 0x1.99d236p-2f;
  float Q2 = 0x1.1eb9c2p-2f;
  float Q3 = 0x1.1ee962p-2f;

  /** The layout of the bits. */
  int FRACTION_BITS = 23;

  int SIGN_BIT = 31;
  int BIAS = 127;
  int LARGEST_EXPONENT = 254;

  /**
   * Below, the bits of a sum with {@link #ROUNDER} are no exponent, but those of a large number.
   */
  int LOWEST_EXPONENT = -(1 << 30);

  int ROUNDER_BITS = 0x4b400000;
  int SQRT_HALF_BITS = 0x3f3504f3;

  /** The logarithm of what {@link #expOfDifference} multiplies by. */
  int EXP_SHIFT = 48;

  /** What undoes that. */
  float EXP_UNSCALE = 0x1p-48f;

  /** {@link #ROUNDER} with the bias of 2^{k + shift}: a sum ends in all bits of its exponent. */
  float EXP_ROUNDER = ROUNDER + (BIAS + EXP_SHIFT);

  /**
   * Differences from here down are this one, −({@link #BIAS} + {@link #EXP_SHIFT})·ln 2: the bits
   * of its exponent are 0, and so is its exponential. That holds for 0.35 to either side, and
   * adding a maximum up to {@link #LARGEST_MAX} moves it by 1/16; further down the bits would run
   * on into the sign.
   */
  float EXP_UNDERFLOW = -121.3f;

  /** The largest |max| to which {@link #EXP_UNDERFLOW} can be added. */
  float LARGEST_MAX = 0x1p20f;

  /** e^x; by Math where 2^k is no normal number. */
  void exp(float[] x, float[] out, int count);

  /** e^x − 1; by Math where 2^k is too large a number. */
  void expm1(float[] x, float[] out, int count);

  /** log(1 + t) for −0.5 ≤ t ≤ 1 and NaN only. */
  void log1p(float[] t, float[] out, int count);

  /**
   * log(e^{x + lost} − 1), accurate at its zero, ln 2, too; log x for the smallest x, NaN below 0.
   *
   * <p>With −x = k·ln 2 + r, w = 1 − e^{−x} and 2w = 2^j·m it is x + log w = (j − k − 1)·ln 2 + log
   * m − r. At the zero k = −1 and 2w = 1 − q: for the sake of it 2w is kept in two parts.
   */
  void logExpm1(float[] x, float[] lost, float[] out, int count);

  /** e^{−|x|}: as it is not above 1, it needs no {@link Math}. */
  void expOfMinus(float[] x, float[] out, int count);

  /**
   * 2^{@value #EXP_SHIFT}·e^{z − max}, with what the rounding of the difference loses put back, for
   * z ≤ max, |max| ≤ {@link #LARGEST_MAX}; 0 for −inf. The factor keeps the digits of terms that
   * only in their sum are a normal number.
   */
  void expOfDifference(float[] z, float[] max, float[] out, int count);

  /**
   * {@link #expOfDifference} with one maximum, and the {@link #sum} of the results; may overwrite
   * what is behind the elements of {@code z}.
   */
  default double sumOfExps(float[] z, float max, float[] out, int count) {
    Arrays.fill(out, 0, count, max);
    expOfDifference(z, out, out, count);
    return sum(out, 0, count);
  }

  /** The largest of {@code count > 0} elements; NaN if one is. */
  float max(float[] x, int from, int count);

  /** The sum, in double, of eight sums of every eighth element. */
  default double sum(float[] x, int from, int count) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = from;
    for (; i <= from + count - 8; i += 8) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
      s4 += x[i + 4];
      s5 += x[i + 5];
      s6 += x[i + 6];
      s7 += x[i + 7];
    }
    int rest = from + count - i;
    s0 += rest > 0 ? x[i] : 0;
    s1 += rest > 1 ? x[i + 1] : 0;
    s2 += rest > 2 ? x[i + 2] : 0;
    s3 += rest > 3 ? x[i + 3] : 0;
    s4 += rest > 4 ? x[i + 4] : 0;
    s5 += rest > 5 ? x[i + 5] : 0;
    s6 += rest > 6 ? x[i + 6] : 0;
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }

  /** The elements as double, from the start of {@code out}. */
  void widen(float[] x, int from, int count, double[] out);

  /** The nearest floats. */
  void narrow(double[] x, int count, float[] out);

  /** Takes {@link Math}'s function for the elements whose marks are negative. */
  static void replaceMarked(
      int[] marks, float[] x, float[] out, int count, DoubleUnaryOperator function) {
    for (int i = 0; i < count; i++) {
      if (marks[i] < 0) {
        out[i] = (float) function.applyAsDouble(x[i]);
      }
    }
  }

  /** q = e^r − 1 for |r| ≤ ln 2/2. */
  static float q(float r) {
    float p = Math.fma(Math.fma(Math.fma(Math.fma(P4, r, P3), r, P2), r, P1), r, P0);
    return Math.fma(r * r, p, r);
  }

  /** log(1 + f) for −0.5 ≤ f ≤ 1. */
  static float logOfOnePlus(float f) {
    float s = f / (2 + f);
    float z = s * s;
    float q = Math.fma(Math.fma(Math.fma(Q3, z, Q2), z, Q1), z, Q0);
    return Math.fma(-s, Math.fma(-z, q, f), f);
  }
}

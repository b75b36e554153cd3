package org.stableops.kernel;

import java.util.function.DoubleUnaryOperator;

/**
 * What a kernel needs of a tile of doubles beyond loops that C2 vectorises by itself: the seam at
 * which plain Java and SIMD are exchanged. Both compute the same formulas in the same order, so
 * that a result has the same bits with either.
 *
 * <p>With k = round(x/ln 2) and r = x − k·ln 2, e^x = 2^k(1 + q), q = r + r²·P(r). With s = f/(2 +
 * f), log(1 + f) = f − s·(f − s²·Q(s²)). P and Q are minimax polynomials. An element for which a
 * formula does not hold, where that is named below, takes {@link Math}'s function instead. Of x =
 * 2^k·m with √½ ≤ m < √2 the logarithm is k·ln 2 + log(1 + (m − 1)).
 *
 * <p>Functions write {@code out[i]} for {@code i < count}, and may overwrite what is behind; {@code
 * out} must be another array than the first argument. Special values are those of {@link Math}, but
 * for the sign of 0. The double counterpart is {@link FloatTileMath}.
 */
interface DoubleTileMath {
  double LOG2_E = 0x1.71547652b82fep0;

  /** Added to a small number, it leaves the nearest integer in the lowest bits of the sum. */
  double ROUNDER = 0x1.8p52;

  /** ln 2 in three parts; multiples of the first by k are exact. */
  double LN2_HIGH = 0x1.62e42fefa38p-1;

  double LN2_MIDDLE = 0x1.ef35793c7673p-45;
  double LN2_LOW = 0x1.f97b57a079a19p-103;

  /** P from degree 0 upwards: the error is 2^−58 of e^r for |r| ≤ ln 2/2. */
  double P0 = 0x1.000000000000ap-1;

  double P1 = 0x1.55555555554f8p-3;
  double P2 = 0x1.5555555550754p-5;
  double P3 = 0x1.111111112814ap-7;
  double P4 = 0x1.6c16c1846fe24p-10;
  double P5 = 0x1.a01a0129088c1p-13;
  double P6 = 0x1.a01999441328cp-16;
  double P7 = 0x1.71df270b7ee0fp-19;
  double P8 = 0x1.28ae34aba89aap-22;
  double P9 = 0x1.ad7ea53e4ca85p-26;

  /** Q from degree 0 upwards: the error is 2^−59 of log(1 + f) for −0.5 ≤ f ≤ 1. */
  double Q0 = 0x1.5555555555535p-1;

  double Q1 = 0x1.99999999a07d0p-2;
  double Q2 = 0x1.24924920882a9p-2;
  double Q3 = 0x1.c71c741e96dd0p-3;
  double Q4 = 0x1.745cb3b143435p-3;
  double Q5 = 0x1.3b1de2459dfd0p-3;
  double Q6 = 0x1.1067682884747p-3;
  double Q7 = 0x1.efde3c7e4474cp-4;
  double Q8 = 0x1.559641527a6d6p-4;
  double Q9 = 0x1.5c9281c5deb4dp-3;

  /** The layout of the bits. */
  int FRACTION_BITS = 52;

  int SIGN_BIT = 63;
  long BIAS = 1023;
  long LARGEST_EXPONENT = 2046;

  /**
   * Below, the bits of a sum with {@link #ROUNDER} are no exponent, but those of a large number.
   */
  long LOWEST_EXPONENT = -(1L << 62);

  long ROUNDER_BITS = 0x4338000000000000L;
  long SQRT_HALF_BITS = 0x3fe6a09e667f3bcdL;

  /** The logarithm of what {@link #expOfDifference} multiplies by. */
  int EXP_SHIFT = 64;

  /** What undoes that. */
  double EXP_UNSCALE = 0x1p-64;

  /** {@link #ROUNDER} with the bias of 2^{k + shift}: a sum ends in all bits of its exponent. */
  double EXP_ROUNDER = ROUNDER + (BIAS + EXP_SHIFT);

  /**
   * Differences from here down are this one, −({@link #BIAS} + {@link #EXP_SHIFT})·ln 2: the bits
   * of its exponent are 0, and so is its exponential. That holds for 0.3 to either side, and adding
   * a maximum up to {@link #LARGEST_MAX} moves it by 2⁻¹³; further down the bits would run on into
   * the sign.
   */
  double EXP_UNDERFLOW = -753.4;

  /** The largest |max| to which {@link #EXP_UNDERFLOW} can be added. */
  double LARGEST_MAX = 0x1p40;

  /** e^x; by Math where 2^k is no normal number. */
  void exp(double[] x, double[] out, int count);

  /** e^x − 1; by Math where 2^k is too large a number. */
  void expm1(double[] x, double[] out, int count);

  /** log(1 + t) for −0.5 ≤ t ≤ 1 and NaN only. */
  void log1p(double[] t, double[] out, int count);

  /** log x; by Math where x is no normal number, or the largest of them. */
  void log(double[] x, double[] out, int count);

  /**
   * log(e^{x + lost} − 1), accurate at its zero, ln 2, too; log x for the smallest x, NaN below 0.
   *
   * <p>With −x = k·ln 2 + r, w = 1 − e^{−x} and 2w = 2^j·m it is x + log w = (j − k − 1)·ln 2 + log
   * m − r. At the zero k = −1 and 2w = 1 − q: for the sake of it 2w is kept in two parts.
   */
  void logExpm1(double[] x, double[] lost, double[] out, int count);

  /** e^{−|x|}: as it is not above 1, it needs no {@link Math}. */
  void expOfMinus(double[] x, double[] out, int count);

  /**
   * 2^{@value #EXP_SHIFT}·e^{z − max}, with what the rounding of the difference loses put back, for
   * z ≤ max, |max| ≤ {@link #LARGEST_MAX}; 0 for −inf. The factor keeps the digits of terms that
   * only in their sum are a normal number.
   */
  void expOfDifference(double[] z, double[] max, double[] out, int count);

  /** The largest of {@code count > 0} elements; NaN if one is. */
  double max(double[] x, int from, int count);

  /** Takes {@link Math}'s function for the elements whose marks are negative. */
  static void replaceMarked(
      long[] marks, double[] x, double[] out, int count, DoubleUnaryOperator function) {
    for (int i = 0; i < count; i++) {
      if (marks[i] < 0) {
        out[i] = function.applyAsDouble(x[i]);
      }
    }
  }

  /** q = e^r − 1 for |r| ≤ ln 2/2. */
  static double q(double r) {
    double p =
        Math.fma(
            Math.fma(
                Math.fma(
                    Math.fma(
                        Math.fma(
                            Math.fma(Math.fma(Math.fma(Math.fma(P9, r, P8), r, P7), r, P6), r, P5),
                            r,
                            P4),
                        r,
                        P3),
                    r,
                    P2),
                r,
                P1),
            r,
            P0);
    return Math.fma(r * r, p, r);
  }

  /** log(1 + f) for −0.5 ≤ f ≤ 1. */
  static double logOfOnePlus(double f) {
    double s = f / (2 + f);
    double z = s * s;
    double q =
        Math.fma(
            Math.fma(
                Math.fma(
                    Math.fma(
                        Math.fma(
                            Math.fma(Math.fma(Math.fma(Math.fma(Q9, z, Q8), z, Q7), z, Q6), z, Q5),
                            z,
                            Q4),
                        z,
                        Q3),
                    z,
                    Q2),
                z,
                Q1),
            z,
            Q0);
    return Math.fma(-s, Math.fma(-z, q, f), f);
  }
}

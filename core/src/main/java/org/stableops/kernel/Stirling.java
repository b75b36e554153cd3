package org.stableops.kernel;

import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What Stirling's approximation of log Γ leaves: δ(z) = log Γ(z) − (z − ½)·log z + z − ½·log 2π,
 * and S(y) = log Γ(y + 1) − y·log y + y, which is log y! without the two large terms that cancel.
 *
 * <p>δ(z) = Σ_k η(z + k) with η(z) = (z + ½)·log(1 + 1/z) − 1 = v²/3 + v⁴/5 + …, v = 1/(2z + 1): so
 * terms of η are added until the asymptotic series has all digits.
 */
public final class Stirling {
  /** From here on the asymptotic series has all digits. */
  private static final double LARGE = 10;

  /** The same for its second derivative. */
  private static final double LARGER = 16;

  private static final double LOG_TWO_PI = 2 * 0.9189385332046727;

  /** Of z^{1 − 2k}, k from 1. */
  private static final double[] SERIES = {
    1.0 / 12,
    -1.0 / 360,
    1.0 / 1260,
    -1.0 / 1680,
    1.0 / 1188,
    -691.0 / 360360,
    1.0 / 156,
    -3617.0 / 122400,
    43867.0 / 244188,
    -174611.0 / 125400
  };

  /** Terms of η that a double shows at z = ½ and above. */
  private static final int ETA_TERMS = 24;

  /** Binary digits to which the series of η are computed, of terms that v² makes smaller. */
  private static final int DIGITS = 60;

  /** The same from z = 1 on, from z = 2 on, and so on. */
  private static final int[] TERMS =
      IntStream.range(0, (int) LARGE).map(Stirling::computeTerms).toArray();

  /** Of v^{2k}, k from 1: η. */
  private static final double[] ETA = coefficients(ETA_TERMS, k -> 1.0 / (2 * k + 1));

  /** Of v^{2k+1}, k from 0: −η′. */
  private static final double[] ETA_SLOPE =
      coefficients(ETA_TERMS + 1, k -> 4.0 * (k - 1) / (2 * k - 1));

  /** Of z^{−2k}, k from 1: −δ′. */
  private static final double[] SERIES_SLOPE =
      coefficients(SERIES.length, k -> (2 * k - 1) * SERIES[k - 1]);

  /** Of z^{−2k−1}, k from 0: δ″. */
  private static final double[] SERIES_CURVATURE =
      coefficients(SERIES.length + 1, k -> k == 1 ? 0 : (2 * k - 3) * (2 * k - 2) * SERIES[k - 2]);

  /** S of the small counts, which most are. */
  private static final double[] OF_SMALL =
      IntStream.range(0, 256).mapToDouble(Stirling::computeOfCount).toArray();

  private Stirling() {}

  private static int computeTerms(int z) {
    double digits = 2 * Math.log(2 * z + 1) / Math.log(2);
    return (int) Math.min(ETA_TERMS, 1 + Math.ceil(DIGITS / digits));
  }

  private static double[] coefficients(int count, IntToDoubleFunction ofK) {
    return IntStream.rangeClosed(1, count).mapToDouble(ofK).toArray();
  }

  /**
   * Returns what a count adds to a Poisson loss: log y! − y·log y + y.
   *
   * @param y finite and not negative
   * @return S(y), 0 for 0
   */
  public static double ofCount(double y) {
    boolean isSmall = y < OF_SMALL.length && y == (int) y;
    return isSmall ? OF_SMALL[(int) y] : computeOfCount(y);
  }

  private static double computeOfCount(double y) {
    if (y == 0) {
      return 0;
    }
    // Below ½ the two large terms of the other form would cancel: log Γ(y + 1) by its own series.
    return y < 0.5
        ? (y + 0.5) * Math.log1p(y) - deltaDifference(1, y) - y * Math.log(y)
        : 0.5 * (LOG_TWO_PI + Math.log(y)) + delta(y);
  }

  /** δ(z), for z ≥ ½. */
  static double delta(double z) {
    double sum = 0;
    double at = z;
    for (; at < LARGE; at++) {
      sum += eta(at);
    }
    return sum + asymptotic(at);
  }

  private static double asymptotic(double z) {
    double inverse = 1 / z;
    double square = inverse * inverse;
    double sum = 0;
    for (int k = SERIES.length - 1; k >= 0; k--) {
      sum = sum * square + SERIES[k];
    }
    return sum * inverse;
  }

  /** v of η. */
  private static double ofEta(double z) {
    return 1 / (2 * z + 1);
  }

  private static double eta(double z) {
    double v = ofEta(z);
    return oddReciprocals(v * v, TERMS[(int) z]);
  }

  /** −η′(z), for z ≥ 1. */
  private static double etaSlope(double z) {
    double v = ofEta(z);
    double sum = 0;
    for (int k = TERMS[(int) z]; k >= 0; k--) {
      sum = Math.fma(sum, v * v, ETA_SLOPE[k]);
    }
    return sum * v;
  }

  /** Whether a difference over a count is but the sum of the terms between. */
  private static boolean isOfFewTerms(double z, double y) {
    return z + y <= LARGE && y == (int) y;
  }

  private static double sum(DoubleUnaryOperator term, double z, int count) {
    double sum = 0;
    for (int k = 0; k < count; k++) {
      sum += term.applyAsDouble(z + k);
    }
    return sum;
  }

  /** Σ s^k/(2k + 1), k from 1: what atanh(v)/v is above 1 for s = v². */
  static double oddReciprocals(double square, int terms) {
    double sum = 0;
    for (int k = terms; k > 0; k--) {
      sum = (sum + 1.0 / (2 * k + 1)) * square;
    }
    return sum;
  }

  /**
   * Returns what δ loses over a count, term by term.
   *
   * @param z more than 0
   * @param y finite and not negative
   * @return δ(z) − δ(z + y)
   */
  public static double deltaDifference(double z, double y) {
    double sum = z < 1 ? etaDifferenceBelowOne(z, y) : 0;
    double at = z < 1 ? z + 1 : z;
    if (isOfFewTerms(at, y)) {
      return sum + sum(Stirling::eta, at, (int) y);
    }
    for (; at < LARGE; at++) {
      sum += evenPowers(ETA, TERMS[(int) at], ofEta(at), ofEta(at + y), 2 * y);
    }
    return sum + oddPowers(SERIES, SERIES.length, 1 / at, 1 / (at + y), y);
  }

  /**
   * Returns the same of χ = −δ′.
   *
   * @param z more than 0
   * @param y finite and not negative
   * @return χ(z) − χ(z + y)
   */
  public static double chiDifference(double z, double y) {
    double sum = z < 1 ? slopeDifferenceBelowOne(z, y) : 0;
    double at = z < 1 ? z + 1 : z;
    if (isOfFewTerms(at, y)) {
      return sum + sum(Stirling::etaSlope, at, (int) y);
    }
    for (; at < LARGE; at++) {
      sum += oddPowers(ETA_SLOPE, TERMS[(int) at] + 1, ofEta(at), ofEta(at + y), 2 * y);
    }
    return sum + evenPowers(SERIES_SLOPE, SERIES_SLOPE.length, 1 / at, 1 / (at + y), y);
  }

  /**
   * Returns the same of κ = δ″.
   *
   * @param z more than 0
   * @param y finite and not negative
   * @return κ(z) − κ(z + y)
   */
  public static double kappaDifference(double z, double y) {
    double sum = 0;
    double at = z;
    for (; at < LARGER; at++) {
      sum += curvatureDifference(at, y);
    }
    return sum + oddPowers(SERIES_CURVATURE, SERIES_CURVATURE.length, 1 / at, 1 / (at + y), y);
  }

  /** η(z) − η(n) for n = z + y by logarithms: below 1 the series of η is long. */
  private static double etaDifferenceBelowOne(double z, double y) {
    double n = z + y;
    return (z + 0.5) * logDifference(z, y) - y * Math.log1p(1 / n);
  }

  /** −η′(z) + η′(n) in the same way. */
  private static double slopeDifferenceBelowOne(double z, double y) {
    double n = z + y;
    return (y / n / z + y / (z + 1) / (n + 1)) / 2 - logDifference(z, y);
  }

  /** log(1 + 1/z) − log(1 + 1/(z + y)). */
  private static double logDifference(double z, double y) {
    return Math.log1p(y / (z * (z + 1 + y)));
  }

  /**
   * Σ c_k·(a^{2k} − b^{2k}), k from 1, without cancellation: a − b is distance·a·b, and each
   * difference of powers is made of the one before.
   */
  private static double evenPowers(
      double[] coefficients, int terms, double a, double b, double distance) {
    double ofSquares = distance * a * b * (a + b);
    double sum = 0;
    double ofPowers = 0;
    double power = 1;
    for (int k = 0; k < terms; k++) {
      ofPowers = ofPowers * (a * a) + power * ofSquares;
      power *= b * b;
      sum += coefficients[k] * ofPowers;
    }
    return sum;
  }

  /**
   * Σ c_k·(a^{2k+1} − b^{2k+1}), k from 0, in the same way: each is a·(a^{2k} − b^{2k}) + (a −
   * b)·b^{2k}.
   */
  private static double oddPowers(
      double[] coefficients, int terms, double a, double b, double distance) {
    double difference = distance * a * b;
    double ofSquares = difference * (a + b);
    double sum = 0;
    double ofPowers = 0;
    double power = 1;
    for (int k = 0; k < terms; k++) {
      sum += coefficients[k] * (a * ofPowers + difference * power);
      ofPowers = ofPowers * (a * a) + power * ofSquares;
      power *= b * b;
    }
    return sum;
  }

  /** η″(z) − η″(n) for n = z + y, where η″ = ½/(z(z + 1))². */
  private static double curvatureDifference(double z, double y) {
    double n = z + y;
    double ofZ = 1 / z / (z + 1);
    double ofN = 1 / n / (n + 1);
    return ofZ * ofN * y * (n + z + 1) * (ofZ + ofN) / 2;
  }
}

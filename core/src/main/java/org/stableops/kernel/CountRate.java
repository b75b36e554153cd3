package org.stableops.kernel;

import org.stableops.PositiveTransform;

/**
 * The rate λ = l + T(r) of counts with what a loss needs of it: its logarithm, which is finite
 * where the rate itself underflows or overflows, and the derivatives of both by r.
 */
abstract class CountRate {
  /** Below, a product with T′ may be a number that is not subnormal, where T′ is. */
  private static final double TINY_SLOPE = 1e-290;

  /** λ. */
  double value;

  /** log λ. */
  double log;

  /** T′. */
  double slope;

  /** ρ = T′/λ, the derivative of log λ. */
  double logSlope;

  /** T″. */
  double curvature;

  /** ρ′, which may be positive above a lower bound, and of squareplus for negative r. */
  double logCurvature;

  /** What takes longest is computed only where it is wanted: logarithms and second derivatives. */
  boolean wantsLog = true;

  boolean wantsCurvature = true;

  /** The same rate that computes no more than this. */
  CountRate wanting(boolean log, boolean curvatures) {
    wantsLog = log;
    wantsCurvature = curvatures;
    return this;
  }

  /** Computes everything at a raw value. */
  final void at(double r) {
    if (Double.isInfinite(r)) {
      atInfinity(r > 0);
    } else {
      atFinite(r);
    }
  }

  /** Prepares a tile, whose exponentials are computed together; leaves them in a and b. */
  void begin(double[] x, int count, Scratch scratch) {}

  /**
   * How far the plain loops over a tile reach, {@link #gradients} and {@link #losses}: nothing
   * overflows or vanishes where |r| is below. 0 where there are no loops.
   */
  double reach() {
    return 0;
  }

  /** E·λ′ − y·λ′/λ of elements with exposures E. */
  void gradients(
      double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
    throw new UnsupportedOperationException();
  }

  /** E·λ − y·log(E·λ), where the logarithms of the exposures are in scratch.d. */
  void losses(double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
    throw new UnsupportedOperationException();
  }

  /** The same of rates, which are overwritten. */
  private static void losses(
      double[] rates, double[] y, double[] exposure, int count, Scratch scratch) {
    double[] logs = scratch.c;
    double[] logsOfExposures = scratch.d;
    scratch.doubleMath.log(rates, logs, count);
    for (int i = 0; i < count; i++) {
      rates[i] = Math.fma(-y[i], logs[i] + logsOfExposures[i], exposure[i] * rates[i]);
    }
  }

  /** max(x, 0) of a number that is not large, in fewer instructions. */
  private static double positivePart(double x) {
    return (x + Math.abs(x)) / 2;
  }

  /** log E, of which most are 1. */
  static double log(double exposure) {
    return exposure == 1 ? 0 : Math.log(exposure);
  }

  /** Computes everything at an element of the tile. */
  void at(double[] x, int i, Scratch scratch) {
    at(x[i]);
  }

  /** E·λ′ − y·λ′/λ of an exposure E. */
  double gradient(double exposure, double y) {
    return difference(exposure * slope, y, logSlope);
  }

  /** E·λ″ − y·(λ′/λ)′. */
  double second(double exposure, double y) {
    return difference(exposure * curvature, y, logCurvature);
  }

  /** a − y·b, where no count outweighs an infinite b. */
  private static double difference(double a, double y, double b) {
    return y == 0 ? a : Math.fma(-y, b, a);
  }

  /** x·ρ. */
  double timesLogSlope(double x) {
    return x * logSlope;
  }

  /** x·T′ where T′ is about to be subnormal; of such functions T″ is a multiple of T′. */
  double timesTinySlope(double x) {
    return x * slope;
  }

  abstract void atFinite(double r);

  abstract void atInfinity(boolean isPositive);

  final void set(double newValue, double newSlope, double newLogSlope, double newCurvature) {
    value = newValue;
    log = wantsLog ? Math.log(newValue) : 0;
    slope = newSlope;
    logSlope = newLogSlope;
    curvature = newCurvature;
    logCurvature = 0;
  }

  /** Returns the rate of a transform, or for null of the raw value itself. */
  static CountRate of(PositiveTransform transform) {
    if (transform == null) {
      return new Raw();
    }
    CountRate unbounded =
        switch (transform.family()) {
          case EXP -> new Exp();
          case SOFTPLUS -> new Softplus(transform.parameter());
          case SQUAREPLUS -> new Squareplus(transform.parameter());
        };
    return transform.lowerBound() == 0
        ? unbounded
        : new Bounded(unbounded, transform.lowerBound(), curvatureOfSlope(transform));
  }

  /** That of e^r and of softplus is constant; squareplus's slope is never tiny. */
  private static double curvatureOfSlope(PositiveTransform transform) {
    return transform.family() == PositiveTransform.Family.SOFTPLUS ? transform.parameter() : 1;
  }

  private static final class Raw extends CountRate {
    @Override
    void atFinite(double r) {
      if (!(r >= 0)) {
        atInfinity(false);
        return;
      }
      // Of −0 the rate is 0, whose inverse is not −inf.
      double rate = Math.abs(r);
      set(rate, 1, 1 / rate, 0);
      logCurvature = -(1 / rate) / rate;
    }

    /** No rate is negative. */
    @Override
    void atInfinity(boolean isPositive) {
      if (isPositive) {
        set(Double.POSITIVE_INFINITY, 1, 0, 0);
      } else {
        set(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
        logCurvature = Double.NaN;
      }
    }
  }

  private static final class Exp extends CountRate {
    private double half;

    @Override
    double timesTinySlope(double x) {
      return x * half * half;
    }

    @Override
    void begin(double[] x, int count, Scratch scratch) {
      scratch.doubleMath.exp(x, scratch.a, count);
    }

    @Override
    double reach() {
      return Double.POSITIVE_INFINITY;
    }

    @Override
    void gradients(
        double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
      double[] exp = scratch.a;
      for (int i = 0; i < count; i++) {
        out[i] = exposure[i] * exp[i] - y[i];
      }
    }

    @Override
    void losses(
        double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
      double[] exp = scratch.a;
      double[] logsOfExposures = scratch.d;
      for (int i = 0; i < count; i++) {
        out[i] = Math.fma(-y[i], x[i] + logsOfExposures[i], exposure[i] * exp[i]);
      }
    }

    @Override
    void at(double[] x, int i, Scratch scratch) {
      of(x[i], scratch.a[i]);
    }

    @Override
    void atFinite(double r) {
      of(r, Math.exp(r));
    }

    private void of(double r, double exp) {
      half = exp < TINY_SLOPE ? Math.exp(r / 2) : 0;
      value = exp;
      log = r;
      slope = exp;
      logSlope = 1;
      curvature = exp;
      logCurvature = 0;
    }

    @Override
    void atInfinity(boolean isPositive) {
      double infinity = Double.POSITIVE_INFINITY;
      of(isPositive ? infinity : -infinity, isPositive ? infinity : 0);
    }
  }

  private static final class Softplus extends CountRate {
    /** Below, log T is βr − log β to the last bit. */
    private static final double FAR = -37;

    /** Below, e^p is about to be subnormal. */
    private static final double TINY = -667;

    /** Beyond, products with e^{−|p|} may be about to be subnormal. */
    private static final double LARGE = 300;

    /** Between the inverse and this β is for the loops. */
    private static final double LARGE_BETA = 0x1p100;

    /** Below, the logarithm of a subnormal quotient would lose digits. */
    private static final double TINY_VALUE = 1e-290;

    /** Terms of (u·e^{−u} + e^{−u} − 1)/u² = Σ (−1)^{k+1}(k+1)/(k+2)!·u^k for u ≤ ln 2. */
    private static final int TERMS = 18;

    private final double beta;

    /** Whether βr is not rounded. */
    private final boolean isExact;

    private double half;
    private double lost;

    @Override
    double timesTinySlope(double x) {
      return x * half * Math.fma(half, lost, half);
    }

    Softplus(double beta) {
      this.beta = beta;
      isExact = Math.scalb(1.0, Math.getExponent(beta)) == beta;
    }

    @Override
    void begin(double[] x, int count, Scratch scratch) {
      double[] t = scratch.a;
      for (int i = 0; i < count; i++) {
        scratch.b[i] = beta * x[i];
      }
      scratch.doubleMath.expOfMinus(scratch.b, t, count);
      for (int i = 0; !isExact && i < count; i++) {
        t[i] = corrected(t[i], Math.fma(beta, x[i], -scratch.b[i]), scratch.b[i]);
      }
      scratch.doubleMath.log1p(t, scratch.b, count);
    }

    @Override
    double reach() {
      return beta < LARGE_BETA && beta > 1 / LARGE_BETA ? LARGE / beta : 0;
    }

    /** (E·T − y)·λ′/λ, whose difference loses nothing where E·T is nearly y. */
    @Override
    void gradients(
        double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
      double[] exp = scratch.a;
      double[] log = scratch.b;
      for (int i = 0; i < count; i++) {
        // 1 for negative x, else 0, without a choice, which C2 does not vectorise.
        double sign = Math.min((Math.abs(x[i]) - x[i]) * 0x1p1000, 1);
        double ofNegative = Math.fma(sign, exp[i], 1 - sign);
        double rate = positivePart(x[i]) + log[i] / beta;
        out[i] = ofNegative * (exposure[i] * rate - y[i]) / ((1 + exp[i]) * rate);
      }
    }

    @Override
    void losses(
        double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
      double[] log = scratch.b;
      for (int i = 0; i < count; i++) {
        out[i] = positivePart(x[i]) + log[i] / beta;
      }
      CountRate.losses(out, y, exposure, count, scratch);
    }

    /** e^{−|p + lost|} of e^{−|p|}; where p is infinite nothing is lost. */
    private static double corrected(double exp, double lost, double p) {
      return exp == 0 ? 0 : Math.fma(exp, p < 0 ? lost : -lost, exp);
    }

    @Override
    void at(double[] x, int i, Scratch scratch) {
      double p = beta * x[i];
      if (Double.isInfinite(p)) {
        at(x[i]);
      } else {
        of(x[i], p, scratch.a[i], scratch.b[i]);
      }
    }

    @Override
    void atFinite(double r) {
      double p = beta * r;
      double t = corrected(Math.exp(-Math.abs(p)), Math.fma(beta, r, -p), p);
      of(r, p, t, Math.log1p(t));
    }

    private void of(double r, double p, double t, double u) {
      lost = Double.isInfinite(p) ? 0 : Math.fma(beta, r, -p);
      half = p < TINY ? Math.exp(p / 2) : 0;
      double small = t / (1 + t);
      double factor = beta * (small / (1 + t));
      curvature = factor;
      if (p < 0) {
        value = p < TINY ? timesTinySlope(1) / beta : u / beta;
        log = !wantsLog ? 0 : p < FAR ? p - Math.log(beta) + lost : logOf(u);
        slope = small;
        logSlope = p < FAR ? beta : beta * (small / u);
        logCurvature = wantsCurvature ? beta * beta * small * logCurvature(u) : 0;
      } else {
        value = r + u / beta;
        log = wantsLog ? logOf(p + u) : 0;
        slope = 1 / (1 + t);
        logSlope = slope / value;
        logCurvature = factor / value - logSlope * logSlope;
      }
    }

    @Override
    void atInfinity(boolean isPositive) {
      if (isPositive) {
        set(Double.POSITIVE_INFINITY, 1, 0, 0);
      } else {
        set(0, 0, beta, 0);
      }
    }

    /** The logarithm of the value, which is a softplus over β; by both where it is tiny. */
    private double logOf(double softplus) {
      return value < TINY_VALUE ? Math.log(softplus) - Math.log(beta) : Math.log(value);
    }

    /** (u·e^{−u} + e^{−u} − 1)/u². */
    private static double logCurvature(double u) {
      double sum = 0;
      double term = -0.5;
      for (int k = 0; k < TERMS; k++) {
        sum += term;
        term *= -u * (k + 2) / ((k + 1.0) * (k + 3));
      }
      return sum;
    }
  }

  private static final class Squareplus extends CountRate {
    /** Below, the logarithm of a subnormal quotient would lose digits. */
    private static final double TINY = 1e-290;

    /** Between the inverse and this no square overflows or vanishes. */
    private static final double LARGE = 0x1p400;

    private final double b;
    private final double root;

    Squareplus(double b) {
      this.b = b;
      root = Math.sqrt(b);
    }

    @Override
    double reach() {
      return b < LARGE && b > 1 / LARGE ? LARGE : 0;
    }

    /** T of √(r² + b). */
    private double value(double r, double hypot) {
      return positivePart(r) + b / 4 / (Math.abs(r) / 2 + hypot / 2);
    }

    /** (E·T − y)/√(r² + b), for T is λ′·√(r² + b). */
    @Override
    void gradients(
        double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double root = Math.sqrt(Math.fma(x[i], x[i], b));
        out[i] = (exposure[i] * value(x[i], root) - y[i]) / root;
      }
    }

    @Override
    void losses(
        double[] x, double[] y, double[] exposure, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = value(x[i], Math.sqrt(Math.fma(x[i], x[i], b)));
      }
      CountRate.losses(out, y, exposure, count, scratch);
    }

    @Override
    void atFinite(double r) {
      double hypot = hypot(r);
      double ofAbs = Math.abs(r) / 2 + hypot / 2;
      double tail = b / 4 / ofAbs;
      value = Math.max(r, 0) + tail;
      log = !wantsLog ? 0 : value < TINY ? Math.log(b / 4) - Math.log(ofAbs) : Math.log(value);
      logSlope = 1 / hypot;
      slope = r > 0 ? ofAbs / hypot : tail / hypot;
      curvature = b / hypot / hypot / (2 * hypot);
      logCurvature = -(r / hypot) / hypot / hypot;
    }

    @Override
    void atInfinity(boolean isPositive) {
      if (isPositive) {
        set(Double.POSITIVE_INFINITY, 1, 0, 0);
      } else {
        set(0, 0, 0, 0);
      }
    }

    /** √(r² + b), where no square overflows or vanishes. */
    private double hypot(double r) {
      double square = Math.fma(r, r, b);
      return square > 0x1p-900 && square < 0x1p900 ? Math.sqrt(square) : Math.hypot(r, root);
    }
  }

  /** Above a lower bound l. */
  private static final class Bounded extends CountRate {
    private final CountRate rate;
    private final double least;

    /** T″/T′ where T′ is tiny. */
    private final double curvatureOfSlope;

    Bounded(CountRate rate, double least, double curvatureOfSlope) {
      this.rate = rate;
      this.least = least;
      this.curvatureOfSlope = curvatureOfSlope;
    }

    @Override
    CountRate wanting(boolean ofLog, boolean ofCurvatures) {
      rate.wanting(ofLog, ofCurvatures);
      return super.wanting(ofLog, ofCurvatures);
    }

    @Override
    void begin(double[] x, int count, Scratch scratch) {
      rate.begin(x, count, scratch);
    }

    @Override
    void at(double[] x, int i, Scratch scratch) {
      rate.at(x, i, scratch);
      bound();
    }

    @Override
    void atFinite(double r) {
      rate.at(r);
      bound();
    }

    @Override
    void atInfinity(boolean isPositive) {
      rate.atInfinity(isPositive);
      bound();
    }

    @Override
    double gradient(double exposure, double y) {
      return isTiny() ? rate.timesTinySlope(exposure - y / value) : super.gradient(exposure, y);
    }

    @Override
    double second(double exposure, double y) {
      return isTiny()
          ? rate.timesTinySlope(curvatureOfSlope * (exposure - y / value))
          : super.second(exposure, y);
    }

    @Override
    double timesLogSlope(double x) {
      return isTiny() ? rate.timesTinySlope(x / value) : super.timesLogSlope(x);
    }

    private boolean isTiny() {
      return slope < TINY_SLOPE;
    }

    private void bound() {
      value = least + rate.value;
      log = value == Double.POSITIVE_INFINITY ? rate.log : wantsLog ? Math.log(value) : 0;
      slope = rate.slope;
      // Where e^r overflows both are infinite.
      logSlope = value == Double.POSITIVE_INFINITY ? rate.logSlope : slope / value;
      curvature = rate.curvature;
      logCurvature =
          value == Double.POSITIVE_INFINITY
              ? rate.logCurvature
              : curvature / value - logSlope * logSlope;
    }
  }
}

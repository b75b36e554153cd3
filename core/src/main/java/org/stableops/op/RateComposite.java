package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.kernel.ScaledB;

/**
 * The rate λ = l + T(r) of counts by primitives, and its logarithm, with their derivatives: the
 * formulas are those of the kernel.
 *
 * @param <A> the host's arrays
 */
final class RateComposite<A> {
  /** Below, log T of softplus is p − log β to the last bit, and its derivative β. */
  private static final double FAR = -37;

  private final RowAlgebra<A> m;
  private final A r;
  private final PositiveTransform transform;
  private final double bound;

  /** Of softplus p = βr, t = e^{−|p|} and u = log(1 + t); of squareplus R; else null. */
  private A p;

  private A t;
  private A u;
  private A root;

  /** T, and λ = l + T. */
  private final A unbounded;

  final A value;

  RateComposite(RowAlgebra<A> m, A r, CountOptions options) {
    this.m = m;
    this.r = r;
    transform = options.rate().orElse(null);
    bound = transform == null ? 0 : transform.lowerBound();
    unbounded = unbounded();
    value = bound == 0 ? unbounded : m.add(unbounded, bound);
  }

  private A unbounded() {
    if (transform == null) {
      // No rate is negative, and of −0 it is 0, whose inverse is not −inf.
      return m.select(m.isLess(r, 0), m.constant(Double.NaN, r), m.abs(r));
    }
    double parameter = transform.parameter();
    return switch (transform.family()) {
      case EXP -> m.exp(r);
      case SOFTPLUS -> {
        p = m.multiply(r, parameter);
        A minusAbs = m.minusAbs(p);
        t = m.exp(minusAbs);
        u = m.log1pExpOf(minusAbs);
        yield m.add(m.atLeast(r, 0), m.divide(u, parameter));
      }
      case SQUAREPLUS -> {
        A abs = m.abs(r);
        root = SquareplusComposite.root(m, abs, new ScaledB(parameter));
        A ofAbs = SquareplusComposite.valueOfAbs(m, abs, root);
        yield m.add(m.atLeast(r, 0), m.divide(parameter / 4, ofAbs));
      }
    };
  }

  /**
   * E·λ′ − y·λ′/λ of exposures E, null for 1; above a bound (E − y/λ)·T′, for T′ may be tiny where
   * λ is not.
   */
  A gradient(A exposure, A y) {
    return bound == 0
        ? minus(times(slope(), exposure), y, logSlope())
        : timesSlope(share(exposure, y));
  }

  /** E·λ″ − y·(λ′/λ)′; above a bound (E − y/λ)·T″ + y·(T′/λ)². */
  A secondDerivative(A exposure, A y) {
    if (bound == 0) {
      return minus(times(curvature(), exposure), y, logCurvature());
    }
    A logSlope = logSlope();
    A ofSquare = m.multiply(m.multiply(y, logSlope), logSlope);
    return m.add(
        timesCurvature(share(exposure, y)), m.select(m.isEqual(y, 0), m.constant(0, y), ofSquare));
  }

  /** a − y·b, and a where y is 0. */
  private A minus(A a, A y, A b) {
    return m.select(m.isEqual(y, 0), a, m.subtract(a, m.multiply(y, b)));
  }

  /** x·ρ; above a bound x/λ·T′. */
  A timesLogSlope(A x) {
    return bound == 0 ? m.multiply(x, logSlope()) : timesSlope(m.divide(x, value));
  }

  /** x·ρ′; above a bound x/λ·T″ − x·ρ². */
  A timesLogCurvature(A x) {
    if (bound == 0) {
      return m.multiply(x, logCurvature());
    }
    A slope = logSlope();
    return m.subtract(timesCurvature(m.divide(x, value)), m.multiply(m.multiply(x, slope), slope));
  }

  /** x·E. */
  A times(A x, A exposure) {
    return exposure == null ? x : m.multiply(x, exposure);
  }

  /** E − y/λ. */
  private A share(A exposure, A y) {
    A quotient = m.divide(y, value);
    return exposure == null ? m.add(m.negate(quotient), 1) : m.subtract(exposure, quotient);
  }

  /** x·T′, of a square where T′ is an exponential. */
  private A timesSlope(A x) {
    return switch (transform.family()) {
      case EXP -> timesExp(x, r);
      case SOFTPLUS -> {
        A below = m.negate(m.atLeast(m.negate(p), 0));
        yield m.divide(timesExp(x, below), m.add(t, 1));
      }
      case SQUAREPLUS -> m.multiply(x, slope());
    };
  }

  private A timesCurvature(A x) {
    return switch (transform.family()) {
      case EXP -> timesExp(x, r);
      case SOFTPLUS -> {
        A onePlusT = m.add(t, 1);
        A product = timesExp(m.multiply(x, transform.parameter()), m.negate(m.abs(p)));
        yield m.divide(m.divide(product, onePlusT), onePlusT);
      }
      case SQUAREPLUS -> m.multiply(x, curvature());
    };
  }

  private A timesExp(A x, A exponent) {
    A half = m.exp(m.multiply(exponent, 0.5));
    return m.multiply(m.multiply(x, half), half);
  }

  A log() {
    if (transform == null) {
      return m.log(value);
    }
    return switch (transform.family()) {
      // Where e^r overflows r is its logarithm.
      case EXP ->
          bound == 0 ? r : m.select(m.isEqual(value, Double.POSITIVE_INFINITY), r, m.log(value));
      case SOFTPLUS -> {
        if (bound > 0) {
          yield m.log(value);
        }
        A far = m.add(p, -Math.log(transform.parameter()));
        yield m.select(m.isLess(p, FAR), far, m.log(value));
      }
      case SQUAREPLUS -> m.log(value);
    };
  }

  A slope() {
    if (transform == null) {
      return m.add(m.multiply(m.divide(1, m.add(value, 1)), 0), 1);
    }
    return switch (transform.family()) {
      case EXP -> unbounded;
      case SOFTPLUS -> {
        A numerator = m.select(m.isLess(p, 0), t, m.constant(1, t));
        yield m.divide(numerator, m.add(t, 1));
      }
      case SQUAREPLUS -> {
        A step = m.toTypeOf(r, m.isMore(r, 0));
        yield m.select(m.isInfinite(root), step, m.divide(unbounded, root));
      }
    };
  }

  A logSlope() {
    if (transform == null) {
      return m.divide(1, value);
    }
    double beta = transform.parameter();
    return switch (transform.family()) {
      case EXP ->
          bound == 0
              ? m.constant(1, r)
              : m.divide(1, m.add(m.multiply(m.exp(m.negate(r)), bound), 1));
      case SOFTPLUS -> {
        A quotient = m.divide(slope(), value);
        if (bound > 0) {
          yield quotient;
        }
        A below = m.multiply(m.divide(m.divide(t, m.add(t, 1)), u), beta);
        A near = m.select(m.isLess(p, 0), below, quotient);
        yield m.select(m.isLess(p, FAR), m.constant(beta, near), near);
      }
      case SQUAREPLUS -> bound == 0 ? m.divide(1, root) : m.divide(slope(), value);
    };
  }

  A curvature() {
    if (transform == null) {
      return m.multiply(m.divide(1, m.add(value, 1)), 0);
    }
    double parameter = transform.parameter();
    return switch (transform.family()) {
      case EXP -> unbounded;
      case SOFTPLUS -> {
        A onePlusT = m.add(t, 1);
        yield m.multiply(m.divide(m.divide(t, onePlusT), onePlusT), parameter);
      }
      case SQUAREPLUS -> m.divide(m.divide(m.divide(parameter, root), root), m.multiply(root, 2));
    };
  }

  /** ρ′ without a bound: T″/T − ρ², but where both are known to be one number. */
  A logCurvature() {
    if (transform == null) {
      return m.negate(m.divide(m.divide(1, value), value));
    }
    return switch (transform.family()) {
      case EXP -> m.constant(0, r);
      case SOFTPLUS -> difference();
      case SQUAREPLUS -> {
        A sine = m.select(m.isInfinite(root), m.constant(0, r), m.divide(r, root));
        yield m.negate(m.divide(m.divide(sine, root), root));
      }
    };
  }

  private A difference() {
    A slope = logSlope();
    A difference = m.subtract(m.divide(curvature(), value), m.multiply(slope, slope));
    // The quotient of two numbers that have underflowed.
    return m.select(m.isLess(p, FAR), m.constant(0, difference), difference);
  }
}

package org.stableops;

import java.io.Serializable;
import java.nio.DoubleBuffer;
import org.stableops.internal.Arguments;
import org.stableops.kernel.Elements;
import org.stableops.kernel.PositiveKernel;

/**
 * A smooth, increasing map from all real numbers onto those above a lower bound, by which an
 * optimiser that knows no bounds trains a parameter that has one: it moves the raw value r, and the
 * model reads
 *
 * <pre>value(r) = lowerBound + f(r),   f one of softplus, squareplus and exp.</pre>
 *
 * <p>An immutable value. Squareplus has no transcendental function and the slowest approach to the
 * bound (b/(4|r|)); softplus and exp approach it like e^{βr} and e^r; exp makes steps relative, and
 * overflows at r = 709.8 (88.7 in float32).
 *
 * <p>{@code value} is above the bound for every r but NaN: what would round to the bound is the
 * next number after it, so that what {@code value} returns can always be given to {@code inverse}.
 * value(inverse(p)) is p to the rounding of the raw value, inverse(value(r)) is r to the rounding
 * of the value.
 *
 * <pre>{@code
 * PositiveTransform transform = PositiveTransform.softplus().withLowerBound(1e-6);
 * double raw = transform.inverse(0.5);
 * double scale = transform.value(raw); // 0.5, and above 1e-6 whatever becomes of raw
 * // The density of a prior on the scale, as one of raw:
 * double logDensityOfRaw = -scale + transform.logDerivative(raw);
 * }</pre>
 *
 * <p>The elements of arrays are transformed by {@code PositiveTransforms} of either host. What it
 * is for: J. V. Dillon et al., TensorFlow Distributions, arXiv:1711.10604, §4 (bijectors).
 *
 * @param family which f
 * @param parameter β of softplus, b of squareplus; 1 for exp, which has none
 * @param lowerBound finite and not negative
 */
public record PositiveTransform(Family family, double parameter, double lowerBound)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** The functions that a transform may be made of. */
  public enum Family {
    /** log(1 + e^{βr})/β. */
    SOFTPLUS,
    /** (r + √(r² + b))/2. */
    SQUAREPLUS,
    /** e^r. */
    EXP
  }

  /**
   * Makes a transform of its parts; the factories below read better.
   *
   * @param family which f
   * @param parameter β of softplus, finite and positive; b of squareplus, finite and positive; 1
   *     for exp
   * @param lowerBound finite and not negative
   * @throws IllegalArgumentException if an argument is invalid; for squareplus that includes b = 0,
   *     which would make it ReLU
   */
  public PositiveTransform {
    Arguments.requireGiven("family", family);
    switch (family) {
      case SOFTPLUS -> Parameters.requireBeta(parameter);
      case SQUAREPLUS -> requirePositive(parameter);
      case EXP -> requireNone(parameter);
    }
    if (!(lowerBound >= 0 && lowerBound < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("lowerBound must be finite and >= 0, got " + lowerBound);
    }
    // −0 would equal 0 in everything but equals.
    lowerBound += 0.0;
  }

  private static void requirePositive(double b) {
    if (Parameters.requireB(b) == 0) {
      throw new IllegalArgumentException("b of a transform must be > 0, got " + b);
    }
  }

  private static void requireNone(double parameter) {
    if (parameter != 1) {
      throw new IllegalArgumentException("parameter of exp must be 1, got " + parameter);
    }
  }

  /**
   * Returns the transform by softplus with β = 1.
   *
   * @return r ↦ log(1 + e^r)
   */
  public static PositiveTransform softplus() {
    return softplus(Parameters.DEFAULT_BETA);
  }

  /**
   * Returns the transform by softplus.
   *
   * @param beta β, finite and positive
   * @return r ↦ log(1 + e^{βr})/β
   * @throws IllegalArgumentException if β is invalid
   */
  public static PositiveTransform softplus(double beta) {
    return new PositiveTransform(Family.SOFTPLUS, beta, 0);
  }

  /**
   * Returns the transform by squareplus with b = 4.
   *
   * @return r ↦ (r + √(r² + 4))/2
   */
  public static PositiveTransform squareplus() {
    return squareplus(Parameters.DEFAULT_B);
  }

  /**
   * Returns the transform by squareplus.
   *
   * @param b finite and positive
   * @return r ↦ (r + √(r² + b))/2
   * @throws IllegalArgumentException if b is invalid
   */
  public static PositiveTransform squareplus(double b) {
    return new PositiveTransform(Family.SQUAREPLUS, b, 0);
  }

  /**
   * Returns the transform by the exponential function.
   *
   * @return r ↦ e^r
   */
  public static PositiveTransform exp() {
    return new PositiveTransform(Family.EXP, 1, 0);
  }

  /**
   * Returns a transform like this one onto the numbers above another bound.
   *
   * @param bound finite and not negative
   * @return r ↦ bound + f(r)
   * @throws IllegalArgumentException if the bound is invalid
   */
  public PositiveTransform withLowerBound(double bound) {
    return new PositiveTransform(family, parameter, bound);
  }

  /**
   * Tells whether a number is one that the transform can take: what {@link #inverse} accepts.
   *
   * @param value any number
   * @return whether it is finite and above the lower bound
   */
  public boolean contains(double value) {
    return value > lowerBound && value < Double.POSITIVE_INFINITY;
  }

  /**
   * Returns the value of a raw value.
   *
   * @param raw any number
   * @return lowerBound + f(raw), at least the next double after the bound; +inf for +inf and where
   *     e^raw overflows, NaN for NaN
   */
  public double value(double raw) {
    return apply(raw, PositiveKernel.of(this)::value);
  }

  /**
   * Returns the raw value of a value.
   *
   * @param value finite and above the lower bound
   * @return f⁻¹(value − lowerBound), finite: where the inverse of squareplus overflows, for values
   *     that it takes at no finite raw value, it is the lowest double
   * @throws IllegalArgumentException if the value is not finite or not above the lower bound
   */
  public double inverse(double value) {
    requireContained("value", value);
    return apply(value, PositiveKernel.inverse(this)::value);
  }

  /**
   * Returns the derivative of {@link #value}.
   *
   * @param raw any number
   * @return f′(raw): 1 for +inf of softplus and squareplus, +inf where e^raw overflows, 0 for −inf,
   *     NaN for NaN
   */
  public double derivative(double raw) {
    return apply(raw, PositiveKernel.of(this)::gradient);
  }

  /**
   * Returns the logarithm of {@link #derivative}, the log-Jacobian: the log-density of raw is that
   * of the value plus this. It is finite long after the derivative is 0.
   *
   * @param raw any number
   * @return log f′(raw): −softplus(−β·raw) for softplus, −softplus(−2·asinh(raw/√b)) for
   *     squareplus, raw for exp; NaN for NaN
   */
  public double logDerivative(double raw) {
    return apply(raw, PositiveKernel.logDerivative(this)::value);
  }

  /**
   * Checks a number that is to be inverted.
   *
   * @param name what the message calls it
   * @param value any number
   * @throws IllegalArgumentException if it is not finite or not above the lower bound
   */
  public void requireContained(String name, double value) {
    if (!contains(value)) {
      throw new IllegalArgumentException(
          "%s must be finite and > %s, got %s".formatted(name, lowerBound, value));
    }
  }

  /** A sweep over elements, here one. */
  private interface Sweep {
    void run(Elements x, Elements out);
  }

  private static double apply(double x, Sweep sweep) {
    double[] result = {x};
    Elements element = Elements.of(DoubleBuffer.wrap(result));
    sweep.run(element, element);
    return result[0];
  }

  /** Returns as in {@code softplus(beta = 1.0) above 0.0}. */
  @Override
  public String toString() {
    return switch (family) {
          case SOFTPLUS -> "softplus(beta = " + parameter + ")";
          case SQUAREPLUS -> "squareplus(b = " + parameter + ")";
          case EXP -> "exp";
        }
        + " above "
        + lowerBound;
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;

/** The losses of elements by their definitions, in exact arithmetic. */
final class ExactLosses {
  private static final double EPSILON = 0x1p-53;

  /** Exact values take longer than all else, and tests of mutants ask for them again and again. */
  private static final Map<Object, Jet> KNOWN = new ConcurrentHashMap<>();

  private record Point(String what, Object options, double x, double companion, double y) {}

  private ExactLosses() {}

  private static Jet known(Object point, Supplier<Jet> formula) {
    Jet known = KNOWN.get(point);
    if (known == null) {
      known = formula.get();
      KNOWN.put(point, known);
    }
    return known;
  }

  // ---- yes or no

  /** c₊·F(x): c·(1 − p)^γ·(−log p). */
  static Jet yes(double x, double positiveWeight, double y, BinaryCrossEntropyOptions options) {
    Jet c = smoothed(Jet.of(y), options).times(options.focalAlpha().orElse(1));
    return term(x, false, options.focalGamma()).times(c.times(positiveWeight));
  }

  /** c₋·F(−x). */
  static Jet no(double x, double y, BinaryCrossEntropyOptions options) {
    Jet c = smoothed(Jet.of(1).minus(Jet.of(y)), options);
    Jet share = Jet.of(1).minus(Jet.of(options.focalAlpha().orElse(0)));
    return term(x, true, options.focalGamma()).times(c.times(share));
  }

  private static Jet smoothed(Jet target, BinaryCrossEntropyOptions options) {
    Jet s = Jet.of(options.labelSmoothing());
    return Jet.of(1).minus(s).times(target).plus(s.times(0.5));
  }

  private static Jet term(double x, boolean isMirrored, double gamma) {
    return known(
        new Point("focal", isMirrored, x, gamma, 0),
        () -> {
          Jet loss = softplus(x, !isMirrored);
          Jet focus = softplus(x, isMirrored).times(-gamma);
          return gamma == 0 ? loss : loss.times(focus.exp());
        });
  }

  /** softplus(±x). */
  private static Jet softplus(double x, boolean isOfMinus) {
    Jet variable = Jet.variable(x);
    return known(
        new Point("softplus", isOfMinus, x, 0, 0),
        () -> (isOfMinus ? variable.times(-1) : variable).softplus());
  }

  // ---- counts

  /** T(r) above its bound, as a function of r. */
  static Jet rate(Jet r, PositiveTransform transform) {
    if (transform == null) {
      return r;
    }
    double parameter = transform.parameter();
    Jet unbounded =
        switch (transform.family()) {
          case EXP -> r.exp();
          case SOFTPLUS -> r.times(parameter).softplus().over(Jet.of(parameter));
          case SQUAREPLUS -> r.plus(r.times(r).plus(parameter).sqrt()).times(0.5);
        };
    return unbounded.plus(transform.lowerBound());
  }

  /** λ of r and the options. */
  static Jet rate(double r, CountOptions options) {
    PositiveTransform transform = options.rate().orElse(null);
    return known(
        new Point("rate", "" + transform, r, 0, 0), () -> rate(Jet.variable(r), transform));
  }

  /** log λ of r and the options. */
  static Jet logOfRate(double r, CountOptions options) {
    return log(rate(r, options));
  }

  /** y·log(y/(Eλ)). */
  private static Jet timesLogRatio(Jet log, double exposure, double y) {
    return y == 0 ? Jet.of(0) : log(Jet.of(y)).minus(log).minus(log(Jet.of(exposure))).times(y);
  }

  /** λ − y·log λ, or −log of the Poisson probability. */
  static Jet poisson(double r, double exposure, double y, CountOptions options) {
    Jet mean = rate(r, options).times(exposure);
    if (y == 0) {
      return mean;
    }
    Jet loss = mean.minus(logOfRate(r, options).plus(log(Jet.of(exposure))).times(y));
    return options.hasFullLikelihood() ? loss.plus(logGamma(Jet.of(y).plus(1))) : loss;
  }

  /** 2(λ − y + y·log(y/λ)). */
  static Jet poissonDeviance(double r, double exposure, double y, CountOptions options) {
    Jet mean = rate(r, options).times(exposure);
    return mean.plus(-y).plus(timesLogRatio(logOfRate(r, options), exposure, y)).times(2);
  }

  /** −log of the negative binomial probability, perhaps less log y!; derived by r. */
  static Jet negativeBinomial(double r, double theta, double y, CountOptions options) {
    return known(
        new Point("negative binomial", options, r, theta, y),
        () -> negativeBinomial(rate(r, options), Jet.of(theta), y, options));
  }

  /** The same, derived by θ. */
  static Jet negativeBinomialByTheta(double r, double theta, double y, CountOptions options) {
    return known(
        new Point("negative binomial by theta", options, r, theta, y),
        () -> {
          Jet mean = rate(Jet.of(r), options.rate().orElse(null));
          return negativeBinomial(mean, Jet.variable(theta), y, options);
        });
  }

  private static Jet negativeBinomial(Jet mean, Jet theta, double y, CountOptions options) {
    Jet total = theta.plus(mean);
    Jet loss =
        logGamma(theta)
            .minus(logGamma(theta.plus(y)))
            .plus(theta.plus(y).times(log(total)))
            .minus(theta.times(log(theta)));
    Jet withMean = y == 0 ? loss : loss.minus(log(mean).times(y));
    return options.hasFullLikelihood() && y != 0
        ? withMean.plus(logGamma(Jet.of(y).plus(1)))
        : withMean;
  }

  /** 2(y·log(y/μ) − (y + θ)·log((y + θ)/(μ + θ))). */
  static Jet negativeBinomialDeviance(double r, double theta, double y, CountOptions options) {
    return known(
        new Point("negative binomial deviance", options, r, theta, y),
        () -> {
          Jet mean = rate(r, options);
          Jet n = Jet.of(theta).plus(y);
          Jet ofN = log(n).minus(log(Jet.of(theta).plus(mean))).times(n);
          Jet ofY = timesLogRatio(logOfRate(r, options), 1, y);
          return ofY.minus(ofN).times(2);
        });
  }

  /** φ(w) = w − log(1 + w) of w = (y − μ)/(θ + μ). */
  static Jet phi(double r, double theta, double y, CountOptions options) {
    return known(
        new Point("phi", options, r, theta, y),
        () -> {
          Jet mean = rate(r, options);
          Jet total = mean.plus(theta);
          Jet log = log(Jet.of(y).plus(theta)).minus(log(total));
          return Jet.of(y).minus(mean).over(total).minus(log);
        });
  }

  /** log Γ, of which a call takes longer than of all else. */
  static Jet logGamma(Jet z) {
    return known("log gamma", z, Jet::logGamma);
  }

  private static Jet log(Jet z) {
    return known("log", z, Jet::log);
  }

  private static Jet known(String name, Jet z, UnaryOperator<Jet> function) {
    Jet variable = new Jet(z.value(), BigDecimal.ONE, BigDecimal.ZERO);
    return z.map(known(List.of(name, z.value()), () -> function.apply(variable)));
  }

  // ---- comparisons

  /** Within so many half ulps of a number that is as large as the terms that the result is of. */
  static void assertNear(
      BigDecimal exact, double actual, double halfUlps, double terms, Object where) {
    double bar = halfUlps * (EPSILON * terms) + 8 * Double.MIN_VALUE;
    assertTrue(
        Double.isFinite(actual)
            && exact.subtract(new BigDecimal(actual)).abs().doubleValue() <= bar,
        () -> where + ": got " + actual + ", exact " + exact.doubleValue() + " ± " + bar);
  }
}

package org.stableops.integration.newton;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** A framework in which losses have second derivatives. */
public interface NewtonHost {
  /** All hosts. */
  List<NewtonHost> ALL = List.of(new DjlNewton(), new Nd4jNewton());

  /** The negative log-likelihood. */
  CountOptions LIKELIHOOD = CountOptions.DEFAULT.withReduction(Reduction.SUM).withFullLikelihood();

  /** The same of classes. */
  CrossEntropyOptions SUM = CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);

  /** Where θ starts: below its estimate, for above it the Hessian may be indefinite. */
  double FIRST_THETA = 5;

  /**
   * Computes the loss of a Poisson regression.
   *
   * @param data what was counted
   * @param options a sum, its rate
   * @param beta the coefficients
   * @return the loss and its derivatives by the coefficients
   */
  Local poisson(Counts data, CountOptions options, double... beta);

  /**
   * Computes the negative log-likelihood of a negative binomial regression with one dispersion.
   *
   * @param data what was counted
   * @param betaAndTheta the coefficients and θ
   * @return the loss and its derivatives by coefficients and θ
   */
  Local negativeBinomial(Counts data, double... betaAndTheta);

  /**
   * Computes the loss of a classifier whose logits are divided by a temperature.
   *
   * @param logits those before that
   * @param logarithm that of the temperature, which keeps it positive
   * @return the loss and its derivatives by the logarithm
   */
  Local temperature(Logits logits, double logarithm);

  /**
   * Fits a Poisson regression by Newton's method.
   *
   * @param data what was counted
   * @return estimates and standard errors
   */
  default Fit fitPoisson(Counts data) {
    return Newton.minimize(beta -> poisson(data, LIKELIHOOD, beta), data.start());
  }

  /**
   * Fits a negative binomial regression by Newton's method, from the Poisson regression.
   *
   * @param data what was counted
   * @return estimates and standard errors, those of θ last
   */
  default Fit fitNegativeBinomial(Counts data) {
    double[] start = Arrays.copyOf(fitPoisson(data).estimates(), data.columns() + 1);
    start[data.columns()] = FIRST_THETA;
    return Newton.minimize(betaAndTheta -> negativeBinomial(data, betaAndTheta), start);
  }

  /**
   * Finds the temperature of a classifier by Newton's method, from 1.
   *
   * @param logits of held-out examples
   * @return its logarithm
   */
  default Fit fitTemperature(Logits logits) {
    return Newton.minimize(logarithm -> temperature(logits, logarithm[0]), 0);
  }

  /** A first-order method. */
  enum Rule {
    /** Adam of Kingma and Ba, 2015, with its usual decay rates. */
    ADAM,
    /** A step of a fixed length times the gradient. */
    GRADIENT_DESCENT
  }

  /**
   * Minimizes a function by the framework's own optimizer.
   *
   * @param rule which
   * @param rate the learning rate
   * @param function its Hessian is not read
   * @param start where to begin
   * @param steps how many
   * @return all points, the start first
   */
  List<double[]> descend(
      Rule rule, float rate, Function<double[], Local> function, double[] start, int steps);
}

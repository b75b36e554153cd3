package org.stableops.integration.newton;

import java.util.Arrays;
import java.util.List;

/**
 * Where Newton's method has come to.
 *
 * @param points all that it visited, the start first
 * @param last what is known at the last but one, which is as good as the last
 */
public record Fit(List<double[]> points, Local last) {
  /**
   * Counts its steps, those included that were too long and had to be halved.
   *
   * @return how many there were
   */
  public int steps() {
    return points.size() - 1;
  }

  /**
   * Returns where the minimum is.
   *
   * @return the last point
   */
  public double[] estimates() {
    return points.get(steps());
  }

  /**
   * Returns the standard errors of the estimates, if the function is a negative log-likelihood.
   *
   * @return the roots of the diagonal of the Hessian's inverse
   */
  public double[] standardErrors() {
    double[][] inverse = Matrices.inverse(last.hessian());
    double[] errors = new double[inverse.length];
    Arrays.setAll(errors, i -> Math.sqrt(inverse[i][i]));
    return errors;
  }
}

package org.stableops.integration.newton;

import java.util.Arrays;

/**
 * What is known of a function at a point.
 *
 * @param value the function
 * @param gradient its first derivatives
 * @param hessian its second derivatives
 */
public record Local(double value, double[] gradient, double[][] hessian) {
  /**
   * Of a function of z/T by u = log T: with z/T = z′, whose derivative by u is −z′, slope −⟨g, z′⟩
   * and curvature ⟨z′, Hz′⟩ + ⟨g, z′⟩.
   */
  static Local ofLogarithm(double value, double gradientTimesZ, double zTimesHessianTimesZ) {
    return new Local(
        value,
        new double[] {-gradientTimesZ},
        new double[][] {{zTimesHessianTimesZ + gradientTimesZ}});
  }

  /** The same of a function of one more number, by which and with which it is derived here. */
  Local bordered(double slope, double[] mixed, double second) {
    int last = gradient.length;
    double[] longer = Arrays.copyOf(gradient, last + 1);
    longer[last] = slope;
    double[][] larger = new double[last + 1][];
    Arrays.setAll(larger, i -> Arrays.copyOf(i < last ? hessian[i] : mixed, last + 1));
    for (int i = 0; i < last; i++) {
      larger[i][last] = mixed[i];
    }
    larger[last][last] = second;
    return new Local(value, longer, larger);
  }

  /** Newton's step: where the quadratic model of the function has its minimum. */
  double[] step() {
    double[] uphill = Matrices.product(Matrices.inverse(hessian), gradient);
    if (Matrices.dot(gradient, uphill) < 0) {
      throw new IllegalStateException("the Hessian must be positive definite");
    }
    return Arrays.stream(uphill).map(x -> -x).toArray();
  }

  /** The quadratic model of the function, a step away. */
  double model(double... step) {
    double[] bend = Matrices.product(hessian, step);
    return value + Matrices.dot(gradient, step) + Matrices.dot(bend, step) / 2;
  }
}

package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Function;
import org.stableops.integration.Tolerance;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/**
 * Elementwise results against exact arithmetic, at the bars of the conformance tests.
 *
 * @param function the operator
 * @param format the dtype
 * @param x the arguments
 * @param parameters one for each
 * @param isArray whether they came as an array, for which a composite computes in float64
 */
record ElementwiseCheck(
    ElementwiseFunction function, Format format, double[] x, double[] parameters, boolean isArray) {

  /** Of large arrays, so many elements are compared with the oracle, which is slow. */
  static final int MOST = 48;

  /** A result and what it should be. */
  enum Result {
    VALUE(ElementwiseDefinition::value),
    GRADIENT(ElementwiseDefinition::gradient),
    PARAMETER_GRADIENT(ElementwiseDefinition::parameterGradient);

    private final Function<ElementwiseDefinition, Exact> exact;

    Result(Function<ElementwiseDefinition, Exact> exact) {
      this.exact = exact;
    }
  }

  /** Computed once, for both hosts and both paths. */
  Exact[] exact(Result result) {
    Exact[] exact = new Exact[x.length];
    for (int i = 0; i < x.length; i += stride()) {
      exact[i] = result.exact.apply(new ElementwiseDefinition(function, x[i], parameters[i]));
    }
    return exact;
  }

  private int stride() {
    return Math.max(1, (x.length + MOST - 1) / MOST);
  }

  void check(Result result, Exact[] exact, double[] actual, Path path, String where) {
    for (int i = 0; i < x.length; i += stride()) {
      double nearest = exact[i].nearest();
      if (Double.isNaN(nearest)) {
        require(Double.isNaN(actual[i]), i, actual[i], exact[i], where + " " + result);
        continue;
      }
      boolean isNearZero = result == Result.VALUE && subtracts(i, path);
      double error =
          isNearZero
              ? Math.abs(actual[i] - nearest) * parameters[i] / format.epsilon()
              : format.ulps(actual[i], exact[i]);
      double bar =
          isNearZero ? Tolerance.NEAR_ZERO.of(format) : bar(i, path, result != Result.VALUE);
      require(error <= bar, i, actual[i], exact[i], where + " " + result + ", error " + error);
    }
  }

  private void require(boolean isRight, int i, double actual, Exact exact, String where) {
    assertTrue(
        isRight,
        () ->
            "%s at [%d], x = %s, parameter %s: got %s, exact %s"
                .formatted(where, i, x[i], parameters[i], actual, exact.nearest()));
  }

  private boolean isComputedWider() {
    return isArray && format != Format.FLOAT64;
  }

  double bar(int i, Path path, boolean isGradient) {
    double argument = path == Path.COMPOSITE && isComputedWider() ? 0 : finite(x[i]);
    return Tolerance.elementwise(function, argument, parameters[i], format, path, isGradient);
  }

  private static double finite(double x) {
    return Double.isFinite(x) ? x : 0;
  }

  /** Where a composite's softplus inverse subtracts, and only the absolute error is small. */
  private boolean subtracts(int i, Path path) {
    double product = parameters[i] * x[i];
    return path == Path.COMPOSITE
        && !isComputedWider()
        && function == ElementwiseFunction.SOFTPLUS_INVERSE
        && product > 0.4
        && product < 1.1;
  }
}

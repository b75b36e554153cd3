package org.stableops.integration.fuzz;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;

/**
 * A β that is 0 or infinite as a float32 number, or whose logarithm cancels with that of x: what
 * the fuzzer found first. In float32 the composites gave NaN at −inf and at 0, and in float64 they
 * were 7 ulp off.
 */
class ExtremeBetaTest {
  @ParameterizedTest
  @ValueSource(doubles = {1e-300, 1e-46, 1e-40, 1e39, 7.663515113906035E237, 1e300})
  void isWithinTheBars(double beta) {
    for (ElementwiseFunction function :
        new ElementwiseFunction[] {
          ElementwiseFunction.SOFTPLUS, ElementwiseFunction.SOFTPLUS_INVERSE
        }) {
      for (Format format : Format.values()) {
        check(function, beta, format);
      }
    }
  }

  private static void check(ElementwiseFunction function, double beta, Format format) {
    double inf = Double.POSITIVE_INFINITY;
    DoubleStream specials = DoubleStream.of(0, -0.0, inf, -inf, Double.NaN, 1, -1, 1e-268);
    double[] x =
        DoubleStream.concat(
                specials.map(format::round),
                Arrays.stream(Points.of(function, beta, format, ElementwiseCheck.MOST / 2)))
            .toArray();
    double[] parameters = new double[x.length];
    Arrays.fill(parameters, beta);
    ElementwiseCheck check = new ElementwiseCheck(function, format, x, parameters, false);
    Exact[] values = check.exact(ElementwiseCheck.Result.VALUE);
    Exact[] gradients = check.exact(ElementwiseCheck.Result.GRADIENT);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        if (host.formats().contains(format)) {
          String where = host.name() + " " + path + " " + function + " " + format;
          double[] value = path.run(() -> host.value(function, x, beta, format));
          double[] gradient = path.run(() -> host.gradient(function, x, beta, format));
          check.check(ElementwiseCheck.Result.VALUE, values, value, path, where);
          check.check(ElementwiseCheck.Result.GRADIENT, gradients, gradient, path, where);
        }
      }
    }
  }
}

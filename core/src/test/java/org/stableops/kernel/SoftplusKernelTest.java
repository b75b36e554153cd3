package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.Pointwise.FLOAT_GRADIENT;
import static org.stableops.kernel.Pointwise.FLOAT_SECOND;
import static org.stableops.kernel.Pointwise.FLOAT_VALUE;
import static org.stableops.kernel.Pointwise.GRADIENT;
import static org.stableops.kernel.Pointwise.SECOND;
import static org.stableops.kernel.Pointwise.VALUE;
import static org.stableops.kernel.Pointwise.assertExact;
import static org.stableops.kernel.Pointwise.both;
import static org.stableops.kernel.Pointwise.floats;
import static org.stableops.kernel.Pointwise.gradients;
import static org.stableops.kernel.Pointwise.parameterGradients;
import static org.stableops.kernel.Pointwise.secondDerivatives;
import static org.stableops.kernel.Pointwise.values;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("thorough")
class SoftplusKernelTest {
  /** βx on both sides of every bound that the kernel has. */
  private static final double[] PRODUCTS =
      both(
          1e-300, 1e-9, 0.3, 1, 17, 36.5, 40, 600, 699, 701.25, 740, 745.5, 1399, 1401, 1499,
          1501.5, 2199, 2201, 1e5);

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static double[] arguments(double beta) {
    return Arrays.stream(PRODUCTS).map(p -> p / beta).filter(Double::isFinite).toArray();
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1.7, 0.3, 1e-3, 1e-300, 1e300})
  void doublesAreExactToTheirBars(double beta) {
    double[] x = arguments(beta);
    ElementwiseKernel kernel = SoftplusKernel.of(beta);
    assertExact(VALUE, Exact::softplus, x, beta, values(kernel, x));
    assertExact(GRADIENT, Exact::softplusGradient, x, beta, gradients(kernel, x));
    assertExact(SECOND, Exact::softplusSecond, x, beta, secondDerivatives(kernel, x));
    ParametricKernel parametric = SoftplusKernel.parametric();
    assertExact(VALUE, Exact::softplus, x, beta, values(parametric, x, beta));
    assertExact(GRADIENT, Exact::softplusGradient, x, beta, gradients(parametric, x, beta));
    double[] byBeta = parameterGradients(parametric, x, beta);
    assertExact(GRADIENT, Exact::softplusByBeta, x, beta, byBeta);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1.7, 0.3})
  void floatsAreExactToTheirBars(double beta) {
    float[] x = floats(both(1e-40, 1e-9, 0.3, 1, 17, 86, 88.5, 100, 103.5, 300, 1e30));
    ElementwiseKernel kernel = SoftplusKernel.of(beta);
    assertExact(FLOAT_VALUE, Exact::softplus, x, beta, values(kernel, x));
    assertExact(FLOAT_GRADIENT, Exact::softplusGradient, x, beta, gradients(kernel, x));
    assertExact(FLOAT_SECOND, Exact::softplusSecond, x, beta, secondDerivatives(kernel, x));
  }

  @Test
  void onlyBetaOneIsComputedInFloat() {
    assertTrue(SoftplusKernel.of(1).floats() != null);
    assertEquals(null, SoftplusKernel.of(1.0000000000000002).floats());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.3, 1e300})
  void specialValuesAreLimits(double beta) {
    double[] x = {INFINITY, -INFINITY, Double.NaN, Double.MAX_VALUE, -Double.MAX_VALUE};
    double[] value = {INFINITY, 0, Double.NaN, Double.MAX_VALUE, 0};
    double[] gradient = {1, 0, Double.NaN, 1, 0};
    assertArrayEquals(value, values(SoftplusKernel.of(beta), x));
    assertArrayEquals(gradient, gradients(SoftplusKernel.of(beta), x));
    assertArrayEquals(value, values(SoftplusKernel.parametric(), x, beta));
    assertArrayEquals(gradient, gradients(SoftplusKernel.parametric(), x, beta));
    double[] byBeta = parameterGradients(SoftplusKernel.parametric(), x, beta);
    assertArrayEquals(new double[] {0, 0, Double.NaN, 0, 0}, positiveZeros(byBeta));
    assertArrayEquals(
        floats(INFINITY, 0, Double.NaN),
        values(SoftplusKernel.of(beta), floats(INFINITY, -INFINITY, Double.NaN)));
  }

  /** The sign of 0 is not promised. */
  private static double[] positiveZeros(double[] x) {
    return Arrays.stream(x).map(v -> v + 0.0).toArray();
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 2.5})
  void atZeroItIsTheLogarithmOfTwo(double beta) {
    double[] zeros = {0, -0.0};
    double log2 = Math.log(2) / beta;
    assertArrayEquals(new double[] {log2, log2}, values(SoftplusKernel.of(beta), zeros));
    assertArrayEquals(new double[] {0.5, 0.5}, gradients(SoftplusKernel.of(beta), zeros));
  }
}

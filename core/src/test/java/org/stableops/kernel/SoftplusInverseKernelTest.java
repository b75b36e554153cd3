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
class SoftplusInverseKernelTest {
  /** βy on both sides of every bound that the kernel has, and about ln 2, where it is 0. */
  private static final double[] PRODUCTS = {
    5e-324,
    1e-310,
    0.9e-290,
    1.1e-290,
    1e-100,
    1e-9,
    0.3,
    0.6931,
    0.6931471805599453,
    0.69315,
    1,
    17,
    36.5,
    40,
    59,
    61,
    699,
    701,
    745,
    1399,
    1401,
    2199,
    2201,
    1e5
  };

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static double[] arguments(double beta) {
    return Arrays.stream(PRODUCTS).map(p -> p / beta).filter(y -> y > 0 && y < INFINITY).toArray();
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1.7, 0.3, 1e-300, 1e300})
  void doublesAreExactToTheirBars(double beta) {
    double[] y = arguments(beta);
    ElementwiseKernel kernel = SoftplusInverseKernel.of(beta);
    assertExact(VALUE, Exact::softplusInverse, y, beta, values(kernel, y));
    assertExact(GRADIENT, Exact::softplusInverseGradient, y, beta, gradients(kernel, y));
    assertExact(SECOND, Exact::softplusInverseSecond, y, beta, secondDerivatives(kernel, y));
    ParametricKernel parametric = SoftplusInverseKernel.parametric();
    assertExact(VALUE, Exact::softplusInverse, y, beta, values(parametric, y, beta));
    assertExact(GRADIENT, Exact::softplusInverseGradient, y, beta, gradients(parametric, y, beta));
    double[] byBeta = parameterGradients(parametric, y, beta);
    assertExact(GRADIENT, Exact::softplusInverseByBeta, y, beta, byBeta);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1.7, 0.3})
  void floatsAreExactToTheirBars(double beta) {
    float[] y = floats(1e-44, 1e-30, 1e-9, 0.3, 0.6931472, 0.7, 1, 17, 59, 61, 88, 100, 1e30);
    ElementwiseKernel kernel = SoftplusInverseKernel.of(beta);
    assertExact(FLOAT_VALUE, Exact::softplusInverse, y, beta, values(kernel, y));
    assertExact(FLOAT_GRADIENT, Exact::softplusInverseGradient, y, beta, gradients(kernel, y));
    assertExact(FLOAT_SECOND, Exact::softplusInverseSecond, y, beta, secondDerivatives(kernel, y));
  }

  @Test
  void onlyBetaOneIsComputedInFloat() {
    assertTrue(SoftplusInverseKernel.of(1).floats() != null);
    assertEquals(null, SoftplusInverseKernel.of(0.9999999999999999).floats());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.3, 1e300})
  void specialValuesAreLimits(double beta) {
    double[] y = {0, -0.0, -1e-320, -2, -INFINITY, INFINITY, Double.NaN, Double.MAX_VALUE};
    double nan = Double.NaN;
    double[] value = {-INFINITY, -INFINITY, nan, nan, nan, INFINITY, nan, Double.MAX_VALUE};
    double[] gradient = {INFINITY, INFINITY, nan, nan, nan, 1, nan, 1};
    assertArrayEquals(value, values(SoftplusInverseKernel.of(beta), y));
    assertArrayEquals(gradient, gradients(SoftplusInverseKernel.of(beta), y));
    assertArrayEquals(value, values(SoftplusInverseKernel.parametric(), y, beta));
    assertArrayEquals(gradient, gradients(SoftplusInverseKernel.parametric(), y, beta));
    float[] some = floats(0, -0.0, -1e-44, -2, -INFINITY, INFINITY, nan);
    assertArrayEquals(
        floats(Arrays.copyOf(value, some.length)), values(SoftplusInverseKernel.of(beta), some));
    assertArrayEquals(
        floats(Arrays.copyOf(gradient, some.length)),
        gradients(SoftplusInverseKernel.of(beta), some));
  }

  @Test
  void theDerivativeByBetaHasLimitsToo() {
    double[] y = {0, -1, INFINITY, Double.NaN};
    double[] byBeta = parameterGradients(SoftplusInverseKernel.parametric(), y, 2);
    assertArrayEquals(new double[] {INFINITY, Double.NaN, 0, Double.NaN}, byBeta);
  }
}

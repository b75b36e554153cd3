package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("thorough")
class SquareplusInverseKernelTest {
  /** Multiples of √b/2, where the value is 0, and of its neighbours. */
  private static final double[] MULTIPLES = {
    1e-300, 1e-9, 0.1, 0.5, 0.999, 1 - 0x1p-53, 1, 1 + 0x1p-52, 1.001, 2, 3, 1e9, 1e150, 1e300
  };

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static double[] arguments(double b) {
    double root = Math.sqrt(b) / 2;
    return Arrays.stream(MULTIPLES).map(m -> m * root).filter(y -> y > 0 && y < INFINITY).toArray();
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 3, 1e-6, 0x1p-801, 0x1p-799, 0x1p799, 0x1p801, 5e-324, 1e308})
  void doublesAreExactToTheirBars(double b) {
    double[] y = arguments(b);
    ElementwiseKernel kernel = SquareplusInverseKernel.of(b);
    assertExact(VALUE, Exact::squareplusInverse, y, b, values(kernel, y));
    assertExact(GRADIENT, Exact::squareplusInverseGradient, y, b, gradients(kernel, y));
    assertExact(SECOND, Exact::squareplusInverseSecond, y, b, secondDerivatives(kernel, y));
    ParametricKernel parametric = SquareplusInverseKernel.parametric();
    assertExact(VALUE, Exact::squareplusInverse, y, b, values(parametric, y, b));
    assertExact(GRADIENT, Exact::squareplusInverseGradient, y, b, gradients(parametric, y, b));
    assertExact(GRADIENT, Exact::squareplusInverseByB, y, b, parameterGradients(parametric, y, b));
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 3, 0.1, 1.7, 0x1p-100, 0x1p-101, 0x1p100, 0x1p101})
  void floatsAreExactToTheirBars(double b) {
    float[] y = floats(arguments(b));
    y = Arrays.copyOfRange(y, 1, 12);
    ElementwiseKernel kernel = SquareplusInverseKernel.of(b);
    assertExact(FLOAT_VALUE, Exact::squareplusInverse, y, b, values(kernel, y));
    assertExact(FLOAT_GRADIENT, Exact::squareplusInverseGradient, y, b, gradients(kernel, y));
    assertExact(FLOAT_SECOND, Exact::squareplusInverseSecond, y, b, secondDerivatives(kernel, y));
  }

  @ParameterizedTest
  @CsvSource({
    "4, true",
    "0x1p-100, true",
    "0x1p-101, false",
    "0x1p100, true",
    "0x1p101, false",
    "0, false"
  })
  void floatsOfModerateSizeAreComputedInFloat(String b, boolean isFloat) {
    assertEquals(isFloat, SquareplusInverseKernel.of(Double.parseDouble(b)).floats() != null);
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 1e-6, 1e300, 1e-320})
  void specialValuesAreLimits(double b) {
    double nan = Double.NaN;
    double[] y = {0, -0.0, -2, -INFINITY, INFINITY, nan};
    double[] value = {-INFINITY, -INFINITY, nan, nan, INFINITY, nan};
    double[] gradient = {INFINITY, INFINITY, nan, nan, 1, nan};
    assertArrayEquals(value, values(SquareplusInverseKernel.of(b), y));
    assertArrayEquals(gradient, gradients(SquareplusInverseKernel.of(b), y));
    assertArrayEquals(value, values(SquareplusInverseKernel.parametric(), y, b));
    assertArrayEquals(gradient, gradients(SquareplusInverseKernel.parametric(), y, b));
    assertArrayEquals(floats(value), values(SquareplusInverseKernel.of(b), floats(y)));
    assertArrayEquals(floats(gradient), gradients(SquareplusInverseKernel.of(b), floats(y)));
    assertArrayEquals(
        new double[] {-INFINITY, -INFINITY, nan, nan, 0, nan},
        parameterGradients(SquareplusInverseKernel.parametric(), y, b));
  }

  @Test
  void withoutBItIsTheIdentity() {
    double[] y = {-2, 0, 3, Double.NaN, INFINITY};
    double[] gradient = {1, 1, 1, Double.NaN, 1};
    assertArrayEquals(y, values(SquareplusInverseKernel.of(0), y));
    assertArrayEquals(gradient, gradients(SquareplusInverseKernel.of(0), y));
    assertArrayEquals(y, values(SquareplusInverseKernel.parametric(), y, 0));
    assertArrayEquals(gradient, gradients(SquareplusInverseKernel.parametric(), y, 0));
  }
}

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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("thorough")
class SquareplusKernelTest {
  /** Multiples of √b, on both sides of where b stops to matter. */
  private static final double[] MULTIPLES =
      both(1e-300, 1e-9, 0.1, 0.75, 1, 3, 1e5, 0x1p25, 0x1p26, 0x1p27, 1e12, 1e150, 1e300);

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static double[] arguments(double b) {
    double root = Math.sqrt(b);
    return Arrays.stream(MULTIPLES).map(m -> m * root).filter(Double::isFinite).toArray();
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        4, 3, 1e-6, 0x1p-801, 0x1p-800, 0x1p-799, 0x1p799, 0x1p800, 0x1p801, 5e-324, 1e308
      })
  void doublesAreExactToTheirBars(double b) {
    double[] x = arguments(b);
    ElementwiseKernel kernel = SquareplusKernel.of(b);
    assertExact(VALUE, Exact::squareplus, x, b, values(kernel, x));
    assertExact(GRADIENT, Exact::squareplusGradient, x, b, gradients(kernel, x));
    assertExact(SECOND, Exact::squareplusSecond, x, b, secondDerivatives(kernel, x));
    ParametricKernel parametric = SquareplusKernel.parametric();
    assertExact(VALUE, Exact::squareplus, x, b, values(parametric, x, b));
    assertExact(GRADIENT, Exact::squareplusGradient, x, b, gradients(parametric, x, b));
    assertExact(GRADIENT, Exact::squareplusByB, x, b, parameterGradients(parametric, x, b));
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 3, 0.1, 0x1p-60, 0x1p-61, 0x1p40, 0x1p41})
  void floatsAreExactToTheirBars(double b) {
    float[] x = floats(both(1e-40, 1e-9, 0.3, 1, 17, 2896, 5792, 1e9, 1e18, 1e20, 3e38));
    ElementwiseKernel kernel = SquareplusKernel.of(b);
    assertExact(FLOAT_VALUE, Exact::squareplus, x, b, values(kernel, x));
    assertExact(FLOAT_GRADIENT, Exact::squareplusGradient, x, b, gradients(kernel, x));
    assertExact(FLOAT_SECOND, Exact::squareplusSecond, x, b, secondDerivatives(kernel, x));
  }

  @ParameterizedTest
  @CsvSource({
    "4, true",
    "0.1, false",
    "0x1p-60, true",
    "0x1p-61, false",
    "0x1p40, true",
    "0x1p41, false",
    "0, false"
  })
  void floatsOfModerateSizeAreComputedInFloat(String b, boolean isFloat) {
    assertEquals(isFloat, SquareplusKernel.of(Double.parseDouble(b)).floats() != null);
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 1e-6, 1e300, 1e-320})
  void specialValuesAreLimits(double b) {
    double[] x = {INFINITY, -INFINITY, Double.NaN, Double.MAX_VALUE};
    double[] value = {INFINITY, 0, Double.NaN, Double.MAX_VALUE};
    double[] gradient = {1, 0, Double.NaN, 1};
    assertArrayEquals(value, values(SquareplusKernel.of(b), x));
    assertArrayEquals(gradient, gradients(SquareplusKernel.of(b), x));
    assertArrayEquals(value, values(SquareplusKernel.parametric(), x, b));
    assertArrayEquals(gradient, gradients(SquareplusKernel.parametric(), x, b));
    double[] infinite = {INFINITY, -INFINITY, Double.NaN};
    assertArrayEquals(
        new double[] {0, 0, Double.NaN},
        parameterGradients(SquareplusKernel.parametric(), infinite, b));
    assertArrayEquals(
        floats(INFINITY, 0, Double.NaN), values(SquareplusKernel.of(b), floats(infinite)));
    assertArrayEquals(
        floats(1, 0, Double.NaN), gradients(SquareplusKernel.of(b), floats(infinite)));
  }

  @Test
  void withoutBItIsTheRectifier() {
    double[] x = {-2, -0.0, 0, 3, Double.NaN, INFINITY, -INFINITY};
    double[] value = {0, 0, 0, 3, Double.NaN, INFINITY, 0};
    double[] gradient = {0, 0.5, 0.5, 1, Double.NaN, 1, 0};
    assertArrayEquals(value, values(SquareplusKernel.of(0), x));
    assertArrayEquals(gradient, gradients(SquareplusKernel.of(0), x));
    assertArrayEquals(value, values(SquareplusKernel.parametric(), x, 0));
    assertArrayEquals(gradient, gradients(SquareplusKernel.parametric(), x, 0));
    assertArrayEquals(
        new double[] {0.125, INFINITY, INFINITY, 1 / 12.0, Double.NaN, 0, 0},
        parameterGradients(SquareplusKernel.parametric(), x, 0));
  }

  @Test
  void atZeroItIsHalfTheRoot() {
    assertArrayEquals(new double[] {1.5}, values(SquareplusKernel.of(9), 0.0));
    assertArrayEquals(new double[] {0.5}, gradients(SquareplusKernel.of(9), 0.0));
    assertArrayEquals(new float[] {1.5f}, values(SquareplusKernel.of(9), 0f));
    assertArrayEquals(new float[] {0.5f}, gradients(SquareplusKernel.of(9), 0f));
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.kernel.Pointwise.GRADIENT;
import static org.stableops.kernel.Pointwise.VALUE;
import static org.stableops.kernel.Pointwise.assertExact;
import static org.stableops.kernel.Pointwise.both;
import static org.stableops.kernel.Pointwise.floats;
import static org.stableops.kernel.Pointwise.gradients;
import static org.stableops.kernel.Pointwise.values;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.PositiveTransform;
import org.stableops.kernel.PositiveKernel.Format;

/** Transforms by whole tiles, beside the operators that they are made of. */
@Tag("thorough")
class PositiveKernelTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double[] RAW = both(0.3, 1, 17, 40, 600, 800, 1e300);

  /** A transform without bound, f, and its inverse. */
  private record Case(PositiveTransform f, ElementwiseKernel kernel, ElementwiseKernel inverse) {
    @Override
    public String toString() {
      return f.toString();
    }
  }

  private static Stream<Case> cases() {
    return Stream.of(
        new Case(PositiveTransform.softplus(), SoftplusKernel.of(1), SoftplusInverseKernel.of(1)),
        new Case(
            PositiveTransform.softplus(1.7), SoftplusKernel.of(1.7), SoftplusInverseKernel.of(1.7)),
        new Case(
            PositiveTransform.squareplus(3), SquareplusKernel.of(3), SquareplusInverseKernel.of(3)),
        new Case(PositiveTransform.exp(), ExpKernel.of(), ExpKernel.inverse()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void valueIsTheBoundAndMore(Case c) {
    for (double bound : new double[] {0, 0.1, 0.5}) {
      PositiveTransform transform = c.f.withLowerBound(bound);
      double[] above = values(c.kernel, RAW);
      double[] expected =
          Arrays.stream(above).map(f -> Math.max(f + bound, Math.nextUp(bound))).toArray();
      assertArrayEquals(expected, values(PositiveKernel.of(transform), RAW));
      assertArrayEquals(gradients(c.kernel, RAW), gradients(PositiveKernel.of(transform), RAW));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void floatsAreTheBoundAndMoreToo(Case c) {
    float[] raw = floats(both(0.3, 1, 17, 40, 80));
    float[] above = values(c.kernel, raw);
    float[] slopes = gradients(c.kernel, raw);
    for (double bound : new double[] {0, 0.1, 0.5}) {
      ElementwiseKernel kernel = PositiveKernel.of(c.f.withLowerBound(bound));
      float[] values = values(kernel, raw);
      float[] gradients = gradients(kernel, raw);
      for (int i = 0; i < raw.length; i++) {
        double expected = Math.max(above[i] + bound, Format.FLOAT.least(bound));
        assertEquals(expected, values[i], 2 * Math.ulp(values[i]));
        assertEquals(slopes[i], gradients[i], 2 * Math.ulp(gradients[i]));
      }
    }
  }

  /** A bound that is no float would be rounded a second time. */
  @ParameterizedTest
  @MethodSource("cases")
  void aBoundThatIsNoFloatIsAddedInDouble(Case c) {
    ElementwiseKernel kernel = PositiveKernel.of(c.f.withLowerBound(0.1));
    double[] raw = both(0.25, 1, 17);
    assertArrayEquals(floats(values(kernel, raw)), values(kernel, floats(raw)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void inverseIsThatOfTheDistance(Case c) {
    double bound = 0.5;
    double[] p = {0.5000001, 0.75, 1, 3, 100, 1e300};
    double[] distance = Arrays.stream(p).map(v -> v - bound).toArray();
    ElementwiseKernel kernel = PositiveKernel.inverse(c.f.withLowerBound(bound));
    assertArrayEquals(values(c.inverse, distance), values(kernel, p));
    assertArrayEquals(gradients(c.inverse, distance), gradients(kernel, p));
    assertArrayEquals(new double[] {-Double.MAX_VALUE}, values(kernel, bound));
    float[] narrow = floats(0.75, 1, 3, 100);
    double[] wide = {0.75, 1, 3, 100};
    assertArrayEquals(floats(values(kernel, wide)), values(kernel, narrow));
    assertArrayEquals(floats(gradients(kernel, wide)), gradients(kernel, narrow));
    assertArrayEquals(new float[] {-Float.MAX_VALUE}, values(kernel, 0.5f));
    ElementwiseKernel half = PositiveKernel.inverse(c.f.withLowerBound(bound), Format.HALF);
    assertArrayEquals(new float[] {-65504}, values(half, 0.5f));
  }

  @Test
  void theLeastValueIsANumberOfItsFormat() {
    PositiveTransform transform = PositiveTransform.softplus().withLowerBound(1);
    for (Format format : Format.values()) {
      float[] least = values(PositiveKernel.of(transform, format), -1e30f);
      assertArrayEquals(new float[] {format.least(1)}, least);
    }
    assertEquals(1 + 0x1p-7f, Format.BFLOAT16.least(1));
    assertEquals(1 + 0x1p-7f, Format.BFLOAT16.least(1.0078));
    assertEquals(0x1p-14f + 0x1p-24f, Format.HALF.least(0x1p-14));
    assertEquals(-0x1.fep127f, Format.BFLOAT16.lowest());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1.7, 0.3})
  void logDerivativeOfSoftplusIsExact(double beta) {
    double[] r = both(1e-300, 0.3, 1, 17, 40, 600, 1200, 1e5);
    ElementwiseKernel kernel = LogDerivativeKernel.ofSoftplus(beta);
    assertExact(VALUE, Exact::logDerivativeOfSoftplus, r, beta, values(kernel, r));
    assertExact(GRADIENT, Exact::logDerivativeOfSoftplusGradient, r, beta, gradients(kernel, r));
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 3, 1e-6, 1e-300, 1e300})
  void logDerivativeOfSquareplusIsExact(double b) {
    double root = Math.sqrt(b);
    double[] r =
        Arrays.stream(both(1e-300, 1e-9, 0.3, 1, 17, 1e9, 1e150, 1e156, 1e308))
            .map(m -> m * root)
            .filter(Double::isFinite)
            .toArray();
    ElementwiseKernel kernel = LogDerivativeKernel.ofSquareplus(b);
    assertExact(VALUE, Exact::logDerivativeOfSquareplus, r, b, values(kernel, r));
    assertExact(GRADIENT, Exact::logDerivativeOfSquareplusGradient, r, b, gradients(kernel, r));
  }

  @Test
  void logDerivativesHaveLimits() {
    double[] r = {0, INFINITY, -INFINITY, Double.NaN};
    ElementwiseKernel softplus = LogDerivativeKernel.ofSoftplus(2);
    double half = -Math.log(2);
    double[] limits = {half, 0, -INFINITY, Double.NaN};
    assertArrayEquals(limits, positiveZeros(values(softplus, r)));
    assertArrayEquals(new double[] {1, 0, 2, Double.NaN}, gradients(softplus, r));
    ElementwiseKernel squareplus = LogDerivativeKernel.ofSquareplus(4);
    assertArrayEquals(limits, positiveZeros(values(squareplus, r)), 1e-16);
    assertArrayEquals(new double[] {0.5, 0, 0, Double.NaN}, gradients(squareplus, r));
    ElementwiseKernel exp = LogDerivativeKernel.ofExp();
    assertArrayEquals(r, values(exp, r));
    assertArrayEquals(new double[] {1, 1, 1, Double.NaN}, gradients(exp, r));
  }

  private static double[] positiveZeros(double[] x) {
    return Arrays.stream(x).map(v -> v + 0.0).toArray();
  }

  @Test
  void expIsItsOwnDerivative() {
    double[] x = both(0, 1e-9, 0.3, 17, 600, 709.5);
    double[] expected = Arrays.stream(x).map(Math::exp).toArray();
    assertArrayEquals(values(ExpKernel.of(), x), gradients(ExpKernel.of(), x));
    for (int i = 0; i < x.length; i++) {
      assertEquals(expected[i], values(ExpKernel.of(), x)[i], 2 * Math.ulp(expected[i]));
    }
    float[] narrow = floats(both(0.3, 17, 80));
    assertArrayEquals(values(ExpKernel.of(), narrow), gradients(ExpKernel.of(), narrow));
    assertEquals(Math.exp(17), values(ExpKernel.of(), narrow)[1], Math.ulp((float) Math.exp(17)));
  }

  @Test
  void theInverseOfExpIsTheLogarithm() {
    double[] y = {0x1p-1000, 0.5, 1, 16, INFINITY, 0, -0.0, -1, Double.NaN};
    double nan = Double.NaN;
    assertArrayEquals(Arrays.stream(y).map(Math::log).toArray(), values(ExpKernel.inverse(), y));
    assertArrayEquals(
        new double[] {0x1p1000, 2, 1, 0.0625, 0, INFINITY, INFINITY, nan, nan},
        gradients(ExpKernel.inverse(), y));
  }

  @ParameterizedTest
  @ValueSource(doubles = {4.9e-324, 0x1p-1030, 1e-300, 0x1p-101, 0x1p-100, 1, 3.9, 4, 7, 1e300})
  void scaledBIsBetweenOneAndFour(double b) {
    ScaledB scaled = new ScaledB(b);
    assertEquals(b, scaled.b * scaled.unscale * scaled.unscale);
    assertEquals(1, scaled.scale * scaled.unscale);
    assertEquals(0, Math.getExponent(scaled.b) / 2);
    double root = Math.sqrt(scaled.b) * scaled.unscale;
    assertEquals(root / 2, scaled.halfRoot());
    assertEquals(root * 0x1p26, scaled.limit(0x1p-52));
    boolean isSmall = root / 2 < 0x1p-51;
    assertEquals(isSmall ? 0 : root / 4, scaled.quotientBelow());
  }

  /** (halfRoot + lost)² is b/4 to twice the digits of a double. */
  @Test
  void whatTheRootLosesIsKnown() {
    for (double b : new double[] {2, 3, 5e10, 7e-20}) {
      ScaledB scaled = new ScaledB(b);
      double s = scaled.halfRoot();
      double missing = Math.fma(-s, s, b / 4);
      assertEquals(missing / (2 * s), scaled.lostOfHalfRoot(), 1e-15 * Math.abs(missing / s));
    }
  }

  @Test
  void extremeIsWhatSquaresCouldOverflowBy() {
    assertEquals(false, ScaledB.isExtreme(0));
    assertEquals(true, ScaledB.isExtreme(4.9e-324));
    assertEquals(true, ScaledB.isExtreme(Math.nextDown(0x1p-800)));
    assertEquals(false, ScaledB.isExtreme(0x1p-800));
    assertEquals(false, ScaledB.isExtreme(0x1p800));
    assertEquals(true, ScaledB.isExtreme(Math.nextUp(0x1p800)));
  }
}

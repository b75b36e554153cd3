package org.stableops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.Refusals.assertRefused;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.kernel.Elements;
import org.stableops.kernel.PositiveKernel;

/** Positive transforms against exact arithmetic. */
@Tag("thorough")
class PositiveTransformTest {
  private static final MathContext DIGITS = new MathContext(45);
  private static final double ULP = 0x1p-52;

  static Stream<PositiveTransform> transforms() {
    return Stream.of(
            PositiveTransform.softplus(),
            PositiveTransform.softplus(0.1),
            PositiveTransform.softplus(20),
            PositiveTransform.squareplus(),
            PositiveTransform.squareplus(1e-6),
            PositiveTransform.squareplus(1e6),
            PositiveTransform.exp())
        .flatMap(transform -> DoubleStream.of(0, 1e-6, 0.1, 3).mapToObj(transform::withLowerBound));
  }

  /** Raw values of every size, and around 0. */
  private static double[] raws(PositiveTransform transform) {
    SplittableRandom random = new SplittableRandom(5);
    double largest = transform.family() == PositiveTransform.Family.EXP ? 700 : 1e300;
    return DoubleStream.generate(
            () -> {
              double size = Math.exp(-700 + random.nextDouble() * 1400);
              double moderate = random.nextDouble() * 100;
              double r = Math.min(random.nextBoolean() ? size : moderate, largest);
              return random.nextBoolean() ? r : -r;
            })
        .limit(Effort.of(30, 300))
        .toArray();
  }

  @ParameterizedTest
  @MethodSource("transforms")
  @Tag("sweep")
  void valueIsAboveTheBoundAndRight(PositiveTransform transform) {
    for (double raw : raws(transform)) {
      double value = transform.value(raw);
      BigDecimal exact = exactF(transform, raw).add(new BigDecimal(transform.lowerBound()));
      assertTrue(transform.contains(value), () -> transform + " of " + raw + " is " + value);
      // Half an ulp of the sum, four of f, and at the bound the one that rounds up.
      assertNear(exact, value, 5.5 * Math.ulp(value), transform, raw);
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  @Tag("sweep")
  void derivativeAndItsLogarithmAgreeWithExactArithmetic(PositiveTransform transform) {
    for (double raw : raws(transform)) {
      BigDecimal exact = exactDerivative(transform, raw);
      double derivative = transform.derivative(raw);
      assertNear(exact, derivative, 5 * Math.ulp(derivative), transform, raw);
      double log = transform.logDerivative(raw);
      BigDecimal exactLog = exactLogDerivative(transform, raw);
      assertNear(exactLog, log, 6 * Math.ulp(log), transform, raw);
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  @Tag("sweep")
  void valueOfTheInverseIsTheValueToTheRoundingOfRaw(PositiveTransform transform) {
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < Effort.of(1000, 4000); i++) {
      double distance = Math.exp(-600 + random.nextDouble() * 1200);
      double value = transform.lowerBound() + (i % 2 == 0 ? distance : random.nextDouble());
      if (!transform.contains(value)) {
        continue;
      }
      double raw = transform.inverse(value);
      double rounding = 8 * ULP * (value + transform.derivative(raw) * Math.abs(raw));
      assertEquals(value, transform.value(raw), rounding, () -> transform + " at " + value);
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  @Tag("sweep")
  void inverseOfTheValueIsRawToTheRoundingOfTheValue(PositiveTransform transform) {
    for (double raw : raws(transform)) {
      double derivative = transform.derivative(raw);
      double value = transform.value(raw);
      double rounding = 8 * ULP * (Math.abs(raw) + value / derivative);
      // Where value is only rounding, no digit of raw is left; but there is an inverse.
      double inverse = transform.inverse(value);
      assertTrue(Double.isFinite(inverse));
      if (rounding < Math.abs(raw) / 8 && value > 1e-290) {
        assertEquals(raw, inverse, rounding, () -> transform + " of " + raw);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void increasesAndHasLimits(PositiveTransform transform) {
    double bound = transform.lowerBound();
    assertEquals(Math.nextUp(bound), transform.value(Double.NEGATIVE_INFINITY));
    assertEquals(Double.POSITIVE_INFINITY, transform.value(Double.POSITIVE_INFINITY));
    assertTrue(Double.isNaN(transform.value(Double.NaN)));
    assertEquals(0, transform.derivative(Double.NEGATIVE_INFINITY));
    assertTrue(Double.isNaN(transform.derivative(Double.NaN)));
    assertEquals(Double.NEGATIVE_INFINITY, transform.logDerivative(Double.NEGATIVE_INFINITY));
    assertTrue(Double.isNaN(transform.logDerivative(Double.NaN)));
    double atInfinity = transform.family() == PositiveTransform.Family.EXP ? 1 / 0.0 : 0;
    assertEquals(atInfinity, transform.logDerivative(Double.POSITIVE_INFINITY), 0);
    double before = 0;
    for (double raw = -60; raw < 60; raw += 0.125) {
      double value = transform.value(raw);
      assertTrue(value >= before);
      before = value;
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  @Tag("sweep")
  void theDerivativeOfTheLogDerivativeIsExact(PositiveTransform transform) {
    for (double raw = -30; raw < 30; raw += 0.37) {
      double[] gradient = {raw};
      Elements element = Elements.of(DoubleBuffer.wrap(gradient));
      PositiveKernel.logDerivative(transform).gradient(element, element);
      double exact = derivativeOfLogDerivative(transform, raw);
      assertEquals(exact, gradient[0], 8 * Math.ulp(exact), transform + " at " + raw);
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void floatsAreAboveTheBoundToo(PositiveTransform transform) {
    for (float raw :
        new float[] {Float.NEGATIVE_INFINITY, -3e38f, -1e30f, -200, -20, -1, 0, 1, 20, 80}) {
      float[] one = {raw};
      Elements element = Elements.of(FloatBuffer.wrap(one));
      PositiveKernel.of(transform).value(element, element);
      assertTrue(one[0] > transform.lowerBound(), () -> transform + " of " + raw);
      assertEquals(transform.value(raw), one[0], 4 * Math.ulp(one[0]));
      PositiveKernel.inverse(transform).value(element, element);
      assertTrue(Float.isFinite(one[0]));
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void leastAndLowestAreNumbersOfTheirFormat(PositiveTransform transform) {
    double bound = transform.lowerBound();
    for (PositiveKernel.Format format : PositiveKernel.Format.values()) {
      float least = format.least(bound);
      assertTrue(least > bound);
      float[] one = {-1e30f};
      Elements element = Elements.of(FloatBuffer.wrap(one));
      PositiveKernel.of(transform, format).value(element, element);
      assertTrue(one[0] >= least, () -> transform + " in " + format + ": " + one[0]);
    }
    assertEquals(0x1p-24f, PositiveKernel.Format.HALF.least(0));
    assertEquals(1 + 0x1p-10f, PositiveKernel.Format.HALF.least(1));
    assertEquals(0x1p-133f, PositiveKernel.Format.BFLOAT16.least(0));
    assertEquals(Float.MIN_VALUE, PositiveKernel.Format.FLOAT.least(0));
    assertEquals(-65504, PositiveKernel.Format.HALF.lowest());
    assertEquals(-Float.MAX_VALUE, PositiveKernel.Format.FLOAT.lowest());
  }

  @Test
  void whatIsNotInTheRangeHasNoInverse() {
    PositiveTransform transform = PositiveTransform.softplus().withLowerBound(0.5);
    for (double value : new double[] {0.5, 0, -1, Double.NaN, 1 / 0.0, -1 / 0.0}) {
      assertFalse(transform.contains(value));
      assertRefused("value must be finite and > 0.5, got " + value, () -> transform.inverse(value));
    }
  }

  /** y − b/(4y). */
  @Test
  void theInverseOfSquareplusIsRational() {
    PositiveTransform transform = PositiveTransform.squareplus(4).withLowerBound(1);
    assertEquals(1.5, transform.inverse(3));
    assertEquals(-1.5, transform.inverse(1.5));
  }

  @Test
  void refusesInvalidParts() {
    assertRefused("beta must be finite and > 0, got 0.0", () -> PositiveTransform.softplus(0));
    assertRefused(
        "b must be finite and >= 0, got NaN", () -> PositiveTransform.squareplus(0 / 0.0));
    assertRefused("b of a transform must be > 0, got 0.0", () -> PositiveTransform.squareplus(0));
    assertRefused(
        "lowerBound must be finite and >= 0, got -1.0",
        () -> PositiveTransform.exp().withLowerBound(-1));
    assertRefused(
        "parameter of exp must be 1, got 2.0",
        () -> new PositiveTransform(PositiveTransform.Family.EXP, 2, 0));
    assertRefused("family must be given, got null", () -> new PositiveTransform(null, 1, 0));
  }

  @Test
  void isAValue() {
    PositiveTransform transform = PositiveTransform.squareplus(2).withLowerBound(0);
    assertEquals(PositiveTransform.squareplus(2), transform);
    assertEquals(transform, transform.withLowerBound(-0.0));
    assertNotEquals(transform, transform.withLowerBound(1));
    assertEquals("squareplus(b = 2.0) above 0.0", transform.toString());
    assertEquals(
        "softplus(beta = 1.0) above 0.5",
        PositiveTransform.softplus().withLowerBound(0.5).toString());
    assertEquals("exp above 0.0", PositiveTransform.exp().toString());
  }

  private static void assertNear(
      BigDecimal exact, double actual, double bar, PositiveTransform transform, double raw) {
    BigDecimal error = new BigDecimal(actual).subtract(exact).abs();
    assertTrue(
        error.compareTo(new BigDecimal(bar)) <= 0,
        () -> "%s at %s: got %s, exact %s".formatted(transform, raw, actual, exact.doubleValue()));
  }

  private static BigDecimal exactF(PositiveTransform transform, double raw) {
    BigDecimal r = new BigDecimal(raw);
    BigDecimal p = new BigDecimal(transform.parameter());
    return switch (transform.family()) {
      case SOFTPLUS -> {
        BigDecimal q = tail(r.multiply(p));
        BigDecimal log = q.signum() == 0 ? q : log1p(q);
        yield log.divide(p, DIGITS).add(r.max(BigDecimal.ZERO));
      }
      case SQUAREPLUS -> {
        BigDecimal sum = r.abs().add(root(r, p));
        yield p.divide(sum, DIGITS)
            .divide(BigDecimal.valueOf(2), DIGITS)
            .add(r.max(BigDecimal.ZERO));
      }
      case EXP -> raw < -2000 ? BigDecimal.ZERO : BigDecimalMath.exp(r, DIGITS);
    };
  }

  private static BigDecimal exactDerivative(PositiveTransform transform, double raw) {
    if (transform.family() == PositiveTransform.Family.EXP) {
      return exactF(transform, raw);
    }
    BigDecimal q = exactQ(transform, raw);
    return (raw < 0 ? q : BigDecimal.ONE).divide(BigDecimal.ONE.add(q), DIGITS);
  }

  private static BigDecimal exactLogDerivative(PositiveTransform transform, double raw) {
    BigDecimal r = new BigDecimal(raw);
    if (transform.family() == PositiveTransform.Family.EXP) {
      return r;
    }
    BigDecimal q = exactQ(transform, raw);
    boolean isSoftplus = transform.family() == PositiveTransform.Family.SOFTPLUS;
    BigDecimal logQ =
        raw >= 0
            ? BigDecimal.ZERO
            : isSoftplus
                ? r.multiply(new BigDecimal(transform.parameter()))
                : BigDecimalMath.log(q, DIGITS);
    return logQ.subtract(log1p(q));
  }

  /** The derivative at −|r| over that at |r|. */
  private static BigDecimal exactQ(PositiveTransform transform, double raw) {
    BigDecimal r = new BigDecimal(raw);
    BigDecimal p = new BigDecimal(transform.parameter());
    if (transform.family() == PositiveTransform.Family.SOFTPLUS) {
      return tail(r.multiply(p));
    }
    BigDecimal sum = r.abs().add(root(r, p));
    return p.divide(sum, DIGITS).divide(sum, DIGITS);
  }

  /** β/(1 + e^{βr}) or 2/√(r² + b)·(1 − f′), from exact derivatives. */
  private static double derivativeOfLogDerivative(PositiveTransform transform, double raw) {
    BigDecimal mirrored = exactDerivative(transform, -raw);
    BigDecimal p = new BigDecimal(transform.parameter());
    return switch (transform.family()) {
      case SOFTPLUS -> p.multiply(mirrored).doubleValue();
      case SQUAREPLUS ->
          mirrored
              .multiply(BigDecimal.valueOf(2))
              .divide(root(new BigDecimal(raw), p), DIGITS)
              .doubleValue();
      case EXP -> 1;
    };
  }

  private static BigDecimal tail(BigDecimal v) {
    return v.abs().compareTo(BigDecimal.valueOf(2000)) > 0
        ? BigDecimal.ZERO
        : BigDecimalMath.exp(v.abs().negate(), DIGITS);
  }

  private static BigDecimal log1p(BigDecimal q) {
    return q.compareTo(new BigDecimal("1e-25")) < 0
        ? q.subtract(q.multiply(q).divide(BigDecimal.valueOf(2), DIGITS))
        : BigDecimalMath.log(BigDecimal.ONE.add(q), DIGITS);
  }

  private static BigDecimal root(BigDecimal r, BigDecimal b) {
    return r.multiply(r).add(b).sqrt(DIGITS);
  }

  /** As a cluster's tasks need it, which take along what their functions name. */
  @ParameterizedTest
  @MethodSource("transforms")
  void survivesSerialization(PositiveTransform transform)
      throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(transform);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertEquals(transform, in.readObject());
    }
  }
}

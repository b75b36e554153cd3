package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.ElementLossBars;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;
import org.stableops.integration.oracle.PoissonExact;
import org.stableops.integration.oracle.PositiveFunction;
import org.stableops.integration.oracle.SigmoidLoss;

/** What the fuzzer has found, each as a test of its own. */
class FoundByFuzzingTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  /**
   * A β that is 0 or infinite as a float32 number, or whose logarithm cancels with that of x: in
   * float32 the composites gave NaN at −inf and at 0, and in float64 they were 7 ulp off.
   */
  @ParameterizedTest
  @ValueSource(doubles = {1e-300, 1e-46, 1e-40, 1e39, 7.663515113906035E237, 1e300})
  void anyBetaIsWithinTheBars(double parameter) {
    for (ElementwiseFunction function :
        new ElementwiseFunction[] {
          ElementwiseFunction.SOFTPLUS, ElementwiseFunction.SOFTPLUS_INVERSE
        }) {
      for (Format format : Format.values()) {
        double tiny = format.round(1e-7);
        double[] x = {
          0,
          -0.0,
          INF,
          -INF,
          Double.NaN,
          1,
          -1,
          tiny,
          -tiny,
          format.round(1e-268),
          format.round(-1e-30)
        };
        check(function, parameter, format, x);
      }
    }
  }

  /** Next to a float32 number: the fused value was 101 ulp off there, and could be anything. */
  @Test
  void theZeroOfSquareplusInverseIsExactForAnyB() {
    double y = 0.3170763850212097;
    for (double b : new double[] {0.40214973574389495, 4 * y * y, Math.nextUp(4 * y * y)}) {
      check(ElementwiseFunction.SQUAREPLUS_INVERSE, b, Format.FLOAT32, y);
    }
  }

  /** Scaled down by the power of two that scales b, a subnormal y lost bits: 4.1 ulp in float64. */
  @ParameterizedTest
  @ValueSource(doubles = {4, 100, 1e10, 1e30, 1e300})
  void squareplusInverseReadsEveryBitOfASubnormal(double b) {
    double y = 8.2284227100275E-309;
    check(ElementwiseFunction.SQUAREPLUS_INVERSE, b, Format.FLOAT64, y, Math.sqrt(b) * y);
  }

  /** Two logarithms of large numbers were subtracted: 325 ulp where their ratio is near 1. */
  @Test
  void theLogDerivativeOfSquareplusOfAnyBIsWithinItsBar() {
    for (double b : new double[] {1.4641853342205284E235, 1e-235, 4.38942954501738E280}) {
      PositiveTransform transform = PositiveTransform.squareplus(b);
      double root = Math.sqrt(b);
      double[] raw = {9.550 * root, 1e-3 * root, -root, -9 * root, 1e300, -1e300, 0};
      PositiveFunction exact = new PositiveFunction(transform);
      for (Host host : Host.ALL) {
        for (Path path : Path.values()) {
          double[] actual =
              path.run(() -> host.transformed(transform, raw, Format.FLOAT64)).logDerivative();
          for (int i = 0; i < raw.length; i++) {
            double error = Format.FLOAT64.ulps(actual[i], exact.logDerivative(raw[i]));
            String where = host.name() + " " + path + " " + transform + " at " + raw[i];
            assertTrue(error <= 8, () -> where + ": " + error);
          }
        }
      }
    }
  }

  private static final CountOptions COUNTS = CountOptions.DEFAULT.withReduction(Reduction.NONE);

  /** A count that weighs nothing was looked up in a table of small ones, or summed up to. */
  @ParameterizedTest
  @ValueSource(doubles = {-1, -1e300, Double.NaN})
  void aCountThatWeighsNothingMayBeAnything(double count) {
    for (String operator : new String[] {"PoissonLoss", "NegativeBinomialLoss"}) {
      ElementLossHost.Problem problem =
          new ElementLossHost.Problem(
                  operator,
                  new double[] {1, -3},
                  new double[] {2, count},
                  new double[] {1, 0},
                  new long[] {2},
                  COUNTS.withFullLikelihood())
              .withCompanion(new double[] {1.5, -2}, 2);
      for (ElementLossHost host : ElementLossHost.ALL) {
        for (Path path : Path.values()) {
          double[] losses = path.run(() -> host.compute(problem, Format.FLOAT64)).value();
          assertTrue(losses[0] > 0 && losses[1] == 0, () -> operator + " on " + host.name());
        }
      }
    }
  }

  /** An operator on plain arrays of a host, without sample weights. */
  private static <A extends AutoCloseable> double[] loss(
      ArrayHost<A> host, String operator, Object options, A x, A y) {
    A result = host.operator(operator).call("value", x, y, options);
    return host.doubles(result);
  }

  /** No elements were no block of rows, whose results were null. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "FLOAT32"})
  void aLossOfNoElementsIsZero(Format format) {
    ArrayHost.everywhere(
        format,
        new ArrayHost.Check() {
          @Override
          public <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
            A none = host.plain(new long[] {3, 0}, new double[0], format);
            assertArrayEquals(
                new double[1], loss(host, "PoissonLoss", CountOptions.DEFAULT, none, none));
            return null;
          }
        });
  }

  /**
   * Counts of another dtype than the raw values: in float64 the composite freed the rate that it
   * needed, in float16 it took the logarithm of the rate.
   */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "FLOAT32", "FLOAT64"})
  void countsOfAnyDtypeHaveTheLogarithmOfTheRate(Format ofCounts) {
    CountOptions options = COUNTS.withRate(PositiveTransform.softplus());
    double[] raw = {0.75, -3, 40};
    double[] counts = {2, 0, 37};
    ArrayHost.everywhere(
        Format.FLOAT32,
        new ArrayHost.Check() {
          @Override
          public <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
            long[] shape = {3};
            A r = host.plain(shape, raw, Format.FLOAT32);
            A y = host.plain(shape, counts, ofCounts);
            double[] actual = loss(host, "PoissonLoss", options, r, y);
            for (int i = 0; i < raw.length; i++) {
              ElementLossBars.Bound bound =
                  ElementLossBars.poisson(
                          PoissonExact.of(raw[i], counts[i], options),
                          counts[i],
                          options,
                          Format.FLOAT32)
                      .of(ElementLossBars.Result.LOSS);
              assertTrue(bound.error(actual[i], Format.FLOAT32) <= bound.bar());
            }
            return null;
          }
        });
  }

  /** A float64 target near 1 was rounded to 1 beside float32 logits: the loss was 1e-5 of it. */
  @Test
  void targetsKeepTheDigitsOfTheirDtype() {
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
    double target = 1 - 1e-9;
    double expected = SigmoidLoss.of(30, target, 1, options).loss().nearest();
    ArrayHost.everywhere(
        Format.FLOAT32,
        new ArrayHost.Check() {
          @Override
          public <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
            long[] shape = {1};
            A x = host.plain(shape, new double[] {30}, Format.FLOAT32);
            A y = host.plain(shape, new double[] {target}, Format.FLOAT64);
            double[] actual = loss(host, "SigmoidCrossEntropy", options, x, y);
            assertEquals(expected, actual[0], 2 * Format.FLOAT32.ulp(expected));
            return null;
          }
        });
  }

  /** A mean of 0 had an infinite second derivative also for what is no inverse dispersion. */
  @Test
  void whatIsNoInverseDispersionHasNaN() {
    ElementLossHost.Problem problem =
        new ElementLossHost.Problem(
                "NegativeBinomialLoss",
                new double[] {0, 0, 0},
                new double[] {2, 2, 2},
                null,
                new long[] {3},
                CountOptions.RATE.withReduction(Reduction.NONE))
            .withCompanion(new double[] {0, -1, Double.NaN}, 3);
    double[] none = {Double.NaN, Double.NaN, Double.NaN};
    for (ElementLossHost host : ElementLossHost.ALL) {
      for (Path path : Path.values()) {
        ElementLossHost.Derivatives all = path.run(() -> host.compute(problem, Format.FLOAT64));
        assertArrayEquals(none, all.second());
        assertArrayEquals(none, all.value());
      }
    }
  }

  /** A count over a small exposure overflowed, though the gradient does not. */
  @Test
  void aSmallExposureLeavesTheGradientOfACount() {
    ElementLossHost.Problem problem =
        new ElementLossHost.Problem(
                "PoissonLoss",
                new double[] {1e-300, 1e-300},
                new double[] {0.4, 0},
                null,
                new long[] {2},
                CountOptions.RATE.withReduction(Reduction.NONE))
            .withCompanion(new double[] {1e-119, 1e-119}, 2);
    for (ElementLossHost host : ElementLossHost.ALL) {
      for (Path path : Path.values()) {
        ElementLossHost.Derivatives all = path.run(() -> host.compute(problem, Format.FLOAT64));
        assertEquals(1, all.gradient()[0] / -4e299, 1e-15);
        assertEquals(1, all.gradient()[1] / 1e-119, 1e-15);
      }
    }
  }

  /** At some arguments, and at others that are drawn. */
  private static void check(
      ElementwiseFunction function, double parameter, Format format, double... arguments) {
    double[] points = Points.of(function, parameter, format, ElementwiseCheck.MOST / 2);
    double[] x = DoubleStream.concat(Arrays.stream(arguments), Arrays.stream(points)).toArray();
    double[] parameters = new double[x.length];
    Arrays.fill(parameters, parameter);
    ElementwiseCheck check = new ElementwiseCheck(function, format, x, parameters, false);
    Exact[] values = check.exact(ElementwiseCheck.Result.VALUE);
    Exact[] gradients = check.exact(ElementwiseCheck.Result.GRADIENT);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        if (host.formats().contains(format)) {
          String where = host.name() + " " + path + " " + function + " " + format;
          double[] value = path.run(() -> host.value(function, x, parameter, format));
          double[] gradient = path.run(() -> host.gradient(function, x, parameter, format));
          check.check(ElementwiseCheck.Result.VALUE, values, value, path, where);
          check.check(ElementwiseCheck.Result.GRADIENT, gradients, gradient, path, where);
        }
      }
    }
  }
}

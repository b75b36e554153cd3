package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;
import org.stableops.kernel.ElementLossKernel;
import org.stableops.kernel.ElementLossKernel.Batch;
import org.stableops.kernel.ElementLossKernel.Derivative;
import org.stableops.kernel.Elements;

/**
 * The composites of losses of elements in an arithmetic without faults, beside the kernels, which
 * are tested against exact numbers.
 */
class LossCompositesTest {
  private static final PlainAlgebra M = new PlainAlgebra();
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  /** Of what the terms of a result are together. */
  private static final double CLOSE = 1e-14;

  /** Arguments, companions and targets, of each an element. */
  private record Points(double[] x, double[] companion, double[] y) {
    static Points of(double[] x, double[] companions, double[] y) {
      List<double[]> points = new ArrayList<>();
      for (double argument : x) {
        for (double companion : companions) {
          for (double target : y) {
            points.add(new double[] {argument, companion, target});
          }
        }
      }
      return new Points(column(points, 0), column(points, 1), column(points, 2));
    }

    private static double[] column(List<double[]> points, int place) {
      return points.stream().mapToDouble(point -> point[place]).toArray();
    }

    String at(int i) {
      return " of %s, %s, %s".formatted(x[i], companion[i], y[i]);
    }

    /** As rows of so many elements. */
    PlainArray rows(double[] elements, int columns) {
      return new PlainArray(elements, columns, true);
    }

    PlainArray single(double[] elements) {
      return rows(elements, elements.length);
    }
  }

  private static Elements elements(double[] numbers) {
    return Elements.of(DoubleBuffer.wrap(numbers));
  }

  private static double[] ofKernel(ElementLoss loss, Derivative derivative, Points points) {
    double[] out = new double[points.x.length];
    Batch batch =
        new Batch(elements(points.x), elements(points.companion), elements(points.y), null);
    ElementLossKernel kernel = loss.kernel();
    if (derivative == null) {
      kernel.run(batch, elements(out), null, 1);
    } else {
      kernel.derivative(derivative, batch, elements(out), 1);
    }
    return out;
  }

  private static double[] ofComposite(ElementLoss loss, Derivative derivative, Points points) {
    PlainArray x = points.single(points.x);
    PlainArray companion =
        loss.names().companion() == null ? null : points.single(points.companion);
    PlainArray y = points.single(points.y);
    PlainArray result =
        derivative == null
            ? loss.composite().value(M, x, companion, y)
            : loss.composite().derivative(derivative, M, x, companion, y);
    assertTrue(result.isDouble());
    return result.elements();
  }

  /** The same number, or one within a bar that grows with the number and the target. */
  private static void assertSame(
      double[] expected,
      double[] actual,
      DoubleUnaryOperator ofTarget,
      String what,
      Points points) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      double bar = CLOSE * (Math.abs(expected[i]) + ofTarget.applyAsDouble(points.y[i]));
      boolean isNaN = Double.isNaN(expected[i]) && Double.isNaN(actual[i]);
      boolean isNear =
          expected[i] == actual[i]
              || Math.abs(expected[i] - actual[i]) <= bar + 4 * Double.MIN_VALUE;
      int place = i;
      assertTrue(
          isNear || isNaN,
          () -> what + points.at(place) + ": " + actual[place] + " instead of " + expected[place]);
    }
  }

  private static void assertAllSame(
      ElementLoss loss, Derivative[] derivatives, DoubleUnaryOperator ofTarget, Points points) {
    String what = loss.name() + " ";
    assertSame(
        ofKernel(loss, null, points), ofComposite(loss, null, points), ofTarget, what, points);
    for (Derivative derivative : derivatives) {
      double[] expected = ofKernel(loss, derivative, points);
      double[] actual = ofComposite(loss, derivative, points);
      assertSame(expected, actual, ofTarget, what + derivative, points);
    }
  }

  private static double[] both(double... positive) {
    DoubleStream numbers = Arrays.stream(positive);
    return DoubleStream.concat(numbers, Arrays.stream(positive).map(x -> -x)).toArray();
  }

  // ---- yes or no

  static Stream<BinaryCrossEntropyOptions> binaryOptions() {
    BinaryCrossEntropyOptions plain = BinaryCrossEntropyOptions.DEFAULT;
    return Stream.of(
        plain,
        plain.withLabelSmoothing(0.1),
        plain.withPositiveWeights(3),
        plain.withFocalAlpha(0.25),
        plain.withFocalGamma(2).withFocalAlpha(0.25),
        plain.withFocalGamma(0.3).withLabelSmoothing(0.2).withPositiveWeights(5),
        plain.withFocalGamma(7.1),
        plain.withFocalGamma(1e-3),
        plain.withFocalGamma(1e3));
  }

  private static Points logits() {
    double[] x =
        both(
            0, 1e-300, 1e-9, 0.3, 2.75, 16, 39.9, 40.1, 79.9, 80.5, 300, 699.5, 700.5, 745, 3999,
            4001, 1e5, 1e300, INF, NAN);
    return Points.of(x, new double[] {1}, new double[] {0, 0.3, 1});
  }

  private static final Derivative[] TWO = {Derivative.GRADIENT, Derivative.SECOND};

  @ParameterizedTest
  @MethodSource("binaryOptions")
  void crossEntropyOfYesOrNoIsThatOfTheKernel(BinaryCrossEntropyOptions options) {
    Points all = logits();
    // Where a term of the second derivative changes its sign.
    double cancelled = options.focalGamma() == 0 ? 0 : 0.1;
    assertAllSame(SigmoidComposite.of(options), TWO, y -> cancelled, all);
  }

  /** Of no more than a few ulp where nothing cancels. */
  @Test
  void tailsKeepTheirDigits() {
    BinaryCrossEntropyOptions plain = BinaryCrossEntropyOptions.DEFAULT;
    Points tails =
        Points.of(
            new double[] {16, 39.9, 40.1, 79.9, 300, 699.5, 700.5, 745, 760},
            new double[] {1},
            new double[] {1});
    BinaryCrossEntropyOptions large = plain.withPositiveWeights(1e300);
    assertAllSame(SigmoidComposite.of(large), TWO, y -> 0, tails);
    Points focal = Points.of(new double[] {16, 40.1, 300, 700}, new double[] {1}, new double[] {1});
    assertAllSame(SigmoidComposite.of(large.withFocalGamma(0.25)), TWO, y -> 0, focal);
  }

  @Test
  void positiveWeightsAreOfColumns() {
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(1, 5, 0.5);
    ElementLoss loss = SigmoidComposite.of(options);
    Points points = logits();
    double[] expected = ofKernel(loss, null, points);
    PlainArray x = points.rows(points.x, 3);
    PlainArray y = points.rows(points.y, 3);
    double[] actual = loss.composite().value(M, x, null, y).elements();
    assertSame(expected, actual, target -> 0, loss.name(), points);
    assertEquals(3, loss.weightsOfLastAxis());
    assertEquals(0, SigmoidComposite.of(options.withPositiveWeights(2)).weightsOfLastAxis());
    assertEquals(0, SigmoidComposite.of(BinaryCrossEntropyOptions.DEFAULT).weightsOfLastAxis());
  }

  /** Floats are widened first. */
  @Test
  void floatsHaveResultsInDouble() {
    BinaryCrossEntropyOptions options = BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(3);
    Points points = Points.of(both(0, 0.5, 20, 104), new double[] {1}, new double[] {0, 0.5, 1});
    ElementLoss loss = SigmoidComposite.of(options);
    PlainArray x = PlainArray.of(false, points.x);
    PlainArray y = PlainArray.of(false, points.y);
    PlainArray actual = loss.composite().value(M, x, null, y);
    assertTrue(actual.isDouble());
    assertSame(ofKernel(loss, null, points), actual.elements(), t -> 0, "floats", points);
  }

  @Test
  void thereIsNoDevianceOfYesOrNo() {
    ElementLoss loss = SigmoidComposite.of(BinaryCrossEntropyOptions.DEFAULT);
    assertUnsupported(loss, Derivative.DEVIANCE, "this loss has no deviance");
    String message = "this loss has no gradient by a companion";
    assertUnsupported(loss, Derivative.BY_COMPANION, message);
    ElementLoss poisson = PoissonComposite.of(CountOptions.DEFAULT);
    assertUnsupported(poisson, Derivative.BY_COMPANION, message);
  }

  private static void assertUnsupported(ElementLoss loss, Derivative derivative, String message) {
    Points points = logits();
    UnsupportedOperationException refused =
        assertThrows(
            UnsupportedOperationException.class, () -> ofComposite(loss, derivative, points));
    assertEquals(message, refused.getMessage());
  }

  // ---- counts

  static Stream<CountOptions> countOptions() {
    CountOptions log = CountOptions.DEFAULT;
    return Stream.of(
            log,
            log.withRate(PositiveTransform.exp().withLowerBound(0.25)),
            log.withRate(PositiveTransform.softplus(2)),
            log.withRate(PositiveTransform.softplus(0.3).withLowerBound(0.25)),
            log.withRate(PositiveTransform.squareplus()),
            log.withRate(PositiveTransform.squareplus(1e-6)),
            log.withRate(PositiveTransform.squareplus().withLowerBound(0.25)),
            CountOptions.RATE)
        .flatMap(options -> Stream.of(options, options.withFullLikelihood()));
  }

  private static double[] raw() {
    return both(0, 1e-4, 0.3, 1.9, 18.4, 18.6, 123, 124, 371, 750, 1e6, 1e200, INF, NAN);
  }

  private static final double[] COUNTS = {0, 0.4, 7, 1000};

  /** What logarithms of ordinary size are times a count. */
  private static double ofLogarithms(double y) {
    return 20 * y;
  }

  @ParameterizedTest
  @MethodSource("countOptions")
  void poissonLossIsThatOfTheKernel(CountOptions options) {
    ElementLoss loss = PoissonComposite.of(options);
    Derivative[] three = {Derivative.GRADIENT, Derivative.SECOND, Derivative.DEVIANCE};
    Points points = Points.of(raw(), new double[] {1, 2.6}, COUNTS);
    assertAllSame(loss, three, LossCompositesTest::ofLogarithms, points);
  }

  @Test
  void withoutAnExposureItIsOne() {
    for (CountOptions options : countOptions().toList()) {
      ElementLoss loss = PoissonComposite.of(options);
      Points points = Points.of(raw(), new double[] {1}, COUNTS);
      PlainArray x = points.single(points.x);
      PlainArray y = points.single(points.y);
      for (Derivative derivative : new Derivative[] {Derivative.GRADIENT, Derivative.SECOND}) {
        double[] expected = ofComposite(loss, derivative, points);
        double[] actual = loss.composite().derivative(derivative, M, x, null, y).elements();
        assertSame(expected, actual, t -> 0, options.toString(), points);
      }
      double[] value = loss.composite().value(M, x, null, y).elements();
      assertSame(ofComposite(loss, null, points), value, t -> 0, options.toString(), points);
    }
  }

  @ParameterizedTest
  @MethodSource("countOptions")
  void negativeBinomialLossIsThatOfTheKernel(CountOptions options) {
    ElementLoss loss = NegativeBinomialComposite.of(options);
    double[] theta = {1e-8, 2.5, 1e7, INF};
    Points points = Points.of(raw(), theta, COUNTS);
    Derivative[] two = {Derivative.GRADIENT, Derivative.DEVIANCE};
    assertAllSame(loss, two, LossCompositesTest::ofLogarithms, points);
    Derivative[] byTheta = {
      Derivative.BY_COMPANION, Derivative.BY_COMPANION_TWICE, Derivative.MIXED
    };
    for (double ofTheta : new double[] {0.3, 2.5, INF}) {
      Points some = Points.of(raw(), new double[] {ofTheta}, COUNTS);
      assertAllSame(loss, byTheta, LossCompositesTest::ofLogarithms, some);
    }
  }

  /** They are differences of terms as large as θ and y, or of a tiny mean 1/μ and y/μ². */
  @ParameterizedTest
  @MethodSource("countOptions")
  void secondDerivativesOfNegativeBinomialLossAreThoseOfTheKernel(CountOptions options) {
    ElementLoss loss = NegativeBinomialComposite.of(options);
    double[] x = options.rate().isPresent() ? raw() : new double[] {0, 0.3, 2.1, 19, 1e6, INF, -1};
    for (double theta : new double[] {1e-8, 2.5, 1e7, INF}) {
      Points points = Points.of(x, new double[] {theta}, COUNTS);
      double[] expected = ofKernel(loss, Derivative.SECOND, points);
      double[] actual = ofComposite(loss, Derivative.SECOND, points);
      double terms = theta == INF ? 0 : theta;
      assertSame(expected, actual, y -> 20 * y + 5 + terms, options.toString(), points);
    }
  }

  /** Its digits are those of small numbers. */
  @ParameterizedTest
  @MethodSource("countOptions")
  void gradientsByALargeThetaAreThoseOfTheKernel(CountOptions options) {
    ElementLoss loss = NegativeBinomialComposite.of(options);
    Points points = Points.of(new double[] {0.3, 0.5, 1.9}, new double[] {1e7}, COUNTS);
    double[] expected = ofKernel(loss, Derivative.BY_COMPANION, points);
    double[] actual = ofComposite(loss, Derivative.BY_COMPANION, points);
    assertSame(expected, actual, y -> y * y / 1e13, options.toString(), points);
  }

  @ParameterizedTest
  @MethodSource("countOptions")
  void thetaIsMoreThanZero(CountOptions options) {
    ElementLoss loss = NegativeBinomialComposite.of(options);
    Points points = Points.of(new double[] {-1, 0.3, 2}, new double[] {0, -1, NAN}, COUNTS);
    for (Derivative derivative : new Derivative[] {Derivative.BY_COMPANION, Derivative.DEVIANCE}) {
      for (double number : ofComposite(loss, derivative, points)) {
        assertEquals(NAN, number);
      }
    }
    for (double number : ofComposite(loss, null, points)) {
      assertEquals(NAN, number);
    }
  }

  /** Means that are the raw values, of all sizes. */
  @Test
  void farMeansAreThoseOfTheKernel() {
    double[] means = {0, -0.0, 5e-324, 1e-300, 1e-289, 1e-160, 1e-18, 1, 1e18, 1e160, INF, -1};
    CountOptions full = CountOptions.RATE.withFullLikelihood();
    Points points = Points.of(means, new double[] {1e-305, 1e-8, 3, 1e20, INF}, COUNTS);
    Derivative[] two = {Derivative.GRADIENT, Derivative.DEVIANCE};
    ElementLoss binomial = NegativeBinomialComposite.of(full);
    assertAllSame(binomial, two, LossCompositesTest::ofLogarithms, points);
    Derivative[] three = {Derivative.GRADIENT, Derivative.SECOND, Derivative.DEVIANCE};
    Points ofPoisson = Points.of(means, new double[] {1, 5}, COUNTS);
    assertAllSame(PoissonComposite.of(full), three, LossCompositesTest::ofLogarithms, ofPoisson);
    double[] tiny = {0, -0.0, 5e-324, 1e-300, 1e-160};
    Points steep = Points.of(tiny, new double[] {1e-200, 3, 1e20, INF}, COUNTS);
    assertAllSame(binomial, new Derivative[] {Derivative.SECOND}, y -> 1e3 * y, steep);
  }

  // ---- in float32

  private static PlainArray floats(double... numbers) {
    return new PlainArray(numbers, numbers.length, false);
  }

  /** Narrow formulas beside the kernel, which computes the same floats in double. */
  private static void assertNarrow(ElementLoss loss, double[] x, double[] y) {
    double largest = Arrays.stream(x).max().getAsDouble();
    ElementLoss.LossComposite narrow = loss.composite().within(-largest, largest);
    assertTrue(narrow != loss.composite());
    Points points = Points.of(PlainArray.of(false, x).elements(), new double[] {1}, y);
    PlainArray ofX = floats(points.x);
    PlainArray ofY = floats(points.y);
    double[] value = narrow.value(M, ofX, null, ofY).elements();
    double[] gradient = narrow.gradient(M, ofX, null, ofY).elements();
    double[] exactValue = ofKernel(loss, null, points);
    double[] exactGradient = ofKernel(loss, Derivative.GRADIENT, points);
    for (int i = 0; i < value.length; i++) {
      double terms = 0x1p-22 * 90 * points.y[i];
      assertEquals(
          exactValue[i], value[i], 0x1p-22 * Math.abs(exactValue[i]) + terms, points.at(i));
      double bar = 0x1p-22 * (Math.abs(exactGradient[i]) + 2 * points.y[i]);
      assertEquals(exactGradient[i], gradient[i], bar, points.at(i));
    }
    ValueAndGradient<PlainArray> both = narrow.both(M, ofX, null, ofY);
    assertArrayEquals(value, both.value().elements());
    assertArrayEquals(gradient, both.gradient().elements());
    assertArrayEquals(
        loss.composite().secondDerivative(M, ofX, null, ofY).elements(),
        narrow.secondDerivative(M, ofX, null, ofY).elements());
  }

  @Test
  void narrowFormulasAreThoseOfTheKernel() {
    double[] x = both(0, 0x1p-27, 0.3125, 2.75, 16, 40, 84.75);
    assertNarrow(
        SigmoidComposite.of(BinaryCrossEntropyOptions.DEFAULT), x, new double[] {0, 0.25, 1});
    CountOptions log = CountOptions.DEFAULT;
    assertNarrow(PoissonComposite.of(log), x, COUNTS);
    assertNarrow(PoissonComposite.of(log.withRate(PositiveTransform.softplus())), x, COUNTS);
  }

  @Test
  void nearFormulasAreThoseOfTheKernel() {
    double[] x = both(0, 0x1p-27, 0.3125, 2.75, 9.5, 15.75, 16);
    assertNarrow(
        SigmoidComposite.of(BinaryCrossEntropyOptions.DEFAULT), x, new double[] {0, 0.25, 1});
    CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus());
    assertNarrow(PoissonComposite.of(softplus), x, COUNTS);
  }

  /** No quotient of a count and a tiny rate. */
  @Test
  void largeCountsOfTinyRatesHaveFiniteGradients() {
    ElementLoss loss =
        PoissonComposite.of(CountOptions.DEFAULT.withRate(PositiveTransform.softplus()));
    double[] gradient =
        loss.composite().within(-85, 0).gradient(M, floats(-82), null, floats(1e7)).elements();
    assertEquals(-1e7, gradient[0], 2);
  }

  private static void assertGeneral(
      ElementLoss.LossComposite general, ElementLoss.LossComposite actual) {
    assertTrue(general == actual);
  }

  @Test
  void onlyOrdinaryArgumentsWithoutOptionsAreNarrow() {
    BinaryCrossEntropyOptions plain = BinaryCrossEntropyOptions.DEFAULT;
    CountOptions log = CountOptions.DEFAULT;
    CountOptions softplus = log.withRate(PositiveTransform.softplus());
    ElementLoss.LossComposite sigmoid = SigmoidComposite.of(plain).composite();
    ElementLoss.LossComposite exp = PoissonComposite.of(log).composite();
    ElementLoss.LossComposite ofSoftplus = PoissonComposite.of(softplus).composite();
    for (ElementLoss.LossComposite each : List.of(sigmoid, exp, ofSoftplus)) {
      assertTrue(each.hasNarrow());
      assertTrue(each.within(-85, 85) != each);
      assertGeneral(each, each.within(-85.1, 0));
      assertGeneral(each, each.within(0, INF));
      assertGeneral(each, each.within(NAN, NAN));
    }
    assertGeneral(sigmoid, sigmoid.within(0, 85.1));
    assertGeneral(exp, exp.within(0, 85.1));
    assertTrue(ofSoftplus.within(0, 1e30) != ofSoftplus);
    for (ElementLoss loss :
        List.of(
            SigmoidComposite.of(plain.withFocalGamma(2)),
            SigmoidComposite.of(plain.withLabelSmoothing(0.1)),
            PoissonComposite.of(log.withFullLikelihood()),
            PoissonComposite.of(log.withRate(PositiveTransform.softplus(2))),
            PoissonComposite.of(CountOptions.RATE),
            NegativeBinomialComposite.of(log))) {
      assertFalse(loss.composite().hasNarrow(), loss.toString());
    }
  }

  /** An exposure takes the general formula. */
  @Test
  void exposuresAreNotNarrow() {
    ElementLoss.LossComposite general = PoissonComposite.of(CountOptions.DEFAULT).composite();
    ElementLoss.LossComposite narrow = general.within(0, 1);
    PlainArray x = floats(0.5, 1);
    PlainArray c = floats(2, 3);
    PlainArray y = floats(1, 4);
    double[] value = general.value(M, x, c, y).elements();
    double[] gradient = general.gradient(M, x, c, y).elements();
    assertArrayEquals(value, narrow.value(M, x, c, y).elements());
    assertArrayEquals(gradient, narrow.gradient(M, x, c, y).elements());
    assertArrayEquals(value, narrow.both(M, x, c, y).value().elements());
    assertArrayEquals(gradient, narrow.both(M, x, c, y).gradient().elements());
    assertArrayEquals(
        general.deviance(M, x, c, y).elements(), narrow.deviance(M, x, c, y).elements());
  }

  @Test
  void elementsHaveARangeAndASum() {
    float[] floats = new float[5003];
    double[] doubles = new double[5003];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = i % 100 - 40;
      doubles[i] = floats[i];
    }
    floats[5002] = 77;
    doubles[5002] = 77;
    double sum = Arrays.stream(doubles).sum();
    Elements narrow = Elements.of(FloatBuffer.wrap(floats));
    for (Elements each : List.of(narrow, elements(doubles))) {
      assertEquals(new Elements.Range(-40, 77), each.range());
      assertEquals(sum, each.sum());
    }
    for (int place : new int[] {0, 1, 2, 3, 3000, 5002}) {
      float[] some = floats.clone();
      some[place] = Float.NaN;
      assertEquals(NAN, Elements.of(FloatBuffer.wrap(some)).range().least());
      assertEquals(NAN, Elements.of(FloatBuffer.wrap(some)).range().most());
    }
    assertEquals(new Elements.Range(INF, -INF), elements(new double[0]).range());
  }
}

package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.ExactLosses.assertNear;
import static org.stableops.kernel.Pointwise.both;
import static org.stableops.kernel.Pointwise.elements;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.Effort;
import org.stableops.kernel.ElementLossKernel.Batch;
import org.stableops.kernel.ElementLossKernel.Derivative;

/** The cross-entropy of yes or no, plain and focal, against its definition and at its ends. */
@Tag("thorough")
class SigmoidCrossEntropyKernelTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final BinaryCrossEntropyOptions PLAIN = BinaryCrossEntropyOptions.DEFAULT;
  private static final BinaryCrossEntropyOptions FOCAL = PLAIN.withFocalGamma(2);

  /** Both sides of each change of formula. */
  private static final double[] LOGITS =
      both(0, 1e-300, 1e-9, 0.3, 2.75, 16, 39.9, 40, 40.1, 79.9, 80.5, 300, 699.5, 700.5, 740);

  private static final double[] TARGETS = {0, 0.3, 1};
  private static final int POINTS = Effort.of(2, 100) * Tiles.SIZE + 7;

  static Stream<BinaryCrossEntropyOptions> options() {
    return Stream.of(
        PLAIN,
        PLAIN.withLabelSmoothing(0.1),
        PLAIN.withPositiveWeights(3),
        PLAIN.withFocalAlpha(0.25).withLabelSmoothing(1),
        FOCAL,
        FOCAL.withFocalAlpha(0.25),
        PLAIN.withFocalGamma(0.3).withLabelSmoothing(0.2).withPositiveWeights(5),
        PLAIN.withFocalGamma(7.1),
        PLAIN.withFocalGamma(1e-3));
  }

  private static double weight(BinaryCrossEntropyOptions options) {
    return options.positiveWeights().length == 0 ? 1 : options.positiveWeights()[0];
  }

  private interface Check {
    void at(double x, double y, Jet yes, Jet no);
  }

  private static void everywhere(BinaryCrossEntropyOptions options, double[] logits, Check check) {
    for (double x : logits) {
      for (double y : TARGETS) {
        Jet yes = ExactLosses.yes(x, weight(options), y, options);
        check.at(x, y, yes, ExactLosses.no(x, y, options));
      }
    }
  }

  private static double size(Jet yes, Jet no) {
    return yes.value().abs().add(no.value().abs()).doubleValue();
  }

  @ParameterizedTest
  @MethodSource("options")
  void valuesAreThoseOfTheDefinition(BinaryCrossEntropyOptions options) {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options);
    everywhere(
        options,
        LOGITS,
        (x, y, yes, no) ->
            assertNear(
                yes.value().add(no.value()),
                Losses.value(kernel, x, 1, y),
                10,
                size(yes, no),
                options + " at " + x + ", " + y));
  }

  @ParameterizedTest
  @MethodSource("options")
  void gradientsAreThoseOfTheDefinition(BinaryCrossEntropyOptions options) {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options);
    everywhere(
        options,
        LOGITS,
        (x, y, yes, no) ->
            assertNear(
                yes.first().add(no.first()),
                Losses.gradient(kernel, x, 1, y),
                10,
                yes.first().abs().add(no.first().abs()).doubleValue(),
                options + " at " + x + ", " + y));
  }

  /** Where a term of the second derivative changes its sign it is as near as its own parts. */
  @ParameterizedTest
  @MethodSource("options")
  void secondDerivativesAreThoseOfTheDefinition(BinaryCrossEntropyOptions options) {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options);
    double gamma = options.focalGamma();
    everywhere(
        options,
        LOGITS,
        (x, y, yes, no) -> {
          double parts = gamma == 0 ? 0 : curvature(x, yes) + curvature(-x, no);
          double terms = yes.second().abs().add(no.second().abs()).doubleValue();
          assertNear(
              yes.second().add(no.second()),
              Losses.second(kernel, x, 1, y),
              14,
              terms + 2 * gamma * parts,
              options + " at " + x + ", " + y);
        });
  }

  /** pq times the loss, where it is not to be seen anyway. */
  private static double curvature(double x, Jet term) {
    return Math.abs(x) > 30 ? 0 : term.value().doubleValue() / (2 + 2 * Math.cosh(x));
  }

  @ParameterizedTest
  @MethodSource("options")
  void floatsHaveTheBarsOfFloats(BinaryCrossEntropyOptions options) {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options);
    double[] logits = both(0, 1e-9f, 0.3f, 1, 2.75f, 16, 40.25f, 79.5f, 80, 80.5f, 86, 103, 120);
    everywhere(
        options,
        logits,
        (x, y, yes, no) -> {
          float[] actual = ofFloats(kernel, (float) x, y);
          String where = options + " at " + x + ", " + y;
          double share = Math.ulp((float) size(yes, no));
          assertEquals(yes.value().add(no.value()).doubleValue(), actual[0], 3 * share, where);
          double slopes = yes.first().abs().add(no.first().abs()).doubleValue();
          double gradient = yes.first().add(no.first()).doubleValue();
          assertEquals(gradient, actual[1], 4 * Math.ulp((float) slopes), where);
          double second = yes.second().add(no.second()).doubleValue();
          double terms = yes.second().abs().add(no.second().abs()).doubleValue();
          assertEquals(second, actual[2], 4 * Math.ulp((float) terms), where);
        });
  }

  /** Those that float has the digits for, and what in a tile makes it a tile of doubles. */
  @ParameterizedTest
  @CsvSource({
    "1, 0, 0",
    "1, 0, 1",
    "-3.3e-4, 80, 0",
    "1e-9, -80, 1",
    "2, 80.1, 1",
    "0.3, 103, 0",
    "-7, 2, 0.25",
    "1e18, 1, 1",
    "1e19, 1, 0",
    "-1e-19, 1, 0",
  })
  void hardTargetsHaveTheBarsOfFloats(double scale, float first, float target) {
    SplittableRandom random = new SplittableRandom(11);
    float[] x = new float[POINTS];
    float[] y = new float[POINTS];
    for (int i = 0; i < POINTS; i++) {
      x[i] = (float) random.nextDouble(-80, 80) * (i % 2 == 0 ? 1 : 0.05f);
      y[i] = random.nextInt(2);
    }
    x[3] = first;
    y[3] = target;
    Pointwise.spoilTiles();
    float[] losses = new float[POINTS];
    float[] gradient = new float[POINTS];
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(PLAIN);
    Batch batch = new Batch(elements(x), null, elements(y), null);
    double sum = kernel.run(batch, elements(losses), elements(gradient), scale);
    double worst = 0;
    double expected = 0;
    for (int i = 0; i < POINTS; i++) {
      double yes = y[i] * softplus(-x[i]);
      double loss = yes + (1 - y[i]) * softplus(x[i]);
      double slope = scale * ((1 - y[i]) * sigmoid(x[i]) - y[i] * sigmoid(-x[i]));
      expected += loss;
      worst = Math.max(worst, Math.abs(losses[i] - loss) / Math.ulp((float) loss));
      worst = Math.max(worst, Math.abs(gradient[i] - slope) / Math.ulp((float) slope));
    }
    assertTrue(worst <= 2, worst + " ulp");
    assertEquals(expected, sum, 1e-7 * expected);
    float[] alone = new float[POINTS];
    kernel.derivative(Derivative.GRADIENT, batch, elements(alone), scale);
    assertArrayEquals(gradient, alone);
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  private static double sigmoid(double x) {
    double t = Math.exp(-Math.abs(x));
    return (x < 0 ? t : 1) / (1 + t);
  }

  /** NaN is that of its own element. */
  @Test
  void notANumberStaysAlone() {
    float[] x = {1, Float.NaN, -2};
    float[] losses = new float[3];
    Batch batch = new Batch(elements(x), null, elements(new float[] {0, 0, 1}), null);
    SigmoidCrossEntropyKernel.of(PLAIN).run(batch, elements(losses), null, 1);
    assertEquals(softplus(1), losses[0], 2e-7);
    assertTrue(Float.isNaN(losses[1]));
    assertEquals(softplus(2), losses[2], 2e-7);
  }

  /** Value, gradient and second derivative. */
  private static float[] ofFloats(ElementLossKernel kernel, float x, double y) {
    Pointwise.spoilTiles();
    Batch batch = new Batch(elements(x), null, elements(y), null);
    float[] value = {Float.NaN};
    float[] gradient = {Float.NaN};
    float[] second = {Float.NaN};
    kernel.run(batch, elements(value), elements(gradient), 1);
    kernel.derivative(Derivative.SECOND, batch, elements(second), 1);
    return new float[] {value[0], gradient[0], second[0]};
  }

  /** What a confident model loses is not lost itself. */
  @Test
  void tailsAreExponentials() {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(PLAIN);
    assertEquals(Math.log1p(Math.exp(-16)), Losses.value(kernel, -16, 1, 0), 1e-22);
    assertEquals(Math.log1p(Math.exp(-16)), Losses.value(kernel, 16, 1, 1), 1e-22);
    assertEquals(Math.log(2), Losses.value(kernel, 0, 1, 0.5), 1e-16);
    assertEquals(0.25, Losses.second(kernel, 0, 1, 0.5), 1e-16);
    assertEquals(-0.5, Losses.gradient(kernel, 0, 1, 1));
    assertEquals(
        Math.log(2) / 4, Losses.value(SigmoidCrossEntropyKernel.of(FOCAL), 0, 1, 1), 1e-16);
  }

  /** e^−750 is no double, but its product with 1e300 is. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0x1p-1000})
  void aWeightMagnifiesWhatHasUnderflowed(double gamma) {
    BinaryCrossEntropyOptions options = PLAIN.withPositiveWeights(1e300).withFocalGamma(gamma);
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options);
    double tail = 1e300 * Math.exp(-375) * Math.exp(-375);
    assertEquals(1, Losses.value(kernel, 750, 1, 1) / tail, 1e-13);
    assertEquals(-1, Losses.gradient(kernel, 750, 1, 1) / tail, 1e-13);
    assertEquals(1, Losses.second(kernel, 750, 1, 1) / tail, 1e-13);
    assertEquals(1, Losses.second(kernel, -750, 1, 1) / tail, 1e-13);
  }

  @ParameterizedTest
  @MethodSource("options")
  void itIsItsOwnMirrorImage(BinaryCrossEntropyOptions options) {
    BinaryCrossEntropyOptions symmetric =
        options.withPositiveWeights().withFocalAlpha(0.5).withLabelSmoothing(0.25);
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(symmetric);
    for (double x : LOGITS) {
      for (double y : new double[] {0, 0.25, 0.5}) {
        assertEquals(Losses.value(kernel, x, 1, y), Losses.value(kernel, -x, 1, 1 - y));
        assertEquals(
            Losses.gradient(kernel, x, 1, y), -Losses.gradient(kernel, -x, 1, 1 - y), 0x1p-54);
        assertEquals(Losses.second(kernel, x, 1, y), Losses.second(kernel, -x, 1, 1 - y));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Infinity, 1, 0, 0, 0",
    "-Infinity, 0, 0, 0, 0",
    "Infinity, 0, Infinity, 1, 0",
    "-Infinity, 1, Infinity, -1, 0",
    "Infinity, 0.5, Infinity, 0.5, 0",
    "1e300, 1, 0, 0, 0",
    "1e300, 0, 1e300, 1, 0",
    "-1e300, 1, 1e300, -1, 0",
    "-1e300, 0, 0, 0, 0",
    "NaN, 0, NaN, NaN, NaN",
    "NaN, 1, NaN, NaN, NaN",
    "NaN, 0.5, NaN, NaN, NaN",
  })
  void endsAreLimits(double x, double y, double value, double gradient, double second) {
    for (BinaryCrossEntropyOptions options :
        new BinaryCrossEntropyOptions[] {PLAIN, FOCAL, PLAIN.withFocalGamma(1e-3)}) {
      ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options);
      assertEquals(value, Losses.value(kernel, x, 1, y) + 0.0, options.toString());
      assertEquals(gradient, Losses.gradient(kernel, x, 1, y) + 0.0, options.toString());
      assertEquals(second, Losses.second(kernel, x, 1, y) + 0.0, options.toString());
      float[] ofFloats = ofFloats(kernel, (float) x, y);
      assertEquals((float) value, ofFloats[0] + 0.0f, options.toString());
      assertEquals((float) gradient, ofFloats[1] + 0.0f, options.toString());
      assertEquals((float) second, ofFloats[2] + 0.0f, options.toString());
    }
  }

  /** So large an exponent that infinity times 0 would be NaN. */
  @ParameterizedTest
  @ValueSource(doubles = {0.5, 3, 1e10, 1e308})
  void exponentsThatOverflowMakeNothing(double gamma) {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(PLAIN.withFocalGamma(gamma));
    for (double x : new double[] {1e5, 1e200, 1e308, INF}) {
      assertEquals(0, Losses.value(kernel, x, 1, 1));
      assertEquals(0, Losses.gradient(kernel, x, 1, 1) + 0.0);
      assertEquals(0, Losses.second(kernel, x, 1, 1));
      assertEquals(x, Losses.value(kernel, -x, 1, 1));
      assertEquals(-1, Losses.gradient(kernel, -x, 1, 1));
      assertEquals(0, Losses.second(kernel, -x, 1, 1) + 0.0);
    }
  }

  @Test
  void nothingIsWrittenWithAMinus() {
    for (BinaryCrossEntropyOptions options : new BinaryCrossEntropyOptions[] {FOCAL, PLAIN}) {
      ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(options.withPositiveWeights(0));
      assertEquals(0.0, Losses.gradient(kernel, 1, 1, 1));
      assertEquals(0.0, Losses.value(kernel, 1, 1, 1));
    }
    assertEquals(0.0, Losses.gradient(SigmoidCrossEntropyKernel.of(FOCAL), INF, 1, 1));
  }

  @Test
  void aWeightOfNothingOutweighsAnInfiniteLoss() {
    for (double gamma : new double[] {0, 2}) {
      ElementLossKernel kernel =
          SigmoidCrossEntropyKernel.of(PLAIN.withPositiveWeights(0).withFocalGamma(gamma));
      assertEquals(0, Losses.value(kernel, -INF, 1, 1));
      assertEquals(0, Losses.gradient(kernel, -INF, 1, 1) + 0.0);
      assertEquals(0, Losses.second(kernel, -INF, 1, 1));
      assertEquals(NAN, Losses.value(kernel, NAN, 1, 1));
    }
  }

  /** Each column has its weight, also behind a tile whose size is no multiple of the columns. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 2})
  void positiveWeightsAreOfColumns(double gamma) {
    double[] weights = {1, 5, 0.5};
    int size = 3 * 1000;
    double[] actual = new double[size];
    ElementLossKernel kernel =
        SigmoidCrossEntropyKernel.of(PLAIN.withPositiveWeights(weights).withFocalGamma(gamma));
    double[] ones = new double[size];
    Arrays.fill(ones, 1);
    kernel.run(
        new Batch(elements(new double[size]), null, elements(ones), null),
        elements(actual),
        null,
        1);
    double one = Math.log(2) * Math.pow(0.5, gamma);
    double[] expected = new double[size];
    Arrays.setAll(expected, i -> weights[i % 3] * one);
    assertArrayEquals(expected, actual, 1e-15);
  }

  @Test
  void targetsAreFromZeroToOne() {
    ElementLossKernel kernel = SigmoidCrossEntropyKernel.of(PLAIN);
    assertTrue(kernel.isTarget(0) && kernel.isTarget(1) && kernel.isTarget(0.5));
    assertFalse(kernel.isTarget(Math.nextUp(1.0)) || kernel.isTarget(-Double.MIN_VALUE));
    assertFalse(kernel.isTarget(NAN));
    assertFalse(kernel.hasCompanionGradient());
  }
}

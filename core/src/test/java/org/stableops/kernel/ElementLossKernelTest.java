package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.kernel.Pointwise.elements;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.internal.ParameterShape;
import org.stableops.kernel.ElementLossKernel.Batch;
import org.stableops.kernel.ElementLossKernel.Derivative;
import org.stableops.kernel.ElementLossKernel.Names;

/** What is done with losses of elements whatever they are, by losses that are easy to foretell. */
@Tag("thorough")
class ElementLossKernelTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final Names NAMES = new Names("counts", "exposure");

  /** Some tiles, the last one not full. */
  private static final int MANY = 2 * Tiles.SIZE + 5;

  /** x·y, and nothing that a loss need not have. */
  private static class Product implements ElementLossKernel.Form {
    private final AtomicBoolean wereFloats = new AtomicBoolean();

    @Override
    public void prepare(
        double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch) {
      wereFloats.set(areFloats);
      for (int i = 0; i < count; i++) {
        scratch.a[i] = areFloats ? scratch.floatIn[i] - x[i] : 0;
        scratch.b[i] = from + i;
      }
    }

    @Override
    public void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch) {
      assertEquals(wereFloats.get(), areFloats);
      for (int i = 0; i < count; i++) {
        out[i] = x[i] * scratch.parameter[i] + scratch.a[i];
      }
    }

    @Override
    public void gradient(double[] x, int count, double[] out, Scratch scratch) {
      System.arraycopy(scratch.parameter, 0, out, 0, count);
    }

    /** The number of the element. */
    @Override
    public void secondDerivative(double[] x, int count, double[] out, Scratch scratch) {
      System.arraycopy(scratch.b, 0, out, 0, count);
    }

    @Override
    public double largestTarget() {
      return 9;
    }

    @Override
    public String targets() {
      return "in [0, 9]";
    }
  }

  /** With companions from 1 on: 100·companion is its derivative, x·companion the deviance. */
  private static final class WithCompanion extends Product {
    @Override
    public void companionGradient(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = 100 * scratch.companion[i];
      }
    }

    @Override
    public void companionSecond(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = 1000 * scratch.companion[i];
      }
    }

    @Override
    public void mixed(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = 10 * scratch.companion[i];
      }
    }

    @Override
    public void deviance(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = x[i] * scratch.companion[i];
      }
    }

    @Override
    public boolean takesCompanion() {
      return true;
    }

    @Override
    public boolean hasCompanionGradient() {
      return true;
    }

    @Override
    public boolean isCompanion(double number) {
      return number >= 1;
    }

    @Override
    public String companions() {
      return "1 or more";
    }
  }

  private static final ElementLossKernel PLAIN = new ElementLossKernel(new Product());
  private static final ElementLossKernel KERNEL = new ElementLossKernel(new WithCompanion());

  @BeforeEach
  void spoilTiles() {
    Pointwise.spoilTiles();
    for (Scratch scratch : Scratch.FREE) {
      Arrays.fill(scratch.parameter, NAN);
      Arrays.fill(scratch.companion, NAN);
      Arrays.fill(scratch.maxima, NAN);
    }
  }

  private static double[] numbers(int size) {
    return IntStream.range(0, size).mapToDouble(i -> i % 7).toArray();
  }

  private static double[] filled(int size, double number) {
    double[] filled = new double[size];
    Arrays.fill(filled, number);
    return filled;
  }

  private static Elements orNull(double[] numbers) {
    return numbers == null ? null : elements(numbers);
  }

  /** Of elements that are not read. */
  private static Batch unread(double[] companion, double[] targets, double[] weights) {
    return new Batch(null, orNull(companion), elements(targets), orNull(weights));
  }

  // ---- checks

  private static void assertRefused(String message, Batch batch) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> KERNEL.weight(NAMES, batch));
    assertEquals(message, refused.getMessage());
  }

  @Test
  void withoutWeightsEachElementCountsOnce() {
    assertEquals(MANY, PLAIN.weight(NAMES, unread(null, numbers(MANY), null)));
    assertEquals(0, PLAIN.weight(NAMES, unread(null, new double[0], null)));
  }

  @Test
  void weightsAreAddedUp() {
    double[] weights = numbers(MANY);
    double sum = Arrays.stream(weights).sum();
    assertEquals(sum, PLAIN.weight(NAMES, unread(null, numbers(MANY), weights)));
    assertArrayEquals(numbers(MANY), weights);
    assertEquals(0, PLAIN.weight(NAMES, unread(null, numbers(3), new double[3])));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, -Double.MIN_VALUE, INF, -INF, NAN})
  void weightsAreFiniteAndNotNegative(double bad) {
    double[] weights = filled(MANY, 1);
    weights[Tiles.SIZE + 2] = bad;
    assertRefused(
        "sampleWeights[2050] must be finite and >= 0, got " + bad,
        unread(null, numbers(MANY), weights));
  }

  @Test
  void weightsMustNotAddUpToInfinity() {
    double[] weights = {1e308, 1e308};
    assertRefused(
        "sampleWeights must add up to a finite number, got Infinity",
        unread(null, new double[2], weights));
    double[] ofTiles = new double[MANY];
    ofTiles[0] = Double.MAX_VALUE;
    ofTiles[MANY - 1] = Double.MAX_VALUE;
    assertRefused(
        "sampleWeights must add up to a finite number, got Infinity",
        unread(null, new double[MANY], ofTiles));
    assertEquals(1e308, KERNEL.weight(NAMES, unread(null, new double[1], new double[] {1e308})));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 9.5, INF, NAN})
  void targetsThatCountAreInTheirRange(double bad) {
    double[] targets = numbers(MANY);
    targets[MANY - 1] = bad;
    String message = "counts[4100] must be in [0, 9], got " + bad;
    assertRefused(message, unread(null, targets, null));
    double[] weights = filled(MANY, 1);
    assertRefused(message, unread(null, targets, weights));
    weights[MANY - 1] = 0;
    assertEquals(MANY - 1, KERNEL.weight(NAMES, unread(null, targets, weights)));
    assertFalse(KERNEL.isTarget(bad));
  }

  @Test
  void theEndsOfTheRangeAreTargets() {
    assertEquals(3, PLAIN.weight(NAMES, unread(null, new double[] {0, -0.0, 9}, null)));
    assertTrue(PLAIN.isTarget(0) && PLAIN.isTarget(9));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, -1, NAN})
  void companionsThatCountAreInTheirRange(double bad) {
    double[] companion = filled(MANY, 1);
    companion[Tiles.SIZE + 2] = bad;
    String message = "exposure[2050] must be 1 or more, got " + bad;
    assertRefused(message, unread(companion, numbers(MANY), null));
    double[] weights = filled(MANY, 2);
    assertRefused(message, unread(companion, numbers(MANY), weights));
    weights[Tiles.SIZE + 2] = 0;
    assertEquals(2 * MANY - 2, KERNEL.weight(NAMES, unread(companion, numbers(MANY), weights)));
    assertFalse(KERNEL.isCompanion(bad));
    assertTrue(KERNEL.isCompanion(1));
  }

  @Test
  void aLossNeedNotHaveMoreThanItsDerivatives() {
    assertTrue(PLAIN.isCompanion(NAN));
    assertFalse(PLAIN.hasCompanionGradient());
    assertTrue(KERNEL.hasCompanionGradient());
    assertEquals("any number", new Product().companions());
    assertUnsupported("this loss has no gradient by a companion", Derivative.BY_COMPANION);
    assertUnsupported("this loss has no deviance", Derivative.DEVIANCE);
    assertDoesNotThrow(() -> PLAIN.weight(NAMES, unread(new double[] {NAN}, new double[1], null)));
  }

  private static void assertUnsupported(String message, Derivative derivative) {
    Batch batch = new Batch(elements(1.0), null, elements(1.0), null);
    UnsupportedOperationException refused =
        assertThrows(
            UnsupportedOperationException.class,
            () -> PLAIN.derivative(derivative, batch, elements(new double[1]), 1));
    assertEquals(message, refused.getMessage());
  }

  // ---- losses and gradients

  static Stream<double[]> weights() {
    return Stream.of(null, filled(MANY, 1), numbers(MANY));
  }

  private static double[] times(double scale, double[] weights, double[] numbers) {
    double[] product = new double[numbers.length];
    Arrays.setAll(product, i -> scale * numbers[i] * (weights == null ? 1 : weights[i]));
    return product;
  }

  /** 0, 3, 6, … */
  private static double[] x() {
    return IntStream.range(0, MANY).mapToDouble(i -> 3.0 * i).toArray();
  }

  private static double[] losses() {
    double[] y = numbers(MANY);
    return IntStream.range(0, MANY).mapToDouble(i -> 3.0 * i * y[i]).toArray();
  }

  private static Batch batch(double[] weights) {
    return new Batch(elements(x()), null, elements(numbers(MANY)), orNull(weights));
  }

  @ParameterizedTest
  @MethodSource("weights")
  void lossesAreWeighedAndAddedUp(double[] weights) {
    double[] losses = filled(MANY, NAN);
    double[] gradient = filled(MANY, NAN);
    double sum = PLAIN.run(batch(weights), elements(losses), elements(gradient), 0.5);
    double[] expected = times(1, weights, losses());
    assertArrayEquals(expected, losses);
    assertArrayEquals(times(0.5, weights, numbers(MANY)), gradient);
    assertEquals(Arrays.stream(expected).sum(), sum);
  }

  @ParameterizedTest
  @MethodSource("weights")
  void nothingIsWrittenThatIsNotAskedFor(double[] weights) {
    double[] expected = times(1, weights, losses());
    double total = Arrays.stream(expected).sum();
    assertEquals(total, PLAIN.run(batch(weights), null, null, 0.5));
    double[] gradient = filled(MANY, NAN);
    assertEquals(total, PLAIN.run(batch(weights), null, elements(gradient), 1));
    assertArrayEquals(times(1, weights, numbers(MANY)), gradient);
    double[] losses = filled(MANY, NAN);
    assertEquals(total, PLAIN.run(batch(weights), elements(losses), null, 7));
    assertArrayEquals(expected, losses);
  }

  @Test
  void floatsAreThere() {
    float[] x = {1, 2, 3};
    float[] losses = new float[3];
    float[] gradient = new float[3];
    Batch batch = new Batch(elements(x), null, elements(4.0, 5, 6), elements(1.0, 0, 2));
    assertEquals(40, PLAIN.run(batch, elements(losses), elements(gradient), 0.5));
    assertArrayEquals(new float[] {4, 0, 36}, losses);
    assertArrayEquals(new float[] {2, 0, 6}, gradient);
  }

  @Test
  void aWeightOfNothingOutweighsAll() {
    double[] x = {NAN, INF, 2};
    double[] losses = filled(3, 5);
    double[] gradient = filled(3, 5);
    Batch batch = new Batch(elements(x), null, elements(NAN, NAN, 3), elements(0.0, -0.0, 2));
    assertEquals(12, PLAIN.run(batch, elements(losses), elements(gradient), 10));
    assertArrayEquals(new double[] {0, 0, 12}, losses);
    assertArrayEquals(new double[] {0, 0, 60}, gradient);
    PLAIN.derivative(Derivative.GRADIENT, batch, elements(gradient), 1);
    assertArrayEquals(new double[] {0, 0, 6}, gradient);
  }

  @Test
  void nothingHasNoLoss() {
    double[] none = {};
    assertEquals(
        0, PLAIN.run(new Batch(elements(none), null, elements(none), null), null, null, 1));
  }

  // ---- derivatives

  private static double[] derivatives(Derivative derivative, double[] companion) {
    return switch (derivative) {
      case GRADIENT -> numbers(MANY);
      case SECOND -> IntStream.range(0, MANY).mapToDouble(i -> i).toArray();
      case BY_COMPANION -> times(100, null, companion);
      case BY_COMPANION_TWICE -> times(1000, null, companion);
      case MIXED -> times(10, null, companion);
      case DEVIANCE -> times(1, companion, x());
    };
  }

  @ParameterizedTest
  @EnumSource
  void derivativesAreScaledAndWeighed(Derivative derivative) {
    double[] ones = filled(MANY, 1);
    double[] companion = x();
    double[] weights = numbers(MANY);
    double[] out = filled(MANY, NAN);
    KERNEL.derivative(derivative, batch(null), elements(out), 1);
    assertArrayEquals(derivatives(derivative, ones), out);
    Batch weighted =
        new Batch(elements(x()), elements(companion), elements(numbers(MANY)), elements(weights));
    KERNEL.derivative(derivative, weighted, elements(out), 0.25);
    assertArrayEquals(
        times(1, weights, times(0.25, null, derivatives(derivative, companion))), out);
  }

  /** A companion of shape (2, 1, 2) beside (2, size/4, 2). */
  @ParameterizedTest
  @ValueSource(ints = {12, 16000})
  void sumsAreThoseOfWhatACompanionMeets(int size) {
    int rows = size / 4;
    ParameterShape shape = ParameterShape.of("e", new long[] {2, 1, 2}, new long[] {2, rows, 2});
    ParameterGroups groups = ParameterGroups.of(shape);
    double[] y = numbers(size);
    double[] weights = IntStream.range(0, size).mapToDouble(i -> i % 3).toArray();
    double[] expected = new double[4];
    for (int i = 0; i < size; i++) {
      expected[i / (2 * rows) * 2 + i % 2] += 0.5 * y[i] * weights[i];
    }
    Batch batch =
        new Batch(
            grouped(y, rows, groups),
            null,
            grouped(y, rows, groups),
            grouped(weights, rows, groups));
    double[] out = filled(4, NAN);
    KERNEL.sums(Derivative.GRADIENT, batch, groups, elements(out), 0.5);
    assertArrayEquals(expected, out);
  }

  private static Elements grouped(double[] numbers, int rows, ParameterGroups groups) {
    long[] strides = groups.strides(new long[] {2L * rows, 2, 1});
    return Elements.of(DoubleBuffer.wrap(numbers), 0, groups.shape(), strides);
  }

  @Test
  void sumsOfNothingAreZero() {
    ParameterShape shape = ParameterShape.of("e", new long[] {2, 1}, new long[] {2, 0});
    double[] none = {};
    double[] out = {NAN, NAN};
    Batch batch = new Batch(elements(none), null, elements(none), null);
    KERNEL.sums(Derivative.BY_COMPANION, batch, ParameterGroups.of(shape), elements(out), 1);
    assertArrayEquals(new double[2], out);
  }
}

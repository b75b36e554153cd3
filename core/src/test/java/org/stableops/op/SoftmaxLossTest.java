package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** The options of the cross-entropies of softmax as numbers. */
class SoftmaxLossTest {
  private static final CrossEntropyOptions DEFAULT = CrossEntropyOptions.DEFAULT;

  static Stream<CrossEntropyOptions> options() {
    return Stream.of(
        DEFAULT,
        DEFAULT.withAxis(3).withReduction(Reduction.NONE),
        DEFAULT.withAxis(Integer.MIN_VALUE).withReduction(Reduction.SUM).withIgnoreIndex(0),
        DEFAULT.withLabelSmoothing(0.1).withZLoss(1e-4).withClassWeights(1, 0, 0.3));
  }

  @ParameterizedTest
  @MethodSource("options")
  void optionsComeBackFromNumbers(CrossEntropyOptions options) {
    assertEquals(options, SoftmaxLoss.options(SoftmaxLoss.numbers(options)));
  }

  /** Most longs are no doubles. */
  static LongStream labels() {
    long beyondDouble = (1L << 53) + 1;
    return LongStream.of(
        -100,
        beyondDouble,
        -beyondDouble,
        Long.MAX_VALUE,
        Long.MAX_VALUE - 1,
        Long.MAX_VALUE - 513,
        Long.MIN_VALUE,
        Long.MIN_VALUE + 1);
  }

  @ParameterizedTest
  @MethodSource("labels")
  void everyIgnoredLabelComesBack(long label) {
    optionsComeBackFromNumbers(DEFAULT.withIgnoreIndex(label));
  }

  /** Graphs and models that are stored must be read by every later version. */
  @Test
  void numbersStayWhatTheyAre() {
    assertArrayEquals(new double[] {-1, 2, 0, 0, 0, 0, 0}, SoftmaxLoss.numbers(DEFAULT));
    assertArrayEquals(
        new double[] {1, 0, 0.1, 1e-4, 1, -100, 0, 3, 4},
        SoftmaxLoss.numbers(
            DEFAULT
                .withAxis(1)
                .withReduction(Reduction.NONE)
                .withLabelSmoothing(0.1)
                .withZLoss(1e-4)
                .withIgnoreIndex(-100)
                .withClassWeights(3, 4)));
    assertArrayEquals(
        new double[] {-1, 2, 0, 0, 1, 0x1p53, 1},
        SoftmaxLoss.numbers(DEFAULT.withIgnoreIndex((1L << 53) + 1)));
  }

  private static void assertRefused(String message, double... numbers) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> SoftmaxLoss.options(numbers))
            .getMessage());
  }

  @Test
  void numbersOfNoOptionsAreRefused() {
    assertRefused("CrossEntropyOptions must be at least 7 numbers, got 6", new double[6]);
    assertRefused(
        "CrossEntropyOptions must have the number of one of [NONE, SUM, MEAN] among its"
            + " arguments, got 3.0",
        -1,
        3,
        0,
        0,
        0,
        0,
        0);
    assertRefused(
        "CrossEntropyOptions must have the number of one of [false, true] among its arguments,"
            + " got 2.0",
        -1,
        2,
        0,
        0,
        2,
        0,
        0);
    assertRefused("labelSmoothing must be in [0, 1], got 1.5", -1, 2, 1.5, 0, 0, 0, 0);
    assertRefused("zLoss must be finite and >= 0, got NaN", -1, 2, 0, Double.NaN, 0, 0, 0);
    assertRefused("classWeights[1] must be finite and >= 0, got -1.0", -1, 2, 0, 0, 0, 0, 0, 1, -1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0x1p31, Double.NaN, Double.NEGATIVE_INFINITY})
  void numbersOfNoAxisAreRefused(double axis) {
    assertRefused(
        "CrossEntropyOptions must have an axis as argument, got " + axis, axis, 2, 0, 0, 0, 0, 0);
  }

  static Stream<double[]> noLabels() {
    return Stream.of(
        new double[] {0.5, 0},
        new double[] {Double.NaN, 0},
        new double[] {Double.POSITIVE_INFINITY, 0},
        new double[] {0x1p64, 0},
        new double[] {1, 0.5},
        new double[] {1, Double.NaN},
        // A rest that belongs to the nearest double.
        new double[] {1, 1});
  }

  @ParameterizedTest
  @MethodSource("noLabels")
  void numbersOfNoIgnoredLabelAreRefused(double[] label) {
    assertRefused(
        "CrossEntropyOptions must have an integer and its rest among its arguments, got "
            + label[0]
            + " and "
            + label[1],
        -1,
        2,
        0,
        0,
        1,
        label[0],
        label[1]);
  }

  @Test
  void optionsMustBeGiven() {
    assertEquals(
        "options must be given, got null",
        assertThrows(IllegalArgumentException.class, () -> SoftmaxLoss.numbers(null)).getMessage());
  }
}

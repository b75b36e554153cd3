package org.stableops.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.Refusals.assertRefused;

import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;

class SoftmaxShapeTest {
  private static final long[] LOGITS = {2, 3, 4, 5};
  private static final CrossEntropyOptions NONE = CrossEntropyOptions.DEFAULT;

  @Test
  void movesTheClassAxisToTheEndAndBack() {
    for (int axis = -4; axis < 4; axis++) {
      SoftmaxShape shape = SoftmaxShape.of("logits", LOGITS, axis);
      long[] last = permuted(LOGITS, shape.toClassesLast());
      assertArrayEquals(shape.classesLast(), last);
      assertArrayEquals(LOGITS, permuted(last, shape.fromClassesLast()));
      assertEquals(LOGITS[axis < 0 ? axis + 4 : axis], shape.classes());
      assertEquals(120, shape.rows() * shape.classes());
    }
  }

  private static long[] permuted(long[] shape, int[] order) {
    long[] permuted = new long[shape.length];
    for (int i = 0; i < order.length; i++) {
      permuted[i] = shape[order[i]];
    }
    return permuted;
  }

  @Test
  void theClassAxisIsCountedFromTheStart() {
    assertEquals(3, SoftmaxShape.of("logits", LOGITS, -1).axis());
    assertEquals(1, SoftmaxShape.of("logits", LOGITS, 1).axis());
    assertTrue(SoftmaxShape.of("logits", LOGITS, -1).hasClassesLast());
    assertTrue(SoftmaxShape.of("logits", LOGITS, 3).hasClassesLast());
    assertFalse(SoftmaxShape.of("logits", LOGITS, 2).hasClassesLast());
    assertEquals(5, SoftmaxShape.of(LOGITS, NONE).classes());
  }

  @Test
  void rankOneIsOneRow() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {7}, 0);
    assertEquals(1, shape.rows());
    assertArrayEquals(new long[0], shape.rowShape());
    assertDoesNotThrow(() -> shape.requireLabels(new long[0]));
    assertDoesNotThrow(() -> shape.requireLabels(new long[] {1}));
  }

  @Test
  void noRowsAreRowsToo() {
    assertEquals(0, SoftmaxShape.of("logits", new long[] {0, 3}, 1).rows());
    assertEquals(0, SoftmaxShape.of("logits", new long[] {0, 0}, 1).rows());
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertRefused(
        "logits must have rank 1 at least, got a scalar",
        () -> SoftmaxShape.of("logits", new long[0], 0));
    assertRefused(
        "axis must be in [-4, 4) for logits of shape (2, 3, 4, 5), got 4",
        () -> SoftmaxShape.of("logits", LOGITS, 4));
    assertRefused(
        "axis must be in [-4, 4) for logits of shape (2, 3, 4, 5), got -5",
        () -> SoftmaxShape.of("logits", LOGITS, -5));
    assertRefused(
        "logits must have an element along axis 1, got shape (2, 0)",
        () -> SoftmaxShape.of("logits", new long[] {2, 0}, -1));
    SoftmaxShape shape = SoftmaxShape.of("logits", LOGITS, 1);
    assertRefused(
        "labels shape (2, 3, 5) must equal logits shape (2, 3, 4, 5) without axis 1",
        () -> shape.requireLabels(new long[] {2, 3, 5}));
    assertDoesNotThrow(() -> shape.requireLabels(new long[] {2, 4, 5}));
    assertDoesNotThrow(() -> shape.requireLabels(new long[] {2, 1, 4, 5}));
    assertRefused(
        "labels shape (2, 4, 5) must equal logits shape (2, 3, 4, 5)",
        () -> shape.requireProbabilities(new long[] {2, 4, 5}, NONE));
    assertRefused(
        "sampleWeights shape (4) must equal logits shape (2, 3, 4, 5) without axis 1",
        () -> shape.requireSampleWeights(new long[] {4}));
    assertThrows(
        IllegalArgumentException.class,
        () -> shape.requireProbabilities(LOGITS, NONE.withIgnoreIndex(0)));
  }

  @Test
  void refusesLabelsThatAreNoClass() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {3, 10}, 1);
    assertRefused(
        "labels must be in [0, 10), got 10 at row 2",
        () -> shape.requireClasses(new long[] {0, 9, 10}, null, NONE));
    assertRefused(
        "labels must be in [0, 10) or equal ignoreIndex -100, got -1 at row 1",
        () -> shape.requireClasses(new long[] {-100, -1, 0}, null, NONE.withIgnoreIndex(-100)));
    // A row of weight 0 is not read.
    shape.requireClasses(new long[] {0, 99, 0}, new double[] {1, 0, 1}, NONE);
  }

  @Test
  void refusesNumbersThatAreNoProbability() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {2, 2}, 1);
    shape.requireProbabilityValues(new double[] {0, 1, 0.5, Double.MAX_VALUE}, 0);
    shape.requireSampleWeights(new double[] {0, Double.MAX_VALUE});
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          "labels must be finite and >= 0, got " + bad + " at row 1, class 0",
          () -> shape.requireProbabilityValues(new double[] {0, 1, bad, 0}, 0));
      String signed =
          bad < 0
              ? "; for signed weights, such as advantages, multiply the losses of Reduction.NONE by"
                  + " them"
              : "";
      assertRefused(
          "sampleWeights must be finite and >= 0, got " + bad + " at row 1" + signed,
          () -> shape.requireSampleWeights(new double[] {0, bad}));
    }
  }

  @Test
  void aSingleClassIsRefusedWhereANetworkIsTrained() {
    SoftmaxShape.of("logits", new long[] {4, 2}, 1).requireSeveralClasses();
    assertRefused(
        "logits must have at least 2 classes along axis 1, got shape (4, 1): the softmax of one"
            + " logit is always 1; a single output for yes or no needs"
            + " SigmoidCrossEntropy",
        () -> SoftmaxShape.of("logits", new long[] {4, 1}, 1).requireSeveralClasses());
  }

  @Test
  void classWeightsMustBeOneAClass() {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withClassWeights(1, 2);
    assertEquals(2, SoftmaxShape.of(new long[] {3, 2}, options).classes());
    assertRefused(
        "classWeights must have one weight for each of 5 classes, got 2",
        () -> SoftmaxShape.of(new long[] {3, 5}, options));
  }

  @Test
  void sampleWeightsMayHaveOneAtTheAxis() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {3, 10, 2}, 1);
    shape.requireSampleWeights(new long[] {3, 2});
    shape.requireSampleWeights(new long[] {3, 1, 2});
    assertArrayEquals(new long[] {3, 1, 2}, shape.withOne());
    assertRefused(
        "sampleWeights shape (2, 3) must equal logits shape (3, 10, 2) without axis 1",
        () -> shape.requireSampleWeights(new long[] {2, 3}));
  }

  @Test
  void floatingLabelsMustBeIntegers() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {3, 10}, 1);
    assertArrayEquals(new long[] {2, -1, 9}, shape.integers(new double[] {2, -1, 9}, null, 24));
    assertRefused(
        "labels must be integers, got 0.9 at row 1",
        () -> shape.integers(new double[] {2, 0.9, 9}, null, 24));
    assertRefused(
        "labels must be integers, got NaN at row 2",
        () -> shape.integers(new double[] {2, 1, Double.NaN}, null, 24));
    // A row of weight 0 is never read.
    assertArrayEquals(
        new long[] {2, 0, 9},
        shape.integers(new double[] {2, Double.NaN, 9}, new double[] {1, 0, 1}, 24));
    SoftmaxShape nine = SoftmaxShape.of("logits", new long[] {1, 9}, 1);
    assertArrayEquals(new long[] {8}, nine.integers(new double[] {8}, null, 3));
    assertRefused(
        "labels of 3 bits are exact up to 8 only, got 10 classes: "
            + "use an integer dtype or probabilities",
        () -> shape.integers(new double[3], null, 3));
  }

  @Test
  void oneHotLabelsAreToldWhereTheyBelong() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {3, 10}, 1);
    assertRefused(
        "labels shape (3, 10) must equal logits shape (3, 10) without axis 1: "
            + "one-hot labels are for the loss of class probabilities",
        () -> shape.requireLabels(new long[] {3, 10}));
    // With one class they are labels with 1 at the axis.
    SoftmaxShape.of("logits", new long[] {3, 1}, 1).requireLabels(new long[] {3, 1});
  }

  @Test
  void ignoredRowsWeighNothing() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {3, 10}, 1);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1);
    long[] labels = {4, -1, 5};
    double[] weights = {0.5, 2, 0};
    assertArrayEquals(new double[] {1, 0, 1}, shape.rowWeights(labels, null, options));
    assertArrayEquals(new double[] {0.5, 0, 0}, shape.rowWeights(labels, weights, options));
    assertArrayEquals(weights, shape.rowWeights(null, weights, CrossEntropyOptions.DEFAULT));
  }

  @Test
  void aRowThatCountsWeighsWhatItsLabelDoes() {
    long[] labels = {1, 7, 0};
    double[] rows = {0.5, 0, 2};
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT;
    assertArrayEquals(new double[] {1, 0, 1}, SoftmaxShape.labelWeights(labels, rows, plain));
    CrossEntropyOptions weighted = plain.withClassWeights(3, 4);
    assertArrayEquals(new double[] {4, 0, 3}, SoftmaxShape.labelWeights(labels, rows, weighted));
  }

  @Test
  void rowsOfABlockAreCountedFromTheFirstOfAll() {
    SoftmaxShape shape = SoftmaxShape.of("logits", new long[] {9, 2}, 1);
    assertRefused(
        "labels must be finite and >= 0, got -1.0 at row 6, class 1",
        () -> shape.requireProbabilityValues(new double[] {0, 1, 0, -1}, 5));
  }

  @Test
  void optionsMustBeGiven() {
    assertRefused(
        "options must be given, got null", () -> SoftmaxShape.of(new long[] {3, 1}, null));
  }

  @Test
  void messagesNameTheArray() {
    assertRefused(
        "x must have rank 1 at least, got a scalar", () -> SoftmaxShape.of("x", new long[0], 0));
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/**
 * The labels and the masks that the Loss takes: floating, integer and boolean, one array or two.
 */
class DjlLossLabelsTest extends OnBothPaths {
  private static final CrossEntropyOptions DEFAULT = CrossEntropyOptions.DEFAULT;

  /** Classes along axis 1. */
  private static final Shape IMAGES = new Shape(3, 5, 4);

  /** Of labels and sample weights. */
  private static Loss loss(CrossEntropyKind kind, CrossEntropyOptions options) {
    FusedSoftmaxCrossEntropyLoss unweighted =
        kind == CrossEntropyKind.SPARSE
            ? new FusedSoftmaxCrossEntropyLoss(options)
            : FusedSoftmaxCrossEntropyLoss.probabilities(options);
    return unweighted.withSampleWeights();
  }

  private static CrossEntropyOptions every(Reduction reduction) {
    return DEFAULT
        .withAxis(1)
        .withReduction(reduction)
        .withLabelSmoothing(0.1)
        .withZLoss(0.01)
        .withClassWeights(1, 0, 2, 0.5, 3);
  }

  static Stream<Arguments> kindsAndReductions() {
    return Stream.of(CrossEntropyKind.values())
        .flatMap(kind -> Stream.of(Reduction.values()).map(r -> Arguments.of(kind, r)));
  }

  /** The same loss and the same gradient, to the bit. */
  private static void assertSame(NDArray logits, Loss loss, NDList expected, NDList actual) {
    NDList predictions = new NDList(logits);
    assertSameArray(loss.evaluate(expected, predictions), loss.evaluate(actual, predictions));
    assertArrayEquals(
        Djl.gradient(logits, z -> loss.evaluate(expected, new NDList(z))),
        Djl.gradient(logits, z -> loss.evaluate(actual, new NDList(z))));
  }

  @ParameterizedTest
  @EnumSource
  void integralFloatingLabelsGiveTheBitsOfIntegers(Reduction reduction) {
    Loss loss = new FusedSoftmaxCrossEntropyLoss(DEFAULT.withAxis(1).withReduction(reduction));
    NDArray integers = CrossEntropyKind.SPARSE.labels(manager, IMAGES, 1);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, IMAGES, 1);
      for (DataType labelType : Djl.FLOATS) {
        NDArray floating = integers.toType(labelType, true);
        assertSame(logits, loss, new NDList(integers), new NDList(floating));
        assertSame(logits, loss, new NDList(integers), new NDList(floating.expandDims(1)));
      }
    }
  }

  @Test
  void floatingLabelsMayBeIgnored() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss(DEFAULT.withIgnoreIndex(-100));
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(3, 4), 1);
    NDArray integers = manager.create(new long[] {3, -100, 0});
    for (DataType type : Djl.FLOATS) {
      assertSame(logits, loss, new NDList(integers), new NDList(integers.toType(type, true)));
    }
  }

  private void assertRefused(String message, Loss loss, NDArray logits, NDArray... labels) {
    int before = manager.getManagedArrays().size();
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () -> loss.evaluate(new NDList(labels), new NDList(logits)))
            .getMessage());
    assertEquals(before, manager.getManagedArrays().size());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.9, -0.5, 0x1p-20, Double.NaN, Double.POSITIVE_INFINITY})
  void aLabelThatIsNoIntegerIsNamedWithItsRow(double label) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(3, 4), 1);
    for (DataType type : Djl.FLOATS) {
      NDArray labels = array(manager, type, new Shape(3), 1, 3, label);
      // As the dtype rounds it.
      String message = "labels must be integers, got %s at row 2".formatted(doubles(labels)[2]);
      assertRefused(message, new FusedSoftmaxCrossEntropyLoss(), logits, labels);
    }
  }

  @Test
  void anIntegralFloatingLabelMustBeAClass() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 4), 1);
    for (DataType type : Djl.FLOATS) {
      NDArray labels = array(manager, type, new Shape(2), 1, 4);
      assertRefused(
          "labels must be in [0, 4), got 4 at row 1",
          new FusedSoftmaxCrossEntropyLoss(),
          logits,
          labels);
    }
  }

  /** Half has every integer up to 2048; the next, 2049, it takes for 2048. */
  @Test
  void halfLabelsOfMoreClassesThanItCanTellApartAreRefused() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    NDArray half = array(manager, DataType.FLOAT16, new Shape(1), 2048);
    NDArray enough = waves(manager, DataType.FLOAT32, new Shape(1, 2049), 1);
    assertSame(enough, loss, new NDList(manager.create(new long[] {2048})), new NDList(half));
    assertRefused(
        "labels of 11 bits are exact up to 2048 only, got 2050 classes: "
            + "use an integer dtype or probabilities",
        loss,
        waves(manager, DataType.FLOAT32, new Shape(1, 2050), 1),
        half);
  }

  @Test
  void closedAndMissingArraysAreNamed() {
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 4), 1);
    NDArray labels = array(manager, DataType.FLOAT32, new Shape(2), 1, 3);
    NDArray mask = manager.create(new boolean[] {true, false});
    mask.close();
    Loss weighted = new FusedSoftmaxCrossEntropyLoss().withSampleWeights();
    assertClosed("sampleWeights", weighted, new NDList(labels, mask), logits);
    NDArray closed = array(manager, DataType.FLOAT32, new Shape(2), 1, 3);
    closed.close();
    assertClosed("labels", loss, new NDList(closed), logits);
    logits.close();
    assertClosed("logits", loss, new NDList(labels), logits);
  }

  private static void assertClosed(String name, Loss loss, NDList labels, NDArray logits) {
    IllegalStateException closed =
        assertThrows(IllegalStateException.class, () -> loss.evaluate(labels, new NDList(logits)));
    assertEquals(name + " must be open, but has been closed", closed.getMessage());
  }

  @Test
  void aBooleanLabelIsNoInteger() {
    assertRefused(
        "labels dtype must be an integer or a floating type, got boolean",
        new FusedSoftmaxCrossEntropyLoss(),
        waves(manager, DataType.FLOAT32, new Shape(2, 4), 1),
        manager.create(new boolean[] {true, false}));
  }

  @Test
  void floatingLabelsMustHaveTheShapeOfTheRows() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 4), 1);
    NDArray labels = manager.zeros(new Shape(2));
    Loss loss = new FusedSoftmaxCrossEntropyLoss();
    assertRefused(
        "labels shape (3) must equal logits shape (2, 4) without axis 1",
        loss,
        logits,
        manager.zeros(new Shape(3)));
    assertRefused(
        "sampleWeights shape (3) must equal logits shape (2, 4) without axis 1",
        new FusedSoftmaxCrossEntropyLoss().withSampleWeights(),
        logits,
        labels,
        manager.ones(new Shape(3)));
  }

  @ParameterizedTest
  @EnumSource
  void aMaskedRowMayHaveAnyLabelAndAnyLogits(Reduction reduction) {
    double nan = Double.NaN;
    FusedSoftmaxCrossEntropyLoss loss =
        new FusedSoftmaxCrossEntropyLoss(DEFAULT.withReduction(reduction));
    Loss masked = loss.withSampleWeights();
    NDArray mask = manager.create(new boolean[] {true, false});
    for (DataType type : Djl.FLOATS) {
      NDArray logits = array(manager, type, new Shape(2, 3), 0.5, 1, -1, nan, nan, nan);
      NDArray one = array(manager, type, new Shape(1, 3), 0.5, 1, -1);
      NDList label = new NDList(manager.create(new long[] {2}));
      double[] value = doubles(loss.evaluate(label, new NDList(one)));
      double[] gradient = Djl.gradient(one, z -> loss.evaluate(label, new NDList(z)));
      for (double other : new double[] {nan, 0.9, -7, 1e300}) {
        NDList labels = new NDList(array(manager, DataType.FLOAT64, new Shape(2), 2, other), mask);
        assertArrayEquals(
            reduction == Reduction.NONE ? new double[] {value[0], 0} : value,
            doubles(masked.evaluate(labels, new NDList(logits))));
        assertArrayEquals(
            Arrays.copyOf(gradient, 6),
            Djl.gradient(logits, z -> masked.evaluate(labels, new NDList(z))));
      }
    }
  }

  /** DJL's engine has no other dtypes. */
  private static final DataType[] MASKS = {
    DataType.BOOLEAN,
    DataType.INT8,
    DataType.UINT8,
    DataType.INT32,
    DataType.INT64,
    DataType.FLOAT16,
    DataType.FLOAT32,
    DataType.FLOAT64,
  };

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void aMaskMayHaveAnyDtype(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = every(reduction);
    Loss loss = loss(kind, options);
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    double[] zerosAndOnes =
        LongStream.range(0, 12).mapToDouble(i -> i * 5 % 3 == 0 ? 0 : 1).toArray();
    NDArray wide = array(manager, DataType.FLOAT64, new Shape(3, 4), zerosAndOnes);
    NDArray value = kind.value(logits, labels, wide, options);
    NDArray gradient = kind.gradient(logits, labels, wide, options);
    for (DataType type : MASKS) {
      NDArray mask = wide.toType(type, true);
      for (NDArray shaped : new NDArray[] {mask, mask.expandDims(1)}) {
        NDList both = new NDList(labels, shaped);
        assertSameArray(value, loss.evaluate(both, new NDList(logits)));
        assertArrayEquals(
            doubles(gradient), Djl.gradient(logits, z -> loss.evaluate(both, new NDList(z))));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void allOptionsWithSampleWeightsAreTheOperator(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = every(reduction);
    Loss loss = loss(kind, options);
    NDArray labels = kind.labels(manager, IMAGES, 1);
    NDArray weights = CrossEntropyKind.weights(manager, IMAGES, 1);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, IMAGES, 1);
      NDList both = new NDList(labels, weights);
      assertSameArray(
          kind.value(logits, labels, weights, options), loss.evaluate(both, new NDList(logits)));
      assertArrayEquals(
          doubles(kind.gradient(logits, labels, weights, options)),
          Djl.gradient(logits, z -> loss.evaluate(both, new NDList(z))));
    }
  }

  @Test
  void nothingStaysButTheLoss() {
    Loss loss = loss(CrossEntropyKind.SPARSE, every(Reduction.MEAN));
    NDArray logits = waves(manager, DataType.FLOAT32, IMAGES, 1);
    NDArray labels = manager.ones(new Shape(3, 4));
    NDArray mask = manager.ones(new Shape(3, 4), DataType.BOOLEAN);
    int before = manager.getManagedArrays().size();
    loss.evaluate(new NDList(labels, mask), new NDList(logits));
    assertEquals(before + 1, manager.getManagedArrays().size());
  }
}

package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.Refusals.assertRefused;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;

/** What the caller got wrong is said in words, before anything is computed or written. */
final class Nd4jErrorsTest {
  private static final CrossEntropyOptions OPTIONS = CrossEntropyOptions.DEFAULT;

  private final INDArray x = Nd4j.createFromArray(1.0, 2, 3, 4, 5, 6).reshape(2, 3);
  private final INDArray labels = Nd4j.createFromArray(0, 2);
  private final INDArray probabilities = Nd4j.createFromArray(0.5, 0.5, 0, 0, 0, 1).reshape(2, 3);
  private final INDArray weights = Nd4j.createFromArray(1.0, 2);

  // ---- elementwise

  @Test
  void otherDtypesAreRefused() {
    for (DataType type : List.of(DataType.INT32, DataType.INT64, DataType.UINT8, DataType.BOOL)) {
      INDArray wrong = x.castTo(type);
      String message = "x dtype must be half, bfloat16, float or double, got " + type;
      forEveryOp(wrong, message);
    }
  }

  private static void forEveryOp(INDArray wrong, String message) {
    assertRefused(message, () -> Softplus.value(wrong));
    assertRefused(message, () -> Softplus.gradient(wrong, 2));
    assertRefused(message, () -> Softplus.valueInto(wrong, wrong));
    assertRefused(message, () -> SoftplusInverse.value(wrong, 2));
    assertRefused(message, () -> SoftplusInverse.gradient(wrong));
    assertRefused(message, () -> SoftplusInverse.valueInto(wrong, 2, wrong));
    assertRefused(message, () -> Squareplus.value(wrong));
    assertRefused(message, () -> Squareplus.gradient(wrong, 2));
    assertRefused(message, () -> Squareplus.valueInto(wrong, wrong));
    assertRefused(message, () -> SquareplusInverse.value(wrong, 2));
    assertRefused(message, () -> SquareplusInverse.gradient(wrong));
    assertRefused(message, () -> SquareplusInverse.valueInto(wrong, 2, wrong));
  }

  @Test
  void nullIsRefused() {
    forEveryOp(null, "x must be an array, got null");
    assertRefused("out must be an array, got null", () -> Softplus.valueInto(x, null));
    assertRefused(
        "logits must be an array, got null", () -> SparseSoftmaxCrossEntropy.value(null, labels));
    assertRefused(
        "labels must be an array, got null", () -> SparseSoftmaxCrossEntropy.value(x, null));
    assertRefused("labels must be an array, got null", () -> SoftmaxCrossEntropy.value(x, null));
    assertRefused(
        "sampleWeights must be an array, got null",
        () -> SoftmaxCrossEntropy.value(x, probabilities, null, OPTIONS));
    assertRefused(
        "sampleWeights must be an array, got null",
        () -> SparseSoftmaxCrossEntropy.evaluate(x, labels, null, OPTIONS));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void betaMustBePositiveAndFinite(double beta) {
    String message = "beta must be finite and > 0, got " + beta;
    assertRefused(message, () -> Softplus.value(x, beta));
    assertRefused(message, () -> Softplus.gradient(x, beta));
    assertRefused(message, () -> Softplus.valueInto(x, beta, x));
    assertRefused(message, () -> SoftplusInverse.value(x, beta));
    assertRefused(message, () -> SoftplusInverse.gradient(x, beta));
    assertRefused(message, () -> SoftplusInverse.valueInto(x, beta, x));
    argumentsAreUnchanged();
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, -1e-300, Double.NaN, Double.POSITIVE_INFINITY})
  void bMustNotBeNegativeAndBeFinite(double b) {
    String message = "b must be finite and >= 0, got " + b;
    assertRefused(message, () -> Squareplus.value(x, b));
    assertRefused(message, () -> Squareplus.gradient(x, b));
    assertRefused(message, () -> Squareplus.valueInto(x, b, x));
    assertRefused(message, () -> SquareplusInverse.value(x, b));
    assertRefused(message, () -> SquareplusInverse.gradient(x, b));
    assertRefused(message, () -> SquareplusInverse.valueInto(x, b, x));
    argumentsAreUnchanged();
  }

  @Test
  void outMustBeLikeX() {
    INDArray otherShape = Nd4j.createFromArray(9.0, 9, 9);
    INDArray otherType = Nd4j.createFromArray(9f, 9, 9, 9, 9, 9).reshape(2, 3);
    INDArray transposed = Nd4j.ones(DataType.DOUBLE, 3, 2);
    assertRefused(
        "out must be like x, DOUBLE (2, 3), got DOUBLE (3)",
        () -> Softplus.valueInto(x, otherShape));
    assertRefused(
        "out must be like x, DOUBLE (2, 3), got FLOAT (2, 3)",
        () -> Squareplus.valueInto(x, otherType));
    assertRefused(
        "out must be like x, DOUBLE (2, 3), got DOUBLE (3, 2)",
        () -> SquareplusInverse.valueInto(x, transposed));
    assertRefused(
        "out dtype must be half, bfloat16, float or double, got INT",
        () -> SoftplusInverse.valueInto(x, x.castTo(DataType.INT32)));
    Elements.assertSame(Nd4j.createFromArray(9.0, 9, 9), otherShape, "out");
    argumentsAreUnchanged();
  }

  @Test
  void closedArraysAreRefused() {
    INDArray closed = Nd4j.createFromArray(1.0, 2);
    closed.close();
    closed("x must be open, but has been closed", () -> Softplus.value(closed));
    closed("x must be open, but has been closed", () -> Squareplus.gradient(closed));
    closed("x must be open, but has been closed", () -> SoftplusInverse.valueInto(closed, x));
    closed("out must be open, but has been closed", () -> SquareplusInverse.valueInto(x, closed));
    closed(
        "logits must be open, but has been closed",
        () -> SparseSoftmaxCrossEntropy.value(closed, labels));
    closed(
        "labels must be open, but has been closed",
        () -> SparseSoftmaxCrossEntropy.gradient(x, closed));
    closed(
        "labels must be open, but has been closed",
        () -> SoftmaxCrossEntropy.valueAndGradient(x, closed));
    closed(
        "sampleWeights must be open, but has been closed",
        () -> SoftmaxCrossEntropy.value(x, probabilities, closed, OPTIONS));
    closed(
        "logits must be open, but has been closed",
        () -> SoftmaxCrossEntropy.evaluate(closed, probabilities));
    argumentsAreUnchanged();
  }

  @Test
  void aViewOfAClosedArrayIsRefused() {
    INDArray owner = Nd4j.create(DataType.DOUBLE, 2, 3);
    INDArray view = owner.getRow(1);
    owner.close();
    closed("x must be open, but has been closed", () -> Softplus.value(view));
  }

  // ---- cross-entropy

  @ParameterizedTest
  @EnumSource
  void shapesMustFit(Path path) {
    path.run(
        () -> {
          assertRefused(
              "labels shape (3) must equal logits shape (2, 3) without axis 1",
              () -> SparseSoftmaxCrossEntropy.value(x, Nd4j.createFromArray(0, 1, 2)));
          assertRefused(
              "labels shape (2) must equal logits shape (2, 3) without axis 0",
              () -> SparseSoftmaxCrossEntropy.value(x, labels, OPTIONS.withAxis(0)));
          assertRefused(
              "labels shape (1, 2) must equal logits shape (2, 3) without axis 1",
              () -> SparseSoftmaxCrossEntropy.gradient(x, labels.reshape(1, 2)));
          assertRefused(
              "labels shape (3, 2) must equal logits shape (2, 3)",
              () -> SoftmaxCrossEntropy.value(x, probabilities.transpose()));
          assertRefused(
              "sampleWeights shape (1, 2) must equal logits shape (2, 3) without axis 1",
              () -> SoftmaxCrossEntropy.value(x, probabilities, weights.reshape(1, 2), OPTIONS));
          assertRefused(
              "sampleWeights shape (2, 3) must equal logits shape (2, 3) without axis 1",
              () -> SparseSoftmaxCrossEntropy.evaluate(x, labels, probabilities, OPTIONS));
          assertRefused(
              "sampleWeights shape (2) must equal logits shape (2, 3) without axis 0",
              () -> SoftmaxCrossEntropy.gradient(x, probabilities, weights, OPTIONS.withAxis(0)));
          assertRefused(
              "logits must have rank 1 at least, got a scalar",
              () -> SparseSoftmaxCrossEntropy.value(Nd4j.scalar(1.0), Nd4j.scalar(0)));
          argumentsAreUnchanged();
          return null;
        });
  }

  @Test
  void axisMustBeOneOfTheLogits() {
    for (int axis : new int[] {2, -3, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      String message = "axis must be in [-2, 2) for logits of shape (2, 3), got " + axis;
      assertRefused(
          message, () -> SparseSoftmaxCrossEntropy.value(x, labels, OPTIONS.withAxis(axis)));
      assertRefused(
          message, () -> SoftmaxCrossEntropy.gradient(x, probabilities, OPTIONS.withAxis(axis)));
    }
  }

  @Test
  void dtypesMustFit() {
    assertRefused(
        "logits dtype must be half, bfloat16, float or double, got INT",
        () -> SparseSoftmaxCrossEntropy.value(x.castTo(DataType.INT32), labels));
    assertRefused(
        "labels dtype must be an integer or a floating type, got BOOL",
        () -> SparseSoftmaxCrossEntropy.value(x, labels.castTo(DataType.BOOL)));
    assertRefused(
        "labels must be integers, got 0.5 at row 1",
        () -> SparseSoftmaxCrossEntropy.value(x, Nd4j.createFromArray(1f, 0.5f)));
    assertRefused(
        "labels dtype must be floating, integer or boolean, got UTF8",
        () -> SoftmaxCrossEntropy.value(x, Nd4j.create("a", "b")));
    assertRefused(
        "sampleWeights dtype must be floating, integer or boolean, got UTF8",
        () -> SoftmaxCrossEntropy.value(x, probabilities, Nd4j.create("a", "b"), OPTIONS));
  }

  @ParameterizedTest
  @EnumSource
  void labelsMustBeClasses(Path path) {
    path.run(
        () -> {
          assertRefused(
              "labels must be in [0, 3), got 3 at row 1",
              () -> SparseSoftmaxCrossEntropy.value(x, Nd4j.createFromArray(2, 3)));
          assertRefused(
              "labels must be in [0, 3), got -1 at row 0",
              () -> SparseSoftmaxCrossEntropy.gradient(x, Nd4j.createFromArray(-1, 3)));
          assertRefused(
              "labels must be in [0, 3) or equal ignoreIndex -1, got -2 at row 1",
              () ->
                  SparseSoftmaxCrossEntropy.valueAndGradient(
                      x, Nd4j.createFromArray(-1, -2), OPTIONS.withIgnoreIndex(-1)));
          // Its low 32 bits are the class 1.
          assertRefused(
              "labels must be in [0, 3), got 4294967297 at row 0",
              () -> SparseSoftmaxCrossEntropy.value(x, Nd4j.createFromArray(4294967297L, 0L)));
          assertRefused(
              "labels must be in [0, 3), got 255 at row 0",
              () ->
                  SparseSoftmaxCrossEntropy.value(
                      x, Nd4j.createFromArray(255, 0).castTo(DataType.UINT8)));
          return null;
        });
    argumentsAreUnchanged();
  }

  @ParameterizedTest
  @EnumSource
  void probabilitiesMustBeFiniteAndNotNegative(Path path) {
    for (double bad : new double[] {-0.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      INDArray wrong = probabilities.dup();
      wrong.putScalar(1, 1, bad);
      String message = "labels must be finite and >= 0, got " + bad + " at row 1, class 1";
      path.run(
          () -> {
            assertRefused(message, () -> SoftmaxCrossEntropy.value(x, wrong));
            assertRefused(message, () -> SoftmaxCrossEntropy.gradient(x, wrong));
            assertRefused(message, () -> SoftmaxCrossEntropy.valueAndGradient(x, wrong));
            assertRefused(
                "labels must be finite and >= 0, got " + bad + " at row 1, class 1",
                () ->
                    SoftmaxCrossEntropy.value(
                        x.transpose(), wrong.transpose(), OPTIONS.withAxis(0)));
            return null;
          });
    }
    argumentsAreUnchanged();
  }

  @ParameterizedTest
  @EnumSource
  void sampleWeightsMustBeFiniteAndNotNegative(Path path) {
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      INDArray wrong = Nd4j.createFromArray(1, bad);
      String signed =
          bad < 0
              ? "; for signed weights, such as advantages, multiply the losses of Reduction.NONE by"
                  + " them"
              : "";
      String message = "sampleWeights must be finite and >= 0, got " + bad + " at row 1" + signed;
      path.run(
          () -> {
            assertRefused(
                message, () -> SoftmaxCrossEntropy.value(x, probabilities, wrong, OPTIONS));
            assertRefused(
                message, () -> SparseSoftmaxCrossEntropy.gradient(x, labels, wrong, OPTIONS));
            assertRefused(
                message, () -> SparseSoftmaxCrossEntropy.evaluate(x, labels, wrong, OPTIONS));
            return null;
          });
    }
    argumentsAreUnchanged();
  }

  @ParameterizedTest
  @EnumSource
  void classWeightsMustBeOneAClass(Path path) {
    CrossEntropyOptions two = OPTIONS.withClassWeights(1, 2);
    String message = "classWeights must have one weight for each of 3 classes, got 2";
    path.run(
        () -> {
          assertRefused(message, () -> SparseSoftmaxCrossEntropy.value(x, labels, two));
          assertRefused(message, () -> SparseSoftmaxCrossEntropy.gradient(x, labels, two));
          assertRefused(message, () -> SparseSoftmaxCrossEntropy.evaluate(x, labels, weights, two));
          assertRefused(message, () -> SoftmaxCrossEntropy.value(x, probabilities, two));
          assertRefused(
              message, () -> SoftmaxCrossEntropy.valueAndGradient(x, probabilities, weights, two));
          assertRefused(message, () -> SoftmaxCrossEntropy.evaluate(x, probabilities, two));
          assertRefused(
              "classWeights must have one weight for each of 2 classes, got 3",
              () ->
                  SoftmaxCrossEntropy.value(
                      x, probabilities, OPTIONS.withAxis(0).withClassWeights(1, 2, 3)));
          return null;
        });
    argumentsAreUnchanged();
  }

  @Test
  void ignoreIndexIsForIntegerLabels() {
    assertRefused(
        "ignoreIndex applies to integer labels, got class probabilities and"
            + " CrossEntropyOptions(axis=-1, reduction=NONE, ignoreIndex=1)",
        () ->
            SoftmaxCrossEntropy.value(
                x, probabilities, OPTIONS.withReduction(Reduction.NONE).withIgnoreIndex(1)));
  }

  @Test
  void rowsWithoutClassesAreRefused() {
    INDArray empty = Nd4j.create(DataType.DOUBLE, 2, 0);
    assertRefused(
        "logits must have an element along axis 1, got shape (2, 0)",
        () -> SparseSoftmaxCrossEntropy.value(empty, labels));
  }

  // ---- helpers

  private void argumentsAreUnchanged() {
    Elements.assertSame(Nd4j.createFromArray(1.0, 2, 3, 4, 5, 6).reshape(2, 3), x, "x");
    Elements.assertSame(Nd4j.createFromArray(0, 2), labels, "labels");
    Elements.assertSame(
        Nd4j.createFromArray(0.5, 0.5, 0, 0, 0, 1).reshape(2, 3), probabilities, "probabilities");
    Elements.assertSame(Nd4j.createFromArray(1.0, 2), weights, "weights");
  }

  private static void closed(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalStateException.class, call).getMessage());
  }
}

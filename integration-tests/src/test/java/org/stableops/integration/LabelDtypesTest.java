package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/**
 * One rule for labels, whoever takes them: integers of any integer or floating dtype, and
 * probabilities of any dtype, booleans included, have the bits of long labels and of float
 * probabilities.
 */
class LabelDtypesTest {
  private static final float[] LOGITS = {1, 2, 3, -1, 0.5f, 4, 20, 0, 0, 5, -2, 1};
  private static final long[] LABELS = {2, 0, 0, 1};
  private static final float[] ONE_HOT = {0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0};
  private static final CrossEntropyOptions OPTIONS = CrossEntropyOptions.DEFAULT;

  private static NDArray djl(NDManager manager, float[] numbers, Shape shape) {
    return manager.create(numbers, shape);
  }

  private static INDArray nd4j(float[] numbers) {
    return Nd4j.createFromArray(numbers).reshape(4, 3);
  }

  @ParameterizedTest
  @EnumSource
  void djlTakesIntegersOfEveryDtype(Path path) {
    path.run(
        () -> {
          try (NDManager manager = NDManager.newBaseManager()) {
            NDArray logits = djl(manager, LOGITS, new Shape(4, 3));
            NDArray labels = manager.create(LABELS);
            float expected =
                org.stableops.djl.SparseSoftmaxCrossEntropy.value(logits, labels).getFloat();
            for (ai.djl.ndarray.types.DataType type :
                List.of(
                    ai.djl.ndarray.types.DataType.INT8,
                    ai.djl.ndarray.types.DataType.UINT8,
                    ai.djl.ndarray.types.DataType.INT32,
                    ai.djl.ndarray.types.DataType.FLOAT16,
                    ai.djl.ndarray.types.DataType.FLOAT32,
                    ai.djl.ndarray.types.DataType.FLOAT64)) {
              NDArray typed = labels.toType(type, true);
              assertEquals(
                  expected,
                  org.stableops.djl.SparseSoftmaxCrossEntropy.value(logits, typed).getFloat());
              assertEquals(
                  expected,
                  new FusedSoftmaxCrossEntropyLoss()
                      .evaluate(new NDList(typed), new NDList(logits))
                      .getFloat());
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void djlTakesProbabilitiesOfEveryDtype(Path path) {
    path.run(
        () -> {
          try (NDManager manager = NDManager.newBaseManager()) {
            NDArray logits = djl(manager, LOGITS, new Shape(4, 3));
            NDArray probabilities = djl(manager, ONE_HOT, new Shape(4, 3));
            float expected =
                org.stableops.djl.SoftmaxCrossEntropy.value(logits, probabilities).getFloat();
            for (ai.djl.ndarray.types.DataType type :
                List.of(
                    ai.djl.ndarray.types.DataType.BOOLEAN,
                    ai.djl.ndarray.types.DataType.INT8,
                    ai.djl.ndarray.types.DataType.UINT8,
                    ai.djl.ndarray.types.DataType.INT32,
                    ai.djl.ndarray.types.DataType.INT64,
                    ai.djl.ndarray.types.DataType.FLOAT64)) {
              NDArray typed = probabilities.toType(type, true);
              assertEquals(
                  expected, org.stableops.djl.SoftmaxCrossEntropy.value(logits, typed).getFloat());
              assertEquals(
                  expected,
                  FusedSoftmaxCrossEntropyLoss.probabilities(OPTIONS)
                      .evaluate(new NDList(typed), new NDList(logits))
                      .getFloat());
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void nd4jTakesIntegersOfEveryDtype(Path path) {
    path.run(
        () -> {
          INDArray logits = nd4j(LOGITS);
          INDArray labels = Nd4j.createFromArray(LABELS);
          double expected =
              org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(logits, labels).getDouble(0);
          for (DataType type :
              List.of(
                  DataType.INT8,
                  DataType.UINT8,
                  DataType.INT16,
                  DataType.INT32,
                  DataType.FLOAT16,
                  DataType.BFLOAT16,
                  DataType.FLOAT,
                  DataType.DOUBLE)) {
            INDArray typed = labels.castTo(type);
            assertEquals(
                expected,
                org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(logits, typed).getDouble(0));
            assertArrayEquals(
                inGraph(logits, labels, true), inGraph(logits, typed, true), type.toString());
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void nd4jTakesProbabilitiesOfEveryDtype(Path path) {
    path.run(
        () -> {
          INDArray logits = nd4j(LOGITS);
          INDArray probabilities = nd4j(ONE_HOT);
          double expected =
              org.stableops.nd4j.SoftmaxCrossEntropy.value(logits, probabilities).getDouble(0);
          double score = score(logits, probabilities);
          for (DataType type :
              List.of(
                  DataType.BOOL,
                  DataType.INT8,
                  DataType.UINT8,
                  DataType.INT32,
                  DataType.INT64,
                  DataType.FLOAT16,
                  DataType.DOUBLE)) {
            INDArray typed = probabilities.castTo(type);
            assertEquals(
                expected, org.stableops.nd4j.SoftmaxCrossEntropy.value(logits, typed).getDouble(0));
            assertArrayEquals(
                inGraph(logits, probabilities, false),
                inGraph(logits, typed, false),
                type.toString());
            assertEquals(score, score(logits, typed));
          }
          return null;
        });
  }

  private static double score(INDArray logits, INDArray labels) {
    return new LossFusedSoftmaxCrossEntropy()
        .computeScore(labels, logits, new ActivationIdentity(), null, true);
  }

  /** The gradient to the logits, with labels as a placeholder, as data sets feed them. */
  private static double[] inGraph(INDArray logits, INDArray labels, boolean isSparse) {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", logits);
    SDVariable y = graph.placeHolder("y", labels.dataType(), labels.shape());
    SDVariable loss =
        isSparse
            ? org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(z, y)
            : org.stableops.nd4j.SoftmaxCrossEntropy.value(z, y);
    loss.markAsLoss();
    return graph.calculateGradients(Map.of("y", labels), "z").get("z").data().asDouble();
  }

  @ParameterizedTest
  @ValueSource(floats = {0.5f, Float.NaN, Float.POSITIVE_INFINITY})
  void aFloatingLabelMustBeAnInteger(float label) {
    INDArray labels = Nd4j.createFromArray(0, 1, 2, label);
    String message = "labels must be integers, got " + label + " at row 3";
    IllegalArgumentException nd4j =
        assertThrows(
            IllegalArgumentException.class,
            () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(nd4j(LOGITS), labels));
    assertEquals(message, nd4j.getMessage());
    try (NDManager manager = NDManager.newBaseManager()) {
      IllegalArgumentException djl =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  org.stableops.djl.SparseSoftmaxCrossEntropy.value(
                      djl(manager, LOGITS, new Shape(4, 3)),
                      manager.create(new float[] {0, 1, 2, label})));
      assertEquals(message, djl.getMessage());
    }
  }

  @Test
  void aGraphThatKnowsTheClassesTellsWrongClassWeightsWhenItIsMade() {
    SameDiff graph = SameDiff.create();
    SDVariable y = graph.placeHolder("y", DataType.INT32, -1);
    CrossEntropyOptions options = OPTIONS.withClassWeights(1, 2);
    for (SDVariable z :
        List.of(graph.var("z", nd4j(LOGITS)), graph.placeHolder("fed", DataType.FLOAT, -1, 3))) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(z, y, options));
      assertEquals(
          "classWeights must have one weight for each of 3 classes, got 2", e.getMessage());
    }
    assertEquals(0, graph.ops().length, "the graph has no op that was refused");
    org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(
        graph.placeHolder("unknown", DataType.FLOAT, -1, -1), y, options);
  }

  @Test
  void aSingleOutputUnitIsRefusedByDl4jToo() {
    INDArray one = Nd4j.zeros(DataType.FLOAT, 4, 1);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> score(one, Nd4j.ones(4, 1)));
    assertEquals(
        "logits must have at least 2 classes along axis 1, got shape (4, 1): the softmax of one"
            + " logit is always 1; a single output for yes or no needs"
            + " SigmoidCrossEntropy",
        e.getMessage());
  }
}

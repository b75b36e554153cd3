package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.Refusals.assertRefused;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.SeededLosses;

/** The linear cross-entropy in graphs, of arrays of any layout, and its errors. */
class DjlLinearCrossEntropyTest extends OnBothPaths {
  private static final int TOKENS = 5;
  private static final int DIMENSION = 3;
  private static final int CLASSES = 4;
  private static final CrossEntropyOptions MEAN = CrossEntropyOptions.DEFAULT;

  private NDArray hidden;
  private NDArray weight;
  private NDArray bias;
  private NDArray labels;
  private NDArray sampleWeights;

  @BeforeEach
  void makeArguments() {
    makeArguments(DataType.FLOAT64);
  }

  private void makeArguments(DataType type) {
    hidden = Djl.waves(manager, type, new Shape(TOKENS, DIMENSION), 1).mul(0.1);
    weight = Djl.waves(manager, type, new Shape(CLASSES, DIMENSION), 2);
    bias = Djl.waves(manager, type, new Shape(CLASSES), 3);
    labels = manager.create(new long[] {3, -1, 0, 1, 3});
    sampleWeights = manager.create(new double[] {1, 1, 0.5, 0, 2});
  }

  private static CrossEntropyOptions every(Reduction reduction) {
    return MEAN.withReduction(reduction)
        .withIgnoreIndex(-1)
        .withLabelSmoothing(0.1)
        .withZLoss(0.05)
        .withClassWeights(1, 2, 0.5, 0.25);
  }

  private NDArray value(NDArray h, NDArray w, NDArray b, Reduction reduction) {
    return LinearCrossEntropy.value(h, w, b, labels, sampleWeights, every(reduction));
  }

  private LinearCrossEntropyGradients<NDArray> both(CrossEntropyOptions options) {
    return LinearCrossEntropy.valueAndGradients(
        hidden, weight, bias, labels, sampleWeights, options);
  }

  /** Along waves to all three. */
  private LinearCrossEntropyDirection<NDArray> product(CrossEntropyOptions options) {
    return LinearCrossEntropy.gaussNewtonProduct(
        hidden, weight, bias, labels, sampleWeights, direction(), options);
  }

  private LinearCrossEntropyDirection<NDArray> direction() {
    DataType type = hidden.getDataType();
    return new LinearCrossEntropyDirection<>(
        Djl.waves(manager, type, hidden.getShape(), 4),
        Djl.waves(manager, type, weight.getShape(), 5),
        Djl.waves(manager, type, bias.getShape(), 6));
  }

  // ---- graphs

  /** Scaled, squared, added to what depends on the same leaf, and to itself. */
  @ParameterizedTest
  @EnumSource(Reduction.class)
  void whateverBecomesOfTheLossHasItsGradient(Reduction reduction) {
    List<UnaryOperator<NDArray>> ends =
        List.of(
            loss -> loss.mul(loss).sub(loss.mul(3)).sum(),
            loss -> loss.add(loss.mul(0.1).exp()).sum());
    for (NDArray leaf : new NDArray[] {hidden, weight, bias}) {
      leaf.setRequiresGradient(true);
      for (UnaryOperator<NDArray> end : ends) {
        FiniteDifferences.assertAgrees(
            leaf,
            () -> end.apply(value(hidden, weight, bias, reduction)).add(leaf.mul(leaf).sum()));
      }
      leaf.setRequiresGradient(false);
    }
  }

  /** Of layers before, of a weight that is used elsewhere, and of one leaf in two places. */
  @ParameterizedTest
  @EnumSource(Reduction.class)
  void argumentsMayBeResults(Reduction reduction) {
    NDArray leaf = hidden;
    leaf.setRequiresGradient(true);
    NDArray square = Djl.waves(manager, DataType.FLOAT64, new Shape(TOKENS, DIMENSION), 5);
    labels = manager.create(new long[] {3, -1, 0, 1, 4});
    CrossEntropyOptions options = MEAN.withReduction(reduction).withIgnoreIndex(-1);
    FiniteDifferences.assertAgrees(
        leaf,
        () -> {
          NDArray h = leaf.mul(square).tanh();
          NDArray w = leaf.add(square);
          return LinearCrossEntropy.value(h, w, w.sum(new int[] {1}), labels, null, options).sum();
        });
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void aSeedingCollectorHasTheSameGradients(Reduction reduction) {
    for (DataType type : Djl.FLOATS) {
      makeArguments(type);
      assertSeeded(hidden, leaf -> value(leaf, weight, bias, reduction));
      assertSeeded(weight, leaf -> value(hidden, leaf, bias, reduction));
      assertSeeded(bias, leaf -> value(hidden, weight, leaf, reduction));
      assertSeeded(hidden, leaf -> value(leaf, weight, bias, reduction).mul(2));
      assertSeeded(
          hidden,
          leaf -> {
            NDArray w = leaf.get("0:4").mul(1);
            return value(leaf, w, w.sum(new int[] {1}), reduction);
          });
    }
  }

  private static void assertSeeded(NDArray x, UnaryOperator<NDArray> function) {
    NDArray stock = Djl.gradientArray(x, function);
    NDArray seeded = Djl.gradientArray(SeededLosses::newGradientCollector, x, function);
    // Parts of a gradient of one leaf in several places are added up in another order.
    double bar = 8 * (x.getDataType() == DataType.FLOAT64 ? 0x1p-52 : 0x1p-10);
    assertEquals(stock.getDataType(), seeded.getDataType());
    assertArrayEquals(Djl.doubles(stock), Djl.doubles(seeded), bar);
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void whatNothingIsTrainedOfIsInNoGraph(Reduction reduction) {
    Graphs.recording(
        () -> {
          Graphs.assertOutside(value(hidden, weight, bias, reduction));
          for (NDArray leaf : new NDArray[] {hidden, weight, bias}) {
            leaf.setRequiresGradient(true);
            Graphs.assertInside(value(hidden, weight, bias, reduction));
            LinearCrossEntropyGradients<NDArray> all = both(every(reduction));
            for (NDArray result :
                new NDArray[] {all.loss(), all.hidden(), all.weight(), all.bias()}) {
              Graphs.assertOutside(result);
            }
            LinearCrossEntropyDirection<NDArray> product = product(every(reduction));
            Graphs.assertOutside(product.hidden());
            Graphs.assertOutside(product.weight());
            Graphs.assertOutside(product.bias());
            leaf.setRequiresGradient(false);
          }
        });
  }

  /** Autograd keeps what it needs itself: a caller may close the arguments before backward. */
  @ParameterizedTest
  @EnumSource(Reduction.class)
  void nothingButTheResultStaysAndBackwardNeedsNoMore(Reduction reduction) {
    weight.setRequiresGradient(true);
    hidden.setRequiresGradient(true);
    int[] arrays = new int[1];
    Graphs.recording(
        () -> {
          arrays[0] = manager.getManagedArrays().size();
          value(hidden, weight, bias, reduction).close();
          both(every(reduction));
          assertEquals(arrays[0] + 4, manager.getManagedArrays().size());
        });
    double[] expected = Djl.gradient(hidden, leaf -> value(leaf, weight, bias, reduction));
    double[] actual =
        Djl.gradient(
            hidden,
            leaf -> {
              NDArray w = weight.duplicate();
              NDArray b = bias.duplicate();
              NDArray loss = value(leaf, w, b, reduction);
              w.close();
              b.close();
              return loss;
            });
    assertArrayEquals(expected, actual);
  }

  // ---- arrays

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void anyLayoutHasTheSameResults(Reduction reduction) {
    LinearCrossEntropyGradients<NDArray> expected = both(every(reduction));
    LinearCrossEntropyDirection<NDArray> product = product(every(reduction));
    NDArray wide = hidden.concat(hidden, 1);
    hidden = wide.get(":, 3:6");
    weight = weight.transpose().duplicate().transpose();
    bias = bias.reshape(CLASSES, 1).broadcast(new Shape(CLASSES, 2)).duplicate().get(":, 1");
    labels = labels.reshape(TOKENS, 1).toType(DataType.INT32, true);
    sampleWeights = sampleWeights.reshape(TOKENS, 1).toType(DataType.FLOAT32, true);
    LinearCrossEntropyGradients<NDArray> actual = both(every(reduction));
    Djl.assertSameArray(expected.loss(), actual.loss());
    assertClose(expected.hidden(), actual.hidden());
    assertClose(expected.weight(), actual.weight());
    assertClose(expected.bias(), actual.bias());
    LinearCrossEntropyDirection<NDArray> v = direction();
    LinearCrossEntropyDirection<NDArray> laidOut =
        new LinearCrossEntropyDirection<>(
            v.hidden().transpose().duplicate().transpose(),
            v.weight().concat(v.weight(), 1).get(":, 3:6"),
            v.bias().stack(v.bias(), 1).get(":, 1"));
    LinearCrossEntropyDirection<NDArray> again =
        LinearCrossEntropy.gaussNewtonProduct(
            hidden, weight, bias, labels, sampleWeights, laidOut, every(reduction));
    assertClose(product.hidden(), again.hidden());
    assertClose(product.weight(), again.weight());
    assertClose(product.bias(), again.bias());
  }

  private static void assertClose(NDArray expected, NDArray actual) {
    assertEquals(expected.getShape(), actual.getShape());
    assertArrayEquals(Djl.doubles(expected), Djl.doubles(actual), 1e-14);
  }

  @Test
  void resultsHaveTheShapesAndTheManagerOfTheArguments() {
    for (DataType type : Djl.FLOATS) {
      makeArguments(type);
      LinearCrossEntropyGradients<NDArray> all = both(every(Reduction.NONE));
      assertEquals(new Shape(TOKENS), all.loss().getShape());
      assertEquals(hidden.getShape(), all.hidden().getShape());
      assertEquals(weight.getShape(), all.weight().getShape());
      assertEquals(bias.getShape(), all.bias().getShape());
      for (NDArray result : new NDArray[] {all.loss(), all.hidden(), all.weight(), all.bias()}) {
        assertEquals(type, result.getDataType());
        assertSame(manager, result.getManager());
      }
      assertEquals(new Shape(), both(every(Reduction.SUM)).loss().getShape());
      LinearCrossEntropyDirection<NDArray> product = product(every(Reduction.NONE));
      assertEquals(hidden.getShape(), product.hidden().getShape());
      assertEquals(weight.getShape(), product.weight().getShape());
      assertEquals(bias.getShape(), product.bias().getShape());
      for (NDArray part : new NDArray[] {product.hidden(), product.weight(), product.bias()}) {
        assertEquals(type, part.getDataType());
        assertSame(manager, part.getManager());
      }
    }
    assertNull(LinearCrossEntropy.valueAndGradients(hidden, weight, labels.abs()).bias());
  }

  /** A parameter's manager lives longer than a batch's. */
  @Test
  void resultsBelongToTheHiddenStates() {
    try (NDManager batch = manager.newSubManager()) {
      hidden.attach(batch);
      LinearCrossEntropyGradients<NDArray> all = both(every(Reduction.MEAN));
      assertSame(batch, all.loss().getManager());
      assertSame(batch, all.weight().getManager());
      assertSame(batch, product(every(Reduction.MEAN)).hidden().getManager());
      assertSame(batch, product(every(Reduction.MEAN)).weight().getManager());
      assertSame(batch, value(hidden, weight, bias, Reduction.NONE).getManager());
    }
  }

  @Test
  void argumentsStayAsTheyWere() {
    NDArray[] before = {hidden.duplicate(), weight.duplicate(), bias.duplicate()};
    weight.setRequiresGradient(true);
    for (Reduction reduction : Reduction.values()) {
      both(every(reduction));
      Graphs.recording(() -> value(hidden, weight, bias, reduction));
    }
    Djl.assertSameArray(before[0], hidden);
    Djl.assertSameArray(before[1], weight);
    Djl.assertSameArray(before[2], bias);
  }

  @Test
  void nothingButTheProductStaysAndTheDirectionAsItWas() {
    LinearCrossEntropyDirection<NDArray> v = direction();
    NDArray[] before = {v.hidden().duplicate(), v.weight().duplicate(), v.bias().duplicate()};
    int arrays = manager.getManagedArrays().size();
    for (Reduction reduction : Reduction.values()) {
      LinearCrossEntropyDirection<NDArray> product =
          LinearCrossEntropy.gaussNewtonProduct(
              hidden, weight, bias, labels, sampleWeights, v, every(reduction));
      assertEquals(arrays + 3, manager.getManagedArrays().size());
      product.close();
      assertEquals(arrays, manager.getManagedArrays().size());
    }
    Djl.assertSameArray(before[0], v.hidden());
    Djl.assertSameArray(before[1], v.weight());
    Djl.assertSameArray(before[2], v.bias());
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void noTokensAreNoLoss(Reduction reduction) {
    CrossEntropyOptions options = MEAN.withReduction(reduction);
    NDArray none = manager.zeros(new Shape(0, DIMENSION), DataType.FLOAT64);
    NDArray noLabels = manager.zeros(new Shape(0), DataType.INT64);
    LinearCrossEntropyGradients<NDArray> all =
        LinearCrossEntropy.valueAndGradients(none, weight, bias, noLabels, null, options);
    assertArrayEquals(new double[reduction == Reduction.NONE ? 0 : 1], Djl.doubles(all.loss()));
    assertEquals(none.getShape(), all.hidden().getShape());
    assertArrayEquals(new double[CLASSES * DIMENSION], Djl.doubles(all.weight()));
    assertArrayEquals(new double[CLASSES], Djl.doubles(all.bias()));
    LinearCrossEntropyDirection<NDArray> product =
        LinearCrossEntropy.gaussNewtonProduct(
            none, weight, bias, noLabels, null, all.direction(), options);
    assertEquals(none.getShape(), product.hidden().getShape());
    assertArrayEquals(new double[CLASSES * DIMENSION], Djl.doubles(product.weight()));
    assertArrayEquals(new double[CLASSES], Djl.doubles(product.bias()));
    assertArrayEquals(
        new double[CLASSES * DIMENSION],
        Djl.gradient(
            weight, w -> LinearCrossEntropy.value(none, w, bias, noLabels, null, options).sum()));
    assertEquals(
        none.getShape(),
        Djl.gradientArray(
                none, h -> LinearCrossEntropy.value(h, weight, bias, noLabels, null, options).sum())
            .getShape());
  }

  // ---- errors

  @Test
  void errorsSayWhatIsWrongAndLeaveNothing() {
    int arrays = manager.getManagedArrays().size();
    try (NDArray floats = weight.toType(DataType.FLOAT32, true);
        NDArray fewer = labels.get("0:4");
        NDArray ten = labels.add(10);
        NDArray negative = sampleWeights.sub(1.5)) {
      assertRefused(
          "weight dtype must be hidden's, float64, got float32",
          () -> LinearCrossEntropy.value(hidden, floats, labels));
      assertRefused(
          "bias dtype must be hidden's, float64, got float32",
          () -> LinearCrossEntropy.value(hidden, weight, floats, labels, null, MEAN));
      assertRefused(
          "weight must have shape (V, 3) for hidden of shape (5, 3), got (4)",
          () -> LinearCrossEntropy.value(hidden, bias, labels));
      assertRefused(
          "bias must have shape (4) for weight of shape (4, 3), got (4, 3)",
          () -> LinearCrossEntropy.value(hidden, weight, weight, labels, null, MEAN));
      assertRefused(
          "labels shape (4) must equal logits shape (5, 4) without axis 1",
          () -> LinearCrossEntropy.valueAndGradients(hidden, weight, fewer));
      assertRefused(
          "labels must be in [0, 4), got -1 at row 1",
          () -> LinearCrossEntropy.valueAndGradients(hidden, weight, labels));
      assertRefused(
          "labels must be in [0, 4), got 13 at row 0",
          () -> LinearCrossEntropy.value(hidden, weight, ten));
      assertRefused(
          "axis must be -1 or 1, for the logits are (N, V), got 0",
          () -> LinearCrossEntropy.value(hidden, weight, labels, MEAN.withAxis(0)));
      assertRefused(
          "sampleWeights must be finite and >= 0, got -0.5 at row 0; for signed weights, such as"
              + " advantages, multiply the losses of Reduction.NONE by them",
          () -> LinearCrossEntropy.value(hidden, weight, null, labels, negative, MEAN));
    }
    NDArray closed = weight.duplicate();
    closed.close();
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class, () -> LinearCrossEntropy.value(hidden, closed, labels));
    assertEquals("weight must be open, but has been closed", e.getMessage());
    assertEquals(arrays, manager.getManagedArrays().size());
  }

  @Test
  void errorsOfADirectionSayWhatIsWrongAndLeaveNothing() {
    NDArray ofLabels = labels.abs();
    NDArray closed = weight.duplicate();
    closed.close();
    int arrays = manager.getManagedArrays().size();
    try (NDArray floats = weight.toType(DataType.FLOAT32, true)) {
      assertRefused("v must be given, got null", () -> alongParts(ofLabels, null));
      assertRefused(
          "v.hidden must be like hidden, float64 (5, 3), got float64 (4, 3)",
          () -> alongParts(ofLabels, parts(weight, weight, null)));
      assertRefused(
          "v.weight must be like weight, float64 (4, 3), got float32 (4, 3)",
          () -> alongParts(ofLabels, parts(null, floats, null)));
      assertRefused(
          "v.weight must be like weight, float64 (4, 3), got float64 (5, 3)",
          () -> alongParts(ofLabels, parts(hidden, hidden, null)));
      assertRefused(
          "v.weight dtype must be float16, float32 or float64, got int64",
          () -> alongParts(ofLabels, parts(hidden, labels, null)));
      assertRefused(
          "v.bias must be null without a bias, got an array of shape (4)",
          () -> alongParts(ofLabels, parts(hidden, weight, bias)));
      assertRefused(
          "v.bias must be like bias, float64 (4), got float64 (4, 3)",
          () ->
              LinearCrossEntropy.gaussNewtonProduct(
                  hidden, weight, bias, ofLabels, null, parts(null, null, weight), MEAN));
      assertRefused(
          "labels must be in [0, 4), got -1 at row 1",
          () -> alongParts(labels, parts(hidden, weight, null)));
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class, () -> alongParts(ofLabels, parts(null, closed, null)));
      assertEquals("v.weight must be open, but has been closed", e.getMessage());
    }
    assertEquals(arrays, manager.getManagedArrays().size());
  }

  private static LinearCrossEntropyDirection<NDArray> parts(NDArray h, NDArray w, NDArray b) {
    return new LinearCrossEntropyDirection<>(h, w, b);
  }

  private void alongParts(NDArray ofLabels, LinearCrossEntropyDirection<NDArray> v) {
    LinearCrossEntropy.gaussNewtonProduct(hidden, weight, ofLabels, v);
  }
}

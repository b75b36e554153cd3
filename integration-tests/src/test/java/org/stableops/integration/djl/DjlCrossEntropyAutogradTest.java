package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.djl.SparseSoftmaxCrossEntropy;

/** What {@link DjlElementwiseAutogradTest} is for the elementwise operators. */
class DjlCrossEntropyAutogradTest extends OnBothPaths {
  private static final Shape MATRIX = new Shape(6, 4);

  static Stream<Arguments> kindsAndReductions() {
    return Stream.of(CrossEntropyKind.values())
        .flatMap(kind -> Stream.of(Reduction.values()).map(r -> Arguments.of(kind, r)));
  }

  private static CrossEntropyOptions reducedBy(Reduction reduction) {
    return CrossEntropyOptions.DEFAULT.withReduction(reduction);
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void aLeafReceivesTheExplicitGradientTimesTheUpstream(
      CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, MATRIX, 1);
      NDArray labels = kind.labels(manager, MATRIX, -1);
      NDArray gradient = kind.gradient(logits, labels, options);
      assertArrayEquals(
          doubles(gradient), Djl.gradient(logits, z -> kind.value(z, labels, options)));

      Shape lossShape = reduction == Reduction.NONE ? new Shape(6) : new Shape();
      NDArray upstream = waves(manager, type, lossShape, 2);
      NDArray column = reduction == Reduction.NONE ? upstream.reshape(6, 1) : upstream;
      assertArrayEquals(
          doubles(Djl.product(logits, column, z -> kind.gradient(z, labels, options))),
          Djl.gradient(logits, z -> kind.value(z, labels, options).mul(upstream)));
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void valueAndGradientAgreesWithBothAndWithTheValueInAGraph(
      CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, MATRIX, 1);
      NDArray labels = kind.labels(manager, MATRIX, -1);
      ValueAndGradient<NDArray> both = kind.both(logits, labels, options);
      NDArray value = kind.value(logits, labels, options);
      assertSameArray(value, both.value());
      assertSameArray(kind.gradient(logits, labels, options), both.gradient());
      assertEquals(type, value.getDataType());
      assertEquals(reduction == Reduction.NONE ? new Shape(6) : new Shape(), value.getShape());
      assertEquals(type, both.gradient().getDataType());
      assertEquals(MATRIX, both.gradient().getShape());
      Djl.gradient(
          logits,
          z -> {
            NDArray inside = kind.value(z, labels, options);
            assertSameArray(value, inside);
            return inside;
          });
    }
  }

  /** Plain Java on the way from features to the gradient of the weights. */
  @ParameterizedTest
  @EnumSource
  void theGradientPassesThroughComputedLogits(Reduction reduction) {
    double[] features = {0.5, -1, 2, 1.5, 0.25, -0.75};
    double[] weights = {0.3, -0.2, 0.1, 0.7, -0.4, 0.9};
    long[] labels = {2, 0, 1};
    double[] rowUpstream = reduction == Reduction.NONE ? new double[] {1, -2, 0.5} : null;
    double upstream = 3;

    double[] expected = new double[6];
    for (int n = 0; n < 3; n++) {
      double[] z = new double[3];
      double sum = 0;
      for (int c = 0; c < 3; c++) {
        z[c] = features[2 * n] * weights[c] + features[2 * n + 1] * weights[3 + c];
        sum += Math.exp(z[c]);
      }
      double scale =
          switch (reduction) {
            case NONE -> rowUpstream[n];
            case SUM -> upstream;
            case MEAN -> upstream / 3;
          };
      for (int c = 0; c < 3; c++) {
        double delta = scale * (Math.exp(z[c]) / sum - (c == labels[n] ? 1 : 0));
        expected[c] += features[2 * n] * delta;
        expected[3 + c] += features[2 * n + 1] * delta;
      }
    }

    NDArray x = array(manager, DataType.FLOAT64, new Shape(3, 2), features);
    NDArray w = array(manager, DataType.FLOAT64, new Shape(2, 3), weights);
    NDArray u =
        reduction == Reduction.NONE
            ? array(manager, DataType.FLOAT64, new Shape(3), rowUpstream)
            : array(manager, DataType.FLOAT64, new Shape(), upstream);
    NDArray y = manager.create(labels);
    double[] actual =
        Djl.gradient(
            w,
            leaf ->
                SparseSoftmaxCrossEntropy.value(x.matMul(leaf), y, reducedBy(reduction)).mul(u));
    assertArrayEquals(expected, actual, 4e-15);
  }

  @ParameterizedTest
  @EnumSource
  void aFunctionOfTheLossObeysTheChainRule(CrossEntropyKind kind) {
    NDArray logits = waves(manager, DataType.FLOAT64, MATRIX, 1);
    NDArray labels = kind.labels(manager, MATRIX, -1);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    // d(L·L) = 2L·dL
    NDArray twice = kind.value(logits, labels, options).mul(2);
    double[] expected = doubles(kind.gradient(logits, labels, options).mul(twice));
    double[] actual =
        Djl.gradient(
            logits,
            z -> {
              NDArray loss = kind.value(z, labels, options);
              return loss.mul(loss);
            });
    assertArrayEquals(expected, actual);
  }

  static Stream<Arguments> kindsAndViews() {
    Map<String, UnaryOperator<NDArray>> views = new TreeMap<>();
    views.put("transposed", NDArray::transpose);
    views.put("every second column", x -> x.get(new NDIndex(":, ::2")));
    views.put("inner rows and columns", x -> x.get(new NDIndex("1:5, 1:3")));
    views.put("one row", x -> x.get(3));
    views.put("flipped", x -> x.flip(1));
    views.put("broadcast", x -> x.broadcast(new Shape(3, 6, 4)));
    views.put("one row broadcast", x -> x.get(new NDIndex("1:2")).broadcast(MATRIX));
    return Stream.of(CrossEntropyKind.values())
        .flatMap(
            kind ->
                views.entrySet().stream().map(v -> Arguments.of(kind, v.getKey(), v.getValue())));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("kindsAndViews")
  void theGradientOfAViewReachesTheLeaf(
      CrossEntropyKind kind, String name, UnaryOperator<NDArray> view) {
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = reducedBy(reduction);
      NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
      NDArray detached = view.apply(x);
      NDArray labels = kind.labels(manager, detached.getShape(), -1);
      NDArray copy = array(manager, DataType.FLOAT32, detached.getShape(), doubles(detached));
      assertSameArray(kind.value(copy, labels, options), kind.value(detached, labels, options));
      NDArray local = kind.gradient(detached, labels, options);
      assertSameArray(kind.gradient(copy, labels, options), local);
      // The host knows how to differentiate the view and a product.
      double[] expected = Djl.gradient(x, leaf -> view.apply(leaf).mul(local));
      NDArray same = waves(manager, DataType.FLOAT32, MATRIX, 1);
      assertArrayEquals(
          expected, Djl.gradient(same, leaf -> kind.value(view.apply(leaf), labels, options)));
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theClassAxisMayBeAnywhere(CrossEntropyKind kind, Reduction reduction) {
    long[] sizes = {2, 3, 4, 2, 3};
    for (int rank = 1; rank <= 5; rank++) {
      Shape shape = new Shape(Arrays.copyOf(sizes, rank));
      for (int axis = -rank; axis < rank; axis++) {
        assertSameAsClassesLast(kind, reduction, shape, axis);
      }
    }
  }

  private void assertSameAsClassesLast(
      CrossEntropyKind kind, Reduction reduction, Shape shape, int axis) {
    int rank = shape.dimension();
    int classAxis = Math.floorMod(axis, rank);
    int[] order =
        IntStream.concat(
                IntStream.range(0, rank).filter(i -> i != classAxis), IntStream.of(classAxis))
            .toArray();
    NDArray logits = waves(manager, DataType.FLOAT32, shape, 1);
    NDArray labels = kind.labels(manager, shape, axis);
    NDArray movedLogits = contiguous(logits.transpose(order));
    NDArray movedLabels =
        kind == CrossEntropyKind.DENSE ? contiguous(labels.transpose(order)) : labels;
    CrossEntropyOptions last = reducedBy(reduction);
    CrossEntropyOptions here = last.withAxis(axis);

    assertSameArray(kind.value(movedLogits, movedLabels, last), kind.value(logits, labels, here));
    NDArray expected = kind.gradient(movedLogits, movedLabels, last);
    assertSameArray(expected, kind.gradient(logits, labels, here).transpose(order));
    NDArray inAutograd = Djl.gradientArray(logits, z -> kind.value(z, labels, here));
    assertSameArray(expected, inAutograd.transpose(order));
  }

  private NDArray contiguous(NDArray view) {
    return array(manager, view.getDataType(), view.getShape(), doubles(view));
  }

  /** The engine has no INT16: making such an array aborts the JVM. */
  @ParameterizedTest
  @EnumSource(names = {"INT8", "UINT8", "INT32", "INT64"})
  void labelsMayHaveAnyIntegerDtype(DataType type) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(3, 200), 1);
    // 150 does not fit into a signed byte.
    int last = type == DataType.INT8 ? 127 : 150;
    long[] labels = {0, 77, last};
    NDArray wide = manager.create(labels);
    NDArray narrow = wide.toType(type, true);
    assertEquals(type, narrow.getDataType());
    CrossEntropyOptions options = reducedBy(Reduction.NONE);
    assertSameArray(
        SparseSoftmaxCrossEntropy.value(logits, wide, options),
        SparseSoftmaxCrossEntropy.value(logits, narrow, options));
    assertSameArray(
        SparseSoftmaxCrossEntropy.gradient(logits, wide, options),
        SparseSoftmaxCrossEntropy.gradient(logits, narrow, options));
    assertArrayEquals(
        doubles(SparseSoftmaxCrossEntropy.gradient(logits, wide)),
        Djl.gradient(logits, z -> SparseSoftmaxCrossEntropy.value(z, narrow)));
  }

  @Test
  void labelsMayBeAView() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3, 4), 1);
    NDArray labels = manager.create(new int[] {0, 3, 1, 2, 2, 1}, new Shape(2, 3));
    NDArray transposed = manager.create(new int[] {0, 2, 3, 2, 1, 1}, new Shape(3, 2)).transpose();
    NDArray sliced =
        manager
            .create(new int[] {0, 9, 3, 9, 1, 9, 2, 9, 2, 9, 1, 9}, new Shape(2, 6))
            .get(new NDIndex(":, ::2"));
    CrossEntropyOptions options = reducedBy(Reduction.NONE);
    NDArray expected = SparseSoftmaxCrossEntropy.value(logits, labels, options);
    assertSameArray(expected, SparseSoftmaxCrossEntropy.value(logits, transposed, options));
    assertSameArray(expected, SparseSoftmaxCrossEntropy.value(logits, sliced, options));
  }

  @Test
  void probabilitiesMayBeAViewAndOfAnotherDtype() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(4, 6), 1);
    NDArray probabilities = CrossEntropyKind.DENSE.labels(manager, MATRIX, -1);
    NDArray copy = contiguous(probabilities.transpose());
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    for (DataType type : Djl.FLOATS) {
      // Quarters: every dtype holds them exactly.
      NDArray view = probabilities.toType(type, true).transpose();
      assertSameArray(
          CrossEntropyKind.DENSE.value(logits, copy, options),
          CrossEntropyKind.DENSE.value(logits, view, options));
      assertSameArray(
          CrossEntropyKind.DENSE.gradient(logits, copy, options),
          CrossEntropyKind.DENSE.gradient(logits, view, options));
    }
  }

  @Test
  void labelsMayHaveOneAtTheClassAxis() {
    Shape shape = new Shape(2, 3, 4);
    NDArray logits = waves(manager, DataType.FLOAT32, shape, 1);
    for (int axis = -3; axis < 3; axis++) {
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, shape, axis);
      NDArray withOne = labels.expandDims(Math.floorMod(axis, 3));
      for (Reduction reduction : Reduction.values()) {
        CrossEntropyOptions options = reducedBy(reduction).withAxis(axis);
        assertSameArray(
            SparseSoftmaxCrossEntropy.value(logits, labels, options),
            SparseSoftmaxCrossEntropy.value(logits, withOne, options));
        assertSameArray(
            SparseSoftmaxCrossEntropy.gradient(logits, labels, options),
            SparseSoftmaxCrossEntropy.gradient(logits, withOne, options));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void specialRowsKeepTheirExplicitGradientInAutograd(CrossEntropyKind kind, Reduction reduction) {
    double inf = Double.POSITIVE_INFINITY;
    double[][] rows = {
      {1, -inf, 2},
      {-inf, 1, 2},
      {inf, 1, 2},
      {1, inf, 2},
      {inf, inf, 0},
      {0, Double.NaN, 1},
      {-inf, -inf, -inf},
      {20, 0, 0},
      {0, 1000, 0},
    };
    for (DataType type : Djl.FLOATS) {
      for (double[] row : rows) {
        // The special row beside a plain one, which NONE must not let it touch.
        double[] z = {row[0], row[1], row[2], 0.5, 1, -1};
        NDArray logits = array(manager, type, new Shape(2, 3), z);
        NDArray labels =
            kind == CrossEntropyKind.SPARSE
                ? manager.create(new long[] {0, 2})
                : array(manager, type, new Shape(2, 3), 1, 0, 0, 0, 0.25, 0.75);
        CrossEntropyOptions options = reducedBy(reduction);
        NDArray gradient = kind.gradient(logits, labels, options);
        assertArrayEquals(
            doubles(gradient),
            Djl.gradient(logits, x -> kind.value(x, labels, options)),
            () -> type + " " + Arrays.toString(row));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void ignoredRowsAreNeverReadAndGetAGradientOfZero(Reduction reduction) {
    double nan = Double.NaN;
    CrossEntropyOptions options = reducedBy(reduction).withIgnoreIndex(-100);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = array(manager, type, new Shape(2, 3), nan, nan, nan, 0.5, 1, -1);
      NDArray labels = manager.create(new long[] {-100, 1});
      NDArray alone = array(manager, type, new Shape(1, 3), 0.5, 1, -1);
      NDArray label = manager.create(new long[] {1});
      double[] row =
          doubles(SparseSoftmaxCrossEntropy.gradient(alone, label, reducedBy(reduction)));
      assertArrayEquals(
          new double[] {0, 0, 0, row[0], row[1], row[2]},
          Djl.gradient(logits, z -> SparseSoftmaxCrossEntropy.value(z, labels, options)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void onlyIgnoredRowsGiveZeroAndAGradientOfZero(Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction).withIgnoreIndex(7);
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = manager.create(new long[] {7, 7});
    for (double loss : doubles(SparseSoftmaxCrossEntropy.value(logits, labels, options))) {
      assertEquals(0, loss);
    }
    for (double g :
        Djl.gradient(logits, z -> SparseSoftmaxCrossEntropy.value(z, labels, options))) {
      // −0 is 0 too.
      assertEquals(0, g, 0.0);
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void noRowsGiveZeroOrNothing(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction);
    for (DataType type : Djl.FLOATS) {
      for (Shape shape : new Shape[] {new Shape(0, 3), new Shape(2, 0, 3), new Shape(0, 0)}) {
        NDArray logits = manager.create(shape, type);
        NDArray labels = kind.labels(manager, shape.size() == 0 ? shape : MATRIX, -1);
        NDArray value = kind.value(logits, labels, options);
        assertEquals(type, value.getDataType());
        assertEquals(
            reduction == Reduction.NONE ? shape.slice(0, shape.dimension() - 1) : new Shape(),
            value.getShape());
        assertArrayEquals(
            reduction == Reduction.NONE ? new double[0] : new double[] {0}, doubles(value));
        assertArrayEquals(
            new double[0], Djl.gradient(logits, z -> kind.value(z, labels, options).sum()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theResultBelongsToTheManagerOfTheLogits(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction);
    try (NDManager dataset = manager.newSubManager();
        NDManager batch = manager.newSubManager()) {
      NDArray logits = waves(batch, DataType.FLOAT32, MATRIX, 1);
      NDArray labels = kind.labels(dataset, MATRIX, -1);
      assertSame(batch, kind.value(logits, labels, options).getManager());
      assertSame(batch, kind.gradient(logits, labels, options).getManager());
      assertSame(batch, kind.both(logits, labels, options).value().getManager());
      assertSame(batch, kind.both(logits, labels, options).gradient().getManager());
      Djl.gradient(
          logits,
          z -> {
            NDArray inside = kind.value(z, labels, options);
            assertSame(batch, inside.getManager());
            return inside;
          });
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void aGraphIsBuiltOnlyWhereAGradientIsWanted(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction);
    NDArray labels = kind.labels(manager, MATRIX, -1);
    NDArray plain = waves(manager, DataType.FLOAT32, MATRIX, 1);
    NDArray leaf = waves(manager, DataType.FLOAT32, MATRIX, 1);
    leaf.setRequiresGradient(true);
    Graphs.recording(
        () -> {
          NDArray computed = leaf.mul(leaf);
          Graphs.assertOutside(kind.value(plain, labels, options));
          Graphs.assertOutside(kind.gradient(computed, labels, options));
          Graphs.assertOutside(kind.both(computed, labels, options).value());
          Graphs.assertOutside(kind.both(computed, labels, options).gradient());
          Graphs.assertInside(kind.value(leaf, labels, options));
          Graphs.assertInside(kind.value(computed, labels, options));
          JniUtils.setGradMode(false);
          Graphs.assertOutside(kind.value(leaf, labels, options));
          Graphs.assertOutside(kind.value(computed, labels, options));
        });
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void theArgumentsAreNotModified(CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = reducedBy(reduction);
    for (DataType type : Djl.FLOATS) {
      NDArray logits = waves(manager, type, MATRIX, 1);
      NDArray labels = kind.labels(manager, MATRIX, -1);
      double[] logitsBefore = doubles(logits);
      double[] labelsBefore = doubles(labels);
      kind.both(logits, labels, options);
      Djl.gradient(logits, z -> kind.value(z, labels, options));
      assertArrayEquals(logitsBefore, doubles(logits));
      assertArrayEquals(labelsBefore, doubles(labels));
    }
  }

  @Test
  void probabilitiesThatWantAGradientDoNotDisturbThatOfTheLogits() {
    NDArray logits = waves(manager, DataType.FLOAT32, MATRIX, 1);
    NDArray probabilities = CrossEntropyKind.DENSE.labels(manager, MATRIX, -1);
    probabilities.setRequiresGradient(true);
    double[] expected =
        doubles(
            CrossEntropyKind.DENSE.gradient(logits, probabilities, CrossEntropyOptions.DEFAULT));
    assertArrayEquals(
        expected,
        Djl.gradient(
            logits,
            z -> CrossEntropyKind.DENSE.value(z, probabilities, CrossEntropyOptions.DEFAULT)));
  }
}

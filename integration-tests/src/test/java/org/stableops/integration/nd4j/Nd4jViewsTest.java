package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.nd4j.linalg.indexing.NDArrayIndex.all;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;
import static org.nd4j.linalg.indexing.NDArrayIndex.point;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.stableops.CrossEntropyOptions;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.activations.ActivationSoftplusInverse;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/**
 * Views with offsets and strides, larger than a tile: read and written where they are, without a
 * copy, for the same bits as plain arrays give. {@link Nd4jArraysTest} has the small ones.
 */
final class Nd4jViewsTest {
  private static final WorkspaceConfiguration ROOMY =
      WorkspaceConfiguration.builder().initialSize(1 << 24).build();

  private static final IActivation SOFTMAX = new ActivationSoftmax();

  /** A kernel has code of its own for each; primitives meet a view of either in the same way. */
  private static List<DataType> types(Path path) {
    return path == Path.FUSED ? List.of(DataType.FLOAT, DataType.DOUBLE) : List.of(DataType.FLOAT);
  }

  /** Matrices of more than a tile, none of them plain but one. */
  private static Map<String, INDArray> matrices(DataType type) {
    INDArray parent = numbers(type, 90, 140);
    INDArray cube = numbers(type, 5, 90, 70);
    Map<String, INDArray> matrices = new LinkedHashMap<>();
    matrices.put("c", numbers(type, 80, 60));
    matrices.put("f", numbers(type, 80, 60).dup('f'));
    matrices.put("transpose", numbers(type, 60, 80).transpose());
    matrices.put("columns", parent.get(all(), interval(5, 95)));
    matrices.put("rows", parent.get(interval(7, 87), all()));
    matrices.put("rows of f", parent.dup('f').get(interval(7, 87), all()));
    matrices.put("every other", parent.get(interval(0, 2, 90), interval(1, 2, 140)));
    matrices.put(
        "slice of a slice",
        parent.get(interval(3, 88), all()).get(interval(2, 80), interval(9, 99)));
    matrices.put("transposed block", parent.get(interval(3, 88), interval(40, 100)).transpose());
    matrices.put("slice", cube.slice(3));
    matrices.put("slice of the middle", cube.permute(1, 0, 2).get(all(), point(2), all()));
    matrices.put("slice of the last", numbers(type, 70, 60, 3).get(all(), all(), point(1)));
    matrices.put("thin", numbers(type, 1500, 4).get(all(), interval(1, 4)));
    return matrices;
  }

  private static INDArray numbers(DataType type, long... shape) {
    long size = 1;
    for (long length : shape) {
      size *= length;
    }
    double[] numbers = new double[(int) size];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 10 * Math.sin(1 + 2.5 * i);
    }
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', shape);
  }

  private static INDArray labels(DataType type, int rows, int classes) {
    int[] labels = new int[rows];
    for (int row = 0; row < rows; row++) {
      labels[row] = row * 7 % classes;
    }
    return Nd4j.createFromArray(labels).castTo(type);
  }

  // ---- values

  @ParameterizedTest
  @EnumSource
  void elementwiseOpsSeeTheElementsOfAView(Path path) {
    path.run(
        () -> {
          for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16)) {
            matrices(type)
                .forEach(
                    (name, x) -> {
                      INDArray expected = Squareplus.value(Elements.plain(x));
                      Elements.assertSame(expected, Squareplus.value(x), type + ", " + name);
                      matrices(type)
                          .values()
                          .forEach(
                              other -> {
                                INDArray out = like(x, other);
                                Squareplus.valueInto(x, out);
                                Elements.assertSame(expected, out, type + ", into, " + name);
                              });
                    });
          }
          return null;
        });
  }

  /** The upper left corner of a view that is large enough, else a plain array in 'f' order. */
  private static INDArray like(INDArray x, INDArray view) {
    return view.size(0) >= x.size(0) && view.size(1) >= x.size(1)
        ? view.get(interval(0, x.size(0)), interval(0, x.size(1)))
        : Nd4j.create(x.dataType(), x.shape(), 'f');
  }

  @ParameterizedTest
  @EnumSource
  void valueIntoMayOverlapItsArgumentInAnyWay(Path path) {
    path.run(
        () -> {
          INDArray square = numbers(DataType.FLOAT, 70, 70);
          INDArray expected = Squareplus.value(Elements.plain(square));
          Squareplus.valueInto(square, square.transpose());
          Elements.assertSame(expected, square.transpose(), "transposed");

          INDArray line = numbers(DataType.FLOAT, 9000);
          INDArray x = line.get(interval(0, 8999));
          expected = Squareplus.value(Elements.plain(x));
          Squareplus.valueInto(x, line.get(interval(1, 9000)));
          Elements.assertSame(expected, line.get(interval(1, 9000)), "shifted");
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void lossesSeeTheElementsOfAView(Path path) {
    path.run(
        () -> {
          for (DataType type : types(path)) {
            matrices(type).forEach((name, z) -> sameLosses(z, 1, type + ", " + name));
            // The classes in the middle, at an offset, permuted, and in rows longer than a tile.
            INDArray cube = numbers(type, 6, 20, 30).get(all(), interval(3, 17), interval(5, 29));
            INDArray images = numbers(type, 3, 11, 12, 9).get(interval(1, 3));
            for (int axis = 0; axis < 3; axis++) {
              sameLosses(cube, axis, "cube, " + axis);
              sameLosses(cube.permute(2, 0, 1), axis, "permuted cube, " + axis);
            }
            for (int axis = 0; axis < 4; axis++) {
              sameLosses(images.permute(0, 2, 3, 1), axis, "images, " + axis);
              sameLosses(images.permute(3, 1, 0, 2), axis, "permuted images, " + axis);
            }
            sameLosses(numbers(type, 3, 1100).dup('f'), 1, "long rows of f");
            sameLosses(numbers(type, 2, 1100, 3), 1, "long rows in the middle");
            sameLosses(numbers(type, 1200, 2).getColumn(1), 0, "one long row");
          }
          return null;
        });
  }

  /** As from a plain copy: the losses, the gradients and the softmaxes. */
  private static void sameLosses(INDArray z, int axis, String what) {
    INDArray plain = Elements.plain(z);
    int classes = (int) z.size(axis);
    long[] rowShape = LogSumExp.value(plain, axis).shape();
    int rows = (int) (z.length() / classes);
    INDArray y = labels(DataType.INT64, rows, classes);
    INDArray shaped = rowShape.length == 0 ? Nd4j.scalar(y.getLong(0)) : y.reshape('c', rowShape);
    INDArray q = Squareplus.value(z).dup('f');
    INDArray plainProbabilities = Elements.plain(q);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withAxis(axis);
    Map<String, UnaryOperator<INDArray>> ops = new LinkedHashMap<>();
    ops.put("sparse value", x -> SparseSoftmaxCrossEntropy.value(x, shaped, options));
    ops.put("sparse gradient", x -> SparseSoftmaxCrossEntropy.gradient(x, shaped, options));
    ops.put(
        "dense value",
        x -> SoftmaxCrossEntropy.value(x, x == plain ? plainProbabilities : q, options));
    ops.put(
        "dense gradient",
        x -> SoftmaxCrossEntropy.gradient(x, x == plain ? plainProbabilities : q, options));
    ops.put("log-sum-exp", x -> LogSumExp.value(x, axis));
    ops.put("softmax", x -> LogSumExp.gradient(x, axis));
    ops.put("log-softmax", x -> LogSoftmax.value(x, axis));
    ops.put(
        "of log-softmax", x -> LogSoftmax.gradient(x, axis, x == plain ? plainProbabilities : q));
    ops.forEach(
        (name, op) -> {
          INDArray result = op.apply(z);
          Elements.assertSame(op.apply(plain), result, name + ", " + what);
          assertEquals('c', result.ordering(), name + ", " + what);
        });
  }

  @ParameterizedTest
  @EnumSource
  void integerLabelsAndWeightsMayBeViewsOfAnyKind(Path path) {
    path.run(
        () -> {
          INDArray z = numbers(DataType.FLOAT, 12, 5);
          INDArray plain = labels(DataType.INT64, 12, 5);
          INDArray expected = SparseSoftmaxCrossEntropy.gradient(z, plain);
          for (DataType type :
              List.of(DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64)) {
            INDArray y = labels(type, 12, 5);
            INDArray wide = Nd4j.zeros(type, 14, 3);
            wide.get(interval(1, 13), interval(1, 2)).assign(y.reshape(12, 1));
            INDArray line = Nd4j.zeros(type, 20);
            line.get(interval(5, 17)).assign(y);
            for (INDArray labels :
                List.of(
                    line.get(interval(5, 17)),
                    wide.get(interval(1, 13), point(1)),
                    wide.get(interval(1, 13), interval(1, 2)),
                    wide.dup('f').get(interval(1, 13), interval(1, 2)))) {
              Elements.assertSame(
                  expected, SparseSoftmaxCrossEntropy.gradient(z, labels), type + " labels");
            }
          }
          INDArray cube = numbers(DataType.DOUBLE, 3, 4, 5);
          INDArray y = labels(DataType.INT32, 12, 5).reshape(3, 4);
          Elements.assertSame(
              SparseSoftmaxCrossEntropy.gradient(cube, y),
              SparseSoftmaxCrossEntropy.gradient(cube, y.dup('f')),
              "labels in 'f' order");
          CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
          for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16)) {
            INDArray weights = Nd4j.linspace(DataType.DOUBLE, 0, 0.25, 12).castTo(type);
            INDArray wide = Nd4j.zeros(type, 13, 3);
            wide.get(interval(1, 13), point(2)).assign(weights);
            Elements.assertSame(
                SparseSoftmaxCrossEntropy.gradient(z, plain, weights, options),
                SparseSoftmaxCrossEntropy.gradient(
                    z, plain, wide.get(interval(1, 13), point(2)), options),
                type + " weights");
          }
          return null;
        });
  }

  // ---- DL4J

  private static List<IActivation> activations() {
    return List.of(
        new ActivationSquareplus(),
        new ActivationStableSoftplus(),
        new ActivationSoftplusInverse());
  }

  @ParameterizedTest
  @EnumSource
  void activationsWorkOnViewsInsideAWorkspace(Path path) {
    path.run(
        () -> {
          for (IActivation activation : activations()) {
            matrices(DataType.FLOAT)
                .forEach(
                    (name, view) -> {
                      INDArray plain = Elements.plain(view);
                      INDArray epsilon = numbers(DataType.FLOAT, view.shape());
                      INDArray gradient = activation.backprop(plain, epsilon).getFirst();
                      INDArray value = activation.getActivation(plain.dup(), true);
                      INDArray detached;
                      try (MemoryWorkspace outer = open("OUTER")) {
                        INDArray leveraged;
                        try (MemoryWorkspace inner = open("INNER")) {
                          INDArray result = activation.backprop(view, epsilon).getFirst();
                          leveraged = result.leverageTo("VIEWS_OUTER");
                          assertSame(view, activation.getActivation(view, true));
                          assertNotSame(outer, inner);
                        }
                        detached = leveraged.detach();
                      }
                      String what = activation + ", " + name;
                      Elements.assertSame(gradient, detached, "backprop, " + what);
                      Elements.assertSame(value, view, "activation, " + what);
                    });
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void theLossWorksOnViewsInsideAWorkspace(Path path) {
    path.run(
        () -> {
          ILossFunction loss = new LossFusedSoftmaxCrossEntropy();
          matrices(DataType.FLOAT)
              .forEach(
                  (name, z) -> {
                    int rows = (int) z.size(0);
                    int classes = (int) z.size(1);
                    INDArray integers = labels(DataType.FLOAT, rows, classes).reshape(rows, 1);
                    INDArray column = Nd4j.zeros(DataType.FLOAT, rows + 1, 3);
                    column = column.get(interval(1, rows + 1), interval(2, 3));
                    column.assign(integers);
                    INDArray oneHot = Nd4j.zeros(DataType.FLOAT, classes, rows).transpose();
                    INDArray mask = Nd4j.zeros(DataType.FLOAT, rows, 2);
                    for (int row = 0; row < rows; row++) {
                      oneHot.putScalar(row, integers.getLong(row, 0), 1);
                      mask.putScalar(row, 1, row % 3 == 0 ? 0 : 1);
                    }
                    mask = mask.get(all(), interval(1, 2));
                    INDArray plainMask = Elements.plain(mask);
                    Pair<Double, INDArray> expected =
                        loss.computeGradientAndScore(
                            integers, Elements.plain(z), SOFTMAX, plainMask, false);
                    for (INDArray labels : List.of(integers, column, oneHot)) {
                      Pair<Double, INDArray> actual;
                      INDArray detached;
                      try (MemoryWorkspace workspace = open("LOSS")) {
                        actual = loss.computeGradientAndScore(labels, z, SOFTMAX, mask, false);
                        assertTrue(actual.getSecond().isAttached(), name);
                        assertTrue(workspace.isScopeActive());
                        detached = actual.getSecond().detach();
                        assertEquals(
                            expected.getFirst(),
                            loss.computeScore(labels, z, SOFTMAX, mask, false),
                            name);
                      }
                      assertEquals(expected.getFirst(), actual.getFirst(), name);
                      Elements.assertSame(expected.getSecond(), detached, name);
                    }
                  });
          return null;
        });
  }

  private static MemoryWorkspace open(String name) {
    return Nd4j.getWorkspaceManager().getAndActivateWorkspace(ROOMY, "VIEWS_" + name);
  }

  // ---- no copy

  /**
   * A workspace is the meter: every array that a call makes takes of it, until the scope ends. An
   * elementwise op makes its result; so does a loss, but for a scalar.
   */
  @Test
  void noKernelCopiesAView() {
    for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
      matrices(type)
          .forEach(
              (name, x) -> {
                String what = type + ", " + name;
                double size = x.length() * type.width();
                INDArray y = labels(DataType.INT32, (int) x.size(0), (int) x.size(1));
                INDArray q = Squareplus.value(x).dup('f');
                INDArray out = Nd4j.create(type, x.shape());
                CrossEntropyOptions first = CrossEntropyOptions.DEFAULT.withAxis(0);
                IActivation activation = new ActivationSquareplus();
                assertEquals(0, arrays(() -> Squareplus.valueInto(x, out), size), "into, " + what);
                assertEquals(1, arrays(() -> Squareplus.value(x), size), "value, " + what);
                assertEquals(1, arrays(() -> Squareplus.gradient(x), size), "gradient, " + what);
                assertEquals(1, arrays(() -> activation.backprop(x, q), size), "bp, " + what);
                assertEquals(0, arrays(() -> LogSumExp.value(x, 1), size), "lse, " + what);
                assertEquals(1, arrays(() -> LogSoftmax.value(x, 0), size), "softmax, " + what);
                assertEquals(
                    1,
                    arrays(() -> SparseSoftmaxCrossEntropy.valueAndGradient(x, y), size),
                    "sparse, " + what);
                assertEquals(
                    0, arrays(() -> SoftmaxCrossEntropy.value(x, q, first), size), "q, " + what);
                assertEquals(
                    1, arrays(() -> SoftmaxCrossEntropy.gradient(x, q, first), size), "q, " + what);
                assertEquals(
                    1,
                    arrays(
                        () ->
                            new LossFusedSoftmaxCrossEntropy()
                                .computeGradientAndScore(q, x, SOFTMAX, null, true),
                        size),
                    "DL4J, " + what);
              });
    }
  }

  @Test
  void onlyWhatOverlapsIsCopied() {
    INDArray parent = numbers(DataType.FLOAT, 90, 60);
    INDArray x = parent.get(interval(5, 45), all());
    double size = x.length() * Float.BYTES;
    assertEquals(
        0, arrays(() -> Squareplus.valueInto(x, parent.get(interval(45, 85), all())), size));
    assertEquals(0, arrays(() -> Squareplus.valueInto(x, x), size));
    assertEquals(
        1, arrays(() -> Squareplus.valueInto(x, parent.get(interval(44, 84), all())), size));
  }

  /** How many arrays of a size a call makes, rounded. */
  private static long arrays(Runnable call, double size) {
    return Path.FUSED.run(
        () -> {
          call.run(); // what the host makes but once
          try (MemoryWorkspace workspace = open("METER")) {
            long before = workspace.getPrimaryOffset();
            call.run();
            return Math.round((workspace.getPrimaryOffset() - before) / size);
          }
        });
  }

  @Test
  void theMeterSeesACopy() {
    INDArray x = numbers(DataType.FLOAT, 80, 60);
    assertEquals(2, arrays(() -> x.dup().dup('f'), x.length() * Float.BYTES));
    assertArrayEquals(new long[] {80, 60}, x.shape());
  }
}

package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.OpDescription;

/** Log-sum-exp and log-softmax in autograd, as blocks, and their errors. */
class DjlLogSoftmaxTest extends OnBothPaths {
  private static final Shape MATRIX = new Shape(6, 4);

  /** The two, with a gradient that takes an upstream. */
  enum Op {
    LOG_SUM_EXP("LogSumExp") {
      @Override
      NDArray value(NDArray x, int axis) {
        return LogSumExp.value(x, axis);
      }

      @Override
      NDArray gradient(NDArray x, int axis, NDArray upstream) {
        return LogSumExp.gradient(x, axis)
            .mul(upstream.expandDims(Math.floorMod(axis, x.getShape().dimension())));
      }

      @Override
      Block block(int axis) {
        return LogSumExp.block(axis);
      }

      @Override
      Block gradientBlock(int axis) {
        return LogSumExp.gradientBlock(axis);
      }
    },
    LOG_SOFTMAX("LogSoftmax") {
      @Override
      NDArray value(NDArray x, int axis) {
        return LogSoftmax.value(x, axis);
      }

      @Override
      NDArray gradient(NDArray x, int axis, NDArray upstream) {
        return LogSoftmax.gradient(x, axis, upstream);
      }

      @Override
      Block block(int axis) {
        return LogSoftmax.block(axis);
      }

      @Override
      Block gradientBlock(int axis) {
        return LogSoftmax.gradientBlock(axis);
      }
    };

    final String publicName;

    Op(String publicName) {
      this.publicName = publicName;
    }

    abstract NDArray value(NDArray x, int axis);

    abstract NDArray gradient(NDArray x, int axis, NDArray upstream);

    abstract Block block(int axis);

    abstract Block gradientBlock(int axis);
  }

  private static double epsilon(DataType type) {
    return switch (type) {
      case FLOAT16 -> 0x1p-10;
      case FLOAT32 -> 0x1p-23;
      default -> 0x1p-52;
    };
  }

  /**
   * Log-sum-exp has one product on the way back and so the same bits; log-softmax adds up four
   * numbers a row, of which each is at most its row's Σ|u|. Float16 is computed in float32.
   */
  private static void assertGradient(
      Op op, NDArray x, int axis, NDArray upstream, UnaryOperator<NDArray> function) {
    double[] expected = doubles(gradient(op, x, axis, upstream));
    double[] actual = Djl.gradient(x, function);
    if (op == Op.LOG_SUM_EXP) {
      assertArrayEquals(expected, actual);
      return;
    }
    NDArray wide = upstream.toType(DataType.FLOAT64, true).abs();
    double[] bars =
        doubles(wide.sum(new int[] {axis}, true).broadcast(x.getShape()).mul(4 * epsilon(x)));
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], bars[i]);
    }
  }

  private static NDArray gradient(Op op, NDArray x, int axis, NDArray upstream) {
    return op.gradient(Djl.widened(x), axis, Djl.widened(upstream)).toType(x.getDataType(), false);
  }

  private static double epsilon(NDArray x) {
    return epsilon(x.getDataType());
  }

  static Stream<Arguments> opsAndTypes() {
    return Stream.of(Op.values())
        .flatMap(op -> Djl.FLOATS.stream().map(type -> Arguments.of(op, type)));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void aLeafReceivesTheExplicitGradientAlongEveryAxis(Op op, DataType type) {
    long[] sizes = {3, 2, 4, 2};
    for (int rank = 1; rank <= sizes.length; rank++) {
      Shape shape = new Shape(Arrays.copyOf(sizes, rank));
      NDArray x = waves(manager, type, shape, 1);
      for (int axis = -rank; axis < rank; axis++) {
        int along = axis;
        NDArray value = op.value(x, axis);
        assertGradient(op, x, axis, value.onesLike(), leaf -> op.value(leaf, along));
        NDArray upstream = waves(manager, type, value.getShape(), 2);
        assertGradient(op, x, axis, upstream, leaf -> op.value(leaf, along).mul(upstream));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void theValueHasTheSameBitsInAGraphAndOutside(Op op, DataType type) {
    NDArray x = specialRows(type);
    NDArray outside = op.value(x, 1);
    Djl.gradient(
        x,
        leaf -> {
          NDArray inside = op.value(leaf, 1);
          assertSameArray(outside, inside);
          return inside;
        });
  }

  private NDArray specialRows(DataType type) {
    double inf = Double.POSITIVE_INFINITY;
    double[][] rows = {
      {1, -inf, 2},
      {inf, 1, 2},
      {1, -inf, inf},
      {inf, inf, 0},
      {0, Double.NaN, 1},
      {-inf, -inf, -inf},
      {20, 0, 0},
      {0, 1000, 0},
      {1, 1, 1},
    };
    double[] x = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    return array(manager, type, new Shape(rows.length, 3), x);
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void specialRowsKeepTheirExplicitGradientInAutograd(Op op, DataType type) {
    NDArray x = specialRows(type);
    NDArray upstream = waves(manager, type, op.value(x, 1).getShape(), 1);
    assertGradient(op, x, 1, upstream, leaf -> op.value(leaf, 1).mul(upstream));
  }

  @Test
  void theSpecialValuesAreThoseOfTheDefinition() {
    double inf = Double.POSITIVE_INFINITY;
    double nan = Double.NaN;
    for (DataType type : Djl.FLOATS) {
      NDArray x =
          array(
              manager,
              type,
              new Shape(5, 2),
              new double[] {-inf, -inf, inf, 1, inf, inf, -inf, 3, nan, 1});
      assertArrayEquals(new double[] {-inf, inf, inf, 3, nan}, doubles(LogSumExp.value(x, 1)));
      assertArrayEquals(
          new double[] {nan, nan, 0, -inf, nan, nan, -inf, 0, nan, nan},
          doubles(LogSoftmax.value(x, 1)));
    }
  }

  /** With r = 2e^−20 the loss is log1p(r) and the gradient r/(1 + r): one float32 number. */
  @Test
  void aConfidentRowKeepsItsDigits() {
    NDArray x = array(manager, DataType.FLOAT32, new Shape(3), 20, 0, 0);
    NDArray oneHot = array(manager, DataType.FLOAT32, new Shape(3), 1, 0, 0);
    float loss = (float) Math.log1p(2 * Math.exp(-20));
    float ulp = Math.ulp(loss);
    assertEquals(-loss, LogSoftmax.value(x, 0).getFloat(0), ulp);
    assertEquals(loss, LogSoftmax.gradient(x, 0, oneHot).getFloat(0), 4 * ulp);
    NDArray inAutograd = Djl.gradientArray(x, leaf -> LogSoftmax.value(leaf, 0).mul(oneHot));
    assertEquals(loss, inAutograd.getFloat(0), 4 * ulp);
    NDArray picked = Djl.gradientArray(x, leaf -> LogSoftmax.value(leaf, 0).get(0));
    assertEquals(loss, picked.getFloat(0), 4 * ulp);
  }

  static Stream<Arguments> opsAndViews() {
    Map<String, UnaryOperator<NDArray>> views = new TreeMap<>();
    views.put("transposed", NDArray::transpose);
    views.put("every second column", x -> x.get(new NDIndex(":, ::2")));
    views.put("inner rows and columns", x -> x.get(new NDIndex("1:5, 1:3")));
    views.put("flipped", x -> x.flip(1));
    views.put("broadcast", x -> x.broadcast(new Shape(3, 6, 4)));
    return Stream.of(Op.values())
        .flatMap(
            op -> views.entrySet().stream().map(v -> Arguments.of(op, v.getKey(), v.getValue())));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("opsAndViews")
  void aViewIsAsItsCopy(Op op, String name, UnaryOperator<NDArray> view) {
    NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
    NDArray seen = view.apply(x);
    NDArray copy = array(manager, DataType.FLOAT32, seen.getShape(), doubles(seen));
    for (int axis = 0; axis < seen.getShape().dimension(); axis++) {
      int along = axis;
      NDArray value = op.value(copy, axis);
      assertSameArray(value, op.value(seen, axis));
      NDArray upstream = waves(manager, DataType.FLOAT32, value.getShape(), 2);
      assertSameArray(op.gradient(copy, axis, upstream), op.gradient(seen, axis, upstream));
      // The host knows how to differentiate the view and a product with what reaches the copy.
      NDArray local = Djl.gradientArray(copy, z -> op.value(z, along).mul(upstream));
      assertArrayEquals(
          Djl.gradient(x, leaf -> view.apply(leaf).mul(local)),
          Djl.gradient(x, leaf -> op.value(view.apply(leaf), along).mul(upstream)));
    }
  }

  @Test
  void theAxisIsTheLastWhereNoneIsGiven() {
    NDArray x = manager.create(new float[] {1, 2, 4, 7, 11, 16}, new Shape(2, 3));
    assertEquals(LogSumExp.value(x, 1), LogSumExp.value(x));
    assertEquals(LogSumExp.gradient(x, 1), LogSumExp.gradient(x));
    assertEquals(LogSoftmax.value(x, 1), LogSoftmax.value(x));
    assertEquals(LogSoftmax.gradient(x, 1, x.mul(x)), LogSoftmax.gradient(x, x.mul(x)));
    assertEquals(OpDescription.of(LogSumExp.block(-1)), OpDescription.of(LogSumExp.block()));
    assertEquals(
        OpDescription.of(LogSoftmax.gradientBlock(-1)),
        OpDescription.of(LogSoftmax.gradientBlock()));
  }

  @Test
  void theUpstreamMayBeAView() {
    NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
    NDArray upstream = waves(manager, DataType.FLOAT32, new Shape(4, 6), 2).transpose();
    NDArray copy = array(manager, DataType.FLOAT32, MATRIX, doubles(upstream));
    assertSameArray(LogSoftmax.gradient(x, 1, copy), LogSoftmax.gradient(x, 1, upstream));
    assertSameArray(LogSoftmax.gradient(x, 0, copy), LogSoftmax.gradient(x, 0, upstream));
  }

  /** Rows are read in tiles; 20,000 classes are many. */
  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void aLongRowHasTheExplicitGradientToo(Op op, DataType type) {
    NDArray x = waves(manager, type, new Shape(2, 20_000), 1);
    NDArray upstream = waves(manager, type, op.value(x, 1).getShape(), 2);
    assertGradient(op, x, 1, upstream, leaf -> op.value(leaf, 1).mul(upstream));
  }

  @Test
  void theGradientsOfALongRowAreThoseOfTheDefinition() {
    int classes = 20_000;
    NDArray x = waves(manager, DataType.FLOAT64, new Shape(classes), 1);
    NDArray upstream = waves(manager, DataType.FLOAT64, new Shape(classes), 2);
    double[] exps = Arrays.stream(doubles(x)).map(Math::exp).toArray();
    double sum = Arrays.stream(exps).sum();
    double[] u = doubles(upstream);
    double sumOfU = Arrays.stream(u).sum();
    double[] softmax = doubles(LogSumExp.gradient(x, 0));
    double[] gradient = doubles(LogSoftmax.gradient(x, 0, upstream));
    for (int c = 0; c < classes; c++) {
      double p = exps[c] / sum;
      assertEquals(p, softmax[c], 16 * Math.ulp(p));
      assertEquals(u[c] - p * sumOfU, gradient[c], 4 * Math.ulp(3.0));
    }
  }

  /** log Σ e^(x²) has the gradient 2x·softmax(x²), where doubling is exact. */
  @Test
  void aComputedArgumentPassesTheGradientOn() {
    NDArray x = waves(manager, DataType.FLOAT64, MATRIX, 1);
    double[] expected = doubles(LogSumExp.gradient(x.mul(x), 1).mul(x).mul(2));
    assertArrayEquals(expected, Djl.gradient(x, leaf -> LogSumExp.value(leaf.mul(leaf), 1)));
  }

  /** The loss by hand, as users of the operator write it. */
  @Test
  void theNegativeLogLikelihoodOfLogSoftmaxIsTheLoss() {
    NDArray x = waves(manager, DataType.FLOAT64, MATRIX, 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, MATRIX, -1);
    NDArray minusOneHot = labels.oneHot(4, DataType.FLOAT64).neg().duplicate();
    CrossEntropyOptions sum = CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);
    double[] expected = doubles(CrossEntropyKind.SPARSE.gradient(x, labels, sum));
    double[] actual = Djl.gradient(x, leaf -> LogSoftmax.value(leaf, 1).mul(minusOneHot));
    assertArrayEquals(expected, actual, 0x1p-52);
  }

  private NDArray forward(Block block, NDArray... inputs) {
    return block
        .forward(new ParameterStore(manager, false), new NDList(inputs), false)
        .singletonOrThrow();
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void aBlockIsTheOperator(Op op, DataType type) {
    Shape images = new Shape(2, 3, 4);
    NDArray x = waves(manager, type, images, 1);
    for (int axis = -3; axis < 3; axis++) {
      int along = axis;
      NDArray value = op.value(x, axis);
      Block block = op.block(axis);
      assertSameArray(value, forward(block, x));
      assertArrayEquals(
          new Shape[] {value.getShape()}, block.getOutputShapes(new Shape[] {images}));
      NDArray upstream = waves(manager, type, value.getShape(), 2);
      assertSameArray(
          gradient(op, x, axis, upstream), forward(op.gradientBlock(axis), x, upstream));
      assertArrayEquals(
          new Shape[] {images},
          op.gradientBlock(axis).getOutputShapes(new Shape[] {images, upstream.getShape()}));
      assertGradient(op, x, axis, upstream, leaf -> forward(op.block(along), leaf).mul(upstream));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBlockIsNamedAfterItsOperatorAndCountsItsInputs(Op op) {
    NDArray x = waves(manager, DataType.FLOAT32, MATRIX, 1);
    String name = op.publicName;
    assertEquals(name, op.block(0).toString());
    assertEquals(name + "Gradient", op.gradientBlock(0).toString());
    assertInvalid(name + " takes 1 array, got 2", () -> forward(op.block(0), x, x));
    assertInvalid(name + "Gradient takes 2 arrays, got 1", () -> forward(op.gradientBlock(0), x));
  }

  /** And no array comes or goes. */
  private void assertInvalid(String message, Executable call) {
    int before = manager.getManagedArrays().size();
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    assertEquals(before, manager.getManagedArrays().size());
  }

  private static Stream<Executable> uses(Op op, NDArray x, int axis, NDArray upstream) {
    return Stream.of(() -> op.value(x, axis), () -> op.gradient(x, axis, upstream));
  }

  @ParameterizedTest
  @EnumSource
  void theAxisMustBeOneOfTheArray(Op op) {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (int axis : new int[] {2, -3, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      uses(op, x, axis, x)
          .forEach(
              call ->
                  assertInvalid(
                      "axis must be in [-2, 2) for x of shape (2, 3), got " + axis, call));
    }
    NDArray scalar = array(manager, DataType.FLOAT32, new Shape(), 1);
    uses(op, scalar, 0, scalar)
        .forEach(call -> assertInvalid("x must have rank 1 at least, got a scalar", call));
  }

  @ParameterizedTest
  @EnumSource
  void theArrayMustBeFloatingAndThere(Op op) {
    for (DataType type :
        new DataType[] {DataType.INT32, DataType.INT64, DataType.UINT8, DataType.BOOLEAN}) {
      NDArray x = manager.ones(new Shape(2, 3), type);
      uses(op, x, 1, x)
          .forEach(
              call ->
                  assertInvalid("x dtype must be float16, float32 or float64, got " + type, call));
    }
    uses(op, null, 1, null).forEach(call -> assertInvalid("x must be an array, got null", call));
  }

  @Test
  void theUpstreamMustBeLikeTheValue() {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (Shape other : new Shape[] {new Shape(2), new Shape(3, 2), new Shape(2, 1), new Shape()}) {
      NDArray upstream = manager.ones(other);
      String message = "upstream must be like x, float32 (2, 3), got float32 " + other;
      assertInvalid(message, () -> LogSoftmax.gradient(x, 1, upstream));
      assertInvalid(message, () -> forward(LogSoftmax.gradientBlock(1), x, upstream));
    }
    for (Shape other : new Shape[] {new Shape(3), new Shape(2, 1), new Shape(2, 3), new Shape()}) {
      NDArray upstream = manager.ones(other);
      assertInvalid(
          "upstream must be like x without axis 1, float32 (2), got float32 " + other,
          () -> forward(LogSumExp.gradientBlock(1), x, upstream));
    }
    NDArray wide = manager.ones(new Shape(2, 3), DataType.FLOAT64);
    assertInvalid(
        "upstream must be like x, float32 (2, 3), got float64 (2, 3)",
        () -> LogSoftmax.gradient(x, 1, wide));
    NDArray wideRow = manager.ones(new Shape(2), DataType.FLOAT64);
    assertInvalid(
        "upstream must be like x without axis 1, float32 (2), got float64 (2)",
        () -> forward(LogSumExp.gradientBlock(1), x, wideRow));
  }

  @ParameterizedTest
  @MethodSource("opsAndTypes")
  void noRowsGiveNothing(Op op, DataType type) {
    for (Shape shape : new Shape[] {new Shape(0, 3), new Shape(2, 0, 3), new Shape(0, 0)}) {
      NDArray x = manager.create(shape, type);
      NDArray value = op.value(x, -1);
      assertEquals(type, value.getDataType());
      assertEquals(
          op == Op.LOG_SUM_EXP ? shape.slice(0, shape.dimension() - 1) : shape, value.getShape());
      assertEquals(shape, op.gradient(x, -1, value).getShape());
      assertArrayEquals(new double[0], Djl.gradient(x, leaf -> op.value(leaf, -1).sum()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRowMustHaveAnElement(Op op) {
    NDArray flat = manager.create(new Shape(0));
    NDArray matrix = manager.create(new Shape(2, 0));
    assertInvalid("x must have an element along axis 0, got shape (0)", () -> op.value(flat, 0));
    assertInvalid(
        "x must have an element along axis 1, got shape (2, 0)", () -> op.value(matrix, 1));
  }

  @ParameterizedTest
  @EnumSource
  void theResultBelongsToTheManagerOfTheArrayAndNoTemporaryStays(Op op) {
    try (NDManager batch = manager.newSubManager();
        NDManager other = manager.newSubManager()) {
      NDArray x = waves(batch, DataType.FLOAT32, MATRIX, 1);
      NDArray value = op.value(x, 1);
      assertSame(batch, value.getManager());
      NDArray upstream = waves(other, DataType.FLOAT32, value.getShape(), 2);
      assertSame(batch, forward(op.gradientBlock(1), x, upstream).getManager());
      assertEquals(3, batch.getManagedArrays().size());
      assertEquals(1, other.getManagedArrays().size());
    }
  }

  @ParameterizedTest
  @EnumSource
  void onlyTheValueIsInTheGraphAndOnlyWhileItIsRecorded(Op op) {
    NDArray leaf = waves(manager, DataType.FLOAT32, MATRIX, 1);
    leaf.setRequiresGradient(true);
    NDArray upstream = waves(manager, DataType.FLOAT32, op.value(leaf, 1).getShape(), 2);
    Graphs.recording(
        () -> {
          Graphs.assertInside(op.value(leaf, 1));
          Graphs.assertInside(op.value(leaf.add(leaf), 1));
          Graphs.assertOutside(op.gradient(leaf, 1, upstream));
          JniUtils.setGradMode(false);
          Graphs.assertOutside(op.value(leaf, 1));
        });
  }
}

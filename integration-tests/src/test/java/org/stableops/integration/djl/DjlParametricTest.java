package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An array for the parameter: shapes, layouts, autograd, errors. How good the numbers are, the
 * oracle tells; here they have the same bits as those of the parameter expanded by hand.
 */
class DjlParametricTest extends OnBothPaths {
  /** Of the parameter, and of x. */
  private static final long[][][] SHAPES = {
    {{6}, {4, 6}},
    {{1, 6}, {4, 6}},
    {{4, 1}, {4, 6}},
    {{4, 6}, {4, 6}},
    {{3, 1, 1}, {2, 3, 5, 4}},
    {{2, 1, 5, 1}, {2, 3, 5, 4}},
    {{5, 4}, {2, 3, 5, 4}},
    {{2, 1}, {2, 1, 3, 1, 2, 1, 2, 2}},
    {{40, 1}, {40, 150}},
    {{150}, {40, 150}},
  };

  static Stream<Arguments> opsAndShapes() {
    return Elementwise.all().stream()
        .flatMap(
            op ->
                Djl.FLOATS.stream()
                    .flatMap(
                        type ->
                            Stream.of(SHAPES)
                                .map(
                                    shapes ->
                                        Arguments.of(
                                            op,
                                            type,
                                            new Shape(shapes[0]),
                                            new Shape(shapes[1])))));
  }

  /** Between 0.3 and 3.3. */
  private NDArray parameter(DataType type, Shape shape) {
    return array(
        manager, type, shape, doubles(waves(manager, DataType.FLOAT64, shape, 5).div(2).add(1.8)));
  }

  private NDArray expanded(NDArray p, Shape shape) {
    NDArray view = p.broadcast(shape);
    return array(manager, p.getDataType(), shape, doubles(view));
  }

  @ParameterizedTest
  @MethodSource("opsAndShapes")
  void broadcastingIsExpansion(Elementwise op, DataType type, Shape ofP, Shape ofX) {
    NDArray x = waves(manager, type, ofX, 1);
    NDArray p = parameter(type, ofP);
    NDArray expanded = expanded(p, ofX);
    assertSameArray(op.value(x, expanded), op.value(x, p));
    assertSameArray(op.gradient(x, expanded), op.gradient(x, p));
    NDArray out = manager.create(ofX, type);
    op.valueInto(x, p, out);
    assertSameArray(op.value(x, expanded), out);
  }

  @ParameterizedTest
  @MethodSource("opsAndShapes")
  void theGradientToTheParameterIsTheSumOfItsTerms(
      Elementwise op, DataType type, Shape ofP, Shape ofX) {
    // Positive, so that no sum is NaN.
    NDArray x = waves(manager, type, ofX, 1).abs().add(0.1);
    NDArray p = parameter(type, ofP);
    NDArray wideX = x.toType(DataType.FLOAT64, true);
    NDArray wideP = expanded(p.toType(DataType.FLOAT64, true), ofX);
    NDArray terms = op.parameterGradient(wideX, wideP);
    double[] expected = doubles(summed(terms, ofP));
    NDArray actual = op.parameterGradient(x, p);
    assertEquals(ofP, actual.getShape());
    assertEquals(type, actual.getDataType());
    // All terms have one sign; half an ulp, and twice that where float is rounded to half.
    double epsilon =
        type == DataType.FLOAT16 ? 0x1p-10 : type == DataType.FLOAT32 ? 0x1p-24 : 0x1p-48;
    double[] sums = doubles(actual);
    for (int i = 0; i < sums.length; i++) {
      assertEquals(expected[i], sums[i], 1.001 * epsilon * Math.abs(expected[i]));
    }
  }

  private static NDArray summed(NDArray terms, Shape shape) {
    int missing = terms.getShape().dimension() - shape.dimension();
    NDArray sums = terms;
    for (int d = 0; d < terms.getShape().dimension(); d++) {
      long size = d < missing ? 1 : shape.get(d - missing);
      if (size == 1) {
        sums = sums.sum(new int[] {d}, true);
      }
    }
    return sums.reshape(shape);
  }

  /** What autograd gives to x and to p of the sum of upstream × value. */
  private static NDArray[] backprop(
      NDArray x, NDArray p, NDArray upstream, BinaryOperator<NDArray> value) {
    NDArray leaf = x.stopGradient();
    NDArray parameter = p.stopGradient();
    leaf.setRequiresGradient(true);
    parameter.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(value.apply(leaf, parameter).mul(upstream));
    }
    return new NDArray[] {leaf.getGradient(), parameter.getGradient()};
  }

  @ParameterizedTest
  @MethodSource("opsAndShapes")
  void bothLeavesReceiveTheExplicitGradient(Elementwise op, DataType type, Shape ofP, Shape ofX) {
    NDArray x = waves(manager, type, ofX, 1).abs().add(0.1);
    NDArray p = parameter(type, ofP);
    NDArray upstream = waves(manager, type, ofX, 2);
    NDArray[] actual = backprop(x, p, upstream, op::value);
    NDArray wideP = Djl.widened(p);
    assertSameArray(Djl.product(x, upstream, wide -> op.gradient(wide, wideP)), actual[0]);
    // The host sums products in an order of its own: its bits are not ours.
    NDArray terms = op.parameterGradient(Djl.widened(x), expanded(wideP, ofX));
    NDArray[] byHost = backprop(terms, wideP, Djl.widened(upstream), NDArray::mul);
    assertSameArray(byHost[1].toType(type, false), actual[1]);
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void onlyWhatIsWantedReceivesAGradient(Elementwise op) {
    Shape matrix = new Shape(4, 6);
    NDArray x = waves(manager, DataType.FLOAT32, matrix, 1);
    NDArray p = parameter(DataType.FLOAT32, new Shape(4, 1));
    assertArrayEquals(doubles(op.gradient(x, p)), Djl.gradient(x, leaf -> op.value(leaf, p)));
    NDArray positive = x.abs().add(0.1);
    NDArray terms = op.parameterGradient(positive, expanded(p, matrix));
    assertArrayEquals(
        doubles(terms.sum(new int[] {1}, true)), Djl.gradient(p, leaf -> op.value(positive, leaf)));
    Graphs.recording(
        () -> {
          Graphs.assertOutside(op.value(x, p));
          Graphs.assertOutside(op.gradient(x, p));
          Graphs.assertOutside(op.parameterGradient(x, p));
        });
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aComputedParameterPassesTheGradientOn(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT64, new Shape(6), 1).abs().add(0.1);
    NDArray w = parameter(DataType.FLOAT64, new Shape(6));
    // d(w²) = 2w, and a doubling is exact.
    double[] expected = doubles(op.parameterGradient(x, w.mul(w)).mul(w).mul(2));
    assertArrayEquals(expected, Djl.gradient(w, leaf -> op.value(x, leaf.mul(leaf))));
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void theValueHasTheSameBitsInAGraphAndOutside(Elementwise op) {
    for (DataType type : Djl.FLOATS) {
      NDArray x = special(type);
      NDArray p = parameter(type, x.getShape());
      NDArray one = array(manager, type, new Shape(1), 1.75);
      for (NDArray each : List.of(p, one)) {
        double[] outside = doubles(op.value(x, each));
        backprop(
            x,
            each,
            x.onesLike(),
            (leaf, parameter) -> {
              NDArray inside = op.value(leaf, parameter);
              assertArrayEquals(outside, doubles(inside));
              return inside;
            });
      }
    }
  }

  private NDArray special(DataType type) {
    double inf = Double.POSITIVE_INFINITY;
    double[] x = {-inf, -1000, -20, -1, -0.0, 0, 0x1p-14, 0.5, 3, 20, 1000, inf, Double.NaN};
    return array(manager, type, new Shape(x.length), x);
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void oneElementIsANumber(Elementwise op) {
    for (DataType type : Djl.FLOATS) {
      NDArray x = special(type);
      for (Shape shape : new Shape[] {new Shape(), new Shape(1)}) {
        NDArray p = array(manager, type, shape, 1.75);
        assertSameArray(op.value(x, 1.75), op.value(x, p));
        assertSameArray(op.gradient(x, 1.75), op.gradient(x, p));
        NDArray leaf = x.stopGradient();
        NDArray[] seen = backprop(leaf, p, x.onesLike(), op::value);
        assertSameArray(op.gradient(x, 1.75), seen[0]);
        assertEquals(shape, seen[1].getShape());
        assertEquals(shape, op.parameterGradient(x, p).getShape());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void scalarsAndRanksUpToEight(Elementwise op) {
    long[] sizes = {2, 1, 3, 1, 2, 1, 2, 2};
    for (DataType type : Djl.FLOATS) {
      for (int rank = 0; rank <= 8; rank++) {
        Shape shape = new Shape(Arrays.copyOf(sizes, rank));
        NDArray x = waves(manager, type, shape, 1);
        NDArray p = parameter(type, shape);
        Shape flat = new Shape(shape.size());
        NDArray flatX = x.reshape(flat);
        NDArray flatP = p.reshape(flat);
        assertSameArray(op.value(flatX, flatP).reshape(shape), op.value(x, p));
        assertSameArray(op.gradient(flatX, flatP).reshape(shape), op.gradient(x, p));
        NDArray byParameter = op.parameterGradient(flatX, flatP);
        assertSameArray(byParameter.reshape(shape), op.parameterGradient(x, p));
        assertSameArray(byParameter.reshape(shape), backprop(x, p, x.onesLike(), op::value)[1]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void emptyArraysGiveEmptyValuesAndSumsOfNothing(Elementwise op) {
    for (DataType type : Djl.FLOATS) {
      NDArray x = manager.create(new Shape(0, 3), type);
      NDArray p = parameter(type, new Shape(3));
      assertEquals(new Shape(0, 3), op.value(x, p).getShape());
      assertEquals(new Shape(0, 3), op.gradient(x, p).getShape());
      assertArrayEquals(new double[3], doubles(op.parameterGradient(x, p)));
      NDArray none = manager.create(new Shape(0, 1), type);
      assertEquals(new Shape(0, 3), op.value(x, none).getShape());
      assertEquals(new Shape(0, 1), op.parameterGradient(x, none).getShape());
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void viewsAreTheirCopies(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(6, 4), 1).transpose();
    NDArray whole = parameter(DataType.FLOAT32, new Shape(4, 12));
    for (NDArray p : List.of(whole.get(new NDIndex(":, ::2")), whole.get(new NDIndex(":, 3:4")))) {
      NDArray plainX = array(manager, DataType.FLOAT32, x.getShape(), doubles(x));
      NDArray plainP = array(manager, DataType.FLOAT32, p.getShape(), doubles(p));
      assertSameArray(op.value(plainX, plainP), op.value(x, p));
      assertSameArray(op.gradient(plainX, plainP), op.gradient(x, p));
      assertSameArray(op.parameterGradient(plainX, plainP), op.parameterGradient(x, p));
      NDArray[] expected = backprop(plainX, plainP, plainX.onesLike(), op::value);
      NDArray[] actual = backprop(x, p, plainX.onesLike(), op::value);
      assertSameArray(expected[0], actual[0]);
      assertSameArray(expected[1], actual[1]);
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void theResultMayBeWrittenOverAnArgument(Elementwise op) {
    NDArray x = parameter(DataType.FLOAT32, new Shape(4, 6));
    NDArray p = parameter(DataType.FLOAT32, new Shape(4, 6)).add(0.5);
    NDArray expected = op.value(x, p);
    NDArray overX = x.duplicate();
    op.valueInto(overX, p, overX);
    assertSameArray(expected, overX);
    NDArray overP = p.duplicate();
    op.valueInto(x, overP, overP);
    assertSameArray(expected, overP);
    // The parameter is a row of the array that is written.
    NDArray out = p.duplicate();
    NDArray row = out.get(new NDIndex("0:1"));
    NDArray ofRow = op.value(x, row.duplicate());
    op.valueInto(x, row, out);
    assertSameArray(ofRow, out);
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void theResultsBelongToTheManagerOfXAndNothingElseStays(Elementwise op) {
    try (NDManager parameters = manager.newSubManager();
        NDManager batch = manager.newSubManager()) {
      NDArray p = array(parameters, DataType.FLOAT32, new Shape(4, 1), 1, 2, 0.5, 3);
      NDArray x = waves(batch, DataType.FLOAT32, new Shape(4, 6), 2);
      int before = batch.getManagedArrays().size();
      assertSame(batch, op.value(x, p).getManager());
      assertSame(batch, op.gradient(x, p).getManager());
      assertSame(batch, op.parameterGradient(x, p).getManager());
      assertEquals(before + 3, batch.getManagedArrays().size());
      p.setRequiresGradient(true);
      Graphs.recording(
          () -> {
            int inBatch = batch.getManagedArrays().size();
            int inParameters = parameters.getManagedArrays().size();
            NDArray value = op.value(x, p);
            assertEquals(inBatch + 1, batch.getManagedArrays().size());
            assertEquals(inParameters, parameters.getManagedArrays().size());
            Graphs.assertInside(value);
            assertSame(batch, value.getManager());
          });
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void whatIsWrongIsSaidAndNothingIsWritten(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(2, 4), 1);
    NDArray out = x.onesLike();
    String name = op.parameter();
    String bound = name.equals("b") ? ">= 0" : "> 0";
    NDArray large = parameter(DataType.FLOAT32, new Shape(3, 1));
    refused(op, name + " shape (3, 1) must broadcast to x shape (2, 4)", x, out, large);
    refused(
        op,
        name + " shape (1, 2, 4) must broadcast to x shape (2, 4)",
        x,
        out,
        parameter(DataType.FLOAT32, new Shape(1, 2, 4)));
    refused(
        op,
        name + " dtype must be x's, float32, got float64",
        x,
        out,
        parameter(DataType.FLOAT64, new Shape(4)));
    refused(
        op,
        name + " dtype must be float16, float32 or float64, got int32",
        x,
        out,
        manager.create(new int[] {1, 1, 1, 1}));
    refused(op, name + " must be an array, got null", x, out, null);
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      NDArray p = array(manager, DataType.FLOAT32, new Shape(2, 1), 1, bad);
      refused(op, name + " must be finite and " + bound + ", got " + bad + " at (1, 0)", x, out, p);
    }
    NDArray zero = array(manager, DataType.FLOAT32, new Shape(), 0);
    if (name.equals("beta")) {
      refused(op, "beta must be finite and > 0, got 0.0", x, out, zero);
    }
    NDArray closed = x.duplicate();
    closed.close();
    assertThrows(IllegalStateException.class, () -> op.value(x, closed));
    assertArrayEquals(new double[] {1, 1, 1, 1, 1, 1, 1, 1}, doubles(out));
    assertFalse(x.hasGradient());
  }

  private static void refused(Elementwise op, String message, NDArray x, NDArray out, NDArray p) {
    for (Executable call :
        List.<Executable>of(
            () -> op.value(x, p),
            () -> op.gradient(x, p),
            () -> op.parameterGradient(x, p),
            () -> op.valueInto(x, p, out))) {
      assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
  }
}

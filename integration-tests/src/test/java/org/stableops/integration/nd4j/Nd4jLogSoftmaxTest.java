package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.integration.Effort;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;

/** LogSumExp and LogSoftmax on arrays: any layout, axis, dtype and special row. */
@Tag("thorough")
final class Nd4jLogSoftmaxTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  private static final List<DataType> TYPES =
      List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE);

  /** What the four calls give for one array. */
  private record Results(
      INDArray logSumExp, INDArray softmax, INDArray logSoftmax, INDArray gradient) {
    static Results of(INDArray x, int axis, INDArray upstream) {
      return new Results(
          LogSumExp.value(x, axis),
          LogSumExp.gradient(x, axis),
          LogSoftmax.value(x, axis),
          LogSoftmax.gradient(x, axis, upstream));
    }

    List<INDArray> all() {
      return List.of(logSumExp, softmax, logSoftmax, gradient);
    }
  }

  // ---- layouts

  @ParameterizedTest
  @EnumSource
  void everyRankAndAxisGivesTheBitsOfItsRows(Path path) {
    path.run(
        () -> {
          for (long[] shape :
              List.of(
                  new long[] {7},
                  new long[] {3, 5},
                  new long[] {2, 3, 4},
                  new long[] {2, 1, 3, 2},
                  new long[] {2, 2, 2, 1, 3})) {
            for (int axis = 0; axis < shape.length; axis++) {
              for (DataType type : TYPES) {
                // By default half of the dtypes at every axis, the others at the next.
                if ((axis + shape.length + TYPES.indexOf(type)) % Effort.of(2, 1) == 0) {
                  rowByRow(sines(type, shape), axis);
                }
              }
            }
          }
          return null;
        });
  }

  /** Compares with calls on each row as an array of rank 1. */
  private static void rowByRow(INDArray x, int axis) {
    INDArray upstream = sines(x.dataType(), x.shape()).muli(0.5);
    Results actual = Results.of(x, axis, upstream);
    double[] elements = Elements.of(x);
    double[] upstreams = Elements.of(upstream);
    int classes = (int) x.size(axis);
    int inner = 1;
    for (int i = axis + 1; i < x.rank(); i++) {
      inner *= (int) x.size(i);
    }
    int rows = elements.length / classes;
    double[][] expected =
        new double[][] {
          new double[rows],
          new double[elements.length],
          new double[elements.length],
          new double[elements.length]
        };
    for (int row = 0; row < rows; row++) {
      int first = row / inner * classes * inner + row % inner;
      Results ofRow =
          Results.of(
              every(elements, first, inner, classes, x.dataType()),
              0,
              every(upstreams, first, inner, classes, x.dataType()));
      expected[0][row] = ofRow.logSumExp().getDouble(0);
      for (int c = 0; c < classes; c++) {
        for (int result = 1; result < 4; result++) {
          expected[result][first + c * inner] = ofRow.all().get(result).getDouble(c);
        }
      }
    }
    for (int result = 0; result < 4; result++) {
      String what = result + ": " + x.dataType() + Arrays.toString(x.shape()) + ", axis " + axis;
      assertArrayEquals(expected[result], Elements.of(actual.all().get(result)), what);
      assertEquals(x.dataType(), actual.all().get(result).dataType());
    }
    assertArrayEquals(without(x.shape(), axis), actual.logSumExp().shape());
    for (INDArray ofElements : actual.all().subList(1, 4)) {
      assertArrayEquals(x.shape(), ofElements.shape());
    }
    assertSame(actual, Results.of(x, axis - x.rank(), upstream), "negative axis");
  }

  private static INDArray every(double[] elements, int first, int step, int count, DataType type) {
    double[] row = new double[count];
    Arrays.setAll(row, i -> elements[first + i * step]);
    return Nd4j.createFromArray(row).castTo(type);
  }

  @ParameterizedTest
  @EnumSource
  void anyLayoutGivesTheSameBits(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            INDArray upstream = sines(type, 4, 5, 3).muli(0.5);
            layouts(sines(type, 4, 5, 3))
                .forEach(
                    (name, x) -> {
                      for (int axis = 0; axis < 3; axis++) {
                        sameBits(x, axis, upstream, name + ", " + type);
                      }
                    });
          }
          return null;
        });
  }

  private static void sameBits(INDArray x, int axis, INDArray upstream, String what) {
    long[] before = Elements.bits(x);
    Results expected = Results.of(Elements.plain(x), axis, upstream);
    Results actual = Results.of(x, axis, upstream.permute(2, 0, 1).dup().permute(1, 2, 0));
    assertSame(expected, actual, what);
    for (INDArray result : actual.all()) {
      assertTrue(result.closeable(), "no view");
      result.assign(7);
    }
    assertArrayEquals(before, Elements.bits(x), "x is left alone: " + what);
  }

  private static Map<String, INDArray> layouts(INDArray plain) {
    DataType type = plain.dataType();
    Map<String, INDArray> layouts = new LinkedHashMap<>();
    layouts.put("f", plain.dup('f'));
    layouts.put("permuted", plain.permute(1, 2, 0).dup().permute(2, 0, 1));
    layouts.put(
        "block",
        Nd4j.create(type, 7, 7, 5)
            .get(
                NDArrayIndex.interval(2, 6),
                NDArrayIndex.interval(1, 6),
                NDArrayIndex.interval(1, 4))
            .assign(plain));
    layouts.put(
        "strided",
        Nd4j.create(type, 8, 10, 6)
            .dup('f')
            .get(
                NDArrayIndex.interval(0, 2, 8),
                NDArrayIndex.interval(0, 2, 10),
                NDArrayIndex.interval(0, 2, 6))
            .assign(plain));
    layouts.put("broadcast", sines(type, 1, 5, 3).broadcast(4, 5, 3));
    return layouts;
  }

  @Test
  void theAxisIsTheLastWhereNoneIsGiven() {
    INDArray x = Nd4j.createFromArray(new float[][] {{1, 2, 4}, {7, 11, 16}});
    assertEquals(LogSumExp.value(x, 1), LogSumExp.value(x));
    assertEquals(LogSumExp.gradient(x, 1), LogSumExp.gradient(x));
    assertEquals(LogSoftmax.value(x, 1), LogSoftmax.value(x));
    assertEquals(LogSoftmax.gradient(x, 1, x.mul(x)), LogSoftmax.gradient(x, x.mul(x)));
    SameDiff graph = SameDiff.create();
    SDVariable variable = graph.var("x", x);
    assertEquals(LogSumExp.value(x), LogSumExp.value(variable).eval());
    assertEquals(LogSoftmax.value(x), LogSoftmax.value(variable).eval());
  }

  @ParameterizedTest
  @EnumSource
  void emptyArraysGiveEmptyResults(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            for (long[] shape : List.of(new long[] {0, 3}, new long[] {0, 0})) {
              INDArray x = Nd4j.create(type, shape);
              Results results = Results.of(x, 1, x);
              assertArrayEquals(new long[] {0}, results.logSumExp().shape());
              for (INDArray result : results.all()) {
                assertTrue(result.isEmpty());
                assertEquals(type, result.dataType());
              }
              for (INDArray ofElements : results.all().subList(1, 4)) {
                assertArrayEquals(shape, ofElements.shape());
              }
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void resultsInAWorkspaceAreItsOwnAndMayLeaveIt(Path path) {
    path.run(
        () -> {
          INDArray x = sines(DataType.FLOAT, 4, 5);
          INDArray upstream = x.mul(0.5);
          Results expected = Results.of(x, 0, upstream);
          WorkspaceConfiguration configuration =
              WorkspaceConfiguration.builder().initialSize(1 << 20).build();
          for (int round = 0; round < 20; round++) {
            List<INDArray> detached;
            try (MemoryWorkspace workspace =
                Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "SOFTMAX")) {
              List<INDArray> inside = Results.of(x.dup(), 0, upstream.dup()).all();
              inside.forEach(result -> assertTrue(result.isAttached()));
              detached = inside.stream().map(INDArray::detach).toList();
              assertTrue(workspace.isScopeActive());
            }
            for (int i = 0; i < detached.size(); i++) {
              Elements.assertSame(expected.all().get(i), detached.get(i), "result " + i);
            }
          }
          assertFalse(x.wasClosed() || upstream.wasClosed());
          return null;
        });
  }

  // ---- special rows

  @ParameterizedTest
  @EnumSource
  void specialRowsAreThoseOfTheTable(Path path) {
    path.run(
        () -> {
          double l = Math.log(2);
          for (DataType type : TYPES) {
            row(type, -INF, new double[] {-INF, -INF}, NAN, NAN);
            row(type, INF, new double[] {3, INF, -INF}, -INF, 0, -INF);
            row(type, INF, new double[] {INF, INF, 0}, NAN, NAN, NAN);
            row(type, NAN, new double[] {0, NAN, INF}, NAN, NAN, NAN);
            row(type, NAN, new double[] {NAN, NAN}, NAN, NAN);
            row(type, l, new double[] {0, -INF, 0}, -l, -INF, -l);
            row(type, 5, new double[] {5}, 0);
            row(type, INF, new double[] {INF}, 0);
            row(type, NAN, new double[] {NAN}, NAN);
            row(type, -INF, new double[] {-INF}, NAN);
          }
          return null;
        });
  }

  /** Alone and among other rows: the host reads an array of one element as a number. */
  private static void row(DataType type, double logSumExp, double[] x, double... logSoftmax) {
    INDArray alone = Nd4j.createFromArray(x).castTo(type).reshape(1, x.length);
    String what = type + Arrays.toString(x);
    assertRow(type, logSumExp, LogSumExp.value(alone, 1), what);
    assertRows(type, logSoftmax, LogSoftmax.value(alone, 1), what);
    INDArray many = Nd4j.zeros(type, 3, x.length);
    many.getRow(1).assign(alone.reshape(x.length));
    INDArray values = LogSumExp.value(many, 1);
    assertRow(type, logSumExp, scalar(values, 1), what);
    assertRows(type, logSoftmax, LogSoftmax.value(many, 1).getRow(1).dup(), what);
    Elements.assertSame(
        LogSumExp.value(Nd4j.zeros(type, x.length), 0), scalar(values, 2), "the row after");
  }

  private static INDArray scalar(INDArray values, int row) {
    return Nd4j.scalar(values.dataType(), values.getDouble(row));
  }

  private static void assertRow(DataType type, double expected, INDArray actual, String what) {
    assertRows(type, new double[] {expected}, actual, what);
  }

  private static void assertRows(DataType type, double[] expected, INDArray actual, String what) {
    double[] rounded = Elements.of(Nd4j.createFromArray(expected).castTo(type));
    assertArrayEquals(rounded, Elements.of(actual), what);
  }

  @ParameterizedTest
  @EnumSource
  void gradientsOfSpecialRowsAreThoseOfTheTable(Path path) {
    path.run(
        () -> {
          INDArray x =
              Nd4j.createFromArray(
                  new double[][] {
                    {-INF, -INF, -INF}, {3, INF, -INF}, {INF, INF, 0}, {0, NAN, 1}, {0, -INF, 0}
                  });
          INDArray upstream = Nd4j.createFromArray(1.0, 2, 4).reshape(1, 3).broadcast(5, 3);
          double[][] softmax = {
            {NAN, NAN, NAN}, {0, 1, 0}, {NAN, NAN, NAN}, {NAN, NAN, NAN}, {0.5, 0, 0.5}
          };
          double[][] gradient = {
            {NAN, NAN, NAN}, {1, -5, 4}, {NAN, NAN, NAN}, {NAN, NAN, NAN}, {-2.5, 2, 0.5}
          };
          for (int row = 0; row < 5; row++) {
            INDArray alone = x.getRow(row, true).dup();
            INDArray itsUpstream = upstream.getRow(row, true).dup();
            assertArrayEquals(softmax[row], Elements.of(LogSumExp.gradient(alone, 1)));
            assertArrayEquals(
                softmax[row], Elements.of(LogSumExp.gradient(x, 1).getRow(row)), "of many");
            assertArrayEquals(
                gradient[row], Elements.of(LogSoftmax.gradient(alone, 1, itsUpstream)));
            assertArrayEquals(
                gradient[row], Elements.of(LogSoftmax.gradient(x, 1, upstream).getRow(row)));
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void upstreamsOfNanSpreadOverTheirRowOnly(Path path) {
    path.run(
        () -> {
          for (int rows = 1; rows < 3; rows++) {
            INDArray x = sines(DataType.DOUBLE, rows, 3);
            INDArray upstream = Nd4j.ones(DataType.DOUBLE, rows, 3);
            upstream.putScalar(0, 1, NAN);
            INDArray gradient = LogSoftmax.gradient(x, 1, upstream);
            for (int row = 0; row < rows; row++) {
              for (int c = 0; c < 3; c++) {
                assertEquals(row == 0, Double.isNaN(gradient.getDouble(row, c)), rows + " rows");
              }
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void confidentAndDistantRowsKeepTheirDigits(Path path) {
    path.run(
        () -> {
          // log(1 + 2e^-20), and the gap itself.
          double tiny = Math.log1p(2 * Math.exp(-20));
          INDArray x = Nd4j.createFromArray(20.0, 0, 0, 1e6, 1e6, 1e6 - 1).reshape(2, 3);
          double[] values = Elements.of(LogSoftmax.value(x, 1));
          assertEquals(-tiny, values[0], 1e-15 * tiny);
          assertEquals(-20 - tiny, values[1], 1e-14);
          double logSum = Math.log(2 + Math.exp(-1));
          assertEquals(-logSum, values[3], 1e-15);
          assertEquals(-logSum - 1, values[5], 1e-15 * 2);
          assertEquals(1e6 + logSum, LogSumExp.value(x, 1).getDouble(1), Math.ulp(1e6));
          // 200 is out of reach of a log of a softmax in float32.
          INDArray gap = Nd4j.createFromArray(0f, -200).reshape(1, 2);
          assertArrayEquals(new double[] {0, -200}, Elements.of(LogSoftmax.value(gap, 1)), 1e-30);
          return null;
        });
  }

  // ---- errors

  @Test
  void wrongArgumentsAreRefused() {
    INDArray x = sines(DataType.DOUBLE, 2, 3);
    for (DataType type : List.of(DataType.INT32, DataType.BOOL)) {
      String message = "x dtype must be half, bfloat16, float or double, got " + type;
      INDArray wrong = x.castTo(type);
      forEveryOp(message, wrong, 1);
    }
    forEveryOp("x must be an array, got null", null, 1);
    forEveryOp("axis must be in [-2, 2) for x of shape (2, 3), got 2", x, 2);
    forEveryOp("axis must be in [-2, 2) for x of shape (2, 3), got -3", x, -3);
    forEveryOp(
        "x must have an element along axis 1, got shape (2, 0)",
        Nd4j.create(DataType.FLOAT, 2, 0),
        1);
    forEveryOp("x must have rank 1 at least, got a scalar", Nd4j.scalar(1.0), 0);
  }

  private static void forEveryOp(String message, INDArray x, int axis) {
    for (Path path : Path.values()) {
      path.run(
          () -> {
            assertRefused(message, () -> LogSumExp.value(x, axis));
            assertRefused(message, () -> LogSumExp.gradient(x, axis));
            assertRefused(message, () -> LogSoftmax.value(x, axis));
            assertRefused(message, () -> LogSoftmax.gradient(x, axis, x));
            return null;
          });
    }
  }

  @Test
  void upstreamMustBeLikeX() {
    INDArray x = sines(DataType.DOUBLE, 2, 3);
    assertRefused(
        "upstream must be like x, DOUBLE (2, 3), got DOUBLE (3, 2)",
        () -> LogSoftmax.gradient(x, 1, x.transpose()));
    assertRefused(
        "upstream must be like x, DOUBLE (2, 3), got FLOAT (2, 3)",
        () -> LogSoftmax.gradient(x, 1, x.castTo(DataType.FLOAT)));
    assertRefused("upstream must be an array, got null", () -> LogSoftmax.gradient(x, 1, null));
  }

  @Test
  void closedArraysAreRefused() {
    INDArray x = sines(DataType.DOUBLE, 2, 3);
    INDArray closed = x.dup();
    closed.close();
    for (Executable call :
        List.<Executable>of(
            () -> LogSumExp.value(closed, 1),
            () -> LogSumExp.gradient(closed, 1),
            () -> LogSoftmax.value(closed, 1),
            () -> LogSoftmax.gradient(closed, 1, x))) {
      assertEquals(
          "x must be open, but has been closed",
          assertThrows(IllegalStateException.class, call).getMessage());
    }
    assertEquals(
        "upstream must be open, but has been closed",
        assertThrows(IllegalStateException.class, () -> LogSoftmax.gradient(x, 1, closed))
            .getMessage());
  }

  // ---- helpers

  private static void assertSame(Results expected, Results actual, String what) {
    for (int i = 0; i < 4; i++) {
      Elements.assertSame(expected.all().get(i), actual.all().get(i), what + ", result " + i);
    }
  }

  private static INDArray sines(DataType type, long... shape) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(numbers, i -> 6 * Math.sin(2 + 3.7 * i));
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', shape);
  }

  private static long[] without(long[] shape, int axis) {
    long[] rest = new long[shape.length - 1];
    System.arraycopy(shape, 0, rest, 0, axis);
    System.arraycopy(shape, axis + 1, rest, axis, rest.length - axis);
    return rest;
  }
}

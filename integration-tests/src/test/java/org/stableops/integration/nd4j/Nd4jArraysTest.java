package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.integration.Effort;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/** Any layout, rank and workspace gives the bits of the same elements in plain 'c' order. */
@Tag("thorough")
final class Nd4jArraysTest {
  private static final List<DataType> TYPES =
      List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE);

  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  /** An operator with a parameter. */
  private record Op(Elementwise operator, double p) {
    /** At a parameter that is not the default; squareplus as ReLU, too. */
    static final List<Op> ALL =
        Stream.concat(
                Operators.ALL.stream().map(operator -> new Op(operator, 1.7)),
                Stream.of(new Op(Operators.SQUAREPLUS, 0)))
            .toList();

    /**
     * By default half of the operators, the other half at the next turn: every operator in every
     * layout, every operator of every dtype, and every dtype in every layout, but not all three.
     */
    static List<Op> some(int turn) {
      return IntStream.range(0, ALL.size())
          .filter(i -> (i + turn) % Effort.of(2, 1) == 0)
          .mapToObj(ALL::get)
          .toList();
    }

    INDArray value(INDArray x) {
      return OperatorClass.inNd4j(operator).call("value", x, p);
    }

    INDArray gradient(INDArray x) {
      return OperatorClass.inNd4j(operator).call("gradient", x, p);
    }

    void valueInto(INDArray x, INDArray out) {
      OperatorClass.inNd4j(operator).call("valueInto", x, p, out);
    }
  }

  // ---- elementwise

  @ParameterizedTest
  @EnumSource
  void anyLayoutGivesTheSameBits(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            AtomicInteger turn = new AtomicInteger(TYPES.indexOf(type));
            layouts(type)
                .forEach(
                    (name, x) -> {
                      for (Op op : Op.some(turn.getAndIncrement())) {
                        sameBits(op, x, op + ", " + type + ", " + name);
                      }
                    });
          }
          return null;
        });
  }

  private static void sameBits(Op op, INDArray x, String what) {
    long[] before = Elements.bits(x);
    INDArray plain = Elements.plain(x);
    INDArray value = op.value(x);
    INDArray gradient = op.gradient(x);
    Elements.assertSame(op.value(plain), value, "value, " + what);
    Elements.assertSame(op.gradient(plain), gradient, "gradient, " + what);
    for (INDArray out : outs(x)) {
      op.valueInto(x, out);
      Elements.assertSame(value, out, "valueInto, " + what);
    }
    assertArrayEquals(before, Elements.bits(x), "x is read only: " + what);
    // A new array: writing to it leaves x alone.
    value.assign(7);
    gradient.assign(7);
    assertArrayEquals(before, Elements.bits(x), "the result is a new array: " + what);
    assertEquals(x.isEmpty(), value.isEmpty(), what);
  }

  /** Arrays of x's shape in both orders, and as a view. */
  private static List<INDArray> outs(INDArray x) {
    if (x.isEmpty() || x.rank() == 0) {
      return List.of(Nd4j.create(x.dataType(), x.shape()));
    }
    long[] wider = x.shape().clone();
    wider[0] += 2;
    INDArray view = Nd4j.create(x.dataType(), wider).get(NDArrayIndex.interval(1, 1 + x.size(0)));
    return List.of(
        Nd4j.create(x.dataType(), x.shape(), 'c'), Nd4j.create(x.dataType(), x.shape(), 'f'), view);
  }

  @ParameterizedTest
  @EnumSource
  void valueIntoMayWriteOverItsArgument(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            AtomicInteger turn = new AtomicInteger(TYPES.indexOf(type));
            layouts(type)
                .forEach(
                    (name, x) -> {
                      List<Op> ops = Op.some(turn.getAndIncrement());
                      if (name.startsWith("broadcast")) {
                        return; // its elements share memory
                      }
                      for (Op op : ops) {
                        INDArray before = Elements.plain(x);
                        op.valueInto(x, x);
                        Elements.assertSame(op.value(before), x, op + ", " + type + ", " + name);
                        x.assign(before);
                      }
                    });
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void valueIntoAViewLeavesItsNeighboursAlone(Path path) {
    path.run(
        () -> {
          INDArray parent = Nd4j.ones(DataType.FLOAT, 4, 5).muli(9);
          INDArray out = parent.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(0, 2, 5));
          INDArray x = numbers(DataType.FLOAT, 2, 3);
          Squareplus.valueInto(x, out);
          INDArray value = Squareplus.value(x);
          for (int row = 0; row < 4; row++) {
            for (int column = 0; column < 5; column++) {
              boolean inView = (row == 1 || row == 2) && column % 2 == 0;
              double expected = inView ? value.getDouble(row - 1, column / 2) : 9;
              assertEquals(expected, parent.getDouble(row, column));
            }
          }
          return null;
        });
  }

  @Test
  void resultsKeepTheOrderOfContiguousArrays() {
    assertEquals('f', Softplus.value(numbers(DataType.FLOAT, 3, 4).dup('f')).ordering());
    assertEquals('c', Softplus.value(numbers(DataType.FLOAT, 3, 4)).ordering());
  }

  /** Everything that ND4J has between an element and its place in memory. */
  private static Map<String, INDArray> layouts(DataType type) {
    Map<String, INDArray> layouts = new LinkedHashMap<>();
    INDArray matrix = numbers(type, 6, 7);
    INDArray cube = numbers(type, 4, 5, 6);
    layouts.put("c", numbers(type, 6, 7));
    layouts.put("f", numbers(type, 6, 7).dup('f'));
    layouts.put("f, rank 3", numbers(type, 3, 4, 5).dup('f'));
    layouts.put("transpose", numbers(type, 6, 7).transpose());
    layouts.put("transpose of f", numbers(type, 6, 7).dup('f').transpose());
    layouts.put("permute", numbers(type, 4, 5, 6).permute(2, 0, 1));
    layouts.put("row", matrix.getRow(4));
    layouts.put("column", matrix.getColumn(3));
    layouts.put("rows with offset", matrix.get(NDArrayIndex.interval(2, 5), NDArrayIndex.all()));
    layouts.put("block", matrix.get(NDArrayIndex.interval(1, 4), NDArrayIndex.interval(2, 6)));
    layouts.put(
        "strided", matrix.get(NDArrayIndex.interval(0, 2, 6), NDArrayIndex.interval(1, 3, 7)));
    layouts.put(
        "block of f",
        numbers(type, 6, 7).dup('f').get(NDArrayIndex.interval(1, 4), NDArrayIndex.interval(2, 6)));
    layouts.put("slice", cube.slice(2));
    layouts.put("slice of the middle", cube.slice(2, 1));
    layouts.put("tensor along dimensions", cube.tensorAlongDimension(1, 0, 2));
    layouts.put("permuted block", cube.slice(1).permute(1, 0).getRow(3));
    layouts.put("reshape", numbers(type, 6, 7).reshape(3, 14));
    layouts.put("reshape to f", numbers(type, 6, 7).reshape('f', 2, 21));
    layouts.put("view of a vector", numbers(type, 20).get(NDArrayIndex.interval(5, 11)));
    layouts.put("broadcast row", numbers(type, 1, 4).broadcast(3, 4));
    layouts.put("broadcast column", numbers(type, 3, 1).broadcast(3, 4));
    layouts.put("rank 0", Nd4j.scalar(type, 1.25));
    layouts.put("rank 0, an element", matrix.getScalar(1, 1));
    long[] shape = {2, 1, 3, 2, 1, 2, 2, 2};
    for (int rank = 1; rank <= 8; rank += rank < 4 ? 1 : Effort.of(4, 1)) {
      long[] sizes = Arrays.copyOf(shape, rank);
      layouts.put("rank " + rank, numbers(type, sizes));
      int[] reversed = new int[rank];
      Arrays.setAll(reversed, axis -> sizes.length - 1 - axis);
      layouts.put("rank " + rank + ", reversed", numbers(type, sizes).permute(reversed));
    }
    layouts.put("one element", numbers(type, 1, 1, 1));
    layouts.put("empty", Nd4j.create(type, 0));
    layouts.put("empty, rank 3", Nd4j.create(type, 3, 0, 2));
    layouts.put("large", numbers(type, 5000));
    layouts.put("large, transposed", numbers(type, 100, 50).transpose());
    return layouts;
  }

  /** Negative and positive numbers of many sizes, zeros and what is no number. */
  private static INDArray numbers(DataType type, long... shape) {
    double[] special = {0, -0.0, 1e-3, Double.NaN, 1e4, Double.POSITIVE_INFINITY, -1e4};
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i % 5 == 4 ? special[i / 5 % special.length] : 10 * Math.sin(1 + 2.5 * i);
    }
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', shape);
  }

  // ---- cross-entropy

  @ParameterizedTest
  @EnumSource
  void theClassAxisMayBeAnyOfAnyRank(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            long[] shape = {2, 3, 4, 1, 2, 3, 1, 2};
            for (int rank = 1; rank <= Effort.of(4, 8); rank++) {
              INDArray z = logits(type, Arrays.copyOf(shape, rank));
              for (int axis = 0; axis < rank; axis++) {
                sameAsRows(z, axis, axis);
                sameAsRows(z.dup('f'), axis, axis - rank);
              }
            }
          }
          return null;
        });
  }

  /** Compares every element with those of rows × classes that the test has gathered itself. */
  private static void sameAsRows(INDArray z, int axis, int given) {
    String what = z.dataType() + " " + Arrays.toString(z.shape()) + ", axis " + given;
    int classes = (int) z.size(axis);
    int rows = (int) (z.length() / classes);
    INDArray flat = classesLast(z, axis).reshape('c', rows, classes);
    INDArray y = Nd4j.create(DataType.INT64, rows);
    INDArray q = Nd4j.create(z.dataType(), rows, classes);
    for (int row = 0; row < rows; row++) {
      y.putScalar(row, row * 7 % classes);
      for (int c = 0; c < classes; c++) {
        q.putScalar(row, c, (row + 2 * c) % 4 / 4.0);
      }
    }
    long[] rowShape = without(z.shape(), axis);
    INDArray labels = rowShape.length == 0 ? Nd4j.scalar(y.getLong(0)) : y.reshape('c', rowShape);
    INDArray probabilities = fromClassesLast(q, z.shape(), axis);
    CrossEntropyOptions options = NONE.withAxis(given);

    ValueAndGradient<INDArray> sparse =
        SparseSoftmaxCrossEntropy.valueAndGradient(z, labels, options);
    assertArrayEquals(rowShape, sparse.value().shape(), what);
    assertArrayEquals(
        Elements.bits(SparseSoftmaxCrossEntropy.value(flat, y, NONE)),
        Elements.bits(sparse.value()),
        what);
    Elements.assertSame(
        SparseSoftmaxCrossEntropy.gradient(flat, y, NONE),
        classesLast(sparse.gradient(), axis).reshape('c', rows, classes),
        what);
    assertArrayEquals(z.shape(), sparse.gradient().shape(), what);

    ValueAndGradient<INDArray> dense =
        SoftmaxCrossEntropy.valueAndGradient(z, probabilities, options);
    assertArrayEquals(
        Elements.bits(SoftmaxCrossEntropy.value(flat, q, NONE)),
        Elements.bits(dense.value()),
        what);
    Elements.assertSame(
        SoftmaxCrossEntropy.gradient(flat, q, NONE),
        classesLast(dense.gradient(), axis).reshape('c', rows, classes),
        what);
  }

  private static INDArray classesLast(INDArray z, int axis) {
    return Elements.plain(z.rank() < 2 ? z : z.permute(toLast(z.rank(), axis)));
  }

  private static INDArray fromClassesLast(INDArray rows, long[] shape, int axis) {
    int[] toLast = toLast(shape.length, axis);
    long[] last = new long[shape.length];
    int[] back = new int[shape.length];
    for (int i = 0; i < shape.length; i++) {
      last[i] = shape[toLast[i]];
      back[toLast[i]] = i;
    }
    INDArray shaped = rows.reshape('c', last);
    return shape.length < 2 ? shaped : shaped.permute(back);
  }

  private static int[] toLast(int rank, int axis) {
    int[] order = new int[rank];
    for (int i = 0, next = 0; i < rank; i++) {
      if (i != axis) {
        order[next++] = i;
      }
    }
    order[rank - 1] = axis;
    return order;
  }

  private static long[] without(long[] shape, int axis) {
    long[] rest = new long[shape.length - 1];
    for (int i = 0, next = 0; i < shape.length; i++) {
      if (i != axis) {
        rest[next++] = shape[i];
      }
    }
    return rest;
  }

  @ParameterizedTest
  @EnumSource
  void anyLayoutOfLogitsLabelsAndWeightsGivesTheSameBits(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            INDArray parent = logits(type, 9, 11);
            Map<String, INDArray> layouts = new LinkedHashMap<>();
            layouts.put("f", parent.dup('f'));
            layouts.put("transpose", logits(type, 11, 9).transpose());
            layouts.put(
                "block", parent.get(NDArrayIndex.interval(2, 7), NDArrayIndex.interval(3, 9)));
            layouts.put(
                "strided",
                parent.get(NDArrayIndex.interval(0, 2, 9), NDArrayIndex.interval(1, 3, 11)));
            layouts.put("rows", parent.get(NDArrayIndex.interval(4, 9), NDArrayIndex.all()));
            layouts.put("broadcast", logits(type, 1, 5).broadcast(4, 5));
            layouts.forEach((name, z) -> sameCrossEntropy(z, type + ", " + name));
          }
          return null;
        });
  }

  private static void sameCrossEntropy(INDArray z, String what) {
    int rows = (int) z.size(0);
    int classes = (int) z.size(1);
    INDArray plainLabels = labels(DataType.INT64, rows, classes);
    INDArray labelView = Nd4j.zeros(DataType.INT64, rows, 3).getColumn(1);
    labelView.assign(plainLabels);
    INDArray plainProbabilities = Nd4j.linspace(z.dataType(), 0, 0.125, rows * classes);
    plainProbabilities = plainProbabilities.reshape('c', rows, classes);
    INDArray massView = Nd4j.zeros(z.dataType(), classes + 1, rows + 2);
    massView =
        massView
            .get(NDArrayIndex.interval(1, classes + 1), NDArrayIndex.interval(1, rows + 1))
            .transpose();
    massView.assign(plainProbabilities);
    INDArray plainWeights = Nd4j.linspace(DataType.FLOAT, 0, 0.5, rows);
    INDArray weightView = Nd4j.zeros(DataType.FLOAT, 3, rows).dup('f').getRow(1);
    weightView.assign(plainWeights);
    INDArray plain = Elements.plain(z);
    long[] before = Elements.bits(z);
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
      assertSame(
          SparseSoftmaxCrossEntropy.valueAndGradient(plain, plainLabels, plainWeights, options),
          SparseSoftmaxCrossEntropy.valueAndGradient(z, labelView, weightView, options),
          what + ", sparse " + reduction);
      assertSame(
          SoftmaxCrossEntropy.valueAndGradient(plain, plainProbabilities, plainWeights, options),
          SoftmaxCrossEntropy.valueAndGradient(z, massView, weightView, options),
          what + ", dense " + reduction);
      ValueAndGradient<INDArray> both =
          SoftmaxCrossEntropy.valueAndGradient(z, massView, weightView, options);
      Elements.assertSame(
          both.value(), SoftmaxCrossEntropy.value(z, massView, weightView, options), what);
      Elements.assertSame(
          both.gradient(), SoftmaxCrossEntropy.gradient(z, massView, weightView, options), what);
      both.gradient().assign(7);
      both.value().assign(7);
    }
    assertArrayEquals(before, Elements.bits(z), what);
    Elements.assertSame(plainLabels, labelView, what);
    Elements.assertSame(plainProbabilities, massView, what);
    Elements.assertSame(plainWeights, weightView, what);
  }

  @ParameterizedTest
  @EnumSource
  void labelsMayHaveAnyIntegerDtypeAndOneAtTheClassAxis(Path path) {
    path.run(
        () -> {
          INDArray z = logits(DataType.DOUBLE, 4, 5, 3);
          for (int axis = 0; axis < 3; axis++) {
            long[] rowShape = without(z.shape(), axis);
            long[] withOne = z.shape().clone();
            withOne[axis] = 1;
            INDArray y =
                labels(DataType.INT64, (int) (z.length() / z.size(axis)), (int) z.size(axis));
            CrossEntropyOptions options = NONE.withAxis(axis);
            ValueAndGradient<INDArray> expected =
                SparseSoftmaxCrossEntropy.valueAndGradient(z, y.reshape('c', rowShape), options);
            for (DataType type :
                List.of(
                    DataType.INT8,
                    DataType.UINT8,
                    DataType.INT16,
                    DataType.UINT16,
                    DataType.INT32,
                    DataType.UINT32,
                    DataType.INT64,
                    DataType.UINT64)) {
              INDArray typed = y.castTo(type);
              for (long[] shape : List.of(rowShape, withOne)) {
                String what = type + " " + Arrays.toString(shape);
                assertSame(
                    expected,
                    SparseSoftmaxCrossEntropy.valueAndGradient(
                        z, typed.reshape('c', shape), options),
                    what);
                assertSame(
                    expected,
                    SparseSoftmaxCrossEntropy.valueAndGradient(
                        z, typed.reshape('c', shape).dup('f'), options),
                    what + ", f");
              }
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void rowsOfWeightZeroAreNeverRead(Path path) {
    path.run(
        () -> {
          for (DataType type : TYPES) {
            INDArray z = logits(type, 3, 4);
            INDArray y = Nd4j.createFromArray(1, 0, 3);
            INDArray q = Nd4j.linspace(type, 0, 0.125, 12).reshape(3, 4);
            INDArray weights = Nd4j.createFromArray(2.0, 0, 0.5);
            INDArray spoiled = z.dup();
            spoiled.getRow(1).assign(Double.NaN);
            INDArray spoiledProbabilities = q.dup();
            spoiledProbabilities.getRow(1).assign(-1);
            INDArray spoiledLabels = Nd4j.createFromArray(1, 99, 3);
            for (Reduction reduction : Reduction.values()) {
              CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
              String what = type + ", " + reduction;
              assertSame(
                  SparseSoftmaxCrossEntropy.valueAndGradient(z, y, weights, options),
                  SparseSoftmaxCrossEntropy.valueAndGradient(
                      spoiled, spoiledLabels, weights, options),
                  what);
              assertSame(
                  SoftmaxCrossEntropy.valueAndGradient(z, q, weights, options),
                  SoftmaxCrossEntropy.valueAndGradient(
                      spoiled, spoiledProbabilities, weights, options),
                  what);
              INDArray gradient = SparseSoftmaxCrossEntropy.gradient(spoiled, y, weights, options);
              assertArrayEquals(new double[4], Elements.of(gradient.getRow(1)), what);
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void noRowsGiveAnEmptyLossOrZero(Path path) {
    path.run(
        () -> {
          INDArray z = Nd4j.create(DataType.FLOAT, 0, 3);
          INDArray y = Nd4j.create(DataType.INT32, 0);
          for (Reduction reduction : Reduction.values()) {
            CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
            for (ValueAndGradient<INDArray> both :
                List.of(
                    SparseSoftmaxCrossEntropy.valueAndGradient(z, y, options),
                    SoftmaxCrossEntropy.valueAndGradient(z, z, options),
                    SoftmaxCrossEntropy.valueAndGradient(
                        z, z, Nd4j.create(DataType.FLOAT, 0), options))) {
              boolean isNone = reduction == Reduction.NONE;
              assertArrayEquals(isNone ? new long[] {0} : new long[0], both.value().shape());
              assertEquals(DataType.FLOAT, both.value().dataType());
              if (!isNone) {
                assertEquals(0, both.value().getDouble(0));
              }
              assertArrayEquals(new long[] {0, 3}, both.gradient().shape());
            }
          }
          return null;
        });
  }

  private static void assertSame(
      ValueAndGradient<INDArray> expected, ValueAndGradient<INDArray> actual, String what) {
    Elements.assertSame(expected.value(), actual.value(), "value, " + what);
    Elements.assertSame(expected.gradient(), actual.gradient(), "gradient, " + what);
  }

  private static INDArray logits(DataType type, long... shape) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 6 * Math.sin(2 + 3.7 * i);
    }
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', shape);
  }

  private static INDArray labels(DataType type, int rows, int classes) {
    INDArray labels = Nd4j.create(DataType.INT64, rows);
    for (int row = 0; row < rows; row++) {
      labels.putScalar(row, row * 7 % classes);
    }
    return labels.castTo(type);
  }

  // ---- workspaces

  @ParameterizedTest
  @EnumSource
  void resultsInAWorkspaceAreItsOwnAndMayLeaveIt(Path path) {
    path.run(
        () -> {
          INDArray outside = numbers(DataType.FLOAT, 5, 6);
          INDArray z = logits(DataType.FLOAT, 4, 3);
          INDArray y = Nd4j.createFromArray(0, 1, 2, 1);
          INDArray q = Nd4j.linspace(DataType.FLOAT, 0, 0.125, 12).reshape(4, 3);
          INDArray weights = Nd4j.createFromArray(1f, 0, 2, 3);
          List<INDArray> expected = results(outside, z, y, q, weights);
          WorkspaceConfiguration configuration =
              WorkspaceConfiguration.builder().initialSize(1 << 20).build();
          for (int round = 0; round < Effort.of(5, 20); round++) {
            List<INDArray> detached;
            try (MemoryWorkspace workspace =
                Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "ARRAYS")) {
              List<INDArray> inside =
                  results(outside.dup(), z.dup(), y.dup(), q.dup(), weights.dup());
              for (INDArray result : inside) {
                assertTrue(result.isAttached(), "a result belongs to the workspace");
              }
              detached = inside.stream().map(INDArray::detach).toList();
              assertTrue(workspace.isScopeActive());
            }
            for (int i = 0; i < expected.size(); i++) {
              assertFalse(detached.get(i).isAttached());
              Elements.assertSame(expected.get(i), detached.get(i), "result " + i);
            }
          }
          // Nothing of the caller's was closed.
          for (INDArray argument : List.of(outside, z, y, q, weights)) {
            assertFalse(argument.wasClosed());
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource
  void resultsMayBeLeveragedToTheOuterWorkspace(Path path) {
    path.run(
        () -> {
          WorkspaceConfiguration configuration =
              WorkspaceConfiguration.builder().initialSize(1 << 20).build();
          INDArray x = numbers(DataType.DOUBLE, 5, 6);
          INDArray expected = Softplus.value(x);
          try (MemoryWorkspace outer =
              Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "OUTER")) {
            INDArray leveraged;
            try (MemoryWorkspace inner =
                Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "INNER")) {
              assertNotSame(outer, inner);
              leveraged = Softplus.value(x).leverageTo("OUTER");
            }
            Elements.assertSame(expected, leveraged, "leveraged");
          }
          return null;
        });
  }

  private static List<INDArray> results(
      INDArray x, INDArray z, INDArray y, INDArray q, INDArray weights) {
    List<INDArray> results = new ArrayList<>();
    for (Op op : Op.ALL) {
      results.add(op.value(x));
      results.add(op.gradient(x.transpose()));
    }
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
      ValueAndGradient<INDArray> sparse =
          SparseSoftmaxCrossEntropy.valueAndGradient(z, y, weights, options);
      ValueAndGradient<INDArray> dense =
          SoftmaxCrossEntropy.valueAndGradient(z, q, weights, options);
      results.addAll(List.of(sparse.value(), sparse.gradient(), dense.value(), dense.gradient()));
      INDArray transposed = z.transpose();
      results.add(SparseSoftmaxCrossEntropy.gradient(transposed, y, options.withAxis(0)));
    }
    return results;
  }
}

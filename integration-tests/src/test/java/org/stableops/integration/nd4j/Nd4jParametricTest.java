package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;
import org.stableops.FusedPath;
import org.stableops.integration.Effort;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.host.Path;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/**
 * An array for the parameter: shapes, layouts, SameDiff, errors. How good the numbers are, the
 * oracle tells; here they have the same bits as those of plain arrays and of the parameter expanded
 * by hand.
 */
@Tag("thorough")
@ParameterizedClass
@EnumSource(Path.class)
final class Nd4jParametricTest {
  private static final List<DataType> TYPES =
      List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE);

  @Parameter Path path;
  private String pathBefore;

  @BeforeEach
  void switchPath() {
    pathBefore = System.getProperty(FusedPath.PROPERTY, "true");
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(path == Path.FUSED));
  }

  @AfterEach
  void switchPathBack() {
    System.setProperty(FusedPath.PROPERTY, pathBefore);
  }

  @FunctionalInterface
  private interface Function {
    INDArray apply(INDArray x, INDArray parameter);
  }

  @FunctionalInterface
  private interface OfNumber {
    INDArray apply(INDArray x, double parameter);
  }

  @FunctionalInterface
  private interface InGraph {
    SDVariable apply(SDVariable x, SDVariable parameter);
  }

  @FunctionalInterface
  private interface Writer {
    void accept(INDArray x, INDArray parameter, INDArray out);
  }

  enum Op {
    SOFTPLUS(Operators.SOFTPLUS),
    SOFTPLUS_INVERSE(Operators.SOFTPLUS_INVERSE),
    SQUAREPLUS(Operators.SQUAREPLUS),
    SQUAREPLUS_INVERSE(Operators.SQUAREPLUS_INVERSE);

    private final String parameter;
    private final Function value;
    private final Function gradient;
    private final Function parameterGradient;
    private final Writer valueInto;
    private final InGraph inGraph;
    private final OfNumber valueOfNumber;
    private final OfNumber gradientOfNumber;

    Op(Elementwise operator) {
      OperatorClass of = OperatorClass.inNd4j(operator);
      parameter = operator.parameter().name();
      value = (x, p) -> of.call("value", x, p);
      gradient = (x, p) -> of.call("gradient", x, p);
      parameterGradient = (x, p) -> of.call("parameterGradient", x, p);
      valueInto = (x, p, out) -> of.call("valueInto", x, p, out);
      inGraph = (x, p) -> of.call("value", x, p);
      valueOfNumber = (x, p) -> of.call("value", x, p);
      gradientOfNumber = (x, p) -> of.call("gradient", x, p);
    }
  }

  // ---- arrays

  /** Every layout of x and of the parameter, against plain arrays of x's shape. */
  @ParameterizedTest
  @EnumSource
  void anyLayoutOfEitherIsItsPlainExpansion(Op op) {
    for (DataType type : TYPES) {
      somePairs(type).forEach((name, pair) -> sameBits(op, pair[0], pair[1], name + ", " + type));
    }
  }

  private static void sameBits(Op op, INDArray x, INDArray p, String what) {
    long[] beforeX = Elements.bits(x);
    long[] beforeP = Elements.bits(p);
    INDArray plainX = Elements.plain(x);
    INDArray expanded = expanded(p, x.shape());
    INDArray value = op.value.apply(x, p);
    Elements.assertSame(op.value.apply(plainX, expanded), value, "value, " + what);
    Elements.assertSame(
        op.gradient.apply(plainX, expanded), op.gradient.apply(x, p), "gradient, " + what);
    INDArray byParameter = op.parameterGradient.apply(x, p);
    Elements.assertSame(
        op.parameterGradient.apply(plainX, Elements.plain(p)), byParameter, "sums, " + what);
    INDArray out = Nd4j.create(x.dataType(), x.shape(), 'f');
    op.valueInto.accept(x, p, out);
    Elements.assertSame(value, out, "valueInto, " + what);
    assertArrayEquals(beforeX, Elements.bits(x), "x is read only: " + what);
    assertArrayEquals(beforeP, Elements.bits(p), "the parameter is read only: " + what);
  }

  /** By default every third pair, the others of the next dtypes. */
  private static Map<String, INDArray[]> somePairs(DataType type) {
    Map<String, INDArray[]> pairs = pairs(type);
    AtomicInteger turn = new AtomicInteger(TYPES.indexOf(type));
    pairs.keySet().removeIf(name -> turn.getAndIncrement() % Effort.of(3, 1) != 0);
    return pairs;
  }

  private static Map<String, INDArray[]> pairs(DataType type) {
    Map<String, INDArray[]> pairs = new LinkedHashMap<>();
    put(pairs, "row", numbers(type, 6, 7), positive(type, 7));
    put(pairs, "row of rank 2", numbers(type, 6, 7), positive(type, 1, 7));
    put(pairs, "column", numbers(type, 6, 7), positive(type, 6, 1));
    put(pairs, "f", numbers(type, 6, 7).dup('f'), positive(type, 6, 7));
    put(pairs, "both f", numbers(type, 6, 7).dup('f'), positive(type, 6, 7).dup('f'));
    put(pairs, "transpose", numbers(type, 6, 7).transpose(), positive(type, 6).reshape(1, 6));
    put(pairs, "channels", numbers(type, 2, 3, 4, 5), positive(type, 3, 1, 1));
    put(pairs, "channels of f", numbers(type, 2, 3, 4, 5).dup('f'), positive(type, 3, 1, 1));
    put(pairs, "outer and inner", numbers(type, 2, 3, 4), positive(type, 2, 1, 4));
    put(pairs, "permuted", numbers(type, 4, 5, 6).permute(2, 0, 1), positive(type, 4, 1));
    put(
        pairs,
        "view",
        numbers(type, 6, 7).get(NDArrayIndex.interval(1, 4), NDArrayIndex.interval(2, 6)),
        positive(type, 3, 9).get(NDArrayIndex.all(), NDArrayIndex.interval(4, 5)));
    put(
        pairs,
        "strided parameter",
        numbers(type, 6, 4),
        positive(type, 6, 8).get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2, 8)));
    put(pairs, "parameter of f", numbers(type, 5, 6, 7), positive(type, 6, 7).dup('f'));
    put(pairs, "rank 8", numbers(type, 2, 1, 3, 2, 1, 2, 2, 2), positive(type, 3, 1, 1, 2, 1, 2));
    put(pairs, "large", numbers(type, 30, 80), positive(type, 80));
    put(pairs, "large column", numbers(type, 30, 80), positive(type, 30, 1));
    return pairs;
  }

  private static void put(
      Map<String, INDArray[]> pairs, String name, INDArray x, INDArray parameter) {
    pairs.put(name, new INDArray[] {x, parameter});
  }

  /** By indices, so that no broadcasting of the host's is relied on. */
  private static INDArray expanded(INDArray p, long[] shape) {
    int missing = shape.length - p.rank();
    INDArray expanded = Nd4j.create(p.dataType(), shape);
    long[] index = new long[shape.length];
    for (long i = 0; i < expanded.length(); i++) {
      long[] own = new long[p.rank()];
      for (int axis = 0; axis < own.length; axis++) {
        own[axis] = p.size(axis) == 1 ? 0 : index[axis + missing];
      }
      expanded.putScalar(index, own.length == 0 ? p.getDouble(0) : p.getDouble(own));
      for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
    return expanded;
  }

  @ParameterizedTest
  @EnumSource
  void sumsAreThoseOfTheTerms(Op op) {
    for (DataType type : TYPES) {
      somePairs(type)
          .forEach(
              (name, pair) -> {
                // Positive, so that no sum is NaN and none cancels.
                INDArray x = positiveOf(pair[0]);
                INDArray wide = x.castTo(DataType.DOUBLE);
                INDArray p = pair[1].castTo(DataType.DOUBLE);
                double[] terms =
                    Elements.of(op.parameterGradient.apply(wide, expanded(p, x.shape())));
                double[] expected = sums(terms, x.shape(), p.shape());
                double[] actual = Elements.of(op.parameterGradient.apply(x, pair[1]));
                for (int i = 0; i < expected.length; i++) {
                  double bar = bar(type, expected[i]);
                  assertEquals(expected[i], actual[i], bar, op + ", " + name + ", " + type);
                }
              });
    }
  }

  private static INDArray positiveOf(INDArray x) {
    double[] elements = Elements.of(x);
    for (int i = 0; i < elements.length; i++) {
      elements[i] = Double.isFinite(elements[i]) ? Math.abs(elements[i]) + 0.1 : 1;
    }
    return Nd4j.createFromArray(elements).castTo(x.dataType()).reshape(x.shape());
  }

  private static double[] sums(double[] terms, long[] x, long[] p) {
    double[] indices = new double[(int) Arrays.stream(p).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(indices, i -> i);
    double[] index = Elements.of(expanded(Nd4j.createFromArray(indices).reshape(p), x));
    double[] sums = new double[indices.length];
    for (int i = 0; i < terms.length; i++) {
      sums[(int) index[i]] += terms[i];
    }
    return sums;
  }

  /** Half an ulp and a little; of half, also among the subnormals. */
  private static double bar(DataType type, double expected) {
    double relative =
        switch (type) {
          case DOUBLE -> 0x1p-45;
          case FLOAT -> 0x1.01p-24;
          case HALF -> 0x1.01p-11;
          default -> 0x1.01p-8;
        };
    return relative * Math.abs(expected) + (type == DataType.FLOAT16 ? 0x1p-25 : 0);
  }

  @ParameterizedTest
  @EnumSource
  void oneElementIsANumber(Op op) {
    for (DataType type : TYPES) {
      INDArray x = numbers(type, 5, 4);
      for (INDArray p : List.of(Nd4j.scalar(type, 1.75), Nd4j.scalar(type, 1.75).reshape(1, 1))) {
        Elements.assertSame(op.valueOfNumber.apply(x, 1.75), op.value.apply(x, p), "value");
        Elements.assertSame(
            op.gradientOfNumber.apply(x, 1.75), op.gradient.apply(x, p), "gradient");
        assertArrayEquals(p.shape(), op.parameterGradient.apply(x, p).shape());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSingleElementOfXMayBeAnything(Op op) {
    double[] points = {0, -0.0, 1.5, -2, Double.NaN, Double.POSITIVE_INFINITY};
    for (DataType type : TYPES) {
      for (double point : points) {
        INDArray pair = Nd4j.createFromArray(point, point).castTo(type);
        INDArray parameters = Nd4j.createFromArray(1.75, 1.75).castTo(type);
        double expected = op.parameterGradient.apply(pair, parameters).getDouble(0);
        for (long[] shape : new long[][] {{}, {1}, {1, 1}}) {
          INDArray x = Nd4j.create(type, shape);
          x.putScalar(0, pair.getDouble(0));
          INDArray p = Nd4j.create(type, shape);
          p.putScalar(0, 1.75);
          assertEquals(expected, op.parameterGradient.apply(x, p).getDouble(0), type + " " + point);
        }
      }
    }
  }

  /** NaN is not lost in a sum of one element, nor infinity. */
  @ParameterizedTest
  @EnumSource
  void aSumIsNaNWhereATermIs(Op op) {
    for (DataType type : TYPES) {
      INDArray x = Nd4j.createFromArray(1, Double.NaN, 2, 3).castTo(type).reshape(2, 2);
      INDArray rows = op.parameterGradient.apply(x, positive(type, 2, 1));
      assertTrue(Double.isNaN(rows.getDouble(0)) && Double.isFinite(rows.getDouble(1)));
      INDArray one = op.parameterGradient.apply(x, positive(type, 1));
      assertTrue(Double.isNaN(one.getDouble(0)), op + ", " + type);
    }
  }

  @ParameterizedTest
  @EnumSource
  void emptyArraysGiveEmptyValuesAndSumsOfNothing(Op op) {
    for (DataType type : TYPES) {
      INDArray x = Nd4j.create(type, 0, 3);
      assertArrayEquals(new long[] {0, 3}, op.value.apply(x, positive(type, 3)).shape());
      assertArrayEquals(new long[] {0, 3}, op.gradient.apply(x, positive(type, 3)).shape());
      INDArray sums = op.parameterGradient.apply(x, positive(type, 3));
      assertArrayEquals(new double[3], Elements.of(sums));
      INDArray none = Nd4j.create(type, 0, 1);
      assertArrayEquals(new long[] {0, 3}, op.value.apply(x, none).shape());
      assertArrayEquals(new long[] {0, 1}, op.parameterGradient.apply(x, none).shape());
    }
  }

  @ParameterizedTest
  @EnumSource
  void theResultMayBeWrittenOverAnArgument(Op op) {
    for (DataType type : TYPES) {
      INDArray x = positive(type, 4, 6);
      INDArray p = positive(type, 4, 6).addi(1);
      INDArray expected = op.value.apply(x, p);
      INDArray overX = x.dup();
      op.valueInto.accept(overX, p, overX);
      Elements.assertSame(expected, overX, "over x");
      INDArray overP = p.dup();
      op.valueInto.accept(x, overP, overP);
      Elements.assertSame(expected, overP, "over the parameter");
      INDArray out = p.dup();
      INDArray row = out.get(NDArrayIndex.interval(0, 1), NDArrayIndex.all());
      INDArray ofRow = op.value.apply(x, row.dup());
      op.valueInto.accept(x, row, out);
      Elements.assertSame(ofRow, out, "over the row that is the parameter");
    }
  }

  // ---- errors

  @ParameterizedTest
  @EnumSource
  void whatIsWrongIsSaidAndNothingIsWritten(Op op) {
    INDArray x = numbers(DataType.FLOAT, 2, 4);
    INDArray out = Nd4j.ones(DataType.FLOAT, 2, 4);
    String name = op.parameter;
    String bound = name.equals("b") ? ">= 0" : "> 0";
    refused(
        op,
        name + " shape (3, 1) must broadcast to x shape (2, 4)",
        x,
        out,
        positive(DataType.FLOAT, 3, 1));
    refused(
        op,
        name + " shape (1, 2, 4) must broadcast to x shape (2, 4)",
        x,
        out,
        positive(DataType.FLOAT, 1, 2, 4));
    refused(
        op, name + " dtype must be x's, FLOAT, got DOUBLE", x, out, positive(DataType.DOUBLE, 4));
    refused(
        op,
        name + " dtype must be half, bfloat16, float or double, got INT",
        x,
        out,
        Nd4j.createFromArray(1, 1, 1, 1));
    refused(op, name + " must be an array, got null", x, out, null);
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      INDArray p = Nd4j.createFromArray(1, bad).castTo(DataType.FLOAT).reshape(2, 1);
      String message = name + " must be finite and " + bound + ", got " + bad + " at (1, 0)";
      refused(op, message, x, out, p);
      refused(op, message, x.castTo(DataType.FLOAT16), out, p.castTo(DataType.FLOAT16));
    }
    if (name.equals("beta")) {
      INDArray zero = Nd4j.scalar(DataType.FLOAT, 0);
      refused(op, "beta must be finite and > 0, got 0.0", x, out, zero);
    }
    INDArray closed = positive(DataType.FLOAT, 4).dup();
    closed.close();
    assertThrows(IllegalStateException.class, () -> op.value.apply(x, closed));
    assertArrayEquals(new double[] {1, 1, 1, 1, 1, 1, 1, 1}, Elements.of(out));
  }

  private static void refused(Op op, String message, INDArray x, INDArray out, INDArray p) {
    for (Executable call :
        List.<Executable>of(
            () -> op.value.apply(x, p),
            () -> op.gradient.apply(x, p),
            () -> op.parameterGradient.apply(x, p),
            () -> op.valueInto.accept(x, p, x.dup()))) {
      assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
    if (x.dataType() == out.dataType()) {
      assertThrows(IllegalArgumentException.class, () -> op.valueInto.accept(x, p, out));
    }
  }

  // ---- SameDiff

  /** Upstream times the gradient, which half types round once. */
  private static INDArray product(Op op, INDArray x, INDArray p, INDArray upstream) {
    DataType type = x.dataType() == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
    INDArray gradient = op.gradient.apply(x.castTo(type), p.castTo(type));
    return gradient.muli(upstream.castTo(type)).castTo(x.dataType());
  }

  @ParameterizedTest
  @EnumSource
  void samediffSumsUpstreamTimesTheTerms(Op op) {
    for (DataType type : TYPES) {
      INDArray x = positiveOf(numbers(type, 4, 3, 5));
      INDArray p = positive(type, 3, 1);
      INDArray upstream = numbers(DataType.DOUBLE, 4, 3, 5);
      INDArray weights = positiveOf(upstream).castTo(type);
      SameDiff graph = graph(op, x, p);
      graph.getVariable("value").mul(graph.constant("u", weights)).rename("loss");
      graph.setLossVariables("loss");
      Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "x", "p");
      Elements.assertSame(product(op, x, p, weights), gradients.get("x"), "to x, " + type);
      INDArray wideX = x.castTo(DataType.DOUBLE);
      INDArray wideP = expanded(p.castTo(DataType.DOUBLE), x.shape());
      INDArray terms =
          op.parameterGradient.apply(wideX, wideP).mul(weights.castTo(DataType.DOUBLE));
      double[] expected = sums(Elements.of(terms), x.shape(), p.shape());
      double[] actual = Elements.of(gradients.get("p"));
      assertArrayEquals(p.shape(), gradients.get("p").shape());
      assertEquals(type, gradients.get("p").dataType());
      for (int i = 0; i < expected.length; i++) {
        double bar = bar(type, expected[i]);
        assertEquals(expected[i], actual[i], bar, "to the parameter, " + type);
      }
    }
  }

  /** Its gradient starts as one scalar. */
  @ParameterizedTest
  @EnumSource
  void theValueMayBeTheLossOfTheGraph(Op op) {
    INDArray x = positiveOf(numbers(DataType.FLOAT, 4, 3));
    INDArray p = positive(DataType.FLOAT, 3);
    SameDiff graph = graph(op, x, p);
    graph.setLossVariables("value");
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "x", "p");
    Elements.assertSame(op.gradient.apply(x, p), gradients.get("x"), "to x");
    Elements.assertSame(op.parameterGradient.apply(x, p), gradients.get("p"), "to the parameter");
    Elements.assertSame(
        op.value.apply(x, p), graph.output(Map.of(), "value").get("value"), "value");
  }

  @ParameterizedTest
  @EnumSource
  void aCopyAndALoadedGraphComputeTheSameBits(Op op, @TempDir java.nio.file.Path folder) {
    INDArray x = positiveOf(numbers(DataType.DOUBLE, 4, 3));
    SameDiff graph = graph(op, x, positive(DataType.DOUBLE, 3));
    graph.getVariable("value").sum().rename("loss");
    graph.setLossVariables("loss");
    Map<String, INDArray> expected = graph.calculateGradients(Map.of(), "x", "p");
    File file = folder.resolve("graph.sd").toFile();
    graph.save(file, false);
    for (SameDiff other : List.of(graph.dup(), SameDiff.load(file, false))) {
      Map<String, INDArray> actual = other.calculateGradients(Map.of(), "x", "p");
      expected.forEach((name, array) -> Elements.assertSame(array, actual.get(name), name));
    }
  }

  @ParameterizedTest
  @EnumSource
  void fitFindsTheParameterOfItsData(Op op) {
    INDArray x = positiveOf(numbers(DataType.DOUBLE, 20, 2));
    INDArray wanted = Nd4j.createFromArray(1.5, 0.7);
    INDArray labels = op.value.apply(x, wanted);
    SameDiff graph = SameDiff.create();
    SDVariable input = graph.placeHolder("x", DataType.DOUBLE, -1, 2);
    SDVariable target = graph.placeHolder("y", DataType.DOUBLE, -1, 2);
    SDVariable p = graph.var("p", Nd4j.createFromArray(1.0, 1.0));
    SDVariable error = op.inGraph.apply(input, p).sub(target);
    error.mul(error).mean().rename("loss");
    graph.setLossVariables("loss");
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Sgd(rate(x, wanted, op)))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("y")
            .build());
    graph.fit(new SingletonDataSetIterator(new DataSet(x, labels)), 60);
    INDArray found = graph.getVariable("p").getArr();
    assertEquals(1.5, found.getDouble(0), 0.1, op.toString());
    assertEquals(0.7, found.getDouble(1), 0.1, op.toString());
  }

  /** That of Newton's method at the solution, for the steeper of the two. */
  private static double rate(INDArray x, INDArray p, Op op) {
    INDArray slopes = op.parameterGradient.apply(x, expanded(p, x.shape()));
    return 1 / slopes.mul(slopes).mean(0).maxNumber().doubleValue();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsWrongInAGraphIsSaidAndTheGraphGoesOn(Op op) {
    INDArray x = numbers(DataType.DOUBLE, 2, 3);
    SameDiff graph = SameDiff.create();
    SDVariable p = graph.placeHolder("p", DataType.DOUBLE, 3);
    op.inGraph.apply(graph.var("x", x), p).rename("value");
    graph.setLossVariables("value");
    INDArray bad = Nd4j.createFromArray(1.0, -2, 1);
    String bound = op.parameter.equals("b") ? ">= 0" : "> 0";
    String message = op.parameter + " must be finite and " + bound + ", got -2.0 at (1)";
    for (Executable call :
        List.<Executable>of(
            () -> graph.output(Map.of("p", bad), "value"),
            () -> graph.calculateGradients(Map.of("p", bad), "x"))) {
      assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
    INDArray good = positive(DataType.DOUBLE, 3);
    Elements.assertSame(
        op.value.apply(x, good), graph.output(Map.of("p", good), "value").get("value"), "value");
  }

  private static SameDiff graph(Op op, INDArray x, INDArray p) {
    SameDiff graph = SameDiff.create();
    op.inGraph.apply(graph.var("x", x), graph.var("p", p)).rename("value");
    return graph;
  }

  /** Negative and positive numbers of many sizes, zeros and what is no number. */
  private static INDArray numbers(DataType type, long... shape) {
    double[] special = {0, -0.0, 1e-3, Double.NaN, 1e4, Double.POSITIVE_INFINITY, -1e4};
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i % 5 == 4 ? special[i / 5 % special.length] : 10 * Math.sin(1 + 2.5 * i);
    }
    return Nd4j.createFromArray(numbers).castTo(type).reshape(shape);
  }

  /** Parameters between 0.3 and 3.3. */
  private static INDArray positive(DataType type, long... shape) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(numbers, i -> 1.8 + 1.5 * Math.sin(2 + 1.7 * i));
    return Nd4j.createFromArray(numbers).castTo(type).reshape(shape);
  }
}

package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.ElementwiseKernel;
import org.stableops.kernel.GumbelSoftmaxKernel;
import org.stableops.kernel.HessianKernel;
import org.stableops.kernel.LogSoftmaxKernel;
import org.stableops.kernel.LogSumExpKernel;
import org.stableops.kernel.PositiveKernel;
import org.stableops.kernel.RowLosses;

/**
 * The formulas of the composites in an arithmetic without faults, beside the kernels in double,
 * which are tested against exact numbers: what a host's primitives add is tested with the host.
 */
class CompositesTest {
  private static final PlainAlgebra M = new PlainAlgebra();
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final int ULPS = 12;

  /** Every size, both signs, the neighbourhood of each change of formula, and what is special. */
  private static double[] arguments(boolean isDouble) {
    double largest = isDouble ? 300 : 37;
    DoubleStream sizes =
        DoubleStream.iterate(-largest, e -> e <= largest, e -> e + 1.37).map(e -> Math.pow(10, e));
    DoubleStream near =
        DoubleStream.of(
            0.1, 0.4, 0.5, Math.log(2), 0.75, 1, 1.1, 2, 5, 36, 37, 39, 41, 69, 71, 88, 100, 709);
    double[] positive =
        DoubleStream.concat(sizes, near).map(x -> isDouble ? x : (float) x).toArray();
    DoubleStream special = DoubleStream.of(0, -0.0, INF, -INF, Double.NaN, Double.MIN_VALUE);
    return Stream.of(Arrays.stream(positive), Arrays.stream(positive).map(x -> -x), special)
        .flatMapToDouble(s -> s)
        .map(x -> isDouble ? x : (float) x)
        .toArray();
  }

  /** Powers of 2 for β, whose product with x is not rounded. */
  private static double[] parameters(Elementwise operator) {
    return operator.parameter().name().equals("beta")
        ? new double[] {1, 0.25, 4, 0x1p-110, 0x1p125}
        : new double[] {4, 0, 1e-6, 1.9, 1e6, 1e-35, 1e50, 1e-320, 1e300};
  }

  private static Elements elements(double... numbers) {
    return Elements.of(DoubleBuffer.wrap(numbers));
  }

  @FunctionalInterface
  private interface Sweep {
    void run(Elements x, Elements out);
  }

  private static double[] swept(double[] x, Sweep sweep) {
    double[] out = new double[x.length];
    sweep.run(elements(x), elements(out));
    return out;
  }

  private static void assertNear(
      double[] expected, PlainArray actual, double[] slack, String what, double[] x) {
    assertEquals(expected.length, actual.elements().length, what);
    for (int i = 0; i < expected.length; i++) {
      double e = actual.isDouble() ? expected[i] : (float) expected[i];
      double a = actual.elements()[i];
      double ulp = actual.isDouble() ? Math.ulp(e) : Math.ulp((float) e);
      boolean isNear = e == a || Math.abs(e - a) <= ULPS * ulp + slack[i];
      boolean isNaN = Double.isNaN(e) && Double.isNaN(a);
      double at = x[i];
      assertTrue(isNear || isNaN, () -> "%s of %s: %s instead of %s".formatted(what, at, a, e));
    }
  }

  private static double[] none(double[] x) {
    return new double[x.length];
  }

  /** Near the zero of softplus's inverse, and of a sum that is small because it cancels. */
  private static double[] ofInverse(Elementwise operator, double[] x, double p, double epsilon) {
    double[] slack = new double[x.length];
    if (operator == Operators.SOFTPLUS_INVERSE) {
      Arrays.setAll(slack, i -> p * x[i] > 0.3 && p * x[i] < 1.3 ? 4 * epsilon / p : 0);
    }
    return slack;
  }

  static Stream<Elementwise> operators() {
    return Operators.ALL.stream();
  }

  @ParameterizedTest
  @MethodSource("operators")
  void aNumberForParameterGivesWhatTheKernelGives(Elementwise operator) {
    for (boolean isDouble : new boolean[] {true, false}) {
      double[] x = arguments(isDouble);
      PlainArray array = PlainArray.of(isDouble, x);
      for (double p : parameters(operator)) {
        ElementwiseKernel kernel = operator.kernel().apply(p);
        String what = operator + " " + p + (isDouble ? " float64" : " float32");
        double[] slack = ofInverse(operator, x, p, isDouble ? 0x1p-52 : 0x1p-23);
        PlainArray value = M.toTypeOf(array, operator.composite().value(M, array, p));
        assertNear(swept(x, kernel::value), value, slack, what, x);
        PlainArray gradient = M.toTypeOf(array, operator.composite().gradient(M, array, p));
        assertNear(swept(x, kernel::gradient), gradient, none(x), what + " gradient", x);
        PlainArray second = M.toTypeOf(array, operator.composite().secondDerivative(M, array, p));
        assertNear(swept(x, kernel::secondDerivative), second, none(x), what + " second", x);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operators")
  void anArrayForParameterGivesWhatTheKernelGives(Elementwise operator) {
    double[] x = arguments(true);
    PlainArray array = PlainArray.of(true, x);
    for (double parameter : parameters(operator)) {
      double[] p = new double[x.length];
      Arrays.fill(p, parameter);
      PlainArray ofP = PlainArray.of(true, p);
      String what = operator + " of arrays " + parameter;
      assertNear(
          swept(x, (in, out) -> operator.arrays().value(in, elements(p), out)),
          operator.composite().value(M, array, ofP),
          ofInverse(operator, x, parameter, 0x1p-52),
          what,
          x);
      assertNear(
          swept(x, (in, out) -> operator.arrays().gradient(in, elements(p), out)),
          operator.composite().gradient(M, array, ofP),
          none(x),
          what + " gradient",
          x);
      assertNear(
          swept(x, (in, out) -> operator.arrays().parameterGradient(in, elements(p), out)),
          operator.composite().parameterGradient(M, array, ofP),
          none(x),
          what + " parameter gradient",
          x);
    }
  }

  static Stream<PositiveTransform> transforms() {
    return Stream.of(
            PositiveTransform.softplus(),
            PositiveTransform.softplus(0.25),
            PositiveTransform.squareplus(),
            PositiveTransform.squareplus(1e-6),
            PositiveTransform.squareplus(1e300),
            PositiveTransform.squareplus(1e-320),
            PositiveTransform.exp())
        .flatMap(transform -> Stream.of(transform, transform.withLowerBound(0.5)));
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void aPositiveTransformGivesWhatTheKernelGives(PositiveTransform transform) {
    double[] raw = arguments(true);
    PlainArray array = PlainArray.of(true, raw);
    PositiveComposite composite = new PositiveComposite(transform);
    ElementwiseKernel kernel = PositiveKernel.of(transform);
    double least = Math.nextUp(transform.lowerBound());
    PlainArray value = composite.value(M, array, least);
    assertNear(swept(raw, kernel::value), value, none(raw), "value", raw);
    PlainArray gradient = composite.gradient(M, array);
    assertNear(swept(raw, kernel::gradient), gradient, none(raw), "gradient", raw);
    ElementwiseKernel log = PositiveKernel.logDerivative(transform);
    double[] relative = new double[raw.length];
    Arrays.setAll(relative, i -> 8 * 0x1p-52 * Math.min(1, Math.abs(raw[i])));
    PlainArray logDerivative = composite.logDerivative(M, array);
    assertNear(swept(raw, log::value), logDerivative, relative, "log-derivative", raw);
    PlainArray slope = composite.logDerivativeGradient(M, array);
    assertNear(swept(raw, log::gradient), slope, none(raw), "its gradient", raw);
    double[] values = Arrays.stream(swept(raw, kernel::value)).filter(Double::isFinite).toArray();
    PlainArray inverse = composite.inverse(M, PlainArray.of(true, values), -Double.MAX_VALUE);
    ElementwiseKernel inverted = PositiveKernel.inverse(transform);
    double[] slack = new double[values.length];
    Arrays.fill(slack, 4 * 0x1p-52 / Math.min(1, transform.parameter()));
    boolean isSoftplus = transform.family() == PositiveTransform.Family.SOFTPLUS;
    assertNear(
        swept(values, inverted::value),
        inverse,
        isSoftplus ? slack : none(values),
        "inverse",
        values);
  }

  private static final int CLASSES = 7;

  /** Ordinary and confident rows, with absent classes, and all that a row can have. */
  private static double[] logits() {
    SplittableRandom random = new SplittableRandom(5);
    double[] ordinary = random.doubles(40L * CLASSES, -4, 4).toArray();
    Arrays.setAll(
        ordinary,
        i -> {
          int row = i / CLASSES;
          double spread = row % 4 == 1 ? 60 : row % 4 == 2 ? 1e-8 : 1;
          return row % 5 == 3 && i % 3 == 0 ? -INF : ordinary[i] * spread + 100 * (row % 3);
        });
    double[] special = {
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      -INF,
      -INF,
      -INF,
      -INF,
      -INF,
      -INF,
      -INF,
      1,
      2,
      INF,
      3,
      4,
      5,
      6,
      1,
      INF,
      INF,
      3,
      4,
      5,
      6,
      1,
      2,
      Double.NaN,
      3,
      4,
      5,
      6,
      INF,
      2,
      Double.NaN,
      3,
      4,
      5,
      6,
      -800,
      0,
      1,
      -746,
      -745,
      2,
      -700,
    };
    return DoubleStream.concat(Arrays.stream(ordinary), Arrays.stream(special)).toArray();
  }

  private static void assertRows(double[] expected, PlainArray actual, double slack, String what) {
    double[] place = new double[expected.length];
    Arrays.setAll(place, i -> i);
    double[] slacks = new double[expected.length];
    Arrays.fill(slacks, slack);
    assertNear(expected, actual, slacks, what, place);
  }

  @Test
  void softmaxGivesWhatTheKernelsGive() {
    double[] z = logits();
    int rows = z.length / CLASSES;
    SoftmaxComposite<PlainArray> softmax =
        new SoftmaxComposite<>(M, new PlainArray(z, CLASSES, true));
    double[] lse = LogSumExpKernel.value(elements(z), rows, CLASSES);
    assertRows(lse, softmax.logSumExp(), 0, "log-sum-exp");
    UnaryOperator<double[]> p =
        x -> swept(x, (in, out) -> LogSumExpKernel.gradient(in, rows, CLASSES, out));
    assertRows(p.apply(z), softmax.p(), 0, "softmax");
    double[] log = swept(z, (in, out) -> LogSoftmaxKernel.value(in, rows, CLASSES, out));
    assertRows(log, softmax.logSoftmax(), 0, "log-softmax");
    double[] rest = swept(z, (in, out) -> LogSoftmaxKernel.complement(in, rows, CLASSES, out));
    assertRows(rest, softmax.oneMinusP(), 0, "1 - softmax");
    double[] u = new SplittableRandom(6).doubles(z.length, -1, 1).toArray();
    double[] gradient =
        swept(z, (in, out) -> LogSoftmaxKernel.gradient(in, rows, CLASSES, elements(u), out));
    PlainArray upstream = new PlainArray(u, CLASSES, true);
    assertRows(gradient, softmax.logSoftmaxGradient(upstream), 0x1p-50, "its gradient");
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 0.5, 1, 3, 1e6})
  void gumbelSoftmaxGivesWhatTheKernelGives(double temperature) {
    double[] z = logits();
    SplittableRandom random = new SplittableRandom(8);
    double[] g = random.doubles(z.length, -3, 9).toArray();
    double[] u = random.doubles(z.length, -1, 1).toArray();
    PlainArray gumbels = new PlainArray(g, CLASSES, true);
    PlainArray upstream = new PlainArray(u, CLASSES, true);
    GumbelComposite<PlainArray> composite =
        new GumbelComposite<>(M, new PlainArray(z, CLASSES, true), gumbels, temperature);
    double slack = 0x1p-48 / temperature;
    assertRows(
        swept(GumbelSoftmaxKernel::value, z, g, temperature, null), composite.p(), 0, "value");
    assertRows(
        swept(GumbelSoftmaxKernel::hard, z, g, temperature, null), composite.hard(), 0, "hard");
    assertRows(
        swept(GumbelSoftmaxKernel::gradient, z, g, temperature, u),
        composite.gradient(upstream),
        slack,
        "gradient");
    assertRows(
        swept(GumbelSoftmaxKernel::byTemperature, z, g, temperature, null),
        composite.byTemperature(),
        slack,
        "slope");
    assertRows(
        swept(GumbelSoftmaxKernel::byTemperature, z, g, temperature, u),
        composite.byTemperature(upstream),
        slack,
        "terms");
  }

  private static double[] swept(
      GumbelSoftmaxKernel.Sweep sweep, double[] z, double[] g, double temperature, double[] u) {
    double[] out = new double[z.length];
    Elements upstream = u == null ? null : elements(u);
    int rows = z.length / CLASSES;
    sweep.apply(elements(z), elements(g), temperature, rows, CLASSES, upstream, elements(out));
    return out;
  }

  static Stream<CrossEntropyOptions> options() {
    CrossEntropyOptions sum = CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);
    CrossEntropyOptions weighted = sum.withClassWeights(1, 2, 0.5, 0, 3, 1, 1);
    return Stream.of(
        sum,
        weighted,
        sum.withLabelSmoothing(0.1),
        weighted.withLabelSmoothing(0.3),
        sum.withZLoss(0.01),
        weighted.withLabelSmoothing(1).withZLoss(0.1));
  }

  @ParameterizedTest
  @MethodSource("options")
  void crossEntropyGivesWhatTheKernelGives(CrossEntropyOptions options) {
    double[] z = logits();
    int rows = z.length / CLASSES;
    double[] q = new SplittableRandom(7).doubles(z.length, 0, 1).toArray();
    Arrays.setAll(q, i -> i % 4 == 0 || z[i] == -INF ? 0 : q[i]);
    double[] gradient = new double[z.length];
    CrossEntropyKernel.dense(
        elements(z), CLASSES, elements(q), rows, null, options, elements(gradient));
    CrossEntropyComposite<PlainArray> composite =
        CrossEntropyComposite.dense(
            new SoftmaxComposite<>(M, new PlainArray(z, CLASSES, true)),
            new PlainArray(q, CLASSES, true),
            options);
    RowLosses losses =
        CrossEntropyKernel.dense(elements(z), CLASSES, elements(q), rows, null, options, null);
    double[] lse = LogSumExpKernel.value(elements(z), rows, CLASSES);
    double[] weights =
        CrossEntropyComposite.weight(M, new PlainArray(q, CLASSES, true), options).elements();
    assertEquals(losses.weight(), Arrays.stream(weights).sum(), 1e-12 * losses.weight(), "weight");
    double[] expected = losses.losses();
    double[] cancelled = new double[rows];
    Arrays.setAll(cancelled, row -> 0x1p-48 * finite(expected[row]));
    double[] place = new double[z.length];
    Arrays.setAll(place, i -> i);
    assertNear(expected.clone(), composite.losses(), cancelled, "loss", place);
    PlainArray scales = new PlainArray(ones(rows), 1, true);
    double[] bars = new double[z.length];
    Arrays.setAll(bars, i -> 0x1p-46 * (1 + options.zLoss() * finite(lse[i / CLASSES])));
    assertNear(gradient, composite.gradient(scales), bars, "gradient", place);
  }

  @ParameterizedTest
  @MethodSource("options")
  void crossEntropyOfLabelsGivesWhatTheKernelGives(CrossEntropyOptions options) {
    double[] z = logits();
    int rows = z.length / CLASSES;
    long[] labels = new long[rows];
    Arrays.setAll(labels, row -> row % CLASSES);
    double[] gradient = new double[z.length];
    double[] expected =
        CrossEntropyKernel.sparse(elements(z), CLASSES, labels, null, options, elements(gradient))
            .losses()
            .clone();
    double[] ofLabels = SoftmaxShape.labelWeights(labels, ones(rows), options);
    double[] places = Arrays.stream(labels).asDoubleStream().toArray();
    CrossEntropyComposite<PlainArray> composite =
        CrossEntropyComposite.sparse(
            new SoftmaxComposite<>(M, new PlainArray(z, CLASSES, true)),
            new PlainArray(places, 1, true),
            options.classWeights().length == 0 ? null : new PlainArray(ofLabels, 1, true),
            options);
    double[] cancelled = new double[rows];
    Arrays.setAll(cancelled, row -> 0x1p-48 * finite(expected[row]));
    double[] place = new double[z.length];
    Arrays.setAll(place, i -> i);
    assertNear(expected, composite.losses(), cancelled, "loss", place);
    double[] bars = new double[z.length];
    Arrays.setAll(bars, i -> options.zLoss() == 0 ? 0x1p-48 : 1e-12);
    assertNear(
        gradient, composite.gradient(new PlainArray(ones(rows), 1, true)), bars, "gradient", place);
  }

  @ParameterizedTest
  @MethodSource("options")
  void theHessianIsWhatTheKernelGives(CrossEntropyOptions options) {
    double[] z = logits();
    int rows = z.length / CLASSES;
    long[] labels = new long[rows];
    Arrays.setAll(labels, row -> row % CLASSES);
    double[] q = new double[z.length];
    Arrays.setAll(q, i -> i % CLASSES == i / CLASSES % CLASSES ? 1 : 0);
    double[] v = new SplittableRandom(8).doubles(z.length, -1, 1).toArray();
    Arrays.setAll(v, i -> z[i] == -INF ? Double.NaN : v[i]);
    double[] ofLabels = SoftmaxShape.labelWeights(labels, ones(rows), options);
    PlainArray weights =
        options.classWeights().length == 0 ? null : new PlainArray(ofLabels, 1, true);
    PlainArray places = new PlainArray(Arrays.stream(labels).asDoubleStream().toArray(), 1, true);
    PlainArray logits = new PlainArray(z, CLASSES, true);
    for (CrossEntropyComposite<PlainArray> loss :
        List.of(
            CrossEntropyComposite.sparse(
                new SoftmaxComposite<>(M, logits), places, weights, options),
            CrossEntropyComposite.dense(
                new SoftmaxComposite<>(M, logits), new PlainArray(q, CLASSES, true), options))) {
      assertHessian(z, labels, v, options, loss);
      assertHessian(z, labels, null, options, loss);
    }
  }

  private static void assertHessian(
      double[] z,
      long[] labels,
      double[] v,
      CrossEntropyOptions options,
      CrossEntropyComposite<PlainArray> loss) {
    double[] expected = new double[z.length];
    Elements direction = v == null ? null : elements(v);
    HessianKernel.sparse(
        elements(z), CLASSES, labels, null, options, direction, elements(expected));
    Derivative<PlainArray> derivative =
        v == null
            ? Derivative.hessianDiagonal()
            : Derivative.hessianVectorProduct(new PlainArray(v, CLASSES, true));
    PlainArray actual = derivative.of(loss, new PlainArray(ones(labels.length), 1, true));
    double[] lse = LogSumExpKernel.value(elements(z), labels.length, CLASSES);
    double[] bars = new double[z.length];
    Arrays.setAll(bars, i -> 0x1p-46 * (1 + options.zLoss() * finite(lse[i / CLASSES])));
    double[] place = new double[z.length];
    Arrays.setAll(place, i -> i);
    assertNear(expected, actual, bars, "Hessian", place);
  }

  static Stream<CrossEntropyOptions> optionsWithoutSmoothing() {
    return options().filter(options -> options.labelSmoothing() == 0);
  }

  /** In double here, where every step is as right as float32's are. */
  @ParameterizedTest
  @MethodSource("optionsWithoutSmoothing")
  void crossEntropyOfFiniteRowsGivesWhatTheKernelGives(CrossEntropyOptions options) {
    double[][] finite =
        IntStream.range(0, logits().length / CLASSES)
            .mapToObj(row -> Arrays.copyOfRange(logits(), row * CLASSES, (row + 1) * CLASSES))
            .filter(row -> Double.isFinite(Arrays.stream(row).max().orElseThrow()))
            .toArray(double[][]::new);
    double[] z = Arrays.stream(finite).flatMapToDouble(Arrays::stream).toArray();
    double[] max =
        Arrays.stream(finite).mapToDouble(row -> Arrays.stream(row).max().orElseThrow()).toArray();
    int rows = finite.length;
    assertTrue(rows > 10, () -> rows + " rows");
    long[] labels = new long[rows];
    Arrays.setAll(labels, row -> row % CLASSES);
    double[] gradient = new double[z.length];
    double[] expected =
        CrossEntropyKernel.sparse(elements(z), CLASSES, labels, null, options, elements(gradient))
            .losses()
            .clone();
    double[] ofLabels = SoftmaxShape.labelWeights(labels, ones(rows), options);
    CrossEntropyComposite<PlainArray> composite =
        CrossEntropyComposite.ofFinite(
            M,
            new PlainArray(z, CLASSES, true),
            new PlainArray(max, 1, true),
            new PlainArray(Arrays.stream(labels).asDoubleStream().toArray(), 1, true),
            options.classWeights().length == 0 ? null : new PlainArray(ofLabels, 1, true),
            options);
    assertHessian(
        z, labels, new SplittableRandom(8).doubles(z.length, -1, 1).toArray(), options, composite);
    assertHessian(z, labels, null, options, composite);
    double[] lse = LogSumExpKernel.value(elements(z), rows, CLASSES);
    double[] place = new double[z.length];
    Arrays.setAll(place, i -> i);
    // What log S − d_y and the rounding of d lose: as many ulp as the logits are apart.
    double[] slack = new double[rows];
    Arrays.setAll(slack, row -> 0x1p-52 * 700 * finite(expected[row]));
    assertNear(expected, composite.losses(), slack, "loss", place);
    assertNear(lse, composite.logSumExp(), slack, "log-sum-exp", place);
    double[] bars = new double[z.length];
    Arrays.setAll(bars, i -> 0x1p-46 * (1 + options.zLoss() * finite(lse[i / CLASSES])));
    assertNear(
        gradient, composite.gradient(new PlainArray(ones(rows), 1, true)), bars, "gradient", place);
  }

  private static double[] ones(int count) {
    return DoubleStream.generate(() -> 1).limit(count).toArray();
  }

  private static double finite(double number) {
    return Double.isFinite(number) ? Math.abs(number) : 0;
  }
}

package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.DoubleRange;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** What must hold whatever the numbers are, in float64, on every host and path. */
@Tag("thorough")
class PropertiesTest {
  private static final double EPSILON = Format.FLOAT64.epsilon();
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  @Provide
  Arbitrary<Host> hosts() {
    return Arbitraries.of(Host.ALL);
  }

  @Provide
  Arbitrary<Double> betas() {
    return Arbitraries.of(0.1, 1.0 / 3, 0.5, 1.0, 1.7, 20.0);
  }

  @Provide
  Arbitrary<Double> bs() {
    return Arbitraries.of(1e-6, 1.0, 1.9218120556728056, 4.0, 1e6);
  }

  @Provide
  Arbitrary<double[]> rows() {
    return Arbitraries.doubles().between(-40, 40).array(double[].class).ofMinSize(2).ofMaxSize(12);
  }

  private static double value(
      Host host, Path path, ElementwiseFunction function, double x, double parameter) {
    double[] one = {x};
    return path.run(() -> host.value(function, one, parameter, Format.FLOAT64))[0];
  }

  private static double gradient(
      Host host, Path path, ElementwiseFunction function, double x, double parameter) {
    double[] one = {x};
    return path.run(() -> host.gradient(function, one, parameter, Format.FLOAT64))[0];
  }

  private static Host.Loss loss(Host host, Path path, CrossEntropyCase problem) {
    return path.run(() -> host.crossEntropy(problem, Format.FLOAT64));
  }

  /**
   * The inverse undoes the operator up to the rounding of what lies between, which it amplifies.
   */
  @Property(shrinking = ShrinkingMode.OFF)
  void theInverseOfSoftplusUndoesIt(
      @ForAll @From("hosts") Host host,
      @ForAll Path path,
      @ForAll @From("betas") double beta,
      @ForAll @DoubleRange(min = -600, max = 600) double p) {
    double x = p / beta;
    double y = value(host, path, ElementwiseFunction.SOFTPLUS, x, beta);
    double back = value(host, path, ElementwiseFunction.SOFTPLUS_INVERSE, y, beta);
    double slope = gradient(host, path, ElementwiseFunction.SOFTPLUS_INVERSE, y, beta);
    double bar = (8 + Math.abs(p)) * EPSILON * slope * y + 8 * EPSILON * (Math.abs(x) + 1 / beta);
    assertEquals(x, back, bar);
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void theInverseOfSquareplusUndoesIt(
      @ForAll @From("hosts") Host host,
      @ForAll Path path,
      @ForAll @From("bs") double b,
      @ForAll @DoubleRange(min = -1e8, max = 1e8) double x) {
    double y = value(host, path, ElementwiseFunction.SQUAREPLUS, x, b);
    double back = value(host, path, ElementwiseFunction.SQUAREPLUS_INVERSE, y, b);
    double slope = gradient(host, path, ElementwiseFunction.SQUAREPLUS_INVERSE, y, b);
    assertEquals(x, back, 8 * EPSILON * (slope * y + Math.abs(x)));
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void softplusOfXMinusSoftplusOfMinusXIsX(
      @ForAll @From("hosts") Host host,
      @ForAll Path path,
      @ForAll @From("betas") double beta,
      @ForAll @DoubleRange(min = -1000, max = 1000) double x) {
    double plus = value(host, path, ElementwiseFunction.SOFTPLUS, x, beta);
    double minus = value(host, path, ElementwiseFunction.SOFTPLUS, -x, beta);
    assertEquals(x, plus - minus, 8 * EPSILON * (plus + minus));
  }

  /** Central differences, with a step whose own error is third order. */
  @Property(shrinking = ShrinkingMode.OFF)
  void theGradientIsThatOfTheValue(
      @ForAll @From("hosts") Host host,
      @ForAll Path path,
      @ForAll ElementwiseFunction function,
      @ForAll @DoubleRange(min = -30, max = 30) double u) {
    double x = function.hasPositiveDomain() ? Math.exp(u / 6) : u;
    double parameter = function.parameters()[0];
    double h = 1e-5 * Math.max(Math.abs(x), function.hasPositiveDomain() ? x : 1);
    double above = value(host, path, function, x + h, parameter);
    double below = value(host, path, function, x - h, parameter);
    double difference = (above - below) / ((x + h) - (x - h));
    double gradient = gradient(host, path, function, x, parameter);
    double rounding = 8 * EPSILON * (Math.abs(above) + Math.abs(below) + 1) / (2 * h);
    assertEquals(difference, gradient, 1e-8 * Math.abs(gradient) + rounding);
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void theGradientOfCrossEntropyIsThatOfItsValue(
      @ForAll @From("hosts") Host host, @ForAll Path path, @ForAll @From("rows") double[] row) {
    int classes = row.length;
    long[] label = {Math.floorMod(Arrays.hashCode(row), classes)};
    double[] gradient =
        loss(host, path, CrossEntropyCase.sparse(row, classes, label, NONE)).gradient();
    double h = 1e-5;
    for (int c = 0; c < classes; c++) {
      double above =
          loss(host, path, CrossEntropyCase.sparse(moved(row, c, h), classes, label, NONE))
              .loss()[0];
      double below =
          loss(host, path, CrossEntropyCase.sparse(moved(row, c, -h), classes, label, NONE))
              .loss()[0];
      assertEquals((above - below) / (2 * h), gradient[c], 1e-8);
    }
  }

  private static double[] moved(double[] row, int c, double by) {
    double[] moved = row.clone();
    moved[c] += by;
    return moved;
  }

  /** A shift by a power of two loses nothing where it is exact, and then changes nothing. */
  @Property(shrinking = ShrinkingMode.OFF)
  void aShiftOfAllLogitsChangesNothing(
      @ForAll @From("hosts") Host host, @ForAll Path path, @ForAll @From("rows") double[] row) {
    double[] coarse = Arrays.stream(row).map(z -> Math.rint(z * 1024) / 1024).toArray();
    double[] shifted = Arrays.stream(coarse).map(z -> z + 0x1p20).toArray();
    long[] label = {row.length - 1};
    Host.Loss before = loss(host, path, CrossEntropyCase.sparse(coarse, row.length, label, NONE));
    Host.Loss after = loss(host, path, CrossEntropyCase.sparse(shifted, row.length, label, NONE));
    assertArrayEquals(before.loss(), after.loss());
    assertArrayEquals(before.gradient(), after.gradient());
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void theGradientOfARowSumsToZero(
      @ForAll @From("hosts") Host host, @ForAll Path path, @ForAll @From("rows") double[] row) {
    long[] label = {0};
    Host.Loss loss = loss(host, path, CrossEntropyCase.sparse(row, row.length, label, NONE));
    assertEquals(0, Arrays.stream(loss.gradient()).sum(), 8 * EPSILON);
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void oneHotAndIntegerLabelsAreTheSame(
      @ForAll @From("hosts") Host host, @ForAll Path path, @ForAll @From("rows") double[] row) {
    int label = Math.floorMod(Arrays.hashCode(row), row.length);
    double[] oneHot = new double[row.length];
    oneHot[label] = 1;
    Host.Loss sparse =
        loss(host, path, CrossEntropyCase.sparse(row, row.length, new long[] {label}, NONE));
    Host.Loss dense = loss(host, path, CrossEntropyCase.dense(row, row.length, oneHot, NONE));
    assertSame(path, sparse.loss(), dense.loss());
    assertSame(path, sparse.gradient(), dense.gradient());
  }

  /** The composites have a formula for labels and one for probabilities. */
  private static void assertSame(Path path, double[] expected, double[] actual) {
    if (path == Path.FUSED) {
      assertArrayEquals(expected, actual);
      return;
    }
    for (int i = 0; i < expected.length; i++) {
      double bar = 8 * EPSILON * Math.max(1, Math.abs(expected[i]));
      assertEquals(expected[i], actual[i], Double.isFinite(expected[i]) ? bar : 0);
    }
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void aPermutationOfTheClassesPermutesTheGradient(
      @ForAll @From("hosts") Host host, @ForAll Path path, @ForAll @From("rows") double[] row) {
    int n = row.length;
    double[] reversed = IntStream.range(0, n).mapToDouble(c -> row[n - 1 - c]).toArray();
    Host.Loss there = loss(host, path, CrossEntropyCase.sparse(row, n, new long[] {1}, NONE));
    Host.Loss back =
        loss(host, path, CrossEntropyCase.sparse(reversed, n, new long[] {n - 2}, NONE));
    assertEquals(there.loss()[0], back.loss()[0], 4 * EPSILON * there.loss()[0]);
    for (int c = 0; c < n; c++) {
      assertEquals(there.gradient()[c], back.gradient()[n - 1 - c], 4 * EPSILON);
    }
  }

  @Provide
  Arbitrary<CrossEntropyOptions> options() {
    return Combinators.combine(
            Arbitraries.of(Reduction.class),
            Arbitraries.of(0.0, 0.1, 0.9),
            Arbitraries.of(0.0, 1e-4, 0.3))
        .as(
            (reduction, smoothing, zLoss) ->
                CrossEntropyOptions.DEFAULT
                    .withReduction(reduction)
                    .withLabelSmoothing(smoothing)
                    .withZLoss(zLoss));
  }

  /** Weights of the classes of a row, and of the row. */
  private static double[] weights(double[] row) {
    return Arrays.stream(row).map(z -> 0.1 + Math.abs(z)).toArray();
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void oneHotAndIntegerLabelsAreTheSameUnderEveryOption(
      @ForAll @From("hosts") Host host,
      @ForAll Path path,
      @ForAll @From("options") CrossEntropyOptions options,
      @ForAll @From("rows") double[] row) {
    CrossEntropyOptions weighted = options.withClassWeights(weights(row));
    int label = Math.floorMod(Arrays.hashCode(row), row.length);
    double[] oneHot = new double[row.length];
    oneHot[label] = 1;
    CrossEntropyCase sparse =
        CrossEntropyCase.sparse(row, row.length, new long[] {label}, weighted);
    CrossEntropyCase dense = CrossEntropyCase.dense(row, row.length, oneHot, weighted);
    Host.Loss ofLabel = loss(host, path, sparse.withSampleWeights(0.7));
    Host.Loss ofProbabilities = loss(host, path, dense.withSampleWeights(0.7));
    assertSame(path, ofLabel.loss(), ofProbabilities.loss());
    assertSame(path, ofLabel.gradient(), ofProbabilities.gradient());
  }

  /** In the sum, and in the mean. */
  @Property(shrinking = ShrinkingMode.OFF)
  void aSampleWeightOfTwoIsTheRowTwice(
      @ForAll @From("hosts") Host host,
      @ForAll Path path,
      @ForAll @From("options") CrossEntropyOptions options,
      @ForAll @From("rows") double[] row) {
    CrossEntropyOptions reduced =
        options.reduction() == Reduction.NONE ? options.withReduction(Reduction.SUM) : options;
    int n = row.length;
    double[] other = Arrays.stream(row).map(z -> 1 - z / 2).toArray();
    double[] two = DoubleStream.concat(Arrays.stream(row), Arrays.stream(other)).toArray();
    double[] three = DoubleStream.concat(Arrays.stream(row), Arrays.stream(two)).toArray();
    double[] weighed =
        loss(
                host,
                path,
                CrossEntropyCase.sparse(two, n, new long[] {0, 1}, reduced).withSampleWeights(2, 1))
            .loss();
    double[] repeated =
        loss(host, path, CrossEntropyCase.sparse(three, n, new long[] {0, 0, 1}, reduced)).loss();
    assertEquals(repeated[0], weighed[0], 8 * EPSILON * repeated[0]);
  }
}

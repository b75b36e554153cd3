package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.LinearConformanceTest.BIAS;
import static org.stableops.integration.LinearConformanceTest.WEIGHT;
import static org.stableops.integration.LinearConformanceTest.problem;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.LinearConformanceTest.Setting;
import org.stableops.integration.host.LinearHost.Results;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.LinearCase;
import org.stableops.integration.oracle.LinearCase.Direction;
import org.stableops.integration.oracle.LinearExact;

/**
 * The Gauss–Newton product of the linear cross-entropy on every host, path and dtype against exact
 * arithmetic, and what makes it one.
 */
@Tag("thorough")
class GaussNewtonConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final CrossEntropyOptions SUM =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.SUM);
  private static final Measurements MEASUREMENTS = new Measurements();

  static Stream<Setting> settings() {
    return LinearConformanceTest.settings();
  }

  static Stream<Setting> ofFloat64() {
    return settings().filter(setting -> setting.format() == Format.FLOAT64);
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("Gauss–Newton product (shares of the bars)");
  }

  private static Results product(Setting setting, LinearCase problem, Direction v) {
    return setting.path().run(() -> setting.host().gaussNewton(problem, v, setting.format()));
  }

  // ---- against exact arithmetic

  private record Solved(LinearCase problem, Direction v, LinearExact.Gradients exact) {
    static Solved of(int number, Format format) {
      SplittableRandom random = new SplittableRandom(number);
      LinearCase problem = LinearProblems.draw(number, random, format);
      Direction v = direction(problem, random, format, number % 8);
      return new Solved(problem, v, new LinearExact(problem).gaussNewton(v));
    }
  }

  private static final Map<Format, List<Solved>> SOLVED = new EnumMap<>(Format.class);

  private static List<Solved> solved(Format format) {
    return SOLVED.computeIfAbsent(
        format,
        key ->
            IntStream.range(0, LinearConformanceTest.PROBLEMS)
                .parallel()
                .mapToObj(i -> Solved.of(i, format))
                .toList());
  }

  /**
   * Numbers of different sizes, and NaN where nothing may be read.
   *
   * @param missing a bit for each part that is not there
   */
  private static Direction direction(
      LinearCase problem, SplittableRandom random, Format format, int missing) {
    int dimension = problem.dimension();
    IntPredicate isAbsent = c -> problem.bias() != null && problem.bias()[c] == -INF;
    double[] hidden = numbers(problem.hidden().length, random, format);
    double[] weight = numbers(problem.weight().length, random, format);
    double[] bias = numbers(problem.classes(), random, format);
    Arrays.setAll(hidden, i -> problem.counts(i / dimension) ? hidden[i] : NAN);
    Arrays.setAll(weight, i -> isAbsent.test(i / dimension) ? NAN : weight[i]);
    Arrays.setAll(bias, c -> isAbsent.test(c) ? NAN : bias[c]);
    return new Direction(
        (missing & 1) == 0 ? hidden : null,
        (missing & 2) == 0 ? weight : null,
        (missing & 4) == 0 && problem.bias() != null ? bias : null);
  }

  private static double[] numbers(int count, SplittableRandom random, Format format) {
    double size = Math.exp(4 * random.nextDouble() - 2);
    return random.doubles(count, -size, size).map(format::round).toArray();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void isWithinItsBars(Setting setting) {
    for (Solved solved : solved(setting.format())) {
      LinearCase problem = solved.problem;
      Results actual = product(setting, problem, solved.v);
      LinearConformanceTest.checkGradients(
          MEASUREMENTS, setting, problem, "", actual, solved.exact);
      if (problem.bias() == null) {
        assertNull(actual.bias());
      }
    }
  }

  // ---- what makes it a Gauss–Newton product

  private static void assertSame(Results expected, Results actual) {
    assertArrayEquals(expected.hidden(), actual.hidden());
    assertArrayEquals(expected.weight(), actual.weight());
    assertArrayEquals(expected.bias(), actual.bias());
  }

  /** Σ of the products of all numbers of a direction and of a result, and Σ of their sizes. */
  private static double[] dot(Direction v, Results product) {
    double[] both = new double[2];
    add(v.hidden(), product.hidden(), both);
    add(v.weight(), product.weight(), both);
    add(v.bias(), product.bias(), both);
    return both;
  }

  private static void add(double[] x, double[] y, double[] both) {
    for (int i = 0; x != null && i < x.length; i++) {
      double term = x[i] * y[i];
      both[0] += Double.isNaN(x[i]) ? 0 : term;
      both[1] += Double.isNaN(x[i]) ? 0 : Math.abs(term);
    }
  }

  @ParameterizedTest
  @MethodSource("ofFloat64")
  void isSymmetricAndWithoutAZLossPositive(Setting setting) {
    for (int i = 0; i < 40; i++) {
      SplittableRandom random = new SplittableRandom(i);
      LinearCase problem = LinearProblems.draw(i, random, setting.format());
      Direction u = direction(problem, random, setting.format(), 0);
      Direction v = direction(problem, random, setting.format(), i % 8);
      double[] uGv = dot(u, product(setting, problem, v));
      double[] vGu = dot(v, product(setting, problem, u));
      assertEquals(uGv[0], vGu[0], 1e-11 * (uGv[1] + vGu[1]), setting::toString);
      if (problem.options().zLoss() == 0) {
        double[] vGv = dot(v, product(setting, problem, v));
        assertTrue(vGv[0] >= -1e-12 * vGv[1], setting::toString);
      }
    }
  }

  /** All options together. */
  private static LinearCase every(Reduction reduction) {
    SplittableRandom random = new SplittableRandom(11);
    return new LinearCase(
        random.doubles(10, -1, 1).toArray(),
        random.doubles(12, -1, 1).toArray(),
        random.doubles(6, -1, 1).toArray(),
        new long[] {5, 2, 0, 3, 1},
        new double[] {1, 2, 0.5, 0, 1},
        CrossEntropyOptions.DEFAULT
            .withReduction(reduction)
            .withLabelSmoothing(0.2)
            .withZLoss(0.1)
            .withIgnoreIndex(2)
            .withClassWeights(random.doubles(6, 0.1, 2).toArray()));
  }

  /** Where logits are linear in what moves: by central differences of the gradient. */
  @ParameterizedTest
  @MethodSource("ofFloat64")
  void isTheHessianOfWhatTheLogitsAreLinearIn(Setting setting) {
    for (Reduction reduction : Reduction.values()) {
      LinearCase problem = every(reduction);
      SplittableRandom random = new SplittableRandom(5);
      Direction ofLayer =
          new Direction(
              null, random.doubles(12, -1, 1).toArray(), random.doubles(6, -1, 1).toArray());
      Results product = product(setting, problem, ofLayer);
      Results ahead = setting.compute(moved(problem, ofLayer, STEP));
      Results behind = setting.compute(moved(problem, ofLayer, -STEP));
      assertSlopes(ahead.weight(), behind.weight(), product.weight());
      assertSlopes(ahead.bias(), behind.bias(), product.bias());
      Direction ofHidden = new Direction(random.doubles(10, -1, 1).toArray(), null, null);
      assertSlopes(
          setting.compute(moved(problem, ofHidden, STEP)).hidden(),
          setting.compute(moved(problem, ofHidden, -STEP)).hidden(),
          product(setting, problem, ofHidden).hidden());
    }
  }

  private static final double STEP = 1e-5;

  private static LinearCase moved(LinearCase problem, Direction v, double step) {
    return new LinearCase(
        moved(problem.hidden(), v.hidden(), step),
        moved(problem.weight(), v.weight(), step),
        moved(problem.bias(), v.bias(), step),
        problem.labels(),
        problem.sampleWeights(),
        problem.options());
  }

  private static double[] moved(double[] numbers, double[] v, double step) {
    double[] moved = numbers.clone();
    Arrays.setAll(moved, i -> v == null ? numbers[i] : numbers[i] + step * v[i]);
    return moved;
  }

  private static void assertSlopes(double[] ahead, double[] behind, double[] product) {
    assertTrue(Arrays.stream(product).anyMatch(number -> Math.abs(number) > 0.01));
    for (int i = 0; i < product.length; i++) {
      assertEquals((ahead[i] - behind[i]) / (2 * STEP), product[i], 1e-8);
    }
  }

  /** A part that is missing is one of zeros, and parts add up. */
  @ParameterizedTest
  @MethodSource("settings")
  void isLinearInTheDirection(Setting setting) {
    LinearCase problem = problem(new double[] {1, 2, 0.5, -1, 3, 1}, BIAS, SUM, 3, 0, 1);
    double[] ofHidden = {1, -1, 0.5, 2, -0.25, 1};
    double[] ofWeight = {0.5, 1, -1, 0.25, 2, -2, 1, 0.5};
    double[] ofBias = {1, -0.5, 0.25, 2};
    Results alone = product(setting, problem, new Direction(ofHidden, null, null));
    assertSame(
        alone, product(setting, problem, new Direction(ofHidden, new double[8], new double[4])));
    Results rest = product(setting, problem, new Direction(null, ofWeight, ofBias));
    Results all = product(setting, problem, new Direction(ofHidden, ofWeight, ofBias));
    double bar = 256 * setting.format().epsilon();
    assertArrayEquals(sum(alone.hidden(), rest.hidden()), all.hidden(), bar);
    assertArrayEquals(sum(alone.weight(), rest.weight()), all.weight(), bar);
    assertArrayEquals(sum(alone.bias(), rest.bias()), all.bias(), bar);
    Results none = product(setting, problem, new Direction(null, null, null));
    assertArrayEquals(new double[6], plusZero(none.hidden()));
    assertArrayEquals(new double[8], plusZero(none.weight()));
    assertArrayEquals(new double[4], plusZero(none.bias()));
  }

  private static double[] sum(double[] x, double[] y) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] + y[i]).toArray();
  }

  private static double[] plusZero(double[] x) {
    return Arrays.stream(x).map(v -> v + 0.0).toArray();
  }

  // ---- special rows

  /** Hidden states of tokens that are ignored, or weigh nothing, and how they change. */
  @ParameterizedTest
  @MethodSource("settings")
  void whatDoesNotCountIsNeverRead(Setting setting) {
    double[] numbers = {1, 2, 0, 0, 0.5, -1, 0, 0, 3, 1};
    double[] poisoned = {1, 2, NAN, INF, 0.5, -1, -INF, NAN, 3, 1};
    double[] ofWeight = {0.5, 1, -1, 0.25, 2, -2, 1, 0.5};
    Direction clean = new Direction(numbers, ofWeight, BIAS);
    Direction dirty = new Direction(poisoned, ofWeight, BIAS);
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = SUM.withReduction(reduction).withIgnoreIndex(-7);
      double[] weights = {1, 1, 2, 0, 0.5};
      LinearCase expected =
          problem(numbers, BIAS, options, 3, -7, 0, 99, 1).withSampleWeights(weights);
      LinearCase actual =
          problem(poisoned, BIAS, options, 3, -7, 0, 99, 1).withSampleWeights(weights);
      Results all = product(setting, actual, dirty);
      assertSame(product(setting, expected, clean), all);
      for (int i : new int[] {2, 3, 6, 7}) {
        assertEquals(0, all.hidden()[i]);
      }
      assertTrue(all.hidden()[0] != 0 && all.hidden()[4] != 0 && all.hidden()[8] != 0);
    }
  }

  /** All tokens are ignored: nothing is divided by their weight. */
  @ParameterizedTest
  @MethodSource("settings")
  void nothingCounts(Setting setting) {
    double[] hidden = {NAN, 1, 2, INF};
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = SUM.withReduction(reduction).withIgnoreIndex(-7);
      for (double[] bias : new double[][] {BIAS, null}) {
        Results all =
            product(
                setting,
                problem(hidden, bias, options, -7, -7),
                new Direction(hidden, WEIGHT, bias));
        assertArrayEquals(new double[4], all.hidden());
        assertArrayEquals(new double[8], all.weight());
        assertArrayEquals(bias == null ? null : new double[4], all.bias());
      }
    }
  }

  /** As in the rows of the Hessian; a token that is NaN leaves the others alone. */
  @ParameterizedTest
  @MethodSource("settings")
  void specialRows(Setting setting) {
    Direction v = new Direction(new double[] {1, 2, 1, 1, 0.5, 1}, WEIGHT, BIAS);
    double[] hidden = {1, 2, NAN, 1, -0.5, 1};
    Results all = product(setting, problem(hidden, BIAS, SUM, 2, 1, 0), v);
    for (int i = 0; i < 6; i++) {
      assertEquals(i == 2 || i == 3, Double.isNaN(all.hidden()[i]));
    }
    for (double number : all.weight()) {
      assertEquals(NAN, number);
    }
    double[] certain = {0.5, INF, 0, 1};
    double[] finite = {1, 2, -0.5, 1};
    Direction ofTwo = new Direction(finite, WEIGHT, BIAS);
    Results one = product(setting, problem(finite, certain, SUM, 1, 0), ofTwo);
    assertArrayEquals(new double[4], plusZero(one.bias()));
    assertArrayEquals(new double[4], plusZero(one.hidden()));
    double[] twice = {0.5, INF, 0, INF};
    Results two = product(setting, problem(finite, twice, SUM, 1, 0), ofTwo);
    assertArrayEquals(new double[] {NAN, NAN, NAN, NAN}, two.bias());
  }

  @ParameterizedTest
  @MethodSource("settings")
  void theSameCallGivesTheSameBits(Setting setting) {
    for (int i = 0; i < 6; i++) {
      SplittableRandom random = new SplittableRandom(i);
      LinearCase problem = LinearProblems.draw(i + 40, random, setting.format());
      Direction v = direction(problem, random, setting.format(), 0);
      assertSame(product(setting, problem, v), product(setting, problem, v));
    }
  }
}

package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.LinearHost;
import org.stableops.integration.host.LinearHost.Argument;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.LinearCase;
import org.stableops.integration.oracle.LinearExact;

/** The linear cross-entropy on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class LinearConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final CrossEntropyOptions NONE =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
  private static final Measurements MEASUREMENTS = new Measurements();

  /** Every option alone three times, each with another reduction, and combinations of them. */
  static final int PROBLEMS = Effort.of(9, 200);

  record Setting(LinearHost host, Path path, Format format) {
    double[] value(LinearCase problem) {
      return path.run(() -> host.value(problem, format));
    }

    LinearHost.Results compute(LinearCase problem) {
      return path.run(() -> host.compute(problem, format));
    }

    LinearHost.Results backprop(LinearCase problem, double[] upstream, Set<Argument> trained) {
      return path.run(() -> host.backprop(problem, format, upstream, trained));
    }

    /** Of an upstream of ones, to all there is. */
    LinearHost.Results inTraining(LinearCase problem) {
      double[] ones =
          new double[problem.options().reduction() == Reduction.NONE ? problem.tokens() : 1];
      Arrays.fill(ones, 1);
      Set<Argument> all = EnumSet.allOf(Argument.class);
      all.removeIf(argument -> argument == Argument.BIAS && problem.bias() == null);
      return backprop(problem, ones, all);
    }

    boolean isNarrow() {
      return format == Format.FLOAT16 || format == Format.BFLOAT16;
    }

    Measurements.Row row(String what) {
      return new Measurements.Row(what, host.name(), path, format);
    }

    @Override
    public String toString() {
      return host.name() + " " + path + " " + format;
    }
  }

  static Stream<Setting> settings() {
    return LinearHost.ALL.stream()
        .flatMap(
            host ->
                host.formats().stream()
                    .flatMap(
                        format ->
                            Arrays.stream(Path.values())
                                .map(path -> new Setting(host, path, format))));
  }

  // ---- against exact arithmetic

  /**
   * A problem, what is exact, and the same with an upstream.
   *
   * @param trained what is not frozen
   */
  private record Solved(
      LinearCase problem,
      LinearExact.Numbers losses,
      LinearExact.Gradients gradients,
      double[] upstream,
      LinearExact.Gradients withUpstream,
      Set<Argument> trained) {}

  private static final Map<Format, List<Solved>> SOLVED = new EnumMap<>(Format.class);

  private static List<Solved> solved(Format format) {
    return SOLVED.computeIfAbsent(
        format,
        key -> IntStream.range(0, PROBLEMS).parallel().mapToObj(i -> solve(i, format)).toList());
  }

  private static Solved solve(int number, Format format) {
    SplittableRandom random = new SplittableRandom(number);
    LinearCase problem = LinearProblems.draw(number, random, format);
    LinearExact exact = new LinearExact(problem);
    LinearExact.Numbers losses = exact.losses();
    double[] upstream = random.doubles(losses.exact().length, -3, 3).map(format::round).toArray();
    Set<Argument> trained = EnumSet.noneOf(Argument.class);
    for (Argument argument : Argument.values()) {
      boolean isThere = argument != Argument.BIAS || problem.bias() != null;
      if (isThere && (number % 8 >> argument.ordinal()) % 2 == 0) {
        trained.add(argument);
      }
    }
    return new Solved(
        problem, losses, exact.gradients(1), upstream, exact.gradients(upstream), trained);
  }

  @ParameterizedTest
  @MethodSource("settings")
  void isWithinItsBars(Setting setting) {
    for (Solved solved : solved(setting.format)) {
      LinearCase problem = solved.problem;
      LinearHost.Results explicit = setting.compute(problem);
      check(MEASUREMENTS, setting, problem, "loss", explicit.loss(), solved.losses);
      assertArrayEquals(explicit.loss(), setting.value(problem), setting::toString);
      checkGradients(MEASUREMENTS, setting, problem, "", explicit, solved.gradients);
      if (problem.bias() == null) {
        assertNull(explicit.bias());
      }
      if (!solved.trained.isEmpty()) {
        LinearHost.Results inTraining = setting.backprop(problem, solved.upstream, solved.trained);
        assertArrayEquals(explicit.loss(), inTraining.loss(), setting::toString);
        checkGradients(
            MEASUREMENTS, setting, problem, ", training", inTraining, solved.withUpstream);
      }
    }
  }

  static void checkGradients(
      Measurements measurements,
      Setting setting,
      LinearCase problem,
      String what,
      LinearHost.Results actual,
      LinearExact.Gradients exact) {
    check(measurements, setting, problem, "by hidden" + what, actual.hidden(), exact.hidden());
    check(measurements, setting, problem, "by weight" + what, actual.weight(), exact.weight());
    check(measurements, setting, problem, "by bias" + what, actual.bias(), exact.bias());
  }

  /** Of what is frozen there is none. */
  private static void check(
      Measurements measurements,
      Setting setting,
      LinearCase problem,
      String what,
      double[] actual,
      LinearExact.Numbers numbers) {
    if (actual == null) {
      return;
    }
    assertEquals(numbers.exact().length, actual.length);
    for (int i = 0; i < actual.length; i++) {
      Exact exact = numbers.exact()[i];
      double bar = LinearProblems.bar(problem, setting.format, exact, numbers.bars()[i]);
      if (Math.abs(exact.nearest()) + bar < setting.format.max()) {
        double share = Math.abs(actual[i] - exact.nearest()) / bar;
        assertTrue(
            share <= 1,
            () ->
                "%s, %s is %s of the bar off, %s: %s"
                    .formatted(
                        setting, what, share, exact.nearest(), LinearProblems.text(problem)));
        measurements.add(setting.row(what), !what.equals("loss"), share, 1);
      }
    }
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("linear cross-entropy (shares of the bars)");
  }

  // ---- properties

  static final double[] WEIGHT = {1, -2, 0.5, 3, -1, 0.25, 2, 0.5};
  static final double[] BIAS = {0.5, -1, 0, 2};

  static LinearCase problem(
      double[] hidden, double[] bias, CrossEntropyOptions options, long... labels) {
    return new LinearCase(hidden, WEIGHT, bias, labels, null, options);
  }

  private static void assertSame(LinearHost.Results expected, LinearHost.Results actual) {
    assertArrayEquals(expected.loss(), actual.loss());
    assertArrayEquals(expected.hidden(), actual.hidden());
    assertArrayEquals(expected.weight(), actual.weight());
    assertArrayEquals(expected.bias(), actual.bias());
  }

  /** Hidden states of tokens that are ignored, or weigh nothing. */
  @ParameterizedTest
  @MethodSource("settings")
  void whatDoesNotCountIsNeverRead(Setting setting) {
    double[] numbers = {1, 2, 0, 0, 0.5, -1, 0, 0, 3, 1};
    double[] poisoned = {1, 2, NAN, INF, 0.5, -1, -INF, NAN, 3, 1};
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT.withReduction(reduction).withIgnoreIndex(-7);
      LinearCase expected =
          problem(numbers, BIAS, options, 3, -7, 0, 99, 1).withSampleWeights(1, 1, 2, 0, 0.5);
      LinearCase actual =
          problem(poisoned, BIAS, options, 3, -7, 0, 99, 1).withSampleWeights(1, 1, 2, 0, 0.5);
      assertSame(setting.compute(expected), setting.compute(actual));
      assertSame(setting.inTraining(expected), setting.inTraining(actual));
      for (LinearHost.Results all : List.of(setting.compute(actual), setting.inTraining(actual))) {
        for (int i : new int[] {2, 3, 6, 7}) {
          assertEquals(0, all.hidden()[i]);
        }
        assertTrue(all.hidden()[0] != 0 && all.hidden()[4] != 0 && all.hidden()[8] != 0);
      }
      assertArrayEquals(setting.value(expected), setting.value(actual));
    }
  }

  /** All tokens are ignored: nothing is divided by their weight, and backward works. */
  @ParameterizedTest
  @MethodSource("settings")
  void nothingCounts(Setting setting) {
    double[] hidden = {NAN, 1, 2, INF};
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT.withReduction(reduction).withIgnoreIndex(-7);
      for (double[] bias : new double[][] {BIAS, null}) {
        LinearCase problem = problem(hidden, bias, options, -7, -7);
        for (LinearHost.Results all :
            List.of(setting.compute(problem), setting.inTraining(problem))) {
          assertArrayEquals(new double[reduction == Reduction.NONE ? 2 : 1], all.loss());
          assertArrayEquals(new double[4], all.hidden());
          assertArrayEquals(new double[8], all.weight());
          assertArrayEquals(bias == null ? null : new double[4], all.bias());
        }
      }
    }
  }

  /** A bias of −inf: all is as without the class, but for the 0 in its place. */
  @ParameterizedTest
  @MethodSource("settings")
  void aBiasOfMinusInfinityMakesAnAbsentClass(Setting setting) {
    double[] hidden = {1, 2, -0.5, 1};
    double[] absent = {0.5, -1, 0, -INF};
    CrossEntropyOptions options = NONE.withLabelSmoothing(0.25).withZLoss(0.5);
    LinearCase without =
        new LinearCase(
            hidden,
            Arrays.copyOf(WEIGHT, 6),
            Arrays.copyOf(absent, 3),
            new long[] {2, 0},
            null,
            options);
    LinearCase with = problem(hidden, absent, options, 2, 0);
    LinearHost.Results expected = setting.compute(without);
    double bar = 8 * setting.format.epsilon();
    for (LinearHost.Results all : List.of(setting.compute(with), setting.inTraining(with))) {
      assertArrayEquals(expected.loss(), all.loss(), bar);
      assertArrayEquals(expected.hidden(), all.hidden(), bar);
      assertArrayEquals(Arrays.copyOf(expected.weight(), 8), all.weight(), bar);
      assertArrayEquals(Arrays.copyOf(expected.bias(), 4), all.bias(), bar);
      assertEquals(0, all.bias()[3]);
      assertEquals(0, all.weight()[6]);
      assertEquals(0, all.weight()[7]);
    }
    // Its label: the loss is infinite, the gradient p − 1 there.
    LinearHost.Results infinite = setting.compute(problem(hidden, absent, NONE, 3, 0));
    assertEquals(INF, infinite.loss()[0]);
    assertEquals(-1, infinite.bias()[3]);
    assertTrue(Arrays.stream(infinite.hidden()).allMatch(Double::isFinite));
  }

  /** As in the rows of a softmax cross-entropy; a token that is NaN leaves the others alone. */
  @ParameterizedTest
  @MethodSource("settings")
  void specialRows(Setting setting) {
    double[] hidden = {1, 2, NAN, 1, -0.5, 1};
    LinearHost.Results all = setting.compute(problem(hidden, BIAS, NONE, 2, 1, 0));
    double[] alone = setting.value(problem(new double[] {1, 2}, BIAS, NONE, 2));
    assertArrayEquals(
        new boolean[] {false, true, false}, isNan(all.loss()), Arrays.toString(all.loss()));
    assertEquals(alone[0], all.loss()[0], 4 * setting.format.ulp(alone[0]));
    assertArrayEquals(new boolean[] {false, false, true, true, false, false}, isNan(all.hidden()));
    for (double number : all.weight()) {
      assertEquals(NAN, number);
    }
    double[] certain = {0.5, INF, 0, 1};
    double[] finite = {1, 2, -0.5, 1};
    LinearHost.Results one = setting.compute(problem(finite, certain, NONE, 1, 0));
    assertArrayEquals(new double[] {0, INF}, one.loss());
    assertArrayEquals(new double[] {-1, 1, 0, 0}, one.bias());
    double[] twice = {0.5, INF, 0, INF};
    LinearHost.Results two = setting.compute(problem(finite, twice, NONE, 1, 0));
    assertArrayEquals(new double[] {NAN, NAN}, two.loss());
    assertArrayEquals(new double[] {NAN, NAN, NAN, NAN}, two.bias());
    double[] none = {-INF, -INF, -INF, -INF};
    assertArrayEquals(new double[] {NAN, NAN}, setting.value(problem(finite, none, NONE, 1, 0)));
  }

  private static boolean[] isNan(double[] numbers) {
    boolean[] isNan = new boolean[numbers.length];
    for (int i = 0; i < isNan.length; i++) {
      isNan[i] = Double.isNaN(numbers[i]);
    }
    return isNan;
  }

  @ParameterizedTest
  @MethodSource("settings")
  void theSameCallGivesTheSameBits(Setting setting) {
    for (int i = 0; i < 6; i++) {
      LinearCase problem = LinearProblems.draw(i + 40, new SplittableRandom(i), setting.format);
      assertSame(setting.compute(problem), setting.compute(problem));
      assertSame(setting.inTraining(problem), setting.inTraining(problem));
    }
  }

  /** All options together, by central differences of the value in float64. */
  @ParameterizedTest
  @MethodSource("settings")
  void gradientsAreSlopes(Setting setting) {
    if (setting.format != Format.FLOAT64) {
      return;
    }
    SplittableRandom random = new SplittableRandom(11);
    for (Reduction reduction : new Reduction[] {Reduction.SUM, Reduction.MEAN}) {
      LinearCase problem =
          new LinearCase(
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
      for (LinearHost.Results all :
          List.of(setting.compute(problem), setting.inTraining(problem))) {
        assertSlopes(setting, problem, problem.hidden(), all.hidden());
        assertSlopes(setting, problem, problem.weight(), all.weight());
        assertSlopes(setting, problem, problem.bias(), all.bias());
      }
    }
  }

  /** Moves each number in its place. */
  private static void assertSlopes(
      Setting setting, LinearCase problem, double[] numbers, double[] gradient) {
    double step = 1e-5;
    for (int i = 0; i < numbers.length; i++) {
      double number = numbers[i];
      numbers[i] = number + step;
      double above = setting.value(problem)[0];
      numbers[i] = number - step;
      double below = setting.value(problem)[0];
      numbers[i] = number;
      assertEquals((above - below) / (2 * step), gradient[i], 1e-8);
    }
  }
}

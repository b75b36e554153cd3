package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.integration.host.GumbelSoftmaxHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.GumbelExact;

/** The Gumbel-softmax on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class GumbelSoftmaxConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final String IN_TRAINING = ", in training";
  private static final Measurements MEASUREMENTS = new Measurements();

  /** About 50 elements each, at a temperature of its own. */
  private static final int PROBLEMS = Effort.of(3, 60);

  private static final int[] CLASSES = {2, 3, 5, 10, 50, 1};

  record Setting(GumbelSoftmaxHost host, Path path, Format format) {
    GumbelSoftmaxHost.Results compute(GumbelSoftmaxHost.Problem problem) {
      return path.run(() -> host.compute(problem, format));
    }

    GumbelSoftmaxHost.Results backprop(GumbelSoftmaxHost.Problem problem, boolean isHard) {
      return path.run(() -> host.backprop(problem, format, isHard));
    }

    private Measurements.Row row(String what) {
      return new Measurements.Row("GUMBEL_SOFTMAX" + what, host.name(), path, format);
    }

    @Override
    public String toString() {
      return host.name() + " " + path + " " + format;
    }
  }

  static Stream<Setting> settings() {
    return GumbelSoftmaxHost.ALL.stream()
        .flatMap(
            host ->
                host.formats().stream()
                    .flatMap(
                        format ->
                            Arrays.stream(Path.values())
                                .map(path -> new Setting(host, path, format))));
  }

  /** A problem, and what is exact about its rows. */
  private record Solved(GumbelSoftmaxHost.Problem problem, GumbelExact... rows) {
    static Solved of(GumbelSoftmaxHost.Problem problem) {
      int classes = (int) problem.shape()[1];
      GumbelExact[] rows = new GumbelExact[(int) problem.shape()[0]];
      Arrays.setAll(
          rows,
          r ->
              new GumbelExact(
                  row(problem.z(), r, classes),
                  row(problem.g(), r, classes),
                  problem.temperature(),
                  row(problem.u(), r, classes)));
      return new Solved(problem, rows);
    }

    int classes() {
      return (int) problem.shape()[1];
    }
  }

  private static double[] row(double[] all, int r, int classes) {
    return Arrays.copyOfRange(all, r * classes, (r + 1) * classes);
  }

  private static final Map<Format, List<Solved>> SOLVED = new EnumMap<>(Format.class);

  private static List<Solved> solved(Format format) {
    return SOLVED.computeIfAbsent(
        format,
        key ->
            IntStream.range(0, PROBLEMS)
                .parallel()
                .mapToObj(i -> Solved.of(draw(i, format)))
                .toList());
  }

  /**
   * Temperatures over the whole range. Rows whose elements are some temperatures apart, or far;
   * near 0, or far from it; with absent elements, with equal ones, and with ones that only what the
   * sum of logit and noise loses tells apart.
   */
  private static GumbelSoftmaxHost.Problem draw(int number, Format format) {
    SplittableRandom random = new SplittableRandom(number);
    int last = CLASSES.length;
    int classes = number % 50 == 49 ? 2500 : CLASSES[number % last];
    int rows = Math.max(1, 50 / classes);
    double temperature =
        number % 4 == 0 ? List.of(1.0, 0.5, 0.1, 3.0).get(number / 4 % 4) : temperature(random);
    double[] z = new double[rows * classes];
    double[] g = new double[z.length];
    double largest = format.max() / 4;
    for (int r = 0; r < rows; r++) {
      double spread =
          random.nextInt(4) == 0
              ? Math.exp(20 * random.nextDouble() - 10)
              : temperature * Math.exp(9 * random.nextDouble() - 2);
      double offset =
          random.nextInt(3) == 0 ? Math.exp(40 * random.nextDouble()) * (r % 2 * 2 - 1) : 0;
      boolean isNoisy = random.nextBoolean();
      for (int c = 0; c < classes; c++) {
        int i = r * classes + c;
        double logit = offset + spread * (2 * random.nextDouble() - 1);
        double noise = -Math.log(-Math.log(random.nextDouble(1e-300, 1)));
        double other = -logit + (isNoisy ? noise : spread * random.nextDouble());
        z[i] = format.round(Math.max(-largest, Math.min(largest, logit)));
        boolean cancels = random.nextInt(6) == 0;
        g[i] = format.round(Math.max(-largest, Math.min(largest, cancels ? other : noise)));
        if (c > 0 && random.nextInt(12) == 0) {
          z[i] = random.nextBoolean() ? -INF : z[i - 1];
          g[i] = Double.isInfinite(z[i - 1]) ? g[i] : g[i - 1];
        }
      }
    }
    double[] u = random.doubles(z.length, -2, 2).map(format::round).toArray();
    return new GumbelSoftmaxHost.Problem(z, g, temperature, u, rows, classes);
  }

  private static double temperature(SplittableRandom random) {
    return Math.pow(10, 12 * random.nextDouble() - 6);
  }

  @ParameterizedTest
  @MethodSource("settings")
  void isWithinItsBars(Setting setting) {
    for (Solved solved : solved(setting.format)) {
      GumbelSoftmaxHost.Results explicit = setting.compute(solved.problem);
      checkValue(setting, solved, explicit);
      checkHard(setting, solved, explicit.hard());
      checkGradients(setting, "", solved, explicit);
      for (boolean isHard : new boolean[] {false, true}) {
        GumbelSoftmaxHost.Results inTraining = setting.backprop(solved.problem, isHard);
        assertArrayEquals(
            isHard ? explicit.hard() : explicit.value(), inTraining.value(), setting::toString);
        checkGradients(setting, IN_TRAINING, solved, inTraining);
      }
    }
  }

  private static void checkValue(Setting setting, Solved solved, GumbelSoftmaxHost.Results actual) {
    Format format = setting.format;
    double bar = format == Format.FLOAT64 ? 6 : format == Format.FLOAT32 ? 2 : 1;
    for (int i = 0; i < actual.value().length; i++) {
      Exact exact = solved.rows[i / solved.classes()].p(i % solved.classes());
      double ulps = format.ulps(actual.value()[i], exact);
      boolean isNormal = exact.nearest() >= Double.MIN_NORMAL;
      measure(setting, "", false, isNormal ? ulps : ulps / 2, bar, solved, i);
    }
  }

  private static void checkHard(Setting setting, Solved solved, double[] actual) {
    for (int r = 0; r < solved.rows.length; r++) {
      double[] expected = new double[solved.classes()];
      expected[solved.rows[r].largest()] = 1;
      int first = r * solved.classes();
      assertArrayEquals(
          expected, row(actual, r, solved.classes()), () -> where(setting, solved, first));
    }
  }

  /** Whether libtorch has multiplied and summed in float32, in place of one rounding at the end. */
  private static boolean isInFloats(Setting setting, String what) {
    boolean isInTraining = what.equals(IN_TRAINING) && setting.host.name().equals("DJL");
    return isInTraining && setting.format != Format.FLOAT64;
  }

  /** The smallest number of what the gradients are computed in, where a p may be subnormal. */
  private static double least(Setting setting, String what) {
    return isInFloats(setting, what) ? Float.MIN_VALUE : Double.MIN_VALUE;
  }

  private static double gradientBar(Setting setting, String what) {
    return setting.format == Format.FLOAT64 ? 8 : isInFloats(setting, what) ? 3 : 2;
  }

  private static void checkGradients(
      Setting setting, String what, Solved solved, GumbelSoftmaxHost.Results actual) {
    Format format = setting.format;
    double bar = gradientBar(setting, what);
    double least = least(setting, what);
    int classes = solved.classes();
    double steepestOfAll = 0;
    for (int r = 0; r < solved.rows.length; r++) {
      GumbelExact row = solved.rows[r];
      double steepest = IntStream.range(0, classes).mapToDouble(row::slopes).max().orElseThrow();
      steepestOfAll = Math.max(steepestOfAll, steepest);
      for (int c = 0; c < classes; c++) {
        int i = r * classes + c;
        Exact exact = row.gradient(c);
        double ulps = format.ulps(actual.gradient()[i], exact);
        double distance = Math.abs(actual.gradient()[i] - exact.nearest());
        double beyondSubnormals = distance - least * (1 + steepest);
        double error =
            beyondSubnormals <= 0 ? 0 : beyondSubnormals / (format.epsilon() * row.terms(c));
        measure(setting, what, true, ulps <= 1 ? Math.min(ulps, bar) : error, bar, solved, i);
      }
    }
    // Of every element, times |q| of those whose p is not 0.
    double slack = least * (1 + steepestOfAll) * 746 * classes * solved.rows.length;
    checkTemperature(setting, solved, actual.temperatureGradient(), slack);
  }

  private static void checkTemperature(
      Setting setting, Solved solved, double actual, double slack) {
    BigDecimal exact = BigDecimal.ZERO;
    double terms = 0;
    for (GumbelExact row : solved.rows) {
      exact = exact.add(row.byTemperature());
      terms += row.temperatureTerms();
    }
    double epsilon = setting.format.epsilon();
    double bar = setting.format == Format.FLOAT64 ? 8 : 2;
    double error = Math.abs(actual - exact.doubleValue()) - slack;
    double inEpsilons = error <= 0 ? 0 : error / (epsilon * terms);
    measure(setting, ", by temperature", true, inEpsilons, bar, solved, 0);
  }

  private static void measure(
      Setting setting,
      String what,
      boolean isGradient,
      double error,
      double bar,
      Solved solved,
      int i) {
    assertTrue(error <= bar, () -> where(setting, solved, i) + what + " error " + error);
    MEASUREMENTS.add(setting.row(what), isGradient, error, bar);
  }

  private static String where(Setting setting, Solved solved, int i) {
    int r = i / solved.classes();
    GumbelSoftmaxHost.Problem problem = solved.problem;
    return "%s at %d, temperature %s: logits %s, noise %s"
        .formatted(
            setting,
            i % solved.classes(),
            problem.temperature(),
            Arrays.toString(row(problem.z(), r, solved.classes())),
            Arrays.toString(row(problem.g(), r, solved.classes())));
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("Gumbel-softmax (ulp; gradients: ε·Σ|terms|)");
  }

  @ParameterizedTest
  @MethodSource("settings")
  void specialRowsAreThoseOfASoftmax(Setting setting) {
    double[] z = {-INF, -INF, -INF, 1, INF, 2, INF, 1, INF, NAN, 0, 0, 0, -INF, NAN, -INF, 3, -INF};
    double[] p = {NAN, NAN, NAN, 0, 1, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 1, 0};
    double[] gradient = Arrays.stream(p).map(x -> Double.isNaN(x) ? NAN : 0).toArray();
    double[] u = new double[z.length];
    Arrays.setAll(u, i -> i % 4 - 1);
    for (double temperature : new double[] {1e-6, 0.5, 1e6}) {
      assertSpecial(setting, problem(z, temperature, u, 3), p, gradient);
    }
    // A single row is another way through the hosts than a row among others.
    for (int r = 0; r < 6; r++) {
      GumbelSoftmaxHost.Problem alone = problem(row(z, r, 3), 0.5, row(u, r, 3), 3);
      assertSpecial(setting, alone, row(p, r, 3), row(gradient, r, 3));
    }
    assertSpecial(
        setting,
        problem(new double[] {5, INF, -INF, NAN}, 0.5, new double[] {1, 2, 3, 4}, 1),
        new double[] {1, 1, NAN, NAN},
        new double[] {0, 0, NAN, NAN});
  }

  private static GumbelSoftmaxHost.Problem problem(
      double[] z, double temperature, double[] u, int classes) {
    return new GumbelSoftmaxHost.Problem(
        z, new double[z.length], temperature, u, z.length / classes, classes);
  }

  private static void assertSpecial(
      Setting setting, GumbelSoftmaxHost.Problem problem, double[] p, double[] gradient) {
    GumbelSoftmaxHost.Results explicit = setting.compute(problem);
    String where = setting + " " + Arrays.toString(problem.z());
    assertArrayEquals(p, explicit.value(), where);
    assertArrayEquals(p, explicit.hard(), where);
    assertArrayEquals(gradient, plusZero(explicit.gradient()), where);
    for (boolean isHard : new boolean[] {false, true}) {
      GumbelSoftmaxHost.Results inTraining = setting.backprop(problem, isHard);
      assertArrayEquals(p, inTraining.value(), where);
      assertArrayEquals(gradient, plusZero(inTraining.gradient()), where);
    }
  }

  private static double[] plusZero(double[] numbers) {
    return Arrays.stream(numbers).map(number -> number + 0.0).toArray();
  }

  /** The first of several largest; of pairs with one rounded sum, the largest. */
  @ParameterizedTest
  @MethodSource("settings")
  void theDrawIsTheFirstOfTheLargest(Setting setting) {
    Format format = setting.format;
    double big = 4 / format.epsilon();
    double[] z = {1, 1, 1, 1, big, big, big, big, 0, 2, 2, 1};
    double[] g = {0, 0, 0, 0, 0.25, 0.5, 0.5, 0.125, 0, 0, 0, 0};
    double[] hard = {1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0};
    GumbelSoftmaxHost.Problem problem = new GumbelSoftmaxHost.Problem(z, g, 1, z, 3, 4);
    assertArrayEquals(hard, setting.compute(problem).hard());
  }

  /** A confident row has a gradient as accurate as any; u − Σp·u would be rounded to 0. */
  @ParameterizedTest
  @MethodSource("settings")
  void theGradientAtAConfidentClassKeepsItsDigits(Setting setting) {
    Format format = setting.format;
    double rest = Math.exp(-8);
    double exact = rest / ((1 + rest) * (1 + rest)) / 0.5;
    GumbelSoftmaxHost.Problem problem =
        new GumbelSoftmaxHost.Problem(
            new double[] {4, 0}, new double[2], 0.5, new double[] {1, 0}, 2);
    double bar = 4 * format.ulp(exact);
    assertEquals(exact, setting.compute(problem).gradient()[0], bar);
    assertEquals(exact, setting.backprop(problem, false).gradient()[0], bar);
    assertEquals(-exact, setting.backprop(problem, true).gradient()[1], bar);
  }

  @Test
  void rowsAlongTheLastAxisOfAnyRank() {
    for (Setting setting : settings().toList()) {
      double[] z = new SplittableRandom(5).doubles(24, -3, 3).map(setting.format::round).toArray();
      double[] g = new double[24];
      List<double[]> values = new ArrayList<>();
      for (long[] shape : new long[][] {{6, 4}, {2, 3, 4}, {1, 2, 3, 4}, {3, 1, 2, 4}}) {
        GumbelSoftmaxHost.Problem problem = new GumbelSoftmaxHost.Problem(z, g, 0.7, z, shape);
        values.add(setting.compute(problem).gradient());
        values.add(setting.backprop(problem, false).gradient());
      }
      for (int i = 2; i < values.size(); i++) {
        assertArrayEquals(values.get(i % 2), values.get(i), setting::toString);
      }
    }
  }
}

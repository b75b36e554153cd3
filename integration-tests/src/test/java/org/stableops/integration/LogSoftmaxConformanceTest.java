package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.SoftmaxRow;

/** Log-sum-exp and log-softmax on every host, path and dtype against exact arithmetic. */
@Tag("thorough")
class LogSoftmaxConformanceTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final Measurements MEASUREMENTS = new Measurements();

  /** Rows × classes; together more than 10,000 elements a dtype. */
  private static final List<int[]> SHAPES =
      List.of(
          new int[] {Effort.of(80, 1500), 2},
          new int[] {Effort.of(50, 700), 5},
          new int[] {40, 33},
          new int[] {5, 1},
          new int[] {2, 1024},
          new int[] {1, Effort.of(1100, 2500)});

  record Setting(Host host, Path path, Format format) {
    Host.Differentiated logSumExp(double[] x, int classes) {
      long[] shape = {x.length / classes, classes};
      return path.run(() -> host.logSumExp(x, shape, -1, format));
    }

    Host.Differentiated logSoftmax(double[] x, int classes, double[] upstream) {
      long[] shape = {x.length / classes, classes};
      return path.run(() -> host.logSoftmax(x, shape, -1, upstream, format));
    }
  }

  static List<Setting> settings() {
    List<Setting> settings = new ArrayList<>();
    for (Host host : Host.ALL) {
      for (Format format : host.formats()) {
        for (Path path : Path.values()) {
          settings.add(new Setting(host, path, format));
        }
      }
    }
    return settings;
  }

  /** Drawn rows, and what is exact about them. */
  private record Solved(
      int classes,
      double[] x,
      double[] upstream,
      Exact[] logSumExp,
      Exact[] softmax,
      Exact[] logSoftmax,
      Exact[] gradient) {

    static Solved draw(int rows, int classes, Format format) {
      SplittableRandom random = new SplittableRandom(rows + 31L * classes);
      double[] x = LogSoftmaxConformanceTest.draw(rows, classes, format, random);
      double[] u = random.doubles(x.length, -2, 2).map(format::round).toArray();
      Solved solved =
          new Solved(
              classes,
              x,
              u,
              new Exact[rows],
              new Exact[x.length],
              new Exact[x.length],
              new Exact[x.length]);
      IntStream.range(0, rows).parallel().forEach(solved::solve);
      return solved;
    }

    private void solve(int r) {
      SoftmaxRow row = new SoftmaxRow(row(x, r));
      logSumExp[r] = row.logSumExp();
      Exact[] ofRow = row.gradient(row(upstream, r));
      for (int c = 0; c < classes; c++) {
        int i = r * classes + c;
        softmax[i] = row.softmax(c);
        logSoftmax[i] = Double.isFinite(x[i]) ? row.logSoftmax(c) : null;
        gradient[i] = ofRow[c];
      }
    }

    double[] row(double[] all, int r) {
      return Arrays.copyOfRange(all, r * classes, (r + 1) * classes);
    }
  }

  private static final Map<Format, List<Solved>> SOLVED = new EnumMap<>(Format.class);

  @ParameterizedTest
  @MethodSource("settings")
  void areWithinTheirBars(Setting setting) {
    List<Solved> solved =
        SOLVED.computeIfAbsent(
            setting.format,
            format -> SHAPES.stream().map(s -> Solved.draw(s[0], s[1], format)).toList());
    for (Solved rows : solved) {
      checkLogSumExp(setting, rows);
      checkLogSoftmax(setting, rows);
    }
  }

  /** Ordinary rows, confident ones, ones far from 0, and ones with absent elements. */
  private static double[] draw(int rows, int classes, Format format, SplittableRandom random) {
    double[] x = new double[rows * classes];
    for (int r = 0; r < rows; r++) {
      double spread = Math.exp(6 * random.nextDouble() - 2);
      double offset = r % 4 == 1 ? 1000 * (2 * random.nextDouble() - 1) : 0;
      for (int c = 0; c < classes; c++) {
        boolean isAbsent = r % 5 == 2 && c > 0 && random.nextInt(4) == 0;
        double z = offset + spread * (2 * random.nextDouble() - 1);
        x[r * classes + c] = isAbsent ? -INF : format.round(z);
      }
    }
    return x;
  }

  private static void checkLogSumExp(Setting setting, Solved rows) {
    Host.Differentiated actual = setting.logSumExp(rows.x, rows.classes);
    Format format = setting.format;
    for (int r = 0; r < rows.logSumExp.length; r++) {
      double largest = Arrays.stream(rows.row(rows.x, r)).max().orElseThrow();
      double ulps = format.ulps(actual.value()[r], rows.logSumExp[r]);
      // Where max and log-sum cancel, of the former.
      double distance = Math.abs(actual.value()[r] - rows.logSumExp[r].nearest());
      double error = Math.min(ulps, distance / format.ulp(largest));
      measure("LOG_SUM_EXP", setting, false, error, Tolerance.LOG_SUM_EXP);
    }
    for (int i = 0; i < rows.x.length; i++) {
      double ulps = format.ulps(actual.gradient()[i], rows.softmax[i]);
      measure("LOG_SUM_EXP", setting, true, ulps, Tolerance.SOFTMAX);
    }
    assertArrayEquals(actual.gradient(), actual.backprop());
  }

  private static void checkLogSoftmax(Setting setting, Solved rows) {
    Host.Differentiated actual = setting.logSoftmax(rows.x, rows.classes, rows.upstream);
    Format format = setting.format;
    for (int i = 0; i < rows.x.length; i++) {
      if (rows.logSoftmax[i] == null) {
        assertEquals(-INF, actual.value()[i]);
      } else {
        double ulps = format.ulps(actual.value()[i], rows.logSoftmax[i]);
        measure("LOG_SOFTMAX", setting, false, ulps, Tolerance.SPARSE_LOSS);
      }
      double[] u = rows.row(rows.upstream, i / rows.classes);
      double unit = format.epsilon() * Arrays.stream(u).map(Math::abs).sum();
      double exact = rows.gradient[i].nearest();
      double error = Math.abs(actual.gradient()[i] - exact) / unit;
      measure("LOG_SOFTMAX", setting, true, error, Tolerance.GRADIENT);
      // A host that has to build it of its own products rounds them to its dtype.
      double inTraining = Math.abs(actual.backprop()[i] - exact) / unit;
      assertTrue(inTraining <= Tolerance.GRADIENT.of(Format.FLOAT32), setting::toString);
    }
  }

  private static void measure(
      String operator, Setting setting, boolean isGradient, double error, Tolerance tolerance) {
    double bar = tolerance.of(setting.format);
    assertTrue(error <= bar, () -> operator + " " + setting + " " + error);
    MEASUREMENTS.add(
        new Measurements.Row(operator, setting.host.name(), setting.path, setting.format),
        isGradient,
        error,
        bar);
  }

  @AfterAll
  static void print() {
    MEASUREMENTS.print("log-sum-exp and log-softmax (ulp; gradient of log-softmax: ε·Σ|u|)");
  }

  @ParameterizedTest
  @MethodSource("settings")
  void logSumExpOfSpecialRows(Setting setting) {
    double[] x = {-INF, -INF, -INF, 1, INF, 2, INF, 1, INF, NAN, 0, 0, 0, -INF, NAN, -INF, 3, -INF};
    Host.Differentiated actual = setting.logSumExp(x, 3);
    assertArrayEquals(new double[] {-INF, INF, INF, NAN, NAN, 3}, actual.value());
    double[] softmax = {
      NAN, NAN, NAN, 0, 1, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 1, 0
    };
    assertArrayEquals(softmax, actual.gradient());
    assertArrayEquals(softmax, actual.backprop());
  }

  @ParameterizedTest
  @MethodSource("settings")
  void logSoftmaxOfSpecialRows(Setting setting) {
    double[] x = {-INF, -INF, -INF, 1, INF, 2, INF, 1, INF, NAN, 0, 0, 0, -INF, NAN, -INF, 3, -INF};
    double[] ones = new double[x.length];
    Arrays.fill(ones, 1);
    Host.Differentiated actual = setting.logSoftmax(x, 3, ones);
    assertArrayEquals(
        new double[] {
          NAN, NAN, NAN, -INF, 0, -INF, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, -INF, 0, -INF
        },
        actual.value());
    double[] gradient = {
      NAN, NAN, NAN, 1, -2, 1, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 1, -2, 1
    };
    assertArrayEquals(gradient, actual.gradient());
    assertArrayEquals(gradient, actual.backprop());
  }

  /** A single special row is another way through the hosts than a row among others. */
  @ParameterizedTest
  @MethodSource("settings")
  void specialRowsAlone(Setting setting) {
    double[] ones = {1, 1, 1};
    for (double[] row : List.of(new double[] {-INF, -INF, -INF}, new double[] {NAN, 0, INF})) {
      double[] nan = {NAN, NAN, NAN};
      assertEquals(row[0], setting.logSumExp(row, 3).value()[0]);
      assertArrayEquals(nan, setting.logSumExp(row, 3).gradient());
      assertArrayEquals(nan, setting.logSoftmax(row, 3, ones).value());
      assertArrayEquals(nan, setting.logSoftmax(row, 3, ones).gradient());
    }
    for (double[] row :
        List.of(
            new double[] {INF, NAN, 1},
            new double[] {1, INF, NAN},
            new double[] {-INF, NAN, -INF},
            new double[] {-INF, -INF, NAN})) {
      double[] nan = {NAN, NAN, NAN};
      assertEquals(NAN, setting.logSumExp(row, 3).value()[0]);
      assertArrayEquals(nan, setting.logSumExp(row, 3).gradient());
      assertArrayEquals(nan, setting.logSoftmax(row, 3, ones).value());
    }
    double[] certain = {1, INF, -INF};
    assertEquals(INF, setting.logSumExp(certain, 3).value()[0]);
    assertArrayEquals(new double[] {-INF, 0, -INF}, setting.logSoftmax(certain, 3, ones).value());
  }

  /** Where the hosts' own fail: ND4J's log-softmax is −inf here, and its log-sum-exp 0. */
  @Test
  void wideGapsAndRowsFarApart() {
    for (Setting setting : settings()) {
      double[] x = {0, -104, -1000, 1000};
      double[] ones = {1, 1, 1, 1};
      assertEquals(-104, setting.logSoftmax(x, 2, ones).value()[1]);
      double tiny = setting.format.round(Math.log1p(Math.exp(-104)));
      assertArrayEquals(new double[] {tiny, 1000}, setting.logSumExp(x, 2).value(), 1e-60);
    }
  }

  /** The gradient at a confident class keeps its digits, in training as well. */
  @Test
  void theGradientAtAConfidentClassIsExact() {
    for (Setting setting : settings()) {
      if (setting.format == Format.FLOAT32 || setting.format == Format.FLOAT64) {
        double rest = 2 * Math.exp(-20);
        double exact = rest / (1 + rest);
        Host.Differentiated actual =
            setting.logSoftmax(new double[] {20, 0, 0}, 3, new double[] {1, 0, 0});
        double bar = 4 * setting.format.ulp(exact);
        assertEquals(exact, actual.gradient()[0], bar);
        assertEquals(exact, actual.backprop()[0], bar);
      }
    }
  }

  @Test
  void everyAxisOfEveryRank() {
    SplittableRandom random = new SplittableRandom(7);
    for (int rank = 1; rank <= Effort.of(5, 7); rank++) {
      long[] shape = new long[rank];
      Arrays.setAll(shape, i -> 2 + i % 2);
      double[] x =
          random
              .doubles(Arrays.stream(shape).reduce(1, (a, b) -> a * b), -3, 3)
              .map(Format.FLOAT32::round)
              .toArray();
      for (int axis = -rank; axis < rank; axis++) {
        checkAxis(x, shape, axis);
      }
    }
  }

  /** The value along an axis, of an array whose elements one takes oneself. */
  private static void checkAxis(double[] x, long[] shape, int axis) {
    int at = Math.floorMod(axis, shape.length);
    int classes = (int) shape[at];
    int inner = (int) Arrays.stream(shape).skip(at + 1L).reduce(1, (a, b) -> a * b);
    double[] exact = logSumExps(x, classes, inner);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        double[] lse = path.run(() -> host.logSumExp(x, shape, axis, Format.FLOAT64)).value();
        assertArrayEquals(exact, lse, 4 * Math.ulp(4.0));
        double[] logSoftmax =
            path.run(() -> host.logSoftmax(x, shape, axis, x, Format.FLOAT64)).value();
        for (int i = 0; i < x.length; i++) {
          int row = i / (inner * classes) * inner + i % inner;
          assertEquals(x[i] - lse[row], logSoftmax[i], 8 * Math.ulp(4.0));
        }
      }
    }
  }

  private static double[] logSumExps(double[] x, int classes, int inner) {
    double[] exact = new double[x.length / classes];
    Arrays.parallelSetAll(
        exact,
        row -> {
          double[] elements = new double[classes];
          Arrays.setAll(elements, c -> x[(row / inner * classes + c) * inner + row % inner]);
          return new SoftmaxRow(elements).logSumExp().nearest();
        });
    return exact;
  }
}

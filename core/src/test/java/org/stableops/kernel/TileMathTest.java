package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.Effort;
import org.stableops.FusedPath;

/**
 * The elementary functions of the kernels against exact ones over the whole range of their type,
 * and the two implementations against each other. The build runs this twice: without the Vector
 * API, and with it.
 */
@Tag("thorough")
class TileMathTest {
  /** Every so many-th float of all, a prime. */
  private static final int STRIDE = Effort.of(160_001, 2039);

  private static final int DOUBLES = Effort.of(1, 5) * Tiles.SIZE;
  private static final float[] ZEROS = new float[Tiles.SIZE];
  private static final double[] WIDE_ZEROS = new double[Tiles.SIZE];

  private final List<FloatTileMath> ofFloats =
      List.of(new JavaFloatTileMath(), Simd.floatTileMath());
  private final List<DoubleTileMath> ofDoubles =
      List.of(new JavaDoubleTileMath(), Simd.doubleTileMath());

  /** Bounds are largest errors in ulp, some per cent above what was measured. */
  private enum Function {
    EXP(
        1.0,
        1.0,
        (math, x, out) -> math.exp(x, out, x.length),
        (math, x, out) -> math.exp(x, out, x.length),
        Math::exp,
        Exact::exp),
    EXPM1(
        1.5,
        1.6,
        (math, x, out) -> math.expm1(x, out, x.length),
        (math, x, out) -> math.expm1(x, out, x.length),
        Math::expm1,
        Exact::expm1),
    LOG1P(
        1.1,
        1.1,
        (math, x, out) -> math.log1p(x, out, x.length),
        (math, x, out) -> math.log1p(x, out, x.length),
        Math::log1p,
        Exact::log1p),
    /** There is none of floats, for none is needed. */
    LOG(
        0,
        1.2,
        (math, x, out) -> {
          throw new UnsupportedOperationException();
        },
        (math, x, out) -> math.log(x, out, x.length),
        Math::log,
        Exact::log),
    LOG_EXPM1(
        2.0,
        2.3,
        (math, x, out) -> math.logExpm1(x, ZEROS, out, x.length),
        (math, x, out) -> math.logExpm1(x, WIDE_ZEROS, out, x.length),
        TileMathTest::logExpm1,
        x -> Exact.softplusInverse(x, BigDecimal.ONE)),
    EXP_OF_MINUS(
        1.0,
        1.0,
        (math, x, out) -> math.expOfMinus(x, out, x.length),
        (math, x, out) -> math.expOfMinus(x, out, x.length),
        x -> Math.exp(-Math.abs(x)),
        x -> Exact.exp(x.abs().negate())),
    EXP_OF_DIFFERENCE(
        1.0,
        1.0,
        (math, x, out) -> math.expOfDifference(x, ZEROS, out, x.length),
        (math, x, out) -> math.expOfDifference(x, WIDE_ZEROS, out, x.length),
        x -> Math.exp(x) * 0x1p48,
        x -> Exact.exp(x).multiply(BigDecimal.valueOf(2).pow(64)));

    final double floatBound;
    final double doubleBound;
    final Call<FloatTileMath, float[]> ofFloats;
    final Call<DoubleTileMath, double[]> ofDoubles;
    final DoubleUnaryOperator inDouble;
    final UnaryOperator<BigDecimal> exact;

    Function(
        double floatBound,
        double doubleBound,
        Call<FloatTileMath, float[]> ofFloats,
        Call<DoubleTileMath, double[]> ofDoubles,
        DoubleUnaryOperator inDouble,
        UnaryOperator<BigDecimal> exact) {
      this.floatBound = floatBound;
      this.doubleBound = doubleBound;
      this.ofFloats = ofFloats;
      this.ofDoubles = ofDoubles;
      this.inDouble = inDouble;
      this.exact = exact;
    }

    private boolean isOfPositive() {
      return this == LOG || this == LOG_EXPM1;
    }

    /** Whether the seam promises anything for x. */
    boolean isDefined(double x) {
      return switch (this) {
        case LOG1P -> x >= -0.5 && x <= 1 || Double.isNaN(x);
        case EXP_OF_DIFFERENCE -> x <= 0;
        default -> true;
      };
    }

    /** Numbers of every size that are not too large to be interesting. */
    double draw(SplittableRandom random) {
      double size = Math.scalb(1 + random.nextDouble(), random.nextInt(-60, 10));
      return switch (this) {
        case LOG1P -> random.nextBoolean() ? Math.min(size, 1) : random.nextDouble(-0.5, 1);
        case LOG ->
            random.nextBoolean()
                ? Math.scalb(1 + random.nextDouble(), random.nextInt(-1022, 1024))
                : random.nextDouble(0.3, 3);
        case LOG_EXPM1 -> random.nextBoolean() ? size : random.nextDouble(0.3, 1.3);
        case EXP_OF_DIFFERENCE -> -Math.min(size, 600);
        default -> random.nextBoolean() ? Math.min(size, 700) : -Math.min(size, 700);
      };
    }
  }

  private interface Call<M, A> {
    void run(M math, A x, A out);
  }

  /** By regions, as it is said in NUMERICS.md. */
  private static double logExpm1(double x) {
    if (x < 0.4) {
      return Math.log(Math.expm1(x));
    }
    return x < 1.1
        ? Math.log1p(2 * Math.expm1((x - 0x1.62e42fefa39efp-1) - 2.3190468138462996e-17))
        : x + Math.log1p(-Math.exp(-x));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LOG")
  @Tag("sweep")
  void floatsOfEverySize(Function function) {
    float[] x = new float[Tiles.SIZE];
    float[] out = new float[Tiles.SIZE];
    double largest = 0;
    int bits = Integer.MIN_VALUE;
    for (int tile = 0; tile < (1L << 32) / STRIDE / Tiles.SIZE; tile++) {
      for (int i = 0; i < x.length; bits += STRIDE) {
        float next = Float.intBitsToFloat(bits);
        x[i] = function.isDefined(next) ? next : x[i];
        i += function.isDefined(next) ? 1 : 0;
      }
      function.ofFloats.run(Simd.floatTileMath(), x, out);
      for (int i = 0; i < x.length; i++) {
        double ulps = ulps(function, x[i], out[i]);
        largest = Math.max(largest, ulps);
        float at = x[i];
        assertTrue(ulps <= function.floatBound, () -> "at " + at + ": " + ulps + " ulp");
      }
    }
    System.out.printf("measured: %s of floats %.2f ulp%n", function, largest);
  }

  /** The reference is double, and wrong by less than 1e-8 of a float's ulp. */
  private static double ulps(Function function, float x, float actual) {
    double exact = function.inDouble.applyAsDouble(x);
    // Below, the scaled exponential may be cut to 0.
    boolean isCut = function == Function.EXP_OF_DIFFERENCE && exact < Float.MIN_NORMAL;
    boolean isSame = (float) exact == actual || (Double.isNaN(exact) && Float.isNaN(actual));
    return isSame || (isCut && actual == 0)
        ? 0
        : Math.abs(actual - exact) / Math.ulp((float) exact);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("sweep")
  void doublesOfEverySize(Function function) {
    SplittableRandom random = new SplittableRandom(17);
    double[] x = new double[Tiles.SIZE];
    double[] out = new double[Tiles.SIZE];
    double largest = 0;
    for (int tile = 0; tile < DOUBLES / Tiles.SIZE; tile++) {
      Arrays.setAll(x, i -> function.draw(random));
      function.ofDoubles.run(Simd.doubleTileMath(), x, out);
      for (int i = 0; i < x.length; i++) {
        BigDecimal exact = function.exact.apply(new BigDecimal(x[i]));
        double error = exact.subtract(new BigDecimal(out[i])).abs().doubleValue();
        double ulps = error / Math.ulp(exact.doubleValue());
        largest = Math.max(largest, ulps);
        double at = x[i];
        assertTrue(ulps <= function.doubleBound, () -> "at " + at + ": " + ulps + " ulp");
      }
    }
    System.out.printf("measured: %s of doubles %.2f ulp%n", function, largest);
  }

  /** On both sides of every bound that a function has, in float and in double. */
  private static final double[] CHOSEN = {
    1e-310,
    1e-40,
    1e-30,
    1e-9,
    0.1,
    0.3465,
    0.3467,
    0.5,
    0.6931471805599453,
    0.6932,
    1,
    1.0397,
    1.0399,
    5,
    17,
    36,
    40,
    59.9,
    87.2,
    87.4,
    88.7,
    88.8,
    103,
    104.5,
    120,
    150,
    199,
    201,
    600,
    708.3,
    708.5,
    709.7,
    709.9,
    745,
    746,
    752.5,
    753.5,
    800,
    899,
    901,
    4000
  };

  private static double[] chosen(Function function) {
    SplittableRandom random = new SplittableRandom(9);
    DoubleStream drawn = DoubleStream.generate(() -> function.draw(random)).limit(60);
    DoubleStream chosen =
        Arrays.stream(CHOSEN).flatMap(x -> DoubleStream.of(x, -x)).filter(function::isDefined);
    return DoubleStream.concat(chosen, drawn).toArray();
  }

  /** Once more over the chosen points until the tile is full. */
  private static double[] tile(double[] chosen) {
    return IntStream.range(0, Tiles.SIZE).mapToDouble(i -> chosen[i % chosen.length]).toArray();
  }

  @ParameterizedTest
  @EnumSource
  void chosenDoublesAreWithinTheBound(Function function) {
    double[] chosen =
        Arrays.stream(chosen(function)).filter(x -> !function.isOfPositive() || x > 0).toArray();
    double[] x = tile(chosen);
    double[] out = new double[Tiles.SIZE];
    DoubleTileMath math = new JavaDoubleTileMath();
    // What an earlier tile has left must not matter.
    function.ofDoubles.run(math, new double[Tiles.SIZE], out);
    function.ofDoubles.run(math, x, out);
    for (int i = 0; i < chosen.length; i++) {
      BigDecimal exact = EXACT.computeIfAbsent(new Point(function, x[i]), Point::exact);
      // Below, the scaled exponential is cut to 0.
      boolean isCut = function == Function.EXP_OF_DIFFERENCE && x[i] < -752.7;
      double at = x[i];
      Exact.assertWithin(
          function.doubleBound,
          isCut ? BigDecimal.ZERO : exact,
          out[i],
          () -> function + " at " + at);
    }
    double[] again = new double[Tiles.SIZE];
    function.ofDoubles.run(Simd.doubleTileMath(), tile(chosen), again);
    assertArrayEquals(out, again);
    IntStream.range(chosen.length, x.length)
        .forEach(i -> assertEquals(out[i - chosen.length], out[i]));
  }

  private record Point(Function function, double x) {
    BigDecimal exact() {
      return function.exact.apply(new BigDecimal(x));
    }
  }

  private static final Map<Point, BigDecimal> EXACT = new ConcurrentHashMap<>();

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LOG")
  void chosenFloatsAreWithinTheBound(Function function) {
    float[] x = Pointwise.floats(tile(chosen(function)));
    float[] out = new float[Tiles.SIZE];
    FloatTileMath math = new JavaFloatTileMath();
    // What an earlier tile has left must not matter.
    function.ofFloats.run(math, new float[Tiles.SIZE], out);
    function.ofFloats.run(math, x, out);
    for (int i = 0; i < x.length; i++) {
      double ulps = ulps(function, x[i], out[i]);
      float at = x[i];
      assertTrue(ulps <= function.floatBound, () -> function + " at " + at + ": " + ulps + " ulp");
    }
    float[] again = new float[Tiles.SIZE];
    function.ofFloats.run(Simd.floatTileMath(), x, again);
    assertArrayEquals(out, again);
  }

  /** Not only within a bound: every implementation has the bits of the seam's formula. */
  @Test
  void exponentialsAreTheFormulaToTheBit() {
    float[] x = new float[Tiles.SIZE];
    IntStream.range(0, x.length).forEach(i -> x[i] = (i - 1000) / 12.3f);
    float[] exp = new float[Tiles.SIZE];
    float[] expm1 = new float[Tiles.SIZE];
    for (FloatTileMath math : ofFloats) {
      math.exp(x, exp, x.length);
      math.expm1(x, expm1, x.length);
      for (int i = 0; i < x.length; i++) {
        float k = Math.fma(x[i], FloatTileMath.LOG2_E, FloatTileMath.ROUNDER);
        k -= FloatTileMath.ROUNDER;
        float r = Math.fma(k, -FloatTileMath.LN2_HIGH, x[i]);
        float q = FloatTileMath.q(Math.fma(k, -FloatTileMath.LN2_MIDDLE, r));
        float power = Math.scalb(1f, (int) k);
        assertEquals((1 + q) * power, exp[i]);
        assertEquals(Math.fma(power, q, power - 1), expm1[i]);
      }
    }
  }

  @Test
  void exponentialsOfDoublesAreTheFormulaToTheBit() {
    double[] x = new double[Tiles.SIZE];
    Arrays.setAll(x, i -> (i - 1000) / 1.7);
    double[] exp = new double[Tiles.SIZE];
    double[] expm1 = new double[Tiles.SIZE];
    for (DoubleTileMath math : ofDoubles) {
      math.exp(x, exp, x.length);
      math.expm1(x, expm1, x.length);
      for (int i = 0; i < x.length; i++) {
        double k = Math.fma(x[i], DoubleTileMath.LOG2_E, DoubleTileMath.ROUNDER);
        k -= DoubleTileMath.ROUNDER;
        double r = Math.fma(k, -DoubleTileMath.LN2_HIGH, x[i]);
        double q = DoubleTileMath.q(Math.fma(k, -DoubleTileMath.LN2_MIDDLE, r));
        double power = Math.scalb(1.0, (int) k);
        assertEquals((1 + q) * power, exp[i]);
        assertEquals(Math.fma(power, q, power - 1), expm1[i]);
      }
    }
  }

  /** Whoever has rounded a product knows what it lost; near ln 2 that is all of the result. */
  @Test
  void logExpm1TakesWhatItsArgumentHasLost() {
    float[] x = new float[Tiles.SIZE];
    float[] lost = new float[Tiles.SIZE];
    float[] out = new float[Tiles.SIZE];
    double[] wide = new double[Tiles.SIZE];
    double[] wideLost = new double[Tiles.SIZE];
    double[] wideOut = new double[Tiles.SIZE];
    Arrays.fill(x, (float) Math.log(2));
    Arrays.fill(lost, 1e-9f);
    Arrays.fill(wide, Math.log(2));
    Arrays.fill(wideLost, 3e-17);
    BigDecimal exact = logExpm1(new BigDecimal(x[0]).add(new BigDecimal(lost[0])));
    BigDecimal wideExact = logExpm1(new BigDecimal(wide[0]).add(new BigDecimal(wideLost[0])));
    for (FloatTileMath math : ofFloats) {
      math.logExpm1(x, lost, out, x.length);
      Exact.assertWithin(2, exact, out[0], () -> "ln 2");
      Exact.assertWithin(2, exact, out[x.length - 1], () -> "ln 2");
    }
    for (DoubleTileMath math : ofDoubles) {
      math.logExpm1(wide, wideLost, wideOut, wide.length);
      Exact.assertWithin(2.3, wideExact, wideOut[0], () -> "ln 2");
      Exact.assertWithin(2.3, wideExact, wideOut[x.length - 1], () -> "ln 2");
    }
  }

  private static BigDecimal logExpm1(BigDecimal x) {
    return Exact.softplusInverse(x, BigDecimal.ONE);
  }

  /**
   * The difference of numbers of different size is rounded, by which e^d would be far off. In 40
   * million draws the worst was 1.17 ulp, at z = −114.48884, max = 0.18901707.
   */
  @Test
  void expOfDifferencePutsBackWhatTheDifferenceLoses() {
    float[] z = new float[Tiles.SIZE];
    float[] max = new float[Tiles.SIZE];
    float[] out = new float[Tiles.SIZE];
    for (int i = 0; i < z.length; i++) {
      float small = 0.0137f * (i % 97);
      max[i] = new float[] {70.3f, small, FloatTileMath.LARGEST_MAX}[i % 3];
      z[i] = new float[] {-small, -70.3f, max[i] - i % 97}[i % 3];
    }
    z[0] = -114.48884f;
    max[0] = 0.18901707f;
    for (FloatTileMath math : ofFloats) {
      math.expOfDifference(z, max, out, z.length);
      for (int i = 0; i < z.length; i++) {
        double exact = Math.exp((double) z[i] - max[i]) * 0x1p48;
        assertEquals(exact, out[i], 1.25 * Math.ulp((float) exact), text(z[i], max[i]));
      }
    }
  }

  @Test
  void expOfDifferencePutsBackWhatTheDifferenceLosesInDoubleToo() {
    double[] z = new double[Tiles.SIZE];
    double[] max = new double[Tiles.SIZE];
    double[] out = new double[Tiles.SIZE];
    for (int i = 0; i < z.length; i++) {
      double small = 0.0137 * (i % 97);
      max[i] = new double[] {600.3, small, DoubleTileMath.LARGEST_MAX}[i % 3];
      z[i] = new double[] {-small, -600.3, max[i] - i % 97}[i % 3];
    }
    for (DoubleTileMath math : ofDoubles) {
      math.expOfDifference(z, max, out, z.length);
      for (int i = 0; i < 50; i++) {
        BigDecimal difference = new BigDecimal(z[i]).subtract(new BigDecimal(max[i]));
        BigDecimal exact = Exact.exp(difference).multiply(BigDecimal.valueOf(2).pow(64));
        Exact.assertWithin(1, exact, out[i], text(z[i], max[i]));
      }
    }
  }

  private static Supplier<String> text(double z, double max) {
    return () -> z + " - " + max;
  }

  /** The last normal number, what is below it, and what is so far off that no exponent is right. */
  @Test
  void expOfDifferenceEndsAtZero() {
    float[] maxima = {-FloatTileMath.LARGEST_MAX, -70.3f, 0, 1e-3f, FloatTileMath.LARGEST_MAX};
    float[] z = new float[Tiles.SIZE];
    float[] max = new float[Tiles.SIZE];
    float[] out = new float[Tiles.SIZE];
    for (float largest : maxima) {
      Arrays.fill(max, largest);
      for (int i = 0; i < z.length; i++) {
        z[i] = largest - (115 + i / 128f);
      }
      z[7] = -Float.MAX_VALUE;
      z[8] = Float.NEGATIVE_INFINITY;
      z[9] = Float.NaN;
      float[] first = new float[Tiles.SIZE];
      ofFloats.get(0).expOfDifference(z, max, first, z.length);
      for (FloatTileMath math : ofFloats) {
        math.expOfDifference(z, max, out, z.length);
        assertArrayEquals(first, out);
        for (int i = 0; i < z.length; i++) {
          double exact = Math.exp((double) z[i] - largest) * 0x1p48;
          double bar = exact > Float.MIN_NORMAL ? 1.25 * Math.ulp((float) exact) : Float.MIN_NORMAL;
          assertEquals(exact, out[i], bar, text(z[i], largest));
        }
        assertEquals(0, out[7]);
        assertEquals(0, out[8]);
      }
    }
  }

  @Test
  void expOfDifferenceEndsAtZeroInDoubleToo() {
    double[] maxima = {-DoubleTileMath.LARGEST_MAX, -600.3, 0, DoubleTileMath.LARGEST_MAX};
    double[] z = new double[Tiles.SIZE];
    double[] max = new double[Tiles.SIZE];
    double[] out = new double[Tiles.SIZE];
    for (double largest : maxima) {
      Arrays.fill(max, largest);
      for (int i = 0; i < z.length; i++) {
        z[i] = largest - (745 + i / 128.0);
      }
      z[7] = -Double.MAX_VALUE;
      z[8] = Double.NEGATIVE_INFINITY;
      z[9] = Double.NaN;
      double[] first = new double[Tiles.SIZE];
      ofDoubles.get(0).expOfDifference(z, max, first, z.length);
      for (DoubleTileMath math : ofDoubles) {
        math.expOfDifference(z, max, out, z.length);
        assertArrayEquals(first, out);
        for (int i = 0; i < z.length; i++) {
          // In two factors, for the first alone is no normal number.
          double half = Math.exp((z[i] - largest) / 2) * 0x1p32;
          double exact = half * half;
          double bar = exact > Double.MIN_NORMAL ? 4 * Math.ulp(exact) : Double.MIN_NORMAL;
          assertEquals(exact, out[i], bar, text(z[i], largest));
        }
        assertEquals(0, out[7]);
        assertEquals(0, out[8]);
      }
    }
  }

  @Test
  void sumsOfExponentialsAreThoseOfTheExponentials() {
    FloatTileMath plain = new JavaFloatTileMath();
    for (FloatTileMath math : ofFloats) {
      for (int count : new int[] {1, 2, 7, 8, 9, 15, 16, 17, 100, Tiles.SIZE}) {
        float[] z = new float[Tiles.SIZE];
        IntStream.range(0, z.length).forEach(i -> z[i] = -i % 23 / 7f);
        float[] max = new float[Tiles.SIZE];
        Arrays.fill(max, 3);
        float[] exps = new float[Tiles.SIZE];
        plain.expOfDifference(z, max, exps, count);
        float[] out = new float[Tiles.SIZE];
        assertEquals(plain.sum(exps, 0, count), math.sumOfExps(z.clone(), 3, out, count));
        assertArrayEquals(Arrays.copyOf(exps, count), Arrays.copyOf(out, count));
      }
    }
  }

  /** The order of the sums is part of the seam, for the sake of equal bits. */
  @Test
  void sumsAreOfEveryEighthElement() {
    for (FloatTileMath math : ofFloats) {
      for (int count = 0; count <= 40; count++) {
        for (int from : new int[] {0, 3}) {
          float[] x = new float[64];
          Arrays.fill(x, 1e9f);
          double[] sums = new double[8];
          for (int i = 0; i < count; i++) {
            x[from + i] = 1 + i / 7f;
            sums[i % 8] += x[from + i];
          }
          double expected =
              ((sums[0] + sums[4]) + (sums[2] + sums[6]))
                  + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
          assertEquals(expected, math.sum(x, from, count), "of " + count);
        }
      }
    }
  }

  @Test
  void floatsAreWidenedAndDoublesNarrowed() {
    float[] x = new float[Tiles.SIZE];
    double[] wide = new double[Tiles.SIZE];
    for (int i = 0; i < x.length; i++) {
      x[i] = i / 3f;
      wide[i] = i / 3.0;
    }
    for (FloatTileMath math : ofFloats) {
      for (int from : new int[] {0, 5}) {
        for (int count : new int[] {0, 1, 7, 8, 9, 100, Tiles.SIZE - from}) {
          double[] widened = new double[Tiles.SIZE];
          math.widen(x, from, count, widened);
          for (int i = 0; i < count; i++) {
            assertEquals(x[from + i], widened[i]);
          }
          assertEquals(0, widened[Tiles.SIZE - 1] * (count < Tiles.SIZE ? 1 : 0));
          float[] narrow = new float[Tiles.SIZE];
          math.narrow(wide, count, narrow);
          for (int i = 0; i < count; i++) {
            assertEquals((float) wide[i], narrow[i]);
          }
        }
      }
    }
  }

  /** The largest first, last, and anywhere between. */
  @Test
  void theMaximumMayBeAnywhere() {
    for (int count : new int[] {1, 2, 7, 8, 9, 15, 16, 17, 18, 31, 32, 33, 50}) {
      for (int place = 0; place < count; place++) {
        float[] x = new float[64];
        double[] wide = new double[64];
        Arrays.fill(x, 99);
        Arrays.fill(wide, 99);
        for (int i = 0; i < count; i++) {
          x[3 + i] = i == place ? -1f / (1 + place) : -2 - i;
          wide[3 + i] = x[3 + i];
        }
        for (FloatTileMath math : ofFloats) {
          assertEquals(x[3 + place], math.max(x, 3, count), place + " of " + count);
          float[] withNaN = x.clone();
          withNaN[3 + place] = Float.NaN;
          assertTrue(Float.isNaN(math.max(withNaN, 3, count)), place + " of " + count);
        }
        for (DoubleTileMath math : ofDoubles) {
          assertEquals(x[3 + place], math.max(wide, 3, count), place + " of " + count);
          double[] withNaN = wide.clone();
          withNaN[3 + place] = Double.NaN;
          assertTrue(Double.isNaN(math.max(withNaN, 3, count)), place + " of " + count);
        }
      }
    }
  }

  @Test
  void specialValues() {
    double inf = Double.POSITIVE_INFINITY;
    double[] x = {0, -0.0, inf, -inf, Double.NaN, 1e300, -1e300, 4.9e-324, -4.9e-324, 710, -1500};
    double[] tile = Arrays.copyOf(x, Tiles.SIZE);
    double[] out = new double[Tiles.SIZE];
    for (Function function : Function.values()) {
      function.ofDoubles.run(Simd.doubleTileMath(), tile, out);
      for (int i = 0; i < x.length; i++) {
        if (function.isDefined(x[i]) && !(x[i] > 1 && function == Function.LOG1P)) {
          boolean isScaled = function == Function.EXP_OF_DIFFERENCE;
          double expected = function.inDouble.applyAsDouble(x[i]) * (isScaled ? 0x1p16 : 1);
          boolean isFinite = Double.isFinite(expected);
          double bound = isFinite ? Math.ulp(expected) : 1;
          // + 0.0, for the sign of 0 is not promised.
          assertEquals(expected + 0.0, out[i] + 0.0, bound, function + " at " + x[i]);
        }
      }
    }
  }

  @Test
  @Tag("sweep")
  void theVectorApiHasTheBitsOfPlainJava() {
    // Of itself, where the JVM was started without the Vector API.
    SplittableRandom random = new SplittableRandom(5);
    float[] x = new float[Tiles.SIZE];
    float[] expected = new float[Tiles.SIZE];
    float[] actual = new float[Tiles.SIZE];
    for (int tile = 0; tile < Effort.of(400, 2000); tile++) {
      for (int i = 0; i < x.length; i++) {
        x[i] = Float.intBitsToFloat(random.nextInt());
      }
      for (Function function : EnumSet.complementOf(EnumSet.of(Function.LOG))) {
        float[] defined = x.clone();
        IntStream.range(0, x.length)
            .filter(i -> !function.isDefined(x[i]))
            .forEach(i -> defined[i] = 0);
        function.ofFloats.run(new JavaFloatTileMath(), defined, expected);
        function.ofFloats.run(Simd.floatTileMath(), defined, actual);
        assertArrayEquals(expected, actual, function::toString);
      }
    }
  }

  @Test
  @Tag("sweep")
  void theVectorApiHasTheBitsOfPlainJavaInDoubleToo() {
    SplittableRandom random = new SplittableRandom(6);
    double[] x = new double[Tiles.SIZE];
    double[] expected = new double[Tiles.SIZE];
    double[] actual = new double[Tiles.SIZE];
    for (int tile = 0; tile < Effort.of(200, 1000); tile++) {
      for (Function function : Function.values()) {
        boolean isOfAll = random.nextBoolean() && function != Function.LOG1P;
        Arrays.setAll(
            x, i -> isOfAll ? Double.longBitsToDouble(random.nextLong()) : function.draw(random));
        IntStream.range(0, x.length).filter(i -> !function.isDefined(x[i])).forEach(i -> x[i] = 0);
        function.ofDoubles.run(new JavaDoubleTileMath(), x, expected);
        function.ofDoubles.run(Simd.doubleTileMath(), x, actual);
        assertArrayEquals(expected, actual, function::toString);
      }
    }
  }

  @Test
  @Tag("sweep")
  void sumsOfExponentialsOfEveryLength() {
    SplittableRandom random = new SplittableRandom(8);
    float[] z = new float[Tiles.SIZE];
    float[] expected = new float[Tiles.SIZE];
    float[] actual = new float[Tiles.SIZE];
    for (int count = 1; count <= 300; count++) {
      IntStream.range(0, z.length).forEach(i -> z[i] = (float) random.nextDouble(-30, 3));
      double sum = new JavaFloatTileMath().sumOfExps(z, 3, expected, count);
      assertEquals(sum, Simd.floatTileMath().sumOfExps(z, 3, actual, count));
      assertArrayEquals(Arrays.copyOf(expected, count), Arrays.copyOf(actual, count));
      double exact = 0;
      for (int i = 0; i < count; i++) {
        exact += Math.exp((double) z[i] - 3) * 0x1p48;
      }
      assertEquals(exact, sum, 1e-7 * exact);
    }
  }

  @Test
  @Tag("sweep")
  void maximaOfEveryLength() {
    SplittableRandom random = new SplittableRandom(7);
    for (int count = 1; count <= 300; count++) {
      int from = random.nextInt(100);
      float[] x = new float[Tiles.SIZE];
      double[] wide = new double[Tiles.SIZE];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextDouble(-9, i < from || i >= from + count ? 100 : 9);
        wide[i] = x[i];
      }
      double expected = Arrays.stream(wide, from, from + count).max().orElseThrow();
      assertEquals(expected, Simd.floatTileMath().max(x, from, count));
      assertEquals(expected, Simd.doubleTileMath().max(wide, from, count));
      int place = from + random.nextInt(count);
      x[place] = Float.NaN;
      wide[place] = Double.NaN;
      assertTrue(Float.isNaN(Simd.floatTileMath().max(x, from, count)));
      assertTrue(Double.isNaN(Simd.doubleTileMath().max(wide, from, count)));
    }
  }

  @Test
  void theVectorApiIsUsedWhereItIs() {
    boolean isThere = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    // As PIT starts the tests without C2, it demands it.
    assertEquals(isThere, Simd.isUsed());
    assertTrue(FusedPath.describe().contains(isThere ? "Vector API" : "plain Java"));
  }
}

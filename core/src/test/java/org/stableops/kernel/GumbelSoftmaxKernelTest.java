package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.kernel.Pointwise.elements;
import static org.stableops.kernel.Pointwise.floats;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows of every length, in one tile and in several, by their definition; integration-tests hold the
 * kernel to exact arithmetic.
 */
@Tag("thorough")
class GumbelSoftmaxKernelTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double TEMPERATURE = 0.7;

  @BeforeEach
  void spoilTiles() {
    Pointwise.spoilTiles();
  }

  private static double[] draw(int seed, int size) {
    double[] numbers = new double[size];
    SplittableRandom random = new SplittableRandom(seed);
    Arrays.setAll(numbers, i -> (float) random.nextDouble(-4, 4));
    return numbers;
  }

  private static double[] apply(
      GumbelSoftmaxKernel.Sweep sweep, int classes, double[] z, double[] g, double[] u) {
    double[] out = new double[z.length];
    sweep.apply(
        elements(z),
        elements(g),
        TEMPERATURE,
        z.length / classes,
        classes,
        u == null ? null : elements(u),
        elements(out));
    return out;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 127, 2048, 2049, 4096, 5000})
  void everythingIsItsDefinition(int classes) {
    int rows = Math.max(2, Math.min(2 * Tiles.SIZE / classes + 1, 900));
    double[] z = draw(1, rows * classes);
    double[] g = draw(2, z.length);
    double[] u = draw(3, z.length);
    double[] value = apply(GumbelSoftmaxKernel::value, classes, z, g, null);
    double[] hard = apply(GumbelSoftmaxKernel::hard, classes, z, g, null);
    double[] gradient = apply(GumbelSoftmaxKernel::gradient, classes, z, g, u);
    double[] slope = apply(GumbelSoftmaxKernel::byTemperature, classes, z, g, null);
    double[] terms = apply(GumbelSoftmaxKernel::byTemperature, classes, z, g, u);
    for (int row = 0; row < rows; row++) {
      int first = row * classes;
      double[] q = new double[classes];
      Arrays.setAll(q, c -> (z[first + c] + g[first + c]) / TEMPERATURE);
      double max = Arrays.stream(q).max().orElseThrow();
      double sum = Arrays.stream(q).map(x -> Math.exp(x - max)).sum();
      double meanU = 0;
      double meanQ = 0;
      int largest = 0;
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(q[c] - max) / sum;
        meanU += p * u[first + c];
        meanQ += p * q[c];
        largest = q[c] > q[largest] ? c : largest;
      }
      for (int c = 0; c < classes; c++) {
        int i = first + c;
        double p = Math.exp(q[c] - max) / sum;
        assertEquals(p, value[i], 1e-14 * p);
        assertEquals(c == largest ? 1 : 0, hard[i]);
        assertEquals(p * (u[i] - meanU) / TEMPERATURE, gradient[i], 1e-13 * p);
        double expected = -p * (q[c] - meanQ) / TEMPERATURE;
        assertEquals(expected, slope[i], 1e-12 * p);
        assertEquals(expected * (u[i] - u[first + largest]), terms[i], 1e-12 * p);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 2048, 2050})
  void floatsAreComputedAsDoublesAndRoundedOnce(int classes) {
    double[] z = draw(4, 3 * classes);
    double[] g = draw(5, z.length);
    float[] out = new float[z.length];
    GumbelSoftmaxKernel.value(
        elements(floats(z)), elements(floats(g)), TEMPERATURE, 3, classes, null, elements(out));
    assertArrayEquals(floats(apply(GumbelSoftmaxKernel::value, classes, z, g, null)), out);
  }

  /** Whichever block it is in. */
  @ParameterizedTest
  @ValueSource(ints = {2, 2048, 2049, 6000})
  void specialRowsWhereverTheSpecialElementIs(int classes) {
    for (int place : new int[] {0, classes / 2, classes - 1}) {
      double[] z = draw(6, classes);
      double[] g = draw(7, classes);
      double[] expected = new double[classes];
      z[place] = INFINITY;
      expected[place] = 1;
      assertArrayEquals(expected, apply(GumbelSoftmaxKernel::value, classes, z, g, null));
      assertArrayEquals(expected, apply(GumbelSoftmaxKernel::hard, classes, z, g, null));
      z[(place + 1) % classes] = INFINITY;
      assertNaN(classes, z, g);
      z[(place + 1) % classes] = Double.NaN;
      assertNaN(classes, z, g);
      Arrays.fill(z, -INFINITY);
      assertNaN(classes, z, g);
      z[place] = -1e300;
      assertArrayEquals(expected, apply(GumbelSoftmaxKernel::hard, classes, z, g, null));
    }
  }

  private static void assertNaN(int classes, double[] z, double[] g) {
    double[] nan = new double[classes];
    Arrays.fill(nan, Double.NaN);
    assertArrayEquals(nan, apply(GumbelSoftmaxKernel::value, classes, z, g, null));
    assertArrayEquals(nan, apply(GumbelSoftmaxKernel::hard, classes, z, g, null));
    assertArrayEquals(nan, apply(GumbelSoftmaxKernel::gradient, classes, z, g, g));
    assertArrayEquals(nan, apply(GumbelSoftmaxKernel::byTemperature, classes, z, g, g));
  }

  @Test
  void anUpstreamThatIsNotFiniteMakesItsRowNaN() {
    double[] z = {0, -INFINITY, 1, 0, 2, 3};
    double[] u = {1, INFINITY, 0, 1, 2, 3};
    double[] gradient = apply(GumbelSoftmaxKernel::gradient, 3, z, new double[6], u);
    double[] expected = apply(GumbelSoftmaxKernel::gradient, 3, z, new double[6], new double[6]);
    Arrays.fill(expected, 0, 3, Double.NaN);
    assertArrayEquals(Arrays.copyOf(expected, 3), Arrays.copyOf(gradient, 3));
    assertEquals(0, Arrays.stream(gradient, 3, 6).sum(), 1e-16);
  }
}

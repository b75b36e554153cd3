package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Kernels at a few points, over and over until a tile is full to its last element: a result must
 * not depend on its place.
 */
final class Pointwise {
  /** The bars of NUMERICS.md for values and for gradients, in ulps. */
  static final double FLOAT_VALUE = 3;

  static final double FLOAT_GRADIENT = 4;
  static final double VALUE = 4;
  static final double GRADIENT = 5;
  static final double SECOND = 6;
  static final double FLOAT_SECOND = 2;

  private Pointwise() {}

  // ---- an operator with a number for its parameter

  static double[] values(ElementwiseKernel kernel, double... x) {
    double[] out = repeated(x);
    kernel.value(elements(repeated(x)), elements(out));
    return first(out, x.length);
  }

  static double[] gradients(ElementwiseKernel kernel, double... x) {
    double[] out = repeated(x);
    kernel.gradient(elements(repeated(x)), elements(out));
    return first(out, x.length);
  }

  static double[] secondDerivatives(ElementwiseKernel kernel, double... x) {
    double[] out = repeated(x);
    kernel.secondDerivative(elements(repeated(x)), elements(out));
    return first(out, x.length);
  }

  static float[] secondDerivatives(ElementwiseKernel kernel, float... x) {
    float[] out = repeated(x);
    kernel.secondDerivative(elements(repeated(x)), elements(out));
    return first(out, x.length);
  }

  static float[] values(ElementwiseKernel kernel, float... x) {
    float[] out = repeated(x);
    kernel.value(elements(repeated(x)), elements(out));
    return first(out, x.length);
  }

  static float[] gradients(ElementwiseKernel kernel, float... x) {
    float[] out = repeated(x);
    kernel.gradient(elements(repeated(x)), elements(out));
    return first(out, x.length);
  }

  // ---- an operator with an array for its parameter

  static double[] values(ParametricKernel kernel, double[] x, double p) {
    double[] out = repeated(x);
    kernel.value(elements(repeated(x)), elements(tile(p)), elements(out));
    return first(out, x.length);
  }

  static double[] gradients(ParametricKernel kernel, double[] x, double p) {
    double[] out = repeated(x);
    kernel.gradient(elements(repeated(x)), elements(tile(p)), elements(out));
    return first(out, x.length);
  }

  static double[] parameterGradients(ParametricKernel kernel, double[] x, double p) {
    double[] out = repeated(x);
    kernel.parameterGradient(elements(repeated(x)), elements(tile(p)), elements(out));
    return first(out, x.length);
  }

  // ---- comparisons

  static void assertExact(
      double ulps, Exact.Formula formula, double[] x, double p, double[] actual) {
    for (int i = 0; i < x.length; i++) {
      double at = x[i];
      BigDecimal exact = Exact.at(formula, at, p);
      Exact.assertWithin(ulps, exact, actual[i], () -> "at " + at + " with " + p);
    }
  }

  static void assertExact(double ulps, Exact.Formula formula, float[] x, double p, float[] actual) {
    for (int i = 0; i < x.length; i++) {
      double at = x[i];
      BigDecimal exact = Exact.at(formula, at, p);
      Exact.assertWithin(ulps, exact, actual[i], () -> "at " + at + " with " + p);
    }
  }

  // ---- tiles

  static Elements elements(double... x) {
    return Elements.of(DoubleBuffer.wrap(x));
  }

  static Elements elements(float... x) {
    return Elements.of(FloatBuffer.wrap(x));
  }

  private static double[] tile(double p) {
    double[] tile = new double[Tiles.SIZE];
    Arrays.fill(tile, p);
    return tile;
  }

  /** Borrowed tiles may hold anything. */
  static void spoilTiles() {
    for (Scratch scratch : Scratch.FREE) {
      for (float[] tile :
          List.of(scratch.floatIn, scratch.floatOut, scratch.floatA, scratch.floatB)) {
        Arrays.fill(tile, Float.NaN);
      }
      for (double[] tile :
          List.of(scratch.in, scratch.out, scratch.a, scratch.b, scratch.c, scratch.d, scratch.e)) {
        Arrays.fill(tile, Double.NaN);
      }
    }
  }

  private static double[] repeated(double[] x) {
    spoilTiles();
    double[] tile = new double[Tiles.SIZE];
    Arrays.setAll(tile, i -> x[i % x.length]);
    return tile;
  }

  private static float[] repeated(float[] x) {
    spoilTiles();
    float[] tile = new float[Tiles.SIZE];
    for (int i = 0; i < tile.length; i++) {
      tile[i] = x[i % x.length];
    }
    return tile;
  }

  private static double[] first(double[] tile, int count) {
    for (int i = count; i < tile.length; i++) {
      assertEquals(tile[i - count], tile[i], "at place " + i);
    }
    return Arrays.copyOf(tile, count);
  }

  private static float[] first(float[] tile, int count) {
    for (int i = count; i < tile.length; i++) {
      assertEquals(tile[i - count], tile[i], "at place " + i);
    }
    return Arrays.copyOf(tile, count);
  }

  /** The numbers and their negatives. */
  static double[] both(double... x) {
    double[] both = Arrays.copyOf(x, 2 * x.length);
    Arrays.setAll(both, i -> i < x.length ? x[i] : -x[i - x.length]);
    return both;
  }

  /** The nearest floats. */
  static float[] floats(double... x) {
    float[] floats = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      floats[i] = (float) x[i];
    }
    return floats;
  }
}

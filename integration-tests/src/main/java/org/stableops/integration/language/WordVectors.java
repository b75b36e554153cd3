package org.stableops.integration.language;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Vectors of words from the company that they keep, without training: where an embedding starts.
 *
 * <p>For each distance of two words, 1 to a few, M is the matrix of positive pointwise mutual
 * informations, max(0, log p(v, w)/(p(v)·q(w))), with q(w) ∝ p(w)^¾ (Levy, Goldberg and Dagan,
 * 2015). The vectors are the rows of the leading eigenvectors of Σ(M·Mᵀ + Mᵀ·M), each times the
 * fourth root of its eigenvalue, with their mean taken off, and all of one length. Orthogonal
 * iteration finds them: three products, after which vectors of nearly equal eigenvalues may still
 * be mixed with each other, which does no harm here.
 */
public final class WordVectors {
  private static final double FLATTENING = 0.75;
  private static final double ROOT = 0.25;
  private static final int ITERATIONS = 3;
  private static final double SMALL = 0.05;

  private final int vocabulary;
  private final int size;
  private final List<Association> associations = new ArrayList<>();

  /** What two words have to do with each other, for those that have. */
  private record Association(int[] first, int[] second, float[] strength) {}

  private WordVectors(List<int[]> glosses, int vocabulary, int size, int distances) {
    this.vocabulary = vocabulary;
    this.size = size;
    for (int distance = 1; distance <= distances; distance++) {
      associations.add(associate(PairCounts.of(glosses, vocabulary, distance)));
    }
  }

  /**
   * Computes them.
   *
   * @param glosses to learn from
   * @param vocabulary the number of words
   * @param size of each vector
   * @param distances how far apart two words may be
   * @param scale the root mean square of the elements
   * @return vocabulary rows of that size
   */
  public static float[] of(
      List<int[]> glosses, int vocabulary, int size, int distances, double scale) {
    return new WordVectors(glosses, vocabulary, size, distances).compute(scale);
  }

  private Association associate(PairCounts pairs) {
    double[] before = new double[vocabulary];
    double[] after = new double[vocabulary];
    pairs.forEach(
        (first, second, count) -> {
          before[first] += count;
          after[second] += count;
        });
    double[] flattened = Arrays.stream(after).map(n -> Math.pow(n, FLATTENING)).toArray();
    double sum = Arrays.stream(flattened).sum();
    int[] first = new int[pairs.size()];
    int[] second = new int[pairs.size()];
    float[] strength = new float[pairs.size()];
    int[] filled = {0};
    pairs.forEach(
        (v, w, count) -> {
          double ratio = count / before[v] * sum / flattened[w];
          if (ratio > 1) {
            first[filled[0]] = v;
            second[filled[0]] = w;
            strength[filled[0]] = (float) Math.log(ratio);
            filled[0]++;
          }
        });
    int n = filled[0];
    return new Association(
        Arrays.copyOf(first, n), Arrays.copyOf(second, n), Arrays.copyOf(strength, n));
  }

  private float[] compute(double scale) {
    Random random = new Random(1);
    float[] vectors = new float[vocabulary * size];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < ITERATIONS; i++) {
      orthonormalize(vectors);
      vectors = product(vectors);
    }
    weight(vectors, orthonormalize(vectors));
    normalize(vectors, scale);
    return vectors;
  }

  /** (Σ M·Mᵀ + Mᵀ·M) times the columns. */
  private float[] product(float... columns) {
    float[] sum = new float[columns.length];
    for (Association m : associations) {
      addProduct(
          m.first, m.second, m.strength, multiply(m.second, m.first, m.strength, columns), sum);
      addProduct(
          m.second, m.first, m.strength, multiply(m.first, m.second, m.strength, columns), sum);
    }
    return sum;
  }

  private float[] multiply(int[] to, int[] from, float[] factor, float... columns) {
    float[] result = new float[columns.length];
    addProduct(to, from, factor, columns, result);
    return result;
  }

  private void addProduct(int[] to, int[] from, float[] factor, float[] columns, float[] sum) {
    for (int i = 0; i < factor.length; i++) {
      int target = to[i] * size;
      int source = from[i] * size;
      float f = factor[i];
      for (int j = 0; j < size; j++) {
        sum[target + j] += f * columns[source + j];
      }
    }
  }

  /**
   * Makes the columns orthonormal, the first one's direction kept (Cholesky's factor of their
   * products, in double precision), and returns how long each was without its parts along those
   * before it.
   */
  private double[] orthonormalize(float... columns) {
    double[][] factor = cholesky(products(columns));
    for (int row = 0; row < columns.length; row += size) {
      for (int j = 0; j < size; j++) {
        double rest = columns[row + j];
        for (int i = 0; i < j; i++) {
          rest -= factor[j][i] * columns[row + i];
        }
        columns[row + j] = (float) (rest / factor[j][j]);
      }
    }
    double[] lengths = new double[size];
    for (int j = 0; j < size; j++) {
      lengths[j] = factor[j][j];
    }
    return lengths;
  }

  private double[][] products(float... columns) {
    double[][] all = new double[size][size];
    for (int row = 0; row < columns.length; row += size) {
      for (int i = 0; i < size; i++) {
        double left = columns[row + i];
        double[] products = all[i];
        for (int j = 0; j <= i; j++) {
          products[j] += left * columns[row + j];
        }
      }
    }
    return all;
  }

  private static double[][] cholesky(double[]... a) {
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j <= i; j++) {
        double rest = a[i][j];
        for (int k = 0; k < j; k++) {
          rest -= a[i][k] * a[j][k];
        }
        a[i][j] = i == j ? Math.sqrt(rest) : rest / a[j][j];
      }
    }
    return a;
  }

  private void weight(float[] vectors, double... eigenvalues) {
    for (int j = 0; j < size; j++) {
      double factor = Math.pow(eigenvalues[j] / eigenvalues[0], ROOT);
      double mean = 0;
      for (int i = j; i < vectors.length; i += size) {
        vectors[i] *= factor;
        mean += vectors[i] / vocabulary;
      }
      for (int i = j; i < vectors.length; i += size) {
        vectors[i] -= mean;
      }
    }
  }

  /** All of one length, but for the few shortest, which say least. */
  private void normalize(float[] vectors, double scale) {
    double[] lengths = new double[vocabulary];
    for (int i = 0; i < vectors.length; i++) {
      lengths[i / size] += vectors[i] * vectors[i];
    }
    double[] sorted = Arrays.stream(lengths).map(Math::sqrt).sorted().toArray();
    double small = sorted[(int) (SMALL * vocabulary)];
    for (int i = 0; i < vectors.length; i++) {
      double length = Math.max(Math.sqrt(lengths[i / size]), small);
      vectors[i] *= scale * Math.sqrt(size) / length;
    }
  }
}

package org.stableops.integration.newton;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Small matrices, row by row. */
final class Matrices {
  private Matrices() {}

  static double dot(double[] x, double[] y) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * y[i]).sum();
  }

  static double distance(double[] x, double[] y) {
    return IntStream.range(0, x.length).mapToDouble(i -> Math.abs(x[i] - y[i])).max().orElse(0);
  }

  static double[] product(double[][] matrix, double[] vector) {
    return Arrays.stream(matrix).mapToDouble(row -> dot(row, vector)).toArray();
  }

  static double[] flat(double[][] matrix) {
    return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
  }

  static double[][] rows(double[] flat, int columns) {
    return IntStream.range(0, flat.length / columns)
        .mapToObj(row -> Arrays.copyOfRange(flat, row * columns, (row + 1) * columns))
        .toArray(double[][]::new);
  }

  /** By elimination, of a positive definite matrix. */
  static double[][] inverse(double[][] matrix) {
    int n = matrix.length;
    double[][] wide = new double[n][];
    for (int i = 0; i < n; i++) {
      wide[i] = Arrays.copyOf(matrix[i], 2 * n);
      wide[i][n + i] = 1;
    }
    for (int pivot = 0; pivot < n; pivot++) {
      eliminate(wide, pivot);
    }
    return Arrays.stream(wide)
        .map(row -> Arrays.copyOfRange(row, n, 2 * n))
        .toArray(double[][]::new);
  }

  private static void eliminate(double[][] wide, int pivot) {
    double[] row = wide[pivot];
    double diagonal = row[pivot];
    Arrays.setAll(row, j -> row[j] / diagonal);
    for (int i = 0; i < wide.length; i++) {
      double[] other = wide[i];
      double factor = i == pivot ? 0 : other[pivot];
      Arrays.setAll(other, j -> other[j] - factor * row[j]);
    }
  }
}

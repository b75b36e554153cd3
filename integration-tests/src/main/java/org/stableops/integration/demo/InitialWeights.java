package org.stableops.integration.demo;

import java.util.random.RandomGenerator;

/**
 * The weights that both frameworks start from; biases start at 0.
 *
 * @param hidden from pixels to hidden units
 * @param output from hidden units to classes
 */
record InitialWeights(Matrix hidden, Matrix output) {
  /**
   * The weights of a layer.
   *
   * @param outputs the number of rows
   * @param inputs the number of columns
   * @param elements row by row
   */
  record Matrix(int outputs, int inputs, double[] elements) {
    /** Uniform with variance 2/(inputs + outputs), after Glorot and Bengio, 2010. */
    private static Matrix glorot(int outputs, int inputs, RandomGenerator random) {
      double limit = Math.sqrt(6.0 / (inputs + outputs));
      return new Matrix(
          outputs, inputs, random.doubles((long) outputs * inputs, -limit, limit).toArray());
    }
  }

  static InitialWeights draw(RandomGenerator random) {
    return new InitialWeights(
        Matrix.glorot(Settings.HIDDEN_UNITS, Digits.PIXELS, random),
        Matrix.glorot(Digits.CLASSES, Settings.HIDDEN_UNITS, random));
  }
}

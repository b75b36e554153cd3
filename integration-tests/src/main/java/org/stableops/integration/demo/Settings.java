package org.stableops.integration.demo;

/**
 * How to train: the same in both frameworks.
 *
 * @param epochs passes over the training digits
 * @param batchSize digits a step
 * @param learningRate of plain gradient descent; DJL's is a float, so this is one as well
 * @param seed of the initial weights and of the order of the batches
 */
record Settings(int epochs, int batchSize, float learningRate, long seed) {
  /** The temperature before the first step. */
  static final double INITIAL_TEMPERATURE = 1;

  static final int HIDDEN_UNITS = 64;

  /**
   * The b of squareplus. With 4 all hidden units start far from 0, and the badly conditioned
   * problem magnifies every rounding.
   */
  static final double SQUAREPLUS_B = 0.04;
}

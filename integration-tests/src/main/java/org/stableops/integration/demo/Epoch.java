package org.stableops.integration.demo;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * What one pass over the training digits brought.
 *
 * @param djl in DJL
 * @param sameDiff in SameDiff, from the same weights in the same order
 */
record Epoch(Result djl, Result sameDiff) {
  /**
   * The result in one framework.
   *
   * @param losses the loss of each step
   * @param accuracy on the held-out digits after the last step
   */
  record Result(double[] losses, double accuracy) {
    double meanLoss() {
      return Arrays.stream(losses).average().orElseThrow();
    }
  }

  /** The relative difference of the two losses, a step each. */
  DoubleStream differences() {
    return IntStream.range(0, djl.losses.length)
        .mapToDouble(step -> difference(djl.losses[step], sameDiff.losses[step]));
  }

  private static double difference(double a, double b) {
    if (a == b) {
      return 0;
    }
    double difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
    // A NaN agrees with nothing.
    return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
  }
}

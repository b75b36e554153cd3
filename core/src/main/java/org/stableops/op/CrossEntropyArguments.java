package org.stableops.op;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** The options of the cross-entropies of softmax as numbers. */
enum CrossEntropyArguments implements ElementLosses.OptionNumbers<CrossEntropyOptions> {
  INSTANCE;

  private static final String NAME = "CrossEntropyOptions";

  /** How many come before the class weights. */
  private static final int FIXED = 7;

  /**
   * An ignored label as the nearest double, and what is left of it: a long may have more digits.
   */
  @Override
  public double[] write(CrossEntropyOptions options) {
    long ignored = options.ignoreIndex().orElse(0);
    double[] weights = options.classWeights();
    double[] numbers =
        Arrays.copyOf(
            new double[] {
              options.axis(),
              options.reduction().ordinal(),
              options.labelSmoothing(),
              options.zLoss(),
              options.ignoreIndex().isPresent() ? 1 : 0,
              ignored,
              ignored - (long) (double) ignored
            },
            FIXED + weights.length);
    System.arraycopy(weights, 0, numbers, FIXED, weights.length);
    return numbers;
  }

  @Override
  public CrossEntropyOptions read(double[] numbers) {
    Stored.requireCount(NAME, numbers, FIXED);
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT
            .withAxis(Stored.axis(NAME, numbers[0]))
            .withReduction(Stored.choice(NAME, Reduction.values(), numbers[1]))
            .withLabelSmoothing(numbers[2])
            .withZLoss(numbers[3])
            .withClassWeights(Arrays.copyOfRange(numbers, FIXED, numbers.length));
    return Stored.choice(NAME, new Boolean[] {false, true}, numbers[4])
        ? options.withIgnoreIndex(Stored.integer(NAME, numbers[5], numbers[6]))
        : options;
  }
}

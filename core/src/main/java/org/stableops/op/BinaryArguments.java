package org.stableops.op;

import java.util.Arrays;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.Reduction;

/** The options of the cross-entropy of yes or no as numbers. */
enum BinaryArguments implements ElementLosses.OptionNumbers<BinaryCrossEntropyOptions> {
  INSTANCE;

  private static final String NAME = "BinaryCrossEntropyOptions";
  private static final int FIXED = 4;
  private static final double NO_ALPHA = -1;

  @Override
  public double[] write(BinaryCrossEntropyOptions options) {
    double[] weights = options.positiveWeights();
    double[] numbers = new double[FIXED + weights.length];
    numbers[0] = options.reduction().ordinal();
    numbers[1] = options.labelSmoothing();
    numbers[2] = options.focalGamma();
    numbers[3] = options.focalAlpha().orElse(NO_ALPHA);
    System.arraycopy(weights, 0, numbers, FIXED, weights.length);
    return numbers;
  }

  @Override
  public BinaryCrossEntropyOptions read(double[] numbers) {
    Stored.requireCount(NAME, numbers, FIXED);
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT
            .withReduction(Stored.choice(NAME, Reduction.values(), numbers[0]))
            .withLabelSmoothing(numbers[1])
            .withFocalGamma(numbers[2])
            .withPositiveWeights(Arrays.copyOfRange(numbers, FIXED, numbers.length));
    return numbers[3] == NO_ALPHA ? options : options.withFocalAlpha(numbers[3]);
  }
}

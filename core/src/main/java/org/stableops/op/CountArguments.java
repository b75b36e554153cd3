package org.stableops.op;

import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;

/** The options of losses of counts as numbers. */
enum CountArguments implements ElementLosses.OptionNumbers<CountOptions> {
  INSTANCE;

  private static final String NAME = "CountOptions";
  private static final int COUNT = 5;

  /** In place of a family: the raw value is the rate. */
  private static final int RAW = -1;

  @Override
  public double[] write(CountOptions options) {
    PositiveTransform rate = options.rate().orElse(null);
    return new double[] {
      options.reduction().ordinal(),
      options.hasFullLikelihood() ? 1 : 0,
      rate == null ? RAW : rate.family().ordinal(),
      rate == null ? 0 : rate.parameter(),
      rate == null ? 0 : rate.lowerBound()
    };
  }

  @Override
  public CountOptions read(double[] numbers) {
    Stored.requireCount(NAME, numbers, COUNT);
    CountOptions ofRate =
        numbers[2] == RAW
            ? CountOptions.RATE
            : CountOptions.DEFAULT.withRate(
                new PositiveTransform(
                    Stored.choice(NAME, PositiveTransform.Family.values(), numbers[2]),
                    numbers[3],
                    numbers[4]));
    CountOptions options =
        ofRate.withReduction(Stored.choice(NAME, Reduction.values(), numbers[0]));
    return Stored.choice(NAME, new Boolean[] {false, true}, numbers[1])
        ? options.withFullLikelihood()
        : options;
  }
}

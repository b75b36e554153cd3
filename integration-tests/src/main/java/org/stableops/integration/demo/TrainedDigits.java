package org.stableops.integration.demo;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.stableops.integration.oracle.Format;

/** A classifier that has seen few digits too often, and is surer of others than it should be. */
public final class TrainedDigits {
  private static final int TRAINING = 200;
  private static final Settings SETTINGS = new Settings(40, 10, 0.1f, 1);

  private TrainedDigits() {}

  /**
   * Trains the network of the demo in DJL, in float64: a second or two.
   *
   * @return its logits of the held-out digits, row by row
   */
  public static double[] heldOutLogits() {
    Digits all = Digits.load();
    Examples few = all.training().select(IntStream.range(0, TRAINING).toArray());
    Digits digits = new Digits(few, all.heldOut());
    SplittableRandom random = new SplittableRandom(SETTINGS.seed());
    try (DjlDigits network = new DjlDigits(Format.FLOAT64, InitialWeights.draw(random), SETTINGS)) {
      for (int epoch = 0; epoch < SETTINGS.epochs(); epoch++) {
        network.train(digits.batches(SETTINGS.batchSize(), random));
      }
      return network.logits(digits.heldOut());
    }
  }
}

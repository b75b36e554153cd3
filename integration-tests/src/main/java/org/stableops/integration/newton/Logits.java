package org.stableops.integration.newton;

import org.stableops.integration.demo.Digits;
import org.stableops.integration.demo.TrainedDigits;

/**
 * What a classifier says of examples whose classes are known.
 *
 * @param z logits, row by row
 * @param labels a class a row
 */
public record Logits(double[] z, int[] labels) {
  /**
   * Trains the network of the demo with few digits.
   *
   * @return what it says of the digits that were held out
   */
  public static Logits ofHeldOutDigits() {
    return new Logits(TrainedDigits.heldOutLogits(), Digits.load().heldOut().labels());
  }

  int rows() {
    return labels.length;
  }

  int classes() {
    return z.length / labels.length;
  }
}

package org.stableops.integration.demo;

import java.util.List;

/**
 * A network on its way through training in one of the frameworks: 64 pixels, 64 units under
 * squareplus, 10 logits divided by a temperature that is learned too; mean softmax cross-entropy,
 * plain gradient descent.
 */
interface DigitsTraining extends AutoCloseable {
  /** Does one step a batch. Returns the loss of each, before its step. */
  double[] train(List<Examples> batches);

  /** The most likely class of each. */
  long[] predict(Examples examples);

  /** What the logits are divided by now. */
  double temperature();

  @Override
  void close();
}

package org.stableops.djl;

import ai.djl.training.GradientCollector;
import org.stableops.djl.internal.SeedingCollector;

/**
 * Lets the gradient of a cross-entropy enter backward at its logits. {@code
 * org.stableops.djl.training.FusedTrainer} collects gradients in this way; so may a training loop
 * that has no Trainer.
 *
 * <p>DJL has no custom gradients, so a loss whose gradient G is known is made to look like a
 * product of the logits and G, and its backward would multiply G by the upstream 1. A collector of
 * this class remembers the losses that its thread computes while it is open. The backward of such a
 * loss begins at the logits, with G itself, and saves that pass and the memory of its result.
 *
 * <p>Any other target, such as a function of one or several losses, takes DJL's own way. The
 * gradients have the same bits as under DJL's own collector in either case.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager();
 *     GradientCollector collector = SeededLosses.newGradientCollector()) {
 *   NDArray logits = manager.create(new float[][] {{1, 2, 3}});
 *   logits.setRequiresGradient(true);
 *   NDArray labels = manager.create(new long[] {2});
 *   collector.backward(SparseSoftmaxCrossEntropy.value(logits, labels));
 * }
 * }</pre>
 */
public final class SeededLosses {
  private SeededLosses() {}

  /**
   * Opens a collector on this thread, for backward passes that this class describes.
   *
   * <p>Until the backward of a loss, or until it is closed, the collector keeps an array of the
   * logits' size for it. Between a loss and its backward the logits must not be changed in place.
   * Other threads compute losses as ever, and may call backward.
   *
   * <p>{@code backward} throws IllegalArgumentException for null, IllegalStateException for a
   * closed target, and EngineException for a target outside any graph.
   *
   * @return the collector, to be closed by the same thread
   * @throws IllegalStateException if any collector of the PyTorch engine is open
   */
  public static GradientCollector newGradientCollector() {
    return new SeedingCollector();
  }
}

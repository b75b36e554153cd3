package org.stableops.djl;

import ai.djl.training.GradientCollector;

/**
 * Lets the gradient of a cross-entropy enter backward at its logits. {@code
 * org.stableops.djl.training.FusedTrainer} collects gradients in this way; so may a training loop
 * that has no Trainer.
 *
 * <p>DJL knows no custom gradients, so a loss whose gradient G is known must look like a product of
 * the logits and G: one pass over both in forward, and one in backward that multiplies G by 1.
 * While a collector of this class is open, the losses of its thread are leaves of the graph
 * instead. Its backward goes from the target to these leaves, and then on from the logits, with the
 * upstream that a leaf received times G; with G itself where that is 1. If the target depends on
 * several losses, they become products after all, so that the network is walked once.
 *
 * <p>So the target may be any differentiable function of any number of losses. The gradients of a
 * loss, and of a sum of losses, have the same bits as under DJL's own collector.
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
   * <p>A loss that was computed while the collector was open needs its backward before the
   * collector is closed: afterwards, as after a backward of its own, an EngineException refuses it.
   * Until then the collector keeps an array of the logits' size for each such loss. Between a loss
   * and its backward the logits must not be changed in place. Other threads compute losses as ever,
   * and may call backward.
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

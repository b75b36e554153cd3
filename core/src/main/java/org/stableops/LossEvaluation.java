package org.stableops;

/**
 * Everything that a loss of elements knows of them, computed in one pass and outside any graph. An
 * element of sample weight 0 has 0 in all of it.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray logits = manager.create(new float[] {2, -1, 0});
 *   NDArray targets = manager.create(new float[] {1, 0, 1});
 *   try (LossEvaluation<NDArray> e = SigmoidCrossEntropy.evaluate(logits, targets)) {
 *     System.out.println(e.loss() + " over " + e.weight() + " elements: " + e.elementLosses());
 *   }
 * }
 * }</pre>
 *
 * @param <A> the host's array
 * @param loss the reduced loss: a scalar, or for {@link Reduction#NONE} one loss per element
 * @param elementLosses one loss per element, whatever the reduction
 * @param weight Σ a, the weight of the elements, which {@link Reduction#MEAN} divides by
 */
public record LossEvaluation<A extends AutoCloseable>(A loss, A elementLosses, double weight)
    implements AutoCloseable {

  /**
   * Closes both arrays. Not needed where a manager, a scope or a workspace owns them.
   *
   * @throws IllegalStateException if one of them could not be closed; the other is
   */
  @Override
  public void close() {
    Closing.closeAll(loss, elementLosses);
  }
}

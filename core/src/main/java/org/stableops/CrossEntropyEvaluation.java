package org.stableops;

/**
 * Everything that a cross-entropy knows of its rows, computed in one pass and outside any graph. An
 * ignored row, or one of sample weight 0, has 0 in all of it.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray logits = manager.create(new float[][] {{2, 0, -1}, {0, 1, 0}});
 *   NDArray labels = manager.create(new long[] {0, 1});
 *   try (CrossEntropyEvaluation<NDArray> e = SparseSoftmaxCrossEntropy.evaluate(logits, labels)) {
 *     System.out.println(e.loss() + " over rows that weigh " + e.weight() + ": " + e.rowLosses());
 *   }
 * }
 * }</pre>
 *
 * @param <A> the host's array
 * @param loss the reduced loss: a scalar, or for {@link Reduction#NONE} one loss per row
 * @param rowLosses one loss per row, whatever the reduction
 * @param logSumExp log Σ exp z of each row
 * @param zLoss the part of {@code loss} that the z-loss makes, reduced as it is
 * @param weight Σ a·ω, the weight of the rows that count, which {@link Reduction#MEAN} divides by
 */
public record CrossEntropyEvaluation<A extends AutoCloseable>(
    A loss, A rowLosses, A logSumExp, A zLoss, double weight) implements AutoCloseable {

  /**
   * Closes the four arrays. Not needed where a manager, a scope or a workspace owns them.
   *
   * @throws IllegalStateException if one of them could not be closed; the others are
   */
  @Override
  public void close() {
    Closing.closeAll(loss, rowLosses, logSumExp, zLoss);
  }
}

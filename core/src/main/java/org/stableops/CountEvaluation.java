package org.stableops;

/**
 * Everything that a loss of counts knows of them, computed outside any graph. An element of sample
 * weight 0 has 0 in all of it.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray raw = manager.create(new float[] {0.5f, -1, 2});
 *   NDArray counts = manager.create(new int[] {3, 0, 9});
 *   try (CountEvaluation<NDArray> e = PoissonLoss.evaluate(raw, counts)) {
 *     System.out.println("mean deviance " + e.meanDeviance() + ", loss " + e.loss());
 *   }
 * }
 * }</pre>
 *
 * @param <A> the host's array
 * @param loss the reduced loss: a scalar, or for {@link Reduction#NONE} one loss per element
 * @param elementLosses one loss per element, whatever the reduction
 * @param deviances of each element, times its sample weight: twice what its loss is above that of
 *     the rate that is the count itself; its root with the sign of count − rate is the deviance
 *     residual
 * @param weight Σ a, the weight of the elements, which {@link Reduction#MEAN} divides by
 * @param deviance the sum of the deviances
 */
public record CountEvaluation<A extends AutoCloseable>(
    A loss, A elementLosses, A deviances, double weight, double deviance) implements AutoCloseable {

  /**
   * Returns the mean deviance.
   *
   * @return the deviance over the weight, 0 where that is 0
   */
  public double meanDeviance() {
    return weight == 0 ? 0 : deviance / weight;
  }

  /**
   * Closes the three arrays. Not needed where a manager, a scope or a workspace owns them.
   *
   * @throws IllegalStateException if one of them could not be closed; the others are
   */
  @Override
  public void close() {
    Closing.closeAll(loss, elementLosses, deviances);
  }
}

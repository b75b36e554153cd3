package org.stableops;

import org.jspecify.annotations.Nullable;

/**
 * The loss of a linear cross-entropy and its gradients, computed in one pass.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray hidden = manager.randomNormal(new Shape(512, 64));
 *   NDArray weight = manager.randomNormal(new Shape(32000, 64));
 *   NDArray labels = manager.zeros(new Shape(512), DataType.INT64);
 *   LinearCrossEntropyGradients<NDArray> all =
 *       LinearCrossEntropy.valueAndGradients(hidden, weight, labels);
 *   System.out.println(all.loss() + " " + all.weight());
 * }
 * }</pre>
 *
 * @param <A> the host's array
 * @param loss the reduced loss, or one loss per token for NONE
 * @param hidden the gradient of the sum of the loss to the hidden states, [N, D]
 * @param weight its gradient to the weight, [V, D]
 * @param bias its gradient to the bias, [V], or null if there is no bias
 */
public record LinearCrossEntropyGradients<A extends AutoCloseable>(
    A loss, A hidden, A weight, @Nullable A bias) implements AutoCloseable {

  /**
   * Returns the gradients as a direction, such as that of a step of gradient descent.
   *
   * @return one of the same arrays, which are not copied
   */
  public LinearCrossEntropyDirection<A> direction() {
    return new LinearCrossEntropyDirection<>(hidden, weight, bias);
  }

  /**
   * Closes the arrays. Not needed where a manager, a scope or a workspace owns them.
   *
   * @throws IllegalStateException if one of them could not be closed; the others are
   */
  @Override
  public void close() {
    if (bias == null) {
      Closing.closeAll(loss, hidden, weight);
    } else {
      Closing.closeAll(loss, hidden, weight, bias);
    }
  }
}

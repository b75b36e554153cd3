package org.stableops;

import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The loss of a linear cross-entropy and its gradients, computed in one pass; or a direction in the
 * space of what it is differentiated by, and the product of the Gauss–Newton matrix with one.
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
 * <p>As a direction, {@code new LinearCrossEntropyGradients<>(null, null, ofWeight, null)} moves
 * the weight alone: a part that is null is 0, and the loss counts nothing, so that gradients are a
 * direction as they are. With loss and gradients only the bias may be null.
 *
 * @param <A> the host's array
 * @param loss the reduced loss, or one loss per token for NONE; null of a product
 * @param hidden the gradient of the sum of the loss to the hidden states, [N, D]
 * @param weight its gradient to the weight, [V, D]
 * @param bias its gradient to the bias, [V], or null if there is no bias
 */
public record LinearCrossEntropyGradients<A extends AutoCloseable>(
    @Nullable A loss, @Nullable A hidden, @Nullable A weight, @Nullable A bias)
    implements AutoCloseable {

  /**
   * Closes the arrays. Not needed where a manager, a scope or a workspace owns them.
   *
   * @throws IllegalStateException if one of them could not be closed; the others are
   */
  @Override
  public void close() {
    Closing.closeAll(
        Stream.of(loss, hidden, weight, bias)
            .filter(Objects::nonNull)
            .toArray(AutoCloseable[]::new));
  }
}

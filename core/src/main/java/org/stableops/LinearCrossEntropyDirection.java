package org.stableops;

import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A direction in the space of hidden states, weight and bias of a linear cross-entropy, and the
 * product of the Gauss–Newton matrix with one.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray hidden = manager.randomNormal(new Shape(512, 64));
 *   NDArray weight = manager.randomNormal(new Shape(32000, 64));
 *   NDArray labels = manager.zeros(new Shape(512), DataType.INT64);
 *   NDArray ofWeight = manager.randomNormal(weight.getShape());
 *   LinearCrossEntropyDirection<NDArray> v =
 *       new LinearCrossEntropyDirection<>(null, ofWeight, null);
 *   LinearCrossEntropyDirection<NDArray> product =
 *       LinearCrossEntropy.gaussNewtonProduct(hidden, weight, labels, v);
 *   System.out.println(product.weight().mul(ofWeight).sum());
 * }
 * }</pre>
 *
 * <p>A part of a direction that is null is 0: the one above moves the weight alone. Of a product
 * only the bias may be null, where there is none.
 *
 * @param <A> the host's array
 * @param hidden the part of the hidden states, [N, D], or null
 * @param weight the part of the weight, [V, D], or null
 * @param bias the part of the bias, [V], or null
 */
public record LinearCrossEntropyDirection<A extends AutoCloseable>(
    @Nullable A hidden, @Nullable A weight, @Nullable A bias) implements AutoCloseable {

  /**
   * Closes the arrays that are there. Not needed where a manager, a scope or a workspace owns them.
   *
   * @throws IllegalStateException if one of them could not be closed; the others are
   */
  @Override
  public void close() {
    Closing.closeAll(
        Stream.of(hidden, weight, bias).filter(Objects::nonNull).toArray(AutoCloseable[]::new));
  }
}

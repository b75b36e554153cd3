package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.djl.internal.GumbelSoftmaxCall;

/**
 * The Gumbel-softmax, or concrete distribution: a draw from a categorical distribution that lets
 * gradients through. With logits z, Gumbel noise g and a temperature τ, along the last axis,
 *
 * <pre>value = p = softmax((z + g)/τ),   hard = one-hot of the largest z + g,
 * gradient_c = p_c·(u_c − Σ_k p_k·u_k)/τ,   ∂p_c/∂τ = −p_c·(q_c − Σ_k p_k·q_k)/τ,   q = (z + g)/τ,
 * </pre>
 *
 * <p>where the gradient is that of Σ u·value for an upstream u. {@code hard} is exactly one-hot, a
 * draw from softmax(z), and has the gradient of {@code value}: the straight-through estimator. The
 * noise is {@link #gumbels drawn} by the caller, so that the same draw can be made again.
 *
 * <p>z + g is kept with what its rounding loses, and everything is relative to the largest: a row
 * is right at any temperature, and the gradient where p is almost 1.
 *
 * <p>Float16, float32 and float64, of any layout. Special values are those of a softmax: an element
 * at −inf is absent, of value 0; with one +inf the row is one-hot; two of them, a NaN, or −inf
 * everywhere make the row NaN, that of {@code hard} too. Of several largest {@code hard} takes the
 * first. An upstream that is not finite makes its row of the gradient NaN. There may be no rows,
 * but rows without an element are refused.
 *
 * <p>Error, for τ from 10⁻⁶ to 10⁶: 2 ulp of float32 and 6 of float64 for the value where it is a
 * normal number; 2ε and 8ε of the gradient's terms, p_c·(|u_c − u_k| + Σ p·|u − u_k|)/τ with k the
 * largest; 3ε of float32 under autograd.
 *
 * <p>E. Jang, S. Gu, B. Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017; C. J.
 * Maddison, A. Mnih, Y. W. Teh, The concrete distribution, ICLR 2017.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray logits = manager.create(new float[][] {{1, 0, -2}, {0, 3, 0}});
 *   NDArray gumbels = GumbelSoftmax.gumbels(logits, 42); // another seed, another draw
 *   NDArray soft = GumbelSoftmax.value(logits, gumbels, 0.5); // differentiable
 *   NDArray draw = GumbelSoftmax.hard(logits, gumbels, 0.5); // the same draw, one-hot
 * }
 * }</pre>
 */
public final class GumbelSoftmax {
  private GumbelSoftmax() {}

  /**
   * Returns the probabilities at a temperature that is a number; see {@link #value(NDArray,
   * NDArray, NDArray)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static NDArray value(NDArray logits, NDArray gumbels, double temperature) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).value();
  }

  /**
   * Returns the probabilities.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite, such as the value of a
   *     {@link org.stableops.djl.nn.PositiveParameter}
   * @return an array of the logits' shape, dtype and manager; differentiable with respect to all
   *     three arguments. In float16 the backward pass computes in float32 and rounds once
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray value(NDArray logits, NDArray gumbels, NDArray temperature) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).value();
  }

  /**
   * Returns the one-hot draw at a temperature that is a number; see {@link #hard(NDArray, NDArray,
   * NDArray)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static NDArray hard(NDArray logits, NDArray gumbels, double temperature) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).hard();
  }

  /**
   * Returns the one-hot draw.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite; the gradient depends
   *     on it
   * @return 1 at the largest of each row and 0 elsewhere, of the logits' shape, dtype and manager;
   *     differentiable like {@link #value(NDArray, NDArray, NDArray)}
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray hard(NDArray logits, NDArray gumbels, NDArray temperature) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).hard();
  }

  /**
   * Returns the gradient of both at a temperature that is a number; see {@link #gradient(NDArray,
   * NDArray, NDArray, NDArray)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @param upstream an array of the shape and dtype of the logits
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static NDArray gradient(
      NDArray logits, NDArray gumbels, double temperature, NDArray upstream) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).gradient(upstream);
  }

  /**
   * Returns the gradient of the sum of upstream × value by the logits, and by the gumbels.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite
   * @param upstream an array of the shape and dtype of the logits
   * @return an array of the logits' shape, outside any graph, of their dtype and manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray gradient(
      NDArray logits, NDArray gumbels, NDArray temperature, NDArray upstream) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).gradient(upstream);
  }

  /**
   * Returns the gradient of the sum of upstream × value by the temperature.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite
   * @param upstream an array of the shape and dtype of the logits
   * @return an array of the temperature's shape and dtype, outside any graph, of the logits'
   *     manager
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static NDArray temperatureGradient(
      NDArray logits, NDArray gumbels, NDArray temperature, NDArray upstream) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).temperatureGradient(upstream);
  }

  /**
   * Draws standard Gumbel noise, −log(−log u) for u uniform in (0, 1), from −3.61 to 36.74. A seed
   * gives the elements of an array, in order, the same bits on every machine, in both frameworks,
   * for every layout, and but for the rounding for every dtype.
   *
   * @param like any floating array
   * @param seed any; draw with another one each time
   * @return noise of its shape, dtype, device and manager
   * @throws IllegalArgumentException if the dtype is wrong
   * @throws IllegalStateException if the array is closed
   */
  public static NDArray gumbels(NDArray like, long seed) {
    return GumbelSoftmaxCall.gumbels(like, seed);
  }

  /**
   * Returns the operator as a block. In training each forward pass draws fresh noise from a seed of
   * the engine's generator, which follows {@code Engine.setRandomSeed} as dropout does. In
   * prediction there is no noise: the block is softmax(logits/τ). With gumbels given it uses these,
   * always.
   *
   * @param temperature τ, positive and finite
   * @return a block from logits or (logits, gumbels) to {@link #value}
   * @throws IllegalArgumentException if the temperature is not finite or not positive
   */
  public static Block block(double temperature) {
    return GumbelSoftmaxCall.block(temperature);
  }

  /**
   * Returns the operator with one-hot results as a block, which draws as {@link #block} does. In
   * prediction it is the one-hot of the largest logit.
   *
   * @param temperature τ, positive and finite
   * @return a block from logits or (logits, gumbels) to {@link #hard}
   * @throws IllegalArgumentException if the temperature is not finite or not positive
   */
  public static Block hardBlock(double temperature) {
    return GumbelSoftmaxCall.hardBlock(temperature);
  }

  /**
   * Returns the gradient as a block.
   *
   * @param temperature τ, positive and finite
   * @return a block from (logits, gumbels, upstream) to {@link #gradient}
   * @throws IllegalArgumentException if the temperature is not finite or not positive
   */
  public static Block gradientBlock(double temperature) {
    return GumbelSoftmaxCall.gradientBlock(temperature);
  }
}

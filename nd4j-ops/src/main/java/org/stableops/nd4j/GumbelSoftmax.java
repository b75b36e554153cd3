package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.nd4j.internal.GumbelSoftmaxCall;
import org.stableops.nd4j.internal.GumbelSoftmaxOp;

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
 * <p>Half, bfloat16, float and double, of any layout. Special values are those of a softmax: an
 * element at −inf is absent, of value 0; with one +inf the row is one-hot; two of them, a NaN, or
 * −inf everywhere make the row NaN, that of {@code hard} too. Of several largest {@code hard} takes
 * the first. An upstream that is not finite makes its row of the gradient NaN. There may be no
 * rows, but rows without an element are refused.
 *
 * <p>Error, for τ from 10⁻⁶ to 10⁶: 2 ulp of float32 and 6 of float64 for the value where it is a
 * normal number; 2ε and 8ε of the gradient's terms, p_c·(|u_c − u_k| + Σ p·|u − u_k|)/τ with k the
 * largest.
 *
 * <p>E. Jang, S. Gu, B. Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017; C. J.
 * Maddison, A. Mnih, Y. W. Teh, The concrete distribution, ICLR 2017.
 *
 * <pre>{@code
 * INDArray logits = Nd4j.createFromArray(new float[][] {{1, 0, -2}, {0, 3, 0}});
 * INDArray gumbels = GumbelSoftmax.gumbels(logits, 42); // another seed, another draw
 * INDArray soft = GumbelSoftmax.value(logits, gumbels, 0.5);
 * INDArray draw = GumbelSoftmax.hard(logits, gumbels, 0.5); // the same draw, one-hot
 * }</pre>
 */
public final class GumbelSoftmax {
  private GumbelSoftmax() {}

  /**
   * Returns the probabilities at a temperature that is a number; see {@link #value(INDArray,
   * INDArray, INDArray)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static INDArray value(INDArray logits, INDArray gumbels, double temperature) {
    return new GumbelSoftmaxCall(logits, gumbels, temperature).value();
  }

  /**
   * Returns the probabilities.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite
   * @return a new array of the logits' shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray value(INDArray logits, INDArray gumbels, INDArray temperature) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).value();
  }

  /**
   * Returns the one-hot draw at a temperature that is a number; see {@link #hard(INDArray,
   * INDArray, INDArray)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static INDArray hard(INDArray logits, INDArray gumbels, double temperature) {
    return new GumbelSoftmaxCall(logits, gumbels, temperature).hard();
  }

  /**
   * Returns the one-hot draw.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite; the gradient depends
   *     on it
   * @return 1 at the largest of each row and 0 elsewhere, a new array of the logits' shape and
   *     dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray hard(INDArray logits, INDArray gumbels, INDArray temperature) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).hard();
  }

  /**
   * Returns the gradient of both at a temperature that is a number; see {@link #gradient(INDArray,
   * INDArray, INDArray, INDArray)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @param upstream an array of the shape and dtype of the logits
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static INDArray gradient(
      INDArray logits, INDArray gumbels, double temperature, INDArray upstream) {
    return new GumbelSoftmaxCall(logits, gumbels, temperature).gradient(upstream);
  }

  /**
   * Returns the gradient of the sum of upstream × value by the logits, and by the gumbels.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite
   * @param upstream an array of the shape and dtype of the logits
   * @return a new array of the logits' shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(
      INDArray logits, INDArray gumbels, INDArray temperature, INDArray upstream) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature).gradient(upstream);
  }

  /**
   * Returns the gradient of the sum of upstream × value by the temperature.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature a floating array of one element, positive and finite
   * @param upstream an array of the shape and dtype of the logits
   * @return a new array of the temperature's shape and dtype
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray temperatureGradient(
      INDArray logits, INDArray gumbels, INDArray temperature, INDArray upstream) {
    return GumbelSoftmaxCall.of(logits, gumbels, temperature)
        .temperatureGradient(upstream, temperature);
  }

  /**
   * Draws standard Gumbel noise, −log(−log u) for u uniform in (0, 1), from −3.61 to 36.74. A seed
   * gives the elements of an array, in order, the same bits on every machine, in both frameworks,
   * for every layout, and but for the rounding for every dtype.
   *
   * @param like any floating array
   * @param seed any; draw with another one each time
   * @return new noise of its shape and dtype
   * @throws IllegalArgumentException if the dtype is wrong
   * @throws IllegalStateException if the array is closed
   */
  public static INDArray gumbels(INDArray like, long seed) {
    return GumbelSoftmaxCall.gumbels(like, seed);
  }

  /**
   * Returns the probabilities at a temperature that is a number; see {@link #value(SDVariable,
   * SDVariable, SDVariable)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static SDVariable value(SDVariable logits, SDVariable gumbels, double temperature) {
    return new ValueOp().of(temperature, logits, gumbels);
  }

  /**
   * Adds the probabilities to a graph, with their gradient to all three arguments.
   *
   * @param logits any floating variable of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits; a placeholder that gets fresh {@link
   *     #gumbels} at every step
   * @param temperature a floating variable of one element
   * @return the value, of the logits' shape
   * @throws IllegalArgumentException if a variable is null; what the arrays must be is checked when
   *     the graph is executed
   */
  public static SDVariable value(SDVariable logits, SDVariable gumbels, SDVariable temperature) {
    return new ValueOp().of(logits, gumbels, temperature);
  }

  /**
   * Returns the one-hot draw at a temperature that is a number; see {@link #hard(SDVariable,
   * SDVariable, SDVariable)}.
   *
   * @param logits any floating array of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits
   * @param temperature τ, positive and finite
   * @return an array like the logits
   * @throws IllegalArgumentException if a dtype or a shape is wrong, or the temperature is not
   *     finite or not positive
   */
  public static SDVariable hard(SDVariable logits, SDVariable gumbels, double temperature) {
    return new HardOp().of(temperature, logits, gumbels);
  }

  /**
   * Adds the one-hot draw to a graph, with the gradient of the value to all three arguments.
   *
   * @param logits any floating variable of rank 1 at least
   * @param gumbels noise of the shape and dtype of the logits; a placeholder that gets fresh {@link
   *     #gumbels} at every step
   * @param temperature a floating variable of one element
   * @return the draw, of the logits' shape
   * @throws IllegalArgumentException if a variable is null; what the arrays must be is checked when
   *     the graph is executed
   */
  public static SDVariable hard(SDVariable logits, SDVariable gumbels, SDVariable temperature) {
    return new HardOp().of(logits, gumbels, temperature);
  }

  /** The probabilities in a graph. */
  public static final class ValueOp extends GumbelSoftmaxOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super("stable_gumbel_softmax", GumbelSoftmaxCall::value);
    }
  }

  /** The one-hot draw in a graph. */
  public static final class HardOp extends GumbelSoftmaxOp {
    /** Creates an unconfigured op, for the registry. */
    public HardOp() {
      super("stable_gumbel_softmax_hard", GumbelSoftmaxCall::hard);
    }
  }
}

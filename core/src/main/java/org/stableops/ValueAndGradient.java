package org.stableops;

/**
 * A value and its gradient, computed in one pass.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray logits = manager.create(new float[][] {{20, 0, 0}});
 *   NDArray labels = manager.create(new long[] {0});
 *   ValueAndGradient<NDArray> both = SparseSoftmaxCrossEntropy.valueAndGradient(logits, labels);
 *   System.out.println(both.value() + " " + both.gradient());
 * }
 * }</pre>
 *
 * @param <A> the host's array
 * @param value the value
 * @param gradient the gradient of the sum of the value
 */
public record ValueAndGradient<A>(A value, A gradient) {}

package org.stableops;

/**
 * A value and its gradient, computed in one pass.
 *
 * @param <A> the host's array
 * @param value the value
 * @param gradient the gradient of the sum of the value
 */
public record ValueAndGradient<A>(A value, A gradient) {}

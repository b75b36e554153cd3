package org.stableops;

import org.stableops.internal.Arguments;

/**
 * The parameters of the elementwise operators: defaults, notable values, and what is valid.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   NDArray x = manager.arange(-3f, 3f, 0.5f);
 *   NDArray above = Squareplus.value(x, Parameters.B_ABOVE_SOFTPLUS); // nowhere below softplus
 * }
 * }</pre>
 */
public final class Parameters {
  /** The default sharpness β of softplus and its inverse. */
  public static final double DEFAULT_BETA = 1;

  /** The default b of squareplus: its value and its curvature at 0 are then 1 and softplus's. */
  public static final double DEFAULT_B = 4;

  /** 4·ln²2, the smallest b with squareplus(x; b) ≥ softplus(x) everywhere. */
  public static final double B_ABOVE_SOFTPLUS = 1.9218120556728056;

  /** The b that minimises the largest distance of squareplus to softplus, then 0.0759314499. */
  public static final double B_NEAREST_SOFTPLUS = 1.52382103252;

  private Parameters() {}

  /**
   * Returns β if it is valid.
   *
   * @param beta the sharpness of softplus or of its inverse
   * @return {@code beta}
   * @throws IllegalArgumentException if {@code beta} is not finite or not positive
   */
  public static double requireBeta(double beta) {
    return Arguments.requirePositive("beta", beta);
  }

  /**
   * Returns b if it is valid.
   *
   * @param b the parameter of squareplus or of its inverse
   * @return {@code b}
   * @throws IllegalArgumentException if {@code b} is not finite or is negative
   */
  public static double requireB(double b) {
    if (!(b >= 0 && b < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("b must be finite and >= 0, got " + b);
    }
    return b;
  }
}

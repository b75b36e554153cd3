package org.stableops.op;

import java.util.function.DoubleUnaryOperator;
import org.stableops.Parameters;

/**
 * The parameter of an elementwise operator.
 *
 * @param name for messages and graphs
 * @param byDefault its value where none is given
 * @param require returns a valid one and throws an IllegalArgumentException for any other
 */
public record ParameterRule(String name, double byDefault, DoubleUnaryOperator require) {
  static final ParameterRule BETA =
      new ParameterRule("beta", Parameters.DEFAULT_BETA, Parameters::requireBeta);

  static final ParameterRule B = new ParameterRule("b", Parameters.DEFAULT_B, Parameters::requireB);

  /**
   * Returns a parameter if it is valid.
   *
   * @param p any number
   * @return {@code p}
   * @throws IllegalArgumentException if it is not valid
   */
  public double requireValid(double p) {
    return require.applyAsDouble(p);
  }
}

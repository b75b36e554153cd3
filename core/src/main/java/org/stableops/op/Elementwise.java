package org.stableops.op;

import java.util.function.DoubleFunction;
import org.stableops.kernel.ElementwiseKernel;
import org.stableops.kernel.ParametricKernel;

/**
 * An elementwise operator f(x; p): all that the hosts need to know of it.
 *
 * @param name that of the public classes, such as {@code SquareplusInverse}
 * @param parameter p's name, default and rule
 * @param kernel f and ∂f/∂x over the memory of arrays, for a valid p
 * @param arrays the same where p is an array, and ∂f/∂p
 * @param composite the same in a host's primitives
 */
public record Elementwise(
    String name,
    ParameterRule parameter,
    DoubleFunction<ElementwiseKernel> kernel,
    ParametricKernel arrays,
    Composite composite) {

  /**
   * Returns the name that graphs of SameDiff store.
   *
   * @return such as {@code stable_squareplus_inverse}
   */
  public String graphName() {
    return GraphNames.of(name);
  }

  /** The name of the gradient to x in graphs of SameDiff. */
  public String gradientGraphName() {
    return GraphNames.gradient(graphName());
  }

  /** The name of the second derivative by x in graphs of SameDiff. */
  public String secondDerivativeGraphName() {
    return GraphNames.second(graphName());
  }

  /** The name of the gradient to p in graphs of SameDiff. */
  public String parameterGradientGraphName() {
    return GraphNames.gradient(graphName() + "_" + parameter.name());
  }

  /** The name as that of a function, such as {@code squareplusInverse}. */
  public String functionName() {
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }

  @Override
  public String toString() {
    return name;
  }
}

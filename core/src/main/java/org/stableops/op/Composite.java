package org.stableops.op;

/**
 * An elementwise operator f(x; p) in the primitives of a host: what is computed where no kernel can
 * reach the memory. Arguments outside the domain and special values follow the operator's table.
 * The host rounds results of float64 to x's dtype.
 */
public interface Composite {
  /**
   * Returns f(x; p).
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param x of float32 or float64
   * @param p a valid parameter
   * @return an array of x's shape, of its dtype or of float64
   */
  <A> A value(Algebra<A> m, A x, double p);

  /**
   * Returns ∂f/∂x.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param x of float32 or float64
   * @param p a valid parameter
   * @return an array of x's shape, of its dtype or of float64
   */
  <A> A gradient(Algebra<A> m, A x, double p);

  /**
   * Returns ∂²f/∂x².
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param x of float32 or float64
   * @param p a valid parameter
   * @return an array of x's shape, of float64
   */
  <A> A secondDerivative(Algebra<A> m, A x, double p);

  /**
   * Returns f(x; p) of parameters that are an array.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param x of float64
   * @param p valid parameters of float64, one per element
   * @return an array of x's shape, of its dtype or of float64
   */
  <A> A value(Algebra<A> m, A x, A p);

  /**
   * Returns ∂f/∂x of parameters that are an array.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param x of float64
   * @param p valid parameters of float64, one per element
   * @return an array of x's shape, of its dtype or of float64
   */
  <A> A gradient(Algebra<A> m, A x, A p);

  /**
   * Returns ∂f/∂p, one per element.
   *
   * @param <A> the host's arrays
   * @param m the host's arithmetic
   * @param x of float64
   * @param p valid parameters of float64, one per element
   * @return an array of x's shape, of its dtype or of float64
   */
  <A> A parameterGradient(Algebra<A> m, A x, A p);
}

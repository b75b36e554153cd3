package org.stableops.op;

/**
 * The Hessian of the softmax cross-entropy of rows by primitives. With k the largest logit, u = v −
 * v_k and U = Σ p·u,
 *
 * <pre>(Hv)_c = p_c·((W + 2ζω·lse)(u_c − U) + 2ζω(v_k + U)),
 * H_cc = p_c·((W + 2ζω·lse)(1 − p_c) + 2ζω·p_c).</pre>
 *
 * @param <A> the host's arrays
 */
public final class SoftmaxHessian<A> {
  private final RowAlgebra<A> m;
  private final SoftmaxComposite<A> softmax;

  /** W + 2ζω·lse, or null for 1. */
  private final A curvature;

  /** 2ζω, or null for 0. */
  private final A zSlope;

  /**
   * Takes columns.
   *
   * @param total W, or null for 1
   * @param weight ω, or null for 1
   */
  SoftmaxHessian(SoftmaxComposite<A> softmax, A total, A weight, double zLoss) {
    this.m = softmax.algebra();
    this.softmax = softmax;
    zSlope = zLoss == 0 ? null : zSlope(weight, zLoss);
    curvature = zSlope == null ? total : curvature(total);
  }

  private A zSlope(A weight, double zLoss) {
    return weight == null ? m.constant(2 * zLoss, softmax.max()) : m.multiply(weight, 2 * zLoss);
  }

  private A curvature(A total) {
    A max = softmax.max();
    // The p of a logit of +inf is 1, and the others' p of 0 outweighs an infinite log-sum-exp.
    A lse = m.select(m.isInfinite(max), m.constant(0, max), softmax.logSumExp());
    A slope = m.multiply(zSlope, lse);
    return total == null ? m.addTo(slope, 1) : m.addTo(slope, total);
  }

  /**
   * Returns the product with a vector.
   *
   * @param v rows × classes of float64; that of an absent class counts nothing
   * @param scales what each row is multiplied by, as a column
   * @return rows × classes
   */
  public A times(A v, A scales) {
    A atLargest = m.at(softmax.first(), v);
    A u = beyond(v, atLargest);
    A mean = mean(u);
    A slopes = m.subtractFrom(u, mean);
    A weighted = curvature == null ? slopes : m.multiplyBy(slopes, curvature);
    A all =
        zSlope == null ? weighted : m.addTo(weighted, m.multiply(zSlope, m.add(atLargest, mean)));
    return scaled(all, scales);
  }

  /** v − v_k, and 0 for absent classes. */
  private A beyond(A v, A atLargest) {
    A isLive = m.isMore(softmax.rows(), Double.NEGATIVE_INFINITY);
    return m.freeing(m.subtract(v, atLargest), u -> m.select(isLive, u, m.constant(0, u)));
  }

  /** Σ p·u for a u that is 0 at the largest. */
  private A mean(A u) {
    A products = m.multiply(softmax.others(), u);
    return m.divide(m.freeing(products, m::rowSums), softmax.denominator());
  }

  /**
   * Returns the diagonal.
   *
   * @param scales what each row is multiplied by, as a column
   * @return rows × classes
   */
  public A diagonal(A scales) {
    A complement = softmax.oneMinusP();
    A weighted = curvature == null ? complement : m.multiplyBy(complement, curvature);
    return scaled(zSlope == null ? weighted : addSquares(weighted), scales);
  }

  private A addSquares(A weighted) {
    A products = m.multiplyBy(softmax.p(), zSlope);
    A sum = m.addTo(weighted, products);
    m.free(products);
    return sum;
  }

  /** The product with p and scales; + 0, for an absent class has 0 and not −0. */
  private A scaled(A slopes, A scales) {
    A p = softmax.p();
    A products = m.multiplyBy(slopes, p);
    m.free(p);
    return m.addTo(m.multiplyBy(products, scales), 0);
  }
}

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/**
 * Nodes whose second derivatives are right, too. In {@link Autograd} the factor of a product is a
 * constant of the graph, and the derivative of a gradient misses what the factor depends on. Here a
 * node is a polynomial of degree two in d = x − x₀, where x₀ is x outside of the graph: backward of
 * g·d + h·d²/2 is g + h·d, which is g, for d is 0, and backward of that is h.
 *
 * <p>Third derivatives are 0 where they should not be.
 */
public final class Taylor {
  /** How many of a thread's scopes are open. */
  private static final ThreadLocal<Integer> SCOPES = new ThreadLocal<>();

  private Taylor() {}

  /** Lets this thread's operators attach their second derivatives. */
  public static void begin() {
    SCOPES.set(depth() + 1);
  }

  /** How many scopes of this thread are open. */
  public static int depth() {
    return isOn() ? SCOPES.get() : 0;
  }

  /** Ends what the last begin of this thread began. */
  public static void end() {
    int scopes = depth() - 1;
    if (scopes == 0) {
      SCOPES.remove();
    } else {
      SCOPES.set(scopes);
    }
  }

  /** Whether somebody may ask this thread's operators for second derivatives. */
  static boolean isOn() {
    return SCOPES.get() != null;
  }

  /** Refuses to attach a gradient whose own derivative would be taken for 0. */
  static void requireOff(String operator) {
    if (isOn()) {
      throw new UnsupportedOperationException(
          operator + " has no second derivative, which SecondOrder's scope needs");
    }
  }

  /** x − x₀, which is 0 even where x is not finite, of {@link Halves#wideType}. */
  static NDArray difference(NDArray x) {
    NDArray wide = Halves.widened(x);
    NDArray difference = wide.sub(wide.stopGradient());
    Autograd.overwrite(difference, difference.zerosLike());
    return difference;
  }

  /** g·d + h·d²/2. */
  static NDArray polynomial(NDArray d, NDArray gradient, NDArray second) {
    return d.mul(gradient.add(d.mul(half(second))));
  }

  private static NDArray half(NDArray second) {
    return finite(halfOf(second));
  }

  /** With the largest number for ∞: 0·∞ would be NaN in the first derivative. */
  static NDArray finite(NDArray second) {
    double most =
        second.getDataType() == DataType.FLOAT64 ? Double.MAX_VALUE : (double) Float.MAX_VALUE;
    return second.clip(-most, most);
  }

  /** An array with this value, and this gradient and second derivative to x. */
  static NDArray elementwise(NDArray x, NDArray value, NDArray gradient, NDArray second) {
    return Autograd.withValue(polynomial(difference(x), gradient, second), value);
  }

  /**
   * The polynomials of a cross-entropy's rows. Its Hessian is M∘(e_i − ⟨p, ·⟩) + N⟨p, ·⟩, where M
   * and N are multiples of p, N of the z-loss alone.
   */
  static NDArray crossEntropy(NDArray d, int axis, NDArray gradient, CrossEntropy call) {
    NDArray p = call.softmax();
    NDArray node = sum(d.mul(gradient), axis);
    NDArray diagonal = call.hessianDiagonal();
    if (call.hasZLoss()) {
      NDArray n = call.hessianVectorProduct(p.onesLike());
      node = node.add(sum(d.mul(half(n)), axis).mul(sum(d.mul(p), axis)));
      diagonal = diagonal.sub(n.mul(p));
    }
    NDArray m = quotient(diagonal, call.complement());
    return node.add(covariance(d, axis, half(m), p)).squeeze(axis);
  }

  /**
   * M of m·(1 − p), and 0 where that is no number, which not even the 0 of d undoes: in rows that
   * do not count, and where p is 1, whose m no covariance reads.
   */
  private static NDArray quotient(NDArray diagonal, NDArray complement) {
    NDArray zero = Constants.of(0);
    NDArray isZero = diagonal.eq(zero).logicalOr(complement.eq(zero));
    return DjlAlgebra.INSTANCE.select(isZero, diagonal.zerosLike(), diagonal.div(complement));
  }

  /** The polynomials of log-sum-exps, but for the terms of first order, with 1 along the axis. */
  static NDArray ofLogSumExp(NDArray d, int axis, NDArray p) {
    return covariance(d, axis, halfOf(p), p);
  }

  /** Only for arrays outside any graph: a graph must not keep a pointer to Java's memory. */
  private static NDArray halfOf(NDArray array) {
    return array.mul(Constants.of(0.5));
  }

  /** Σ m·e² − Σm·e · Σp·e, for m a multiple of p. */
  private static NDArray covariance(NDArray d, int axis, NDArray m, NDArray p) {
    NDArray e = beyondLargest(d, axis, p);
    return sum(e.mul(e).mul(m), axis).sub(sum(e.mul(m), axis).mul(sum(e.mul(p), axis)));
  }

  /** e, d less that of the largest p: nothing cancels where p is almost 1. */
  private static NDArray beyondLargest(NDArray d, int axis, NDArray p) {
    return d.sub(sum(d.mul(largest(p, axis)), axis));
  }

  /** 1 at the largest, which several share. */
  private static NDArray largest(NDArray p, int axis) {
    NDArray ones = p.eq(p.max(new int[] {axis}, true)).toType(p.getDataType(), false);
    return ones.div(sum(ones, axis));
  }

  private static NDArray sum(NDArray rows, int axis) {
    return rows.sum(new int[] {axis}, true);
  }

  /**
   * The polynomial of softmax, but for what may be added to it: p·(t + (t² − Σp·t²)/2) with t = d −
   * Σp·d, along the last axis.
   */
  static NDArray softmax(NDArray d, NDArray p) {
    int axis = d.getShape().dimension() - 1;
    NDArray e = beyondLargest(d, axis, p);
    NDArray t = e.sub(sum(e.mul(p), axis));
    NDArray squares = t.mul(t);
    NDArray ofSecondOrder = squares.sub(sum(squares.mul(p), axis)).mul(halfOf(p));
    return t.mul(p).add(ofSecondOrder);
  }
}

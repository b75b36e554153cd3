package org.stableops.op;

import java.util.function.Function;
import java.util.function.Predicate;
import org.stableops.CrossEntropyOptions;
import org.stableops.kernel.CrossEntropyKernel;
import org.stableops.kernel.Elements;
import org.stableops.kernel.HessianKernel;
import org.stableops.kernel.RowLosses;

/**
 * What a softmax cross-entropy computes beside its losses, of the shape of the logits.
 *
 * @param <A> arrays
 */
public final class Derivative<A> {
  private enum Kind {
    GRADIENT,
    HESSIAN_VECTOR_PRODUCT,
    HESSIAN_DIAGONAL
  }

  private final Kind kind;
  private final A v;

  private Derivative(Kind kind, A v) {
    this.kind = kind;
    this.v = v;
  }

  /** The gradient. */
  public static <A> Derivative<A> gradient() {
    return new Derivative<>(Kind.GRADIENT, null);
  }

  /** The product of the Hessian with an array like the logits. */
  public static <A> Derivative<A> hessianVectorProduct(A v) {
    return new Derivative<>(Kind.HESSIAN_VECTOR_PRODUCT, v);
  }

  /** The diagonal of the Hessian. */
  public static <A> Derivative<A> hessianDiagonal() {
    return new Derivative<>(Kind.HESSIAN_DIAGONAL, null);
  }

  /** Whether it is of first order. */
  public boolean isGradient() {
    return kind == Kind.GRADIENT;
  }

  /**
   * Returns the same with another array for v.
   *
   * @param function from v to the other
   * @param <B> other arrays
   * @return this without a v, or with the other one
   */
  public <B> Derivative<B> with(Function<A, B> function) {
    return new Derivative<>(kind, v == null ? null : function.apply(v));
  }

  /** Whether v, if there is one, passes a test. */
  public boolean allows(Predicate<A> test) {
    return v == null || test.test(v);
  }

  /**
   * Computes it by primitives.
   *
   * @param loss that of rows
   * @param scales what each row is multiplied by, as a column
   * @return rows × classes
   */
  public A of(CrossEntropyComposite<A> loss, A scales) {
    return switch (kind) {
      case GRADIENT -> loss.gradient(scales);
      case HESSIAN_VECTOR_PRODUCT -> loss.hessian().times(v, scales);
      case HESSIAN_DIAGONAL -> loss.hessian().diagonal(scales);
    };
  }

  /**
   * Computes it, and the losses if it is of first order, by the kernel of integer labels; arguments
   * as of {@link CrossEntropyKernel#sparse}.
   */
  public static RowLosses sparse(
      Derivative<Elements> derivative,
      Elements logits,
      int classes,
      long[] labels,
      double[] weights,
      CrossEntropyOptions options,
      Elements out) {
    return derivative.isGradient()
        ? CrossEntropyKernel.sparse(logits, classes, labels, weights, options, out)
        : HessianKernel.sparse(logits, classes, labels, weights, options, derivative.v, out);
  }

  /**
   * Computes it, and the losses if it is of first order, by the kernel of class probabilities;
   * arguments as of {@link CrossEntropyKernel#dense}.
   */
  public static RowLosses dense(
      Derivative<Elements> derivative,
      Elements logits,
      int classes,
      Elements q,
      int rows,
      long firstRow,
      double[] weights,
      CrossEntropyOptions options,
      Elements out) {
    return derivative.isGradient()
        ? CrossEntropyKernel.dense(logits, classes, q, rows, firstRow, weights, options, out)
        : HessianKernel.dense(
            logits, classes, q, rows, firstRow, weights, options, derivative.v, out);
  }
}

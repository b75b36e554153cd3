package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.jni.JniUtils;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.stableops.kernel.Elements;
import org.stableops.kernel.ElementwiseKernel;

/**
 * What an elementwise operator is made of: its value and its derivatives, as a kernel and as
 * composites on arrays outside any graph. The rest is the same for all.
 *
 * @param kernel f(x), f′(x) and f″(x) over the memory of arrays
 * @param compositeValue f(x) by the host's primitives, for float32 and float64 of rank 1 or more
 * @param compositeGradient f′(x) in the same way
 * @param compositeSecond f″(x) in the same way, or null if there is none
 */
public record ElementwiseOp(
    ElementwiseKernel kernel,
    UnaryOperator<NDArray> compositeValue,
    UnaryOperator<NDArray> compositeGradient,
    UnaryOperator<NDArray> compositeSecond) {

  public NDArray value(NDArray x) {
    Inputs.requireFloating("x", x);
    return Scoped.compute(
        () -> {
          if (!mayBeInGraph(x)) {
            return compute(x, kernel::value, compositeValue);
          }
          return Fused.accepts(x) && !Taylor.isOn() ? fused(x) : composite(x);
        });
  }

  /** For small arrays the product reveals it; for large ones computing it could be wasted. */
  private static boolean mayBeInGraph(NDArray x) {
    boolean isCheap = Fused.accepts(x) && Fused.isSmall(x) && !Taylor.isOn();
    return isCheap ? JniUtils.isGradMode() : Autograd.wantsGradient(x);
  }

  /**
   * Writes value and gradient, in one sweep, into a product and one of its factors; the value alone
   * if the product turns out to be in no graph, since x is in none.
   */
  private NDArray fused(NDArray x) {
    NDArray gradient = Fused.uninitialized(x);
    // The contiguous factor first, for the product takes its layout.
    NDArray value = gradient.mul(x);
    if (Autograd.isInGraph(value)) {
      kernel.valueAndGradient(Fused.elements(x), Fused.elements(value), Fused.elements(gradient));
    } else {
      kernel.value(Fused.elements(x), Fused.elements(value));
    }
    return value;
  }

  private NDArray composite(NDArray x) {
    NDArray detached = x.stopGradient();
    NDArray value = compute(detached, kernel::value, compositeValue);
    NDArray gradient = wide(detached, kernel::gradient, compositeGradient);
    if (compositeSecond == null || !Taylor.isOn()) {
      return Autograd.elementwise(x, value, gradient);
    }
    NDArray second = wide(detached, kernel::secondDerivative, compositeSecond);
    return Taylor.elementwise(x, value, gradient, second);
  }

  public NDArray gradient(NDArray x) {
    Inputs.requireFloating("x", x);
    return Scoped.compute(() -> compute(Autograd.detached(x), kernel::gradient, compositeGradient));
  }

  /** The second derivative, outside any graph. */
  public NDArray secondDerivative(NDArray x) {
    Inputs.requireFloating("x", x);
    return Scoped.compute(
        () -> compute(Autograd.detached(x), kernel::secondDerivative, compositeSecond));
  }

  /** In float32 for float16. */
  private static NDArray wide(
      NDArray detached, BiConsumer<Elements, Elements> sweep, UnaryOperator<NDArray> composite) {
    NDArray wide = detached.toType(Halves.wideType(detached.getDataType()), false);
    return compute(wide, sweep, composite);
  }

  public void valueInto(NDArray x, NDArray out) {
    Inputs.requireLike("out", out, x);
    if (Autograd.wantsGradient(out)) {
      throw new IllegalArgumentException("out must be outside any graph");
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray detached = Autograd.detached(x);
      if (Fused.accepts(detached) && Fused.isContiguous(out)) {
        kernel.value(Fused.elements(detached), Fused.elements(out));
      } else {
        Autograd.overwrite(out, compute(detached, kernel::value, compositeValue));
      }
    }
  }

  Block block(String name, double argument) {
    return new OpBlock(name, 1, inputs -> value(inputs.singletonOrThrow()), shapes -> shapes[0])
        .describedBy(argument);
  }

  Block gradientBlock(String name, double argument) {
    return new OpBlock(
            name + "Gradient",
            2,
            inputs -> upstreamTimesGradient(inputs.get(0), inputs.get(1)),
            shapes -> shapes[0])
        .describedBy(argument);
  }

  private NDArray upstreamTimesGradient(NDArray x, NDArray upstream) {
    Inputs.requireLike("upstream", upstream, x);
    return Scoped.compute(
        () ->
            wide(Autograd.detached(x), kernel::gradient, compositeGradient)
                .mul(upstream.stopGradient())
                .toType(x.getDataType(), false));
  }

  static NDArray compute(
      NDArray x, BiConsumer<Elements, Elements> sweep, UnaryOperator<NDArray> composite) {
    if (Fused.accepts(x) || x.size() <= Slices.elements(x)) {
      return computeAtOnce(x, sweep, composite);
    }
    NDArray flat = x.reshape(-1);
    NDArray[] out =
        Slices.compute(
            x.size(),
            1,
            Slices.elements(x),
            (from, to) ->
                new NDArray[] {computeAtOnce(Slices.of(flat, from, to), sweep, composite)});
    return out[0].reshape(x.getShape());
  }

  private static NDArray computeAtOnce(
      NDArray x, BiConsumer<Elements, Elements> sweep, UnaryOperator<NDArray> composite) {
    DataType type = x.getDataType();
    if (type == DataType.FLOAT16) {
      // Computed wider, rounded once.
      NDArray wide = x.toType(DataType.FLOAT32, false);
      return computeAtOnce(wide, sweep, composite).toType(type, false);
    }
    if (Fused.accepts(x)) {
      NDArray out = Fused.uninitialized(x);
      sweep.accept(Fused.elements(x), Fused.elements(out));
      return out;
    }
    if (x.getShape().isScalar()) {
      // A scalar's dtype gives way to that of a constant; a vector's does not.
      return rounded(x, composite.apply(x.reshape(1))).reshape(new Shape());
    }
    return rounded(x, composite.apply(x));
  }

  private static NDArray rounded(NDArray x, NDArray result) {
    return Scoped.beside(x, result).toType(x.getDataType(), false);
  }
}

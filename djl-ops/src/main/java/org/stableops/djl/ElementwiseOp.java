package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.stableops.kernel.Elements;

/**
 * What an elementwise operator is made of: its value and its derivative, each as a kernel and as a
 * composite on arrays outside any graph. The rest is the same for all.
 *
 * @param value writes f(x)
 * @param gradient writes f′(x)
 * @param compositeValue f(x) by the host's primitives, for float32 and float64 of rank 1 or more
 * @param compositeGradient f′(x) in the same way
 */
record ElementwiseOp(
    BiConsumer<Elements, Elements> value,
    BiConsumer<Elements, Elements> gradient,
    UnaryOperator<NDArray> compositeValue,
    UnaryOperator<NDArray> compositeGradient) {

  NDArray value(NDArray x) {
    Inputs.requireFloating("x", x);
    return Scoped.compute(
        () -> {
          NDArray detached = x.stopGradient();
          NDArray f = compute(detached, value, compositeValue);
          if (!Autograd.wantsGradient(x)) {
            return f;
          }
          return Autograd.elementwise(x, f, compute(detached, gradient, compositeGradient));
        });
  }

  NDArray gradient(NDArray x) {
    Inputs.requireFloating("x", x);
    return Scoped.compute(() -> compute(x.stopGradient(), gradient, compositeGradient));
  }

  void valueInto(NDArray x, NDArray out) {
    Inputs.requireLike("out", out, x);
    if (Autograd.wantsGradient(out)) {
      throw new IllegalArgumentException("out must be outside any graph");
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Autograd.overwrite(out, compute(x.stopGradient(), value, compositeValue));
    }
  }

  Block block(String name) {
    return new OpBlock(name, 1, inputs -> value(inputs.singletonOrThrow()), shapes -> shapes[0]);
  }

  Block gradientBlock(String name) {
    return new OpBlock(
        name + "Gradient",
        2,
        inputs -> upstreamTimesGradient(inputs.get(0), inputs.get(1)),
        shapes -> shapes[0]);
  }

  private NDArray upstreamTimesGradient(NDArray x, NDArray upstream) {
    Inputs.requireLike("upstream", upstream, x);
    return Scoped.compute(() -> gradient(x).mul(upstream.stopGradient()));
  }

  private static NDArray compute(
      NDArray x, BiConsumer<Elements, Elements> kernel, UnaryOperator<NDArray> composite) {
    DataType type = x.getDataType();
    if (type == DataType.FLOAT16) {
      // Computed wider, rounded once.
      return compute(x.toType(DataType.FLOAT32, false), kernel, composite).toType(type, false);
    }
    if (Fused.accepts(x)) {
      NDArray out = x.getManager().create(x.getShape(), type, x.getDevice());
      kernel.accept(Fused.elements(x), Fused.elements(out));
      return out;
    }
    if (x.getShape().isScalar()) {
      // A scalar's dtype gives way to that of a Number; a vector's does not.
      return composite.apply(x.reshape(1)).reshape(new Shape());
    }
    return composite.apply(x);
  }
}

package org.stableops.nd4j.internal;

import java.util.function.BiConsumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.kernel.Elements;
import org.stableops.kernel.ElementwiseKernel;

/**
 * What an elementwise operator is made of: its value and its derivative, as a kernel and as
 * composites. The rest is the same for all.
 *
 * @param kernel f(x) and f′(x) over the memory of arrays
 * @param compositeValue f(x) by the host's primitives, for contiguous float and double
 * @param compositeGradient f′(x) in the same way
 */
public record ElementwiseOp(
    ElementwiseKernel kernel, Formula compositeValue, Formula compositeGradient) {

  /** A formula on a contiguous array of float or double, of two elements or more. */
  @FunctionalInterface
  public interface Formula {
    INDArray apply(Nd4jAlgebra m, INDArray x);
  }

  public INDArray value(INDArray x) {
    Inputs.requireFloating("x", x);
    return compute(x, kernel::value, compositeValue);
  }

  public INDArray gradient(INDArray x) {
    Inputs.requireFloating("x", x);
    return compute(x, kernel::gradient, compositeGradient);
  }

  /** Writes f(x) into an array of x's shape and dtype, which may be x. */
  public void valueInto(INDArray x, INDArray out) {
    Inputs.requireLike("out", out, x);
    computeInto(x, out, kernel::value, compositeValue);
  }

  /** Writes f′(x) into an array of x's shape and dtype, which may be x. */
  public void gradientInto(INDArray x, INDArray out) {
    Inputs.requireLike("out", out, x);
    computeInto(x, out, kernel::gradient, compositeGradient);
  }

  /** Returns upstream × f′(x), rounded once; upstream is of x's shape. */
  public INDArray backprop(INDArray x, INDArray upstream) {
    Inputs.requireFloating("x", x);
    Inputs.requireFloating("upstream", upstream);
    DataType type = Halves.wideType(x.dataType());
    if (type == x.dataType()) {
      return Temporaries.filled(Fused.uninitialized(x), out -> backpropInto(x, upstream, out));
    }
    try (Temporaries temporaries = new Temporaries()) {
      INDArray wide = temporaries.keep(x.castTo(type));
      // Of another dtype it may be wide already.
      INDArray factor = temporaries.keepUnless(upstream, upstream.castTo(type));
      INDArray product = backprop(wide, factor);
      return temporaries.keep(product).castTo(x.dataType());
    }
  }

  /** Writes upstream × f′(x); upstream is of x's shape, or one number. */
  public void backpropInto(INDArray x, INDArray upstream, INDArray out) {
    gradientInto(x, out);
    Primitives.multiplyByUpstream(out, upstream);
  }

  private static INDArray compute(
      INDArray x, BiConsumer<Elements, Elements> sweep, Formula composite) {
    return Temporaries.filled(Fused.uninitialized(x), out -> computeInto(x, out, sweep, composite));
  }

  static void computeInto(
      INDArray x, INDArray out, BiConsumer<Elements, Elements> sweep, Formula composite) {
    if (x.isEmpty()) {
      return;
    }
    try (Temporaries temporaries = new Temporaries()) {
      if (Fused.accepts(x) && Fused.accepts(out)) {
        run(sweep, x, out, temporaries);
      } else if (x.length() == 1) {
        computeOne(x, out, sweep, composite, temporaries);
      } else {
        computeInBlocks(x, out, sweep, composite, temporaries);
      }
    }
  }

  private static void computeInBlocks(
      INDArray x,
      INDArray out,
      BiConsumer<Elements, Elements> sweep,
      Formula composite,
      Temporaries temporaries) {
    INDArray source = Fused.isFlat(x) ? x : temporaries.keep(x.dup('c'));
    boolean isDirect = Fused.isFlat(out) && !Fused.collide(source, out);
    INDArray result =
        isDirect
            ? out
            : temporaries.keep(Nd4j.createUninitialized(out.dataType(), out.shape(), 'c'));
    INDArray in = source.reshape('c', new long[] {x.length()});
    Slices.fill(
        result.reshape('c', new long[] {x.length()}),
        1,
        Slices.elements(x),
        (from, to, ofBlock) -> {
          INDArray wide = Halves.widened(Slices.of(in, from, to), ofBlock);
          return computeWide(wide, sweep, composite, ofBlock);
        });
    if (!isDirect) {
      out.assign(result);
    }
  }

  /** As two elements: an array of one counts as a number, and as a number NaN becomes 1e-5. */
  private static void computeOne(
      INDArray x,
      INDArray out,
      BiConsumer<Elements, Elements> sweep,
      Formula composite,
      Temporaries temporaries) {
    double element = x.getDouble(0);
    INDArray pair = temporaries.keep(Nd4j.createFromArray(element, element));
    INDArray wide = temporaries.keepUnless(pair, pair.castTo(Halves.wideType(x.dataType())));
    INDArray result = computeWide(wide, sweep, composite, temporaries);
    Primitives.put(out, result.getDouble(0));
  }

  private static void run(
      BiConsumer<Elements, Elements> sweep, INDArray x, INDArray out, Temporaries temporaries) {
    INDArray source = Fused.collide(x, out) ? temporaries.keep(x.dup()) : x;
    Traversal traversal = new Traversal(out, source);
    sweep.accept(traversal.elements(source), traversal.elements(out));
  }

  private static INDArray computeWide(
      INDArray wide,
      BiConsumer<Elements, Elements> sweep,
      Formula composite,
      Temporaries temporaries) {
    if (!Fused.accepts(wide)) {
      return composite.apply(new Nd4jAlgebra(temporaries, wide.dataType()), wide);
    }
    INDArray out = temporaries.keep(Nd4j.createUninitialized(wide.dataType(), wide.shape(), 'c'));
    run(sweep, wide, out, temporaries);
    return out;
  }
}

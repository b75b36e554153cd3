package org.stableops.nd4j.internal;

import java.nio.DoubleBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.internal.ParameterShape;
import org.stableops.kernel.Elements;
import org.stableops.kernel.ParameterGroups;
import org.stableops.kernel.ParametricKernel;
import org.stableops.op.Composite;
import org.stableops.op.Elementwise;

/**
 * An elementwise operator on the arrays of this host, with a parameter that is a number, or an
 * array that broadcasts against x.
 *
 * @param operator what it is
 */
public record ParametricOp(Elementwise operator) {

  /** A formula on vectors of two doubles or more. */
  @FunctionalInterface
  private interface Formula {
    INDArray apply(Nd4jAlgebra m, INDArray x, INDArray p);
  }

  /** A kernel's work on x and a parameter in x's shape. */
  @FunctionalInterface
  private interface Sweep {
    void run(Elements x, Elements p, Elements out);
  }

  /** The operator whose parameter is one number. */
  public ElementwiseOp of(double p) {
    operator.parameter().requireValid(p);
    Composite composite = operator.composite();
    return new ElementwiseOp(
        operator.kernel().apply(p),
        (m, x) -> composite.value(m, x, p),
        (m, x) -> composite.gradient(m, x, p));
  }

  /** The second derivative by x. */
  public INDArray secondDerivative(INDArray x, double p) {
    Inputs.requireFloating("x", x);
    return Temporaries.filled(Fused.uninitialized(x), out -> secondDerivativeInto(x, p, out));
  }

  /** Writes the second derivative into an array of x's shape and dtype, which may be x. */
  void secondDerivativeInto(INDArray x, double p, INDArray out) {
    operator.parameter().requireValid(p);
    ElementwiseOp.computeInto(
        x,
        out,
        operator.kernel().apply(p)::secondDerivative,
        (m, block) -> composite().secondDerivative(m, block, p));
  }

  private String name() {
    return operator.parameter().name();
  }

  private ParametricKernel kernel() {
    return operator.arrays();
  }

  private Composite composite() {
    return operator.composite();
  }

  public INDArray value(INDArray x, INDArray p) {
    ParameterShape shape = requireValid(x, p);
    if (p.length() == 1) {
      return of(p.getDouble(0)).value(x);
    }
    return Temporaries.filled(
        Fused.uninitialized(x),
        out -> computeInto(x, p, out, shape, kernel()::value, composite()::value));
  }

  public INDArray gradient(INDArray x, INDArray p) {
    ParameterShape shape = requireValid(x, p);
    if (p.length() == 1) {
      return of(p.getDouble(0)).gradient(x);
    }
    return Temporaries.filled(
        Fused.uninitialized(x),
        out -> computeInto(x, p, out, shape, kernel()::gradient, composite()::gradient));
  }

  /** The gradient by the parameter of the sum of the value, summed where the parameter repeats. */
  public INDArray parameterGradient(INDArray x, INDArray p) {
    ParameterShape shape = requireValid(x, p);
    return Temporaries.filled(Fused.uninitialized(p), out -> sumInto(x, p, null, out, shape));
  }

  /** Writes f(x; p) into an array of x's shape and dtype, which may be x. */
  public void valueInto(INDArray x, INDArray p, INDArray out) {
    Inputs.requireLike("out", out, x);
    ParameterShape shape = requireValid(x, p);
    if (p.length() == 1) {
      of(p.getDouble(0)).valueInto(x, out);
    } else {
      computeInto(x, p, out, shape, kernel()::value, composite()::value);
    }
  }

  /** Writes ∂f/∂x into an array of x's shape and dtype, which may be x. */
  void gradientInto(INDArray x, INDArray p, INDArray out) {
    Inputs.requireLike("out", out, x);
    ParameterShape shape = requireValid(x, p);
    if (p.length() == 1) {
      of(p.getDouble(0)).gradientInto(x, out);
    } else {
      computeInto(x, p, out, shape, kernel()::gradient, composite()::gradient);
    }
  }

  /** Writes Σ upstream·∂f/∂p, for an upstream of x's shape or of one element, into one like p. */
  void parameterGradientInto(INDArray x, INDArray p, INDArray upstream, INDArray out) {
    sumInto(x, p, upstream, out, requireValid(x, p));
  }

  private ParameterShape requireValid(INDArray x, INDArray p) {
    Inputs.requireParameter(name(), p, x);
    ParameterShape shape = ParameterShape.of(name(), p.shape(), x.shape());
    if (!p.isEmpty()) {
      Elements elements =
          Fused.accepts(p)
              ? Fused.elements(p, Fused.logicalOrder(p))
              : Elements.of(DoubleBuffer.wrap(Fused.doubles(p)));
      kernel().requireValid(elements, shape);
    }
    return shape;
  }

  private static void computeInto(
      INDArray x, INDArray p, INDArray out, ParameterShape shape, Sweep sweep, Formula formula) {
    if (x.isEmpty()) {
      return;
    }
    try (Temporaries temporaries = new Temporaries()) {
      if (Fused.accepts(x) && Fused.accepts(p) && Fused.accepts(out)) {
        run(sweep, x, p, out, shape, temporaries);
        return;
      }
      boolean isDirect = !Fused.meet(x, out) && !Fused.meet(p, out);
      INDArray result =
          isDirect
              ? out
              : temporaries.keep(Nd4j.createUninitialized(out.dataType(), out.shape(), 'c'));
      INDArray aligned = p.reshape(shape.aligned());
      ParameterBlocks.forEach(
          new INDArray[] {x, aligned, result},
          (block, ofBlock) -> computeBlock(block[0], block[1], block[2], sweep, formula, ofBlock));
      if (!isDirect) {
        out.assign(result);
      }
    }
  }

  private static void computeBlock(
      INDArray x, INDArray p, INDArray out, Sweep sweep, Formula formula, Temporaries ofBlock) {
    ParameterShape shape = ParameterShape.of("p", p.shape(), x.shape());
    INDArray wide = Fused.reaches(x) ? Fused.readable(x, ofBlock) : x;
    if (Fused.accepts(wide)) {
      INDArray result = AlongAxis.like(wide, ofBlock);
      run(sweep, wide, Fused.readable(p, ofBlock), result, shape, ofBlock);
      Primitives.assign(out, result);
    } else {
      INDArray result = composite(x, p, shape, formula, ofBlock);
      if (x.length() == 1) {
        Primitives.put(out, result.getDouble(0));
      } else {
        out.assign(result.reshape('c', x.shape()));
      }
    }
  }

  private static void run(
      Sweep sweep,
      INDArray x,
      INDArray p,
      INDArray out,
      ParameterShape shape,
      Temporaries temporaries) {
    INDArray source = Fused.collide(x, out) ? temporaries.keep(x.dup()) : x;
    boolean isInDanger = shape.isRepeated() ? Fused.meet(p, out) : Fused.collide(p, out);
    INDArray parameter = isInDanger ? temporaries.keep(p.dup()) : p;
    Traversal traversal = new Traversal(out, source);
    sweep.run(
        traversal.elements(source),
        traversal.elements(parameter, shape.strides(parameter.stride())),
        traversal.elements(out));
  }

  private void sumInto(
      INDArray x, INDArray p, INDArray upstream, INDArray out, ParameterShape shape) {
    if (p.isEmpty()) {
      return;
    }
    if (x.isEmpty()) {
      out.assign(0);
      return;
    }
    try (Temporaries temporaries = new Temporaries()) {
      boolean isUpstreamDirect = upstream == null || Fused.accepts(upstream);
      if (Fused.accepts(x) && Fused.accepts(p) && isUpstreamDirect && Fused.accepts(out)) {
        runSum(x, p, upstream, out, shape);
        return;
      }
      INDArray ofP = p.reshape(shape.aligned());
      INDArray ofUpstream = aligned(upstream, x);
      INDArray sums;
      if (x.length() <= Slices.elements(x)) {
        sums = sums(x, ofP, ofUpstream, temporaries);
      } else {
        // Those of blocks are added up in double.
        INDArray added = temporaries.keep(Nd4j.zeros(DataType.DOUBLE, shape.aligned()));
        ParameterBlocks.forEach(
            new INDArray[] {x, ofP, ofUpstream, added},
            (block, ofBlock) ->
                Primitives.add(block[3], sums(block[0], block[1], block[2], ofBlock)));
        // Rounded to half by way of float, as a kernel's results are.
        sums = temporaries.keepUnless(added, added.castTo(Halves.wideType(out.dataType())));
      }
      Primitives.assign(out, sums.reshape('c', out.shape()));
    }
  }

  /** An upstream gradient with x's rank, or null for none. */
  private static INDArray aligned(INDArray upstream, INDArray x) {
    return upstream == null
        ? null
        : upstream.reshape(
            ParameterShape.of("upstream", upstreamShape(upstream), x.shape()).aligned());
  }

  /** SameDiff starts with an upstream gradient of one element, whatever its rank. */
  private static long[] upstreamShape(INDArray upstream) {
    return upstream.length() == 1 ? new long[0] : upstream.shape();
  }

  /** The sums of a block, whose arrays have one rank, in float or double. */
  private INDArray sums(INDArray x, INDArray p, INDArray upstream, Temporaries ofBlock) {
    ParameterShape shape = ParameterShape.of("p", p.shape(), x.shape());
    INDArray wide = Fused.reaches(x) ? Fused.readable(x, ofBlock) : x;
    if (!Fused.accepts(wide)) {
      return compositeSum(x, p, upstream, shape, ofBlock);
    }
    INDArray out = ofBlock.keep(Nd4j.createUninitialized(wide.dataType(), p.shape(), 'c'));
    INDArray ofUpstream = upstream == null ? null : Fused.readable(upstream, ofBlock);
    runSum(wide, Fused.readable(p, ofBlock), ofUpstream, out, shape);
    return out;
  }

  private void runSum(
      INDArray x, INDArray p, INDArray upstream, INDArray out, ParameterShape shape) {
    ParameterGroups groups = ParameterGroups.of(shape);
    kernel()
        .parameterGradient(
            grouped(x, x.stride(), groups),
            grouped(p, shape.strides(p.stride()), groups),
            upstream == null ? null : grouped(upstream, upstreamStrides(upstream, x), groups),
            groups,
            Fused.elements(out, Fused.logicalOrder(out)));
  }

  private static Elements grouped(INDArray array, long[] strides, ParameterGroups groups) {
    return Fused.elements(array, groups.shape(), groups.strides(strides));
  }

  /** SameDiff starts with an upstream gradient of one scalar, whatever the shape. */
  private static long[] upstreamStrides(INDArray upstream, INDArray x) {
    return upstream.length() == 1 ? new long[x.rank()] : upstream.stride();
  }

  /** In double, of the parameter's shape. */
  private INDArray compositeSum(
      INDArray x, INDArray p, INDArray upstream, ParameterShape shape, Temporaries temporaries) {
    INDArray terms = composite(x, p, shape, composite()::parameterGradient, temporaries);
    if (upstream != null) {
      ParameterShape ofUpstream = ParameterShape.of("upstream", upstream.shape(), x.shape());
      terms.muli(vector(upstream, ofUpstream, temporaries));
    }
    if (x.length() == 1) {
      return Slices.of(terms, 0, 1);
    }
    return temporaries.keep(rows(terms.reshape('c', x.shape()), shape, temporaries));
  }

  /** The sum over the axes along which the parameter is repeated. */
  static INDArray rows(INDArray terms, ParameterShape shape, Temporaries temporaries) {
    int[] order = shape.repeatedAxesLast();
    INDArray ordered = terms.rank() < 2 ? terms : terms.permute(order);
    long length = 1;
    for (int axis : shape.repeatedAxes()) {
      length *= terms.size(axis);
    }
    INDArray rows =
        temporaries
            .keep(ordered.dup('c'))
            .reshape('c', new long[] {terms.length() / length, length});
    return Primitives.rowSums(rows, temporaries).dup('c');
  }

  /** The composite on doubles, as a vector of x's elements in order; of a single one, twice. */
  private static INDArray composite(
      INDArray x, INDArray p, ParameterShape shape, Formula formula, Temporaries temporaries) {
    ParameterShape ofX = ParameterShape.of("x", x.shape(), x.shape());
    return formula.apply(
        new Nd4jAlgebra(temporaries, false),
        vector(x, ofX, temporaries),
        vector(p, shape, temporaries));
  }

  /**
   * The elements as doubles, repeated to those of x. At least two: an array of one counts as a
   * number, and as a number NaN becomes 1e-5.
   */
  private static INDArray vector(INDArray array, ParameterShape shape, Temporaries temporaries) {
    if (shape.elements() == 1) {
      double element = array.getDouble(0);
      return temporaries.keep(Nd4j.createFromArray(element, element));
    }
    INDArray contiguous = temporaries.keep(array.dup('c'));
    INDArray wide = temporaries.keepUnless(contiguous, contiguous.castTo(DataType.DOUBLE));
    INDArray repeated =
        shape.isRepeated()
            ? temporaries.keep(Primitives.tile(wide.reshape('c', shape.aligned()), shape.x()))
            : wide;
    return repeated.reshape(shape.elements());
  }
}

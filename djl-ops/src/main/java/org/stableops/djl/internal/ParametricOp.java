package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.nio.DoubleBuffer;
import java.util.function.BinaryOperator;
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
  /** A kernel's work on x and a parameter in x's shape. */
  @FunctionalInterface
  private interface Sweep {
    void run(Elements x, Elements p, Elements out);
  }

  /** The two arrays outside any graph, whether they were in one, and their shapes. */
  private record Arguments(
      NDArray x, boolean wantsX, NDArray p, boolean wantsP, ParameterShape shape) {
    boolean isOne() {
      return p.size() == 1;
    }

    double one() {
      return p.toType(DataType.FLOAT64, false).toDoubleArray()[0];
    }

    Arguments toType(DataType type) {
      return withArrays(x.toType(type, false), p.toType(type, false));
    }

    Arguments withArrays(NDArray newX, NDArray newP) {
      return new Arguments(newX, wantsX, newP, wantsP, shape);
    }

    /** The parameter's elements, one for each of x. */
    Elements repeated() {
      long[] strides = Fused.contiguousStrides(p.getShape().getShape());
      return Fused.elements(p, shape.x(), shape.strides(strides));
    }
  }

  /** The operator whose parameter is one number. */
  public ElementwiseOp of(double p) {
    return of(p, DjlAlgebra.INSTANCE);
  }

  private ElementwiseOp of(double p, DjlAlgebra algebra) {
    operator.parameter().requireValid(p);
    Composite composite = operator.composite();
    return new ElementwiseOp(
        operator.kernel().apply(p),
        x -> composite.value(algebra, x, p),
        x -> composite.gradient(algebra, x, p),
        x -> composite.secondDerivative(algebra, x, p));
  }

  /** The same, where an array of one element is the parameter, perhaps a trained one. */
  private ElementwiseOp ofOne(Arguments arguments) {
    return of(arguments.one(), DjlAlgebra.OF_CHANGING_NUMBERS);
  }

  /** The second derivative by x, outside any graph. */
  public NDArray secondDerivative(NDArray x, double p) {
    return of(p).secondDerivative(x);
  }

  /** The operator as a Block. */
  public Block block(double p) {
    return of(p).block(operator.name(), p);
  }

  /** Its gradient as a Block. */
  public Block gradientBlock(double p) {
    return of(p).gradientBlock(operator.name(), p);
  }

  private String name() {
    return operator.parameter().name();
  }

  private ParametricKernel kernel() {
    return operator.arrays();
  }

  private NDArray compositeValue(NDArray x, NDArray p) {
    return operator.composite().value(DjlAlgebra.INSTANCE, x, p);
  }

  private NDArray compositeGradient(NDArray x, NDArray p) {
    return operator.composite().gradient(DjlAlgebra.INSTANCE, x, p);
  }

  private NDArray compositeParameterGradient(NDArray x, NDArray p) {
    return operator.composite().parameterGradient(DjlAlgebra.INSTANCE, x, p);
  }

  public NDArray value(NDArray x, NDArray p) {
    Inputs.requireParameter(name(), p, x);
    return Scoped.compute(
        () -> {
          Arguments detached = arguments(x, p);
          if (detached.wantsP) {
            return inGraph(x, p, detached);
          }
          if (detached.isOne()) {
            return ofOne(detached).value(x);
          }
          return detached.wantsX ? inGraph(x, p, detached) : value(detached);
        });
  }

  public NDArray gradient(NDArray x, NDArray p) {
    Inputs.requireParameter(name(), p, x);
    return Scoped.compute(() -> gradient(arguments(x, p)));
  }

  /** The gradient by the parameter of the sum of the value, summed where the parameter repeats. */
  public NDArray parameterGradient(NDArray x, NDArray p) {
    Inputs.requireParameter(name(), p, x);
    return Scoped.compute(() -> sums(arguments(x, p)));
  }

  public void valueInto(NDArray x, NDArray p, NDArray out) {
    Inputs.requireLike("out", out, x);
    Inputs.requireParameter(name(), p, x);
    if (Autograd.wantsGradient(out)) {
      throw new IllegalArgumentException("out must be outside any graph");
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Arguments detached = arguments(x, p);
      if (detached.isOne()) {
        ofOne(detached).valueInto(x, out);
      } else if (Fused.accepts(detached.x) && Fused.isContiguous(out)) {
        // A copy where it repeats, for it may share memory with out.
        boolean repeats = detached.shape.isRepeated();
        NDArray own = repeats ? detached.p.duplicate() : detached.p;
        Elements elements = detached.withArrays(detached.x, own).repeated();
        kernel().value(Fused.elements(detached.x), elements, Fused.elements(out));
      } else {
        Autograd.overwrite(out, value(detached));
      }
    }
  }

  /** Checks the shapes and every element of the parameter. */
  private Arguments arguments(NDArray x, NDArray p) {
    ParameterShape shape =
        ParameterShape.of(name(), p.getShape().getShape(), x.getShape().getShape());
    boolean wantsP = Autograd.wantsGradient(p);
    boolean wantsX = Autograd.wantsGradient(x);
    NDArray detached = wantsP ? p.stopGradient() : p;
    Elements elements =
        Fused.accepts(detached)
            ? Fused.elements(detached)
            : Elements.of(
                DoubleBuffer.wrap(detached.toType(DataType.FLOAT64, false).toDoubleArray()));
    kernel().requireValid(elements, shape);
    return new Arguments(wantsX ? x.stopGradient() : x, wantsX, detached, wantsP, shape);
  }

  /** A sum of products, of which there are only those whose gradient is wanted. */
  private NDArray inGraph(NDArray x, NDArray p, Arguments detached) {
    Taylor.requireOff(operator.name() + " of an array " + name());
    NDArray gradient = null;
    NDArray parameterGradient = null;
    boolean inOneSweep = Fused.accepts(detached.x) && !detached.isOne();
    Arguments wide = detached.toType(Halves.wideType(x.getDataType()));
    if (detached.wantsX) {
      gradient = inOneSweep ? Fused.uninitialized(detached.x) : gradient(wide);
    }
    if (detached.wantsP) {
      parameterGradient = inOneSweep ? Fused.uninitialized(detached.x) : parameterGradients(wide);
    }
    NDArray node = Autograd.products(x, gradient, p, parameterGradient);
    if (inOneSweep) {
      // Into the factors too: backward reads them, and nobody has yet.
      kernel()
          .valueAndGradients(
              Fused.elements(detached.x),
              detached.repeated(),
              Fused.elements(node),
              gradient == null ? null : Fused.elements(gradient),
              parameterGradient == null ? null : Fused.elements(parameterGradient));
    } else {
      Autograd.overwrite(node, value(detached));
    }
    return node;
  }

  private NDArray value(Arguments detached) {
    return detached.isOne()
        ? ofOne(detached).value(detached.x)
        : compute(detached, kernel()::value, this::compositeValue);
  }

  private NDArray gradient(Arguments detached) {
    return detached.isOne()
        ? ofOne(detached).gradient(detached.x)
        : compute(detached, kernel()::gradient, this::compositeGradient);
  }

  private NDArray parameterGradients(Arguments detached) {
    return compute(detached, kernel()::parameterGradient, this::compositeParameterGradient);
  }

  private static NDArray compute(
      Arguments arguments, Sweep sweep, BinaryOperator<NDArray> composite) {
    NDArray x = arguments.x;
    if (!Fused.accepts(x) && x.size() > Slices.elements(x)) {
      return computeInBlocks(arguments, sweep, composite);
    }
    if (x.getDataType() == DataType.FLOAT16) {
      // Computed wider, rounded once.
      return compute(arguments.toType(DataType.FLOAT32), sweep, composite)
          .toType(DataType.FLOAT16, false);
    }
    if (Fused.accepts(x)) {
      NDArray out = Fused.uninitialized(x);
      sweep.run(Fused.elements(x), arguments.repeated(), Fused.elements(out));
      return out;
    }
    return wide(arguments, composite).toType(x.getDataType(), false);
  }

  /** By blocks along the first axis that has more than one element. */
  private static NDArray computeInBlocks(
      Arguments arguments, Sweep sweep, BinaryOperator<NDArray> composite) {
    Shape shape = arguments.x.getShape();
    Shape rows = leading(shape);
    long rowLength = rows.size() / rows.get(0);
    NDArray x = arguments.x.reshape(rows);
    NDArray p = arguments.p.broadcast(shape).reshape(rows);
    NDArray[] out =
        Slices.compute(
            rows.get(0),
            rowLength,
            Slices.elements(x),
            (from, to) -> {
              NDArray ofBlock = Slices.of(x, from, to);
              return new NDArray[] {block(ofBlock, Slices.of(p, from, to), sweep, composite)};
            });
    return out[0].reshape(shape);
  }

  /** A block of a single row that is too long is cut again. */
  private static NDArray block(
      NDArray x, NDArray p, Sweep sweep, BinaryOperator<NDArray> composite) {
    long[] shape = x.getShape().getShape();
    ParameterShape same = ParameterShape.of("p", shape, shape);
    return compute(new Arguments(x, false, p, false, same), sweep, composite);
  }

  private NDArray sums(Arguments arguments) {
    return wideSums(arguments).toType(arguments.x.getDataType(), false);
  }

  /** In float64, or in the dtype of a kernel. */
  private NDArray wideSums(Arguments arguments) {
    NDArray x = arguments.x;
    if (Fused.accepts(x)) {
      return fusedSums(arguments);
    }
    if (x.size() > Slices.elements(x)) {
      return sumsOfBlocks(arguments);
    }
    return x.getDataType() == DataType.FLOAT16
        ? wideSums(arguments.toType(DataType.FLOAT32))
        : compositeSums(arguments);
  }

  private NDArray fusedSums(Arguments arguments) {
    NDArray x = arguments.x;
    NDArray p = arguments.p;
    ParameterGroups groups = ParameterGroups.of(arguments.shape);
    long[] strides = Fused.contiguousStrides(x.getShape().getShape());
    long[] repeated = arguments.shape.strides(Fused.contiguousStrides(p.getShape().getShape()));
    NDArray out = x.getManager().create(p.getShape(), p.getDataType(), x.getDevice());
    kernel()
        .parameterGradient(
            Fused.elements(x, groups.shape(), groups.strides(strides)),
            Fused.elements(p, groups.shape(), groups.strides(repeated)),
            null,
            groups,
            Fused.elements(out));
    return out;
  }

  /** Sums of blocks along the first axis of several elements, added up in float64. */
  private NDArray sumsOfBlocks(Arguments arguments) {
    NDArray x = arguments.x.reshape(leading(arguments.x.getShape()));
    NDArray p = aligned(arguments);
    NDArray sums = x.getManager().zeros(p.getShape(), DataType.FLOAT64, x.getDevice());
    Slices.forEach(
        x.getShape().get(0),
        x.size() / x.getShape().get(0),
        Slices.elements(x),
        (from, to) -> {
          boolean isRepeated = p.getShape().get(0) == 1;
          NDArray rows = Slices.of(x, from, to);
          NDArray ofRows = isRepeated ? p : Slices.of(p, from, to);
          NDArray out = isRepeated ? sums : Slices.of(sums, from, to);
          ParameterShape shape =
              ParameterShape.of(name(), ofRows.getShape().getShape(), rows.getShape().getShape());
          NDArray ofBlock = wideSums(new Arguments(rows, false, ofRows, false, shape));
          out.addi(ofBlock.toType(DataType.FLOAT64, false).reshape(out.getShape()));
        });
    return sums.reshape(arguments.p.getShape());
  }

  private NDArray compositeSums(Arguments arguments) {
    NDArray terms = wide(arguments, this::compositeParameterGradient);
    int[] axes = arguments.shape.repeatedAxes();
    NDArray sums = axes.length == 0 ? terms : terms.sum(axes);
    return sums.reshape(arguments.p.getShape());
  }

  /** The axes of one element in front of others. */
  private static int ones(Shape shape) {
    int ones = 0;
    while (shape.get(ones) == 1) {
      ones++;
    }
    return ones;
  }

  /** A shape without ones in front. */
  private static Shape leading(Shape shape) {
    return shape.slice(ones(shape));
  }

  /** The parameter with the rank of x without ones in front. */
  private static NDArray aligned(Arguments arguments) {
    Shape aligned = new Shape(arguments.shape.aligned());
    return arguments.p.reshape(aligned.slice(ones(arguments.x.getShape())));
  }

  /** The composite in float64, of x's shape. */
  private static NDArray wide(Arguments arguments, BinaryOperator<NDArray> composite) {
    Arguments wide = arguments.toType(DataType.FLOAT64);
    Shape shape = wide.x.getShape();
    if (shape.isScalar()) {
      // A scalar's dtype gives way to that of a constant; a vector's does not.
      NDArray vector = composite.apply(wide.x.reshape(1), wide.p.reshape(1));
      return Scoped.beside(wide.x, vector).reshape(shape);
    }
    return Scoped.beside(wide.x, composite.apply(wide.x, wide.p.broadcast(shape)));
  }
}

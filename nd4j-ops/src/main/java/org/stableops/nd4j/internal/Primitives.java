package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.transforms.comparison.CompareAndReplace;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.indexing.conditions.Conditions;
import org.stableops.kernel.ProductKernel;

/**
 * What the composites need beyond arithmetic, made of the host's primitives that are right. Its
 * softplus, expm1, log1p, tanh, log_softmax and reduce_logsumexp are not, and its max drops NaN.
 * What takes no owner returns a new array.
 */
final class Primitives {
  private static final int FEW = 16;

  /** From as many elements on, five fast operations take less time than the slow one. */
  private static final int MANY = 256;

  private Primitives() {}

  /** condition ? yes : no, by element; −0 may become 0. */
  static INDArray select(INDArray condition, INDArray yes, INDArray no) {
    return no.length() < MANY ? selectFew(condition, yes, no) : selectMany(condition, yes, no);
  }

  /** The host's own takes 200 ns an element; this takes 15, and 80 µs however few there are. */
  private static INDArray selectMany(INDArray condition, INDArray yes, INDArray no) {
    return Temporaries.filled(
        condition.castTo(no.dataType()),
        chosen -> {
          try (Temporaries temporaries = new Temporaries()) {
            INDArray others = temporaries.keep(chosen.rsub(1));
            replaceOnes(chosen, yes);
            replaceOnes(others, no);
            chosen.addi(others);
          }
        });
  }

  /** Replaces the 1 among 0 and 1 by other elements. */
  private static void replaceOnes(INDArray flags, INDArray elements) {
    Nd4j.exec(new CompareAndReplace(flags, elements, flags, Conditions.greaterThan(0.5)));
  }

  private static INDArray selectFew(INDArray condition, INDArray yes, INDArray no) {
    return Temporaries.filled(
        Nd4j.createUninitialized(no.dataType(), no.shape(), 'c'),
        result ->
            Nd4j.exec(
                DynamicCustomOp.builder("select")
                    .addInputs(condition, yes, no)
                    .addOutputs(result)
                    .build()));
  }

  static INDArray nanLike(INDArray x) {
    return Temporaries.filled(Nd4j.zeros(x.dataType(), x.shape()), nan -> nan.divi(nan));
  }

  /** Multiplies by upstream, which broadcasts; SameDiff starts with that of one number. */
  public static void multiplyByUpstream(INDArray gradient, INDArray upstream) {
    if (gradient.isEmpty()) {
      // The host refuses to multiply nothing.
      return;
    }
    boolean isOne = upstream.length() == 1;
    boolean isFused =
        (isOne || Arrays.equals(upstream.shape(), gradient.shape()))
            && upstream.dataType() == gradient.dataType()
            && Fused.accepts(gradient)
            && !Fused.meet(upstream, gradient);
    if (isFused) {
      Traversal traversal = new Traversal(gradient, isOne ? gradient : upstream);
      long[] strides = isOne ? new long[gradient.rank()] : upstream.stride();
      ProductKernel.multiply(traversal.elements(gradient), traversal.elements(upstream, strides));
    } else if (isOne && Double.isNaN(upstream.getDouble(0))) {
      // As a number NaN would become 1e-5.
      try (Temporaries temporaries = new Temporaries()) {
        gradient.assign(temporaries.keep(nanLike(gradient)));
      }
    } else {
      // Of a higher rank than the gradient, one element would enlarge it.
      gradient.muli(isOne ? upstream.reshape(new long[0]) : upstream);
    }
  }

  /**
   * An array in another shape, repeated along the axes where it has one element. The host's
   * broadcast leaves memory to the garbage collector.
   */
  static INDArray tile(INDArray x, long[] shape) {
    int[] times = new int[shape.length];
    Arrays.setAll(times, axis -> (int) (shape[axis] / x.size(axis)));
    return Temporaries.filled(
        Nd4j.createUninitialized(x.dataType(), shape, 'c'),
        result ->
            Nd4j.exec(
                DynamicCustomOp.builder("tile")
                    .addInputs(x)
                    .addIntegerArguments(times)
                    .addOutputs(result)
                    .build()));
  }

  /** Writes an array into one of the same shape, each element rounded once. */
  static void assign(INDArray out, INDArray result) {
    if (out.length() == 1) {
      put(out, result.getDouble(0));
    } else {
      out.assign(result);
    }
  }

  /** Adds numbers to those of an array of as many elements in any shape. */
  static void add(INDArray sums, INDArray numbers) {
    if (sums.length() == 1) {
      put(sums, sums.getDouble(0) + numbers.getDouble(0));
    } else {
      sums.addi(numbers.reshape('c', sums.shape()));
    }
  }

  /** Writes the only element, rounded once; as a number NaN would become 1e-5. */
  static void put(INDArray out, double element) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray pair = temporaries.keep(Nd4j.createFromArray(element, element));
      // Rounded by assignment between arrays; putScalar would cut bfloat16 off.
      INDArray rounded = temporaries.keep(Nd4j.createUninitialized(out.dataType(), 2)).assign(pair);
      out.putScalar(0, rounded.getDouble(0));
    }
  }

  /**
   * The sums of rows as a column. The host adds one term after the other, which after thousands of
   * them has lost digits; so one half is folded onto the other until few are left.
   */
  static INDArray rowSums(INDArray x, Temporaries temporaries) {
    INDArray folded = x;
    while (folded.size(1) > FEW) {
      long columns = folded.size(1);
      long half = (columns + 1) / 2;
      INDArray left = temporaries.keep(columns(folded, 0, half).dup('c'));
      columns(left, 0, columns - half).addi(columns(folded, half, columns));
      folded = left;
    }
    return temporaries.keep(folded.sum(true, 1));
  }

  private static INDArray columns(INDArray x, long from, long to) {
    return x.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to));
  }
}

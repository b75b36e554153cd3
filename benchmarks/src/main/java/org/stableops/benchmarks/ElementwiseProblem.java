package org.stableops.benchmarks;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/**
 * Arguments of an elementwise function.
 *
 * @param function what is to be computed of them
 * @param size their shape
 * @param x where the function is neither constant nor linear
 */
record ElementwiseProblem(Function function, Size size, float[] x) implements Problem {
  /** The operators with their default parameters, and what they are measured by. */
  enum Function implements Problem.Kind<ElementwiseProblem> {
    SQUAREPLUS(
        Operators.SQUAREPLUS,
        -5,
        5,
        x -> (x + Math.sqrt(x * x + 4)) / 2,
        x -> (1 + x / Math.sqrt(x * x + 4)) / 2),
    SQUAREPLUS_INVERSE(Operators.SQUAREPLUS_INVERSE, 0.1, 5, x -> x - 1 / x, x -> 1 + 1 / (x * x)),
    SOFTPLUS(Operators.SOFTPLUS, -5, 5, x -> Math.log1p(Math.exp(x)), x -> 1 / (1 + Math.exp(-x))),
    SOFTPLUS_INVERSE(
        Operators.SOFTPLUS_INVERSE, 0.1, 5, x -> Math.log(Math.expm1(x)), x -> -1 / Math.expm1(-x)),
    /** The floor: nothing can read and write so many numbers faster. */
    COPY("copy", -5, 5, x -> x, x -> 1),
    /** One primitive operation of the host. */
    EXP("exp", -5, 5, Math::exp, Math::exp);

    private final String name;
    private final double from;
    private final double to;
    private final DoubleUnaryOperator value;
    private final DoubleUnaryOperator gradient;

    Function(
        Elementwise operator,
        double from,
        double to,
        DoubleUnaryOperator value,
        DoubleUnaryOperator gradient) {
      this(operator.functionName(), from, to, value, gradient);
    }

    Function(
        String name,
        double from,
        double to,
        DoubleUnaryOperator value,
        DoubleUnaryOperator gradient) {
      this.name = name;
      this.from = from;
      this.to = to;
      this.value = value;
      this.gradient = gradient;
    }

    @Override
    public List<Size> sizes() {
      return Size.ALL;
    }

    @Override
    public ElementwiseProblem create(Size size, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] x = new float[size.elements()];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextDouble(from, to);
      }
      return new ElementwiseProblem(this, size, x);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Both kinds of gradient are that of the sum. */
  @Override
  public Expected expected(Work work) {
    DoubleUnaryOperator f = work == Work.VALUE ? function.value : function.gradient;
    return new Expected(x.length, i -> f.applyAsDouble(x[i]), 1);
  }
}

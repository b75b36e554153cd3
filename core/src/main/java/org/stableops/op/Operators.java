package org.stableops.op;

import java.util.List;
import org.stableops.kernel.SoftplusInverseKernel;
import org.stableops.kernel.SoftplusKernel;
import org.stableops.kernel.SquareplusInverseKernel;
import org.stableops.kernel.SquareplusKernel;

/** The elementwise operators. */
public final class Operators {
  /** log(1 + e^{βx})/β. */
  public static final Elementwise SOFTPLUS =
      new Elementwise(
          "Softplus",
          ParameterRule.BETA,
          SoftplusKernel::of,
          SoftplusKernel.parametric(),
          new SoftplusComposite());

  /** log(e^{βx} − 1)/β. */
  public static final Elementwise SOFTPLUS_INVERSE =
      new Elementwise(
          "SoftplusInverse",
          ParameterRule.BETA,
          SoftplusInverseKernel::of,
          SoftplusInverseKernel.parametric(),
          new SoftplusInverseComposite());

  /** (x + √(x² + b))/2. */
  public static final Elementwise SQUAREPLUS =
      new Elementwise(
          "Squareplus",
          ParameterRule.B,
          SquareplusKernel::of,
          SquareplusKernel.parametric(),
          new SquareplusComposite());

  /** x − b/(4x). */
  public static final Elementwise SQUAREPLUS_INVERSE =
      new Elementwise(
          "SquareplusInverse",
          ParameterRule.B,
          SquareplusInverseKernel::of,
          SquareplusInverseKernel.parametric(),
          new SquareplusInverseComposite());

  /** Every one of them. */
  public static final List<Elementwise> ALL =
      List.of(SOFTPLUS, SOFTPLUS_INVERSE, SQUAREPLUS, SQUAREPLUS_INVERSE);

  private Operators() {}
}

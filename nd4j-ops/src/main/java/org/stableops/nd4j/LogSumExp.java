package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.LogSumExpKernel;
import org.stableops.nd4j.internal.AlongAxis;
import org.stableops.nd4j.internal.AxisOp;
import org.stableops.nd4j.internal.JavaOp;
import org.stableops.nd4j.internal.Temporaries;
import org.stableops.op.SoftmaxComposite;

/**
 * Log-sum-exp along an axis,
 *
 * <pre>value = log Σ_c e^{x_c},   gradient = softmax(x)_c = e^{x_c − value}.</pre>
 *
 * <p>With m the largest element it is computed as m + log1p(Σ e^{x_c − m}) without m's own term, so
 * that max ≤ value ≤ max + log n, and nothing overflows.
 *
 * <p>Half, bfloat16, float and double, of any layout. Special values: −inf is an absent element;
 * −inf everywhere gives −inf and a gradient of NaN; +inf gives +inf, and where there is one of them
 * a gradient of 1 there; NaN propagates along its row.
 *
 * <p>Error: 3 ulp of float32 and 4 of float64 for the value, or of the largest element where the
 * value is smaller; 4 and 16 ulp for the gradient.
 *
 * <p>P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax
 * functions, IMA J. Numer. Anal. 41 (2021).
 *
 * <pre>{@code
 * INDArray x = Nd4j.createFromArray(new float[][] {{1000, 1000}, {-1000, -1001}});
 * INDArray sums = LogSumExp.value(x, -1); // 1000.69, -999.69
 * INDArray softmax = LogSumExp.gradient(x, -1);
 * }</pre>
 *
 * @see LogSoftmax
 */
public final class LogSumExp {
  private LogSumExp() {}

  /** Returns the log-sum-exp along the last axis; see {@link #value(INDArray, int)}. */
  public static INDArray value(INDArray x) {
    return value(x, -1);
  }

  /**
   * Returns the log-sum-exp.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis to sum along; negative counts from the end
   * @return a new array of x's shape without the axis, of its dtype
   * @throws IllegalArgumentException if the dtype or the axis is wrong
   * @throws IllegalStateException if x is closed
   */
  public static INDArray value(INDArray x, int axis) {
    try (Temporaries temporaries = new Temporaries()) {
      return new AlongAxis(x, axis, temporaries)
          .perRow(LogSumExpKernel::value, SoftmaxComposite::logSumExp);
    }
  }

  /** Returns softmax along the last axis; see {@link #gradient(INDArray, int)}. */
  public static INDArray gradient(INDArray x) {
    return gradient(x, -1);
  }

  /**
   * Returns the gradient of the sum of the value: softmax.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis to sum along; negative counts from the end
   * @return a new array of x's shape and dtype
   * @throws IllegalArgumentException if the dtype or the axis is wrong
   * @throws IllegalStateException if x is closed
   */
  public static INDArray gradient(INDArray x, int axis) {
    try (Temporaries temporaries = new Temporaries()) {
      return new AlongAxis(x, axis, temporaries)
          .perElement(LogSumExpKernel::gradient, SoftmaxComposite::p);
    }
  }

  /** Adds the log-sum-exp along the last axis to a graph; see {@link #value(SDVariable, int)}. */
  public static SDVariable value(SDVariable x) {
    return value(x, -1);
  }

  /**
   * Adds the log-sum-exp to a graph, with its gradient op.
   *
   * @param x any floating variable of rank 1 at least
   * @param axis the axis to sum along; negative counts from the end
   * @return the value, of x's shape without the axis
   */
  public static SDVariable value(SDVariable x, int axis) {
    return new ValueOp().of(axis, x);
  }

  /** The operator in a graph. */
  public static final class ValueOp extends AxisOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super("stable_log_sum_exp");
    }

    @Override
    public List<JavaOp> family() {
      return List.of(this, new GradientOp());
    }

    @Override
    protected long[] outputShape(List<INDArray> inputs) {
      return SoftmaxShape.of("x", inputs.get(0).shape(), axis()).rowShape();
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      try (Temporaries temporaries = new Temporaries()) {
        output.assign(temporaries.keep(value(inputs.get(0), axis())));
      }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> upstream) {
      return List.of(new GradientOp().of(axis(), arg(), upstream.get(0)));
    }
  }

  /** The gradient in a graph: from x and upstream to upstream × gradient. */
  public static final class GradientOp extends AxisOp {
    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super("stable_log_sum_exp_bp");
    }

    @Override
    protected boolean isProduct() {
      return true;
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      INDArray x = inputs.get(0);
      try (Temporaries temporaries = new Temporaries()) {
        output.assign(temporaries.keep(gradient(x, axis())));
        new AlongAxis(x, axis(), temporaries).multiplyByUpstream(output, inputs.get(1));
      }
    }
  }
}

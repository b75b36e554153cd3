package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.kernel.LogSoftmaxKernel;
import org.stableops.nd4j.internal.AlongAxis;
import org.stableops.nd4j.internal.AxisOp;
import org.stableops.nd4j.internal.Inputs;
import org.stableops.nd4j.internal.JavaOp;
import org.stableops.nd4j.internal.Temporaries;
import org.stableops.op.SoftmaxComposite;

/**
 * Log-softmax along an axis,
 *
 * <pre>value_c = x_c − log Σ_k e^{x_k},   gradient_c = u_c − p_c·Σ_k u_k,   p = softmax(x),</pre>
 *
 * where the gradient is that of Σ u·value for an upstream u.
 *
 * <p>With m the largest element the value is −((m − x_c) + log1p(Σ e^{x_k − m})) without m's own
 * term: exact to the last digits also where it is almost 0, and finite wherever x_c is.
 *
 * <p>Half, bfloat16, float and double, of any layout. Special values: −inf is an absent element, of
 * value −inf; one +inf has the value 0 and all others −inf; two of them, a NaN, or −inf everywhere
 * make the row NaN. There may be no rows, but rows without an element are refused.
 *
 * <p>Error: 3 ulp of float32 and 16 of float64 for the value, 4ε·Σ|u| and 8ε·Σ|u| for the gradient.
 *
 * <p>P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax
 * functions, IMA J. Numer. Anal. 41 (2021).
 *
 * <pre>{@code
 * INDArray x = Nd4j.createFromArray(new float[][] {{200, 0, -3}});
 * INDArray y = LogSoftmax.value(x, -1); // -1.4e-87 rounds to -0, -200, -203
 * INDArray gradient = LogSoftmax.gradient(x, -1, Nd4j.onesLike(x));
 * }</pre>
 *
 * @see LogSumExp
 */
public final class LogSoftmax {
  private LogSoftmax() {}

  /** Returns the log-softmax along the last axis; see {@link #value(INDArray, int)}. */
  public static INDArray value(INDArray x) {
    return value(x, -1);
  }

  /**
   * Returns the log-softmax.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis of the classes; negative counts from the end
   * @return a new array of x's shape and dtype
   * @throws IllegalArgumentException if the dtype or the axis is wrong
   * @throws IllegalStateException if x is closed
   */
  public static INDArray value(INDArray x, int axis) {
    try (Temporaries temporaries = new Temporaries()) {
      return new AlongAxis(x, axis, temporaries)
          .perElement(LogSoftmaxKernel::value, SoftmaxComposite::logSoftmax);
    }
  }

  /** Returns the gradient along the last axis; see {@link #gradient(INDArray, int, INDArray)}. */
  public static INDArray gradient(INDArray x, INDArray upstream) {
    return gradient(x, -1, upstream);
  }

  /**
   * Returns the gradient of the sum of upstream × value.
   *
   * @param x any floating array of rank 1 at least
   * @param axis the axis of the classes; negative counts from the end
   * @param upstream an array of x's shape and dtype
   * @return a new array of x's shape and dtype
   * @throws IllegalArgumentException if a dtype, a shape or the axis is wrong
   * @throws IllegalStateException if an array is closed
   */
  public static INDArray gradient(INDArray x, int axis, INDArray upstream) {
    Inputs.requireLike("upstream", upstream, x);
    try (Temporaries temporaries = new Temporaries()) {
      return new AlongAxis(x, axis, temporaries)
          .perElement(LogSoftmaxKernel::gradient, SoftmaxComposite::logSoftmaxGradient, upstream);
    }
  }

  /** Adds the log-softmax along the last axis to a graph; see {@link #value(SDVariable, int)}. */
  public static SDVariable value(SDVariable x) {
    return value(x, -1);
  }

  /**
   * Adds the log-softmax to a graph, with its gradient op.
   *
   * @param x any floating variable of rank 1 at least
   * @param axis the axis of the classes; negative counts from the end
   * @return the value, of x's shape
   */
  public static SDVariable value(SDVariable x, int axis) {
    return new ValueOp().of(axis, x);
  }

  /** The operator in a graph. */
  public static final class ValueOp extends AxisOp {
    /** Creates an unconfigured op, for the registry. */
    public ValueOp() {
      super("stable_log_softmax");
    }

    @Override
    public List<JavaOp> family() {
      return List.of(this, new GradientOp());
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

  /** The gradient in a graph, from x and upstream. */
  public static final class GradientOp extends AxisOp {
    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super("stable_log_softmax_bp");
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      INDArray x = inputs.get(0);
      try (Temporaries temporaries = new Temporaries()) {
        INDArray upstream = upstreamLike(x, inputs.get(1), temporaries);
        output.assign(temporaries.keep(gradient(x, axis(), upstream)));
      }
    }
  }
}

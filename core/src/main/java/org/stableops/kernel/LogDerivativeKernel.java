package org.stableops.kernel;

/**
 * log f′(r) of a positive transform and its derivative f″(r)/f′(r).
 *
 * <p>Softplus and squareplus have f′ = 1/(1 + e^{−v}), with v = βr and v = 2·asinh(r/√b). With q =
 * e^{−|v|} the logarithm is min(v, 0) − log(1 + q), where nothing cancels; and of squareplus q =
 * (√b/(|r| + √(r² + b)))².
 */
final class LogDerivativeKernel {
  private LogDerivativeKernel() {}

  static ElementwiseKernel ofSoftplus(double beta) {
    return new ElementwiseKernel(null, new Softplus(beta, SoftplusKernel.of(beta).doubles()));
  }

  static ElementwiseKernel ofSquareplus(double b) {
    return new ElementwiseKernel(null, new Squareplus(b));
  }

  static ElementwiseKernel ofExp() {
    return new ElementwiseKernel(null, new Exp());
  }

  private record Softplus(double beta, ElementwiseKernel.DoubleForm softplus)
      implements ElementwiseKernel.DoubleForm {
    @Override
    public void prepare(double[] r, double[] q, int count, Scratch scratch) {
      softplus.prepare(r, q, count, scratch);
    }

    @Override
    public void value(double[] r, double[] q, double[] out, int count, Scratch scratch) {
      scratch.doubleMath.log1p(q, out, count);
      for (int i = 0; i < count; i++) {
        out[i] = Math.min(beta * r[i], 0) - out[i];
      }
    }

    @Override
    public void gradient(double[] r, double[] q, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = beta * (r[i] > 0 ? q[i] : 1) / (1 + q[i]);
      }
    }
  }

  /** By Math: a log-derivative is taken for a prior, of parameters and not of activations. */
  private static final class Squareplus implements ElementwiseKernel.DoubleForm {
    private final double root;

    Squareplus(double b) {
      this.root = Math.sqrt(b);
    }

    /** (|r| + √(r² + b))/2, from halves, for the sum may overflow. */
    @Override
    public void prepare(double[] r, double[] h, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        h[i] = Math.abs(r[i]) / 2 + Math.hypot(r[i], root) / 2;
      }
    }

    @Override
    public void value(double[] r, double[] h, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double quotient = root / 2 / h[i];
        // 0 for positive r, NaN for NaN.
        double v = r[i] < 0 ? 2 * log(quotient, h[i]) : 0 * Math.min(r[i], 0);
        out[i] = v - Math.log1p(quotient * quotient);
      }
    }

    /** log(root/(2h)), also where the quotient has underflown. */
    private double log(double quotient, double h) {
      return quotient >= Double.MIN_NORMAL ? Math.log(quotient) : Math.log(root / 2) - Math.log(h);
    }

    /** (h/ρ)·(2/ρ) for negative r, (b/4/h)/ρ² for others, with ρ = √(r² + b). */
    @Override
    public void gradient(double[] r, double[] h, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double rho = Math.hypot(r[i], root);
        double far = root / 2 / h[i] * (root / rho / rho);
        double near = h[i] / rho * (2 / rho);
        out[i] = Double.isInfinite(rho) ? 0 : r[i] < 0 ? near : far;
      }
    }
  }

  private static final class Exp implements ElementwiseKernel.DoubleForm {
    @Override
    public void value(double[] r, double[] unused, double[] out, int count, Scratch scratch) {
      System.arraycopy(r, 0, out, 0, count);
    }

    @Override
    public void gradient(double[] r, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = Double.isNaN(r[i]) ? Double.NaN : 1;
      }
    }
  }
}

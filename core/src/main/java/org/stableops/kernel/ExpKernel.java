package org.stableops.kernel;

/** e^x, which is its own derivative, and its inverse log y with the derivative 1/y. */
final class ExpKernel {
  private ExpKernel() {}

  static ElementwiseKernel of() {
    return new ElementwiseKernel(new Floats(), new Doubles());
  }

  /** NaN below 0. */
  static ElementwiseKernel inverse() {
    return new ElementwiseKernel(null, new Logarithm());
  }

  private static final class Floats implements ElementwiseKernel.FloatForm {
    @Override
    public void prepare(float[] x, float[] power, int count, Scratch scratch) {
      scratch.floatMath.exp(x, power, count);
    }

    @Override
    public void value(float[] x, float[] power, float[] out, int count, Scratch scratch) {
      System.arraycopy(power, 0, out, 0, count);
    }

    @Override
    public void gradient(float[] x, float[] power, float[] out, int count, Scratch scratch) {
      System.arraycopy(power, 0, out, 0, count);
    }
  }

  private static final class Doubles implements ElementwiseKernel.DoubleForm {
    @Override
    public void prepare(double[] x, double[] power, int count, Scratch scratch) {
      scratch.doubleMath.exp(x, power, count);
    }

    @Override
    public void value(double[] x, double[] power, double[] out, int count, Scratch scratch) {
      System.arraycopy(power, 0, out, 0, count);
    }

    @Override
    public void gradient(double[] x, double[] power, double[] out, int count, Scratch scratch) {
      System.arraycopy(power, 0, out, 0, count);
    }

    @Override
    public void secondDerivative(
        double[] x, double[] power, double[] out, int count, Scratch scratch) {
      System.arraycopy(power, 0, out, 0, count);
    }
  }

  /** By Math, for an inverse is taken once, when a parameter is set. */
  private static final class Logarithm implements ElementwiseKernel.DoubleForm {
    @Override
    public void value(double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = Math.log(y[i]);
      }
    }

    @Override
    public void gradient(double[] y, double[] unused, double[] out, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = y[i] < 0 ? Double.NaN : 1 / Math.abs(y[i]);
      }
    }
  }
}

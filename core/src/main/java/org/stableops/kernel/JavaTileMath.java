package org.stableops.kernel;

/** The functions of {@link Math}, an element at a time. */
final class JavaTileMath implements TileMath {
  @Override
  public void exp(double[] x, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Math.exp(x[i]);
    }
  }

  @Override
  public void expm1(double[] x, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Math.expm1(x[i]);
    }
  }

  @Override
  public void log(double[] x, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Math.log(x[i]);
    }
  }

  @Override
  public void log1p(double[] x, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Math.log1p(x[i]);
    }
  }
}

package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;

/** The four elementwise operators with an array for their parameter. */
enum Parametric {
  SOFTPLUS(
      "beta",
      Softplus::value,
      Softplus::gradient,
      Softplus::parameterGradient,
      Softplus::valueInto),
  SOFTPLUS_INVERSE(
      "beta",
      SoftplusInverse::value,
      SoftplusInverse::gradient,
      SoftplusInverse::parameterGradient,
      SoftplusInverse::valueInto),
  SQUAREPLUS(
      "b",
      Squareplus::value,
      Squareplus::gradient,
      Squareplus::parameterGradient,
      Squareplus::valueInto),
  SQUAREPLUS_INVERSE(
      "b",
      SquareplusInverse::value,
      SquareplusInverse::gradient,
      SquareplusInverse::parameterGradient,
      SquareplusInverse::valueInto);

  @FunctionalInterface
  private interface Function {
    NDArray apply(NDArray x, NDArray parameter);
  }

  @FunctionalInterface
  private interface Writer {
    void accept(NDArray x, NDArray parameter, NDArray out);
  }

  final String parameter;
  private final Function value;
  private final Function gradient;
  private final Function parameterGradient;
  private final Writer valueInto;

  Parametric(
      String parameter,
      Function value,
      Function gradient,
      Function parameterGradient,
      Writer valueInto) {
    this.parameter = parameter;
    this.value = value;
    this.gradient = gradient;
    this.parameterGradient = parameterGradient;
    this.valueInto = valueInto;
  }

  /** The same with a number. */
  Elementwise scalar() {
    return Elementwise.valueOf(name());
  }

  NDArray value(NDArray x, NDArray p) {
    return value.apply(x, p);
  }

  NDArray gradient(NDArray x, NDArray p) {
    return gradient.apply(x, p);
  }

  NDArray parameterGradient(NDArray x, NDArray p) {
    return parameterGradient.apply(x, p);
  }

  void valueInto(NDArray x, NDArray p, NDArray out) {
    valueInto.accept(x, p, out);
  }
}

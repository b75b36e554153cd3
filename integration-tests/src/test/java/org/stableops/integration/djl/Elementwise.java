package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import org.stableops.integration.host.OperatorClass;
import org.stableops.op.Operators;

/** The elementwise operators, at a parameter that is not the default. */
enum Elementwise {
  SOFTPLUS(Operators.SOFTPLUS),
  SOFTPLUS_INVERSE(Operators.SOFTPLUS_INVERSE),
  SQUAREPLUS(Operators.SQUAREPLUS),
  SQUAREPLUS_INVERSE(Operators.SQUAREPLUS_INVERSE);

  static final double PARAMETER = 1.7;

  final String publicName;
  final String parameter;
  private final OperatorClass operator;

  Elementwise(org.stableops.op.Elementwise operator) {
    this.publicName = operator.name();
    this.parameter = operator.parameter().name();
    this.operator = OperatorClass.inDjl(operator);
  }

  NDArray value(NDArray x) {
    return value(x, PARAMETER);
  }

  NDArray value(NDArray x, double p) {
    return operator.call("value", x, p);
  }

  NDArray value(NDArray x, NDArray p) {
    return operator.call("value", x, p);
  }

  NDArray gradient(NDArray x) {
    return gradient(x, PARAMETER);
  }

  NDArray gradient(NDArray x, double p) {
    return operator.call("gradient", x, p);
  }

  NDArray gradient(NDArray x, NDArray p) {
    return operator.call("gradient", x, p);
  }

  NDArray parameterGradient(NDArray x, NDArray p) {
    return operator.call("parameterGradient", x, p);
  }

  void valueInto(NDArray x, NDArray p, NDArray out) {
    operator.call("valueInto", x, p, out);
  }

  Block block() {
    return block(PARAMETER);
  }

  Block block(double p) {
    return operator.call("block", p);
  }

  Block gradientBlock() {
    return gradientBlock(PARAMETER);
  }

  Block gradientBlock(double p) {
    return operator.call("gradientBlock", p);
  }
}

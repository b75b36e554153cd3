package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.List;
import org.stableops.integration.host.OperatorClass;
import org.stableops.op.Operators;

/**
 * An elementwise operator, at a parameter that is not the default.
 *
 * @param definition what it is
 * @param operator its public class
 */
record Elementwise(org.stableops.op.Elementwise definition, OperatorClass operator) {
  static final double PARAMETER = 1.7;

  static Elementwise of(org.stableops.op.Elementwise definition) {
    return new Elementwise(definition, OperatorClass.inDjl(definition));
  }

  static List<Elementwise> all() {
    return Operators.ALL.stream().map(Elementwise::of).toList();
  }

  String publicName() {
    return definition.name();
  }

  String parameter() {
    return definition.parameter().name();
  }

  @Override
  public String toString() {
    return publicName();
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

  NDArray secondDerivative(NDArray x) {
    return operator.call("secondDerivative", x, PARAMETER);
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

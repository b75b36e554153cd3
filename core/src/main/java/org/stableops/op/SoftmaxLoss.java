package org.stableops.op;

import org.stableops.CrossEntropyOptions;
import org.stableops.internal.SoftmaxShape;

/** A cross-entropy of softmax: all that the hosts need to know of it. */
public enum SoftmaxLoss {
  /** Of integer labels, one per row. */
  SPARSE("SparseSoftmaxCrossEntropy"),

  /** Of class probabilities, one per logit. */
  DENSE("SoftmaxCrossEntropy");

  private final String operator;
  private final String graphName;

  SoftmaxLoss(String operator) {
    this.operator = operator;
    graphName = GraphNames.of(operator);
  }

  /** The name of the public classes. */
  public String operator() {
    return operator;
  }

  /** The name in graphs of SameDiff. */
  public String graphName() {
    return graphName;
  }

  /** The name of the gradient in graphs of SameDiff. */
  public String gradientGraphName() {
    return GraphNames.gradient(graphName);
  }

  /** The name of the Hessian's product with an array in graphs of SameDiff. */
  public String hessianGraphName() {
    return GraphNames.hessian(graphName);
  }

  /** Checks the shape of the labels, and that the options are such as these labels can have. */
  public void requireLabels(long[] labels, SoftmaxShape shape, CrossEntropyOptions options) {
    if (this == SPARSE) {
      shape.requireLabels(labels);
    } else {
      shape.requireProbabilities(labels, options);
    }
  }

  @Override
  public String toString() {
    return operator;
  }
}

package org.stableops.nd4j.weights;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.PositiveTransforms;

/** The chain rule: by the hook for penalties the gradient to values becomes one to raw weights. */
final class PositiveDerivative extends Reparameterization implements Regularization {
  private static final long serialVersionUID = 1;

  private transient volatile boolean hasReader;

  PositiveDerivative(PositiveTransform transform) {
    super(transform);
  }

  @JsonCreator
  private PositiveDerivative(
      @JsonProperty("family") PositiveTransform.Family family,
      @JsonProperty("parameter") double parameter,
      @JsonProperty("lowerBound") double lowerBound) {
    this(new PositiveTransform(family, parameter, lowerBound));
  }

  /** Called by PositiveValues, which can only be missing where the layer is DL4J's own class. */
  void valuesAreRead() {
    hasReader = true;
  }

  @Override
  public ApplyStep applyStep() {
    return ApplyStep.BEFORE_UPDATER;
  }

  @Override
  public void apply(INDArray raw, INDArray gradient, double rate, int iteration, int epoch) {
    if (!hasReader) {
      throw new IllegalStateException(
          "weight noise of a layer of positive weights must be theirs, but has been replaced");
    }
    INDArray derivative = PositiveTransforms.gradient(raw, transform());
    if (gradient.length() == 1) {
      // As an operand of muli it would be a number, and as a number NaN becomes 1e-5.
      gradient.putScalar(0, gradient.getDouble(0) * derivative.getDouble(0));
    } else {
      gradient.muli(derivative);
    }
    if (derivative.closeable()) {
      derivative.close();
    }
  }

  /** Nothing is penalised. */
  @Override
  public double score(INDArray raw, int iteration, int epoch) {
    return 0;
  }

  @Override
  public PositiveDerivative clone() {
    return new PositiveDerivative(transform());
  }
}

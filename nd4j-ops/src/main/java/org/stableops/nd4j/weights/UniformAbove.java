package org.stableops.nd4j.weights;

import org.deeplearning4j.nn.weights.IWeightInit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.kernel.PositiveKernel;

/**
 * Weights between a bound and 2/fanIn above it: where the bound is 0, what they weigh sums up to a
 * mean of the inputs.
 */
final class UniformAbove implements IWeightInit {
  private static final long serialVersionUID = 1;

  /**
   * Of the width, left out at both ends: the bound itself is no value, and below 1e-3 all stick.
   */
  private static final double MARGIN = 0x1p-10;

  private final double bound;

  @JsonCreator
  UniformAbove(@JsonProperty("bound") double bound) {
    this.bound = bound;
  }

  @Override
  public INDArray init(double fanIn, double fanOut, long[] shape, char order, INDArray view) {
    double width = 2 / fanIn;
    double margin = MARGIN * width;
    Nd4j.rand(view, Nd4j.getDistributions().createUniform(bound + margin, bound + width - margin));
    // In a narrow dtype, or beside a large bound, the margin may be less than half an ulp.
    Transforms.max(view, least(view.dataType()), false);
    return view.reshape(order, shape);
  }

  private double least(DataType type) {
    return switch (type) {
      case DOUBLE -> Math.nextUp(bound);
      case HALF -> PositiveKernel.Format.HALF.least(bound);
      case BFLOAT16 -> PositiveKernel.Format.BFLOAT16.least(bound);
      default -> PositiveKernel.Format.FLOAT.least(bound);
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UniformAbove uniform && uniform.bound == bound;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(bound);
  }

  @Override
  public String toString() {
    return "uniform from " + bound + " to " + bound + " + 2/fanIn";
  }
}

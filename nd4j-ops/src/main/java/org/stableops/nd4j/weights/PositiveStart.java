package org.stableops.nd4j.weights;

import java.util.Objects;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.PositiveTransforms;

/** Writes the raw weights whose values another initialiser made. */
final class PositiveStart extends Reparameterization implements IWeightInit {
  private static final long serialVersionUID = 1;

  @JsonProperty private final IWeightInit values;

  PositiveStart(PositiveTransform transform, IWeightInit values) {
    super(transform);
    this.values = values;
  }

  @JsonCreator
  private PositiveStart(
      @JsonProperty("family") PositiveTransform.Family family,
      @JsonProperty("parameter") double parameter,
      @JsonProperty("lowerBound") double lowerBound,
      @JsonProperty("values") IWeightInit values) {
    this(new PositiveTransform(family, parameter, lowerBound), values);
  }

  @Override
  public INDArray init(double fanIn, double fanOut, long[] shape, char order, INDArray view) {
    values.init(fanIn, fanOut, shape, order, view);
    view.assign(raw(view));
    return view.reshape(order, shape);
  }

  private INDArray raw(INDArray view) {
    try {
      return PositiveTransforms.inverse(view, transform());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the start of positive weights, %s, made a bad one: %s".formatted(values, e.getMessage()),
          e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other) && Objects.equals(((PositiveStart) other).values, values);
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + Objects.hashCode(values);
  }
}

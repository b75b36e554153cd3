package org.stableops.nd4j.weights;

import java.io.Serializable;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.PositiveTransform;

/** What the parts of positive weights have in common: the transform, in fields that JSON knows. */
abstract class Reparameterization implements Serializable {
  private static final long serialVersionUID = 1;

  @JsonProperty private final PositiveTransform.Family family;
  @JsonProperty private final double parameter;
  @JsonProperty private final double lowerBound;

  Reparameterization(PositiveTransform transform) {
    family = transform.family();
    parameter = transform.parameter();
    lowerBound = transform.lowerBound();
  }

  final PositiveTransform transform() {
    return new PositiveTransform(family, parameter, lowerBound);
  }

  @Override
  public boolean equals(Object other) {
    return other != null
        && other.getClass() == getClass()
        && ((Reparameterization) other).transform().equals(transform());
  }

  @Override
  public int hashCode() {
    return transform().hashCode();
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + "(" + transform() + ")";
  }
}

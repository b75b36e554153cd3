package org.stableops.nd4j.weights;

import java.util.HashSet;
import org.deeplearning4j.nn.conf.constraint.BaseConstraint;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Keeps parameters of a DL4J layer at or above a positive minimum: after each step, what fell below
 * is set to it. NaN stays NaN, for it tells that training has gone wrong.
 *
 * <p>A projection works in every layer, but stops at the minimum, where the gradient still pushes;
 * {@link PositiveWeights} approaches it.
 *
 * <pre>{@code
 * DenseLayer layer =
 *     new DenseLayer.Builder()
 *         .nIn(4)
 *         .nOut(8)
 *         .constrainWeights(new PositiveConstraint(1e-3))
 *         .build();
 * }</pre>
 *
 * <p>As with DL4J's own constraints the builder's method tells whether weights, biases or all are
 * constrained. What the network starts with is not projected before the first step. A
 * FineTuneConfiguration with constraints replaces those of the layer, this one too.
 */
public final class PositiveConstraint extends BaseConstraint {
  private static final long serialVersionUID = 1;

  private final double minimum;

  /**
   * Creates the constraint.
   *
   * @param minimum finite and positive
   * @throws IllegalArgumentException if it is not
   */
  @JsonCreator
  public PositiveConstraint(@JsonProperty("minimum") double minimum) {
    if (!(minimum > 0 && minimum < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("minimum must be finite and > 0, got " + minimum);
    }
    this.minimum = minimum;
  }

  /**
   * Returns the minimum.
   *
   * @return what no parameter is below
   */
  public double getMinimum() {
    return minimum;
  }

  /** Sets what is below the minimum to it. */
  @Override
  public void apply(INDArray parameter) {
    BooleanIndexing.replaceWhere(parameter, minimum, Conditions.lessThan(minimum));
  }

  @Override
  public PositiveConstraint clone() {
    PositiveConstraint clone = new PositiveConstraint(minimum);
    clone.setParams(new HashSet<>(getParams()));
    return clone;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PositiveConstraint constraint
        && constraint.minimum == minimum
        && super.equals(other);
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + Double.hashCode(minimum);
  }

  @Override
  protected boolean canEqual(Object other) {
    return other instanceof PositiveConstraint;
  }
}

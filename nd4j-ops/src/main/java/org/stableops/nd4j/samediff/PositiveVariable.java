package org.stableops.nd4j.samediff;

import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.PositiveTransform;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.nd4j.PositiveTransforms;

/**
 * A trainable variable of a SameDiff graph that is positive, or above another bound, whatever the
 * updater does: a raw variable, which is trained, and its {@link PositiveTransform}, which the rest
 * of the graph reads. It is set and read as what it means, the positive value.
 *
 * <pre>{@code
 * SameDiff graph = SameDiff.create();
 * PositiveVariable rate =
 *     PositiveVariable.create(graph, "rate", PositiveTransform.softplus(), 1.0, DataType.DOUBLE, 6);
 * SDVariable count = graph.placeHolder("count", DataType.DOUBLE, -1, 6);
 * rate.value().sub(count.mul(graph.math.log(rate.value()))).sum().rename("loss");
 * graph.setLossVariables("loss");
 * // ... graph.fit(...), graph.save(file, true); then, perhaps in another program:
 * SameDiff loaded = SameDiff.load(new File("graph.sd"), true);
 * INDArray rates = PositiveVariable.of(loaded, "rate").get();
 * }</pre>
 *
 * <p>In the graph are the variable {@code name + "_raw"} and, under the name itself, the value; all
 * that this object knows is in the graph, so saving and loading keep it. Names are taken as they
 * are, as by {@link SameDiff#var(String, INDArray)}: no name scope is put before them.
 * Regularisation and other things that the training configuration does to parameters are done to
 * the raw value.
 */
public final class PositiveVariable {
  private static final String RAW = "_raw";

  private final SDVariable raw;
  private final SDVariable value;
  private final PositiveTransform transform;

  private PositiveVariable(SDVariable raw, SDVariable value, PositiveTransform transform) {
    this.raw = raw;
    this.value = value;
    this.transform = transform;
  }

  /**
   * Adds a positive scalar of ND4J's default floating dtype to a graph.
   *
   * @param graph the graph
   * @param name the name of the positive value
   * @param transform how it is made of the raw variable
   * @param initial the first value, in the dtype finite and above the transform's bound
   * @return the variable
   * @throws IllegalArgumentException if an argument is null or invalid or a name is in use; the
   *     graph is then as before
   */
  public static PositiveVariable create(
      SameDiff graph, String name, PositiveTransform transform, double initial) {
    return create(graph, name, transform, initial, Nd4j.defaultFloatingPointType());
  }

  /**
   * Adds a positive array to a graph, all of one value at first.
   *
   * @param graph the graph
   * @param name the name of the positive values
   * @param transform how they are made of the raw variable
   * @param initial the first value of every element, in the dtype finite and above the transform's
   *     bound
   * @param type half, bfloat16, float or double
   * @param shape sizes above 0; none for a scalar
   * @return the variable
   * @throws IllegalArgumentException if an argument is null or invalid or a name is in use; the
   *     graph is then as before
   */
  public static PositiveVariable create(
      SameDiff graph,
      String name,
      PositiveTransform transform,
      double initial,
      DataType type,
      long... shape) {
    requireUsable(graph, name, transform);
    requireFloating(name, type);
    Arguments.requireGiven("shape of " + name, shape);
    requireSizes(name, shape);
    return add(graph, name, transform, rawFilled(name, transform, initial, type, shape));
  }

  /**
   * Adds a positive array to a graph.
   *
   * @param graph the graph
   * @param name the name of the positive values
   * @param transform how they are made of the raw variable
   * @param initial the first values, a floating array that is not empty, every element finite and
   *     above the transform's bound; only read
   * @return the variable, of initial's shape and dtype
   * @throws IllegalArgumentException if an argument is null or invalid or a name is in use; the
   *     graph is then as before
   * @throws IllegalStateException if initial is closed
   */
  public static PositiveVariable create(
      SameDiff graph, String name, PositiveTransform transform, INDArray initial) {
    requireUsable(graph, name, transform);
    INDArray raw = rawOf(name, transform, initial);
    requireSizes(name, raw.shape());
    return add(graph, name, transform, raw);
  }

  private static PositiveVariable add(
      SameDiff graph, String name, PositiveTransform transform, INDArray raw) {
    SDVariable variable = graph.var(name + RAW, raw);
    SDVariable value = PositiveTransforms.value(variable, transform);
    rename(value, name);
    return new PositiveVariable(variable, value, transform);
  }

  /** SameDiff refuses to give a variable the name that it has, here stable_positive. */
  private static void rename(SDVariable variable, String name) {
    if (!variable.name().equals(name)) {
      variable.rename(name);
    }
  }

  /**
   * Finds a positive variable in a graph, be it a loaded one or a copy; also one that was made of a
   * variable by {@link PositiveTransforms#value(SDVariable, PositiveTransform)}.
   *
   * @param graph the graph
   * @param name the name of the positive value
   * @return the variable
   * @throws IllegalArgumentException if an argument is null or the name is not that of a positive
   *     variable
   */
  public static PositiveVariable of(SameDiff graph, String name) {
    Arguments.requireGiven("graph", graph);
    Arguments.requireGiven("name", name);
    if (!graph.hasVariable(name)) {
      throw new IllegalArgumentException("there is no variable " + name);
    }
    if (!(graph.getVariableOutputOp(name) instanceof PositiveTransforms.ValueOp op)) {
      throw new IllegalArgumentException(
          name + " must be the value of a positive variable, but no PositiveTransform makes it");
    }
    requireVariable(name, op.arg());
    return new PositiveVariable(op.arg(), graph.getVariable(name), op.transform());
  }

  /** A frozen variable, which SameDiff makes a constant, can be read and set as well. */
  private static void requireVariable(String name, SDVariable raw) {
    VariableType type = raw.getVariableType();
    if (type != VariableType.VARIABLE && type != VariableType.CONSTANT) {
      throw new IllegalArgumentException(
          "%s must be made of a variable, but is made of %s, of type %s"
              .formatted(name, raw.name(), type));
    }
  }

  /**
   * Returns the variable that is trained.
   *
   * @return the raw variable, any real numbers
   */
  public SDVariable raw() {
    return raw;
  }

  /**
   * Returns the value, for the rest of the graph to read.
   *
   * @return the variable of the positive values
   */
  public SDVariable value() {
    return value;
  }

  /**
   * Returns the transform from raw to value.
   *
   * @return the transform
   */
  public PositiveTransform transform() {
    return transform;
  }

  /**
   * Computes the present values.
   *
   * @return a new array, the caller's, of the bits that the graph computes with
   */
  public INDArray get() {
    return PositiveTransforms.value(raw.getArr(), transform);
  }

  /**
   * Sets the values. The state of an updater stays as it is.
   *
   * @param values of the variable's shape and dtype, every element finite and above the transform's
   *     bound; only read
   * @throws IllegalArgumentException if values is null or invalid; the variable is then as before
   * @throws IllegalStateException if values is closed
   */
  public void set(INDArray values) {
    try (INDArray newRaw = rawOf(value.name(), transform, values)) {
      requireLike(raw.getArr(), newRaw);
      raw.getArr().assign(newRaw);
    }
  }

  /**
   * Sets every element to one value. The state of an updater stays as it is.
   *
   * @param value in the variable's dtype finite and above the transform's bound
   * @throws IllegalArgumentException if the value is invalid; the variable is then as before
   */
  public void set(double value) {
    INDArray old = raw.getArr();
    try (INDArray newRaw =
        rawFilled(this.value.name(), transform, value, old.dataType(), old.shape())) {
      old.assign(newRaw);
    }
  }

  private void requireLike(INDArray old, INDArray newRaw) {
    if (newRaw.dataType() != old.dataType() || !Arrays.equals(newRaw.shape(), old.shape())) {
      throw new IllegalArgumentException(
          "%s: values must be %s %s, got %s %s"
              .formatted(
                  value.name(),
                  old.dataType(),
                  Shapes.text(old.shape()),
                  newRaw.dataType(),
                  Shapes.text(newRaw.shape())));
    }
  }

  /** Checked as it was given and again, by the inverse, as the dtype has rounded it. */
  private static INDArray rawFilled(
      String name, PositiveTransform transform, double value, DataType type, long[] shape) {
    transform.requireContained(name, value);
    try (INDArray values = Nd4j.valueArrayOf(shape, value, type)) {
      return rawOf(name, transform, values);
    }
  }

  private static INDArray rawOf(String name, PositiveTransform transform, INDArray values) {
    try {
      return PositiveTransforms.inverse(values, transform);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  private static void requireUsable(SameDiff graph, String name, PositiveTransform transform) {
    Arguments.requireGiven("graph", graph);
    Arguments.requireGiven("name", name);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("name must not be empty");
    }
    Arguments.requireGiven("transform of " + name, transform);
    requireUnused(graph, name);
    requireUnused(graph, name + RAW);
  }

  private static void requireUnused(SameDiff graph, String name) {
    if (graph.hasVariable(name)) {
      throw new IllegalArgumentException("another variable has the name " + name);
    }
  }

  private static void requireFloating(String name, DataType type) {
    Arguments.requireGiven("dtype of " + name, type);
    if (!type.isFPType()) {
      throw new IllegalArgumentException(
          name + ": dtype must be half, bfloat16, float or double, got " + type);
    }
  }

  private static void requireSizes(String name, long[] shape) {
    if (Arrays.stream(shape).anyMatch(size -> size <= 0)) {
      throw new IllegalArgumentException(
          "%s: sizes must be > 0, got shape %s".formatted(name, Shapes.text(shape)));
    }
  }
}

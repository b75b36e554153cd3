package org.stableops.djl.nn;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.stableops.PositiveTransform;
import org.stableops.djl.PositiveTransforms;
import org.stableops.internal.Arguments;

/**
 * A parameter that is positive, whatever an optimiser does: a raw parameter r without bounds, which
 * is what is trained, saved and listed, read through a {@link PositiveTransform}:
 *
 * <pre>value = lowerBound + f(r),   ∂loss/∂r = ∂loss/∂value · f′(r).</pre>
 *
 * <p>It is a Block, so that a block that adds it by {@code addChildBlock} saves, loads, freezes and
 * lists it like any other child; what is loaded replaces the transform too. Like any child it must
 * be initialized in {@code initializeChildBlocks}, by {@code initialize(manager, dataType)}. As a
 * block of its own it returns its value, whatever the inputs.
 *
 * <pre>{@code
 * final class Noise extends AbstractBlock {
 *   private final PositiveParameter deviation =
 *       addChildBlock(
 *           "deviation",
 *           PositiveParameter.builder()
 *               .optTransform(PositiveTransform.softplus().withLowerBound(1e-3))
 *               .optValue(0.5)
 *               .build());
 *
 *   protected NDList forwardInternal(
 *       ParameterStore store,
 *       NDList inputs,
 *       boolean training,
 *       ai.djl.util.PairList<String, Object> params) {
 *     NDArray x = inputs.singletonOrThrow();
 *     return new NDList(x.div(deviation.value(store, x, training)));
 *   }
 *
 *   protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
 *     deviation.initialize(manager, type);
 *   }
 *
 *   public Shape[] getOutputShapes(Shape[] inputShapes) {
 *     return inputShapes;
 *   }
 * }
 * }</pre>
 *
 * <p>The raw parameter is of type OTHER, which no initializer for weights or biases reaches. One
 * that does reach it, by a predicate or by {@code setInitializer} of any block around it, is taken
 * as what makes the <em>positive</em> values to start with, as in the builder: they go through the
 * inverse of the transform, and {@code initialize} refuses what is not above the bound. Weight
 * decay and clipping, which are an optimiser's, act on the raw parameter.
 *
 * <p>Of float16, float32 or float64, as the model is. Reading from several threads is safe; {@code
 * set} is not while others read.
 */
public final class PositiveParameter extends AbstractBlock {
  private static final byte VERSION = 1;
  private static final NDIndex EVERYTHING = new NDIndex("...");

  private final Parameter raw;
  private PositiveTransform transform;

  PositiveParameter(String name, PositiveTransform transform, Shape shape, Initializer start) {
    super(VERSION);
    Shape known = shape;
    if (start instanceof ConstantInitializer constant) {
      constant.requireContained(transform);
      constant.requireShape(shape);
      known = shape == null ? constant.shape() : shape;
    }
    this.transform = transform;
    raw =
        addParameter(
            Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.OTHER)
                .optShape(known)
                .optInitializer(start)
                .build());
  }

  /**
   * Returns a builder.
   *
   * @return a builder that needs a value, values or an initializer
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the raw parameter.
   *
   * @return what is trained
   */
  public Parameter raw() {
    return raw;
  }

  /**
   * Returns the transform.
   *
   * @return the one it was built with, or that was loaded
   */
  public PositiveTransform transform() {
    return transform;
  }

  /**
   * Sets the shape, where it depends on a block's input; before {@code initialize}.
   *
   * @param shape that of the value
   * @throws IllegalArgumentException if there are values to start with, of another shape
   * @throws IllegalStateException if there is an array already
   */
  public void setShape(Shape shape) {
    if (raw.getInitializer() instanceof ConstantInitializer constant) {
      constant.requireShape(shape);
    }
    raw.setShape(shape);
  }

  /**
   * Returns the value in a forward pass.
   *
   * @param store of the pass
   * @param data an array of it: the value is on its device and belongs to its manager
   * @param training whether it is a pass of training
   * @return lowerBound + f(raw), differentiable to the raw parameter
   */
  public NDArray value(ParameterStore store, NDArray data, boolean training) {
    return value(store, data.getManager(), data.getDevice(), training);
  }

  private NDArray value(ParameterStore store, NDManager manager, Device device, boolean training) {
    NDArray value = PositiveTransforms.value(store.getValue(raw, device, training), transform);
    // It came with the parameter's manager, where one a step would pile up.
    value.attach(manager);
    return value;
  }

  /**
   * Returns the value now.
   *
   * @param manager what the array shall belong to
   * @return lowerBound + f(raw), outside any graph, of the parameter's shape and dtype
   * @throws ai.djl.nn.UninitializedParameterException if there is none yet
   */
  public NDArray value(NDManager manager) {
    try (NDArray detached = raw.getArray().stopGradient()) {
      NDArray value = PositiveTransforms.value(detached, transform);
      value.attach(manager);
      return value;
    }
  }

  /**
   * Returns the elements of the value now.
   *
   * @return lowerBound + f(raw), in C order
   * @throws ai.djl.nn.UninitializedParameterException if there is none yet
   */
  public double[] value() {
    try (NDManager manager = raw.getArray().getManager().newSubManager()) {
      return value(manager).toType(DataType.FLOAT64, true).toDoubleArray();
    }
  }

  /**
   * Sets every element of the value; before {@code initialize}, what it will start with. Not
   * between a forward and its backward, and not the copies that a trainer has on other devices.
   *
   * @param value finite and above the lower bound
   * @throws IllegalArgumentException if it is not; nothing has changed then
   */
  public void set(double value) {
    set(ConstantInitializer.of(value));
  }

  /**
   * Sets the value, as {@link #set(double)} does.
   *
   * @param values of the parameter's shape and any floating dtype, which are copied; finite and
   *     above the lower bound
   * @throws IllegalArgumentException if they are not; nothing has changed then
   */
  public void set(NDArray values) {
    set(ConstantInitializer.of(values));
  }

  private void set(ConstantInitializer values) {
    values.requireContained(transform);
    values.requireShape(raw.getShape());
    if (raw.isInitialized()) {
      overwrite(values);
    } else {
      raw.setInitializer(values);
    }
  }

  private void overwrite(ConstantInitializer values) {
    NDArray array = raw.getArray();
    try (NDManager manager = array.getManager().newSubManager()) {
      NDArray wanted = inverse(values, manager, array.getShape(), array.getDataType());
      // Through an alias: a leaf that wants a gradient may not be changed in place.
      NDArray alias = array.stopGradient();
      alias.attach(manager);
      alias.set(EVERYTHING, wanted);
    }
  }

  /**
   * Makes the raw parameter of the values to start with.
   *
   * @throws IllegalArgumentException if a value is not finite or, in this dtype, not above the
   *     lower bound, or the dtype is not float16, float32 or float64
   */
  @Override
  public void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
    if (raw.getShape() == null) {
      raw.setShape(shapeOfStart());
    }
    // DJL sets initializers on the Parameter, past its block; only here are they ever run.
    Initializer positive = raw.getInitializer();
    raw.setInitializer((owner, shape, type) -> inverse(positive, owner, shape, type));
    try {
      super.initialize(manager, dataType, inputShapes);
    } finally {
      raw.setInitializer(positive);
    }
  }

  private Shape shapeOfStart() {
    return raw.getInitializer() instanceof ConstantInitializer constant && constant.shape() != null
        ? constant.shape()
        : new Shape();
  }

  private NDArray inverse(Initializer positive, NDManager owner, Shape shape, DataType type) {
    ConstantInitializer.requireFloating(raw.getName(), type);
    try (NDManager manager = owner.newSubManager()) {
      NDArray values = positive.initialize(manager, shape, type);
      if (!values.getShape().equals(shape)) {
        throw new IllegalArgumentException("shape must be " + shape + ", got " + values.getShape());
      }
      NDArray result = PositiveTransforms.inverse(values.toType(type, false), transform);
      result.attach(owner);
      return result;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the values that %s starts with, of %s by %s: %s"
              .formatted(raw.getName(), type, transform, e.getMessage()),
          e);
    }
  }

  /** Returns the value; it belongs to the manager of the first input, or of the store. */
  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    if (inputs.isEmpty()) {
      NDManager manager = store.getManager();
      return new NDList(value(store, manager, manager.getDevice(), training));
    }
    return new NDList(value(store, inputs.head(), training));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {raw.getShape() == null ? shapeOfStart() : raw.getShape()};
  }

  @Override
  protected void saveMetadata(DataOutputStream os) throws IOException {
    SavedBlock.writeShapes(os, inputShapes);
    os.writeUTF(transform.family().name());
    os.writeDouble(transform.parameter());
    os.writeDouble(transform.lowerBound());
  }

  /**
   * Reads transform and raw parameter, both or neither.
   *
   * @throws MalformedModelException if it is another version's, its data are invalid or end too
   *     early, or the shape is not that of this parameter
   */
  @Override
  public void loadParameters(NDManager manager, DataInputStream is)
      throws IOException, MalformedModelException {
    SavedBlock.read(
        toString(),
        () -> {
          SavedBlock.requireVersion(toString(), VERSION, is.readByte());
          Shape[] shapes = SavedBlock.readShapes(is);
          PositiveTransform loaded = readTransform(is);
          SavedParameter.read(raw, is).loadInto(raw, manager);
          transform = loaded;
          inputShapes = inputShapes == null ? shapes : inputShapes;
          return null;
        });
  }

  private static PositiveTransform readTransform(DataInputStream is) throws IOException {
    PositiveTransform.Family family = PositiveTransform.Family.valueOf(is.readUTF());
    return new PositiveTransform(family, is.readDouble(), is.readDouble());
  }

  /** Returns as in {@code PositiveParameter(raw, softplus(beta = 1.0) above 0.0)}. */
  @Override
  public String toString() {
    return "PositiveParameter(" + raw.getName() + ", " + transform + ")";
  }

  /** Builds a {@link PositiveParameter}. */
  public static final class Builder extends PositiveBuilder<Builder> {
    private String name = "raw";
    private Shape shape;

    Builder() {}

    /**
     * Sets the name of the raw parameter, which is "raw" otherwise. Files are read by it.
     *
     * @param name not null
     * @return this builder
     * @throws IllegalArgumentException if it is null
     */
    public Builder optName(String name) {
      Arguments.requireGiven("name", name);
      this.name = name;
      return this;
    }

    /**
     * Sets the shape. Without, it is that of the values, or set by {@link #setShape}, or one number
     * of shape ().
     *
     * @param shape of known sizes
     * @return this builder
     * @throws IllegalArgumentException if a size is unknown
     */
    public Builder optShape(Shape shape) {
      if (shape == null || Arrays.stream(shape.getShape()).anyMatch(size -> size < 0)) {
        throw new IllegalArgumentException("shape must be known, got " + shape);
      }
      this.shape = shape;
      return this;
    }

    /**
     * Builds it.
     *
     * @return a parameter that is not initialized yet
     * @throws IllegalArgumentException if there is nothing to start with, or a value of it is not
     *     finite, not above the transform's lower bound, or not of the shape
     */
    public PositiveParameter build() {
      if (!hasStart()) {
        throw new IllegalArgumentException(
            "optValue, optValues or optInitializer must be called: there is no value to start with");
      }
      return parameter(name, shape, null);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}

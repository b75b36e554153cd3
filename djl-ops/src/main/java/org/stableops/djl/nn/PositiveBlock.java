package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A block of one array, with a positive parameter whose shape the input tells. */
abstract class PositiveBlock extends AbstractBlock {
  private static final byte VERSION = 1;

  private final PositiveParameter parameter;

  PositiveBlock(String name, PositiveParameter parameter) {
    super(VERSION);
    this.parameter = addChildBlock(name, parameter);
  }

  final PositiveParameter parameter() {
    return parameter;
  }

  /** The parameter's shape for inputs of a shape. */
  abstract Shape parameterShape(Shape input);

  abstract Shape outputShape(Shape input);

  abstract NDArray forward(NDArray x, NDArray value, ParameterStore store, boolean training);

  /** What a file must agree with, as in {@code PositiveScale(axis = 1)}. */
  abstract String structure();

  @Override
  protected final NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    requireOne(inputs.size());
    NDArray x = inputs.head();
    NDArray value = parameter.value(store, x, training);
    return outputs(forward(x, value, store, training), value);
  }

  /** What the block puts out: what it computes, unless another block adds to it. */
  NDList outputs(NDArray y, NDArray value) {
    return new NDList(y);
  }

  @Override
  public final Shape[] getOutputShapes(Shape[] inputShapes) {
    requireOne(inputShapes.length);
    return outputShapes(inputShapes[0]);
  }

  /** The shapes of what the block puts out. */
  Shape[] outputShapes(Shape input) {
    return new Shape[] {outputShape(input)};
  }

  private void requireOne(int arrays) {
    if (arrays != 1) {
      throw new IllegalArgumentException(
          "%s takes 1 array, got %d".formatted(getClass().getSimpleName(), arrays));
    }
  }

  /** Refuses dtypes first: DJL initializes the block's own parameters before its children. */
  @Override
  public final void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
    if (!parameter.raw().isInitialized()) {
      ConstantInitializer.requireFloating(parameter.raw().getName(), dataType);
    }
    super.initialize(manager, dataType, inputShapes);
  }

  @Override
  protected final void prepare(Shape[] inputShapes) {
    requireOne(inputShapes.length);
    if (!parameter.raw().isInitialized()) {
      parameter.setShape(parameterShape(inputShapes[0]));
    }
    prepare(inputShapes[0]);
  }

  /** Sets the shapes of other parameters. */
  void prepare(Shape input) {}

  @Override
  protected final void initializeChildBlocks(
      NDManager manager, DataType dataType, Shape... inputShapes) {
    parameter.initialize(manager, dataType, inputShapes);
  }

  @Override
  protected final void saveMetadata(DataOutputStream os) throws IOException {
    SavedBlock.writeShapes(os, inputShapes);
    os.writeUTF(structure());
  }

  /**
   * Reads all parameters, or none.
   *
   * @throws MalformedModelException if it is another block's or version's, its data are invalid or
   *     end too early, or a shape is not that of the parameter
   */
  @Override
  public final void loadParameters(NDManager manager, DataInputStream is)
      throws IOException, MalformedModelException {
    SavedBlock.read(
        structure(),
        () -> {
          Shape[] shapes = readMetadata(is);
          expect(shapes);
          Map<Parameter, SavedParameter> others = new LinkedHashMap<>();
          for (Parameter other : getDirectParameters().values()) {
            others.put(other, SavedParameter.read(other, is));
          }
          // The last that may fail, and it changes nothing then.
          parameter.loadParameters(manager, is);
          for (Map.Entry<Parameter, SavedParameter> other : others.entrySet()) {
            other.getValue().loadInto(other.getKey(), manager);
          }
          inputShapes = inputShapes == null ? shapes : inputShapes;
          return null;
        });
  }

  /** The shapes of what is not initialized yet follow from the inputs' in the file. */
  private void expect(Shape[] shapes) {
    if (shapes != null && !parameter.raw().isInitialized()) {
      prepare(shapes);
    }
  }

  private Shape[] readMetadata(DataInputStream is) throws IOException, MalformedModelException {
    SavedBlock.requireVersion(structure(), VERSION, is.readByte());
    Shape[] shapes = SavedBlock.readShapes(is);
    String saved = is.readUTF();
    if (!saved.equals(structure())) {
      throw new MalformedModelException(
          "%s cannot be read: the file has %s".formatted(structure(), saved));
    }
    return shapes;
  }

  /** Returns its structure and the transform of its parameter. */
  @Override
  public final String toString() {
    String structure = structure();
    return structure.substring(0, structure.length() - 1) + ", " + parameter.transform() + ")";
  }
}

package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.stableops.djl.OpDescription;

/** An operator as a Block without parameters. */
public final class OpBlock extends AbstractBlock {
  private static final byte VERSION = 1;

  private final String name;
  private final int inputs;
  private final int optionalInputs;
  private final BiFunction<NDList, Boolean, NDList> forward;
  private final Function<Shape[], Shape[]> shapes;
  private double[] arguments;

  public OpBlock(
      String name, int inputs, Function<NDList, NDArray> forward, Function<Shape[], Shape> shape) {
    this(name, inputs, 0, forward, shape);
  }

  public OpBlock(
      String name,
      int inputs,
      int optionalInputs,
      Function<NDList, NDArray> forward,
      Function<Shape[], Shape> shape) {
    this(name, inputs, optionalInputs, (arrays, training) -> forward.apply(arrays), shape);
  }

  /** A block that does not do the same in training. */
  OpBlock(
      String name,
      int inputs,
      int optionalInputs,
      BiFunction<NDList, Boolean, NDArray> forward,
      Function<Shape[], Shape> shape) {
    this(
        name,
        (arrays, training) -> new NDList(forward.apply(arrays, training)),
        shapes -> new Shape[] {shape.apply(shapes)},
        inputs,
        optionalInputs);
  }

  /** A block of several results. */
  OpBlock(
      String name,
      BiFunction<NDList, Boolean, NDList> forward,
      Function<Shape[], Shape[]> shapes,
      int inputs,
      int optionalInputs) {
    super(VERSION);
    this.name = name;
    this.inputs = inputs;
    this.optionalInputs = optionalInputs;
    this.forward = forward;
    this.shapes = shapes;
  }

  /** Keeps the numbers that the block was made of. */
  public OpBlock describedBy(double... numbers) {
    arguments = numbers.clone();
    return this;
  }

  public Optional<OpDescription> description() {
    return arguments == null ? Optional.empty() : Optional.of(new OpDescription(name, arguments));
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameterStore,
      NDList arrays,
      boolean training,
      PairList<String, Object> params) {
    requireInputs(arrays.size());
    return forward.apply(arrays, training);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    requireInputs(inputShapes.length);
    return shapes.apply(inputShapes);
  }

  private void requireInputs(int actual) {
    if (actual < inputs || actual > inputs + optionalInputs) {
      String expected =
          switch (optionalInputs) {
            case 0 -> "" + inputs;
            case 1 -> inputs + " or " + (inputs + 1);
            default -> inputs + " to " + (inputs + optionalInputs);
          };
      throw new IllegalArgumentException(
          "%s takes %s array%s, got %d"
              .formatted(name, expected, expected.equals("1") ? "" : "s", actual));
    }
  }

  @Override
  public String toString() {
    return name;
  }
}

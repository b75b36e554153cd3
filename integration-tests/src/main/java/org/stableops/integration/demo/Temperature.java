package org.stableops.integration.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.stableops.djl.nn.PositiveParameter;

/** Divides by a positive number that is learned: softplus of a parameter without bounds. */
final class Temperature extends AbstractBlock {
  private static final byte VERSION = 1;

  private final PositiveParameter temperature;

  Temperature(double initial) {
    super(VERSION);
    temperature =
        addChildBlock("temperature", PositiveParameter.builder().optValue(initial).build());
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameterStore,
      NDList inputs,
      boolean training,
      PairList<String, Object> params) {
    NDArray x = inputs.singletonOrThrow();
    return new NDList(x.div(temperature.value(parameterStore, x, training)));
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType dataType, Shape... inputShapes) {
    temperature.initialize(manager, dataType);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }

  double value() {
    return temperature.value()[0];
  }
}

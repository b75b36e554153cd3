package org.stableops.integration.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

/** A linear layer that keeps the shape, on the first of two inputs; the second goes through. */
final class FirstInputLinear extends AbstractBlock {
  private final Block linear;

  FirstInputLinear(int units) {
    super((byte) 1);
    linear = addChildBlock("linear", Linear.builder().setUnits(units).build());
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters, NDList inputs, boolean training, PairList<String, Object> params) {
    NDList first = new NDList(inputs.get(0));
    NDList outputs = new NDList(linear.forward(parameters, first, training));
    outputs.add(inputs.get(1));
    return outputs;
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
    linear.initialize(manager, type, inputShapes[0]);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}

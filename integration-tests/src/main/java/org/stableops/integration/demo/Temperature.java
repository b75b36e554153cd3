package org.stableops.integration.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;

/** Divides by a positive number that is learned: softplus of a parameter without bounds. */
final class Temperature extends AbstractBlock {
  private static final byte VERSION = 1;

  private final Parameter raw;

  Temperature(double initial) {
    super(VERSION);
    raw =
        addParameter(
            Parameter.builder()
                .setName("rawTemperature")
                .setType(Parameter.Type.OTHER)
                .optShape(new Shape())
                .optInitializer((manager, shape, type) -> raw(manager, type, initial))
                .build());
  }

  private static NDArray raw(NDManager manager, DataType type, double temperature) {
    try (NDArray wide = manager.create(temperature);
        NDArray narrow = wide.toType(type, true)) {
      return SoftplusInverse.value(narrow);
    }
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameterStore,
      NDList inputs,
      boolean training,
      PairList<String, Object> params) {
    NDArray x = inputs.singletonOrThrow();
    NDArray temperature = Softplus.value(parameterStore.getValue(raw, x.getDevice(), training));
    // It came with the parameter's manager, where one a step would pile up.
    temperature.attach(x.getManager());
    return new NDList(x.div(temperature));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }

  double value() {
    try (NDArray temperature = Softplus.value(raw.getArray());
        NDArray wide = temperature.toType(DataType.FLOAT64, true)) {
      return wide.getDouble();
    }
  }
}

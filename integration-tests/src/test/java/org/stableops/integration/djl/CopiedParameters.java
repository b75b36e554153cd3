package org.stableops.integration.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.util.HashMap;
import java.util.Map;

/**
 * Parameters where libtorch puts arrays itself: matrix products round as their factors lie in
 * memory, and those that DJL has loaded lie anywhere.
 */
final class CopiedParameters extends ParameterStore {
  private final Map<Parameter, NDArray> copies = new HashMap<>();

  CopiedParameters(NDManager manager) {
    super(manager, false);
  }

  /** What a network predicts, as if its parameters had not been loaded. */
  static float[] predicted(Block block, NDArray x) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList aligned = new NDList(x.duplicate());
      aligned.attach(manager);
      CopiedParameters parameters = new CopiedParameters(manager);
      return block.forward(parameters, aligned, false).singletonOrThrow().toFloatArray();
    }
  }

  @Override
  public NDArray getValue(Parameter parameter, Device device, boolean training) {
    return parameter == null ? null : copies.computeIfAbsent(parameter, this::copy);
  }

  private NDArray copy(Parameter parameter) {
    NDArray copy = parameter.getArray().duplicate();
    copy.attach(getManager());
    return copy;
  }
}

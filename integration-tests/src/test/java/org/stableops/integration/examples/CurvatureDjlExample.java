package org.stableops.integration.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import org.stableops.djl.SecondOrder;
import org.stableops.djl.SparseSoftmaxCrossEntropy;

final class CurvatureDjlExample {
  private CurvatureDjlExample() {}

  static NDList product(
      Block network, ParameterStore store, NDList x, NDArray labels, NDList weights, NDList v) {
    // README: product
    NDList product =
        SecondOrder.hessianVectorProducts(
            () -> {
              NDArray logits = network.forward(store, x, true).singletonOrThrow();
              return SparseSoftmaxCrossEntropy.value(logits, labels);
            },
            weights, // the arrays of the network's parameters
            v); // an array like each
    // end
    return product;
  }
}

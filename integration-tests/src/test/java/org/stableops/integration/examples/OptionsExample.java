package org.stableops.integration.examples;

import ai.djl.ndarray.NDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.SparseSoftmaxCrossEntropy;

final class OptionsExample {
  private OptionsExample() {}

  static NDArray loss(NDArray logits, NDArray labels, NDArray sampleWeights) {
    // README: options
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT // classes last, the mean over the rows
            .withAxis(1)
            .withReduction(Reduction.MEAN)
            .withClassWeights(1, 2, 0.5) // of each class
            .withLabelSmoothing(0.1) // shared by the classes whose logit is not −inf
            .withZLoss(1e-4) // 1e-4 · lse², which keeps logits from drifting
            .withIgnoreIndex(-100); // rows with this label are ignored
    NDArray loss = SparseSoftmaxCrossEntropy.value(logits, labels, sampleWeights, options);
    // end
    return loss;
  }
}

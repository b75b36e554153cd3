package org.stableops.integration.examples;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

final class DjlExample {
  private DjlExample() {}

  public static void main(String[] args) {
    // README: operators
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray raw = SoftplusInverse.value(manager.create(0.7f)); // softplus(raw) is 0.7 again
      NDArray logits = manager.create(new float[] {20, 0, 0}, new Shape(1, 3));
      NDArray loss = SparseSoftmaxCrossEntropy.value(logits, manager.create(new long[] {0}));
      System.out.println(raw.getFloat() + " " + loss.getFloat()); // 0.0136... 4.1223074E-9
    }
    // end
    // README: DJL
    SequentialBlock network =
        new SequentialBlock()
            .add(Linear.builder().setUnits(64).build())
            .add(Squareplus.block())
            .add(Linear.builder().setUnits(10).build());
    DefaultTrainingConfig config = new DefaultTrainingConfig(new FusedSoftmaxCrossEntropyLoss());
    // end
    System.out.println(network.getChildren().size() + " " + config.getLossFunction().getName());
  }
}

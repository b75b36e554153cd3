package org.stableops.benchmarks;

import ai.djl.Model;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Blocks;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

/** The step under our own trainer, whose collectors let the gradient in at the logits. */
final class FusedTrainerStep {
  private static final Loss LOSS = new FusedSoftmaxCrossEntropyLoss();

  /** Made when it is first needed, for it starts the engine; never closed. */
  private static Trainer trainer;

  private FusedTrainerStep() {}

  static Entry<?> entry() {
    return DjlLosses.step(
        DjlLosses.FUSED_TRAINER,
        (logits, labels) -> LOSS.evaluate(new NDList(labels), new NDList(logits)),
        FusedTrainerStep::newGradientCollector);
  }

  private static GradientCollector newGradientCollector() {
    if (trainer == null) {
      Model model = Model.newInstance("step", "PyTorch");
      model.setBlock(Blocks.identityBlock());
      trainer = new FusedTrainer(model, new DefaultTrainingConfig(LOSS));
    }
    return trainer.newGradientCollector();
  }
}

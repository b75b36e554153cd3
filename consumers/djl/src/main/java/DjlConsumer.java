import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

/** Learns exclusive or, and checks numbers that naive formulas get wrong. */
final class DjlConsumer {
  private static final int STEPS = 200;

  private DjlConsumer() {}

  public static void main(String[] arguments) {
    Engine.getInstance().setRandomSeed(1);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = manager.create(new float[] {20, 0, 0}, new Shape(1, 3));
      NDArray loss = SparseSoftmaxCrossEntropy.value(logits, manager.create(new long[] {0}));
      check("loss of a confident row", loss.getFloat(), 4.1223074e-9f, 1e-15f);
      NDArray raw = SoftplusInverse.value(manager.create(1e-6f));
      check("softplusInverse(1e-6)", raw.getFloat(), -13.81551f, 1e-5f);
    }
    check("loss of exclusive or", train(), 0, 0.05f);
  }

  /** Returns the last loss. */
  private static float train() {
    SequentialBlock network =
        new SequentialBlock()
            .add(Linear.builder().setUnits(16).build())
            .add(Squareplus.block())
            .add(Linear.builder().setUnits(2).build());
    try (Model model = Model.newInstance("consumer")) {
      model.setBlock(network);
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(new FusedSoftmaxCrossEntropyLoss())
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.05f)).build());
      try (Trainer trainer = new FusedTrainer(model, config)) {
        trainer.initialize(new Shape(4, 2));
        NDManager manager = trainer.getManager();
        NDList features =
            new NDList(manager.create(new float[] {0, 0, 0, 1, 1, 0, 1, 1}, new Shape(4, 2)));
        NDList labels = new NDList(manager.create(new long[] {0, 1, 1, 0}));
        float last = Float.NaN;
        for (int step = 0; step < STEPS; step++) {
          try (GradientCollector collector = trainer.newGradientCollector()) {
            NDArray loss = trainer.getLoss().evaluate(labels, trainer.forward(features));
            collector.backward(loss);
            last = loss.getFloat();
          }
          trainer.step();
        }
        return last;
      }
    }
  }

  private static void check(String what, float actual, float expected, float tolerance) {
    System.out.println(what + ": " + actual);
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw new AssertionError(what + " must be " + expected + ", got " + actual);
    }
  }
}

package org.stableops.integration.djl;

import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.Reduction;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.memory.ProcessMemory;

/**
 * The main class of a JVM with a heap of fixed size that prints by how many kB the process grows in
 * many steps of a FusedTrainer, or at most in one step.
 */
final class SeededMemory {
  private static final int WARM_UP = 200;
  private static final Shape SHAPE = new Shape(64, 64);
  private static final Shape LARGE = new Shape(4096, 4096);

  private SeededMemory() {}

  /** Takes what to run, {@code steps} or {@code peak}, whether fused, and how many steps. */
  public static void main(String[] arguments) throws IOException {
    System.setProperty(FusedPath.PROPERTY, arguments[1]);
    switch (arguments[0]) {
      case "steps" -> System.out.println("grown by kB: " + growth(Integer.parseInt(arguments[2])));
      case "peak" -> System.out.println("extra % of the logits: " + peak());
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  // ---- many steps

  private static long growth(int steps) throws IOException {
    Loss loss =
        new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE));
    try (Model model = Model.newInstance("growth")) {
      model.setBlock(Linear.builder().setUnits(SHAPE.get(1)).build());
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.1f)).build());
      try (Trainer trainer = new FusedTrainer(model, config)) {
        trainer.initialize(SHAPE);
        return growth(trainer, steps);
      }
    }
  }

  private static long growth(Trainer trainer, int steps) throws IOException {
    NDManager manager = trainer.getManager();
    NDArray x = Djl.waves(manager, DataType.FLOAT32, SHAPE, 1);
    NDArray labels = CrossEntropyKind.SPARSE.labels(manager, SHAPE, -1);
    NDArray factor = Djl.waves(manager, DataType.FLOAT32, new Shape(SHAPE.get(0)), 2);
    int arrays = arrays(trainer);
    long before = 0;
    for (int i = 0; i < WARM_UP + steps; i++) {
      if (i == WARM_UP) {
        before = ProcessMemory.residentKiB();
      }
      step(i, trainer, x, labels, factor);
      int now = arrays(trainer);
      if (now != arrays) {
        throw new IllegalStateException(now - arrays + " arrays more after step " + i);
      }
    }
    return ProcessMemory.residentKiB() - before;
  }

  private static int arrays(Trainer trainer) {
    return trainer.getModel().getNDManager().getManagedArrays().size()
        + trainer.getManager().getManagedArrays().size();
  }

  /** Everything that may become of a loss. */
  private static void step(int i, Trainer trainer, NDArray x, NDArray labels, NDArray factor) {
    try (NDManager batch = trainer.getManager().newSubManager()) {
      NDArray input = x.duplicate();
      input.attach(batch);
      try (GradientCollector collector = trainer.newGradientCollector()) {
        NDArray loss = loss(trainer, input, labels);
        if (i % 50 == 0) {
          System.gc();
        }
        switch (i % 6) {
          case 0 -> collector.backward(loss);
          case 1 -> collector.backward(loss.mul(factor));
          case 2 -> collector.backward(loss.add(loss(trainer, input, labels)));
          case 3 -> {
            NDArray unused = loss(trainer, input, labels);
            collector.backward(loss);
            unused.close();
          }
          case 4 -> refuse(collector, loss, x);
          default -> collector.zeroGradients();
        }
      }
    }
    trainer.step();
  }

  private static NDArray loss(Trainer trainer, NDArray input, NDArray labels) {
    return trainer.getLoss().evaluate(new NDList(labels), trainer.forward(new NDList(input)));
  }

  /** A second backward, and a target in no graph. */
  private static void refuse(GradientCollector collector, NDArray loss, NDArray outside) {
    collector.backward(loss);
    for (NDArray target : new NDArray[] {loss, outside}) {
      boolean thrown = false;
      try {
        collector.backward(target);
      } catch (EngineException expected) {
        thrown = true;
      }
      if (!thrown) {
        throw new IllegalStateException("a bad target was taken");
      }
    }
  }

  // ---- one step

  /** Percent of the logits' size that the loss and its backward need beside them. */
  private static long peak() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray bias = Djl.waves(manager, DataType.FLOAT32, new Shape(LARGE.get(1)), 1);
      bias.setRequiresGradient(true);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, LARGE, -1);
      long worst = Math.max(height(manager, bias, labels), height(manager, bias, labels));
      return 100 * worst / (LARGE.size() * Float.BYTES / 1024);
    }
  }

  private static long height(NDManager manager, NDArray bias, NDArray labels) {
    try (NDManager batch = manager.newSubManager();
        GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray logits = batch.randomNormal(LARGE).add(bias);
      return ProcessMemory.growthKiB(
          () -> collector.backward(SparseSoftmaxCrossEntropy.value(logits, labels)));
    }
  }
}
